//! The three steps in order, and what is counted on the way.

use gridtap_models::event::PacketRef;

use super::counters::{Counters, one};
use super::{At, Segment, Transport, link, network, transport};
use crate::source::Packet;

/// Why a packet holds nothing for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    UnknownLink,
    NotIp,
    Fragment,
    OtherTransport,
    /// A header cannot be read: the sender's fault, unless the capture cut the packet.
    Malformed,
}

/// Finds the segments in packets and counts what it finds.
#[derive(Debug, Default)]
pub struct Decoder {
    counters: Counters,
}

impl Decoder {
    /// The segment in a packet, if it holds one. It is lent until the next call.
    ///
    /// Checksums are not looked at: a capture on the sending host sees them before they are right.
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Option<Segment<'a>> {
        let counters = &mut self.counters;
        one(&mut counters.packets);
        counters.octets = counters.octets.saturating_add(packet.wire_octets.into());
        match read(packet, counters) {
            Ok(segment) => Some(segment),
            Err(skip) => {
                one(match skip {
                    Skip::UnknownLink => &mut counters.unknown_link,
                    Skip::NotIp => &mut counters.not_ip,
                    Skip::Fragment => &mut counters.fragments,
                    Skip::OtherTransport => &mut counters.other_transport,
                    Skip::Malformed if unkept(packet) > 0 => &mut counters.cut_headers,
                    Skip::Malformed => &mut counters.malformed,
                });
                None
            }
        }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }
}

#[inline]
fn read<'a>(packet: &Packet<'a>, counters: &mut Counters) -> Result<Segment<'a>, Skip> {
    let frame = link::strip(packet.link, packet.octets)?;
    let datagram = network::read(frame.octets)?;
    let payload = transport::read(&datagram)?;

    match payload.transport {
        Transport::Tcp { .. } => one(&mut counters.tcp),
        Transport::Udp => one(&mut counters.udp),
    }
    // What headers claim beyond the frame was never sent. It must not count as seen, or the octets
    // that are sent in its place would be taken for a repetition.
    let unkept = unkept(packet);
    let cut = payload.claimed.unwrap_or(u32::MAX).min(unkept);
    if cut > 0 {
        one(&mut counters.cut);
        counters.cut_octets = counters.cut_octets.saturating_add(cut.into());
    }
    if payload.claimed.is_some_and(|claimed| claimed > unkept) {
        one(&mut counters.truncated);
    }
    Ok(Segment {
        at: At {
            sequence: packet.sequence,
            packet: PacketRef { capture: packet.capture, number: packet.number },
            time_ns: packet.time_ns,
        },
        source: (datagram.source, payload.source_port).into(),
        destination: (datagram.destination, payload.destination_port).into(),
        source_mac: frame.source_mac,
        destination_mac: frame.destination_mac,
        vlan: frame.vlan,
        transport: payload.transport,
        payload: payload.octets,
        cut,
    })
}

/// How many octets of the packet the capture did not keep.
fn unkept(packet: &Packet<'_>) -> u32 {
    let kept = u32::try_from(packet.octets.len()).unwrap_or(u32::MAX);
    packet.wire_octets.saturating_sub(kept)
}
