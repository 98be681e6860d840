//! `readback`: commands without effect, and effects without a command.
//!
//! *Sees*: an accepted write or operation of an output that the device also reports, which a poll
//! asked for at least ten seconds later does not show (`no-effect`); an output that changed between
//! two reports and no command for it was seen (`unexplained-change`). Each is as odd as the baseline
//! makes it: how many commands to the point showed, and how often it changed by itself. Outputs are
//! coils, holding registers, and DNP3's binary and analog outputs; of those, a change needs a command
//! only where commands were learned, or where the point never changed: the rest may be measurements.
//! So a man in the middle is seen from either half, as are hidden writes and dropped commands.
//! *Blind to*: commands without a lasting state (pulses); points that are not polled; a change within
//! a minute of a command to the same point, of a restart or new settings of the device, of a loss; a
//! change across two hours without a report; whoever alters the commands and the polls alike. Muted
//! while only one way of the flow is seen: half of the commands might be missing.
//! *State*: for each device the last value of its outputs, at most 10,000 and 100,000 in all; at most
//! 4,096 commands that wait to be shown, for an hour; findings that last are told once
//! ([`Lasting`]: until an hour of capture time without).

mod judged;

use std::net::IpAddr;
use std::sync::Arc;

use foldhash::HashMap;

use judged::{no_effect, unexplained};

use super::lasting::{Lasting, OVER_NS};
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Intent, Mark, Outcome, Space, Stage, Switch, Value};
use crate::ledger::{Command, Ledger, Observation, Point, Saw};
use crate::limits::{CONVERSATIONS, REPORTED, REPORTED_A_DEVICE};
use crate::surprise::FLOOR;
use crate::words::counted;

pub(crate) const NAME: &str = "readback";

const SECOND_NS: u64 = 1_000_000_000;
/// How long a command may take to show.
const LAG_NS: u64 = 10 * SECOND_NS;
/// How long a command, a restart or a loss explains changes.
const SETTLE_NS: u64 = 60 * SECOND_NS;
/// Nothing is said of a change across so long without a report: the sensor may have been off.
const STALE_NS: u64 = 2 * 3_600 * SECOND_NS;
/// How long a command waits to be shown.
const EXPIRE_NS: u64 = 3_600 * SECOND_NS;
/// Commands that wait at once.
const ORDERS: usize = 4_096;
/// Changes by itself, each within [`OVER_NS`] of the last, of which a point is judged; those beyond
/// are counted: it may be a measurement, and was told of otherwise.
const RESTLESS: u32 = 16;
/// Flows of one device whose losses are told apart.
const FLOWS: usize = 64;

/// Compares what is commanded with what is reported.
#[derive(Debug, Default)]
pub(crate) struct Readback {
    devices: HashMap<Device, Watched>,
    /// Outputs of all devices.
    outputs: usize,
    orders: HashMap<(Device, Point), Order>,
    /// When something was last sent to all devices of a server.
    broadcast_ns: HashMap<IpAddr, u64>,
    /// What the last event that was taken note of shows.
    seen: Vec<Seen>,
    told: Lasting<(Device, Point, &'static str)>,
}

#[derive(Debug, Default)]
struct Watched {
    outputs: HashMap<Point, Output>,
    /// When something happened that may change any output.
    disturbed_ns: Option<u64>,
    /// Octets lost so far, for each client.
    lost: Vec<(IpAddr, u64)>,
}

/// What is known of an output now.
#[derive(Debug)]
struct Output {
    value: f64,
    reported_ns: u64,
    /// When it was last commanded, and to what, if that is known.
    commanded: Option<(u64, Option<f64>)>,
    /// Changes by itself, and when the last was.
    restless: (u32, u64),
}

/// A command that was accepted and has not shown yet.
#[derive(Debug)]
struct Order {
    event: Arc<Event>,
    value: f64,
    accepted_ns: u64,
}

/// What an event shows of an output.
#[derive(Debug)]
struct Seen {
    point: Point,
    saw: Saw,
    was: f64,
    now: f64,
    order: Option<Order>,
    judged: bool,
}

impl Detector for Readback {
    fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        self.seen.clear();
        self.take_disturbance(event);
        match event.stage {
            Stage::Requested => self.take_command(event),
            Stage::Ended { outcome: Outcome::Done, .. } if acts(event.intent) => {
                self.take_acceptance(event);
            }
            Stage::Ended { .. } | Stage::Reported | Stage::Noticed | Stage::Attempted(_) => {}
        }
        if !event.reported.is_empty() && !event.unseen.one_way {
            self.take_reports(event);
        }
        let device = event.conversation.device();
        for Seen { point, saw, .. } in &self.seen {
            note(Observation::OfPoint { device, point: *point, saw: *saw });
        }
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let device = event.conversation.device();
        let mut oddest: Option<(Bits, Finding)> = None;
        let mut more: u64 = 0;
        for seen in self.seen.iter().filter(|seen| seen.judged) {
            let judged = match seen.saw {
                Saw::Ignored => no_effect(ledger, device, seen),
                Saw::Unexplained => unexplained(ledger, event, seen),
                Saw::Followed | Saw::Step(_) | Saw::Stood(_) => None,
            };
            let Some(finding) = judged.filter(|finding| finding.surprise >= FLOOR) else {
                continue;
            };
            if !self.told.begins((device, seen.point, finding.kind), event.time_ns) {
                continue;
            }
            match &oddest {
                Some((most, _)) if *most >= finding.surprise => more += 1,
                Some(_) => (more, oddest) = (more + 1, Some((finding.surprise, finding))),
                None => oddest = Some((finding.surprise, finding)),
            }
        }
        if let Some((_, mut finding)) = oddest {
            if more > 0 {
                finding.because += &["; with it ", &counted(more, "more output")].concat();
            }
            found(finding);
        }
    }
}

impl Readback {
    /// Notes what may change any output: restarts, new settings, and what was not seen.
    fn take_disturbance(&mut self, event: &Event) {
        let asked = event.stage == Stage::Requested;
        if asked && event.broadcast && (acts(event.intent) || unsettles(event.intent)) {
            if self.broadcast_ns.len() >= CONVERSATIONS {
                self.broadcast_ns.clear();
            }
            self.broadcast_ns.insert(event.conversation.server, event.time_ns);
        }
        let Some(watched) = self.devices.get_mut(&event.conversation.device()) else { return };
        let lost = watched.loses(event);
        // A command whose points are not known may be for any.
        let vague = acts(event.intent) && event.targets.is_empty();
        if lost
            || event.marks.contains(Mark::Restarted)
            || (asked && (unsettles(event.intent) || vague))
        {
            watched.disturbed_ns = Some(event.time_ns);
        }
    }

    fn take_command(&mut self, event: &Event) {
        let device = event.conversation.device();
        let Some(watched) = self.devices.get_mut(&device).filter(|_| acts(event.intent)) else {
            return;
        };
        for (command, value) in event.commands() {
            let point = point(command);
            if let Some(output) = watched.outputs.get_mut(&point) {
                output.commanded = Some((event.time_ns, value.and_then(state)));
                self.orders.remove(&(device, point));
            }
        }
    }

    fn take_acceptance(&mut self, event: &Event) {
        let device = event.conversation.device();
        let Some(watched) = self.devices.get(&device).filter(|_| !event.unseen.one_way) else {
            return;
        };
        let mut shared: Option<Arc<Event>> = None;
        for (command, value) in event.commands() {
            let (point, Some(value)) = (point(command), value.and_then(state)) else { continue };
            if !watched.outputs.contains_key(&point) {
                continue;
            }
            if self.orders.len() >= ORDERS {
                self.orders
                    .retain(|_, order| event.time_ns.abs_diff(order.accepted_ns) < EXPIRE_NS);
                if self.orders.len() >= ORDERS {
                    return;
                }
            }
            let event = Arc::clone(shared.get_or_insert_with(|| Arc::new(event.clone())));
            let accepted_ns = event.time_ns;
            self.orders.insert((device, point), Order { event, value, accepted_ns });
        }
    }

    fn take_reports(&mut self, event: &Event) {
        let device = event.conversation.device();
        if self.devices.len() >= CONVERSATIONS && !self.devices.contains_key(&device) {
            return;
        }
        // What was asked for before a command may rightly not show it.
        let asked_ns = match event.stage {
            Stage::Ended { after_ns, .. } => Some(event.time_ns.saturating_sub(after_ns)),
            Stage::Requested | Stage::Reported | Stage::Noticed | Stage::Attempted(_) => None,
        };
        let broadcast_ns = self.broadcast_ns.get(&event.conversation.server).copied();
        let watched = self.devices.entry(device).or_default();
        let general = watched.disturbed_ns.max(broadcast_ns);
        for (point, value) in event.reports() {
            let (true, Value::Number(now)) = (is_output(point.space), value) else { continue };
            let Some(output) = watched.outputs.get_mut(&point) else {
                if watched.outputs.len() < REPORTED_A_DEVICE && self.outputs < REPORTED {
                    self.outputs += 1;
                    watched.outputs.insert(point, Output::new(now, event.time_ns));
                }
                continue;
            };
            let was = output.value;
            if !same(was, now) && !output.explains(now, event.time_ns, general) {
                let judged = output.stirs(event.time_ns);
                self.seen.push(Seen {
                    point,
                    saw: Saw::Unexplained,
                    was,
                    now,
                    order: None,
                    judged,
                });
            }
            (output.value, output.reported_ns) = (now, event.time_ns);
            if !self.orders.is_empty()
                && let Some(order) = self.orders.get(&(device, point))
            {
                let saw = match asked_ns.map(|asked| asked.checked_sub(order.accepted_ns)) {
                    _ if shows(point.space, order.value, now) => Some(Saw::Followed),
                    Some(Some(after))
                        if after >= EXPIRE_NS || is_after(general, order.accepted_ns) =>
                    {
                        None
                    }
                    Some(Some(after)) if after >= LAG_NS => Some(Saw::Ignored),
                    _ => continue,
                };
                let order = self.orders.remove(&(device, point));
                self.seen.extend(saw.map(|saw| Seen { point, saw, was, now, order, judged: true }));
            }
        }
    }
}

impl Watched {
    /// Whether octets of this flow were lost since its last event.
    fn loses(&mut self, event: &Event) -> bool {
        let (client, octets) = (event.conversation.client, event.unseen.lost_octets);
        let Some((_, known)) = self.lost.iter_mut().find(|(known, _)| *known == client) else {
            if self.lost.len() >= FLOWS {
                self.lost.clear();
            }
            self.lost.push((client, octets));
            return octets > 0;
        };
        core::mem::replace(known, octets) != octets
    }
}

impl Output {
    const fn new(value: f64, reported_ns: u64) -> Self {
        Self { value, reported_ns, commanded: None, restless: (0, 0) }
    }

    /// Counts a change by itself; true while there were few.
    fn stirs(&mut self, time_ns: u64) -> bool {
        let (times, at) = self.restless;
        let times = if time_ns.saturating_sub(at) < OVER_NS { times.saturating_add(1) } else { 1 };
        self.restless = (times, time_ns);
        times <= RESTLESS
    }

    /// Whether something that was seen may have changed it to this value since the last report.
    fn explains(&self, now: f64, time_ns: u64, general: Option<u64>) -> bool {
        let recent = |at: u64| at >= self.reported_ns || time_ns.saturating_sub(at) < SETTLE_NS;
        let (at, value) = self.commanded.unzip();
        time_ns.saturating_sub(self.reported_ns) > STALE_NS
            || general.is_some_and(recent)
            || at.is_some_and(recent)
            || value.flatten().is_some_and(|value| same(value, now))
    }
}

/// Whether an act of this intent is meant to change outputs, now.
const fn acts(intent: Intent) -> bool {
    matches!(intent, Intent::Write | Intent::Operate)
}

/// Whether an act of this intent may change any output.
const fn unsettles(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Configure | Intent::Restart | Intent::File | Intent::Program | Intent::Unknown
    )
}

const fn is_output(space: Space) -> bool {
    matches!(
        space,
        Space::Coil | Space::HoldingRegister | Space::BinaryOutput | Space::AnalogOutput
    )
}

const fn point(command: Command) -> Point {
    Point { space: command.space, address: command.address }
}

/// The state that a command leaves behind, if it is one that stays.
fn state(value: Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.is_finite().then_some(number),
        Value::Switch(Switch::LatchOn | Switch::Close) => Some(1.0),
        Value::Switch(Switch::LatchOff | Switch::Trip) => Some(0.0),
        Value::Switch(Switch::Nul | Switch::PulseOn | Switch::PulseOff | Switch::Other(_)) => None,
    }
}

fn same(ours: f64, theirs: f64) -> bool {
    ours.total_cmp(&theirs).is_eq() || (ours - theirs).abs() < f64::EPSILON
}

/// Whether a report shows what was commanded: exactly, or as near as an output that turns it into a
/// whole number, or back, can come.
fn shows(space: Space, commanded: f64, now: f64) -> bool {
    let near =
        if space == Space::AnalogOutput { (commanded.abs() / 1_000.0).max(0.5) } else { 0.0 };
    same(commanded, now) || (commanded - now).abs() <= near
}

fn is_after(at: Option<u64>, than: u64) -> bool {
    at.is_some_and(|at| at >= than)
}

#[cfg(test)]
mod tests;
