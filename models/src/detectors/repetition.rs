//! `repetition`: answers that were given before.
//!
//! *Sees*: a run of answers to one poll that repeats, value by value and in order, a run of before (`replayed-view`):
//! what was recorded is shown again, once or in a loop. Of each poll the last [`KEPT`] answers are remembered. An
//! answer counts if it differs from the one before it, and matches if it is the same as the one so many answers
//! ago as the last that matched. How odd a match is by itself is measured as it comes: by how many of the
//! answers of this poll that count were among those remembered.
//! *Blind to*: what stands still (the `reading` detector's); polls whose answers often come again; what is
//! older than [`KEPT`] answers; noise that was added to what is shown.
//! *State*: hashes of the last answers of at most [`POLLS`] polls, 8 KiB each; beyond, polls are not watched.

use core::hash::{BuildHasher, Hasher};

use foldhash::HashMap;
use foldhash::fast::FixedState;

use super::lasting::Lasting;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Conversation, Event, Outcome, Space, Stage, Target, Value};
use crate::ledger::{Ledger, Span};
use crate::surprise::real;
use crate::words::{counted, lasting};

pub(crate) const NAME: &str = "repetition";

/// Answers of one poll that are remembered: an hour at one in two seconds.
const KEPT: usize = 2_048;
/// Polls that are watched.
const POLLS: usize = 1_024;
/// Matches that are needed, and how odd all of them have to be by chance, in bits.
const MATCHES: u32 = 4;
const ODD_BITS: f64 = 30.0;
/// Answers that count before a run, so that its matches tell something.
const ENOUGH: u64 = 64;

/// Judges whether answers repeat.
#[derive(Debug, Default)]
pub(crate) struct Repetition {
    polls: HashMap<(Conversation, Span), Answers>,
    /// What the last event that was taken note of shows.
    run: Option<Run>,
    told: Lasting<(Conversation, Span)>,
}

/// The last answers of one poll.
#[derive(Debug, Default)]
struct Answers {
    /// The next takes the place of the oldest.
    hashes: Vec<u32>,
    next: usize,
    last_ns: u64,
    /// Time from one to the next, about.
    period_ns: u64,
    /// Answers that counted, and how many of them were among those remembered.
    counted: u64,
    again: u64,
    /// How many answers ago the run is that is repeated, and how many matched.
    lag: usize,
    matched: u32,
}

/// A run of before that comes again.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    span: Span,
    matched: u32,
    ago_ns: u64,
    counted: u64,
    again: u64,
    bits: f64,
}

impl Detector for Repetition {
    fn observe(&mut self, event: &Event, _note: &mut dyn FnMut(crate::ledger::Observation)) {
        self.run = None;
        let done = matches!(event.stage, Stage::Ended { outcome: Outcome::Done, .. });
        let Some(span) = event.reads().next().filter(|_| done && event.tells_values()) else {
            return;
        };
        let poll = (event.conversation, span);
        if self.polls.len() >= POLLS && !self.polls.contains_key(&poll) {
            return;
        }
        let answers = self.polls.entry(poll).or_default();
        self.run = answers.take(span, hash(&event.reported), event.time_ns);
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let Some(run) = self.run.filter(Run::is_odd) else { return };
        let conversation = event.conversation;
        if ledger.conversation(&conversation).is_none()
            || !self.told.begins((conversation, run.span), event.time_ns)
        {
            return;
        }
        let device = conversation.device();
        let Run { span, matched, ago_ns, .. } = run;
        found(Finding {
            detector: NAME,
            kind: "replayed-view",
            surprise: Bits::rounded(run.bits),
            hard: false,
            actor: Some(device.server),
            about: None,
            because: format!(
                "{} in a row to {} about {} {} are, value by value, those of {} ago; of {} that were not \
                 like the one before, {} had been given before",
                counted(u64::from(matched), "answer"),
                conversation.asker(),
                device,
                span.space,
                lasting(ago_ns),
                counted(run.counted, "answer"),
                run.again,
            ),
            normal_if: format!("answers of {device} about {} repeat", span.space),
        });
    }
}

impl Answers {
    fn take(&mut self, span: Span, hash: u32, time_ns: u64) -> Option<Run> {
        let gap_ns = time_ns.saturating_sub(self.last_ns);
        self.period_ns = if self.last_ns == 0 { 0 } else { self.period_ns / 8 * 7 + gap_ns / 8 };
        self.last_ns = time_ns;
        let run = if self.ago(1) == Some(hash) { None } else { self.compare(span, hash) };
        if self.hashes.len() < KEPT {
            self.hashes.push(hash);
        } else if let Some(oldest) = self.hashes.get_mut(self.next) {
            *oldest = hash;
        }
        self.next = (self.next + 1) % KEPT;
        run
    }

    /// The answer so many ago, from 1.
    fn ago(&self, answers: usize) -> Option<u32> {
        if answers > self.hashes.len() {
            return None;
        }
        self.hashes.get((self.next + KEPT - answers) % KEPT).copied()
    }

    /// How many answers ago this one was given last.
    fn latest(&self, hash: u32) -> Option<usize> {
        let (newer, older) = self.hashes.split_at_checked(self.next)?;
        let last = |answers: &[u32]| answers.iter().rposition(|known| *known == hash);
        last(newer).map(|at| self.next - at).or_else(|| last(older).map(|at| KEPT - at))
    }

    fn compare(&mut self, span: Span, hash: u32) -> Option<Run> {
        let (counted, again) = (self.counted, self.again);
        self.counted = counted.saturating_add(1);
        let follows = self.matched > 0 && self.ago(self.lag) == Some(hash);
        if follows {
            self.matched = self.matched.saturating_add(1);
        } else if let Some(lag) = self.latest(hash) {
            (self.lag, self.matched) = (lag, 1);
        } else {
            (self.lag, self.matched) = (0, 0);
            return None;
        }
        self.again = again.saturating_add(1);
        // What this run itself brought again does not make it usual.
        let before = again.saturating_sub(u64::from(self.matched) - 1);
        let chance = (real(before) + 1.0) / (real(counted) + 2.0);
        let ago_ns = self.period_ns.saturating_mul(u64::try_from(self.lag).unwrap_or(u64::MAX));
        let bits = 0.0 - chance.log2() * f64::from(self.matched);
        let matched = self.matched;
        Some(Run { span, matched, ago_ns, counted, again: before, bits })
    }
}

impl Run {
    fn is_odd(&self) -> bool {
        let before = self.counted.saturating_sub(self.matched.into());
        before >= ENOUGH && self.matched >= MATCHES && self.bits >= ODD_BITS
    }
}

/// A hash of all values of points, in order.
fn hash(reported: &[Target]) -> u32 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    let is_point = |target: &&Target| !matches!(target.space, Space::Time | Space::Event);
    for target in reported.iter().filter(is_point) {
        hasher.write_u32(target.start);
        for value in &target.values {
            if let Value::Number(number) = value {
                hasher.write_u64(number.to_bits());
            }
        }
    }
    let [_, _, _, _, a, b, c, d] = hasher.finish().to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{ended, learned, request};

    /// An answer to a poll of registers, so many of 2 s on, with values that are drawn for `drawn`.
    fn answer(nth: u64, drawn: u64, width: u64) -> Event {
        let event = ended(request(5, 9), Outcome::Done);
        let drawn = |point: u64| FixedState::with_seed(7).hash_one((drawn, point));
        let values = (0..4).map(|point| Value::Number(real(drawn(point) % width))).collect();
        let reported = vec![Target { space: Space::HoldingRegister, start: 0, count: 4, values }];
        Event { time_ns: event.time_ns + nth * 2_000_000_000, reported, ..event }
    }

    fn found(answers: impl IntoIterator<Item = Event>) -> Vec<(usize, Finding)> {
        let ledger = learned([request(5, 9)]);
        let (mut detector, mut findings) = (Repetition::default(), Vec::new());
        for (nth, event) in answers.into_iter().enumerate() {
            detector.observe(&event, &mut |_| {});
            detector.judge(&ledger, &event, &mut |finding| findings.push((nth, finding)));
        }
        findings
    }

    #[test]
    fn a_recording_that_is_shown_again_is_found_within_a_handful_and_once() {
        let replay = |nth: u64| if nth < 1_500 { nth } else { nth - 1_350 };
        let findings = found((0..2_000).map(|nth| answer(nth, replay(nth), 13)));
        let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert!((1_503..1_508).contains(nth), "{nth}");
        assert_eq!((finding.kind, finding.actor), ("replayed-view", Some([10, 0, 0, 9].into())));
        assert!(finding.surprise.0 >= ODD_BITS);
        assert!(finding.because.contains("those of 44 min ago"), "{finding:?}");
    }

    #[test]
    fn a_loop_is_found_too_and_what_is_old_is_forgotten() {
        let looped = |nth: u64| if nth < 500 { nth } else { 480 + (nth - 480) % 20 };
        assert_eq!(found((0..700).map(|nth| answer(nth, looped(nth), 13))).len(), 1);
        let older = |nth: u64| if nth < 4_000 { nth } else { nth - 3_000 };
        assert_eq!(found((0..4_500).map(|nth| answer(nth, older(nth), 13))), []);
    }

    #[test]
    fn answers_that_come_again_by_themselves_are_no_replay() {
        assert_eq!(found((0..6_000).map(|nth| answer(nth, nth, 2))), [], "two values a point");
        assert_eq!(found((0..3_000).map(|nth| answer(nth, nth / 700, 13))), [], "it stands still");
        assert_eq!(
            found((0..3_000).map(|nth| answer(nth, nth % 9, 13))),
            [],
            "it always went round"
        );
    }

    #[test]
    fn polls_and_answers_are_bounded() {
        let mut detector = Repetition::default();
        for nth in 0..3_000_u32 {
            let mut event = answer(nth.into(), nth.into(), 13);
            event.targets[0].start = nth;
            detector.observe(&event, &mut |_| {});
        }
        assert_eq!(detector.polls.len(), POLLS);
        let mut answers = Answers::default();
        let span = Span { space: Space::Coil, start: 0, count: 1 };
        (0..9_000).for_each(|nth| {
            answers.take(span, nth, u64::from(nth));
        });
        assert_eq!(answers.hashes.len(), KEPT);
        assert_eq!(answers.latest(8_999), Some(1));
        assert_eq!(answers.latest(9_000 - 2_048), Some(2_048));
        assert_eq!(answers.latest(9_000 - 2_049), None);
    }
}
