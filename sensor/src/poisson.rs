//! How many of something are to be expected where some were seen.

/// The exact 95 % upper bound of the expectation of a Poisson count, where `count` were seen: with an
/// expectation this high, `count` or fewer would be seen in one of twenty cases. With none seen, 3.0.
#[must_use]
pub(crate) fn upper_95(count: u64) -> f64 {
    // The bound lies less than four deviations and a few units above what was seen.
    let seen = real(count);
    let (mut low, mut high) = (seen, seen + 4.0 * seen.sqrt() + 10.0);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if at_most(count, middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The probability of `count` or fewer where `expected` are to be expected (above 0).
fn at_most(count: u64, expected: f64) -> f64 {
    // From the last term down, as the first would be too small for a large expectation.
    let mut term = (real(count) * expected.ln() - expected - ln_factorial(count)).exp();
    let (mut sum, mut k) = (term, real(count));
    while k > 0.0 && term > sum * 1e-17 {
        term *= k / expected;
        sum += term;
        k -= 1.0;
    }
    sum
}

/// ln n!, by its sum, and beyond a thousand by Stirling's series, which is then exact to the last digit.
fn ln_factorial(count: u64) -> f64 {
    if count <= 1_000 {
        return (2..=count).map(|k| real(k).ln()).sum();
    }
    let n = real(count);
    n * n.ln() - n + 0.5 * (core::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n)
        - 1.0 / (360.0 * n.powi(3))
}

#[expect(clippy::cast_precision_loss, reason = "the last bits of counts above 2^53 do not matter")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half the 0.95 quantile of chi-squared with 2 (n + 1) degrees of freedom, from printed tables.
    #[test]
    fn the_bound_is_that_of_the_tables() {
        let table =
            [(0, 2.9957), (1, 4.7439), (2, 6.2958), (5, 10.5130), (10, 16.9622), (50, 63.287)];
        for (count, bound) in table {
            assert!((upper_95(count) - bound).abs() < 6e-4, "{count}: {}", upper_95(count));
        }
    }

    #[test]
    fn many_are_bounded_by_little_more() {
        for count in [1_000_u64, 1_001, 100_000, 10_000_000] {
            let above = (upper_95(count) - real(count)) / real(count).sqrt();
            assert!((1.6..1.75).contains(&above), "{count}: {above}");
        }
    }
}
