//! What can be said from so few: bounds of rates and shares at 95 %.

use serde::Serialize;

/// The chance of being beyond a one-sided bound.
const BEYOND: f64 = 0.05;
/// The normal quantile of a two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many, and what share that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The share, from 0 to 1; nothing where there were none to count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The lower end of Wilson's 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Its upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl Share {
    /// `count` of `of`.
    #[must_use]
    pub fn new(count: u64, of: u64) -> Self {
        if of == 0 {
            return Self { count, of, ..Self::default() };
        }
        let (n, p) = (real(of), real(count) / real(of));
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let whole = 1.0 + Z * Z / n;
        let end = |x: f64| Some(rounded((x / whole).clamp(0.0, 1.0)));
        Self {
            count,
            of,
            share: Some(rounded(p)),
            low: end(middle - half),
            high: end(middle + half),
        }
    }
}

/// How often something happens in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    /// How often it happened.
    pub count: u64,
    /// In how many days.
    pub days: f64,
    /// How often a day; nothing where there was no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_day: Option<f64>,
    /// The one-sided 95 % bound of that from above, exact for a Poisson process; 3 over the days where
    /// there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

impl Rate {
    /// `count` in so many nanoseconds.
    #[must_use]
    pub fn new(count: u64, ns: u64) -> Self {
        let days = days(ns);
        let a_day = |number: f64| (ns > 0).then(|| rounded(number / days));
        Self {
            count,
            days: rounded(days),
            a_day: a_day(real(count)),
            at_most: a_day(poisson_upper(count)),
        }
    }
}

/// The greatest mean at which so few or fewer still happen once in twenty times.
///
/// By halving: the chance of at most `count` falls as the mean rises.
#[must_use]
pub fn poisson_upper(count: u64) -> f64 {
    let wide = real(count);
    let (mut low, mut high) = (wide, wide + 10.0 * (wide + 1.0).sqrt() + 10.0);
    for _ in 0..64 {
        let mean = f64::midpoint(low, high);
        if at_most(count, mean) > BEYOND {
            low = mean;
        } else {
            high = mean;
        }
    }
    high
}

/// The chance that a Poisson count of this mean is at most `count`.
///
/// Terms are summed from the greatest down, each by its ratio to the one above, so that none is too
/// small to be told from nothing.
fn at_most(count: u64, mean: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    let mut logarithm = -mean;
    for nth in (1..=count).rev() {
        logarithm += (mean / real(nth)).ln();
        term *= real(nth) / mean;
        if term > f64::EPSILON * 1e-3 {
            sum += term;
        }
    }
    // `logarithm` is that of the chance of exactly `count`.
    logarithm.exp() * sum
}

/// Nanoseconds as days.
#[must_use]
pub fn days(ns: u64) -> f64 {
    real(ns) / 86_400e9
}

/// A count as a real number.
#[expect(clippy::cast_precision_loss, reason = "the last bits of counts above 2^53 do not matter")]
#[must_use]
pub fn real(count: u64) -> f64 {
    count as f64
}

/// Six decimals: no platform's last digit then shows.
#[must_use]
pub fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_happened_three_could_have() {
        assert!((poisson_upper(0) - 2.995_732).abs() < 1e-5);
        let rate = Rate::new(0, 86_400_000_000_000 * 7);
        assert_eq!(
            (rate.a_day, rate.at_most),
            (Some(0.0), Some(rounded(2.995_732_273_553_991 / 7.0)))
        );
        assert_eq!(Rate::new(0, 0).at_most, None);
    }

    #[test]
    fn the_bound_is_half_the_quantile_of_chi_square() {
        // Half of the 95 % quantiles of chi-square with 2(n + 1) degrees of freedom, from tables.
        for (count, bound) in
            [(1, 4.743_865), (2, 6.295_794), (5, 10.513_034), (10, 16.962_219), (100, 118.079)]
        {
            assert!(
                (poisson_upper(count) - bound).abs() < 1e-3,
                "{count}: {}",
                poisson_upper(count)
            );
        }
        assert!(poisson_upper(1_000_000) < 1_002_000.0);
    }

    #[test]
    fn shares_have_the_interval_of_wilson() {
        assert_eq!(Share::new(0, 0), Share::default());
        let all = Share::new(10, 10);
        assert_eq!((all.share, all.high), (Some(1.0), Some(1.0)));
        assert!((all.low.unwrap() - 0.722_467).abs() < 1e-6, "{all:?}");
        let half = Share::new(5, 10);
        assert!((half.low.unwrap() - 0.236_593).abs() < 1e-6, "{half:?}");
        assert!((half.high.unwrap() - 0.763_407).abs() < 1e-6, "{half:?}");
        let none = Share::new(0, 3);
        assert_eq!((none.share, none.low), (Some(0.0), Some(0.0)));
    }
}
