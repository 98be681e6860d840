//! What is told of a connection besides its messages: that it was asked for, that nothing came of it,
//! and that something else was spoken over it.

use gridtap::limits::Limits;
use gridtap::pipeline::{self, Gauges, OnFull, Options};
use gridtap::shard::Events;
use gridtap::source::{LinkType, Packet, Source, Step};
use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::link::{DIR, LINK_STATUS, PRM, REQUEST_LINK_STATUS, frame};
use gridtap_captures::frame::{Endpoint, Tcp};
use gridtap_captures::modbus::{mbap, request};
use gridtap_captures::session::{Session, Side};
use gridtap_models::event::{Attempt, Intent, Mark, Stage};

const SECOND: u64 = 1_000_000_000;

struct Replay<'c>(&'c Capture, usize);

impl Source for Replay<'_> {
    fn advance(&mut self) -> Step {
        self.1 += 1;
        if self.1 > self.0.packets.len() { Step::End } else { Step::Packet }
    }

    fn packet(&self) -> Packet<'_> {
        let packet = &self.0.packets[self.1 - 1];
        let number = u64::try_from(self.1).unwrap_or(u64::MAX);
        Packet {
            sequence: number,
            capture: 0,
            number,
            time_ns: packet.time_ns,
            link: LinkType(self.0.link.0),
            wire_octets: packet.wire_octets,
            octets: &packet.octets,
        }
    }
}

/// What is told, each with the second and the packet: the same at any number of shards.
fn told(capture: &Capture) -> Vec<String> {
    let of = |shards| {
        let mut told = Vec::new();
        pipeline::run(
            &mut Replay(capture, 0),
            &Options { shards, on_full: OnFull::Wait, limits: Limits::default() },
            &Gauges::default(),
            || Events,
            |event| {
                let (what, talk) = (event.function.name, event.conversation);
                let what = match event.stage {
                    Stage::Attempted(Attempt::Opening) => "asked".to_owned(),
                    Stage::Attempted(Attempt::Refused) => "refused".to_owned(),
                    Stage::Attempted(Attempt::Silent) => "silent".to_owned(),
                    Stage::Attempted(Attempt::Link) => {
                        let by = if event.intent == Intent::Report { "device" } else { "master" };
                        format!("{} {by} seeks {what}", talk.unit)
                    }
                    Stage::Noticed if event.marks.contains(Mark::OtherProtocol) => what.to_owned(),
                    Stage::Requested | Stage::Ended { .. } | Stage::Reported | Stage::Noticed => {
                        return;
                    }
                };
                let (second, packet) = (event.time_ns / SECOND, event.packet.number);
                let ends = format!("{} {} -> {}", talk.protocol, talk.client, talk.server);
                told.push(format!("{second} s, packet {packet}: {ends} {what}"));
            },
            |_, _| {},
        );
        told
    };
    let one = of(1);
    for shards in [2, 5] {
        assert_eq!(of(shards), one, "{shards} shards");
    }
    one
}

fn session(client: u8, server: u8, port: u16) -> Session {
    Session::new(Endpoint::v4(client, 49_152), Endpoint::v4(server, port))
}

fn syn(session: &Session) -> Tcp {
    Tcp { flags: Tcp::SYN, acknowledgement: 0, ..session.next(Side::Client) }
}

fn read() -> Vec<u8> {
    mbap(1, 1, &request::read_holding_registers(0, 4))
}

#[test]
fn a_connection_that_is_used_is_told_once_and_so_is_each_that_follows() {
    let mut session = session(5, 9, 502);
    let first = syn(&session);
    session.push(Side::Client, 0, &first, &[]);
    // Asked again, for want of an answer.
    session.open(SECOND);
    session.client_sends(2 * SECOND, &read());
    session.close(3 * SECOND);
    session.open(4 * SECOND);
    session.client_resets(5 * SECOND);
    let (asked, again) = ("0 s, packet 1: modbus 10.0.0.5 -> 10.0.0.9 asked", "4 s, packet 9:");
    let told = told(session.capture());
    assert!(matches!(&told[..], [one, two] if one == asked && two.starts_with(again)), "{told:?}");
}

#[test]
fn one_that_is_refused_and_one_that_nobody_answers_are_told_again() {
    let (mut refused, mut silent) = (session(5, 9, 20_000), session(5, 77, 502));
    refused.push(Side::Client, 0, &syn(&refused), &[]);
    refused.advance(Side::Client, 1);
    let reset = Tcp { flags: Tcp::RST | Tcp::ACK, sequence: 0, ..refused.next(Side::Server) };
    refused.push(Side::Server, 1_000, &reset, &[]);
    for second in [0, 1, 3] {
        silent.push(Side::Client, second * SECOND, &syn(&silent), &[]);
    }
    let mut clock = session(6, 8, 8_080);
    (0..15).for_each(|second| clock.client_sends(second * SECOND, b"tick"));
    let all = refused.into_capture().with(silent.into_capture()).with(clock.into_capture());
    assert_eq!(
        told(&all),
        [
            "0 s, packet 1: dnp3 10.0.0.5 -> 10.0.0.9 asked",
            "0 s, packet 2: modbus 10.0.0.5 -> 10.0.0.77 asked",
            "0 s, packet 1: dnp3 10.0.0.5 -> 10.0.0.9 refused",
            "10 s, packet 2: modbus 10.0.0.5 -> 10.0.0.77 silent",
        ]
    );
}

#[test]
fn where_one_side_is_seen_alone_nothing_passes_for_silent() {
    let mut session = session(5, 9, 502);
    session.open(0);
    session.client_sends(SECOND, &read());
    session.server_acks(60 * SECOND);
    session.client_acks(61 * SECOND);
    for from in [5, 9] {
        let mut seen = session.capture().clone();
        seen.packets.retain(|packet| packet.octets.get(11) == Some(&from));
        assert_eq!(told(&seen).len(), 1, "from 10.0.0.{from}: {:?}", told(&seen));
    }
}

#[test]
fn what_was_there_before_the_capture_and_what_goes_elsewhere_is_not_told() {
    let mut before = session(5, 9, 502);
    before.client_sends(0, b"SSH-2.0-OpenSSH_9.6\r\n");
    before.close(SECOND);
    assert_eq!(told(before.capture()), [""; 0]);
    let mut elsewhere = session(5, 9, 80);
    elsewhere.open(0);
    elsewhere.client_sends(SECOND, b"GET / HTTP/1.1\r\n\r\n");
    elsewhere.close(2 * SECOND);
    assert_eq!(told(elsewhere.capture()), [""; 0]);
    let mut by_chance = Session::new(Endpoint::v4(5, 20_000), Endpoint::v4(9, 80));
    by_chance.open(0);
    by_chance.client_sends(SECOND, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(told(by_chance.capture()), [""; 0], "the client's own port");
}

#[test]
fn what_is_spoken_instead_is_told_with_its_name_if_it_has_one() {
    type Row<'r> = (u16, &'r [u8], &'r [u8], Option<&'r str>);
    let hello = [&[0x16, 3, 1, 0, 0xf1, 1, 0, 0, 0xed, 3, 3][..], &[0x5a; 235]].concat();
    let table: [Row<'_>; 8] = [
        (502, b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n", Some("what looks like SSH")),
        (
            20_000,
            b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n",
            Some("what looks like HTTP"),
        ),
        (502, b"uname -a; id\n", b"Linux rtu\n", Some("what is no message of any known protocol")),
        (502, &hello, &hello, Some("what looks like TLS")),
        (802, &hello, &hello, None),
        (502, &read(), b"", None),
        (502, &read()[..7], b"", None),
        // A message that is longer than its function has it is malformed, and still one of Modbus.
        (502, &[0, 1, 0, 0, 0, 6, 10, 0x2b, 14, 3, 1, 0], b"", None),
    ];
    for (port, asked, answered, name) in table {
        let mut session = session(5, 9, port);
        session.open(0);
        session.client_sends(SECOND, asked);
        session.server_sends(2 * SECOND, answered);
        session.close(3 * SECOND);
        let told = told(session.capture());
        let said = told.iter().find(|told| !told.ends_with("asked"));
        assert_eq!(said.is_some(), name.is_some(), "{port}: {told:?}");
        assert!(name.is_none_or(|name| said.is_some_and(|said| said.ends_with(name))), "{told:?}");
    }
}

#[test]
fn a_link_is_told_once_a_connection_for_each_address_and_answers_are_not() {
    let master = |to| frame(DIR | PRM | REQUEST_LINK_STATUS, to, 1, &[]);
    let mut session = session(5, 9, 20_000);
    for connection in 0..2 {
        let start = connection * 100 * SECOND;
        session.open(start);
        for second in 1..40 {
            session.client_sends(start + second * SECOND, &master(10 + u16::from(second > 30)));
            session.server_sends(start + second * SECOND, &frame(LINK_STATUS, 1, 10, &[]));
            // The outstation keeps its link alive as well.
            session.server_sends(
                start + second * SECOND,
                &frame(PRM | REQUEST_LINK_STATUS, 1, 10, &[]),
            );
            session.client_sends(start + second * SECOND, &frame(DIR | LINK_STATUS, 10, 1, &[]));
        }
        session.close(start + 50 * SECOND);
    }
    let told = told(session.capture());
    let links: Vec<_> =
        told.iter().filter_map(|told| told.split_once("10.0.0.9 ").map(|it| it.1)).collect();
    let once = [
        "asked",
        "10 master seeks the link status",
        "10 device seeks the link status",
        "11 master seeks the link status",
    ];
    assert_eq!(links, [once, once].concat());
}
