//! Datagrams in parts.

use gridtap_captures::fragment::{fragment, fragments};
use gridtap_captures::frame::udp as datagram;
use gridtap_captures::tunnel::{VXLAN_PORT, vxlan};

use super::*;
use crate::limits::Limits;

const RAW: u16 = 101;
const SECOND: u64 = 1_000_000_000;

fn payload() -> Vec<u8> {
    (0..=255).cycle().take(1_000).collect()
}

/// A UDP datagram of `payload`, in fragments of 104 octets.
fn parts(v6: bool, id: u32) -> Vec<Vec<u8>> {
    let end = if v6 { Endpoint::v6 } else { Endpoint::v4 };
    let (from, to) = (end(5, 40000), end(9, 20000));
    fragments(&ip(from.ip, to.ip, UDP, 0, &datagram(&from, &to, &payload())), 104, id)
}

#[test]
fn fragments_in_any_order_make_the_datagram() {
    for v6 in [false, true] {
        let in_order = parts(v6, 0x0102_0304);
        let mut swapped = in_order.clone();
        swapped.swap(0, 7);
        swapped.swap(3, 9);
        let reversed = in_order.iter().rev().cloned().collect();
        for (name, parts) in [("in order", in_order), ("reversed", reversed), ("swapped", swapped)]
        {
            let mut decoder = Decoder::default();
            let (last, others) = parts.split_last().unwrap();
            assert_eq!(others.len(), 9);
            assert!(!run(&mut decoder, RAW, others.iter().map(|part| (1, part))).contains(&true));
            let last = Packet { sequence: 10, time_ns: 2, ..packet(RAW, last.len(), last) };
            let segment = decoder.decode(&last).expect(name);
            assert_eq!(segment.payload, payload(), "{name}");
            assert_eq!((segment.at.sequence, segment.at.time_ns), (10, 2), "{name}");
            assert_eq!(segment.destination.port(), 20000, "{name}");
            assert_eq!(segment.cut, 0, "{name}");
            let expected = Counters {
                packets: 10,
                octets: decoder.counters().octets,
                fragments: 9,
                udp: 1,
                reassembled: 1,
                ..Counters::default()
            };
            assert_eq!(decoder.into_counters(), expected, "{name}");
        }
    }
}

#[test]
fn what_is_missing_is_counted() {
    for missing in 0..10 {
        let mut parts = parts(false, 1);
        parts.remove(missing);
        let mut decoder = Decoder::default();
        assert!(!run(&mut decoder, RAW, parts.iter().map(|part| (0, part))).contains(&true));
        let counters = decoder.into_counters();
        assert_eq!((counters.fragments, counters.expired_fragments), (9, 9), "without {missing}");
    }
}

#[test]
fn fragments_wait_thirty_seconds_from_the_first() {
    let parts = parts(false, 1);
    for (late_ns, found) in [(30 * SECOND, true), (30 * SECOND + 1, false)] {
        let mut decoder = Decoder::default();
        run(&mut decoder, RAW, parts[..9].iter().zip(0..).map(|(part, i)| (i * SECOND, part)));
        assert_eq!(run(&mut decoder, RAW, [(late_ns, &parts[9])]), [found]);
        let counters = decoder.into_counters();
        assert_eq!(counters.expired_fragments, if found { 0 } else { 10 });
        assert_eq!(counters.reassembled, u64::from(found));
    }
}

#[test]
fn of_octets_that_come_twice_the_first_count() {
    let (first, last) = (behind(&udp(32, &[]), &[1; 8]), vec![2; 16]);
    let head = ipv4_with(0, 0, UDP, &[]);
    let part = |octets: &[u8], offset, more| fragment(&head, octets, offset, more, 1);
    let sent_first = part(&first, 0, true);
    // What comes between the first and the last, and whether that overlaps.
    let table = [
        ("nothing", None, 0),
        ("the same again", Some(part(&first, 0, true)), 0),
        ("a part of the same", Some(part(&first[8..], 8, true)), 0),
        ("other octets", Some(part(&[9; 8], 8, true)), 1),
        ("other octets and more", Some(part(&[9; 16], 8, true)), 1),
    ];
    for (name, between, overlapping) in table {
        let mut decoder = Decoder::default();
        let between_or_last = between.clone().unwrap_or_else(|| part(&last, 16, false));
        let all = [&sent_first, &between_or_last, &part(&last, 16, false)].map(Clone::clone);
        let sent = if between.is_some() { &all[..] } else { &all[..2] };
        let (end, before) = sent.split_last().unwrap();
        // Not so close that they would be twins.
        run(&mut decoder, RAW, before.iter().zip(0..).map(|(part, i)| (i * SECOND, part)));
        let end = Packet { time_ns: 9 * SECOND, ..packet(RAW, end.len(), end) };
        let found = decoder.decode(&end).expect(name).payload.to_vec();
        assert_eq!(found[..8], [1; 8], "{name}");
        let expected = if name == "other octets and more" { 9 } else { 2 };
        assert_eq!(found[8..], [[expected; 8], [2; 8]].concat(), "{name}");
        let overlaps = if expected == 9 { 2 } else { overlapping };
        assert_eq!(decoder.counters().overlapping_fragments, overlaps, "{name}");
    }
}

#[test]
fn what_fits_nowhere_is_malformed_and_harms_nothing() {
    let head = ipv4_with(0, 0, UDP, &[]);
    let part = |octets: &[u8], offset, more| fragment(&head, octets, offset, more, 1);
    let all = [part(&udp(24, &[]), 0, true), part(&[2; 16], 8, false)];
    let table = [
        ("odd length with more to come", part(&[9; 9], 8, true)),
        ("no octets", part(&[], 8, true)),
        ("beyond the largest datagram", part(&[9; 16], 65_528, true)),
        ("behind the end", part(&[9; 8], 24, true)),
        ("across the end", part(&[9; 16], 16, true)),
        ("another end", part(&[9; 8], 8, false)),
    ];
    for (name, bad) in table {
        let mut decoder = Decoder::default();
        // The end comes first, so that it is known.
        let sent = [&all[1], &bad, &all[0]];
        let found = run(&mut decoder, RAW, sent.into_iter().map(|part| (0, part)));
        assert_eq!(found, [false, false, true], "{name}");
        let counters = decoder.into_counters();
        assert_eq!((counters.malformed, counters.expired_fragments), (1, 0), "{name}");
    }
    let mut decoder = Decoder::default();
    run(&mut decoder, RAW, [(0, &part(&[9; 64], 8, true)), (0, &all[1])]);
    assert_eq!(decoder.counters().malformed, 1, "an end before what was there");
}

#[test]
fn a_flood_of_fragments_stays_within_its_limits() {
    let few = Limits { fragment_datagrams: 10, ..Limits::default() };
    let little = Limits { fragment_octets: 10_000, ..Limits::default() };
    for limits in [few, little] {
        let mut decoder = Decoder::new(&limits);
        let floods: Vec<_> = (0..1_000).map(|id| parts(false, id).swap_remove(0)).collect();
        run(&mut decoder, RAW, floods.iter().map(|part| (0, part)));
        let waiting = 1_000 - decoder.counters().evicted_fragments;
        assert!((5..=100).contains(&waiting), "{waiting} wait");
        // The newest can still be completed, the oldest cannot.
        for (id, expected) in [(999, true), (0, false)] {
            let rest = parts(false, id).split_off(1);
            let found = run(&mut decoder, RAW, rest.iter().map(|part| (0, part)));
            assert_eq!(found.contains(&true), expected, "number {id}");
        }
        let counters = decoder.into_counters();
        let given_up = counters.evicted_fragments + counters.expired_fragments;
        assert_eq!(given_up + 10, counters.packets);
    }
}

#[test]
fn what_was_put_together_makes_room() {
    // Each needs some 1,300.
    let mut decoder = Decoder::new(&Limits { fragment_octets: 1_500, ..Limits::default() });
    let sent: Vec<_> = (0..10).flat_map(|id| parts(false, id)).collect();
    run(&mut decoder, RAW, sent.iter().map(|part| (0, part)));
    let counters = decoder.into_counters();
    assert_eq!((counters.reassembled, counters.evicted_fragments), (10, 0));
}

#[test]
fn fragments_of_a_datagram_are_told_apart_by_sender_and_number() {
    let (one, other) = (parts(false, 1), parts(false, 2));
    let from = |sender: u8, part: &[u8]| {
        frame([2, 0, 0, 0, 0, sender], DESTINATION_MAC, &[], 0x0800, part)
    };
    let sent: Vec<_> =
        (0..10).flat_map(|i| [from(5, &one[i]), from(0x66, &one[i]), from(5, &other[i])]).collect();
    let mut decoder = Decoder::default();
    run(&mut decoder, ETHERNET, sent.iter().map(|frame| (0, frame)));
    let counters = decoder.into_counters();
    assert_eq!((counters.udp, counters.reassembled, counters.fragments), (3, 3, 27));
    assert_eq!((counters.overlapping_fragments, counters.expired_fragments), (0, 0));
}

#[test]
fn fragments_in_tunnels_and_tunnels_in_fragments_are_put_together() {
    let (from, to) = (Endpoint::v4(100, 50_000), Endpoint::v4(200, VXLAN_PORT));
    let over = |packet: &[u8]| {
        let frame = framed(packet);
        ip(from.ip, to.ip, UDP, 0, &datagram(&from, &to, &vxlan(9, &frame)))
    };
    let inner = parts(false, 1);
    let in_tunnels: Vec<_> = inner.iter().map(|part| over(part)).collect();
    let both: Vec<_> = (0..).zip(&in_tunnels).flat_map(|(id, it)| fragments(it, 64, id)).collect();
    let whole = ip(
        Endpoint::v4(5, 0).ip,
        Endpoint::v4(9, 0).ip,
        UDP,
        0,
        &datagram(&Endpoint::v4(5, 40000), &Endpoint::v4(9, 20000), &payload()),
    );
    let of_tunnel = fragments(&over(&whole), 256, 1);
    for (name, sent, datagrams) in [
        ("fragments in tunnels", in_tunnels, 1),
        ("a tunnel in fragments", of_tunnel, 1),
        ("fragments in tunnels in fragments", both, 11),
    ] {
        let mut decoder = Decoder::default();
        let (last, others) = sent.split_last().unwrap();
        run(&mut decoder, RAW, others.iter().map(|part| (0, part)));
        let segment = decoder.decode(&packet(RAW, last.len(), last)).expect(name);
        assert_eq!(segment.payload, payload(), "{name}");
        assert_eq!(segment.source_mac, Some(SOURCE_MAC), "{name}");
        let counters = decoder.into_counters();
        assert_eq!((counters.reassembled, counters.tunnelled), (datagrams, 1), "{name}");
        assert_eq!((counters.bad_tunnels, counters.expired_fragments), (0, 0), "{name}");
    }
}

#[test]
fn extension_headers_may_stand_on_either_side_of_the_fragment_header() {
    let options = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let content = behind(&options(UDP), &udp(24, &[7; 16]));
    let part = |place: u16, octets: &[u8]| {
        let [high, low] = place.to_be_bytes();
        let header = [60, 0, high, low, 0, 0, 0, 1];
        ipv6(0, &[&options(44), header.as_slice(), octets].concat())
    };
    let sent = [part(1, &content[..16]), part(16, &content[16..])];
    let mut decoder = Decoder::default();
    assert_eq!(run(&mut decoder, RAW, sent.iter().map(|part| (0, part))), [false, true]);
}

#[test]
fn a_fragment_that_the_capture_cut_is_of_no_use() {
    let part = &parts(false, 1)[0];
    let counters = decode(&packet(RAW, part.len(), &part[..60]), |segment| {
        assert_eq!(segment, None);
    });
    assert_eq!((counters.fragments, counters.cut, counters.cut_octets), (1, 1, 64));
    let counters = whole(RAW, &part[..60], |segment| assert_eq!(segment, None));
    assert_eq!((counters.malformed, counters.truncated), (1, 1));
}

#[test]
fn wrong_checksums_are_counted_and_read() {
    let good = segment_with(b"octets");
    let edit = |at: usize, octets: &[u8]| {
        let mut packet = good.clone();
        packet[at..at + octets.len()].copy_from_slice(octets);
        packet
    };
    // Over addresses, protocol and length: 0a00 + 0005 + 0a00 + 0009 + 6 + 26.
    let (pseudo, without_length) = (0x142e_u16.to_be_bytes(), 0x1414_u16.to_be_bytes());
    let table = [
        ("right", good.clone(), 0),
        ("a hop less", edit(8, &[63]), 1),
        ("header left to the interface", edit(10, &[0, 0]), 0),
        ("another octet", edit(45, b"X"), 1),
        ("left to the interface", edit(36, &pseudo), 0),
        ("left to it with the cutting", edit(36, &without_length), 0),
        ("left at 0", edit(36, &[0, 0]), 0),
        ("left at something", edit(36, &[0xbe, 0xef]), 1),
        ("both wrong", edit(8, &[1, TCP, 0xbe, 0xef]), 1),
    ];
    for (name, packet, expected) in table {
        let counters = whole(RAW, &packet, |segment| assert!(segment.is_some(), "{name}"));
        assert_eq!(counters.bad_checksums, expected, "{name}");
        let counters = decode(&self::packet(RAW, packet.len(), &packet[..44]), |segment| {
            assert!(segment.is_some(), "{name}");
        });
        let is_in_header = u64::from(packet[8] != 64);
        assert_eq!(counters.bad_checksums, is_in_header, "{name}, cut");
    }
    let end = Endpoint::v6;
    let (from, to) = (end(5, 1), end(9, 2));
    let mut packet = ip(from.ip, to.ip, UDP, 0, &datagram(&from, &to, b"odd"));
    assert_eq!(whole(RAW, &packet, |_| ()).bad_checksums, 0);
    packet[48] ^= 1;
    assert_eq!(whole(RAW, &packet, |_| ()).bad_checksums, 1);
}
