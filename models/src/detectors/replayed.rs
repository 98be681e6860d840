//! `replayed`: answers that are those of before, one after the other.
//!
//! *Sees*: a device whose answers to a read repeat, octet for octet of their values and at one and the same
//! distance in time, what it answered before (`replayed-view`): who shows recorded answers cannot show other noise than
//! was recorded. How odd a repetition is, is learned for each read while the detector runs: how often an
//! answer was met before at all, and how often the next one was then met at the same distance; what goes on
//! repeating itself, stands still or has few values is soon known for that.
//! *Blind to*: a record older than the answers that are remembered (hours, on a large site), or from before the
//! sensor was started; one that is played at another pace, or changed; points without noise; DNP3 polls of
//! events, which tell of changes only (their times give a replay away: `time-skew`).
//! *State*: for each read of a device its rates and the run that goes on, at most 16,384 reads; the digests of about
//! one answer a minute of each, the newest 262,144 of all. Which are kept follows from the digest, so that what
//! was kept of a record is met again.

use std::collections::VecDeque;

use foldhash::HashMap;

use super::lasting::Lasting;
use super::reading::is_sampled;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Space, Stage, Value};
use crate::ledger::{Ledger, Observation};
use crate::surprise::{self, Context, STRENGTH, real};
use crate::words::counted;

pub(crate) const NAME: &str = "replayed";

/// Reads of which something is known; beyond, all is forgotten.
const SERIES: usize = 16_384;
/// Answers remembered in all.
const KEPT: usize = 262_144;
/// About so often an answer of a read is remembered.
const EVERY_NS: u64 = 60 * 1_000_000_000;
/// Answers that are nearer to each other say that something stands still, not that it is repeated.
const NEAR_NS: u64 = 5 * EVERY_NS;
/// Remembered answers of a read that make its habits known, and answers in a row that make a run.
const ENOUGH: u64 = 100;
const RUN: u64 = 3;
/// How odd a run must be by chance alone, in bits: with a million answers a day, once in three years.
const RUN_BITS: f64 = 30.0;

/// Judges whether answers were given before.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    series: HashMap<(Device, u64), Series>,
    /// When an answer was given last; its digest is that of the read as well.
    kept: HashMap<u64, u64>,
    /// The digests of `kept` with the times they were kept at, oldest first.
    order: VecDeque<(u64, u64)>,
    /// What the last event shows.
    odd: Option<Odd>,
    told: Lasting<(Device, u64)>,
}

/// The answers to one read.
#[derive(Clone, Copy, Debug, Default)]
struct Series {
    last_ns: u64,
    /// The usual time from one answer to the next, and how many bits of a digest are 0 where it is kept.
    period_ns: u64,
    thin: Option<u32>,
    /// Answers looked at, those of them that were met before, and those that were at the distance of the one before.
    looked: u64,
    met: u64,
    followed: u64,
    /// The run that goes on: its distance, its answers, how odd they are.
    distance_ns: u64,
    run: u64,
    bits: f64,
}

#[derive(Clone, Copy, Debug)]
struct Odd {
    read: u64,
    series: Series,
}

impl Detector for Replayed {
    fn observe(&mut self, event: &Event, _: &mut dyn FnMut(Observation)) {
        self.odd = None;
        let ended = matches!(event.stage, Stage::Ended { .. });
        if !ended || !event.tells_values() || !is_sampled(event) {
            return;
        }
        let read = digest_of_read(event);
        let key = (event.conversation.device(), read);
        if self.series.len() >= SERIES && !self.series.contains_key(&key) {
            self.series.clear();
        }
        let series = self.series.entry(key).or_default();
        let answer = digest_of_answer(event, read);
        if !series.keeps(event.time_ns, answer) {
            return;
        }
        let before_ns = self.kept.insert(answer, event.time_ns);
        self.order.push_back((answer, event.time_ns));
        if series.take(event.time_ns, before_ns) {
            self.odd = Some(Odd { read, series: *series });
        }
        while self.order.len() > KEPT {
            let Some((answer, at_ns)) = self.order.pop_front() else { break };
            if self.kept.get(&answer) == Some(&at_ns) {
                self.kept.remove(&answer);
            }
        }
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let Some(Odd { read, series }) = self.odd.take() else { return };
        let device = event.conversation.device();
        if ledger.device(&device).is_none() || !self.told.begins((device, read), event.time_ns) {
            return;
        }
        let chance = Bits::rounded(series.bits);
        let never = surprise::bits(Context { events: series.looked, distinct: 1 }.novel());
        found(Finding {
            detector: NAME,
            kind: "replayed-view",
            surprise: if chance < never { chance } else { never },
            hard: false,
            actor: Some(device.server),
            about: None,
            because: format!(
                "{device} gives the answers that it gave {} seconds before, in a row: {} of those that are compared, \
                 about one a minute; of {} before, {} had been given before, and {} of these after another at the same \
                 distance",
                series.distance_ns / 1_000_000_000,
                counted(series.run, "answer"),
                counted(series.looked, "answer"),
                series.met,
                series.followed,
            ),
            normal_if: format!("{device} repeats its answers while the sensor learns"),
        });
    }
}

impl Series {
    /// Notes an answer, and says whether its digest is one of those that are kept.
    fn keeps(&mut self, time_ns: u64, answer: u64) -> bool {
        if self.last_ns > 0 {
            let gap = time_ns.abs_diff(self.last_ns).min(EVERY_NS);
            let usual = self.period_ns;
            self.period_ns = if usual == 0 { gap } else { usual - usual / 16 + gap / 16 };
        }
        self.last_ns = time_ns;
        // Fixed once the period is known: what was kept must be met again.
        if self.thin.is_none() && self.looked >= ENOUGH {
            self.thin = Some((EVERY_NS / self.period_ns.max(1)).max(1).ilog2());
        }
        answer.trailing_zeros() >= self.thin.unwrap_or(0)
    }

    /// Takes an answer that is kept and was given at `before_ns`, if it was, and says whether it is one of a run
    /// that is odd.
    fn take(&mut self, time_ns: u64, before_ns: Option<u64>) -> bool {
        let distance_ns = before_ns.map(|before| time_ns.abs_diff(before));
        let margin = self.period_ns.saturating_mul(2);
        let Some(distance_ns) = distance_ns else {
            self.end_run();
            self.looked = self.looked.saturating_add(1);
            return false;
        };
        let goes_on = self.run > 0 && distance_ns.abs_diff(self.distance_ns) <= margin;
        if !goes_on {
            self.end_run();
        }
        let again = (real(self.met) + STRENGTH) / (real(self.looked) + 2.0 * STRENGTH);
        // Of what follows another, little is known where little was ever met: then as much as of any.
        let after = (real(self.followed) + again) / (real(self.met) + STRENGTH);
        let chance = if goes_on { after.max(again) } else { again };
        self.bits -= chance.log2();
        (self.run, self.distance_ns) = (self.run.saturating_add(1), distance_ns);
        let known = self.looked >= ENOUGH && distance_ns >= NEAR_NS;
        known && self.run >= RUN && self.bits >= RUN_BITS
    }

    /// What was met is counted when it is over, so that a run does not explain itself.
    fn end_run(&mut self) {
        self.looked = self.looked.saturating_add(self.run);
        self.met = self.met.saturating_add(self.run);
        self.followed = self.followed.saturating_add(self.run.saturating_sub(1));
        (self.run, self.bits) = (0, 0.0);
    }
}

/// What is read.
fn digest_of_read(event: &Event) -> u64 {
    let function = u64::from(event.function.code);
    event.targets.iter().fold(mixed(1, function), |digest, target| {
        let place = mixed(digest, target.space as u64);
        mixed(mixed(place, u64::from(target.start)), u64::from(target.count))
    })
}

/// Who answers what with which values: times and numbers of events are left out.
fn digest_of_answer(event: &Event, read: u64) -> u64 {
    let device = event.conversation.device();
    let address = match device.server {
        std::net::IpAddr::V4(address) => u128::from(address.to_bits()),
        std::net::IpAddr::V6(address) => address.to_bits(),
    };
    let halves = address.to_le_bytes();
    let address = halves.iter().fold(read, |digest, octet| mixed(digest, u64::from(*octet)));
    let points = event.reported.iter();
    let points = points.filter(|it| !matches!(it.space, Space::Time | Space::Event));
    points.fold(mixed(address, u64::from(device.unit)), |digest, target| {
        let place = mixed(mixed(digest, target.space as u64), u64::from(target.start));
        target.values.iter().fold(place, |digest, value| match value {
            Value::Number(number) => mixed(digest, number.to_bits()),
            Value::Switch(_) => mixed(digest, 0),
        })
    })
}

/// One number more in a digest, the same on every machine (the finalizer of splitmix64).
const fn mixed(digest: u64, number: u64) -> u64 {
    let sum = (digest ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Outcome, Target};
    use crate::samples::{START_NS, ended, learned, request};

    /// Answers every ten seconds, each with the values of this tick.
    fn found(ticks: impl Iterator<Item = u64>, values: impl Fn(u64) -> Vec<f64>) -> Vec<Finding> {
        let ledger = learned([request(5, 21)]);
        let (mut detector, mut findings) = (Replayed::default(), Vec::new());
        for (nth, tick) in (0_u64..).zip(ticks) {
            let values = values(tick).into_iter().map(Value::Number).collect();
            let target = Target { space: Space::HoldingRegister, start: 0, count: 10, values };
            let mut event = ended(request(5, 21), Outcome::Done);
            event.time_ns = START_NS + nth * 10_000_000_000;
            event.reported = vec![target];
            detector.observe(&event, &mut |_| {});
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    /// Ten registers with noise of nine steps each.
    fn noisy(tick: u64) -> Vec<f64> {
        (0..10).map(|point| real(mixed(tick, point) % 9)).collect()
    }

    #[test]
    fn answers_of_three_quarters_of_an_hour_ago_are_found_once() {
        let replayed = (0..5_000).chain(4_730..4_850).chain(5_120..6_000);
        let findings = found(replayed, noisy);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.hard), ("replayed-view", false));
        assert!(finding.surprise.0 >= 8.0, "{finding:?}");
        assert!(
            finding.because.contains("gave 2700 seconds before, in a row: 3 answers"),
            "{finding:?}"
        );
    }

    #[test]
    fn answers_with_other_noise_and_those_that_stand_still_are_no_replay() {
        assert_eq!(found(0..6_000, noisy), []);
        assert_eq!(found(0..6_000, |tick| noisy(tick / 2_000)), []);
        // The values of before, in another order or with one that differs.
        let bent = |tick: u64| {
            let mut values = noisy(if tick < 5_000 { tick } else { tick - 270 });
            if tick >= 5_000 {
                values[0] += 1.0;
            }
            values
        };
        assert_eq!(found(0..5_100, bent), []);
    }

    #[test]
    fn few_values_and_what_always_repeats_itself_are_known_for_that() {
        assert_eq!(found(0..6_000, |tick| vec![real(mixed(tick, 0) % 9)]), []);
        let findings = found(0..20_000, |tick| noisy(tick % 700));
        assert!(findings.len() <= 1, "{findings:?}");
        // A process without noise that goes up and down.
        assert!(found(0..20_000, |tick| vec![real((tick % 90).abs_diff(45))]).is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut detector = Replayed::default();
        for tick in 0..2 * KEPT {
            let values = vec![Value::Number(real(u64::try_from(tick).unwrap()))];
            let target = Target { space: Space::HoldingRegister, start: 0, count: 1, values };
            let mut event = ended(request(5, 21), Outcome::Done);
            event.targets[0].start = u32::try_from(tick).unwrap();
            event.reported = vec![target];
            detector.observe(&event, &mut |_| {});
        }
        assert!(detector.kept.len() <= KEPT && detector.order.len() <= KEPT);
        assert!(detector.series.len() <= SERIES);
    }
}
