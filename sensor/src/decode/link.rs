//! Takes the link layer off a packet, with its tags.

use etherparse::{EtherType, LaxMacsecPayloadSlice, LaxMacsecSlice, SingleVlanSlice, ether_type};

use super::decoder::Skip;
use super::frame::Frame;
use super::{mpls, pppoe, redundancy};
use crate::source::LinkType;

/// Most tags (VLAN, `MACsec`, HSR) in a row.
const TAGS: usize = 8;

const MPLS_UNICAST: EtherType = EtherType(0x8847);
const MPLS_MULTICAST: EtherType = EtherType(0x8848);
const PPPOE_SESSION: EtherType = EtherType(0x8864);
const HSR: EtherType = EtherType(0x892f);

/// Whether packets of this link type are read: those of [`strip`].
pub(super) const fn reads(link: LinkType) -> bool {
    matches!(link.0, 0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
}

/// Finds the IP packet behind the link layer's headers.
#[inline]
pub(super) fn strip(link: LinkType, frame: &mut Frame<'_>) -> Result<(), Skip> {
    match link.0 {
        0 | 108 => loopback(frame),
        1 => ethernet(frame),
        12 | 14 | 101 | 228 | 229 => Ok(()),
        113 => cooked(frame),
        276 => cooked_v2(frame),
        _ => Err(Skip::UnknownLink),
    }
}

/// Reads an Ethernet frame, and forgets what a frame around it said.
#[inline]
pub(super) fn ethernet(frame: &mut Frame<'_>) -> Result<(), Skip> {
    let all = frame.octets;
    frame.destination_mac = Some(frame.take()?);
    frame.source_mac = Some(frame.take()?);
    frame.vlan = None;
    let kind = EtherType(u16::from_be_bytes(*frame.take()?));
    untag(frame, kind)?;
    redundancy::trailer(frame, all);
    Ok(())
}

/// BSD loopback: the address family in four octets, in the byte order of the capturing host.
fn loopback(frame: &mut Frame<'_>) -> Result<(), Skip> {
    let family = *frame.take()?;
    match u32::from_be_bytes(family).min(u32::from_le_bytes(family)) {
        // AF_INET6 is 10 on Linux, 24, 28 or 30 on the BSDs.
        2 | 10 | 24 | 28 | 30 => Ok(()),
        _ => Err(Skip::NotIp),
    }
}

/// Linux cooked capture, first version: packet type, hardware type, length of the sender's
/// address, the address in eight octets, protocol.
fn cooked(frame: &mut Frame<'_>) -> Result<(), Skip> {
    let [_, _, _, _, l0, l1, mac @ .., _, _, p0, p1] = frame.take::<16>()?;
    frame.source_mac = ([l0, l1] == [&0, &6]).then_some(mac);
    untag(frame, EtherType(u16::from_be_bytes([*p0, *p1])))
}

/// Linux cooked capture, second version: protocol, two reserved octets, interface, hardware type,
/// packet type, length of the sender's address, the address in eight octets.
fn cooked_v2(frame: &mut Frame<'_>) -> Result<(), Skip> {
    let [p0, p1, _, _, _, _, _, _, _, _, _, length, mac @ .., _, _] = frame.take::<20>()?;
    frame.source_mac = (*length == 6).then_some(mac);
    untag(frame, EtherType(u16::from_be_bytes([*p0, *p1])))
}

/// Takes VLAN tags (802.1Q, 802.1ad), HSR tags and unencrypted `MACsec` tags off, and tunnels that
/// have an Ethernet type.
#[inline]
pub(super) fn untag(frame: &mut Frame<'_>, mut kind: EtherType) -> Result<(), Skip> {
    for _ in 0..=TAGS {
        match kind {
            ether_type::IPV4 | ether_type::IPV6 => return Ok(()),
            ether_type::VLAN_TAGGED_FRAME
            | ether_type::PROVIDER_BRIDGING
            | ether_type::VLAN_DOUBLE_TAGGED_FRAME => {
                let tag = SingleVlanSlice::from_slice(frame.octets).map_err(|_| Skip::Malformed)?;
                // Identifier 0 gives a priority, not a VLAN.
                let vlan = Some(tag.vlan_identifier().value()).filter(|vlan| *vlan != 0);
                frame.vlan = frame.vlan.or(vlan);
                frame.octets = tag.payload_slice();
                kind = tag.ether_type();
            }
            ether_type::MACSEC => {
                let tag = LaxMacsecSlice::from_slice(frame.octets).map_err(|_| Skip::Malformed)?;
                let LaxMacsecPayloadSlice::Unmodified(payload) = tag.payload else {
                    return Err(Skip::NotIp);
                };
                frame.octets = payload.payload;
                kind = payload.ether_type;
            }
            HSR => kind = redundancy::tag(frame)?,
            MPLS_UNICAST | MPLS_MULTICAST => return mpls::open(frame),
            PPPOE_SESSION => return pppoe::open(frame),
            _ => return Err(Skip::NotIp),
        }
    }
    Err(Skip::NotIp)
}
