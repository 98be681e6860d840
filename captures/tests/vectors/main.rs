//! What the encoders make of the meaning of shared vectors are the vectors' octets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dnp3;
mod modbus;
mod shared;
