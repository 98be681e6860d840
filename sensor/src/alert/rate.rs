//! How many alerts a day were promised, and how many there were.

use core::fmt::{self, Write};

use crate::poisson::upper_95;
use crate::when::Span;

/// A day, in nanoseconds.
const DAY_NS: u64 = 86_400 * 1_000_000_000;

/// Between two acts no more time than this is counted: what was not watched was not judged, and a
/// clock that jumps is no time. Ten minutes.
const GAP_NS: u64 = 600 * 1_000_000_000;

/// Episodes that were raised while judging, and the capture time that was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    /// Episodes with a hard finding.
    pub(super) hard: u64,
    /// Episodes without one.
    pub(super) soft: u64,
    /// Capture time in which something was judged, in nanoseconds.
    pub(super) judged_ns: u64,
    last_ns: Option<u64>,
}

impl Rate {
    /// Notes that something was judged at a capture time.
    pub(super) fn note(&mut self, time_ns: u64) {
        let passed_ns = self.last_ns.map_or(0, |last_ns| time_ns.saturating_sub(last_ns));
        self.judged_ns = self.judged_ns.saturating_add(passed_ns.min(GAP_NS));
        self.last_ns = Some(time_ns);
    }

    /// Notes an episode that begins, or one that gets its first hard finding.
    pub(super) fn count(&mut self, begins: bool, hard: bool) {
        match (begins, hard) {
            (true, true) => self.hard = self.hard.saturating_add(1),
            (true, false) => self.soft = self.soft.saturating_add(1),
            (false, true) => {
                self.hard = self.hard.saturating_add(1);
                self.soft = self.soft.saturating_sub(1);
            }
            (false, false) => {}
        }
    }
}

/// `2 soft alerts in 3d: 0.7 a day (95 %: below 2.1); 1 hard: 0.3 a day (below 1.6)`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hard, soft, judged_ns, .. } = *self;
        if judged_ns == 0 {
            return write!(f, "{} and {hard} hard in no time", counted(soft));
        }
        let a_day = |count: f64| Decimals(count * real(DAY_NS) / real(judged_ns));
        let rate = |count: u64| (a_day(real(count)), a_day(upper_95(count)));
        let (soft_rate, soft_most) = rate(soft);
        let (hard_rate, hard_most) = rate(hard);
        write!(
            f,
            "{} in {}: {soft_rate} a day (95 %: below {soft_most}); {hard} hard: \
             {hard_rate} a day (below {hard_most})",
            counted(soft),
            Span::from_ns(judged_ns),
        )
    }
}

fn counted(soft: u64) -> String {
    format!("{soft} soft alert{}", if soft == 1 { "" } else { "s" })
}

/// A rate to two digits that mean something.
struct Decimals(f64);

impl fmt::Display for Decimals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 10.0 { write!(f, "{:.1}", self.0) } else { write!(f, "{:.0}", self.0) }
    }
}

/// What was promised, and what came of it, in sentences.
pub(super) fn text(rate: &Rate, a_day: f64, new_commands: f64, known: bool) -> String {
    let mut text = String::new();
    // Writing to memory cannot fail.
    let _ = if known {
        writeln!(
            text,
            "Promised: of each client's new commands at most {new_commands} a day are raised (of the {a_day} of \
             alerts.episodes_a_day); hard findings and other oddities stand outside."
        )
    } else {
        writeln!(
            text,
            "Promised: no rate: with less than two days learned nothing is known of days \
             (alerts.episodes_a_day is {a_day})."
        )
    };
    let _ = writeln!(text, "Realised: {rate}.");
    text
}

#[expect(clippy::cast_precision_loss, reason = "the last bits of nanoseconds do not matter")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_NS: u64 = 3_600 * 1_000_000_000;

    #[test]
    fn a_rate_is_told_with_its_bound_soft_and_hard_apart() {
        let rate = Rate { hard: 0, soft: 2, judged_ns: 3 * DAY_NS, last_ns: None };
        let text =
            "2 soft alerts in 3d: 0.7 a day (95 %: below 2.1); 0 hard: 0.0 a day (below 1.0)";
        assert_eq!(rate.to_string(), text);
        let short = Rate { judged_ns: HOUR_NS, ..Rate::default() };
        assert!(short.to_string().contains("(95 %: below 72)"), "the rule of three: {short}");
        assert_eq!(Rate::default().to_string(), "0 soft alerts and 0 hard in no time");
    }

    #[test]
    fn an_episode_that_turns_hard_is_counted_once() {
        let mut rate = Rate::default();
        for (begins, hard) in [(true, false), (false, false), (false, true), (true, true)] {
            rate.count(begins, hard);
        }
        assert_eq!((rate.soft, rate.hard), (0, 2));
    }

    #[test]
    fn months_of_silence_and_a_clock_that_jumps_are_no_judged_time() {
        let mut rate = Rate::default();
        let minute = |n: u64| DAY_NS * 1_000 + n * 60_000_000_000;
        (0..=60).for_each(|n| rate.note(minute(n)));
        assert_eq!(rate.judged_ns, HOUR_NS);
        rate.note(minute(60) + 90 * DAY_NS);
        assert_eq!(rate.judged_ns, HOUR_NS + GAP_NS, "three months of silence");
        rate.note(5);
        rate.note(65);
        assert_eq!(rate.judged_ns, HOUR_NS + GAP_NS + 60, "back to 1970");
    }
}
