//! Arbitrary ADUs: what can be read of arbitrary octets.
//!
//! A message borrows from its octets, and much of it is a view of them: parts made up one by one would contradict each
//! other as no message can. So each is read of octets, malformed ones as well.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::adu::{Adu, Framing, Pdu};
use crate::protocol::Direction;

/// The most octets of a PDU, but for UMAS.
const MAX_PDU_OCTETS: usize = 253;

impl<'a> Arbitrary<'a> for Adu<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let framing = if u.arbitrary()? {
            Framing::Rtu
        } else {
            Framing::Tcp { transaction: u.arbitrary()? }
        };
        let unit = u.arbitrary()?;
        let direction = if u.arbitrary()? { Direction::Response } else { Direction::Request };
        let octets = u.int_in_range(1..=MAX_PDU_OCTETS)?.min(u.len().max(1));
        Ok(Pdu::read(u.bytes(octets)?, direction).place(framing, unit, 0).0)
    }
}
