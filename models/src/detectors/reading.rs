//! `reading`: what devices report of their points, against what they always did.
//!
//! *Sees*, of analog points: values beyond the learned range by more than a step
//! (`reading-out-of-range`), steps larger than any learned (`reading-jump`), averages of ten minutes
//! that stay in the range and keep to one side of the learned mean (`reading-drift`: a two-sided CUSUM), points that stand
//! still for longer than chance and their past allow (`reading-frozen`; at least three points and
//! half of a response at once: `frozen-view`). Of counters: going back (`counter-back`), stopping
//! (`reading-frozen`). Of points with few values: another one (`new-reading`). Of a device: event
//! times that leave the run of its clock (`time-skew`), against what its clock was beside the capture
//! while this detector ran. A range, a drift and a new value are judged by the ten-minute segments of
//! the baseline, as reports that follow each other say the same thing; the rest by its reports.
//! *Blind to*: binary points, whose changes are no alarm; jumps, ranges and new values within a minute of a command
//! to the device, of a switch that seldom moves, of a restart, of a silence; a
//! counter that starts again near 0; analog points that rest at 0, as what is switched off does;
//! DNP3 events, as steps (they come when something changed); whoever repeats the noise of the past.
//! *State*: a matrix of points x statistics for each device, with rows for the points of the ledger (at
//! most 10,000 a device and 100,000 in all; those beyond are counted by the ledger and not judged),
//! and the run of its clock. What lasts is told once ([`Lasting`]: until an hour of capture time without).

mod clock;
mod oddity;
mod table;

use foldhash::HashMap;

use self::clock::Clock;
use self::oddity::Odd;
use self::table::{Kind, Row, Table};
use super::lasting::Lasting;
use crate::detector::{Detector, Finding};
use crate::event::{Device, Event, Intent, Mark, Protocol, Space, Stage, Target, Value};
use crate::ledger::{Ledger, Observation, Point, SEGMENT_NS, Saw};
use crate::limits::{CONVERSATIONS, REPORTED};
use crate::surprise::real;

pub(crate) const NAME: &str = "reading";

const SECOND_NS: u64 = 1_000_000_000;
/// How long a command or a switch explains jumps.
const SETTLE_NS: u64 = 60 * SECOND_NS;
/// A silence: longer than this, and than so many of the longest usual gaps.
const SILENCE_NS: u64 = 5 * SECOND_NS;
const SILENCE_GAPS: u64 = 8;
/// A step so many times the greatest learned is a jump.
const JUMP: f64 = 1.5;
/// How odd a standstill must be by chance alone, in bits.
const STILL_BITS: f64 = 20.0;
/// How many of the longest standstills learned one must last: of one point, of many at once.
const ALONE: f64 = 4.0;
const TOGETHER: f64 = 1.5;
/// Points that stand still together, at least.
const VIEW: usize = 3;
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
    /// When it last reported, and the longest usual gap between reports.
    heard_ns: u64,
    gap_ns: u64,
    /// When something last made the process change: a command, a switch that moved.
    shifted_ns: Option<u64>,
    segment: u64,
}

impl Detector for OddReading {
    fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        self.odd.clear();
        let device = event.conversation.device();
        if event.stage == Stage::Requested || !event.tells_values() {
            if let Some(reports) = self.devices.get_mut(&device) {
                reports.take_request(event);
            }
            return;
        }
        if self.devices.len() >= CONVERSATIONS && !self.devices.contains_key(&device) {
            return;
        }
        let reports = self.devices.entry(device).or_default();
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
        if !event.tells_values() {
            return;
        }
        if self.acts.is_some_and(|asked| asked != acts) {
            // What is learned now is judged when all is learned.
            self.devices.values_mut().for_each(|reports| reports.table.learned = false);
            return;
        }
        let device = event.conversation.device();
        let Some(reports) = self.devices.get_mut(&device) else { return };
        if !reports.table.learned {
            self.unlearned = self.unlearned.saturating_sub(reports.table.len());
            reports.table.learn(ledger.record(&device));
            return;
        }
        let shifted = reports.is_shifted(event.time_ns);
        let Self { odd, told, .. } = self;
        let begins = |odd: Odd, kind| {
            let begins = told.begins((device, odd.point(), kind), event.time_ns);
            // What a switch explains is known from then on.
            begins && !(shifted && odd.is_shift())
        };
        if let Some(finding) = oddity::oddest(ledger, event, odd, begins) {
            found(finding);
        }
    }
}

impl Reports {
    /// Notes what a request or an event without values does to what comes next.
    fn take_request(&mut self, event: &Event) {
        match event.intent {
            Intent::Write | Intent::Operate | Intent::Freeze => {
                self.shifted_ns = Some(event.time_ns);
            }
            Intent::SetTime => self.clock = Clock::default(),
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
        self.listen(event.time_ns);
        self.end_segment(event.time_ns, odd);
        let sampled = is_sampled(event);
        let mut look = Look { sampled, odd, shifts: false, lively: 0, still: 0, stillest: None };
        let is_point = |target: &&Target| !matches!(target.space, Space::Time | Space::Event);
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
        look.together();
        if look.shifts {
            self.shifted_ns = Some(event.time_ns);
        }
        let clocks = event.reported.iter().filter(|target| target.space == Space::Time);
        for value in clocks.flat_map(|target| &target.values) {
            let Value::Number(clock_ms) = value else { continue };
            let capture_ms = real(event.time_ns / 1_000_000);
            odd.extend(self.clock.take(*clock_ms, capture_ms).map(Odd::Clock));
        }
    }

    /// Notes that it speaks; after a silence nothing is a step from before.
    fn listen(&mut self, time_ns: u64) {
        let gap = time_ns.saturating_sub(self.heard_ns);
        if self.heard_ns > 0 {
            let silence = SILENCE_NS.max(self.gap_ns.saturating_mul(SILENCE_GAPS));
            if gap > silence && self.gap_ns > 0 {
                self.table.lose_sight();
                self.shifted_ns = Some(time_ns);
            }
            // The longest gap fades, so that bursts do not hide the pauses between them.
            let faded = self.gap_ns - self.gap_ns / 64;
            self.gap_ns = faded.max(gap.min(silence));
        }
        self.heard_ns = time_ns;
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

/// Whether it says how points are, changed or not: an answer to a read by address or of DNP3's
/// class 0. Of events it is known beforehand that something changed.
fn is_sampled(event: &Event) -> bool {
    let by_state =
        event.targets.iter().any(|target| target.space != Space::Class || target.start == 0);
    let ended = matches!(event.stage, Stage::Ended { .. });
    ended && (event.conversation.protocol == Protocol::Modbus || by_state)
}

/// One response looked at.
struct Look<'a> {
    sampled: bool,
    odd: &'a mut Vec<Odd>,
    /// Whether a switch that seldom moves did.
    shifts: bool,
    /// Points that change now and then, those of them that stand still for too long, and one of them.
    lively: usize,
    still: usize,
    stillest: Option<Point>,
}

impl Look<'_> {
    fn at(
        &mut self,
        point: Point,
        row: &mut Row<'_>,
        value: f64,
        note: &mut dyn FnMut(Point, Saw),
    ) {
        let was = if self.sampled { core::mem::replace(row.last, value) } else { f64::NAN };
        let step = (value - was).abs();
        let moved = step > 0.0;
        if moved {
            if *row.stood > 0.0 {
                note(point, Saw::Stood(whole(*row.stood)));
            }
            *row.stood = 0.0;
        } else if step <= 0.0 {
            *row.stood += 1.0;
            // One that never ends counts too.
            if whole(*row.stood).is_power_of_two() {
                note(point, Saw::Stood(whole(*row.stood)));
            }
        }
        if step.is_finite() {
            note(point, Saw::Step(step));
        }
        match row.kind {
            Kind::Unknown => {}
            Kind::Switch => self.shifts |= moved,
            Kind::Enumerated => {
                let (low, high) = row.range;
                // The next value of what goes step by step is no news.
                let beyond = (low - value).max(value - high);
                if (moved || was.is_nan()) && (beyond <= 0.0 || beyond > row.step) {
                    self.odd.push(Odd::Other { point, value });
                }
            }
            Kind::Counter => {
                if value < was && !starts_again(was, value, row.step) {
                    self.odd.push(Odd::Back { point, was, value });
                }
                self.stands(point, row, value);
            }
            Kind::Analog => {
                *row.sum += value;
                *row.count += 1.0;
                let (low, high) = row.range;
                if (low - value).max(value - high) > row.step {
                    self.odd.push(Odd::Range { point, value });
                }
                if step > row.step * JUMP {
                    self.odd.push(Odd::Jump { point, was, value });
                }
                if value.abs() > 0.0 {
                    self.stands(point, row, value);
                }
            }
        }
    }

    fn stands(&mut self, point: Point, row: &Row<'_>, value: f64) {
        if !self.sampled || row.still_bits <= 0.0 {
            return;
        }
        self.lively += 1;
        let reports = *row.stood;
        let chance = reports * row.still_bits;
        if chance < STILL_BITS {
            return;
        }
        let longest = row.longest.max(1.0);
        if reports >= longest * TOGETHER {
            self.still += 1;
            self.stillest = self.stillest.or(Some(point));
        }
        if reports >= longest * ALONE {
            self.odd.push(Odd::Frozen { point, value, reports, still_bits: row.still_bits });
        }
    }

    /// Many points that stand still at once are one thing.
    fn together(&mut self) {
        let Some(point) = self.stillest else { return };
        if self.still >= VIEW && self.still.saturating_mul(2) >= self.lively {
            self.odd.retain(|odd| !matches!(odd, Odd::Frozen { .. }));
            self.odd.push(Odd::View { point, still: self.still, lively: self.lively });
        }
    }
}

/// Whether a counter went on over its end, at 2^16, 2^32 or a power of ten, or was set to 0: it is
/// then where some of its usual steps lead.
fn starts_again(was: f64, value: f64, step: f64) -> bool {
    const ENDS: [f64; 9] = [65_536.0, 4_294_967_296.0, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
    let few = step * 4.0;
    let over = |end: &f64| was < *end && end - was + value <= few;
    value.abs() <= few || ENDS.iter().any(over)
}

/// A count of reports as a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of reports")]
fn whole(reports: f64) -> u64 {
    reports.max(0.0) as u64
}

#[cfg(test)]
mod tests;
