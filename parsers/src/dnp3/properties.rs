//! What holds for any octets: cutting, damage and nonsense.
#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use core::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::build::{frame, frames};
use super::dissector::Dissector;
use super::frames::{Frames, MAX_STRETCH_OCTETS, Piece};
use super::link::{Control, Header};
use super::{Fragment, fragment};
use crate::protocol::{Chunk, Dissector as _, Parsed, Side};

const OUTSTATION: Header = Header { length: 0, control: Control(0x44), destination: 1, source: 10 };

/// A stretch of a stream: frames that belong together, or octets that are none.
fn stretch() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let header = (select(vec![1_u16, 2, 0xffff]), select(vec![10_u16, 11]), any::<bool>())
        .prop_map(|(destination, source, master)| Header {
            destination,
            source,
            control: Control(if master { 0xc4 } else { 0x44 }),
            ..Header::default()
        });
    let single = (header.clone(), application(40)).prop_map(|(h, app)| frames(h, &app, 249, 5));
    let several = (header.clone(), application(400), 20_usize..249, 0_u8..64)
        .prop_map(|(h, app, octets, sequence)| frames(h, &app, octets, sequence));
    let status = header.prop_map(|header| {
        vec![frame(Header { control: Control(header.control.0 & 0x80 | 0x49), ..header }, &[])]
    });
    prop_oneof![3 => single, 2 => several, 1 => status]
}

fn application(octets: usize) -> impl Strategy<Value = Vec<u8>> {
    (select(vec![0x81_u8, 0x01, 0x05, 0x82]), vec(any::<u8>(), 2..octets))
        .prop_map(|(function, objects)| [&[0xc3, function][..], &objects].concat())
}

/// Octets that often begin what might be a frame.
fn junk(octets: Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0x05), Just(0x64), any::<u8>()], octets)
}

/// A stream: frames, with junk between them.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![3 => stretch().prop_map(|frames| frames.concat()), 1 => junk(0..40)], 0..12)
        .prop_map(|stretches| stretches.concat())
}

/// What is found in pieces of a stream, as text.
fn read<'a>(pieces: impl IntoIterator<Item = (u64, u64, &'a [u8])>) -> Vec<(String, Range<u64>)> {
    let mut all = Vec::new();
    let mut dissector = Dissector::default();
    let mut found = |parsed: &Parsed<'_>| all.push((format!("{parsed:?}"), parsed.span.clone()));
    for (offset, lost, octets) in pieces {
        let chunk = Chunk { side: Side::A, offset, lost, octets, datagram: false };
        dissector.feed(&chunk, &mut found);
    }
    dissector.close(&mut found);
    all
}

/// The messages of a stream that are in order, without their places.
fn messages<'a>(pieces: impl IntoIterator<Item = (u64, u64, &'a [u8])>) -> Vec<String> {
    let mut all = Vec::new();
    let mut dissector = Dissector::default();
    let mut found = |parsed: &Parsed<'_>| {
        if parsed.message.is_some() && is_whole(parsed) {
            all.push(format!("{:?}", parsed.message));
        }
    };
    for (offset, lost, octets) in pieces {
        let chunk = Chunk { side: Side::A, offset, lost, octets, datagram: false };
        dissector.feed(&chunk, &mut found);
    }
    dissector.close(&mut found);
    all
}

/// Whether a message came through, whatever its objects say.
fn is_whole(parsed: &Parsed<'_>) -> bool {
    let is_fragment = matches!(
        parsed.message,
        Some(crate::Message::Dnp3(super::Message::Fragment(Fragment { .. })))
    );
    is_fragment || parsed.error.is_none()
}

fn is_subsequence(part: &[String], whole: &[String]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|message| whole.any(|other| other == message))
}

fn octets(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stream_reads_the_same_wherever_it_is_cut(stream in stream(), cuts in vec(any::<Index>(), 0..20)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| (octets(cut[0]), 0, &stream[cut[0]..cut[1]]));
        prop_assert_eq!(read(pieces), read([(0, 0, &stream[..])]));
    }

    #[test]
    fn a_stream_reads_the_same_octet_by_octet(stream in stream()) {
        let pieces = stream.chunks(1).enumerate().map(|(at, octet)| (octets(at), 0, octet));
        prop_assert_eq!(read(pieces), read([(0, 0, &stream[..])]));
    }

    #[test]
    fn nonsense_gives_spans_inside_itself(stream in junk(0..2_000)) {
        for (found, span) in read([(7, 0, &stream[..])]) {
            prop_assert!(span.start >= 7 && span.start < span.end, "{}", found);
            prop_assert!(span.end <= 7 + octets(stream.len()), "{}", found);
        }
    }

    #[test]
    fn frames_and_damage_cover_the_stream(stream in stream()) {
        let (mut at, mut frames) = (0, Frames::default());
        let mut found = |piece: Piece<'_>| {
            let (Piece::Frame { span, .. } | Piece::Damage { span, .. }) = piece;
            assert_eq!(span.start, at, "a hole, or an overlap");
            assert!(span.end - span.start <= octets(MAX_STRETCH_OCTETS));
            at = span.end;
        };
        frames.feed(&stream, 0, &mut found);
        frames.end(&mut found);
        prop_assert_eq!(at, octets(stream.len()));
    }

    #[test]
    fn flipped_bits_cost_their_message_and_invent_none(
        groups in vec(stretch(), 1..12),
        hit in any::<Index>(),
        flips in vec((any::<Index>(), 0_u8..8), 1..4),
    ) {
        let frames = groups.concat();
        let hit = hit.index(frames.len());
        let mut damaged = frames.clone();
        for (at, bit) in flips {
            let at = at.index(damaged[hit].len());
            damaged[hit][at] ^= 1 << bit;
        }
        let (whole, damaged) = (frames.concat(), damaged.concat());
        let (whole, damaged) = (messages([(0, 0, &whole[..])]), messages([(0, 0, &damaged[..])]));
        prop_assert!(is_subsequence(&damaged, &whole), "{:#?}\n{:#?}", damaged, whole);
        prop_assert!(whole.len() - damaged.len() <= 1, "{:#?}\n{:#?}", damaged, whole);
    }

    #[test]
    fn a_gap_costs_what_it_touches_and_invents_nothing(
        groups in vec(stretch(), 1..12),
        gap in any::<(Index, Index)>(),
    ) {
        let stream = groups.concat().concat();
        let (from, to) = (gap.0.index(stream.len() + 1), gap.1.index(stream.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let whole = messages([(0, 0, &stream[..])]);
        let rest = (octets(to), octets(to - from), &stream[to..]);
        let holed = messages([(0, 0, &stream[..from]), rest]);
        prop_assert!(is_subsequence(&holed, &whole), "{:#?}\n{:#?}", holed, whole);

        let ends = groups.iter().scan(0, |end, frames| {
            *end += frames.concat().len();
            Some(*end)
        });
        let before = ends.clone().filter(|end| *end <= from).count();
        let starts = core::iter::once(0).chain(ends);
        let after = starts.take(groups.len()).filter(|start| *start >= to).count();
        prop_assert!(holed.len() >= before + after);
    }

    #[test]
    fn any_fragment_is_read_within_its_octets(
        function in any::<u8>(),
        objects in vec((0_u8..128, 0_u8..16, any::<u8>(), vec(any::<u8>(), 0..30)), 0..6),
    ) {
        let mut octets = vec![0xc0, function, 0, 0];
        for (group, variation, qualifier, body) in objects {
            octets.extend([group, variation, qualifier]);
            octets.extend(body);
        }
        let (read, error) = fragment(OUTSTATION, &octets);
        let read = read.expect("a function code is there");
        prop_assert!(error.is_none_or(|error| error.offset <= octets.len()));
        let points: usize = read.objects.headers().map(|header| header.points().count()).sum();
        prop_assert!(points <= 8 * octets.len());
        prop_assert!(read.objects.headers().count() <= octets.len() / 3);
        prop_assert_eq!(fragment(OUTSTATION, &octets), (Some(read), error));
    }
}
