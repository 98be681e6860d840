//! What has to hold for any octets, asserted.
//!
//! Each target takes octets that anybody may have sent, and panics where a promise is broken. The fuzz targets in
//! `parsers/fuzz` are these functions and nothing else; the test `seeds` replays what they began with and whatever
//! they ever found, on stable Rust and without a fuzzer.
//!
//! ```
//! for target in gridtap_properties::TARGETS {
//!     (target.holds)(b"\x05\x64\x05\xc9\x01\x00\x00\x00\xde\x8e");
//! }
//! ```
#![expect(clippy::missing_panics_doc, reason = "a property panics where it does not hold")]

#[cfg(feature = "sensor")]
mod capture_file;
#[cfg(feature = "sensor")]
mod decode;
mod dnp3;
mod encode;
pub mod memory;
mod messages;
mod modbus;
#[cfg(feature = "sensor")]
mod reassembly;
mod stream;
mod walk;

#[cfg(feature = "sensor")]
pub use capture_file::capture_file;
#[cfg(feature = "sensor")]
pub use decode::decode;
pub use dnp3::{dnp3_fragment, dnp3_link, dnp3_transport};
pub use messages::messages;
pub use modbus::{modbus_mbap, modbus_request, modbus_response, modbus_rtu};
#[cfg(feature = "sensor")]
pub use reassembly::reassembly;
pub use stream::{dnp3_stream, modbus_stream, rtu_stream};

/// One thing to fuzz.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the fuzz target, and of the folder of its seeds.
    pub name: &'static str,
    /// Panics if what has to hold for these octets does not.
    pub holds: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "messages", holds: messages },
    Target { name: "modbus_mbap", holds: modbus_mbap },
    Target { name: "modbus_request", holds: modbus_request },
    Target { name: "modbus_response", holds: modbus_response },
    Target { name: "modbus_rtu", holds: modbus_rtu },
    Target { name: "modbus_stream", holds: modbus_stream },
    Target { name: "rtu_stream", holds: rtu_stream },
    Target { name: "dnp3_link", holds: dnp3_link },
    Target { name: "dnp3_transport", holds: dnp3_transport },
    Target { name: "dnp3_fragment", holds: dnp3_fragment },
    Target { name: "dnp3_stream", holds: dnp3_stream },
    #[cfg(feature = "sensor")]
    Target { name: "decode", holds: decode },
    #[cfg(feature = "sensor")]
    Target { name: "reassembly", holds: reassembly },
    #[cfg(feature = "sensor")]
    Target { name: "capture_file", holds: capture_file },
];
