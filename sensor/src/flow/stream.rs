//! One side of a flow: from segments in any order to octets in the sender's.

use core::ops::Range;

use super::counters::{Counters, count};
use super::kept::{Again, Kept};
use super::part::{Part, Patience, Ready, Stray, Taken};
use super::recent::{Differing, Recent};
use super::sequence::{at, distance, length, octets};
use crate::limits::Limits;

/// Octets of one side, in order.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Sequence number of place 0, once known.
    zero: Option<u32>,
    /// Whether a SYN gave it.
    syn: bool,
    /// Place of the octet expected next.
    next: u64,
    /// Octets lost just before it.
    lost: u64,
    /// The gaps that were given up of late, the longest of them if there were many.
    passed: Vec<Range<u64>>,
    finished: bool,
    kept: Kept,
    recent: Recent,
    /// The first place where the latest segment has other octets than one before it.
    differing: Option<Box<Differing>>,
    stray: Option<Box<Stray>>,
    pub(super) lost_octets: u64,
    pub(super) retransmitted_octets: u64,
    pub(super) retransmitted_segments: u64,
}

impl Stream {
    /// The sequence number expected next, once known.
    #[inline]
    pub(super) fn next_sequence(&self) -> Option<u32> {
        self.zero.map(|zero| at(zero, self.next))
    }

    /// The sequence number of what would be new after the end, once known. An end that was believed
    /// behind a gap may be forged: what is sent for the gap is new as well.
    pub(super) fn end_sequence(&self) -> Option<u32> {
        let gap = self.passed.last().filter(|gap| gap.end == self.next);
        match gap {
            Some(gap) => self.zero.map(|zero| at(zero, gap.start)),
            None => self.next_sequence().map(|next| at(next, self.finished.into())),
        }
    }

    /// Whether octets wait for a gap before them.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Whether the sender has said that it is done, and all was read up to there.
    #[inline]
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Place of the octet expected next.
    pub(super) fn place(&self) -> u64 {
        self.next
    }

    /// Takes the lost octets that no chunk has told of.
    pub(super) fn take_lost(&mut self) -> u64 {
        core::mem::take(&mut self.lost)
    }

    /// Remembers octets that were handed on, to compare later ones with.
    #[inline]
    pub(super) fn remember(&mut self, place: u64, octets: &[u8], limits: &Limits) {
        self.recent.push(place, octets, limits.compared_octets);
    }

    /// Takes what the segment taken last has that is other than before.
    #[inline]
    pub(super) fn take_differing(&mut self) -> Option<Box<Differing>> {
        self.differing.take()
    }

    /// Takes a SYN with the given sequence number. Returns false if it begins another stream.
    ///
    /// Of a stream that has octets and is not `young` it always does: to believe otherwise would
    /// make all that follows pass for a repetition.
    pub(super) fn begin(&mut self, sequence: u32, young: bool) -> bool {
        let zero = sequence.wrapping_add(1);
        let Some(known) = self.zero else {
            (self.zero, self.syn) = (Some(zero), true);
            return true;
        };
        // If the stream was found in the middle, a SYN from just before that may be its own.
        let reach = if self.syn { 0 } else { LATE_SYN };
        (self.next == 0 || young) && (0..=reach).contains(&distance(zero, known))
    }

    /// Takes a segment.
    #[inline]
    pub(super) fn take<'a>(
        &mut self,
        part: Part<'a>,
        limits: &Limits,
        counters: &mut Counters,
    ) -> Taken<'a> {
        let size = part.length();
        if size == 0 && !part.fin {
            return Taken::Nothing;
        }
        let zero = *self.zero.get_or_insert(part.sequence);
        let ahead = distance(at(zero, self.next), part.sequence);
        if ahead.unsigned_abs() > limits.stray_octets.into() {
            if size == 0 {
                return Taken::Nothing;
            }
            count(&mut counters.strays, 1);
            return self.take_stray(part, counters);
        }
        if ahead < 0 {
            return self.take_behind(part, ahead.unsigned_abs(), counters);
        }
        let place = self.next.saturating_add(ahead.unsigned_abs());
        if ahead > 0 || self.kept.begin().is_some_and(|begin| begin < place.saturating_add(size)) {
            if ahead > 0 {
                count(&mut counters.reordered_segments, 1);
            }
            let again = self.kept.insert(place, part.octets, part.cut.into(), part.fin, part.mark);
            self.note_again(again, counters);
            return Taken::Nothing;
        }
        self.take_next(part, part.cut.into(), counters)
    }

    /// Takes a datagram: it is always its turn.
    pub(super) fn take_datagram<'a>(
        &mut self,
        part: Part<'a>,
        counters: &mut Counters,
    ) -> Option<Ready<&'a [u8]>> {
        match self.take_next(part, part.cut.into(), counters) {
            Taken::Ready(ready) => Some(ready),
            Taken::Nothing | Taken::Moved(_) | Taken::Another(_) => None,
        }
    }

    /// Takes out the next of what was kept, if it is its turn or the gap before it is given up.
    pub(super) fn pop(
        &mut self,
        patience: Patience,
        limits: &Limits,
        counters: &mut Counters,
    ) -> Option<Ready<Vec<u8>>> {
        loop {
            let begin = self.kept.begin()?;
            if begin > self.next {
                let overflow = matches!(patience, Patience::NoRoom)
                    || self.kept.octets() > limits.gap_octets
                    || self.kept.pieces() > limits.gap_segments;
                if !overflow && !self.is_overdue(patience, limits) {
                    return None;
                }
                count(&mut counters.gap_overflows, overflow.into());
                self.pass(begin.saturating_sub(self.next), limits, counters);
            }
            let mut piece = self.kept.pop()?;
            let behind = self.next.saturating_sub(piece.place);
            let skip = length(behind).min(piece.octets.len());
            let cut = piece.end().saturating_sub(self.next);
            piece.octets.drain(..skip);
            let part = Part {
                sequence: 0,
                octets: &piece.octets,
                cut: 0,
                fin: piece.fin && behind == 0,
                mark: piece.mark,
            };
            let cut = cut.saturating_sub(octets(piece.octets.len()));
            if let Taken::Ready(Ready { place, lost, mark, .. }) =
                self.take_next(part, cut, counters)
            {
                return Some(Ready { place, lost, octets: piece.octets, mark });
            }
        }
    }

    /// Moves on to where a stray segment begins. What was kept must have been taken out before.
    pub(super) fn jump(&mut self, stray: &Stray, limits: &Limits, counters: &mut Counters) {
        let Some(zero) = self.zero else { return };
        if self.next == 0 {
            // Nothing was read: the beginning was wrong, and nothing is known to be lost.
            (self.zero, self.syn) = (Some(stray.sequence()), false);
        } else {
            let ahead = distance(at(zero, self.next), stray.sequence());
            self.pass(u64::try_from(ahead).unwrap_or(0), limits, counters);
        }
        self.finished = false;
    }

    fn is_overdue(&self, patience: Patience, limits: &Limits) -> bool {
        match (patience, self.kept.oldest_ns()) {
            (Patience::Until(now_ns), Some(oldest_ns)) => {
                let gap_ns = limits.gap_ms.saturating_mul(1_000_000);
                now_ns.saturating_sub(oldest_ns) >= gap_ns
            }
            (Patience::None | Patience::NoRoom, _) | (_, None) => true,
        }
    }

    /// Takes a segment that begins with the octet expected next; `cut` octets behind it are lost.
    #[inline]
    fn take_next<'a>(&mut self, part: Part<'a>, cut: u64, counters: &mut Counters) -> Taken<'a> {
        let place = self.next;
        let size = octets(part.octets.len());
        self.next = place.saturating_add(size);
        let lost = if size > 0 { self.take_lost() } else { 0 };
        self.lose(cut, counters);
        // Octets behind the end show that the end was none.
        self.finished = part.fin || (self.finished && self.next == place);
        if size == 0 {
            return Taken::Nothing;
        }
        Taken::Ready(Ready { place, lost, octets: part.octets, mark: part.mark })
    }

    /// Takes a segment that begins `behind` octets before the one expected next.
    fn take_behind<'a>(
        &mut self,
        part: Part<'a>,
        behind: u64,
        counters: &mut Counters,
    ) -> Taken<'a> {
        let size = part.length();
        if size <= 1 && behind == 1 && !part.fin {
            return Taken::Nothing; // A keep-alive.
        }
        // What was passed over was not read. If it is sent after all, the place where the stream
        // was believed to go on may have been a wrong one.
        let begin = self.next.checked_sub(behind);
        if let Some(difference) = begin.and_then(|begin| self.recent.difference(begin, part.octets))
        {
            let (again, single) = (part.mark, part.octets.len() == 1);
            self.differing = Some(Box::new(Differing { difference, first: None, again, single }));
        }
        if begin.is_none_or(|begin| self.passed.iter().any(|gap| gap.contains(&begin))) {
            count(&mut counters.passed_segments, 1);
            if (1..=behind).contains(&size) {
                return self.take_stray(part, counters);
            }
        } else {
            self.count_again(size.min(behind), counters);
        }
        if size < behind || (size == behind && !part.fin) {
            return Taken::Nothing;
        }
        let rest = part.octets.get(length(behind)..).unwrap_or(&[]);
        let cut = size.saturating_sub(behind).saturating_sub(octets(rest.len()));
        if self.kept.begin().is_some_and(|begin| begin < self.next.saturating_add(size)) {
            let again = self.kept.insert(self.next, rest, cut, part.fin, part.mark);
            self.note_again(again, counters);
            return Taken::Nothing;
        }
        self.take_next(Part { octets: rest, ..part }, cut, counters)
    }

    /// Takes a segment from where the stream is not expected to go on.
    fn take_stray<'a>(&mut self, part: Part<'a>, counters: &mut Counters) -> Taken<'a> {
        if let Some(stray) = &self.stray {
            if stray.sequence() == part.sequence {
                return Taken::Nothing;
            }
            if stray.end() == part.sequence
                && let Some(stray) = self.stray.take()
            {
                count(&mut counters.strays_adopted, 1);
                let next = self.next_sequence().unwrap_or(stray.sequence());
                return if self.next == 0 || distance(next, stray.sequence()) > 0 {
                    Taken::Moved(stray)
                } else {
                    Taken::Another(stray)
                };
            }
        }
        self.stray = Some(Box::new(Stray::of(part)));
        Taken::Nothing
    }

    /// Passes over a gap.
    fn pass(&mut self, more: u64, limits: &Limits, counters: &mut Counters) {
        let gap = self.next..self.next.saturating_add(more);
        count(&mut counters.gaps, 1);
        self.lose(more, counters);
        let next = self.next;
        let is_near = |gap: &Range<u64>| gap.end.saturating_add(limits.stray_octets.into()) >= next;
        self.passed.retain(is_near);
        if self.passed.len() >= GAPS {
            let size = |gap: &Range<u64>| gap.end.saturating_sub(gap.start);
            let shortest = self.passed.iter().map(size).min();
            if let Some(index) = self.passed.iter().position(|gap| Some(size(gap)) == shortest) {
                self.passed.remove(index);
            }
        }
        self.passed.push(gap);
    }

    fn lose(&mut self, more: u64, counters: &mut Counters) {
        self.next = self.next.saturating_add(more);
        count(&mut self.lost, more);
        count(&mut self.lost_octets, more);
        count(&mut counters.lost_octets, more);
    }

    fn note_again(&mut self, again: Again, counters: &mut Counters) {
        self.count_again(again.octets, counters);
        if let Some(differing) = again.differing {
            self.differing.get_or_insert(Box::new(differing));
        }
    }

    fn count_again(&mut self, again: u64, counters: &mut Counters) {
        if again > 0 {
            count(&mut self.retransmitted_segments, 1);
            count(&mut self.retransmitted_octets, again);
            count(&mut counters.retransmitted_segments, 1);
            count(&mut counters.retransmitted_octets, again);
        }
    }
}

/// How far before the first octet seen a SYN may lie that belongs to the same stream, in octets.
const LATE_SYN: i64 = 65_535;

/// How many of the gaps that were given up are remembered.
const GAPS: usize = 16;
