//! Captures in memory, and the messages that are read from them for certain.

use std::path::Path;

use gridtap::flow::Kind;
use gridtap::limits::Limits;
use gridtap::pipeline::{self, Gauges, OnFull, Options};
use gridtap::shard::{Ordered, Seen, Tap};
use gridtap::source::{CaptureFile, LinkType, Merged, Packet, Source, Step};
use gridtap_models::event::{Event, Place};

/// A packet in memory.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub(crate) time_ns: u64,
    link: LinkType,
    wire_octets: u32,
    pub(crate) octets: Vec<u8>,
}

impl Captured {
    /// Where the octets of a segment on DNP3's port begin, over Ethernet and IPv4.
    pub(crate) fn dnp3_octets(&self) -> Option<usize> {
        let octets = &self.octets;
        let ip = 14;
        if self.link != LinkType(1) || octets.get(12..14)? != [8, 0] || *octets.get(23)? != 6 {
            return None;
        }
        let tcp = ip + usize::from(octets.get(ip)? & 15) * 4;
        let port = |at| Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]));
        let is_dnp3 = port(tcp)? == 20_000 || port(tcp + 2)? == 20_000;
        is_dnp3.then_some(tcp + usize::from(octets.get(tcp + 12)? >> 4) * 4)
    }
}

/// All packets of a file.
pub(crate) fn read(path: &Path) -> Vec<Captured> {
    let mut source = Merged::new(vec![CaptureFile::open(path, 0).unwrap()]);
    let mut packets = Vec::new();
    while source.advance() == Step::Packet {
        let Packet { time_ns, link, wire_octets, octets, .. } = source.packet();
        packets.push(Captured { time_ns, link, wire_octets, octets: octets.to_vec() });
    }
    packets
}

/// The messages that are whole and certain, with who sent them to whom.
pub(crate) fn certain(packets: &[Captured]) -> Vec<Message> {
    let mut messages = Vec::new();
    let options = Options { shards: 1, on_full: OnFull::Wait, limits: Limits::default() };
    pipeline::run(
        &mut Replay { packets, number: 0 },
        &options,
        &Gauges::default(),
        || Certain,
        |message| messages.push(message),
        |_, _| {},
    );
    messages
}

struct Replay<'c> {
    packets: &'c [Captured],
    number: usize,
}

impl Source for Replay<'_> {
    fn advance(&mut self) -> Step {
        self.number += 1;
        if self.number > self.packets.len() { Step::End } else { Step::Packet }
    }

    fn packet(&self) -> Packet<'_> {
        let Captured { time_ns, link, wire_octets, ref octets } = self.packets[self.number - 1];
        let number = u64::try_from(self.number).unwrap();
        Packet { sequence: number, capture: 0, number, time_ns, link, wire_octets, octets }
    }
}

/// A message: who says what to whom.
#[derive(Debug)]
pub(crate) struct Message {
    place: Place,
    pub(crate) text: String,
    /// Whether it came in a datagram.
    pub(crate) is_datagram: bool,
}

impl Ordered for Message {
    fn place(&self) -> Place {
        self.place
    }
}

#[derive(Clone, Debug)]
struct Certain;

impl Tap for Certain {
    type Out = Message;

    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Message>) {
        let Some(message) = seen.parsed.message else { return };
        if seen.parsed.uncertain || seen.parsed.error.is_some() {
            return;
        }
        let (sender, receiver) = (seen.context.sender.address, seen.context.receiver.address);
        let text = format!("{sender} > {receiver}: {message:?}");
        let is_datagram = seen.transport == Kind::Udp;
        out.push(Message { place: seen.context.place, text, is_datagram });
    }

    fn event(&mut self, _: Event, _: &mut Vec<Message>) {}
}
