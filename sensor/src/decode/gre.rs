//! Takes a packet or frame out of GRE (RFC 2784, RFC 2890).

use etherparse::EtherType;

use super::decoder::Skip;
use super::frame::Frame;
use super::{erspan, link};

const CHECKSUM: u8 = 0x80;
const ROUTING: u8 = 0x40;
const KEY: u8 = 0x20;
const SEQUENCE: u8 = 0x10;
const VERSION: u8 = 0x07;

/// Reads a GRE header. What carries neither IP nor Ethernet, or is of PPTP, is left alone.
pub(super) fn open(frame: &mut Frame<'_>) -> Result<(), Skip> {
    frame.enter_tunnel()?;
    let [flags, version, k0, k1] = *frame.take()?;
    if flags & ROUTING != 0 || version & VERSION != 0 {
        return Err(Skip::OtherTransport);
    }
    for option in [CHECKSUM, KEY, SEQUENCE] {
        if flags & option != 0 {
            frame.take::<4>()?;
        }
    }
    match u16::from_be_bytes([k0, k1]) {
        0x6558 => link::ethernet(frame),
        0x88be if flags & SEQUENCE == 0 => erspan::mirrored(frame),
        0x88be => erspan::type_2(frame),
        0x22eb => erspan::type_3(frame),
        kind => link::untag(frame, EtherType(kind))
            .map_err(|skip| if skip == Skip::NotIp { Skip::OtherTransport } else { skip }),
    }
}
