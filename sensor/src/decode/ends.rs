//! Who sent a packet to whom, for those who want no more of it.

use std::net::IpAddr;

use super::decoder::Skip;
use super::frame::Frame;
use super::network::{self, Datagram};
use super::{link, tunnel};
use crate::source::Packet;

/// Sender and receiver of the innermost IP packet in a packet, as far as tunnels can be taken off
/// without the packets before it; also of a fragment, and of one that was seen before.
#[must_use]
pub fn ends(packet: &Packet<'_>) -> Option<(IpAddr, IpAddr)> {
    let mut frame = Frame::of(packet);
    link::strip(packet.link, &mut frame).ok()?;
    let (mut datagram, mut whole) = read(frame.octets)?;
    while whole && let Some(open) = tunnel::look(&datagram) {
        let mut inner = Frame { octets: datagram.octets, ..frame };
        let inside = open(&mut inner).ok().and_then(|()| read(inner.octets));
        let Some(inside) = inside else { break };
        frame = inner;
        (datagram, whole) = inside;
    }
    Some(datagram.ends())
}

/// The IP packet at the start of `octets`, and whether it is whole and not a fragment.
fn read(octets: &[u8]) -> Option<(Datagram<'_>, bool)> {
    match network::read(octets) {
        Ok(datagram) => Some((datagram, true)),
        Err(Skip::Fragment) => Some((network::fragment(octets).ok()?.0, false)),
        Err(_) => None,
    }
}
