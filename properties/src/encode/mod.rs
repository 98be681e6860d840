//! Messages back into octets, by the encoders of gridtap-captures, which know no parser.

mod dnp3;
mod modbus;

pub(crate) use dnp3::fragment_of;
pub(crate) use modbus::{pdu_of, spare_bits_cleared};
