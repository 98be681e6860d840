//! `setpoint`: what is written, over many writes and beside the clock.
//!
//! *Sees*: values of a command that keep to one side of the mean the baseline has of them, though each is
//! inside the range (`setpoint-drift`: a two-sided CUSUM, in learned deviations, of the writes of all
//! clients); a set-point that is moved the same way time and again, with no hour between, for longer than the
//! baseline has commands in one stretch of it or of the same of a like device (`setpoint-steps`: `setpoint/steps.rs`); a clock set to a time that is far from the capture's (`set-time-skew`): by more than a
//! minute beyond what this client's earlier settings were off while this detector ran, or by more than a day
//! where none was seen, as a master may keep the time of its zone.
//! *Blind to*, as drift: commands with at most 16 learned values (the `value` detector knows each of them) and
//! less than twenty learned writes; as steps: those with more than an hour between, with one back now and then, and
//! of what is commanded all the time; a covert channel in the low bits of values: where the
//! baseline lists the values, each other one is new to `value`, and beyond 16 it does not keep low bits.
//! *State*: two sums, and the last moves, for each command, at most 65,536; how far off each client's
//! settings of clocks were, at most 10,000 clients; beyond, all are forgotten and begin anew.

mod steps;

use std::net::IpAddr;

use foldhash::HashMap;

use self::steps::Steps;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Intent, Space, Stage, Value};
use crate::ledger::{Command, Ledger, Observation};
use crate::limits::CONVERSATIONS;
use crate::surprise::{self, Context, FLOOR, real};
use crate::words::counted;

pub(crate) const NAME: &str = "setpoint";

/// Commands whose sums are kept.
const SUMS: usize = 65_536;
/// Writes that must have been learned.
const ENOUGH: u64 = 20;
/// Deviations from the mean that are no drift (the top of a day's curve has 1.4 of its own), and the sum of
/// what is beyond, over writes, that is.
const SLACK: f64 = 1.5;
const DRIFT: f64 = 6.0;
/// One wild value is no drift.
const WILD: f64 = 3.0;
/// How far a time that is set may be beyond those before, and a first one from the capture's.
const MARGIN_MS: f64 = 60_000.0;
const FIRST_MS: f64 = 86_400_000.0;

/// Judges what is written over time.
#[derive(Debug, Default)]
pub(crate) struct OddSetpoint {
    sums: HashMap<(Device, Command), Sums>,
    steps: HashMap<(Device, Command), Steps>,
    /// By how much the times that a client set were ahead of the capture: least and most, in
    /// milliseconds.
    clocks: HashMap<IpAddr, (f64, f64)>,
    /// What the last event sets a clock to, if that is far off.
    skew: Option<Skew>,
}

/// What goes beyond the slack above and below the mean.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    up: f64,
    down: f64,
    told: bool,
}

#[derive(Debug)]
struct Skew {
    ahead_ms: f64,
    before: Option<(f64, f64)>,
}

impl Detector for OddSetpoint {
    fn observe(&mut self, event: &Event, _: &mut dyn FnMut(Observation)) {
        self.skew = None;
        if event.stage == Stage::Requested && event.intent == Intent::SetTime {
            self.take_time(event);
        }
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested {
            return;
        }
        if let Some(finding) = self.skew.take().and_then(|skew| skewed(ledger, event, &skew)) {
            found(finding);
        }
        if !matches!(event.intent, Intent::Write | Intent::Operate) {
            return;
        }
        let device = event.conversation.device();
        let Some(known) = ledger.device(&device) else { return };
        if let Some(finding) = self.stepped(ledger, event) {
            found(finding);
        }
        let mut drifts: Option<Finding> = None;
        let mut more: u64 = 0;
        for (command, value) in event.commands() {
            let (Some(Value::Number(value)), Some(sum)) = (value, known.command(command)) else {
                continue;
            };
            let total = sum.values.total();
            if !sum.values.many() || total < ENOUGH {
                continue;
            }
            let Some((mean, deviation)) = sum.values.spread().mean_and_deviation() else {
                continue;
            };
            if self.drifts(device, command, (value - mean) / deviation) {
                let finding = drift(event, command, total, (mean, deviation));
                if finding.surprise < FLOOR {
                    continue;
                }
                more += u64::from(drifts.is_some());
                drifts.get_or_insert(finding);
            }
        }
        if let Some(mut finding) = drifts {
            if more > 0 {
                finding.because += &["; with it ", &counted(more, "more point")].concat();
            }
            found(finding);
        }
    }
}

impl OddSetpoint {
    /// Takes one more value, in deviations from the mean, and says whether a drift begins.
    fn drifts(&mut self, device: Device, command: Command, z: f64) -> bool {
        if !z.is_finite() {
            return false;
        }
        if self.sums.len() >= SUMS && !self.sums.contains_key(&(device, command)) {
            self.sums.clear();
        }
        let sums = self.sums.entry((device, command)).or_default();
        let z = z.clamp(-WILD, WILD);
        sums.up = (sums.up + z - SLACK).clamp(0.0, 2.0 * DRIFT);
        sums.down = (sums.down - z - SLACK).clamp(0.0, 2.0 * DRIFT);
        let most = sums.up.max(sums.down);
        // Told once, until it is over.
        let told = sums.told;
        sums.told = most > DRIFT || (told && most > 0.0);
        most > DRIFT && !told
    }

    /// Takes what an act sets, and tells of the set-point that was moved the same way most often.
    fn stepped(&mut self, ledger: &Ledger, event: &Event) -> Option<Finding> {
        let device = event.conversation.device();
        let mut most: Option<(Bits, Command, Steps, u64)> = None;
        for (command, value) in event.commands() {
            let Some(Value::Number(value)) = value else { continue };
            if is_bit(command.space) {
                continue;
            }
            if self.steps.len() >= SUMS && !self.steps.contains_key(&(device, command)) {
                self.steps.clear();
            }
            let steps = self.steps.entry((device, command)).or_default();
            steps.take(value, event.time_ns);
            let steps = *steps;
            // The first move may go either way.
            let further = Bits(real(steps.moves.saturating_sub(1)));
            if further < FLOOR || most.as_ref().is_some_and(|(bits, ..)| further <= *bits) {
                continue;
            }
            let Some(longest) = steps::longest(ledger, &device, command) else { continue };
            let bits = Bits(further.0 - real(longest));
            if bits >= FLOOR && most.as_ref().is_none_or(|(most, ..)| bits > *most) {
                most = Some((bits, command, steps, longest));
            }
        }
        let (bits, command, steps, longest) = most?;
        let new = surprise::bits(ledger.device(&device)?.acts_context().novel());
        Some(Finding {
            detector: NAME,
            kind: "setpoint-steps",
            surprise: if bits < new { bits } else { new },
            hard: false,
            actor: None,
            about: None,
            because: format!(
                "{device} was given the command {command} with a value further the same way {} in a row, from {} \
                 on, with less than an hour between; the baseline has no more than {} in one stretch of it or \
                 of a device like it",
                counted(steps.moves, "time"),
                Value::Number(steps.from),
                counted(longest, "command"),
            ),
            normal_if: format!(
                "baseline learns the values of {command} to {device} as they are now"
            ),
        })
    }

    fn take_time(&mut self, event: &Event) {
        let times = event.targets.iter().filter(|target| target.space == Space::Time);
        let Some(Value::Number(clock_ms)) = times.flat_map(|target| &target.values).next() else {
            return;
        };
        let ahead_ms = clock_ms - real(event.time_ns / 1_000_000);
        if !ahead_ms.is_finite() {
            return;
        }
        let client = event.conversation.client;
        let before = self.clocks.get(&client).copied();
        let far = match before {
            None => ahead_ms.abs() > FIRST_MS,
            Some((least, most)) => ahead_ms > most + MARGIN_MS || ahead_ms < least - MARGIN_MS,
        };
        if far {
            self.skew = Some(Skew { ahead_ms, before });
        }
        if self.clocks.len() >= CONVERSATIONS && before.is_none() {
            self.clocks.clear();
        }
        // What was far off is told once, and is this client's way from then on.
        let (least, most) = before.unwrap_or((ahead_ms, ahead_ms));
        self.clocks.insert(client, (least.min(ahead_ms), most.max(ahead_ms)));
    }
}

const fn is_bit(space: Space) -> bool {
    matches!(space, Space::Coil | Space::BinaryOutput)
}

fn drift(event: &Event, command: Command, total: u64, (mean, deviation): (f64, f64)) -> Finding {
    let device = event.conversation.device();
    Finding {
        detector: NAME,
        kind: "setpoint-drift",
        surprise: surprise::bits(Context { events: total, distinct: 1 }.novel()),
        hard: false,
        actor: None,
        about: None,
        because: format!(
            "the values of {command} to {device} keep to one side of the mean {mean:.4} of {} in the \
             baseline, whose deviation is {deviation:.4}: what goes beyond {SLACK} deviations adds up to more \
             than {DRIFT}",
            counted(total, "command"),
        ),
        normal_if: format!("baseline learns the values of {command} to {device} as they are now"),
    }
}

/// By all acts of the conversation: after long polling a wrong time is properly odd.
fn skewed(ledger: &Ledger, event: &Event, skew: &Skew) -> Option<Finding> {
    let Skew { ahead_ms, before } = skew;
    let record = ledger.conversation(&event.conversation)?;
    let acts = record.tally().count();
    let context = Context { events: acts, distinct: record.distinct_functions() };
    let surprise = surprise::bits(context.novel());
    let before = match before {
        None => "which set no clock before".to_owned(),
        Some((least, most)) => {
            format!("whose settings were {:.1} s to {:.1} s ahead", least / 1_000.0, most / 1_000.0)
        }
    };
    let device = event.conversation.device();
    (surprise >= FLOOR).then(|| Finding {
        detector: NAME,
        kind: "set-time-skew",
        surprise,
        hard: false,
        actor: None,
        about: None,
        because: format!(
            "the clock of {device} is set to {:.1} s ahead of the capture by {}, {before}; the baseline has {} \
             of the conversation",
            ahead_ms / 1_000.0,
            event.conversation.asker(),
            counted(acts, "request"),
        ),
        normal_if: format!("{} is known to keep another time", event.conversation.client),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Target;
    use crate::samples::{START_NS, later, learned, request, write};

    fn command(hour: u64, value: f64) -> Event {
        later(write(&request(5, 21), 40, Value::Number(value)), hour * 60)
    }

    /// A set-point that follows the day, hour by hour.
    fn curve(hour: u64) -> f64 {
        (1_000.0 + 300.0 * (real(hour) / 24.0 * core::f64::consts::TAU).sin()).round()
            + real(hour % 7)
    }

    fn found(events: impl IntoIterator<Item = Event>) -> Vec<Finding> {
        let days = (0..14 * 24).map(|hour| command(hour, curve(hour)));
        let ledger = learned(days.chain((0..1_000).map(|_| request(5, 21))));
        let (mut detector, mut findings) = (OddSetpoint::default(), Vec::new());
        for event in events {
            detector.observe(&event, &mut |_| {});
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn a_drift_that_wavers_is_told_once_until_it_is_over() {
        let event = command(0, 1.0);
        let (device, mut detector) = (event.conversation.device(), OddSetpoint::default());
        let (command, _) = event.commands().next().unwrap();
        let mut told = |z: f64, times: usize| {
            (0..times).filter(|_| detector.drifts(device, command, z)).count()
        };
        let away = real(40);
        assert_eq!(told(away, 40), 1);
        // The sum is at twice the limit: it goes below it, and not to nothing.
        let ebb = (1.5 * DRIFT / SLACK).ceil();
        let ebb = (0..100_000).take_while(|n| real(*n) < ebb).count();
        assert_eq!((told(0.0, ebb), told(away, 40)), (0, 0), "it goes on");
        assert_eq!((told(0.0, 2 * ebb), told(away, 40)), (0, 1), "it begins anew");
    }

    #[test]
    fn days_like_the_others_drift_nowhere() {
        assert_eq!(found((336..800).map(|hour| command(hour, curve(hour)))), []);
    }

    #[test]
    fn a_set_point_that_is_led_away_in_small_steps_is_found() {
        let drift = |hour: u64| (curve(hour) + real(hour - 336) * 8.0).min(1_300.0);
        let findings = found((336..396).map(|hour| command(hour, drift(hour))));
        assert_eq!(findings, [], "1.4 deviations are the day's own");
        let drift = |hour: u64| curve(hour) + real(hour - 336) * 8.0;
        let findings = found((336..456).map(|hour| command(hour, drift(hour))));
        // Once a day, as the nights are lower than the mean.
        assert!((1..=5).contains(&findings.len()), "{}", findings.len());
        let finding = &findings[0];
        assert_eq!((finding.kind, finding.actor, finding.hard), ("setpoint-drift", None, false));
        assert!(finding.surprise.0 > 7.0, "{finding:?}");
        assert!(finding.because.contains("write holding-register 40 to 10.0.0.21 unit 1"));
    }

    /// A set-point that is written once a day, and then every six minutes, as `value` says.
    fn moved(every_hours: u64, value: impl Fn(u64) -> f64) -> Vec<Finding> {
        let daily = (0..30).map(|time| command(time * every_hours, 400.0 + real(time * 7 % 20)));
        let ledger = learned(daily.chain((0..1_000).map(|_| request(5, 21))));
        let moves = (0..40).map(|time| later(command(1_000, value(time)), time * 6));
        let mut detector = OddSetpoint::default();
        let mut findings = Vec::new();
        moves.for_each(|event| detector.judge(&ledger, &event, &mut |it| findings.push(it)));
        findings.retain(|finding| finding.kind == "setpoint-steps");
        findings
    }

    #[test]
    fn a_set_point_that_is_moved_the_same_way_time_and_again_is_found() {
        let findings = moved(24, |time| 400.0 + real(time));
        let raised = findings.iter().find(|finding| finding.surprise.0 >= 6.6).unwrap();
        assert!(
            raised.because.contains("further the same way 9 times in a row, from 400 on"),
            "{raised:?}"
        );
        let most = findings.iter().map(|finding| finding.surprise.0).fold(0.0, f64::max);
        assert!(most < 11.0, "{most}: no odder than a command never given, of 1,030 acts");
        let down = moved(24, |time| 400.0 - real(time) / 16.0);
        assert_eq!(down.len(), findings.len());
    }

    #[test]
    fn moves_to_and_fro_and_those_of_automatic_control_are_no_steps() {
        assert_eq!(moved(24, |time| 400.0 + real(time * 7 % 20)), []);
        assert_eq!(moved(0, |time| 400.0 + real(time).min(20.0)), []);
    }

    fn set_time(hour: u64, ahead_ms: f64) -> Event {
        let event = later(request(5, 21), hour * 60);
        let clock_ms = real(START_NS / 1_000_000 + hour * 3_600_000) + ahead_ms;
        let values = vec![Value::Number(clock_ms)];
        let target = Target { space: Space::Time, start: 0, count: 1, values };
        Event { intent: Intent::SetTime, targets: vec![target], ..event }
    }

    #[test]
    fn a_master_that_keeps_its_own_time_is_no_news_and_one_that_jumps_is() {
        const ZONE_MS: f64 = 7_200_000.0;
        let own = |hour| set_time(hour, ZONE_MS + real(hour) * 100.0);
        assert_eq!(found((400..500).map(own)), []);
        let findings = found((400..500).map(own).chain([set_time(500, 0.0), own(501)]));
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(finding.kind, "set-time-skew");
        assert!(
            finding
                .because
                .contains("is set to 0.0 s ahead of the capture by 10.0.0.5, whose settings were")
        );
        assert_eq!(found([set_time(400, -3.0 * 86_400_000.0)]).len(), 1);
    }
}
