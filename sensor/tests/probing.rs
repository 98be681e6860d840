//! Flows on any port, in any framing, from a capture to messages.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, and its own numbers are small"
)]

use gridtap::counters::Counters;
use gridtap::flow::Kind;
use gridtap::limits::Limits;
use gridtap::pipeline::{self, Gauges, OnFull, Options};
use gridtap::shard::{Ordered, Seen, Tap};
use gridtap::source::{LinkType, Packet, Source, Step};
use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::{self, Class, Crob, Iin, Station, binary_inputs};
use gridtap_captures::frame::{Endpoint, Link, datagram};
use gridtap_captures::modbus::{mbap, request, response, rtu};
use gridtap_captures::session::Session;
use gridtap_models::event::{Event, Place};
use gridtap_parsers::Direction::{self, Request, Response};
use gridtap_parsers::Message;
use gridtap_parsers::modbus::Framing;

/// A capture in memory.
struct Replay<'c> {
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
struct Row {
    place: Place,
    packet: u64,
    port: u16,
    how: &'static str,
    direction: Direction,
    function: &'static str,
    request_packet: Option<u64>,
}

impl Ordered for Row {
    fn place(&self) -> Place {
        self.place
    }
}

/// Takes out the messages that are certain.
#[derive(Clone, Debug)]
struct Rows;

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
            request_packet: seen.request.map(|note| note.packet),
        });
    }

    fn event(&mut self, _: Event, _: &mut Vec<Row>) {}
}

fn run(capture: &Capture, shards: u16, limits: Limits) -> (Vec<Row>, Counters) {
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

fn read(capture: &Capture) -> (Vec<Row>, Counters) {
    run(capture, 1, Limits::default())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Client,
    Server,
}
use Side::{Client, Server};

/// Who sends what.
type Turn = (Side, Vec<u8>);

/// A conversation over TCP, from its opening on or joined in the middle.
fn tcp(client: u16, server: u16, opened: bool, turns: &[Turn]) -> Capture {
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

fn udp(client: u16, server: u16, turns: &[Turn]) -> Capture {
    let (client, server) = (Endpoint::v4(5, client), Endpoint::v4(9, server));
    let mut capture = Capture::new(Link::ETHERNET.link_type());
    for (at_ns, (side, octets)) in (2_000_000_000..).step_by(1_000_000).zip(turns) {
        let (from, to) = if *side == Client { (&client, &server) } else { (&server, &client) };
        capture.push(at_ns, datagram(&Link::ETHERNET, from, to, octets));
    }
    capture
}

/// Reads, a write and a refusal, framed by `wrap` (transaction, PDU).
fn polls(wrap: impl Fn(u16, &[u8]) -> Vec<u8>) -> Vec<Turn> {
    let pairs = [
        (request::read_holding_registers(0, 2), response::read_holding_registers(&[7, 8])),
        (request::write_single_register(5, 9), response::write_single_register(5, 9)),
        (request::read_coils(3, 9), response::exception(1, 2)),
    ];
    let turns = |(number, (asked, answer)): (u16, (Vec<u8>, Vec<u8>))| {
        [(Client, wrap(number, &asked)), (Server, wrap(number, &answer))]
    };
    (1..).zip(pairs).flat_map(turns).collect()
}

fn modbus_tcp() -> Vec<Turn> {
    polls(|number, pdu| mbap(number, 1, pdu))
}

fn modbus_rtu() -> Vec<Turn> {
    polls(|_, pdu| rtu(17, pdu))
}

fn dnp3() -> Vec<Turn> {
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let answer = dnp3::response::response(0, Iin::default(), &[binary_inputs(0, &[true; 9])]);
    let trip = [Crob::TRIP.to(4)];
    vec![
        (Client, master.frames(&dnp3::request::class_poll(0, &[Class::One, Class::Zero]))),
        (Server, outstation.frames(&answer)),
        (Client, master.frames(&dnp3::request::direct_operate(1, &trip))),
        (Server, outstation.frames(&dnp3::response::response(1, Iin::default(), &trip))),
    ]
}

/// A protocol and framing, and a conversation in it.
type Conversation = (&'static str, fn() -> Vec<Turn>);

const CONVERSATIONS: [Conversation; 3] =
    [("modbus", modbus_tcp), ("rtu", modbus_rtu), ("dnp3", dnp3)];

const MODBUS: [&str; 6] = [
    "read_holding_registers",
    "read_holding_registers",
    "write_single_register",
    "write_single_register",
    "read_coils",
    "read_coils",
];
const DNP3: [&str; 4] = ["read", "response", "direct_operate", "response"];

/// Checks that all of the last `turns` of a conversation were found, each sent by whom it should be.
fn all_found(name: &str, capture: &Capture, turns: &[Turn], how: &str, server: u16) -> Counters {
    let (rows, counters) = read(capture);
    let functions: Vec<_> = rows.iter().map(|row| row.function).collect();
    let all: &[_] = if how.starts_with("dnp3") { &DNP3 } else { &MODBUS };
    assert_eq!(functions, all[all.len() - turns.len()..], "{name}");
    for (row, (side, _)) in rows.iter().zip(turns) {
        let direction = if *side == Client { Request } else { Response };
        let place = (row.how, row.direction, row.port == server);
        assert_eq!(place, (how, direction, *side == Server), "{name}: {row:?}");
    }
    assert!(rows.is_sorted_by_key(|row| row.packet), "{name}");
    assert!(counters.errors.is_empty() && counters.foreign_flows.is_empty(), "{name}");
    counters
}

#[test]
fn protocols_are_found_on_any_port_with_their_first_messages_and_the_right_server() {
    let ports = [
        (49_152, 502),
        (49_152, 20_000),
        (49_152, 1_502),
        (49_152, 20_001),
        (49_152, 4_001),
        (1_025, 50_000),
        // Clients on ports that are some protocol's own, and that one gets by chance.
        (20_000, 502),
        (20_000, 1_502),
        (20_000, 4_001),
        (802, 1_502),
    ];
    for (how, turns) in CONVERSATIONS {
        for (client, server) in ports {
            // Whole; joined in mid-stream; joined so that the server is heard first.
            for (opened, from) in [(true, 0), (false, 0), (false, 1), (false, 2), (false, 3)] {
                let turns = &turns()[from..];
                let name = format!("{how} {client} > {server}, opened: {opened}, from {from}");
                let capture = tcp(client, server, opened, turns);
                let counters = all_found(&name, &capture, turns, how, server);
                let (protocol, own) =
                    if how == "dnp3" { ("dnp3", 20_000) } else { ("modbus", 502) };
                let found = counters.found_flows.get(protocol).copied();
                assert_eq!(found, (server != own).then_some(1), "{name}");
            }
        }
    }
}

#[test]
fn protocols_are_found_in_datagrams() {
    for (how, turns) in
        [("modbus, udp", modbus_tcp as fn() -> _), ("rtu, udp", modbus_rtu), ("dnp3, udp", dnp3)]
    {
        for (client, server) in [(49_152, 502), (49_152, 20_000), (49_152, 4_001), (20_000, 502)] {
            for from in [0, 1] {
                let turns = &turns()[from..];
                let name = format!("{how} {client} > {server}, from {from}");
                all_found(&name, &udp(client, server, turns), turns, how, server);
            }
        }
    }
}

#[test]
fn writes_that_read_alike_both_ways_wait_for_one_that_tells_where_the_ports_do_not() {
    let write = |number, value| mbap(number, 1, &request::write_single_register(5, value));
    for (client, server) in [(49_152, 502), (49_152, 1_502), (502, 502)] {
        let turns = [(Server, write(6, 1)), (Client, write(7, 2)), (Server, write(7, 2))];
        let (rows, _) = read(&tcp(client, server, false, &turns));
        let seen: Vec<_> = rows.iter().map(|row| (row.direction, row.packet)).collect();
        assert_eq!(seen, [(Response, 1), (Request, 2), (Response, 3)], "{client} > {server}");
        assert_eq!(rows[2].request_packet, Some(2));
    }
    // One way, and nothing else: the port decides in the end.
    let turns: Vec<_> = (0..40).map(|number| (Client, write(number, number))).collect();
    let (rows, _) = read(&tcp(49_152, 502, false, &turns));
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row.direction == Request));
}

#[test]
fn a_flow_joined_in_the_middle_of_a_message_is_found_at_the_next() {
    for (how, turns) in CONVERSATIONS {
        let (_, torn) = turns().swap_remove(1);
        let all = [vec![(Server, torn[5..].to_vec())], turns()].concat();
        for server in [502, 20_000, 1_502] {
            let (rows, counters) = read(&tcp(49_152, server, false, &all));
            // The message behind the torn one may be uncertain, and the torn one be shown as such.
            let messages = counters.messages.values().sum::<u64>();
            assert!(messages >= u64::try_from(turns().len()).unwrap(), "{how} {server}");
            assert!(rows.len() + 1 >= turns().len(), "{how} {server}");
        }
    }
}

#[test]
fn messages_cut_into_pieces_are_found_on_any_port() {
    for (how, turns) in CONVERSATIONS {
        for (size, server) in [(1, 20_000), (3, 502), (7, 4_001), (11, 4_001)] {
            let pieces = |(side, octets): &Turn| {
                octets.chunks(size).map(|piece| (*side, piece.to_vec())).collect::<Vec<_>>()
            };
            let pieces: Vec<Turn> = turns().iter().flat_map(pieces).collect();
            let (rows, _) = read(&tcp(49_152, server, true, &pieces));
            assert_eq!(rows.len(), turns().len(), "{how} on {server} in pieces of {size}");
        }
    }
}

/// What other protocols say first, and where.
#[rustfmt::skip]
fn others() -> Vec<(&'static str, u16, Vec<Turn>)> {
    let octets = |octets: &[u8]| octets.to_vec();
    vec![
        ("HTTP", 8_080, vec![
            (Client, octets(b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n")),
            (Server, octets(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")),
        ]),
        ("SSH", 22, vec![
            (Server, octets(b"SSH-2.0-OpenSSH_9.6\r\n")),
            (Client, octets(b"SSH-2.0-OpenSSH_9.7\r\n")),
        ]),
        ("TLS", 443, vec![(Client, hello()), (Server, hello())]),
        ("S7", 102, vec![
            (Client, octets(&[3, 0, 0, 0x16, 0x11, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2])),
            (Server, octets(&[3, 0, 0, 0x16, 0x11, 0xd0, 0, 1, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2])),
            (Client, octets(&[3, 0, 0, 0x15, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 1, 0, 0x0e, 0, 0, 4, 1, 0x12, 10])),
        ]),
        ("SMB", 445, vec![
            (Client, [&[0, 0, 0, 0x54][..], b"\xffSMBr", &[0; 79]].concat()),
            (Server, [&[0, 0, 0, 0x40][..], b"\xfeSMB@", &[0; 59]].concat()),
            (Client, octets(&[0, 0, 0, 0])),
        ]),
        ("IEC 104", 2_404, vec![
            (Client, octets(&[0x68, 4, 7, 0, 0, 0])),
            (Server, octets(&[0x68, 4, 0x0b, 0, 0, 0])),
            (Client, octets(&[0x68, 0x0e, 0, 0, 0, 0, 100, 1, 6, 0, 1, 0, 0, 0, 0, 20])),
            (Server, octets(&[0x68, 4, 1, 0, 2, 0])),
        ]),
        ("EtherNet/IP", 44_818, vec![
            (Client, [&[0x65, 0, 4][..], &[0; 21], &[1, 0, 0, 0]].concat()),
            (Server, [&[0x65, 0, 4, 0, 9][..], &[0; 19], &[1, 0, 0, 0]].concat()),
        ]),
        ("MySQL", 3_306, vec![
            (Server, [&[0x4a, 0, 0, 0, 10][..], b"8.0.36\0", &[0; 66]].concat()),
            (Client, [&[0x20, 0, 0, 1, 5][..], &[0; 31]].concat()),
            (Client, octets(&[1, 0, 0, 0, 0x0e])),
        ]),
        ("zeros", 9_000, vec![
            (Client, octets(&[0; 8])), (Server, octets(&[0; 8])), (Client, octets(&[0; 8])),
        ]),
        ("what looks like a bare function", 9_001, vec![
            (Client, octets(&[0, 0, 0, 0, 0, 2, 0, 7])), (Client, octets(&[0, 0, 0, 0, 0, 2, 0, 7])),
        ]),
        ("what looks like Modbus once", 9_002, vec![
            (Client, mbap(1, 1, &request::read_coils(0, 8))), (Server, octets(b"what?\r\n")),
        ]),
        ("DNP3's start octets", 9_003, vec![
            (Client, octets(&[5, 0x64, 5, 0xc9, 1, 0, 0, 0, 0xde, 0x8f])),
            (Client, octets(&[5, 0x64, 5, 0xc9])),
        ]),
        ("keys", 23, b"show version\r\n".iter().map(|octet| (Client, vec![*octet])).collect()),
    ]
}

/// A `ClientHello`, as far as its record header tells.
fn hello() -> Vec<u8> {
    [&[0x16, 3, 1, 0, 0xf1, 1, 0, 0, 0xed, 3, 3][..], &[0x5a; 235]].concat()
}

#[test]
fn nothing_is_found_in_other_protocols_on_any_port() {
    for (name, own, turns) in others() {
        for server in [own, 502, 20_000, 1_502, 443] {
            for opened in [true, false] {
                let (rows, counters) = read(&tcp(49_152, server, opened, &turns));
                // On its own port one message is enough.
                let alone = name.contains("looks like") && server == 502;
                assert_eq!(!rows.is_empty(), alone, "{name} on {server}: {rows:?}");
                assert!(counters.found_flows.is_empty(), "{name} on {server}");
                let foreign: u64 = counters.foreign_flows.values().sum();
                let encrypted: u64 = counters.encrypted_flows.values().sum();
                let expected = !alone && [502, 20_000].contains(&server);
                assert_eq!(foreign + encrypted, u64::from(expected), "{name} on {server}");
            }
        }
    }
}

#[test]
fn other_flows_are_left_at_their_first_octets_or_soon_after() {
    for (name, own, turns) in others() {
        let long: Vec<_> = turns.iter().cycle().take(200).cloned().collect();
        for opened in [true, false] {
            let (_, counters) = read(&tcp(49_152, own, opened, &long));
            assert!(counters.flow.read_flows <= 1, "{name}");
            assert_eq!(counters.unknown_flows, counters.flow.read_flows, "{name}");
            let plain = ["HTTP", "SSH", "TLS", "S7", "EtherNet/IP"].contains(&name);
            assert!(!plain || counters.flow.read_flows == 0, "{name} is not even probed");
        }
    }
}

#[test]
fn what_is_encrypted_is_counted_and_not_read() {
    let record = [&[0x17, 3, 3, 0, 9][..], &[1; 9]].concat();
    let turns = [(Client, hello()), (Server, hello()), (Client, record)];
    for (server, protocol) in [(802, "modbus"), (502, "modbus"), (19_999, "dnp3"), (20_000, "dnp3")]
    {
        for (opened, from) in [(true, 0), (false, 0), (false, 2)] {
            let (rows, counters) = read(&tcp(49_152, server, opened, &turns[from..]));
            assert!(rows.is_empty() && counters.errors.is_empty());
            let octets: usize = turns[from..].iter().map(|(_, octets)| octets.len()).sum();
            let expected = u64::try_from(octets).unwrap();
            assert_eq!(counters.encrypted_flows.get(protocol), Some(&1), "{server}");
            assert_eq!(counters.encrypted_octets.get(protocol), Some(&expected), "{server}");
            let text = gridtap::summary::text(&counters);
            let said = format!("Encrypted {protocol}, not seen into: {octets} octets in 1 flow");
            assert!(text.contains(&said), "{text}");
        }
    }
    let (_, counters) = read(&tcp(20_000, 443, false, &turns));
    assert!(counters.encrypted_flows.is_empty(), "20000 is the client's port here");
    for (how, turns) in CONVERSATIONS {
        all_found("in the clear", &tcp(49_152, 802, true, &turns()), &turns(), how, 802);
    }
}

#[test]
fn answers_in_rtu_find_their_requests_by_unit_and_function() {
    let asked = request::read_holding_registers(0, 1);
    let answer = response::read_holding_registers(&[1]);
    let turns = [
        (Client, rtu(1, &asked)),
        (Client, rtu(2, &asked)),
        (Server, rtu(2, &answer)),
        (Server, rtu(1, &response::exception(3, 4))),
        (Client, rtu(1, &asked)),
        (Server, rtu(1, &answer)),
    ];
    let (rows, _) = read(&tcp(49_152, 4_001, false, &turns));
    let pairs: Vec<_> =
        rows.iter().filter_map(|row| Some((row.packet, row.request_packet?))).collect();
    assert_eq!(pairs, [(3, 2), (4, 1), (6, 5)]);
}

#[test]
fn probing_is_bounded_and_the_same_at_any_number_of_shards() {
    // A message that never ends, of which nothing tells whether it is one.
    let endless = [&[0, 1, 0, 0, 8, 0, 1, 90][..], &[0; 1_000]].concat();
    let turns = [(Client, endless), (Client, vec![1; 900])];
    let mut capture = tcp(40_000, 9_000, true, &turns);
    for client in 1..100 {
        capture = capture.with(tcp(client, 1_502, client % 2 == 0, &modbus_tcp()[..2]));
    }
    let limits = Limits { probe_flows: 64, probe_octets: 1_500, ..Limits::default() };
    let (rows, counters) = run(&capture, 1, limits);
    assert!(counters.probe_flows > 0, "one at a time for each pair of addresses");
    assert!(rows.len() < 198);
    for shards in [2, 8] {
        assert_eq!(run(&capture, shards, limits).0, rows);
    }
    let (rows, counters) = run(&capture, 1, Limits { probe_flows: 64 * 128, ..limits });
    assert_eq!((rows.len(), counters.probe_flows, counters.unknown_flows), (198, 0, 1));
}
