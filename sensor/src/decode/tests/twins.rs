//! What the capture shows twice, and what only looks like it.

use gridtap_captures::fragment::fragments;
use gridtap_captures::redundancy::{LAN_A, LAN_B, hsr, prp};
use gridtap_captures::tunnel::{ERSPAN, GRE, Gre, erspan_2};

use super::*;
use crate::limits::Limits;

const MS: u64 = 1_000_000;
const START_NS: u64 = 1_700_000_000_000_000_000;

/// A frame with a TCP segment; `id` is its IP identification.
fn plain(id: u16, payload: &[u8]) -> Vec<u8> {
    framed(&segment_between(&Endpoint::v4(5, 40000), &Endpoint::v4(9, 502), id, payload))
}

fn with(mut frame: Vec<u8>, at: usize, octet: u8) -> Vec<u8> {
    frame[at] = octet;
    frame
}

/// Which of two frames, so far apart, are kept, and how many were twins and redundant.
fn two(first: &Vec<u8>, second: &Vec<u8>, apart_ns: u64) -> (Vec<bool>, u64, u64) {
    let mut decoder = Decoder::default();
    let kept = run(&mut decoder, ETHERNET, [(START_NS, first), (START_NS + apart_ns, second)]);
    (kept, decoder.counters().twins, decoder.counters().redundant)
}

#[test]
fn a_packet_seen_twice_is_read_once() {
    let frame = plain(1, b"octets");
    for (apart_ns, twins) in [(0, 1), (MS, 1), (5 * MS, 1), (5 * MS + 1, 0), (10_000 * MS, 0)] {
        assert_eq!(two(&frame, &frame, apart_ns), (vec![true, twins == 0], twins, 0), "{apart_ns}");
    }
    // The clocks of two ports may differ.
    let mut decoder = Decoder::default();
    let back = [(START_NS, &frame), (START_NS - MS, &frame)];
    assert_eq!(run(&mut decoder, ETHERNET, back), [true, false]);
    // Also where there are no addresses, or where the capture cut it.
    let mut decoder = Decoder::default();
    let packet = segment_with(b"octets");
    assert_eq!(run(&mut decoder, 101, [(0, &packet), (0, &packet)]), [true, false]);
    for wire_octets in [200, 300] {
        decoder.decode(&self::packet(ETHERNET, wire_octets, &frame[..57]));
    }
    assert_eq!((decoder.counters().twins, decoder.counters().tcp), (1, 3));
}

#[test]
fn a_third_one_was_sent_again() {
    let frame = plain(1, b"octets");
    let mut decoder = Decoder::default();
    let kept = run(&mut decoder, ETHERNET, (0..6).map(|i| (START_NS + i * MS, &frame)));
    assert_eq!(kept, [true, false, true, false, true, false]);
    assert_eq!((decoder.counters().twins, fates(decoder.counters())), (3, 6));
}

#[test]
fn what_differs_in_an_octet_is_kept() {
    let long = plain(1, &[7; 400]);
    let last = long.len() - 1;
    let table = [
        ("another sender: somebody in the middle", with(long.clone(), 11, 0x66)),
        ("another receiver", with(long.clone(), 5, 0x66)),
        ("another identification: sent again", plain(2, &[7; 400])),
        ("a hop less: routed", with(long.clone(), 22, 63)),
        ("another octet far behind", with(long.clone(), last, 8)),
        ("a tag more", frame(SOURCE_MAC, DESTINATION_MAC, &[7], 0x0800, &long[14..])),
    ];
    for (name, other) in table {
        assert_eq!(two(&long, &other, MS), (vec![true, true], 0, 0), "{name}");
    }
}

#[test]
fn only_what_would_be_read_is_compared() {
    let arp = ethernet(&[], 0x0806, &[0; 28]);
    let icmp = framed(&ip(Endpoint::v4(5, 0).ip, Endpoint::v4(9, 0).ip, 1, 1, &[8; 8]));
    let mut decoder = Decoder::default();
    run(&mut decoder, ETHERNET, [(0, &arp), (0, &arp), (0, &icmp), (0, &icmp)]);
    let counters = decoder.counters();
    assert_eq!((counters.not_ip, counters.other_transport, counters.twins), (2, 2, 0));
}

#[test]
fn hsr_and_prp_send_each_frame_twice_and_it_is_read_once() {
    let (frame, other) = (plain(1, b"octets"), plain(1, b"others"));
    let tagged = super::frame(SOURCE_MAC, DESTINATION_MAC, &[7], 0x0800, &segment_with(b"octets"));
    let twice = (vec![true, false], 0, 1);
    let kept = (vec![true, true], 0, 0);
    #[rustfmt::skip]
    let table = [
        ("HSR",               hsr(0, 9, &frame), hsr(1, 9, &frame), 20 * MS, &twice),
        ("HSR, far apart",    hsr(0, 9, &frame), hsr(1, 9, &frame), 400 * MS, &twice),
        ("HSR, too far",      hsr(0, 9, &frame), hsr(1, 9, &frame), 400 * MS + 1, &kept),
        ("HSR, next number",  hsr(0, 9, &frame), hsr(1, 10, &frame), MS, &kept),
        ("HSR, other octets", hsr(0, 9, &frame), hsr(1, 9, &other), MS, &kept),
        ("HSR, other sender", hsr(0, 9, &frame), with(hsr(1, 9, &frame), 11, 0x66), MS, &kept),
        ("PRP",               prp(LAN_A, 9, &frame), prp(LAN_B, 9, &frame), 20 * MS, &twice),
        ("PRP, tagged",       prp(LAN_B, 9, &tagged), prp(LAN_A, 9, &tagged), 20 * MS, &twice),
        ("PRP, next number",  prp(LAN_A, 9, &frame), prp(LAN_B, 10, &frame), MS, &kept),
        ("PRP, other octets", prp(LAN_A, 9, &frame), prp(LAN_B, 9, &other), MS, &kept),
        ("one LAN of PRP",    prp(LAN_A, 9, &frame), frame.clone(), MS, &kept),
        ("PRP, wrong size",   with(prp(LAN_A, 9, &frame), 63, 9), with(prp(LAN_B, 9, &frame), 63, 9), MS, &kept),
        ("the mirror's twin", prp(LAN_A, 9, &frame), prp(LAN_A, 9, &frame), 20 * MS, &(vec![true, false], 1, 0)),
    ];
    for (name, first, second, apart_ns, expected) in table {
        assert_eq!(&two(&first, &second, apart_ns), expected, "{name}");
    }
    let both_twice = [prp(LAN_A, 9, &frame), prp(LAN_B, 9, &frame)];
    let mut decoder = Decoder::default();
    let copies = both_twice.iter().chain(&both_twice).map(|frame| (START_NS, frame));
    assert_eq!(run(&mut decoder, ETHERNET, copies), [true, false, false, false]);
    assert_eq!((decoder.counters().twins, decoder.counters().redundant), (1, 2));
}

#[test]
fn payload_that_ends_like_a_trailer_is_none() {
    let one = prp(LAN_A, 9, &plain(1, b"octets"));
    let trailer = &one[one.len() - 6..];
    // As long as it says, but inside the IP packet: no two of them are the same frame.
    let bare = framed(&segment_with(&[b"octets", trailer].concat()));
    assert_eq!(bare.len(), 66);
    let mut other = bare.clone();
    other[66 - 4] ^= 0x10;
    assert_eq!(two(&bare, &other, MS), (vec![true, true], 0, 0));
    whole(ETHERNET, &bare, |segment| assert_eq!(segment.unwrap().payload.len(), 12));
}

#[test]
fn of_mirrored_frames_those_inside_are_compared() {
    let mirrored = |sequence: u32, frame: &[u8]| {
        let numbered = Gre { sequence: Some(sequence), ..Gre::default() };
        let tunnel = numbered.packet(ERSPAN, &erspan_2(1, 1, frame));
        let (from, to) = (Endpoint::v4(100, 0), Endpoint::v4(200, 0));
        let id = u16::try_from(sequence).unwrap();
        super::frame(from.mac, to.mac, &[], 0x0800, &ip(from.ip, to.ip, GRE, id, &tunnel))
    };
    let frame = plain(1, b"octets");
    let sent_on = with(frame.clone(), 11, 0x66);
    let seen = [mirrored(1, &frame), mirrored(2, &frame), mirrored(3, &sent_on)];
    let mut decoder = Decoder::default();
    let kept = run(&mut decoder, ETHERNET, seen.iter().map(|frame| (START_NS, frame)));
    assert_eq!(kept, [true, false, true]);
    let prp = [mirrored(4, &prp(LAN_A, 5, &frame)), mirrored(5, &prp(LAN_B, 5, &frame))];
    let kept = run(&mut decoder, ETHERNET, prp.iter().map(|frame| (START_NS, frame)));
    assert_eq!(kept, [true, false]);
    assert_eq!((decoder.counters().twins, decoder.counters().redundant), (1, 1));
}

#[test]
fn fragments_seen_twice_make_one_datagram() {
    let packet = segment_with(&[7; 100]);
    let parts: Vec<_> = fragments(&packet, 48, 3).iter().map(|part| framed(part)).collect();
    let twice = parts.iter().flat_map(|part| [(START_NS, part), (START_NS + MS, part)]);
    let mut decoder = Decoder::default();
    assert_eq!(run(&mut decoder, ETHERNET, twice), [false, false, false, false, true, false]);
    let counters = decoder.into_counters();
    assert_eq!((counters.twins, counters.reassembled, counters.expired_fragments), (3, 1, 0));
    assert_eq!(counters.overlapping_fragments, 0);
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_kept() {
    let frames: Vec<_> = (0..100).map(|id| plain(id, &[7; 100])).collect();
    let all = || frames.iter().chain(&frames).map(|frame| (START_NS, frame));
    for (twin_octets, expected) in [(1 << 20, 100), (1_000, 0), (60, 0), (0, 0)] {
        let mut decoder = Decoder::new(&Limits { twin_octets, ..Limits::default() });
        run(&mut decoder, ETHERNET, all());
        let counters = decoder.counters();
        assert_eq!((counters.twins, fates(counters)), (expected, 200), "{twin_octets} octets");
    }
    // At once, they are found again in a ring that holds only some.
    let mut decoder = Decoder::new(&Limits { twin_octets: 1_000, ..Limits::default() });
    run(&mut decoder, ETHERNET, frames.iter().flat_map(|frame| [(START_NS, frame); 2]));
    assert_eq!(decoder.counters().twins, 100);
}
