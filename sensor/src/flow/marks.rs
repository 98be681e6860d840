//! Which packets carried a stretch of a stream.

use core::ops::Range;
use std::collections::VecDeque;

use gridtap_models::event::PacketRef;

/// A packet that carried part of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The packet.
    pub packet: PacketRef,
    /// When it was captured, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
}

/// The latest packets of one side, in the order of its stream.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Where the oldest stretch begins.
    begin: u64,
    /// Each stretch's end, and the packet it came in. A stretch begins where the last one ends.
    stretches: VecDeque<(u64, Mark)>,
}

impl Marks {
    /// Notes who carried the stretch up to `end`, and forgets what is beyond the `limit`.
    #[inline]
    pub(super) fn push(&mut self, end: u64, mark: Mark, limit: usize) {
        while self.stretches.len() >= limit.max(1) {
            if let Some((end, _)) = self.stretches.pop_front() {
                self.begin = end;
            }
        }
        self.stretches.push_back((end, mark));
    }

    /// Whether a packet's octets ended there, as far as packets are remembered.
    pub(super) fn is_end(&self, place: u64) -> bool {
        self.stretches.iter().any(|(end, _)| *end == place)
    }

    /// The packets that carried octets of `span`, as far as they are remembered.
    pub(super) fn of(&self, span: Range<u64>) -> impl Iterator<Item = Mark> {
        // Looked for from the end: a message was completed by one of the last packets.
        let behind = self.stretches.iter().rev().take_while(|(end, _)| *end > span.start).count();
        let first = self.stretches.len().saturating_sub(behind);
        let before = first.checked_sub(1).and_then(|before| self.stretches.get(before));
        let mut start = before.map_or(self.begin, |(end, _)| *end);
        self.stretches.range(first..).map_while(move |(end, mark)| {
            let inside = start < span.end;
            start = *end;
            inside.then_some(*mark)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u64) -> Mark {
        Mark { packet: PacketRef { capture: 0, number }, time_ns: number }
    }

    fn packets(marks: &Marks, span: Range<u64>) -> Vec<u64> {
        marks.of(span).map(|mark| mark.packet.number).collect()
    }

    #[test]
    fn a_stretch_names_every_packet_it_touches() {
        let mut marks = Marks::default();
        for (end, number) in [(10, 1), (20, 2), (35, 3), (40, 4)] {
            marks.push(end, mark(number), 8);
        }
        let table: [(_, &[u64]); 7] = [
            (0..10, &[1]),
            (0..11, &[1, 2]),
            (9..36, &[1, 2, 3, 4]),
            (10..20, &[2]),
            (35..40, &[4]),
            (39..400, &[4]),
            (40..50, &[]),
        ];
        for (span, expected) in table {
            assert_eq!(packets(&marks, span.clone()), expected, "{span:?}");
        }
    }

    #[test]
    fn what_is_forgotten_is_not_blamed_on_the_oldest_packet() {
        let mut marks = Marks::default();
        for number in 1..=5 {
            marks.push(number * 10, mark(number), 3);
        }
        assert_eq!(packets(&marks, 0..20), [0_u64; 0]);
        assert_eq!(packets(&marks, 0..50), [3, 4, 5]);
    }
}
