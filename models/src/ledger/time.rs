//! Times as text: RFC 3339 in UTC.

use core::fmt;

use jiff::Timestamp;

/// A time in nanoseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) u64);

impl Time {
    /// To the minute, for people: `2023-11-14 22:13`.
    pub(crate) fn minute(self) -> String {
        self.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
    }

    /// The time a text says, if there is one in range.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let time: Timestamp = text.parse().ok()?;
        u64::try_from(time.as_nanosecond()).ok().map(Self)
    }
}

/// To as many decimals of a second as asked for: `{time:.9}` is exact.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 64 bits of nanoseconds end in 2554, well within what the calendar holds.
        Timestamp::from_nanosecond(i128::from(self.0)).map_err(|_| fmt::Error)?.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_reads_as_it_is_written() {
        for ns in [0, 1, 1_700_000_000_000_000_000, u64::MAX] {
            assert_eq!(Time::read(&format!("{:.9}", Time(ns))), Some(Time(ns)));
        }
        assert_eq!(format!("{:.0}", Time(1_700_000_000_000_000_007)), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn people_see_minutes() {
        assert_eq!(Time(1_700_000_000_000_000_007).minute(), "2023-11-14 22:13");
    }

    #[test]
    fn times_before_1970_or_without_a_zone_are_refused() {
        for text in ["1969-12-31T23:59:59Z", "2023-11-14T22:13:20", "yesterday", ""] {
            assert_eq!(Time::read(text), None, "{text}");
        }
    }
}
