//! What is known of a flow, and of each of its ends.

use core::ops::Range;
use std::net::SocketAddr;

use gridtap_parsers::Side;

use super::marks::{Mark, Marks};
use super::sequence::{at, distance, octets};
use super::stream::Stream;
use crate::decode::{At, Segment, Transport};

/// What a flow runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// One end of a flow, and what it sent.
#[derive(Debug)]
pub struct Endpoint {
    /// Its address and port.
    pub address: SocketAddr,
    /// Its MAC address in the last packet of the flow, sent or received: another one than before
    /// may be somebody in between.
    pub mac: Option<[u8; 6]>,
    /// Hops that the last packet with octets that it sent had left. What has none may come from
    /// somebody who is to answer for it: firewalls send resets.
    pub hops: Option<u8>,
    /// Packets it sent.
    pub packets: u64,
    pub(super) stream: Stream,
    pub(super) marks: Marks,
    /// Where the newest octets that it sent end, and what it acknowledged when it first sent them.
    told: Option<(u32, u32)>,
    /// What the other end acknowledged and this one did not send, as was found last.
    disowned: Option<u32>,
}

/// How far behind what the other end has of it a sender is that did not send it, in octets: more than the one
/// of a keep-alive, and no more than the largest window without scaling.
const DISOWNED: core::ops::RangeInclusive<i64> = 2..=65_535;

impl Endpoint {
    fn new(address: SocketAddr) -> Self {
        let (stream, marks) = (Stream::default(), Marks::default());
        let (told, disowned) = (None, None);
        Self { address, mac: None, hops: None, packets: 0, stream, marks, told, disowned }
    }

    /// Whether any packet of it was seen.
    #[must_use]
    pub const fn seen(&self) -> bool {
        self.packets > 0
    }

    /// Octets it sent that were lost: in gaps, or cut off by the capture.
    #[must_use]
    pub const fn lost_octets(&self) -> u64 {
        self.stream.lost_octets
    }

    /// Octets it sent again.
    #[must_use]
    pub const fn retransmitted_octets(&self) -> u64 {
        self.stream.retransmitted_octets
    }

    /// Segments in which it sent octets again.
    #[must_use]
    pub const fn retransmitted_segments(&self) -> u64 {
        self.stream.retransmitted_segments
    }
}

/// A flow: what two ends say to each other over one pair of ports.
#[derive(Debug)]
pub struct Flow {
    /// TCP or UDP.
    pub kind: Kind,
    /// Outermost VLAN identifier of the last packet.
    pub vlan: Option<u16>,
    /// Who opened the connection, if its SYN or the answer to it was seen.
    pub opener: Option<Side>,
    /// Its first packet.
    pub first: At,
    /// Its last packet.
    pub last: At,
    a: Endpoint,
    b: Endpoint,
}

impl Flow {
    /// A flow that begins with `segment`, sent by `side`.
    pub(super) fn new(segment: &Segment<'_>, side: Side) -> Self {
        let (a, b) = match side {
            Side::A => (segment.source, segment.destination),
            Side::B => (segment.destination, segment.source),
        };
        let kind = match segment.transport {
            Transport::Tcp { .. } => Kind::Tcp,
            Transport::Udp => Kind::Udp,
        };
        Self {
            kind,
            vlan: segment.vlan,
            opener: None,
            first: segment.at,
            last: segment.at,
            a: Endpoint::new(a),
            b: Endpoint::new(b),
        }
    }

    /// One of its ends. A is the one with the lower address, or the lower port of one address.
    #[must_use]
    #[inline]
    pub const fn endpoint(&self, side: Side) -> &Endpoint {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    /// Whether packets of only one side were seen.
    #[must_use]
    pub const fn one_way(&self) -> bool {
        !(self.a.seen() && self.b.seen())
    }

    /// Whether one of its ends has this port.
    #[must_use]
    pub const fn has_port(&self, port: u16) -> bool {
        self.a.address.port() == port || self.b.address.port() == port
    }

    /// Octets of both sides that were lost.
    #[must_use]
    pub const fn lost_octets(&self) -> u64 {
        self.a.lost_octets().saturating_add(self.b.lost_octets())
    }

    /// The packets that carried a stretch of a side's stream, in the order of the stream, as far
    /// as they are remembered. The last one completed it, unless segments came out of order.
    pub fn packets(&self, side: Side, span: Range<u64>) -> impl Iterator<Item = Mark> {
        self.endpoint(side).marks.of(span)
    }

    /// How many octets, from `sequence` on, a side knows nothing of that the other one had of it, if a
    /// segment shows it; once for the same octets.
    ///
    /// A segment without octets has the number of what its sender would send next (RFC 9293, 3.10.7.4).
    /// If it acknowledges octets that the other end sent when it had more than that, then its sender
    /// knows what the other end had, and did not send it: somebody else did. No loss or reordering
    /// can make that so.
    pub(super) fn disowned(&mut self, segment: &Segment<'_>, side: Side) -> Option<u64> {
        let Transport::Tcp { sequence, acknowledgement, syn: false, fin, rst: false, .. } =
            segment.transport
        else {
            return None;
        };
        let acknowledged = acknowledgement?;
        let carried = octets(segment.payload.len()).saturating_add(segment.cut.into());
        if carried > 0 {
            let source = self.endpoint_mut(side);
            let end = at(sequence, carried);
            if source.told.is_none_or(|(known, _)| distance(known, end) > 0) {
                source.told = Some((end, acknowledged));
            }
            return None;
        }
        let (end, had) = self.endpoint(side.other()).told.filter(|_| !fin)?;
        let behind = distance(sequence, had);
        let source = self.endpoint_mut(side);
        let new = source.disowned != Some(had);
        if distance(end, acknowledged) < 0 || !DISOWNED.contains(&behind) || !new {
            return None;
        }
        source.disowned = Some(had);
        u64::try_from(behind).ok()
    }

    #[inline]
    pub(super) const fn endpoint_mut(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    /// Notes what a segment says about the flow itself.
    #[inline]
    pub(super) fn note(&mut self, segment: &Segment<'_>, side: Side) {
        self.last = segment.at;
        self.vlan = segment.vlan;
        if let Transport::Tcp { syn: true, acknowledgement, .. } = segment.transport {
            // Where both open at once, the first does.
            let opener = if acknowledgement.is_none() { side } else { side.other() };
            self.opener.get_or_insert(opener);
        }
        let source = self.endpoint_mut(side);
        source.packets = source.packets.saturating_add(1);
        source.mac = segment.source_mac.or(source.mac);
        if !segment.payload.is_empty() {
            source.hops = Some(segment.hops);
        }
        let destination = self.endpoint_mut(side.other());
        destination.mac = segment.destination_mac.or(destination.mac);
    }
}
