//! Packet filters in libpcap's language.

use core::fmt;
use std::collections::BTreeMap;

use pcap::{BpfProgram, Capture};

use crate::source::dlt::to_libpcap;
use crate::source::{LinkType, SourceError};

/// For an expression that is asked for before any packet was seen.
const ETHERNET: LinkType = LinkType(1);

/// A packet filter, compiled for each link type as it comes up.
///
/// It sees the octets that were kept: `greater` and `less` go by them, not by the length on the
/// wire.
pub struct Filter {
    expression: String,
    /// What it compiles to, where it has a meaning.
    programs: BTreeMap<u16, Option<BpfProgram>>,
}

impl Filter {
    /// Compiles `expression` for `links`, or for Ethernet if there are none.
    ///
    /// # Errors
    ///
    /// [`SourceError::BadFilter`] if it does not compile for one of them.
    pub fn new(expression: &str, links: &[LinkType]) -> Result<Self, SourceError> {
        let links = if links.is_empty() { &[ETHERNET] } else { links };
        let mut programs = BTreeMap::new();
        for link in links {
            let program = compile(expression, *link).map_err(|error| SourceError::BadFilter {
                expression: expression.to_owned(),
                what: error.to_string(),
            })?;
            programs.insert(link.0, Some(program));
        }
        Ok(Self { expression: expression.to_owned(), programs })
    }

    /// Whether it takes a packet; nothing if it has no meaning for that link type.
    #[inline]
    pub(super) fn takes(&mut self, link: LinkType, octets: &[u8]) -> Option<bool> {
        let Self { expression, programs } = self;
        let program = programs.entry(link.0).or_insert_with(|| compile(expression, link).ok());
        program.as_ref().map(|program| program.filter(octets))
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("expression", &self.expression).finish_non_exhaustive()
    }
}

fn compile(expression: &str, link: LinkType) -> Result<BpfProgram, pcap::Error> {
    Capture::dead(to_libpcap(link))?.compile(expression, true)
}
