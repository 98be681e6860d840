//! A JSON object whose keys stay in the order in which they were put.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// The object.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Vec<(&'static str, Json)>);

/// A value in it.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Json {
    Unsigned(u64),
    Signed(i64),
    /// Finite: JSON has no word for others.
    Float(f64),
    Bool(bool),
    Name(&'static str),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

impl Object {
    /// Adds a key.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a key if there is a value.
    pub(super) fn maybe(self, name: &'static str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

macro_rules! from {
    ($($type:ty => $value:ident $json:expr;)+) => {
        $(impl From<$type> for Json {
            fn from($value: $type) -> Self {
                $json
            }
        })+
    };
}

from! {
    u8 => value Self::Unsigned(value.into());
    u16 => value Self::Unsigned(value.into());
    u32 => value Self::Unsigned(value.into());
    u64 => value Self::Unsigned(value);
    i32 => value Self::Signed(value.into());
    bool => value Self::Bool(value);
    &'static str => value Self::Name(value);
    String => value Self::Text(value);
    Vec<Json> => value Self::List(value);
    Object => value Self::Object(value);
}

impl From<f64> for Json {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Float(value) } else { Self::Text(value.to_string()) }
    }
}
