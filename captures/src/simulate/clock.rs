//! Lengths of time, and the hours of a day, in nanoseconds since 1970 UTC.

pub(super) const US: u64 = 1_000;
pub(super) const MS: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000_000_000;
pub(super) const MINUTE: u64 = 60_000_000_000;
pub(super) const HOUR: u64 = 3_600_000_000_000;
pub(super) const DAY: u64 = 86_400_000_000_000;

/// So many of a length of time.
pub(super) fn times(count: u64, length: u64) -> u64 {
    count.saturating_mul(length)
}

/// Milliseconds since 1970 UTC.
pub(super) fn as_ms(at_ns: u64) -> u64 {
    at_ns / MS
}

/// What the load of a grid is above or below its mean, hour by hour, in thousandths of the swing.
const HOURS: [i64; 24] = [
    -600, -750, -850, -900, -850, -600, -200, 200, 450, 500, 450, 400, 350, 300, 300, 400, 600,
    850, 1000, 900, 600, 200, -200, -450,
];

/// The course of the day, in thousandths of the swing; a little lower at weekends.
pub(super) fn day(at_ns: u64) -> i64 {
    let (hour, into) = (at_ns / HOUR, i64::try_from((at_ns % HOUR) / SECOND).unwrap_or(0));
    let of_hour = |hour: u64| {
        let place = usize::try_from(hour % 24).unwrap_or(0);
        HOURS.get(place).copied().unwrap_or(0)
    };
    let (now, next) = (of_hour(hour), of_hour(hour.saturating_add(1)));
    let between = next.saturating_sub(now).saturating_mul(into) / 3_600;
    // 1970 began on a Thursday: days 2 and 3 of the count are its first weekend.
    let weekend = matches!((at_ns / DAY) % 7, 2 | 3);
    now.saturating_add(between).saturating_sub(if weekend { 150 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_its_peak_in_the_evening_and_no_jumps() {
        let monday = 4 * DAY;
        assert_eq!(day(monday + 18 * HOUR), 1_000);
        assert_eq!(day(monday + 18 * HOUR + HOUR / 2), 950);
        assert_eq!(day(monday + 23 * HOUR + HOUR / 2), -525);
        assert_eq!(day(2 * DAY + 18 * HOUR), 850);
    }
}
