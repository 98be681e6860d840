//! Modbus: framing, function codes, requests, responses, and a dissector for one flow.
//!
//! Written from MODBUS Application Protocol V1.1b3, MODBUS Messaging on TCP/IP V1.0b and MODBUS
//! over Serial Line V1.02, as public implementations read them: facts and limits were checked
//! against those, not against the standards' text.

mod adu;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod check;
mod crc;
mod exception;
mod flow;
mod function;
mod length;
mod mbap;
#[cfg(test)]
mod pdu_tests;
mod probe;
mod records;
mod request;
mod response;
mod rtu;
mod rtu_stream;
#[cfg(test)]
mod rtu_tests;
mod stream;
#[cfg(test)]
mod stream_properties;
#[cfg(test)]
mod stream_tests;
mod subcodes;
mod sync;
mod values;

pub use adu::{Adu, Body, Framing, adu, rtu};
pub use exception::ExceptionCode;
pub use function::FunctionCode;
pub use mbap::{Framed, MAX_LENGTH, MAX_UMAS_LENGTH, Mbap, frame};
pub use records::{
    DeviceObject, DeviceObjects, FileArea, FileAreas, FileBlocks, FileWrite, FileWrites,
};
pub use request::Request;
pub use response::Response;
pub use subcodes::{Diagnostic, MeiType, UmasCode};
pub use values::{Bits, Registers};

use crate::protocol::Protocol;

/// Modbus's row in the table of protocols.
pub const PROTOCOL: Protocol = Protocol {
    name: "modbus",
    ports: &[502],
    secure_ports: &[802],
    probe: probe::probe,
    make: |server| Box::new(flow::Flow::new(server)),
};
