//! The process data of a message: what each value is called, and the value.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// Names and values of one message. A name stands once; points are in the order of their addresses.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Data(BTreeMap<Key, Value>);

/// What a value is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A point of a Modbus unit: the kind, and its address from 0.
    Point(&'static str, u32),
    /// A DNP3 object: outstation, group, variation, index.
    Object(u16, u8, u8, u32),
    /// Something that is no point.
    Word(&'static str),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// It is asked for, or not told.
    Null,
    /// A whole number; a bit is 0 or 1.
    Int(i64),
    /// Another number.
    Real(f64),
    /// A time, octets, or a number that JSON has no word for.
    Text(String),
    /// Several, in the order sent.
    List(Vec<Self>),
}

impl Data {
    /// Sets a value; the latest stands.
    pub(super) fn set(&mut self, key: Key, value: Value) {
        self.0.insert(key, value);
    }

    /// Adds a value to the list of that name.
    pub(super) fn append(&mut self, key: Key, value: Value) {
        let list = self.0.entry(key).or_insert_with(|| Value::List(Vec::new()));
        if let Value::List(values) = list {
            values.push(value);
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point(space, address) => write!(f, "{space}.{address}"),
            Self::Object(outstation, group, variation, index) => {
                write!(f, "{outstation}:{group}:{variation}:{index}")
            }
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key.to_string(), value)))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Real(number) } else { Self::Text(number.to_string()) }
    }
}
