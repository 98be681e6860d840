//! Packet filters in a build without libpcap: there are none.

use crate::source::{LinkType, SourceError};

/// A packet filter; there are none in this build.
#[derive(Debug)]
pub enum Filter {}

impl Filter {
    /// Compiles nothing.
    ///
    /// # Errors
    ///
    /// Always [`SourceError::NoFilters`].
    pub fn new(expression: &str, _links: &[LinkType]) -> Result<Self, SourceError> {
        Err(SourceError::NoFilters { expression: expression.to_owned() })
    }

    pub(super) fn takes(&mut self, _link: LinkType, _octets: &[u8]) -> Option<bool> {
        match *self {}
    }
}
