//! What the captures are called, while more of them may come.

use std::sync::{Arc, PoisonError, RwLock};

/// Names of captures by [`Packet::capture`](super::Packet::capture). Clones share them.
///
/// A folder that is followed for years has more files than there are indices: then the name that came
/// first makes room, as its packets are long judged.
#[derive(Clone, Debug, Default)]
pub struct CaptureNames(Arc<RwLock<Vec<String>>>);

impl CaptureNames {
    /// The name of the capture with this index, if there is one.
    #[must_use]
    pub fn get(&self, index: u16) -> Option<String> {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        names.get(usize::from(index)).cloned()
    }

    /// Names the capture with this index.
    pub fn set(&self, index: u16, name: String) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let index = usize::from(index);
        if index >= names.len() {
            names.resize(index.saturating_add(1), String::new());
        }
        if let Some(place) = names.get_mut(index) {
            *place = name;
        }
    }
}

impl From<Vec<String>> for CaptureNames {
    fn from(names: Vec<String>) -> Self {
        Self(Arc::new(RwLock::new(names)))
    }
}
