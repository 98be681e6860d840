//! How numbers spread: counts of bins that follow their size, as fine as there is room for.

use core::fmt;

use crate::limits::BINS;

/// Bits of a number's size (exponent and the first twelve of its fraction) that the finest bins
/// tell apart: neighbours differ by one part in 4,096.
const FINEST_BITS: u32 = 23;

/// Counts of numbers by bins of like size and sign.
///
/// The bins are the leading bits of the number itself. With more than [`BINS`] of them, two
/// neighbours become one everywhere, until there is room again: so the bins follow from the set of
/// numbers alone, and adding up is the same in any order. NaN counts as beyond infinity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many of the last bits are not looked at.
    pub(crate) coarse: u32,
    /// Bin and count, sorted. A bin is 0 for zero, and above 0 as the number is.
    pub(crate) bins: Vec<(i32, u64)>,
}

impl Spread {
    /// Counts a number.
    pub fn add(&mut self, number: f64) {
        self.add_times(number, 1);
    }

    /// Counts a number so many times.
    pub(crate) fn add_times(&mut self, number: f64, times: u64) {
        self.add_to(self.bin(number), times);
        self.bound();
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.coarsen(other.coarse);
        let by = self.coarse.saturating_sub(other.coarse);
        for &(bin, count) in &other.bins {
            self.add_to(coarser(bin, by), count);
        }
        self.bound();
    }

    /// How many numbers were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bins.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// How many of them are in the bin of this number.
    #[must_use]
    pub fn count(&self, number: f64) -> u64 {
        let bin = self.bin(number);
        let at = self.bins.binary_search_by_key(&bin, |(known, _)| *known).ok();
        at.and_then(|at| self.bins.get(at)).map_or(0, |(_, count)| *count)
    }

    /// How many of them are in the bin of this number or beyond it.
    #[must_use]
    pub fn at_least(&self, number: f64) -> u64 {
        let bin = self.bin(number);
        let from = self.bins.partition_point(|(known, _)| *known < bin);
        self.bins.iter().skip(from).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The number below which `share` (0 to 1) of them are, to the width of a bin: its middle.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = crate::surprise::real(self.total()) * share.clamp(0.0, 1.0);
        let mut seen = 0.0;
        for &(bin, count) in &self.bins {
            seen += crate::surprise::real(count);
            if seen >= wanted {
                return Some(self.middle(bin));
            }
        }
        None
    }

    /// The sum of all that are below a limit, to the width of the bins, and how many are not.
    #[must_use]
    pub fn sum_below(&self, limit: f64) -> (f64, u64) {
        self.bins.iter().fold((0.0, 0_u64), |(sum, beyond), &(bin, count)| {
            let middle = self.middle(bin);
            if middle < limit {
                (sum + middle * crate::surprise::real(count), beyond)
            } else {
                (sum, beyond.saturating_add(count))
            }
        })
    }

    /// A number that none of them is beyond, by less than the width of a bin; 0 without any.
    #[must_use]
    pub fn greatest(&self) -> f64 {
        let Some(&(bin, _)) = self.bins.last() else { return 0.0 };
        if bin <= 0 { self.middle(bin) } else { self.middle(bin) + self.width(bin) / 2.0 }
    }

    /// The bins whose middle is to be kept.
    pub(crate) fn only(&self, keep: impl Fn(f64) -> bool) -> Self {
        let kept = |(bin, _): &&(i32, u64)| keep(self.middle(*bin));
        Self { coarse: self.coarse, bins: self.bins.iter().filter(kept).copied().collect() }
    }

    /// The middle of each bin and its count, sorted.
    pub fn each(&self) -> impl Iterator<Item = (f64, u64)> {
        self.bins.iter().map(|&(bin, count)| (self.middle(bin), count))
    }

    /// Mean and standard deviation, to the width of the bins; `None` without finite numbers.
    #[must_use]
    pub fn mean_and_deviation(&self) -> Option<(f64, f64)> {
        let finite = || {
            let middle =
                |&(bin, count): &(i32, u64)| (self.middle(bin), crate::surprise::real(count));
            self.bins.iter().map(middle).filter(|(middle, _)| middle.is_finite())
        };
        let total: f64 = finite().map(|(_, count)| count).sum();
        if total < 1.0 {
            return None;
        }
        let mean = finite().map(|(middle, count)| middle * count).sum::<f64>() / total;
        let variance = finite().map(|(middle, count)| (middle - mean).powi(2) * count).sum::<f64>();
        Some((mean, (variance / total).sqrt()))
    }

    /// Whether each bin can be one of this coarseness.
    pub(crate) fn is_possible(&self) -> bool {
        let most = (1_u32 << FINEST_BITS).checked_shr(self.coarse).unwrap_or(0).max(1);
        self.coarse <= FINEST_BITS && self.bins.iter().all(|(bin, _)| bin.unsigned_abs() <= most)
    }

    fn bin(&self, number: f64) -> i32 {
        if number == 0.0 {
            return 0;
        }
        let number = if number.is_nan() { f64::NAN } else { number };
        let size = number.abs().to_bits() >> (63 - FINEST_BITS) >> self.coarse;
        let bin = i32::try_from(size).unwrap_or(i32::MAX).saturating_add(1);
        if number < 0.0 { bin.saturating_neg() } else { bin }
    }

    /// The number in the middle of a bin.
    fn middle(&self, bin: i32) -> f64 {
        if bin == 0 {
            return 0.0;
        }
        let edge = |size: u64| f64::from_bits(size << self.coarse << (63 - FINEST_BITS));
        let size = u64::from(bin.unsigned_abs()).saturating_sub(1);
        let (low, high) = (edge(size), edge(size.saturating_add(1)));
        let middle = if high.is_finite() { low + (high - low) / 2.0 } else { low };
        if bin < 0 { -middle } else { middle }
    }

    /// How wide a bin above 0 is; 0 for the last one before infinity.
    fn width(&self, bin: i32) -> f64 {
        let size = u64::from(bin.unsigned_abs()).saturating_sub(1);
        let edge = |size: u64| f64::from_bits(size << self.coarse << (63 - FINEST_BITS));
        let width = edge(size.saturating_add(1)) - edge(size);
        if width.is_finite() { width } else { 0.0 }
    }

    pub(crate) fn add_to(&mut self, bin: i32, times: u64) {
        match self.bins.binary_search_by_key(&bin, |(known, _)| *known) {
            Ok(at) => {
                if let Some((_, count)) = self.bins.get_mut(at) {
                    *count = count.saturating_add(times);
                }
            }
            Err(at) => self.bins.insert(at, (bin, times)),
        }
    }

    fn bound(&mut self) {
        while self.bins.len() > BINS && self.coarse < FINEST_BITS {
            self.coarsen(self.coarse.saturating_add(1));
        }
    }

    fn coarsen(&mut self, coarse: u32) {
        let by = coarse.saturating_sub(self.coarse);
        if by == 0 {
            return;
        }
        self.coarse = coarse;
        let fine = core::mem::take(&mut self.bins);
        for (bin, count) in fine {
            self.add_to(coarser(bin, by), count);
        }
    }
}

/// The bin that a finer one is in.
fn coarser(bin: i32, by: u32) -> i32 {
    if bin == 0 {
        return 0;
    }
    let size = bin.unsigned_abs().saturating_sub(1).checked_shr(by).unwrap_or(0);
    let size = i32::try_from(size).unwrap_or(i32::MAX).saturating_add(1);
    if bin < 0 { size.saturating_neg() } else { size }
}

/// As it stands in the baseline file: `none`, or `3 17:2,18:40`: the bits not looked at, then each
/// bin with its count.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bins.is_empty() {
            return f.write_str("none");
        }
        write!(f, "{} ", self.coarse)?;
        for (nth, (bin, count)) in self.bins.iter().enumerate() {
            write!(f, "{}{bin}:{count}", if nth > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(numbers: &[f64]) -> Spread {
        let mut spread = Spread::default();
        for number in numbers {
            spread.add(*number);
        }
        spread
    }

    #[test]
    fn few_numbers_are_told_apart_finely() {
        let spread = spread(&[49.98, 50.0, 50.0, 50.02, -1.0, 0.0]);
        assert_eq!((spread.total(), spread.count(50.0), spread.count(50.02)), (6, 2, 1));
        assert_eq!((spread.at_least(50.0), spread.at_least(60.0)), (3, 0));
        let (mean, _) = spread.mean_and_deviation().unwrap();
        assert!((mean - 33.166).abs() < 0.05, "{mean}");
    }

    #[test]
    fn many_numbers_share_bins_and_quantiles_stay_near() {
        let numbers: Vec<f64> = (1..=10_000).map(f64::from).collect();
        let spread = spread(&numbers);
        assert!(spread.bins.len() <= BINS && spread.total() == 10_000);
        let median = spread.quantile(0.5).unwrap();
        assert!((4_000.0..6_000.0).contains(&median), "{median}");
    }

    #[test]
    fn odd_numbers_have_bins_of_their_own() {
        let spread = spread(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324]);
        assert_eq!(spread.bins.len(), 5);
        assert_eq!(spread.at_least(f64::NAN), 1);
    }

    proptest! {
        #[test]
        fn merging_equals_adding_all_in_any_order(
            ours in prop::collection::vec(any::<f64>(), 0..60),
            theirs in prop::collection::vec((-500_i32..500).prop_map(f64::from), 0..60),
        ) {
            let mut merged = spread(&ours);
            merged.merge(&spread(&theirs));
            let mut swapped = spread(&theirs);
            swapped.merge(&spread(&ours));
            prop_assert_eq!(&merged, &spread(&[ours, theirs].concat()));
            prop_assert_eq!(merged, swapped);
        }
    }
}
