//! How often, since when, and in how many stretches of time.

use crate::limits::SEGMENT_RANGES;

/// Length of a time segment, aligned to UTC: ten minutes, in nanoseconds.
pub const SEGMENT_NS: u64 = 600 * 1_000_000_000;

/// Whether something was met in less than one of twenty segments: so seldom that it is nobody's way.
///
/// An attack that is over within hours, or comes back now and then, is that of days.
pub(crate) const fn is_seldom(segments: u64, of: u64) -> bool {
    segments.saturating_mul(20) < of
}

/// Segments in which something was met that make it a way, however long was learned: once a day for a week.
pub(super) const WAY: u64 = 8;

/// How often something happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub(crate) count: u64,
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    pub(crate) segments: Segments,
}

impl Tally {
    /// Something that happened once.
    pub(crate) fn once(time_ns: u64) -> Self {
        let segment = Segments::at(time_ns);
        let ranges = vec![Stretch { first: segment, last: segment, acts: 1 }];
        let segments = Segments { ranges, earlier: false };
        Self { count: 1, first_ns: time_ns, last_ns: time_ns, segments }
    }

    /// Counts one more.
    pub(crate) fn add(&mut self, time_ns: u64) {
        self.count = self.count.saturating_add(1);
        self.first_ns = self.first_ns.min(time_ns);
        self.last_ns = self.last_ns.max(time_ns);
        self.segments.add(Segments::at(time_ns));
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first_ns = self.first_ns.min(other.first_ns);
        self.last_ns = self.last_ns.max(other.last_ns);
        self.segments.merge(&other.segments);
    }

    /// Counts one more, or the first.
    pub(crate) fn count_in(tally: &mut Option<Self>, time_ns: u64) {
        match tally {
            Some(tally) => tally.add(time_ns),
            None => *tally = Some(Self::once(time_ns)),
        }
    }

    /// Adds what was counted elsewhere, or takes it for the first.
    pub(crate) fn merge_in(tally: &mut Option<Self>, other: &Self) {
        match tally {
            Some(tally) => tally.merge(other),
            None => *tally = Some(other.clone()),
        }
    }

    /// How often in the segments that are kept: what [`covered_ns`](Self::covered_ns) is the time of.
    #[must_use]
    pub fn recent(&self) -> u64 {
        self.segments.acts()
    }

    /// How much time its segments cover from the first time to the last, in nanoseconds; the time of those
    /// that are kept, if [`Segments::more`].
    #[must_use]
    pub fn covered_ns(&self) -> u64 {
        let whole = self.segments.count().saturating_mul(SEGMENT_NS);
        let before = if self.segments.more() { 0 } else { self.first_ns % SEGMENT_NS };
        let after = (SEGMENT_NS - 1).saturating_sub(self.last_ns % SEGMENT_NS);
        whole.saturating_sub(before).saturating_sub(after)
    }

    /// The time from one to the next, on average, in nanoseconds.
    #[must_use]
    pub fn period_ns(&self) -> u64 {
        self.covered_ns() / self.recent().max(1)
    }

    /// How often, at least 1.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// When first, in nanoseconds since 1970 UTC.
    #[must_use]
    pub const fn first_ns(&self) -> u64 {
        self.first_ns
    }

    /// When last, in nanoseconds since 1970 UTC.
    #[must_use]
    pub const fn last_ns(&self) -> u64 {
        self.last_ns
    }

    /// In which stretches of time.
    #[must_use]
    pub const fn segments(&self) -> &Segments {
        &self.segments
    }
}

/// The ten-minute segments something happened in: a thousand times within one is less support than
/// once in each of ten.
///
/// Kept as ranges of neighbours, the newest [`SEGMENT_RANGES`] of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Sorted, never touching.
    pub(crate) ranges: Vec<Stretch>,
    /// Whether there were older ranges, which were dropped.
    pub(crate) earlier: bool,
}

/// Segments that follow each other, all with something in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The first and the last of them, since 1970.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// How often it happened in them.
    pub(crate) acts: u64,
}

impl Stretch {
    /// How many segments it has.
    pub(crate) fn count(self) -> u64 {
        u64::from(self.last.abs_diff(self.first)) + 1
    }

    /// How many of them are from one to another.
    fn within(self, from: u32, to: u32) -> u64 {
        let (first, last) = (self.first.max(from), self.last.min(to));
        last.checked_sub(first).map_or(0, |more| u64::from(more) + 1)
    }
}

impl Segments {
    /// The segment of a time; 64 bits of nanoseconds hold fewer than 2^25 segments.
    pub(crate) fn at(time_ns: u64) -> u32 {
        u32::try_from(time_ns / SEGMENT_NS).unwrap_or(u32::MAX)
    }

    /// How many there are, at least, if [`Self::more`].
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ranges.iter().map(|range| range.count()).sum()
    }

    /// How often it happened in them.
    pub(crate) fn acts(&self) -> u64 {
        self.ranges.iter().fold(0, |sum, range| range.acts.saturating_add(sum))
    }

    /// Whether this is one of them.
    pub(crate) fn hold(&self, segment: u32) -> bool {
        let after = self.ranges.partition_point(|range| range.first <= segment);
        let before = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        before.is_some_and(|range| segment <= range.last)
    }

    /// Whether these are less than one in twenty of all, over the time that both are known of.
    pub(crate) fn are_seldom(&self, all: &Self) -> bool {
        let from_ns = self.start_ns(0).filter(|_| self.more());
        is_seldom(self.count(), from_ns.map_or_else(|| all.count(), |from_ns| all.since(from_ns)))
    }

    /// Whether they are so few, and so few of all, that what was met in them is nobody's way.
    pub(crate) fn are_no_way(&self, all: &Self) -> bool {
        self.count() < WAY && self.are_seldom(all)
    }

    /// How many there are from the one of a time on.
    pub(crate) fn since(&self, time_ns: u64) -> u64 {
        let from = Self::at(time_ns);
        self.ranges.iter().map(|range| range.within(from, u32::MAX)).sum()
    }

    /// Whether there were more, which are forgotten.
    #[must_use]
    pub const fn more(&self) -> bool {
        self.earlier
    }

    /// When the segment begins that comes after so many others, in nanoseconds since 1970 UTC.
    #[must_use]
    pub fn start_ns(&self, nth: u64) -> Option<u64> {
        let mut left = nth;
        for range in &self.ranges {
            let count = range.count();
            if left < count {
                return Some((u64::from(range.first) + left).saturating_mul(SEGMENT_NS));
            }
            left -= count;
        }
        None
    }

    /// How many of them came before that of a time.
    #[must_use]
    pub fn before(&self, time_ns: u64) -> u64 {
        let at = Self::at(time_ns);
        let through: u64 = self.ranges.iter().map(|range| range.within(0, at)).sum();
        through.saturating_sub(u64::from(self.hold(at)))
    }

    /// The longest stretch of these segments' gaps, counted in segments of `all`.
    #[must_use]
    pub fn longest_absence(&self, all: &Self) -> u64 {
        let gaps = self.ranges.windows(2).map(|pair| match pair {
            [before, after] => {
                let (from, to) = (before.last.saturating_add(1), after.first.saturating_sub(1));
                all.ranges.iter().map(|range| range.within(from, to)).sum()
            }
            _ => 0,
        });
        gaps.max().unwrap_or(0)
    }

    /// Whether each of them is one of `others` as well.
    #[must_use]
    pub fn within(&self, others: &Self) -> bool {
        let pairs =
            self.ranges.iter().flat_map(|range| others.ranges.iter().map(move |it| (range, it)));
        pairs.map(|(ours, theirs)| ours.within(theirs.first, theirs.last)).sum::<u64>()
            == self.count()
    }

    fn add(&mut self, segment: u32) {
        match self.ranges.last_mut() {
            Some(range) if (range.first..=range.last).contains(&segment) => {
                range.acts = range.acts.saturating_add(1);
            }
            Some(_) | None => {
                self.join(Stretch { first: segment, last: segment, acts: 1 });
                self.bound();
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        other.ranges.iter().for_each(|range| self.join(*range));
        self.earlier |= other.earlier;
        self.bound();
    }

    /// Adds a range, and makes one of those that overlap or touch.
    fn join(&mut self, range: Stretch) {
        let start = self.ranges.partition_point(|it| it.last.saturating_add(1) < range.first);
        let end = self.ranges.partition_point(|it| it.first <= range.last.saturating_add(1));
        let end = end.max(start);
        let joined = self.ranges.get(start..end).unwrap_or_default();
        let range = joined.iter().fold(range, |sum, it| Stretch {
            first: sum.first.min(it.first),
            last: sum.last.max(it.last),
            acts: sum.acts.saturating_add(it.acts),
        });
        self.ranges.splice(start..end, [range]);
    }

    /// Drops the oldest ranges beyond the limit, and what happened in them.
    fn bound(&mut self) {
        let surplus = self.ranges.len().saturating_sub(SEGMENT_RANGES);
        self.earlier |= surplus > 0;
        self.ranges.drain(..surplus);
    }

    /// Whether it happened in each range as often as if so many `acts` were spread evenly.
    pub(crate) fn is_spread(&self, acts: u64) -> bool {
        if let [range] = self.ranges[..] {
            return range.acts == acts;
        }
        let mut even = self.clone();
        even.spread(acts);
        even == *self
    }

    /// Spreads `acts` evenly over the ranges: how often it happened in each, as far as nobody says otherwise.
    pub(crate) fn spread(&mut self, acts: u64) {
        let all = u128::from(self.count().max(1));
        let (mut segments, mut before) = (0_u64, 0_u64);
        for range in &mut self.ranges {
            segments += range.count();
            let so_far = u128::from(acts) * u128::from(segments) / all;
            let so_far = u64::try_from(so_far).unwrap_or(u64::MAX);
            range.acts = so_far.saturating_sub(before);
            before = so_far;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(segments: &[u64]) -> Tally {
        let mut times = segments.iter().map(|segment| segment * SEGMENT_NS + 7);
        let mut tally = Tally::once(times.next().unwrap());
        times.for_each(|time| tally.add(time));
        tally
    }

    #[test]
    fn segments_are_within_others_that_hold_each_of_them() {
        let all = tally(&[1, 2, 3, 7, 8]);
        let within = |segments: &[u64]| tally(segments).segments.within(&all.segments);
        assert!(within(&[2]) && within(&[1, 3, 8]) && within(&[1, 2, 3, 7, 8]));
        assert!(!within(&[3, 4]) && !within(&[2, 5]) && !within(&[9]));
    }

    #[test]
    fn what_is_seldom_is_so_over_the_time_that_is_known_and_no_way_only_if_it_is_rare() {
        let always = tally(&(1_000..4_000).collect::<Vec<_>>());
        let every = |apart: usize, from: u64| {
            tally(&(from..4_000).step_by(apart).collect::<Vec<_>>()).segments
        };
        let hourly = every(6, 1_000);
        assert!(hourly.more() && hourly.count() == 64 && !hourly.are_seldom(&always.segments));
        let daily = every(144, 1_000);
        assert!(daily.are_seldom(&always.segments) && !daily.are_no_way(&always.segments));
        assert!(every(144, 3_000).are_no_way(&always.segments), "for a week");
    }

    #[test]
    fn neighbouring_segments_are_one_range_in_any_order() {
        for order in [[4, 5, 6, 9], [9, 5, 6, 4], [6, 9, 4, 5]] {
            let tally = tally(&order);
            let stretch = |first, last, acts| Stretch { first, last, acts };
            assert_eq!(tally.segments.ranges, [stretch(4, 6, 3), stretch(9, 9, 1)]);
            assert_eq!((tally.count, tally.segments.count()), (4, 4));
            assert_eq!((tally.first_ns, tally.last_ns), (4 * SEGMENT_NS + 7, 9 * SEGMENT_NS + 7));
        }
    }

    #[test]
    fn the_time_covered_is_that_of_the_segments_between_first_and_last() {
        let mut tally = Tally::once(SEGMENT_NS + 100);
        assert_eq!(tally.covered_ns(), 1);
        tally.add(2 * SEGMENT_NS + 50);
        assert_eq!(tally.covered_ns(), SEGMENT_NS - 100 + 51);
        tally.add(9 * SEGMENT_NS);
        assert_eq!(tally.covered_ns(), SEGMENT_NS - 100 + SEGMENT_NS + 1);
    }

    #[test]
    fn an_absence_is_counted_where_others_were_there() {
        let all = tally(&[1, 2, 3, 4, 5, 20, 21, 22]);
        let absent = |of: &[u64]| tally(of).segments.longest_absence(&all.segments);
        assert_eq!((absent(&[1, 2, 3, 4, 5, 20, 21, 22]), absent(&[1, 5, 20])), (0, 3));
        assert_eq!((absent(&[5, 20]), absent(&[4, 21, 22]), absent(&[3])), (0, 2, 0));
    }

    #[test]
    fn a_busy_segment_counts_once() {
        assert_eq!(tally(&[3; 1_000]).segments().count(), 1);
    }

    #[test]
    fn beyond_the_limit_the_oldest_ranges_are_dropped_and_it_says_so() {
        let limit = u64::try_from(SEGMENT_RANGES).unwrap();
        let all: Vec<u64> = (0..limit + 10).map(|n| n * 2).collect();
        let whole = tally(&all);
        assert_eq!(whole.segments.ranges.len(), SEGMENT_RANGES);
        assert_eq!(whole.segments.ranges[0], Stretch { first: 20, last: 20, acts: 1 });
        assert!(whole.segments().more() && !tally(&all[..9]).segments().more());

        for cut in 1..all.len() {
            let (mut early, late) = (tally(&all[..cut]), tally(&all[cut..]));
            early.merge(&late);
            assert_eq!(early, whole, "cut at {cut}");
        }
    }

    #[test]
    fn rates_are_those_of_the_segments_that_are_kept() {
        let limit = u64::try_from(SEGMENT_RANGES).unwrap();
        // Three times in every second segment, for longer and longer.
        let site = |count: u64| tally(&(0..count).flat_map(|n| [n * 2; 3]).collect::<Vec<_>>());
        let (short, long) = (site(limit), site(10 * limit));
        assert_eq!((short.count(), short.recent()), (3 * limit, 3 * limit));
        assert_eq!((long.count(), long.recent()), (30 * limit, 3 * limit));
        let (short, long) = (short.period_ns(), long.period_ns());
        assert!(short.abs_diff(long) < short / 50, "{short} {long}");
    }

    proptest! {
        #[test]
        fn merging_tallies_equals_counting_it_all(
            ours in prop::collection::vec(0..99_u64, 1..40),
            theirs in prop::collection::vec(0..99_u64, 1..40),
        ) {
            let mut merged = tally(&ours);
            merged.merge(&tally(&theirs));
            prop_assert_eq!(merged, tally(&[ours, theirs].concat()));
        }
    }
}
