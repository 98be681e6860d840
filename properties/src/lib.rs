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

pub mod memory;
mod stream;
mod walk;

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
    Target { name: "modbus_stream", holds: modbus_stream },
    Target { name: "rtu_stream", holds: rtu_stream },
    Target { name: "dnp3_stream", holds: dnp3_stream },
];
