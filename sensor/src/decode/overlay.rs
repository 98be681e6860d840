//! Takes a frame out of VXLAN (RFC 7348) or Geneve (RFC 8926).
//!
//! Only the port says that a datagram may be one, and a port can be anybody's. Both have bits that
//! must be 0; where they are not, or where the rest is not what they promise, it is a datagram.

use etherparse::{EtherType, UdpSlice};

use super::decoder::Skip;
use super::frame::Frame;
use super::link;
use super::tunnel::Open;

const VXLAN_PORT: u16 = 4789;
const GENEVE_PORT: u16 = 6081;

/// What opens a datagram, going by its port.
#[inline]
pub(super) fn by_port(datagram: &[u8]) -> Option<Open> {
    let &[_, _, p0, p1, _, _, _, _, ..] = datagram else { return None };
    match u16::from_be_bytes([p0, p1]) {
        VXLAN_PORT => Some(vxlan),
        GENEVE_PORT => Some(geneve),
        _ => None,
    }
}

fn vxlan(frame: &mut Frame<'_>) -> Result<(), Skip> {
    const HAS_NETWORK: u8 = 0x08;
    const HAS_GROUP: u8 = 0x80;
    udp(frame)?;
    let [flags, r0, g0, g1, _, _, _, r1] = *frame.take::<8>()?;
    let group_is_said = flags & HAS_GROUP != 0 || [r0, g0, g1] == [0; 3];
    if flags & !HAS_GROUP != HAS_NETWORK || !group_is_said || r1 != 0 {
        return Err(Skip::NoTunnel);
    }
    link::ethernet(frame)
}

fn geneve(frame: &mut Frame<'_>) -> Result<(), Skip> {
    const LENGTH: u8 = 0x3f;
    const RESERVED: u8 = 0x3f;
    udp(frame)?;
    let [version_and_length, bits, k0, k1, _, _, _, r] = *frame.take::<8>()?;
    if version_and_length & !LENGTH != 0 || bits & RESERVED != 0 || r != 0 {
        return Err(Skip::NoTunnel);
    }
    let options = usize::from(version_and_length & LENGTH).saturating_mul(4);
    frame.octets = frame.octets.get(options..).ok_or(Skip::Malformed)?;
    match u16::from_be_bytes([k0, k1]) {
        0x6558 => link::ethernet(frame),
        kind => link::untag(frame, EtherType(kind))
            .map_err(|skip| if skip == Skip::NotIp { Skip::NoTunnel } else { skip }),
    }
}

fn udp(frame: &mut Frame<'_>) -> Result<(), Skip> {
    frame.enter_tunnel()?;
    let datagram = UdpSlice::from_slice_lax(frame.octets).map_err(|_| Skip::Malformed)?;
    frame.octets = datagram.payload();
    Ok(())
}
