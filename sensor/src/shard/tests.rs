//! Segments in, messages out.

use gridtap_models::event::{Attempt, Event, Outcome, PacketRef, Place, Stage};
use gridtap_parsers::Direction;

use super::*;
use crate::decode::Transport;
use crate::describe;

/// Takes out the direction of each message.
#[derive(Clone, Debug, Default)]
struct Messages;

impl Tap for Messages {
    type Out = Message;

    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Message>) {
        let direction = seen.parsed.message.as_ref().map(|message| describe::kind(message).0);
        out.push(Message(seen.context.place, direction));
    }

    fn event(&mut self, _: Event, _: &mut Vec<Message>) {}
}

#[derive(Clone, Debug)]
struct Message(Place, Option<Direction>);

impl Ordered for Message {
    fn place(&self) -> Place {
        self.0
    }
}

/// A segment of a connection from port `from` of 10.0.0.2 to port `to` of 10.0.0.1; its SYN is the
/// first packet.
fn segment(number: u64, from: u16, to: u16, payload: &[u8]) -> Segment<'_> {
    let packet = PacketRef { capture: 0, number };
    Segment {
        at: At { sequence: number, time_ns: number, packet },
        source: ([10, 0, 0, 2], from).into(),
        destination: ([10, 0, 0, 1], to).into(),
        source_mac: None,
        destination_mac: None,
        vlan: None,
        hops: 64,
        transport: Transport::Tcp {
            sequence: u32::from(number != 1),
            acknowledgement: None,
            syn: number == 1,
            fin: false,
            rst: false,
            window: 0,
        },
        payload,
        cut: 0,
    }
}

/// What is read when a connection is opened from port `from` to port `to`, and its opener
/// sends `octets`.
fn read(from: u16, to: u16, octets: &[u8]) -> Vec<Option<Direction>> {
    let mut shard = Shard::new(&Limits::default(), 0, 1, Messages);
    for (number, payload) in [(1, &[][..]), (2, octets)] {
        shard.take(&segment(number, from, to, payload));
    }
    shard.drain().into_iter().map(|message| message.1).collect()
}

#[test]
fn a_request_is_given_up_by_capture_time_though_its_flow_is_silent() {
    const MODBUS_READ: &[u8] = &[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10];
    let limits = Limits::default();
    let mut shard = Shard::new(&limits, 0, 1, Events);
    for (number, payload) in [(1, &[][..]), (2, MODBUS_READ)] {
        shard.take(&segment(number, 49_152, 502, payload));
    }
    let asked = shard.drain();
    let stages: Vec<_> = asked.iter().map(|event| event.stage).collect();
    assert_eq!(stages, [Stage::Attempted(Attempt::Opening), Stage::Requested]);
    let waits_ns = limits.answer_seconds * 1_000_000_000;
    let ended = [waits_ns, waits_ns + 3, waits_ns + 4].map(|time_ns| {
        let packet = PacketRef { capture: 0, number: time_ns };
        shard.tick(&At { sequence: 7, time_ns, packet });
        // Before it, the connection that nobody answered.
        let last = shard.drain().pop()?;
        Some((last.place.sequence, last.time_ns, last.stage))
    });
    // It was asked at 2 ns.
    let stage = Stage::Ended { outcome: Outcome::Unanswered, after_ns: waits_ns + 1 };
    assert_eq!(ended, [None, Some((7, waits_ns + 3, stage)), None]);
}

#[test]
fn a_server_is_known_by_its_port_unless_that_may_be_chance() {
    use Direction::{Link, Request, Response};
    const MODBUS_READ: &[u8] = &[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10];
    const MODBUS_ERROR: &[u8] = &[0, 1, 0, 0, 0, 3, 10, 0x81, 5];
    const LINK_RESET: &[u8] = &[5, 0x64, 5, 0xc0, 1, 0, 0, 4, 0xe9, 0x21];
    type Case<'a> = (&'a str, u16, u16, &'a [u8], &'a [Option<Direction>]);
    #[rustfmt::skip]
    let table: &[Case<'_>] = &[
        ("a client calls",                     49_152, 502,    MODBUS_READ,  &[Some(Request)]),
        ("responses from a server that calls", 502,    4_446,  MODBUS_ERROR, &[Some(Response)]),
        ("both have the port",                 502,    502,    MODBUS_READ,  &[Some(Request)]),
        ("an outstation calls its master",     49_152, 20_000, LINK_RESET,   &[Some(Link)]),
        ("DNP3 from a caller on its port",     20_000, 49_152, LINK_RESET,   &[Some(Link)]),
        ("a caller on DNP3's port by chance",  20_000, 80,     b"GET /",     &[]),
        ("neither has the port",               49_152, 49_153, MODBUS_READ,  &[]),
    ];
    for (name, from, to, octets, expected) in table {
        assert_eq!(read(*from, *to, octets), *expected, "{name}");
    }
}

#[test]
fn every_protocol_that_is_read_has_a_word_for_events_of_its_flows() {
    for protocol in gridtap_parsers::PROTOCOLS {
        let known = gridtap_models::event::Protocol::from_word(protocol.name);
        assert!(known.is_some(), "{}", protocol.name);
    }
}
