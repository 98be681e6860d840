//! Modbus messages: PDUs by name, and the three ways to wrap them.
//!
//! Addresses are those on the wire: 0 is the register that manuals call 40001.

mod exchanges;
pub mod request;
pub mod response;
mod wrap;

pub use exchanges::exchanges;
pub use wrap::{ascii, crc, lrc, mbap, rtu};

/// A PDU of any function code, also of one that nobody defined.
#[must_use]
pub fn pdu(function: u8, body: &[u8]) -> Vec<u8> {
    [&[function], body].concat()
}

/// Registers as octets, high octet first.
#[must_use]
pub fn registers(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}
