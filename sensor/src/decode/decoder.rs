//! The steps in order, and what is counted on the way.

use std::slice::IterMut;

use gridtap_models::event::PacketRef;

use super::counters::{Counters, count, one};
use super::fragments::Fragments;
use super::frame::{Frame, TUNNELS};
use super::network::{self, Datagram};
use super::twins::Twins;
use super::{At, Segment, Transport, checksum, link, transport, tunnel};
use crate::limits::Limits;
use crate::source::Packet;

/// Why a packet holds nothing for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    UnknownLink,
    NotIp,
    /// The datagram is not whole yet.
    Fragment,
    /// A fragment that fits nowhere.
    BadFragment,
    OtherTransport,
    /// A header cannot be read: the sender's fault, unless the capture cut the packet.
    Malformed,
    /// Not the tunnel that it looked like from outside.
    NoTunnel,
    /// One tunnel too many.
    TooDeep,
    /// The capture saw it twice.
    Twin,
    /// HSR or PRP sent it twice.
    Redundant,
}

/// Finds the segments in packets and counts what it finds.
#[derive(Debug)]
pub struct Decoder {
    counters: Counters,
    twins: Twins,
    fragments: Fragments,
    /// Datagrams put together from fragments, each in a tunnel of the one before.
    whole: [Vec<u8>; TUNNELS + 1],
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl Decoder {
    /// A decoder that keeps as much as `limits` allow.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            counters: Counters::default(),
            twins: Twins::new(limits),
            fragments: Fragments::new(limits),
            whole: Default::default(),
        }
    }

    /// The segment in a packet, if it holds one, or completes one that came in fragments. It is lent
    /// until the next call.
    ///
    /// Packets are to come in the order of their numbers.
    pub fn decode<'a>(&'a mut self, packet: &Packet<'a>) -> Option<Segment<'a>> {
        let Self { counters, twins, fragments, whole } = self;
        one(&mut counters.packets);
        count(&mut counters.octets, packet.wire_octets.into());
        let whole = whole.iter_mut();
        let mut walk = Walk { packet, counters, twins, fragments, whole };
        match walk.segment() {
            Ok(segment) => Some(segment),
            Err(skip) => {
                note(skip, packet, walk.counters);
                None
            }
        }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What was counted in all; fragments that still wait for others are given up.
    #[must_use]
    pub fn into_counters(mut self) -> Counters {
        self.fragments.finish(&mut self.counters);
        self.counters
    }
}

/// The way through one packet.
struct Walk<'w, 'a> {
    packet: &'w Packet<'a>,
    counters: &'w mut Counters,
    twins: &'w mut Twins,
    fragments: &'w mut Fragments,
    whole: IterMut<'a, Vec<u8>>,
}

impl<'a> Walk<'_, 'a> {
    #[inline]
    fn segment(&mut self) -> Result<Segment<'a>, Skip> {
        let mut frame = Frame::of(self.packet);
        link::strip(self.packet.link, &mut frame)?;
        let mut datagram = self.datagram(&mut frame)?;
        while let Some(open) = tunnel::look(&datagram) {
            if !self.enter(open, &mut frame, &mut datagram)? {
                break;
            }
        }
        let payload = transport::read(&datagram)?;
        self.meet(&frame)?;

        let counters = &mut *self.counters;
        match payload.transport {
            Transport::Tcp { .. } => one(&mut counters.tcp),
            Transport::Udp => one(&mut counters.udp),
        }
        if frame.tunnels > 0 {
            one(&mut counters.tunnelled);
        }
        if checksum::is_wrong(&datagram, &payload) {
            one(&mut counters.bad_checksums);
        }
        let packet = self.packet;
        let (source, destination) = datagram.ends();
        Ok(Segment {
            at: At {
                sequence: packet.sequence,
                packet: PacketRef { capture: packet.capture, number: packet.number },
                time_ns: packet.time_ns,
            },
            source: (source, payload.source_port).into(),
            destination: (destination, payload.destination_port).into(),
            source_mac: frame.source_mac.copied(),
            destination_mac: frame.destination_mac.copied(),
            vlan: frame.vlan,
            hops: datagram.hops(),
            transport: payload.transport,
            payload: payload.octets,
            cut: self.cut(payload.claimed, &frame),
        })
    }

    /// The datagram in a frame.
    #[inline]
    fn datagram(&mut self, frame: &mut Frame<'a>) -> Result<Datagram<'a>, Skip> {
        match network::read(frame.octets) {
            Err(Skip::Fragment) => self.reassembled(frame),
            datagram => datagram,
        }
    }

    /// The datagram that the fragment in a frame completes.
    #[inline(never)]
    fn reassembled(&mut self, frame: &mut Frame<'a>) -> Result<Datagram<'a>, Skip> {
        let (fragment, part) = network::fragment(frame.octets)?;
        self.meet(frame)?;
        frame.sight = None;
        if self.cut(fragment.claimed, frame) > 0 {
            return Err(Skip::Fragment);
        }
        if fragment.claimed != Some(0) {
            return Err(Skip::BadFragment);
        }
        let whole = self.whole.next().ok_or(Skip::TooDeep)?;
        let (mac, now_ns) = (frame.source_mac, self.packet.time_ns);
        self.fragments.take(&fragment, part, mac, now_ns, whole, self.counters)?;
        frame.unkept = 0;
        network::reassembled(&fragment, whole)
    }

    /// Goes on with the datagram in a tunnel, unless that is none.
    #[inline(never)]
    fn enter(
        &mut self,
        open: tunnel::Open,
        frame: &mut Frame<'a>,
        datagram: &mut Datagram<'a>,
    ) -> Result<bool, Skip> {
        let mut inner = Frame { octets: datagram.octets, ..*frame };
        match open(&mut inner).and_then(|()| self.datagram(&mut inner)) {
            Ok(inside) => {
                (*frame, *datagram) = (inner, inside);
                Ok(true)
            }
            Err(Skip::TooDeep) => {
                one(&mut self.counters.deep_tunnels);
                Ok(false)
            }
            // If the capture cut it, nobody knows what it would have been.
            Err(Skip::Malformed) if frame.unkept > 0 => Err(Skip::Malformed),
            Err(Skip::Malformed | Skip::NoTunnel) => {
                one(&mut self.counters.bad_tunnels);
                Ok(false)
            }
            Err(skip) => Err(skip),
        }
    }

    /// Refuses what was seen before.
    #[inline]
    fn meet(&mut self, frame: &Frame<'a>) -> Result<(), Skip> {
        match &frame.sight {
            Some(sight) => self.twins.meet(sight, self.packet.time_ns),
            None => Ok(()),
        }
    }

    /// How much of the octets that headers claim was sent, but not kept.
    ///
    /// What they claim beyond the frame was never sent. It must not count as seen, or the octets that
    /// are sent in its place would be taken for a repetition.
    #[inline]
    fn cut(&mut self, claimed: Option<u32>, frame: &Frame<'_>) -> u32 {
        let cut = claimed.unwrap_or(u32::MAX).min(frame.unkept);
        if cut > 0 {
            one(&mut self.counters.cut);
            count(&mut self.counters.cut_octets, cut.into());
        }
        if claimed.is_some_and(|claimed| claimed > frame.unkept) {
            one(&mut self.counters.truncated);
        }
        cut
    }
}

/// Counts what became of a packet without a segment.
fn note(skip: Skip, packet: &Packet<'_>, counters: &mut Counters) {
    let fate = match skip {
        Skip::UnknownLink => &mut counters.unknown_link,
        Skip::NotIp => &mut counters.not_ip,
        Skip::NoTunnel => {
            one(&mut counters.bad_tunnels);
            &mut counters.not_ip
        }
        Skip::TooDeep => {
            one(&mut counters.deep_tunnels);
            &mut counters.not_ip
        }
        Skip::Fragment => &mut counters.fragments,
        Skip::OtherTransport => &mut counters.other_transport,
        Skip::Malformed if Frame::of(packet).unkept > 0 => &mut counters.cut_headers,
        Skip::Malformed | Skip::BadFragment => &mut counters.malformed,
        Skip::Twin => &mut counters.twins,
        Skip::Redundant => &mut counters.redundant,
    };
    one(fate);
}
