//! DNP3.

use crate::protocol::{Chunk, Dissector, Found, Protocol, Side};

/// DNP3's row in the table of protocols.
pub const PROTOCOL: Protocol = Protocol {
    name: "dnp3",
    ports: &[20_000],
    looks_like: |_| false,
    make: |_: Side| Box::new(Nothing),
};

#[derive(Debug)]
struct Nothing;
impl Dissector for Nothing {
    fn feed(&mut self, _: &Chunk<'_>, _: Found<'_>) {}
    fn close(&mut self, _: Found<'_>) {}
}

/// A fragment or a link frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message<'a> {
    /// Octets.
    pub octets: &'a [u8],
}
