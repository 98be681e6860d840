//! Times and durations as people write them.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use jiff::Timestamp;

/// A capture time as text: RFC 3339 in UTC with nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(
    /// Nanoseconds since 1970 UTC.
    pub u64,
);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A u64 of nanoseconds ends in the year 2554, well inside what a Timestamp holds.
        match Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time:.9}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time: Option<Timestamp> = text.parse().ok();
        let ns = time.and_then(|time| u64::try_from(time.as_nanosecond()).ok());
        ns.map(Self).ok_or_else(|| format!("`{text}`: want a time of RFC 3339 from 1970 to 2554"))
    }
}

impl<'de> serde::Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// From one time to another, as the command line takes it: two times of RFC 3339 with `..` between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct During {
    /// It begins.
    pub from: Moment,
    /// It ends.
    pub to: Moment,
}

impl FromStr for During {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) =
            text.split_once("..").ok_or_else(|| format!("`{text}`: want START..END"))?;
        let (from, to) = (from.parse()?, to.parse()?);
        if from > to {
            return Err(format!("`{text}` ends before it begins"));
        }
        Ok(Self { from, to })
    }
}

/// A length of time as the command line takes it: a number and a unit, `90s`, `30m`, `2h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(
    /// The time it stands for.
    pub Duration,
);

impl Span {
    /// So many nanoseconds.
    #[must_use]
    pub const fn from_ns(ns: u64) -> Self {
        Self(Duration::from_nanos(ns))
    }

    /// Whole nanoseconds; as many as fit.
    #[must_use]
    pub fn as_ns(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}`: want a number and a unit, as in 90s, 30m, 2h or 7d");
        let unit = text.chars().last().ok_or_else(wanted)?;
        let seconds: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wanted()),
        };
        let number = text.strip_suffix(unit).ok_or_else(wanted)?;
        let number: u64 = number.parse().map_err(|_| wanted())?;
        number.checked_mul(seconds).map(|s| Self(Duration::from_secs(s))).ok_or_else(wanted)
    }
}

/// A part of a whole as the command line takes it: above 0 % and below 100 %, `1%`, `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percent(
    /// The part, from 0 to 1.
    pub f64,
);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent: Option<f64> = text.strip_suffix('%').and_then(|number| number.parse().ok());
        let within = percent.filter(|percent| *percent > 0.0 && *percent < 100.0);
        let part = within.map(|percent| Self(percent / 100.0));
        part.ok_or_else(|| format!("`{text}`: want a part above 0% and below 100%, as in 1%"))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", (self.0 * 1e8).round() / 1e6)
    }
}

impl fmt::Display for Span {
    /// The two largest units, as in `1h 30m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let Some(first) = units.iter().position(|(size, _)| seconds >= *size) else {
            return write!(f, "{}ms", self.0.as_millis());
        };
        let mut left = seconds;
        for (nth, (size, unit)) in units.iter().skip(first).take(2).enumerate() {
            let (whole, rest) = (left / size, left % size);
            if nth == 0 || whole > 0 {
                write!(f, "{}{whole}{unit}", if nth > 0 { " " } else { "" })?;
            }
            left = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_nine_decimals_and_end_in_z() {
        let table = [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (1_700_000_000_000_000_001, "2023-11-14T22:13:20.000000001Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551615Z"),
        ];
        for (ns, text) in table {
            assert_eq!(Moment(ns).to_string(), text);
            assert_eq!(text.parse(), Ok(Moment(ns)));
        }
        for text in ["", "yesterday", "1969-12-31T23:59:59Z", "2555-01-01T00:00:00Z"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans_are_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("7d", 604_800)] {
            assert_eq!(text.parse::<Span>().unwrap().0.as_secs(), seconds, "{text}");
        }
        for text in ["", "s", "5", "5 m", "-1s", "1.5h", "5x", "5ss", "99999999999999999d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn percents_are_a_number_and_their_sign() {
        assert_eq!("1%".parse(), Ok(Percent(0.01)));
        assert_eq!("0.5%".parse::<Percent>().unwrap().to_string(), "0.5 %");
        for text in ["", "%", "1", "0%", "100%", "-1%", "NaN%", "1 %"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans_read_back_in_their_two_largest_units() {
        let table = [(5, "5s"), (90, "1m 30s"), (3_600, "1h"), (93_784, "1d 2h")];
        for (seconds, text) in table {
            assert_eq!(Span(Duration::from_secs(seconds)).to_string(), text);
        }
        assert_eq!(Span(Duration::from_millis(250)).to_string(), "250ms");
    }
}
