//! Modbus.

use crate::protocol::{Chunk, Dissector, Found, Protocol, Side};

/// Modbus's row in the table of protocols.
pub const PROTOCOL: Protocol = Protocol {
    name: "modbus",
    ports: &[502],
    looks_like: |_| false,
    make: |_: Side| Box::new(Nothing),
};

#[derive(Debug)]
struct Nothing;
impl Dissector for Nothing {
    fn feed(&mut self, _: &Chunk<'_>, _: Found<'_>) {}
    fn close(&mut self, _: Found<'_>) {}
}

/// One application data unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adu<'a> {
    /// Octets.
    pub octets: &'a [u8],
}
