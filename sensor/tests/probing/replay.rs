//! Captures in memory, and the messages that are read from them.

use gridtap::counters::Counters;
use gridtap::flow::Kind;
use gridtap::limits::Limits;
use gridtap::pipeline::{self, Gauges, OnFull, Options};
use gridtap::shard::{Ordered, Seen, Tap};
use gridtap::source::{LinkType, Packet, Source, Step};
use gridtap_captures::capture::Capture;
use gridtap_captures::frame::{Endpoint, Link, datagram};
use gridtap_captures::session::Session;
use gridtap_models::event::{Event, Place};
use gridtap_parsers::modbus::Framing;
use gridtap_parsers::{Direction, Message};

/// A capture in memory.
pub(crate) struct Replay<'c> {
    capture: &'c Capture,
    number: usize,
}

impl Source for Replay<'_> {
    fn advance(&mut self) -> Step {
        self.number += 1;
        if self.number > self.capture.packets.len() { Step::End } else { Step::Packet }
    }

    fn packet(&self) -> Packet<'_> {
        let packet = &self.capture.packets[self.number - 1];
        let number = u64::try_from(self.number).unwrap();
        Packet {
            sequence: number,
            capture: 0,
            number,
            time_ns: packet.time_ns,
            link: LinkType(self.capture.link.0),
            wire_octets: packet.wire_octets,
            octets: &packet.octets,
        }
    }
}

/// A message: who sent it, and how it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    pub(crate) packet: u64,
    pub(crate) port: u16,
    pub(crate) how: &'static str,
    pub(crate) direction: Direction,
    pub(crate) function: &'static str,
    pub(crate) request_packet: Option<u64>,
}

impl Ordered for Row {
    fn place(&self) -> Place {
        self.place
    }
}

/// Takes out the messages that are certain.
#[derive(Clone, Debug)]
pub(crate) struct Rows;

impl Tap for Rows {
    type Out = Row;

    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Row>) {
        let Some(message) = seen.parsed.message.filter(|_| !seen.parsed.uncertain) else { return };
        let (direction, function, _) = gridtap::describe::kind(&message);
        let how = match (&message, seen.transport) {
            (Message::Dnp3(_), Kind::Tcp) => "dnp3",
            (Message::Dnp3(_), Kind::Udp) => "dnp3, udp",
            (Message::Modbus(adu), kind) => match (adu.framing, kind) {
                (Framing::Rtu, Kind::Tcp) => "rtu",
                (Framing::Rtu, Kind::Udp) => "rtu, udp",
                (Framing::Tcp { .. }, Kind::Tcp) => "modbus",
                (Framing::Tcp { .. }, Kind::Udp) => "modbus, udp",
            },
        };
        out.push(Row {
            place: seen.context.place,
            packet: seen.context.packet.number,
            port: seen.context.sender.address.port(),
            how,
            direction,
            function,
            request_packet: seen.pair.request().map(|note| note.packet),
        });
    }

    fn event(&mut self, _: Event, _: &mut Vec<Row>) {}
}

pub(crate) fn run(capture: &Capture, shards: u16, limits: Limits) -> (Vec<Row>, Counters) {
    let mut rows = Vec::new();
    let options = Options { shards, on_full: OnFull::Wait, limits };
    let counters = pipeline::run(
        &mut Replay { capture, number: 0 },
        &options,
        &Gauges::default(),
        || Rows,
        |row| rows.push(row),
        |_, _| {},
    );
    (rows, counters)
}

pub(crate) fn read(capture: &Capture) -> (Vec<Row>, Counters) {
    run(capture, 1, Limits::default())
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Client,
    Server,
}
pub(crate) use Side::{Client, Server};

/// Who sends what.
pub(crate) type Turn = (Side, Vec<u8>);

/// A conversation over TCP, from its opening on or joined in the middle.
pub(crate) fn tcp(client: u16, server: u16, opened: bool, turns: &[Turn]) -> Capture {
    let mut session = Session::new(Endpoint::v4(5, client), Endpoint::v4(9, server));
    if opened {
        session.open(1_000_000_000);
    }
    for (at_ns, (side, octets)) in (2_000_000_000..).step_by(1_000_000).zip(turns) {
        match side {
            Client => session.client_sends(at_ns, octets),
            Server => session.server_sends(at_ns, octets),
        }
    }
    session.into_capture()
}

/// The same with segments of so many octets, from its opening on.
pub(crate) fn tcp_in_segments(client: u16, server: u16, octets: u16, turns: &[Turn]) -> Capture {
    let mut session = Session::new(Endpoint::v4(5, client), Endpoint::v4(9, server))
        .segmented(octets.try_into().unwrap());
    session.open(1_000_000_000);
    for (at_ns, (side, octets)) in (2_000_000_000..).step_by(100_000_000).zip(turns) {
        match side {
            Client => session.client_sends(at_ns, octets),
            Server => session.server_sends(at_ns, octets),
        }
    }
    session.into_capture()
}

pub(crate) fn udp(client: u16, server: u16, turns: &[Turn]) -> Capture {
    let (client, server) = (Endpoint::v4(5, client), Endpoint::v4(9, server));
    let mut capture = Capture::new(Link::ETHERNET.link_type());
    for (at_ns, (side, octets)) in (2_000_000_000..).step_by(1_000_000).zip(turns) {
        let (from, to) = if *side == Client { (&client, &server) } else { (&server, &client) };
        capture.push(at_ns, datagram(&Link::ETHERNET, from, to, octets));
    }
    capture
}
