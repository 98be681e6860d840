//! The octets of one side that were handed on last, to compare with what is sent again.

use core::ops::Range;

use super::marks::Mark;
use super::sequence::{length, octets};

/// The last octets of a stream without a gap in them.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Place of the first one.
    begin: u64,
    octets: Vec<u8>,
}

impl Recent {
    /// Notes octets that were handed on. At most `limit` of the latest stay, and half as many at
    /// least: to move them at every segment would cost more than to compare.
    #[inline]
    pub(super) fn push(&mut self, place: u64, handed_on: &[u8], limit: usize) {
        let excess = handed_on.len().saturating_sub(limit);
        let latest = handed_on.get(excess..).unwrap_or_default();
        let place = place.saturating_add(octets(excess));
        if place != self.end() {
            self.octets.clear();
            self.begin = place;
        }
        if self.octets.len().saturating_add(latest.len()) > limit {
            let keep = (limit / 2).min(limit.saturating_sub(latest.len()));
            let old = self.octets.len().saturating_sub(keep);
            self.octets.drain(..old);
            self.begin = self.begin.saturating_add(octets(old));
        }
        self.octets.extend_from_slice(latest);
    }

    /// Where octets that are sent again, from `place` on, are others than the first time, as far as
    /// those are remembered.
    pub(super) fn difference(&self, place: u64, again: &[u8]) -> Option<Difference> {
        let skip = length(self.begin.saturating_sub(place));
        let from = length(place.saturating_sub(self.begin));
        difference(place.max(self.begin), self.octets.get(from..)?, again.get(skip..)?)
    }

    fn end(&self) -> u64 {
        self.begin.saturating_add(octets(self.octets.len()))
    }
}

/// How two copies of a stretch differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// From the first octet that differs to behind the last.
    pub(super) span: Range<u64>,
    /// How many octets of it differ.
    pub(super) octets: u64,
}

/// Octets that a side sent for a place where it had sent others before.
#[derive(Clone, Debug)]
pub(super) struct Differing {
    pub(super) difference: Difference,
    /// Who brought the first copy, where that was not handed on yet; else the stream's marks tell.
    pub(super) first: Option<Mark>,
    /// Who brought the second.
    pub(super) again: Mark,
    /// Whether the second copy is a single octet.
    pub(super) single: bool,
}

/// Compares two copies of a stretch from `place` on, as far as both go.
pub(super) fn difference(place: u64, first: &[u8], again: &[u8]) -> Option<Difference> {
    let common = first.len().min(again.len());
    let (first, again) = (first.get(..common)?, again.get(..common)?);
    if first == again {
        return None;
    }
    let differ = || (place..).zip(first.iter().zip(again)).filter(|(_, (one, other))| one != other);
    let (start, _) = differ().next()?;
    let (last, _) = differ().last()?;
    let span = start..last.saturating_add(1);
    Some(Difference { span, octets: octets(differ().count()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_octets_stay_and_none_from_before_a_gap() {
        let mut recent = Recent::default();
        for place in (0..60).step_by(3) {
            recent.push(place, b"abc", 10);
            assert!(recent.octets.len() <= 10 && recent.end() == place + 3);
        }
        assert!(recent.octets.len() >= 5, "{recent:?}");
        recent.push(70, b"xy", 10);
        assert_eq!((recent.begin, recent.octets.as_slice()), (70, b"xy".as_slice()));
        recent.push(72, b"0123456789ABCDEF", 10);
        assert_eq!((recent.begin, recent.octets.as_slice()), (78, b"6789ABCDEF".as_slice()));
        recent.push(88, b"!", 0);
        assert_eq!(recent.octets, b"");
    }

    #[test]
    fn copies_are_compared_as_far_as_both_are_there() {
        let mut recent = Recent::default();
        recent.push(100, b"abcdef", 10);
        let found = |place, again: &str| {
            let found = recent.difference(place, again.as_bytes());
            found.map(|difference| (difference.span.start, difference.span.end, difference.octets))
        };
        assert_eq!(found(100, "abcdef"), None);
        assert_eq!(found(98, "??abcdef??"), None);
        assert_eq!(found(102, "cXeY"), Some((103, 106, 2)));
        assert_eq!(found(96, "????Xb"), Some((100, 101, 1)));
        assert_eq!(found(105, "Xyz"), Some((105, 106, 1)));
        for (place, again) in [(90, "before"), (106, "behind"), (0, ""), (u64::MAX, "end")] {
            assert_eq!(found(place, again), None, "{place}");
        }
    }
}
