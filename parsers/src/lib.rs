//! Modbus and DNP3 for passive sensors: octets in, messages out.
//!
//! No I/O, no clock, no thread, no panic on any input.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod codes;
pub mod dnp3;
mod error;
pub mod modbus;
mod protocol;

pub use error::{Class, Kind, ParseError};
pub use protocol::{
    Chunk, Direction, Dissector, Found, Kept, Message, PROTOCOLS, Parsed, Protocol, Side, Verdict,
};
