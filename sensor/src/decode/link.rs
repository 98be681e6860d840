//! Takes the link layer off a packet.

use etherparse::{
    EtherType, Ethernet2Slice, LaxMacsecPayloadSlice, LaxMacsecSlice, SingleVlanSlice, ether_type,
};

use super::decoder::Skip;
use crate::source::LinkType;

/// Most VLAN and `MACsec` tags before the IP header.
const TAGS: usize = 3;

/// An IP packet and what the link layer said about it.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    pub(super) source_mac: Option<[u8; 6]>,
    pub(super) destination_mac: Option<[u8; 6]>,
    pub(super) vlan: Option<u16>,
    /// From the IP header to the end of what was kept, trailers included.
    pub(super) octets: &'a [u8],
}

/// Finds the IP packet behind the link layer's headers.
#[inline]
pub(super) fn strip(link: LinkType, octets: &[u8]) -> Result<Frame<'_>, Skip> {
    match link.0 {
        0 | 108 => loopback(octets),
        1 => ethernet(octets),
        12 | 14 | 101 | 228 | 229 => Ok(Frame { octets, ..Frame::default() }),
        113 => cooked(octets),
        276 => cooked_v2(octets),
        _ => Err(Skip::UnknownLink),
    }
}

#[inline]
fn ethernet(octets: &[u8]) -> Result<Frame<'_>, Skip> {
    let header = Ethernet2Slice::from_slice_without_fcs(octets).map_err(|_| Skip::Malformed)?;
    let frame = Frame {
        source_mac: Some(header.source()),
        destination_mac: Some(header.destination()),
        vlan: None,
        octets: header.payload().payload,
    };
    untag(frame, header.ether_type())
}

/// BSD loopback: the address family in four octets, in the byte order of the capturing host.
fn loopback(octets: &[u8]) -> Result<Frame<'_>, Skip> {
    let (family, octets) = octets.split_first_chunk().ok_or(Skip::Malformed)?;
    match u32::from_be_bytes(*family).min(u32::from_le_bytes(*family)) {
        // AF_INET6 is 10 on Linux, 24, 28 or 30 on the BSDs.
        2 | 10 | 24 | 28 | 30 => Ok(Frame { octets, ..Frame::default() }),
        _ => Err(Skip::NotIp),
    }
}

/// Linux cooked capture, first version: packet type, hardware type, length of the sender's
/// address, the address in eight octets, protocol.
fn cooked(octets: &[u8]) -> Result<Frame<'_>, Skip> {
    let (header, octets) = octets.split_first_chunk::<16>().ok_or(Skip::Malformed)?;
    let [_, _, _, _, l0, l1, mac @ .., _, _, p0, p1] = *header;
    let source_mac = ([l0, l1] == [0, 6]).then_some(mac);
    let frame = Frame { source_mac, octets, ..Frame::default() };
    untag(frame, EtherType(u16::from_be_bytes([p0, p1])))
}

/// Linux cooked capture, second version: protocol, two reserved octets, interface, hardware type,
/// packet type, length of the sender's address, the address in eight octets.
fn cooked_v2(octets: &[u8]) -> Result<Frame<'_>, Skip> {
    let (header, octets) = octets.split_first_chunk::<20>().ok_or(Skip::Malformed)?;
    let [p0, p1, _, _, _, _, _, _, _, _, _, length, mac @ .., _, _] = *header;
    let source_mac = (length == 6).then_some(mac);
    let frame = Frame { source_mac, octets, ..Frame::default() };
    untag(frame, EtherType(u16::from_be_bytes([p0, p1])))
}

/// Takes VLAN tags (802.1Q, 802.1ad) and unencrypted `MACsec` tags off.
#[inline]
fn untag(mut frame: Frame<'_>, mut kind: EtherType) -> Result<Frame<'_>, Skip> {
    for _ in 0..=TAGS {
        match kind {
            ether_type::IPV4 | ether_type::IPV6 => return Ok(frame),
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
            _ => return Err(Skip::NotIp),
        }
    }
    Err(Skip::NotIp)
}
