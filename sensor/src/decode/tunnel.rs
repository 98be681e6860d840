//! The way from an IP payload back to a packet or frame in it.

use etherparse::ip_number;

use super::decoder::Skip;
use super::frame::Frame;
use super::network::Datagram;
use super::{gre, overlay};

/// Takes what a frame's octets carry, which are the payload of an IP packet, out of its tunnel.
pub(super) type Open = fn(&mut Frame<'_>) -> Result<(), Skip>;

/// What opens the tunnel that the datagram seems to be; `None` if it does not seem to be one.
#[inline]
pub(super) fn look(datagram: &Datagram<'_>) -> Option<Open> {
    match datagram.protocol {
        ip_number::UDP => overlay::by_port(datagram.octets),
        ip_number::GRE => Some(gre::open),
        ip_number::IPV4 => Some(ipv4),
        ip_number::IPV6 => Some(ipv6),
        _ => None,
    }
}

/// IPv4 in IP of either version (RFC 2003).
fn ipv4(frame: &mut Frame<'_>) -> Result<(), Skip> {
    ip(frame, 4)
}

/// IPv6 in IP of either version (RFC 4213, RFC 2473).
fn ipv6(frame: &mut Frame<'_>) -> Result<(), Skip> {
    ip(frame, 6)
}

fn ip(frame: &mut Frame<'_>, version: u8) -> Result<(), Skip> {
    match frame.octets.first() {
        None => Err(Skip::Malformed),
        Some(octet) if octet >> 4 == version => frame.enter_tunnel(),
        Some(_) => Err(Skip::NoTunnel),
    }
}
