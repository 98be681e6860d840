//! Segments in order, out of order and again.

use std::net::SocketAddr;

use super::*;
use crate::flow::{Kind, PARTITIONS, partition};

#[test]
fn segments_are_read_in_the_order_of_the_stream() {
    // Name, the first octet's sequence number, segments as (distance from it, octets), the text.
    type Segments = &'static [(i64, &'static str)];
    let table: &[(&str, u32, Segments, &str)] = &[
        ("in order", 100, &[(0, "ab"), (2, "cd"), (4, "ef")], "abcdef"),
        ("swapped", 100, &[(2, "cd"), (0, "ab"), (4, "ef")], "abcdef"),
        ("last first", 100, &[(4, "ef"), (2, "cd"), (0, "ab")], "abcdef"),
        ("sent again", 100, &[(0, "ab"), (0, "ab"), (2, "cd"), (0, "ab")], "abcd"),
        ("kept and sent again", 100, &[(2, "cd"), (2, "cd"), (0, "ab")], "abcd"),
        ("sent again with more", 100, &[(0, "ab"), (0, "abcd"), (2, "cdef")], "abcdef"),
        ("the first copy wins, read", 100, &[(0, "abcd"), (2, "XYef")], "abcdef"),
        ("the first copy wins, kept", 100, &[(2, "cd"), (1, "XYZe"), (0, "a")], "aXcde"),
        ("a gap filled beyond its end", 100, &[(2, "cd"), (0, "abXYef")], "abcdef"),
        ("sent again over a kept one", 100, &[(0, "a"), (2, "cd"), (0, "abXYe")], "abcde"),
        ("wrapping in a segment", u32::MAX - 1, &[(0, "abcd"), (4, "ef")], "abcdef"),
        ("wrapping between segments", u32::MAX, &[(0, "a"), (1, "bc")], "abc"),
        ("wrapping out of order", u32::MAX - 2, &[(4, "ef"), (0, "abcd")], "abcdef"),
        ("wrapping, sent again", u32::MAX, &[(0, "ab"), (0, "ab"), (2, "cd")], "abcd"),
        ("from before the beginning", 100, &[(0, "ab"), (-4, "wxyzab"), (2, "cd")], "abcd"),
    ];
    for (name, first, segments, text) in table {
        let mut bench = Bench::new();
        bench.syn(Side::A, first.wrapping_sub(1));
        for (ahead, octets) in *segments {
            let sequence = first.wrapping_add_signed(i32::try_from(*ahead).unwrap());
            bench.data(Side::A, sequence, octets);
        }
        assert_eq!(bench.text(Side::A), *text, "{name}");
        assert_eq!((bench.counters().lost_octets, bench.counters().gaps), (0, 0), "{name}");
    }
}

#[test]
fn a_flow_found_in_the_middle_is_read_from_its_first_octets() {
    let mut bench = Bench::new();
    bench.data(Side::A, 5_000, "ask").data(Side::B, 9_000, "answer").data(Side::A, 5_003, "more");
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("askmore", "answer"));

    // A segment from before them is counted; two in a row show that the stream is there.
    bench.data(Side::A, 4_970, "early").data(Side::A, 5_007, "!");
    assert_eq!(bench.text(Side::A), "askmore!");
    assert_eq!((bench.counters().passed_segments, bench.counters().flows), (1, 1));
    bench.data(Side::A, 4_975, "lier").data(Side::A, 4_979, "still");
    assert_eq!((bench.text(Side::A), bench.counters().flows), ("earlylierstill", 2));
}

#[test]
fn octets_sent_again_are_counted_and_read_once() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abcd").data(Side::A, 100, "abcd").data(Side::A, 102, "cdef");
    bench.data(Side::A, 110, "kl").data(Side::A, 109, "jkl").fin(Side::A, 112, "");
    let counters = bench.counters();
    assert_eq!((counters.retransmitted_segments, counters.retransmitted_octets), (3, 8));
    assert_eq!(counters.reordered_segments, 3);
}

#[test]
fn keep_alives_are_neither_octets_nor_repetitions() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abcd").data(Side::A, 103, "").data(Side::A, 103, "\0");
    bench.data(Side::B, 900, "").data(Side::A, 104, "ef").data(Side::A, 105, "\0");
    assert_eq!(bench.text(Side::A), "abcdef");
    assert_eq!(bench.counters().retransmitted_segments, 0);
}

#[test]
fn places_go_on_beyond_four_gib() {
    // Each jump is a gap that stands for some traffic; six of them wrap the numbers once.
    let limits = Limits { stray_octets: 1 << 30, gap_segments: 0, ..Limits::default() };
    let mut bench = Bench::with(&limits);
    let mut sequence = 4_000_000_000_u32;
    bench.data(Side::A, sequence, "a");
    for _ in 0..60 {
        sequence = sequence.wrapping_add(1 << 29);
        bench.data(Side::A, sequence, "b");
    }
    assert_eq!(bench.log.ends[&(1, Side::A)], 60 * (1 << 29) + 1);
    assert_eq!(bench.counters().gaps, 60);
    let lost = 60 * ((1 << 29) - 1);
    assert_eq!(bench.counters().lost_octets, lost);
    bench.data(Side::A, sequence.wrapping_add(1), "in step");
    assert!(bench.text(Side::A).ends_with("]bin step"));
}

#[test]
fn a_stretch_of_a_stream_names_the_packets_it_came_in() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::B, 500, "x").data(Side::A, 104, "ef");
    assert_eq!(bench.log.packets, [2]);
    bench.data(Side::A, 102, "cd");
    assert_eq!(bench.text(Side::A), "abcdef");
    assert_eq!(bench.log.packets, [3], "kept octets are those of the packet that brought them");
}

#[test]
fn a_flow_knows_its_ends() {
    struct Look(Vec<String>);
    impl Reader for Look {
        type State = ();
        fn open(&mut self, _: &Flow, _: &Chunk<'_>) -> Opening<()> {
            Opening::Read(())
        }
        fn chunk(&mut self, flow: &Flow, (): &mut (), chunk: &Chunk<'_>, _: &At) -> Then {
            assert_eq!((flow.kind, flow.vlan, chunk.datagram), (Kind::Tcp, Some(7), false));
            let [a, b] = [Side::A, Side::B].map(|side| flow.endpoint(side));
            // Somebody steps in between before the third packet.
            let server = if flow.last.sequence < 3 { 9 } else { 66 };
            let macs = [5, server].map(|last| Some([2, 0, 0, 0, 0, last]));
            assert_eq!([a.mac, b.mac], macs);
            assert_eq!(a.address, SocketAddr::from(([10, 0, 0, 5], 40_000)));
            let packets = [a, b].map(|end| end.packets);
            self.0.push(format!(
                "opener {:?}, packets {packets:?}, one way {}, from {} to {}",
                flow.opener,
                flow.one_way(),
                flow.first.sequence,
                flow.last.sequence
            ));
            Then::ReadOn
        }
        fn end(&mut self, _: &Flow, (): (), _: &At) {}
    }
    let client = SocketAddr::from(([10, 0, 0, 5], 40_000));
    let server = SocketAddr::from(([10, 0, 0, 9], 502));
    let mut table = Table::new(&Limits::default());
    let mut look = Look(Vec::new());
    for (number, syn, octets) in [(1, false, "a"), (2, true, ""), (3, false, "b")] {
        let (source, destination) = if syn { (server, client) } else { (client, server) };
        let server_mac = if number < 3 { 9 } else { 66 };
        let mac = |address| Some([2, 0, 0, 0, 0, if address == client { 5 } else { server_mac }]);
        let packet = PacketRef { capture: 0, number };
        let (fin, rst, window) = (false, false, 0);
        let sequence = u32::try_from(number).unwrap().div_ceil(2);
        table.take(
            &Segment {
                at: At { sequence: number, packet, time_ns: number },
                source,
                destination,
                source_mac: mac(source),
                destination_mac: mac(destination),
                vlan: Some(7),
                hops: 64,
                transport: Transport::Tcp {
                    sequence,
                    acknowledgement: Some(1),
                    syn,
                    fin,
                    rst,
                    window,
                },
                payload: octets.as_bytes(),
                cut: 0,
            },
            &mut look,
        );
    }
    let expected = [
        "opener None, packets [1, 0], one way true, from 1 to 1",
        "opener Some(A), packets [2, 1], one way false, from 1 to 3",
    ];
    assert_eq!(look.0, expected);
}

#[test]
fn datagrams_are_read_as_they_come() {
    let mut bench = Bench::new();
    bench.datagram(Side::A, "one", 0).datagram(Side::B, "two", 0).datagram(Side::A, "one", 0);
    bench.datagram(Side::A, "cut", 4).datagram(Side::A, "", 0).datagram(Side::A, "last", 0);
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("oneonecut[4]last", "two"));
    assert_eq!((bench.log.chunks, bench.counters().flows), (5, 1));
    assert_eq!(bench.counters().retransmitted_segments, 0);

    bench.data(Side::A, 1, "tcp");
    assert_eq!((bench.text(Side::A), bench.counters().flows), ("tcp", 2));
}

#[test]
fn both_directions_and_all_ports_of_two_hosts_meet_in_one_partition() {
    let segment = |source: SocketAddr, destination: SocketAddr| Segment {
        at: Bench::new().at,
        source,
        destination,
        source_mac: None,
        destination_mac: None,
        vlan: None,
        hops: 64,
        transport: Transport::Udp,
        payload: &[],
        cut: 0,
    };
    let end = |text: &str| text.parse::<SocketAddr>().unwrap();
    let there = partition(&segment(end("10.0.0.5:1"), end("10.0.0.9:502")));
    let back = partition(&segment(end("10.0.0.9:20000"), end("10.0.0.5:7")));
    assert_eq!(there, back);
    // Pinned: the order of events within a packet depends on it.
    assert_eq!(there, 17);
    assert_eq!(partition(&segment(end("[fd00::5]:1"), end("[fd00::9]:2"))), 33);

    let mut used = [0_u32; 64];
    for host in 0..=255_u8 {
        let partition = partition(&segment((([10, 0, 0, host]), 1).into(), end("10.1.0.1:1")));
        assert!(partition < PARTITIONS);
        used[usize::from(partition)] += 1;
    }
    assert!(used.iter().all(|hosts| (0..16).contains(hosts)), "{used:?}");
}
