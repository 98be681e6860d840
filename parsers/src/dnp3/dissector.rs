//! The dissector: frames out of each side's octets, fragments out of frames.

use super::fragments::{Out, read};
use super::frames::{Frames, Piece};
use super::transport::Assemblies;
use crate::error::Class;
use crate::protocol::{self, Chunk, Found, Side};

/// Reads both sides of a flow, each for itself.
#[derive(Debug, Default)]
pub(crate) struct Dissector {
    a: Stream,
    b: Stream,
}

impl protocol::Dissector for Dissector {
    fn feed(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        let stream = match chunk.side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        };
        stream.feed(chunk, found);
    }

    fn close(&mut self, found: Found<'_>) {
        self.a.end(Side::A, found);
        self.b.end(Side::B, found);
    }
}

/// What was read of one side, and not yet handed out.
#[derive(Debug, Default)]
struct Stream {
    frames: Frames,
    assemblies: Assemblies,
    /// Octets lost since the last thing handed out.
    lost: u64,
}

impl Stream {
    fn feed(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        if chunk.lost > 0 {
            self.end(chunk.side, found);
            self.lost = self.lost.saturating_add(chunk.lost);
        }
        let Self { frames, assemblies, lost } = self;
        let mut out = Out { side: chunk.side, lost, found };
        let mut piece = |piece: Piece<'_>| read(piece, assemblies, &mut out);
        if chunk.datagram {
            frames.end(&mut piece);
        }
        frames.feed(chunk.octets, chunk.offset, &mut piece);
        if chunk.datagram {
            frames.end(&mut piece);
        }
    }

    /// Ends the stream, or what there is of it before a gap: the segments that a gap took cannot be
    /// counted.
    fn end(&mut self, side: Side, found: Found<'_>) {
        let Self { frames, assemblies, lost } = self;
        let mut out = Out { side, lost, found };
        frames.end(&mut |piece| read(piece, assemblies, &mut out));
        for assembly in assemblies.drain() {
            let what = "the last segments of a fragment are missing";
            out.dropped(&assembly, assembly.octets.len(), Class::Incomplete, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use core::ops::Range;

    use super::super::Message;
    use super::super::build::{frame, frames};
    use super::super::link::{Control, Header, MAX_FRAME_OCTETS};
    use super::super::transport::{MAX_ASSEMBLIES, MAX_FRAGMENT_OCTETS};
    use super::*;
    use crate::protocol::{Dissector as _, Parsed};

    const MASTER: Header = Header { length: 0, control: Control(0xc4), destination: 10, source: 1 };
    const OUTSTATION: Header =
        Header { length: 0, control: Control(0x44), destination: 1, source: 10 };
    const COLD_RESTART: &[u8] = &[0xc0, 0x0d];

    /// What was handed out: side, kind and source, error, span, octets lost before.
    type Seen = (Side, Option<(&'static str, u16)>, Option<Class>, Range<u64>, u64);

    #[derive(Default)]
    struct Harness {
        dissector: Dissector,
        seen: Vec<Seen>,
    }

    impl Harness {
        fn feed(&mut self, side: Side, offset: u64, octets: &[u8]) -> Vec<Seen> {
            self.chunk(Chunk { side, offset, lost: 0, octets, datagram: false })
        }

        fn chunk(&mut self, chunk: Chunk<'_>) -> Vec<Seen> {
            self.dissector.feed(&chunk, &mut |parsed| self.seen.push(seen(parsed)));
            core::mem::take(&mut self.seen)
        }

        fn close(&mut self) -> Vec<Seen> {
            self.dissector.close(&mut |parsed| self.seen.push(seen(parsed)));
            core::mem::take(&mut self.seen)
        }
    }

    fn seen(parsed: &Parsed<'_>) -> Seen {
        let message = parsed.message.map(|message| match message {
            protocol::Message::Dnp3(Message::Link(header)) => ("link", header.source),
            protocol::Message::Dnp3(Message::Fragment(read)) => ("fragment", read.link.source),
            protocol::Message::Modbus(_) => panic!("DNP3 alone is read"),
        });
        assert_eq!(parsed.uncertain, message.is_none());
        let class = parsed.error.map(|error| error.class);
        (parsed.side, message, class, parsed.span.clone(), parsed.lost)
    }

    fn single(header: Header, fragment: &[u8]) -> Vec<u8> {
        frames(header, fragment, 249, 0).concat()
    }

    const FROM_MASTER: Option<(&str, u16)> = Some(("fragment", 1));
    const FROM_OUTSTATION: Option<(&str, u16)> = Some(("fragment", 10));

    #[test]
    fn the_two_sides_are_read_apart() {
        let mut harness = Harness::default();
        let request = single(MASTER, COLD_RESTART);
        let response = single(OUTSTATION, &[0xc0, 0x81, 0, 0]);
        assert_eq!(harness.feed(Side::A, 0, &request[..12]), []);
        assert_eq!(harness.feed(Side::B, 0, &response[..3]), []);
        assert_eq!(
            harness.feed(Side::A, 12, &request[12..]),
            [(Side::A, FROM_MASTER, None, 0..15, 0)]
        );
        assert_eq!(
            harness.feed(Side::B, 3, &response[3..]),
            [(Side::B, FROM_OUTSTATION, None, 0..17, 0)]
        );
        assert_eq!(harness.close(), []);
    }

    #[test]
    fn a_gap_ends_a_frame_and_is_told_with_what_comes_next() {
        let mut harness = Harness::default();
        let request = single(MASTER, COLD_RESTART);
        assert_eq!(harness.feed(Side::A, 0, &request[..12]), []);
        let octets = [&request[7..], &request[..]].concat();
        let chunk =
            Chunk { side: Side::A, offset: 107, lost: 95, octets: &octets, datagram: false };
        assert_eq!(
            harness.chunk(chunk),
            [
                (Side::A, Some(("link", 1)), Some(Class::Incomplete), 0..12, 0),
                (Side::A, None, Some(Class::Start), 107..115, 95),
                (Side::A, FROM_MASTER, None, 115..130, 0),
            ]
        );
    }

    #[test]
    fn a_stretch_of_junk_is_told_once() {
        let mut harness = Harness::default();
        let octets = [&[5, 5, 0, 0x64, 5][..], &single(MASTER, COLD_RESTART)].concat();
        assert_eq!(
            harness.feed(Side::A, 0, &octets),
            [(Side::A, None, Some(Class::Start), 0..5, 0), (Side::A, FROM_MASTER, None, 5..20, 0)]
        );
    }

    #[test]
    fn a_stream_that_never_gets_in_step_is_heard_of() {
        let mut harness = Harness::default();
        let junk = |span| (Side::B, None, Some(Class::Start), span, 0);
        assert_eq!(harness.feed(Side::B, 0, &[0; 5_000]), [junk(0..4_096)]);
        assert_eq!(harness.feed(Side::B, 5_000, &[0; 5_000]), [junk(4_096..8_192)]);
        assert_eq!(harness.close(), [junk(8_192..10_000)]);
    }

    #[test]
    fn a_wrong_header_crc_costs_the_frame() {
        let mut harness = Harness::default();
        let mut wrong = single(MASTER, COLD_RESTART);
        wrong[4] ^= 1;
        let octets = [&wrong[..], &single(MASTER, COLD_RESTART)].concat();
        assert_eq!(
            harness.feed(Side::A, 0, &octets),
            [
                (Side::A, None, Some(Class::HeaderCrc), 0..15, 0),
                (Side::A, FROM_MASTER, None, 15..30, 0)
            ]
        );
    }

    #[test]
    fn a_wrong_data_crc_costs_the_frame_at_once_and_keeps_its_header() {
        let mut harness = Harness::default();
        let mut wrong = single(MASTER, COLD_RESTART);
        wrong[11] ^= 1;
        let damage = (Side::A, Some(("link", 1)), Some(Class::DataCrc), 0..15, 0);
        assert_eq!(harness.feed(Side::A, 0, &wrong), [damage]);
        let next = single(MASTER, COLD_RESTART);
        assert_eq!(harness.feed(Side::A, 15, &next), [(Side::A, FROM_MASTER, None, 15..30, 0)]);
    }

    #[test]
    fn a_frame_behind_a_header_that_lies_about_its_length_is_found() {
        let mut harness = Harness::default();
        let bait = &frame(MASTER, &[0; 250])[..10];
        let octets = [bait, &single(MASTER, COLD_RESTART), &[0; MAX_FRAME_OCTETS]].concat();
        assert_eq!(
            harness.feed(Side::A, 0, &octets)[..2],
            [
                (Side::A, Some(("link", 1)), Some(Class::DataCrc), 0..10, 0),
                (Side::A, FROM_MASTER, None, 10..25, 0),
            ]
        );
        let datagram = [bait, &single(MASTER, COLD_RESTART)].concat();
        let chunk = Chunk { side: Side::B, offset: 0, lost: 0, octets: &datagram, datagram: true };
        assert_eq!(
            harness.chunk(chunk),
            [
                (Side::B, Some(("link", 1)), Some(Class::Incomplete), 0..10, 0),
                (Side::B, FROM_MASTER, None, 10..25, 0),
            ]
        );
    }

    #[test]
    fn no_frame_spans_datagrams_but_a_fragment_may() {
        let mut harness = Harness::default();
        let frames = frames(OUTSTATION, &[&[0xc0, 0x81, 0, 0][..], &[0; 40]].concat(), 20, 62);
        let datagram =
            |offset, octets| Chunk { side: Side::A, offset, lost: 0, octets, datagram: true };
        assert_eq!(harness.chunk(datagram(0, &frames[0])), []);
        assert_eq!(
            harness.chunk(datagram(36, &frames[1][..20])),
            [(Side::A, Some(("link", 10)), Some(Class::Incomplete), 36..56, 0)]
        );
        assert_eq!(harness.chunk(datagram(56, &frames[1])), []);
        let done = harness.chunk(datagram(92, &frames[2]));
        assert_eq!(done.len(), 1);
        assert_eq!((done[0].1, &done[0].3), (FROM_OUTSTATION, &(0..109)));
    }

    #[test]
    fn fragments_of_other_pairs_may_stand_between_segments() {
        let mut harness = Harness::default();
        let long = [&[0xc0, 0x81, 0, 0][..], &[0x34; 40]].concat();
        let here = frames(OUTSTATION, &long, 30, 0);
        let there = frames(Header { source: 11, ..OUTSTATION }, &long, 30, 0);
        let order = [&here[0], &there[0], &here[1], &there[1]];
        let octets: Vec<u8> = order.into_iter().flatten().copied().collect();
        let seen: Vec<_> =
            harness.feed(Side::A, 0, &octets).into_iter().map(|s| (s.1, s.3)).collect();
        let frame = u64::try_from(here[0].len()).unwrap();
        let end = u64::try_from(octets.len()).unwrap();
        assert_eq!(seen[0].0, FROM_OUTSTATION);
        assert_eq!(seen[0].1.start, 0);
        assert_eq!(seen[1], (Some(("fragment", 11)), frame..end));
    }

    #[test]
    fn a_segment_sent_twice_counts_once() {
        let mut harness = Harness::default();
        let segments = frames(OUTSTATION, &[&[0xc0, 0x81, 0, 0][..], &[0; 60]].concat(), 30, 0);
        let octets = [&segments[0][..], &segments[1], &segments[1], &segments[2]].concat();
        let seen: Vec<_> = harness.feed(Side::A, 0, &octets).into_iter().map(|s| s.1).collect();
        assert_eq!(seen, [Some(("link", 10)), FROM_OUTSTATION]);
    }

    #[test]
    fn what_is_under_assembly_is_bounded() {
        let mut harness = Harness::default();
        let begin = |source| frames(Header { source, ..OUTSTATION }, &[0; 40], 30, 0).remove(0);
        for source in 0..u16::try_from(MAX_ASSEMBLIES).unwrap() {
            assert_eq!(harness.feed(Side::A, 0, &begin(source)), []);
        }
        let dropped = harness.feed(Side::A, 0, &begin(99));
        assert_eq!(dropped.len(), 1);
        let class = Some(Class::TransportDiscardedPartial);
        assert_eq!((dropped[0].1, dropped[0].2), (Some(("link", 0)), class));

        let mut harness = Harness::default();
        let endless = frames(OUTSTATION, &vec![0; 2 * MAX_FRAGMENT_OCTETS], 249, 0).concat();
        let seen = harness.feed(Side::A, 0, &endless);
        assert_eq!((seen[0].1, seen[0].2), (Some(("link", 10)), Some(Class::LengthRange)));
        assert!(seen[1..].iter().all(|seen| seen.2 == Some(Class::TransportNoFirst)));
    }

    #[test]
    fn the_end_of_a_flow_hands_out_what_was_begun() {
        let mut harness = Harness::default();
        let octets = [&frames(OUTSTATION, &[0; 40], 30, 0)[0][..], &[5, 0x64, 5]].concat();
        assert_eq!(harness.feed(Side::A, 0, &octets), []);
        assert_eq!(
            harness.close(),
            [
                (Side::A, None, Some(Class::Incomplete), 45..48, 0),
                (Side::A, Some(("link", 10)), Some(Class::Incomplete), 0..45, 0),
            ]
        );
        assert_eq!(harness.close(), []);
    }

    #[test]
    fn what_a_faulty_frame_carries_is_read_all_the_same() {
        let mut harness = Harness::default();
        let octets = single(Header { source: 0xfff5, ..MASTER }, COLD_RESTART);
        assert_eq!(
            harness.feed(Side::A, 0, &octets),
            [
                (Side::A, Some(("link", 0xfff5)), Some(Class::Address), 0..15, 0),
                (Side::A, Some(("fragment", 0xfff5)), None, 0..15, 0),
            ]
        );
    }
}
