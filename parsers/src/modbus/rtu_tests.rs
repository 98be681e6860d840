//! RTU streams: whole, cut, damaged, in datagrams, and mistaken for Modbus/TCP at first.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test's own numbers are small, and it fails by panicking"
)]

use proptest::collection::vec;
use proptest::prelude::*;

use super::crc::crc;
use super::stream_properties::{clean, cut, tile};
use super::stream_tests::Bench;
use crate::error::Class;
use crate::protocol::Side;

fn frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let framed = [&[unit], pdu].concat();
    [framed.as_slice(), &crc(&framed).to_le_bytes()].concat()
}

const READ: &[u8] = &[3, 0, 0, 0, 2];
const WRITE: &[u8] = &[16, 0, 0, 0, 2, 4, 1, 2, 3, 4];
const SET: &[u8] = &[6, 0, 5, 0, 9];

fn certain(bench: &Bench) -> Vec<&str> {
    let rows = bench.rows.iter().filter(|row| !row.uncertain);
    rows.filter_map(|row| row.adu.as_deref()).collect()
}

#[test]
fn frames_are_read_whether_many_to_a_segment_or_one_to_many() {
    let octets = [frame(1, READ), frame(2, WRITE), frame(3, SET), frame(1, &[7])].concat();
    for size in [1, 3, 8, 11, 100] {
        let mut bench = Bench::new();
        for segment in octets.chunks(size) {
            bench.feed(Side::A, segment);
        }
        let expected = [3, 16, 6, 7].map(|code| (Some(code), None, true));
        assert_eq!(bench.brief(), expected, "{size}");
        let spans: Vec<_> = bench.rows.iter().map(|row| row.span.clone()).collect();
        assert_eq!(spans, [0..8, 8..21, 21..29, 29..33]);
        assert!(bench.rows.iter().all(|row| row.adu.as_ref().unwrap().contains("framing: Rtu")));
    }
}

#[test]
fn a_conversation_is_read_on_both_sides_once_one_has_shown_the_framing() {
    let mut bench = Bench::new();
    bench.feed(Side::B, &frame(1, &[3, 4, 0, 7, 0, 8])[..4]);
    bench.feed(Side::A, &frame(1, READ));
    bench.feed(Side::B, &frame(1, &[3, 4, 0, 7, 0, 8])[4..]);
    bench.feed(Side::A, &frame(1, SET)).feed(Side::B, &frame(1, &[0x86, 2]));
    let seen: Vec<_> = bench.rows.iter().map(|row| (row.side, row.function, row.class)).collect();
    let expected = [(Side::A, 3), (Side::B, 3), (Side::A, 6), (Side::B, 0x86)];
    assert_eq!(seen, expected.map(|(side, function)| (side, Some(function), None)));
}

#[test]
fn a_function_that_does_not_tell_its_length_ends_with_its_segment() {
    let echo = frame(1, &[8, 0, 0, 0xa5, 0x37, 1, 2]);
    let identity = frame(1, &[43, 14, 1, 1, 0, 0, 1, 0, 3, b'a', b'b', b'c']);
    let user = frame(1, &[65, 1, 2, 3]);
    let mut bench = Bench::new();
    bench.feed(Side::A, &echo).feed(Side::B, &echo).feed(Side::B, &identity);
    bench.feed(Side::A, &user[..3]).feed(Side::A, &user[3..]).feed(Side::A, &frame(1, READ));
    let unread = Some(Class::Function);
    let expected = [
        (Some(8), None, true),
        (Some(8), None, true),
        (Some(43), None, true),
        (Some(65), unread, true),
        (Some(3), None, true),
    ];
    assert_eq!(bench.brief(), expected);
}

#[test]
fn what_is_wrong_in_a_frame_costs_nothing_but_the_mark() {
    let mut bench = Bench::new();
    bench.feed(Side::A, &[frame(1, &[3, 0, 0, 0, 200]), frame(1, READ)].concat());
    assert_eq!(bench.brief(), [(Some(3), Some(Class::QuantityRange), true), (Some(3), None, true)]);
}

#[test]
fn a_gap_costs_the_frame_it_tore() {
    let mut bench = Bench::new();
    bench.feed(Side::A, &frame(1, READ)).feed(Side::A, &frame(1, WRITE)[..5]);
    bench.feed_after(8, Side::A, &frame(1, SET)).feed(Side::A, &frame(1, READ));
    let expected = [
        (Some(3), None, true),
        (Some(16), Some(Class::Incomplete), false),
        (Some(6), None, true),
        (Some(3), None, true),
    ];
    assert_eq!(bench.brief(), expected);
    assert_eq!(bench.rows.iter().map(|row| row.lost).collect::<Vec<_>>(), [0, 0, 8, 0]);
}

#[test]
fn noise_between_frames_is_passed_over_at_once() {
    let long = [16, 0, 0, 0, 2, 200, 1, 2, 3];
    for noise in [&[0][..], &[0xff, 0], &[1, 16], &[1, 3], &[1, 65, 3], &long] {
        let mut bench = Bench::new();
        bench.feed(Side::A, &frame(1, READ)).feed(Side::A, noise).feed(Side::A, &frame(1, SET));
        assert_eq!(bench.brief().last(), Some(&(Some(6), None, true)), "{noise:?}");
        assert_eq!(certain(&bench).len(), 2);
    }
}

#[test]
fn no_flipped_bit_makes_a_message_or_costs_another() {
    let pdus = [READ, WRITE, SET, &[7], &[22, 0, 4, 0, 0xf2, 0, 0x25], READ];
    let frames: Vec<_> = (1..).zip(pdus).map(|(unit, pdu)| frame(unit, pdu)).collect();
    let octets = frames.concat();
    let mut whole = Bench::new();
    whole.feed(Side::A, &octets);
    let all = certain(&whole);
    assert_eq!(all.len(), frames.len());
    let ends: Vec<_> =
        whole.rows.iter().map(|row| usize::try_from(row.span.end).unwrap()).collect();
    // The first frame shows the framing.
    for bit in frames[0].len() * 8..octets.len() * 8 {
        let mut flipped = octets.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let hit = ends.iter().position(|end| bit / 8 < *end).unwrap();
        let mut expected = all.clone();
        expected.remove(hit);
        for in_one in [true, false] {
            let mut bench = Bench::new();
            if in_one {
                bench.feed(Side::A, &flipped);
            } else {
                for (end, frame) in ends.iter().zip(&frames) {
                    bench.feed(Side::A, &flipped[end - frame.len()..*end]);
                }
            }
            bench.close();
            assert_eq!(certain(&bench), expected, "bit {bit}, in one segment: {in_one}");
            tile(&bench.rows, octets.len() as u64);
        }
    }
}

#[test]
fn what_was_begun_is_handed_out_at_the_end() {
    let mut bench = Bench::new();
    bench.feed(Side::A, &frame(1, READ)).feed(Side::A, &frame(1, SET)[..6]).close();
    assert_eq!(bench.brief()[1..], [(Some(6), Some(Class::Incomplete), false)]);
}

#[test]
fn a_flow_that_begins_with_something_else_is_read_from_its_first_frame_on() {
    let mut bench = Bench::new();
    bench.feed(Side::B, b"welcome to port 3\r\n").feed(Side::A, &frame(1, READ));
    bench.feed(Side::B, &frame(1, &[3, 4, 0, 7, 0, 8]));
    let functions: Vec<_> = bench.rows.iter().filter_map(|row| row.function).collect();
    assert_eq!(functions, [3, 3]);
    assert_eq!(certain(&bench).len(), 2);
}

#[test]
fn a_flow_that_was_modbus_tcp_stays_so() {
    let adu = super::stream_tests::adu(1, READ);
    let mut bench = Bench::new();
    bench.feed(Side::A, &adu).feed(Side::A, &frame(1, READ)).feed(Side::A, &adu).close();
    assert!(bench.rows.iter().all(|row| row.adu.as_ref().is_none_or(|adu| adu.contains("Tcp"))));
}

#[test]
fn datagrams_hold_whole_frames() {
    let mut bench = Bench::new();
    let two = [frame(1, READ), frame(1, SET)].concat();
    for octets in [&frame(1, READ), &two, &two[..11], &frame(1, SET)] {
        bench.datagram(Side::A, octets);
    }
    let read = (Some(3), None, true);
    let short = (Some(6), Some(Class::Incomplete), false);
    let set = (Some(6), None, true);
    assert_eq!(bench.brief(), [read, read, set, read, short, set]);
}

proptest! {
    #[test]
    fn a_stream_cut_anywhere_gives_the_same_messages(
        request in any::<bool>(),
        pdus in any::<bool>().prop_flat_map(|_| (vec(clean(true), 1..8), vec(clean(false), 1..8))),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let (side, pdus) = if request { (Side::A, pdus.0) } else { (Side::B, pdus.1) };
        // Address 0 would look like the protocol identifier of Modbus/TCP.
        let frames = pdus.iter().filter(|pdu| pdu.get(1..3) != Some(&[0, 0])).map(|pdu| frame(1, pdu));
        let frames: Vec<_> = frames.collect();
        let octets = frames.concat();
        let mut whole = Bench::new();
        whole.feed(side, &octets).close();
        prop_assert_eq!(certain(&whole).len(), frames.len());
        let mut pieces = Bench::new();
        for chunk in cut(&octets, &cuts) {
            pieces.feed(side, chunk);
        }
        pieces.close();
        prop_assert_eq!(whole.rows, pieces.rows);
    }

    #[test]
    fn random_octets_are_each_handed_out_once(
        octets in vec(prop_oneof![Just(0), Just(1), 2..24_u8, any::<u8>()], 0..800),
        cuts in vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let octets = [frame(1, SET), octets].concat();
        let mut bench = Bench::new();
        bench.feed(Side::A, &frame(1, READ));
        for chunk in cut(&octets, &cuts) {
            bench.feed(Side::A, chunk);
        }
        bench.close();
        tile(&bench.rows, 8 + octets.len() as u64);
    }
}
