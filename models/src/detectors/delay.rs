//! `delay`: a device that takes longer to answer than it did.
//!
//! *Sees*: answers that are held back, relayed or starved (kind `slow-answers`). Of each device a
//! Bernoulli CUSUM is kept over its answers, at most one a second, for answers of one moment share
//! their fate: an answer is slow where at most [`SLOW`] of those learned were as slow. Without a
//! change that is one in a hundred (H0); with one it is every second (H1). A slow answer adds
//! log₂(0.5 / 0.01) = 5.6 bits, another one takes log₂(0.99 / 0.5) = 0.99 away, the sum stays at 0
//! or above, and at [`RAISED`] it is one finding, until the sum is 0 again: six slow answers in a row
//! are enough, and fewer than one in seven never are. So far a walk that H0 drives gets at most once
//! in 2^30 times, whence the surprise.
//! *Blind to*: devices of which fewer than [`LEARNED`] answers were learned; delays that stay within
//! what was learned; answers that never come (`silence`).
//! *State*: a sum for each device of the ledger, so as bounded as it is.

use foldhash::HashMap;

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Outcome, Stage};
use crate::ledger::Ledger;
use crate::surprise::real;
use crate::words::{counted, grouped, lasting};

pub(crate) const NAME: &str = "delay";

/// Share of the learned answers that count as slow: what is expected of new ones (H0).
const SLOW: f64 = 0.01;

/// Share of slow answers that is looked for (H1).
const SLOWED: f64 = 0.5;

/// The sum at which it is raised.
const RAISED: Bits = Bits(30.0);

/// Answers of a device that must have been learned.
const LEARNED: u64 = 500;

/// Answers of a device that are nearer to each other than this count as one, in nanoseconds.
const APART_NS: u64 = 1_000_000_000;

/// Judges how long answers take.
#[derive(Debug, Default)]
pub(crate) struct SlowAnswers {
    devices: HashMap<Device, Walk>,
}

/// The sum of one device.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    bits: f64,
    /// Answers, and slow ones among them, since the sum left 0.
    answers: u64,
    slow: u64,
    last_ns: Option<u64>,
    raised: bool,
}

impl Detector for SlowAnswers {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let Stage::Ended { outcome: Outcome::Done | Outcome::Refused(_), after_ns } = event.stage
        else {
            return;
        };
        let device = event.conversation.device();
        let Some(record) = ledger.record(&device) else { return };
        let learned = record.delays().total();
        if learned < LEARNED {
            return;
        }
        let walk = self.devices.entry(device).or_default();
        if walk.last_ns.is_some_and(|last_ns| event.time_ns.abs_diff(last_ns) < APART_NS) {
            return;
        }
        walk.last_ns = Some(event.time_ns);
        let as_slow = record.delays().at_least(real(after_ns / 1_000));
        if !walk.step(real(as_slow) <= SLOW * real(learned)) {
            return;
        }
        let usual = record.delays().quantile(1.0 - SLOW).unwrap_or_default();
        found(Finding {
            detector: NAME,
            kind: "slow-answers",
            surprise: RAISED,
            hard: false,
            actor: Some(device.server),
            about: None,
            because: format!(
                "{} of the last {} of {device} were slower than nearly all before, this one by {}; in \
                 the baseline 99 % of {} came within about {}",
                grouped(walk.slow),
                counted(walk.answers, "answer"),
                lasting(after_ns),
                grouped(learned),
                lasting(nanoseconds(usual)),
            ),
            normal_if: format!(
                "baseline knows answers of {} {device} that take {}",
                device.protocol,
                lasting(after_ns),
            ),
        });
    }
}

impl Walk {
    /// Takes one answer; true if it is the one that raises the finding.
    fn step(&mut self, slow: bool) -> bool {
        let (h1, h0) = if slow { (SLOWED, SLOW) } else { (1.0 - SLOWED, 1.0 - SLOW) };
        self.bits = (self.bits + (h1 / h0).log2()).clamp(0.0, RAISED.0);
        self.answers = self.answers.saturating_add(1);
        self.slow = self.slow.saturating_add(u64::from(slow));
        if self.bits <= 0.0 {
            *self = Self { last_ns: self.last_ns, ..Self::default() };
        }
        let first = self.bits >= RAISED.0 && !self.raised;
        self.raised |= first;
        first
    }
}

/// Microseconds as nanoseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a delay is a few digits, and what is not becomes the nearest there is"
)]
fn nanoseconds(microseconds: f64) -> u64 {
    (microseconds * 1_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{learned, request};

    /// An answer this long after its request, so many seconds on.
    fn answer(after_us: u64, second: u64) -> Event {
        let event = request(5, 9);
        Event {
            stage: Stage::Ended { outcome: Outcome::Done, after_ns: after_us * 1_000 },
            time_ns: event.time_ns + second * 1_000_000_000,
            ..event
        }
    }

    /// A device that answers within 2 to 3 ms, and one time in 200 in 40 ms.
    fn site() -> Ledger {
        let delay = |n: u64| if n % 200 == 199 { 40_000 } else { 2_000 + n % 10 * 100 };
        learned(core::iter::once(request(5, 9)).chain((0..2_000).map(|n| answer(delay(n), n))))
    }

    fn found(answers: impl IntoIterator<Item = Event>) -> Vec<Finding> {
        let (ledger, mut detector, mut findings) = (site(), SlowAnswers::default(), Vec::new());
        for event in answers {
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn answers_held_back_are_found_within_six_and_once() {
        assert_eq!(found((0..5).map(|n| answer(60_000, n))), []);
        let findings = found((0..600).map(|n| answer(60_000, n)));
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(finding.actor, Some([10, 0, 0, 9].into()));
        assert_eq!(
            finding.because,
            "6 of the last 6 answers of 10.0.0.9 unit 1 were slower than nearly all before, this one \
             by 60 ms; in the baseline 99 % of 2,000 came within about 2 ms"
        );
        let late = found((0..9).map(|_| answer(60_000, 0)));
        assert_eq!(late, [], "answers of one moment count once");
    }

    #[test]
    fn a_second_time_is_raised_after_the_first_was_over() {
        let slow = |from| (from..from + 20).map(|n| answer(60_000, n));
        let fast = (20..80).map(|n| answer(2_500, n));
        assert_eq!(found(slow(0).chain(fast).chain(slow(80))).len(), 2);
    }

    #[test]
    fn a_slow_answer_now_and_then_is_none() {
        let rare = (0..10_000).map(|n| answer(if n % 10 == 0 { 60_000 } else { 2_500 }, n));
        assert_eq!(found(rare), []);
        let restart = (0..5).map(|n| answer(900_000, n)).chain((5..99).map(|n| answer(2_100, n)));
        assert_eq!(found(restart), [], "a device that restarts");
    }

    #[test]
    fn where_little_was_learned_nothing_is_slow() {
        let ledger = learned([request(5, 9), answer(2_000, 0)]);
        let mut detector = SlowAnswers::default();
        for second in 0..100 {
            detector.judge(&ledger, &answer(60_000, second), &mut |finding| panic!("{finding:?}"));
        }
    }
}
