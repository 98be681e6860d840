//! `reading`: what devices report of their points, against what they always did.
//!
//! *Sees*, of analog points: values beyond the learned range by more than a step
//! (`reading-out-of-range`), steps larger than any learned (`reading-jump`: from what was told last, by a poll or
//! an event; steps within a minute of what explains them are not learned; of one that an event tells, the device's next
//! message may still explain it), averages of ten minutes
//! that stay in the range and keep to one side of the learned mean (`reading-drift`: a two-sided CUSUM), points that stand
//! still for longer than chance and their past allow (`reading-frozen`; at least three points and
//! half of a response at once: `frozen-view`). Of counters: going back (`counter-back`), stopping
//! (`reading-frozen`). Of points with few values: another one (`new-reading`). Of a device: event
//! times that leave the run of its clock (`time-skew`: a recording that is shown again with its times), against what
//! its clock, and those of the other devices, were beside the capture while this detector ran. A range, a drift and
//! a new value are judged by the ten-minute segments of the baseline, as reports that follow each other say the same
//! thing; the rest by its reports.
//! *Blind to*: binary points, whose changes are no alarm; jumps, ranges and new values within a minute of a command
//! to the device or to all devices behind its address, of a switch that seldom moves (of others, six times an
//! hour), of a restart, of a silence; a counter that starts again near 0; analog points that rest at 0, as what is
//! switched off does; a jump told by the last event before a device falls silent; events that waited while the
//! device was silent; whoever repeats the noise of the past.
//! *State*: a matrix of points x statistics for each device, with rows for the points of the ledger (at
//! most 10,000 a device and 100,000 in all; those beyond are counted by the ledger and not judged),
//! and the run of its clock. What lasts is told once ([`Lasting`]: until an hour of capture time without).

mod clock;
mod look;
mod oddity;
mod table;

use std::net::IpAddr;

use foldhash::HashMap;

use self::clock::Clock;
use self::look::{Binary, Look};
use self::oddity::Odd;
use self::table::{Row, Table, is_binary};
use super::lasting::Lasting;
use crate::detector::{Detector, Finding};
use crate::event::{
    Conversation, Device, Event, Intent, Mark, Outcome, Protocol, Space, Stage, Target, Value,
};
use crate::ledger::{Ledger, Observation, Point, SEGMENT_NS, Saw};
use crate::limits::{CONVERSATIONS, REPORTED};
use crate::surprise::real;

pub(crate) const NAME: &str = "reading";

const SECOND_NS: u64 = 1_000_000_000;
/// How long a command or a switch explains jumps.
const SETTLE_NS: u64 = 60 * SECOND_NS;
/// Moves of binary points that explain something, of which it is not known how seldom they move: so many in a row,
/// and one more each ten minutes. So what chatters hides a tenth of the time at most.
const FLIPS: f64 = 4.0;
const FLIP_NS: u64 = 10 * SETTLE_NS;
/// A silence: longer than this, and than so many of the longest usual gaps.
const SILENCE_NS: u64 = 5 * SECOND_NS;
const SILENCE_GAPS: u64 = 8;
/// Deviations from the mean that are no drift (the top of a day's curve has 1.4 of its own), and the
/// sum of what is beyond, over segments, that is.
const SLACK: f64 = 1.5;
const DRIFT: f64 = 12.0;
/// Segments of a day: with fewer learned, the mean is that of a time of day.
const DAY: u64 = 144;

/// Judges what devices report.
#[derive(Debug, Default)]
pub(crate) struct OddReading {
    devices: HashMap<Device, Reports>,
    /// When all devices behind an address were last commanded at once.
    to_all_ns: HashMap<(Protocol, IpAddr), u64>,
    /// Points of devices whose rows are not yet those of the ledger.
    unlearned: usize,
    /// Acts of the ledger when the last request was judged: with more, it is learning.
    acts: Option<u64>,
    /// What the last event that was taken note of shows.
    odd: Vec<Odd>,
    told: Lasting<(Device, Option<Point>, &'static str)>,
}

/// What one device reported.
#[derive(Debug, Default)]
struct Reports {
    table: Table,
    clock: Clock,
    /// When it last said anything, and the longest usual gap between that.
    heard_ns: u64,
    gap_ns: u64,
    /// When something last made the process change: a command, a switch that moved.
    shifted_ns: Option<u64>,
    /// When it last spoke again after a silence. That explains what is judged; what is learned from then on are steps from
    /// what it said since, as at the beginning of a capture.
    resumed_ns: Option<u64>,
    /// When a binary point last moved of which it is not known how seldom it does, and how many more moves explain
    /// something.
    flipped_ns: u64,
    flips_left: f64,
    segment: u64,
    /// A jump that an event told of, until the device speaks again: of what one switch does, the values may be told
    /// before the switch.
    held: Option<Box<Finding>>,
}

impl Detector for OddReading {
    fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        self.odd.clear();
        let device = event.conversation.device();
        if event.stage == Stage::Requested || !event.tells_values() {
            if commands_all(event) {
                // A gateway may pass it on to all units behind it.
                if self.to_all_ns.len() >= CONVERSATIONS {
                    self.to_all_ns.clear();
                }
                self.to_all_ns.insert((device.protocol, device.server), event.time_ns);
            }
            if let Some(reports) = self.devices.get_mut(&device) {
                reports.take_request(event);
            }
            return;
        }
        if self.devices.len() >= CONVERSATIONS && !self.devices.contains_key(&device) {
            return;
        }
        let reports = self.devices.entry(device).or_default();
        let to_all_ns = self.to_all_ns.get(&(device.protocol, device.server)).copied();
        if !reports.is_shifted(event.time_ns) {
            reports.shifted_ns = to_all_ns.or(reports.shifted_ns);
        }
        let mut room = REPORTED.saturating_sub(self.unlearned);
        let before = room;
        reports.take(event, &mut room, &mut self.odd, &mut |point, saw| {
            note(Observation::OfPoint { device, point, saw });
        });
        self.unlearned = self.unlearned.saturating_add(before.saturating_sub(room));
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let acts = ledger.counts().acts;
        if event.stage == Stage::Requested {
            self.acts = Some(acts);
            return;
        }
        let device = event.conversation.device();
        let speaks = match event.stage {
            Stage::Ended { outcome, .. } => outcome != Outcome::Unanswered,
            Stage::Reported => true,
            Stage::Requested | Stage::Noticed | Stage::Attempted(_) => false,
        };
        if speaks
            && let Some(reports) = self.devices.get_mut(&device)
            && let Some(held) = reports.held.take()
        {
            found(*held);
        }
        if !event.tells_values() {
            return;
        }
        if self.acts.is_some_and(|asked| asked != acts) {
            // What is learned now is judged when all is learned.
            self.devices.values_mut().for_each(|reports| reports.table.learned = false);
            return;
        }
        let Some(reports) = self.devices.get_mut(&device) else { return };
        if !reports.table.learned {
            self.unlearned = self.unlearned.saturating_sub(reports.table.len());
            reports.table.learn(ledger.record(&device));
            return;
        }
        let shifted = reports.is_shifted(event.time_ns) || reports.is_back(event.time_ns);
        if self.odd.iter().any(|odd| matches!(odd, Odd::Clock(_))) {
            self.count_clocks(&device);
        }
        let Self { odd, told, .. } = self;
        let begins = |odd: Odd, kind| {
            let begins = told.begins((device, odd.point(), kind), event.time_ns);
            // What a switch explains is known from then on.
            begins && !(shifted && odd.is_shift())
        };
        let Some(finding) = oddity::oddest(ledger, event, odd, begins) else { return };
        if finding.kind == oddity::JUMP && !look::is_sampled(event) {
            let about = Some(Box::new(event.kept()));
            if let Some(reports) = self.devices.get_mut(&device) {
                reports.held = Some(Box::new(Finding { about, ..finding }));
            }
        } else {
            found(finding);
        }
    }
}

impl OddReading {
    /// Has what a clock did judged by the other clocks too: how many there are, and of how many the same is known.
    fn count_clocks(&mut self, device: &Device) {
        let others = self.devices.iter().filter(|(other, _)| *other != device);
        let known = others.map(|(_, reports)| &reports.clock).filter(|clock| clock.is_known());
        let (clocks, jumped) = known.fold((0_u64, 0_u64), |(clocks, jumped), clock| {
            (clocks.saturating_add(1), jumped.saturating_add(u64::from(clock.jumped)))
        });
        for odd in &mut self.odd {
            if let Odd::Clock(skew) = odd {
                (skew.others, skew.others_jumped) = (clocks, jumped);
            }
        }
    }
}

/// Whether it commands all devices behind an address: unit 0 of Modbus, the broadcast addresses of DNP3.
fn commands_all(event: &Event) -> bool {
    let Conversation { protocol, unit, .. } = event.conversation;
    let all = event.broadcast || protocol == Protocol::Modbus && unit == 0;
    all && event.stage == Stage::Requested
        && matches!(event.intent, Intent::Write | Intent::Operate)
}

impl Reports {
    /// Notes what a request or an event without values does to what comes next.
    fn take_request(&mut self, event: &Event) {
        if matches!(event.stage, Stage::Ended { outcome: Outcome::Done, .. }) {
            self.listen(event.time_ns);
        }
        match event.intent {
            Intent::Write | Intent::Operate | Intent::Freeze => {
                self.shifted_ns = Some(event.time_ns);
            }
            Intent::SetTime => {
                let told = event.targets.iter().filter(|target| target.space == Space::Time);
                let told = told.flat_map(|target| &target.values).next();
                self.clock.set(told.copied(), real(event.time_ns / 1_000_000));
            }
            Intent::Restart
            | Intent::Configure
            | Intent::Mute
            | Intent::Unmute
            | Intent::StoreFile
            | Intent::Program => {
                self.start_again(event.time_ns);
            }
            Intent::Read
            | Intent::Diagnose
            | Intent::Select
            | Intent::File
            | Intent::Authenticate
            | Intent::Session
            | Intent::Report
            | Intent::Unknown => {}
        }
        if event.marks.contains(Mark::Restarted) {
            self.start_again(event.time_ns);
        }
    }

    fn start_again(&mut self, time_ns: u64) {
        self.table.lose_sight();
        self.clock = Clock::default();
        self.shifted_ns = Some(time_ns);
    }

    fn is_shifted(&self, time_ns: u64) -> bool {
        self.shifted_ns.is_some_and(|at| time_ns.abs_diff(at) < SETTLE_NS)
    }

    fn is_back(&self, time_ns: u64) -> bool {
        self.resumed_ns.is_some_and(|at| time_ns.abs_diff(at) < SETTLE_NS)
    }

    fn take(
        &mut self,
        event: &Event,
        room: &mut usize,
        odd: &mut Vec<Odd>,
        note: &mut dyn FnMut(Point, Saw),
    ) {
        if event.marks.contains(Mark::Restarted) {
            self.start_again(event.time_ns);
        }
        let waited_ms = self.listen(event.time_ns);
        self.end_segment(event.time_ns, odd);
        let mut look = Look::new(event, odd);
        // Switches first: what they explain may stand beside them.
        for binary in [true, false] {
            look.shifted = self.is_shifted(event.time_ns);
            let is_point = |target: &&Target| {
                !matches!(target.space, Space::Time | Space::Event)
                    && is_binary(target.space) == binary
            };
            for target in event.reported.iter().filter(is_point) {
                let number = |value: &Value| match value {
                    Value::Number(number) => *number,
                    Value::Switch(_) => f64::NAN,
                };
                let values = target.values.iter().map(number);
                let mut visit = |point, mut row: Row<'_>, value: f64| {
                    if value.is_finite() {
                        look.at(point, &mut row, value, note);
                    }
                };
                self.table.walk((target.space, target.start), values, room, &mut visit);
            }
            let shifts = match look.binary {
                Binary::Flipped if binary => self.flips(event.time_ns),
                Binary::Still | Binary::Flipped => false,
                Binary::Switched => binary,
            };
            if shifts {
                self.shifted_ns = Some(event.time_ns);
                self.held = None;
            }
        }
        look.together();
        let clocks = event.reported.iter().filter(|target| target.space == Space::Time);
        for value in clocks.flat_map(|target| &target.values) {
            let Value::Number(clock_ms) = value else { continue };
            let capture_ms = real(event.time_ns / 1_000_000);
            odd.extend(self.clock.take(*clock_ms, capture_ms, waited_ms).map(Odd::Clock));
        }
    }

    /// Whether a binary point that moves explains what else does: not if too many did of late.
    fn flips(&mut self, time_ns: u64) -> bool {
        let rested = real(time_ns.abs_diff(self.flipped_ns)) / real(FLIP_NS);
        self.flipped_ns = time_ns;
        self.flips_left = (self.flips_left + rested).min(FLIPS);
        let explains = self.flips_left >= 1.0;
        if explains {
            self.flips_left -= 1.0;
        }
        explains
    }

    /// Notes that it speaks, be it to say that there is nothing; after a silence nothing is a step from before. For
    /// how long it said nothing, in milliseconds: its events may have waited so long.
    fn listen(&mut self, time_ns: u64) -> f64 {
        let gap = time_ns.saturating_sub(self.heard_ns);
        if self.heard_ns == 0 {
            self.heard_ns = time_ns;
            return 0.0;
        }
        let silence = SILENCE_NS.max(self.gap_ns.saturating_mul(SILENCE_GAPS));
        if gap > silence && self.gap_ns > 0 {
            self.table.lose_sight();
            self.resumed_ns = Some(time_ns);
        }
        // The longest gap fades, so that bursts do not hide the pauses between them.
        let faded = self.gap_ns - self.gap_ns / 64;
        self.gap_ns = faded.max(gap.min(silence));
        self.heard_ns = time_ns;
        real(gap / 1_000_000)
    }

    fn end_segment(&mut self, time_ns: u64, odd: &mut Vec<Odd>) {
        let segment = time_ns / SEGMENT_NS;
        if self.segment != segment && self.table.learned {
            let found = &mut |point, z| odd.push(Odd::Drift { point, z });
            self.table.end_segment(SLACK, DRIFT, found);
        }
        self.segment = segment;
    }
}

#[cfg(test)]
mod tests;
