//! `events`: a device that tells of no more events.
//!
//! *Sees*: a device that is polled for events, or reports them unasked, and that has had none for longer than its
//! past allows (`events-stopped`): a view that somebody froze, reports that are kept back, an outstation that
//! lost its points. Each answer to a poll for events, and each report of some, is one observation; a quiet run is
//! so many answers without any. It is odd by chance, with the share of observations with events that the baseline
//! has, and it has to be [`LONGER`] times the longest quiet run learned. Events come in bursts, and a device whose
//! feeder is switched off has other bursts than the baseline knows: so it must have been half as lively as the
//! baseline is, over about its last thousand observations, when it fell quiet. So who falls quiet again and again
//! is told of once, and anew when it was lively for long. What it was while learning does not count for that.
//! *Blind to*: devices with few events; a quiet run that begins within a minute of a command to the device,
//! of a binary event, of a restart, or before judging did, and all others until it is half as lively as it was before: with its
//! feeder switched off, a device has less to tell.
//! *State*: for each device that told of events, at most [`CONVERSATIONS`], how lively it is, until it is silent for
//! an hour of capture time; what lasts is told once ([`Lasting`]: until an hour without).

use foldhash::HashMap;

use super::lasting::{Lasting, OVER_NS};
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Intent, Mark, Space, Stage, Target, Value};
use crate::ledger::{Ledger, Observation, Point, PointRecord, Saw};
use crate::limits::CONVERSATIONS;
use crate::surprise::{self, Context, FLOOR, real};
use crate::words::counted;

pub(crate) const NAME: &str = "events";

/// All events of a device, as a point.
const EVENTS: Point = Point { space: Space::Event, address: 0 };
/// How odd a quiet run must be by chance alone, in bits.
const QUIET_BITS: f64 = 20.0;
/// How many of the longest quiet runs learned it must last.
const LONGER: f64 = 2.0;
/// How long after a change of the process a quiet run is explained by it.
const SETTLE_NS: u64 = 60 * 1_000_000_000;
/// How much of the baseline's liveliness a device has that is judged.
const LIVELY: f64 = 0.5;
/// Observations with events that make a device known.
const ENOUGH: u64 = 20;
/// Weight of one observation in what is lively now, and in what is usual.
const NOW: f64 = 1.0 / 16.0;
const USUAL: f64 = 1.0 / 1_024.0;

/// Judges whether devices tell of events.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    devices: HashMap<Device, Stream>,
    told: Lasting<Device>,
}

/// The events of one device.
#[derive(Debug, Default)]
struct Stream {
    /// Answers without events in a row.
    quiet: u64,
    /// Share of observations with events: lately, and usually.
    now: f64,
    usual: f64,
    /// When the process last changed, and whether a quiet run that began then is explained by it.
    shifted_ns: Option<u64>,
    explained: bool,
    /// When it was last observed.
    last_ns: u64,
    /// How lively it was when that was last so, until it is half as lively again.
    before: Option<f64>,
    /// Observations so far, and what was usual when it fell quiet.
    observed: u64,
    fell_from: f64,
}

impl Detector for EventStream {
    fn go_live(&mut self) {
        // How lively a device is shows while it is judged: what somebody reported in its name while learning would
        // make it look livelier than it is.
        *self = Self::default();
    }

    fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        let device = event.conversation.device();
        let events = events(event);
        // What was usual before a long silence, or in another capture, is forgotten.
        let now_ns = event.time_ns;
        if self.devices.get(&device).is_some_and(|it| it.last_ns.abs_diff(now_ns) >= OVER_NS) {
            self.devices.remove(&device);
        }
        if !self.devices.contains_key(&device) {
            if events.is_none() || self.devices.len() >= CONVERSATIONS {
                return;
            }
            self.devices.insert(device, Stream { last_ns: now_ns, ..Stream::default() });
        }
        let Some(stream) = self.devices.get_mut(&device) else { return };
        if shifts(event) {
            stream.shifted_ns = Some(event.time_ns);
            if stream.quiet == 0 {
                stream.explain();
            }
        }
        let Some(events) = events else { return };
        stream.last_ns = now_ns;
        let eventful = events > 0.0;
        if let Some(quiet) = stream.take(eventful, event.time_ns) {
            note(Observation::OfPoint { device, point: EVENTS, saw: Saw::Stood(quiet) });
        }
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if events(event).is_none_or(|events| events > 0.0) {
            return;
        }
        let device = event.conversation.device();
        let judged = |stream: &&Stream| !stream.explained && stream.before.is_none();
        let Some(stream) = self.devices.get(&device).filter(judged) else { return };
        let Some(record) = ledger.record(&device).and_then(|record| record.point(EVENTS)) else {
            return;
        };
        let (all, none) = told(record);
        let share = real(all.saturating_sub(none)) / real(all.max(1));
        if stream.fell_from < share * LIVELY {
            return;
        }
        let quiet = real(stream.quiet);
        let Some(surprise) = surprise(record, quiet) else { return };
        if self.told.begins(device, event.time_ns) {
            found(finding(device, record, stream.quiet, surprise));
        }
    }
}

/// How many events it tells of, where that is known.
fn events(event: &Event) -> Option<f64> {
    let told = |target: &&Target| target.space == Space::Event;
    event.reported.iter().find(told).and_then(|target| match target.values.first() {
        Some(Value::Number(events)) => Some(*events),
        Some(Value::Switch(_)) | None => None,
    })
}

/// Whether the process is another after it: a command, a binary event, a restart or new settings.
fn shifts(event: &Event) -> bool {
    let binary = |target: &Target| {
        matches!(target.space, Space::BinaryInput | Space::DoubleBitInput | Space::BinaryOutput)
    };
    if event.marks.contains(Mark::Restarted) {
        return true;
    }
    match event.stage {
        Stage::Requested => {
            event.intent.commands() || !matches!(event.intent, Intent::Read | Intent::Diagnose)
        }
        // What a poll of all classes tells of a binary point is no change.
        Stage::Ended { .. } | Stage::Reported => {
            let all = |target: &Target| target.space != Space::Class || target.start == 0;
            !event.targets.iter().any(all) && event.reported.iter().any(binary)
        }
        Stage::Noticed | Stage::Attempted(_) => false,
    }
}

impl Stream {
    /// There may be less to tell from now on, until it is shown to be lively again.
    fn explain(&mut self) {
        self.before.get_or_insert(self.usual);
        (self.explained, self.now) = (true, 0.0);
    }

    /// Takes one observation; how long a quiet run is that is to be learned, unless something
    /// explains it.
    fn take(&mut self, eventful: bool, time_ns: u64) -> Option<u64> {
        let one = f64::from(u8::from(eventful));
        if self.quiet == 0 {
            self.fell_from = self.usual;
        }
        self.observed = self.observed.saturating_add(1);
        self.now += NOW * (one - self.now);
        // The mean of the first ones, until there are enough of them.
        self.usual += USUAL.max(1.0 / real(self.observed)) * (one - self.usual);
        if eventful {
            self.explained &= self.now * 2.0 < self.usual;
            self.before = self.before.filter(|before| self.now * 2.0 < *before);
            let quiet = core::mem::take(&mut self.quiet);
            return (quiet > 0 && !self.explained).then_some(quiet);
        }
        let settling = self.shifted_ns.is_some_and(|at| time_ns.saturating_sub(at) < SETTLE_NS);
        if self.quiet == 0 && settling {
            self.explain();
        }
        self.quiet = self.quiet.saturating_add(1);
        // A run that never ends counts too.
        (self.quiet.is_power_of_two() && !self.explained).then_some(self.quiet)
    }
}

/// How many messages told how many events there are, and how many told of none.
fn told(record: &PointRecord) -> (u64, u64) {
    let values = record.values();
    let none = values.count(Value::Number(0.0));
    (values.total(), none.unwrap_or_else(|| values.spread().count(0.0)))
}

/// How odd it is that so many answers in a row tell of nothing, if it is.
fn surprise(record: &PointRecord, quiet: f64) -> Option<Bits> {
    let (all, none) = told(record);
    let eventful = all.saturating_sub(none);
    if eventful < ENOUGH || quiet < real(record.stood()).max(1.0) * LONGER {
        return None;
    }
    // One more of each than was seen, so that a share is never all or nothing.
    let share = real(eventful) / (real(all) + 1.0);
    let chance = quiet * (0.0 - (1.0 - share).log2());
    let most = surprise::bits(Context { events: eventful, distinct: 1 }.novel());
    let surprise = if chance < most.0 { Bits::rounded(chance) } else { most };
    (chance >= QUIET_BITS && surprise >= FLOOR).then_some(surprise)
}

fn finding(device: Device, record: &PointRecord, quiet: u64, surprise: Bits) -> Finding {
    let (all, none) = told(record);
    Finding {
        detector: NAME,
        kind: "events-stopped",
        surprise,
        hard: false,
        actor: Some(device.server),
        about: None,
        because: format!(
            "{device} told of no event in {}; in the baseline it did in {} of {}, and was never quiet for \
             more than {}",
            counted(quiet, "answer"),
            all.saturating_sub(none),
            counted(all, "message"),
            counted(record.stood(), "answer"),
        ),
        normal_if: format!("baseline learns {EVENTS} of {device} as it is told of now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Switch;
    use crate::samples::{breaker, request};

    /// A poll for events, answered after so many of 5 s, which tells of this many.
    fn answer(nth: u64, events: u32) -> Event {
        let poll = breaker(Switch::Nul, Intent::Read, 1, "Read");
        let target = |space, start, values| Target { space, start, count: 1, values };
        Event {
            time_ns: poll.time_ns + nth * 5_000_000_000,
            stage: Stage::Ended { outcome: crate::event::Outcome::Done, after_ns: 1 },
            targets: vec![target(Space::Class, 1, Vec::new())],
            reported: vec![target(Space::Event, 0, vec![Value::Number(f64::from(events))])],
            ..poll
        }
    }

    /// Tells of events in every second answer or so, and has them stopped for so many.
    fn stopped(before: &[Event], answers: u64) -> Vec<Finding> {
        let (mut ledger, mut detector) = (Ledger::default(), EventStream::default());
        let mut findings = Vec::new();
        for nth in 0..2_000 {
            let event = answer(nth, u32::from(nth * nth % 7 < 3));
            detector.observe(&event, &mut |seen| ledger.note(&seen));
            ledger.learn(&Event { stage: Stage::Requested, ..event.clone() });
            ledger.learn(&event);
        }
        let quiet = (2_000..2_000 + answers).map(|nth| answer(nth, 0));
        for event in before.iter().cloned().chain(quiet) {
            detector.observe(&event, &mut |_| {});
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn a_device_that_tells_of_no_more_events_is_found_in_a_few_minutes_and_once() {
        let findings = stopped(&[], 300);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.actor), ("events-stopped", Some([10, 0, 0, 20].into())));
        assert!(finding.surprise.0 > 9.0, "{finding:?}");
        assert!(finding.because.contains("told of no event in"), "{finding:?}");
        assert_eq!(stopped(&[], 8), [], "not at once");
    }

    #[test]
    fn with_its_feeder_switched_off_it_has_less_to_tell() {
        let trip = breaker(Switch::Trip, Intent::Operate, 4, "Operate");
        let trip = Event { time_ns: answer(2_000, 0).time_ns, ..trip };
        assert_eq!(stopped(&[answer(1_999, 1), trip], 300), []);
    }

    #[test]
    fn who_has_less_to_tell_since_hours_falls_quiet_again_and_again_and_is_told_of_once() {
        let bursts = |from: u64| {
            (from..from + 20_000).map(move |nth| answer(nth, u32::from((nth - from) % 200 >= 190)))
        };
        let mut findings = stopped(&bursts(2_000).collect::<Vec<_>>(), 0);
        assert_eq!(findings.len(), 1, "{findings:?}");
        let lively = (22_000..25_000).map(|nth| answer(nth, u32::from(nth * nth % 7 < 3)));
        let again: Vec<_> = bursts(2_000).chain(lively).chain(bursts(25_000)).collect();
        findings = stopped(&again, 0);
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn a_command_explains_nothing_of_a_silence_that_began_before() {
        let trip = breaker(Switch::Trip, Intent::Operate, 4, "Operate");
        let trip = Event { time_ns: answer(1_995, 0).time_ns, ..trip };
        let quiet: Vec<_> = (1_990..1_995).map(|nth| answer(nth, 0)).chain([trip]).collect();
        assert_eq!(stopped(&quiet, 300).len(), 1);
    }

    #[test]
    fn quiet_runs_that_a_command_explains_are_not_learned_whatever_is_told_between() {
        let trip = breaker(Switch::Trip, Intent::Operate, 4, "Operate");
        let learned = |trip: Option<Event>| {
            let (mut detector, mut longest) = (EventStream::default(), 0);
            let lively = (0..2_000).map(|nth| answer(nth, u32::from(nth * nth % 7 < 3)));
            let seldom = (2_000..2_200).map(|nth| answer(nth, u32::from(nth % 50 == 49)));
            for event in lively.chain(trip).chain(seldom) {
                detector.observe(&event, &mut |seen| match seen {
                    Observation::OfPoint { saw: Saw::Stood(quiet), .. } => {
                        longest = quiet.max(longest);
                    }
                    Observation::OfPoint { .. } | Observation::AtOnce { .. } => {
                        panic!("{seen:?}")
                    }
                });
            }
            longest
        };
        assert_eq!(learned(None), 49);
        let trip = Event { time_ns: answer(1_999, 0).time_ns, ..trip };
        assert!(learned(Some(trip)) < 10, "{}", learned(None));
    }

    #[test]
    fn what_tells_of_no_events_is_not_watched() {
        let mut detector = EventStream::default();
        detector.observe(&request(5, 9), &mut |seen| panic!("{seen:?}"));
        assert!(detector.devices.is_empty());
    }
}
