//! `value`: a value that was never commanded of a point.
//!
//! *Sees*: among few known values a new one (`new-value`), by how often new ones came up at that
//! point; and a number outside the range of all known ones (`value-out-of-range`), by that and by how
//! seldom the next value would be so far away, as the values of the point and those that like devices were given
//! with the same command let expect (`value/likely.rs`, `alike.rs`): so also at points that were
//! never commanded, where at least two like devices were. The oddest of `m` values of one act is taken to be `m`
//! times as likely, and none is odder than a command that the device was never given.
//! What stands apart from the other learned values of the point, or where they are few from those of like devices, does
//! not count as learned: somebody may have set it by mistake or intent, and it comes back as odd as it was.
//! Bits and switching commands have no distance: the other state of a breaker is mild. A point is
//! judged by the commands of all clients.
//! *Blind to*: points that neither this device nor a like one was commanded (the `point` detector's); anything
//! inside the range of a point with more than 16 values, or of what the device reported of the point itself;
//! values that like devices are ordinarily given, where few are known of this one; slow drift; what was
//! read rather than commanded.
//! *State*: none.

mod likely;

use core::cell::{Cell, RefCell};
use std::borrow::Cow;

use self::likely::{Likely, Sample};
use super::alike::Alike;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Space, Stage, Value};
use crate::ledger::{Apart, Command, CommandSum, DeviceSum, Ledger, Point, Values};
use crate::surprise::{self, Context, FLOOR, STRENGTH, real};
use crate::words::{counted, grouped};

pub(crate) const NAME: &str = "value";

/// Values of a point, at least, that are a level of its own where like devices have another.
const FEW: u64 = 8;

/// Values of one act that are compared with those of like devices: a DNP3 act can have two thousand odd ones, and each
/// may ask two hundred devices.
const COMPARED: usize = 64;

/// Judges what is commanded of known points.
#[derive(Debug)]
pub(crate) struct OddValue;

impl Detector for OddValue {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested || !event.intent.commands() {
            return;
        }
        let device = event.conversation.device();
        let Some(sum) = ledger.device(&device) else { return };
        let values = event.commands().count();
        let site =
            Site { ledger, device, sum, values, alike: RefCell::default(), asked: Cell::new(0) };
        let mut oddest: Option<Oddity<'_>> = None;
        for (command, value) in event.commands() {
            let Some(oddity) = value.and_then(|value| site.oddity(command, value)) else {
                continue;
            };
            if oddest.as_ref().is_none_or(|most| oddity.surprise > most.surprise) {
                oddest = Some(oddity);
            }
        }
        if let Some(oddity) = oddest.filter(|oddity| oddity.surprise >= FLOOR) {
            found(oddity.finding(event));
        }
    }
}

/// What is known where an act commands values.
struct Site<'a> {
    ledger: &'a Ledger,
    device: Device,
    sum: &'a DeviceSum,
    /// How many values the act commands.
    values: usize,
    /// The devices like it, and how often those were asked for.
    alike: RefCell<Option<Alike<'a>>>,
    asked: Cell<usize>,
}

/// A value that is not among the known ones.
struct Oddity<'a> {
    command: Command,
    value: Value,
    sum: Option<&'a CommandSum>,
    /// What was learned and does not count.
    apart: Option<Apart>,
    surprise: Bits,
    /// Where it is outside of all known values.
    outside: Option<Outside>,
}

/// A number outside of all known ones.
struct Outside {
    /// From where the next is likely, in its deviations.
    deviations: f64,
    /// What like devices were given: how many, and the least and the greatest.
    alike: Option<(usize, f64, f64)>,
}

impl<'a> Site<'a> {
    fn oddity(&self, command: Command, value: Value) -> Option<Oddity<'a>> {
        let sum = self.sum.command(command);
        let none = Values::default();
        let learned = sum.map_or(&none, |sum| &sum.values);
        let number = match value {
            Value::Number(number) if !is_bit(command.space) => Some(number),
            Value::Number(_) | Value::Switch(_) => None,
        };
        let apart = number.and_then(|_| self.apart(command, learned));
        let values = &*without(learned, apart);
        if values.count(value).is_some_and(|count| count > 0) {
            return None;
        }
        // Where there were too many values to list, nothing is known but the range.
        let new = match values.distinct() {
            Some(distinct) => {
                let distinct = u64::try_from(distinct).unwrap_or(u64::MAX);
                Context { events: values.total(), distinct }.novel()
            }
            None => 1.0,
        };
        let far = number.and_then(|number| self.far(command, values, number));
        let (surprise, outside) = match far {
            None => (surprise::bits(new), None),
            Some((chance, outside)) => {
                let of = u64::try_from(self.values).unwrap_or(u64::MAX);
                let far = surprise::bits((new * chance * real(of)).min(new));
                let most = surprise::bits(self.sum.acts_context().novel().min(new));
                (if far > most { most } else { far }, Some(outside))
            }
        };
        Some(Oddity { command, value, sum, apart, surprise, outside })
    }

    /// The values of a point that stand apart: from its others, or where those are too few to tell, from all that like
    /// devices were given too. What a point was given [`FEW`] times is a level of its own.
    fn apart(&self, command: Command, values: &Values) -> Option<Apart> {
        let range = values.range()?;
        let own = values.apart().filter(|apart| apart.count < FEW);
        let total = values.total();
        if total >= 2 * FEW || (total >= FEW && own.is_some()) {
            return own;
        }
        let mut all = values.clone();
        for (_, sum) in self.alike(command) {
            all.merge(&sum.values);
        }
        if all.total() < 2 * total {
            return own;
        }
        let all = all.apart().filter(|apart| apart.is_in(range));
        all.filter(|apart| total.saturating_sub(values.without(apart).total()) < FEW)
    }

    /// What like devices were given with a command; of the first [`COMPARED`] values of an act that ask.
    fn alike(&self, command: Command) -> Vec<(&'a Device, &'a CommandSum)> {
        let asked = self.asked.get();
        if asked >= COMPARED {
            return Vec::new();
        }
        self.asked.set(asked + 1);
        let mut alike = self.alike.borrow_mut();
        alike.get_or_insert_with(|| Alike::to(self.ledger, self.device)).given(command)
    }

    /// How often a new value is at least as far away as a number outside of all that are known.
    fn far(&self, command: Command, values: &Values, number: f64) -> Option<(f64, Outside)> {
        let inside = |values: &Values| {
            values.range().is_some_and(|(least, greatest)| (least..=greatest).contains(&number))
        };
        let point = Point { space: command.space, address: command.address };
        let reported = self.ledger.record(&self.device).and_then(|record| record.point(point));
        if inside(values) || reported.is_some_and(|record| inside(record.values())) {
            return None;
        }
        let own = sample(values);
        let others = self.alike(command);
        let others: Vec<_> =
            others.iter().map(|(_, sum)| without(&sum.values, sum.values.apart())).collect();
        let others = others.iter().map(|values| &**values);
        let samples: Vec<_> = others.clone().map(sample).filter(|it| it.count > 0.0).collect();
        // Others speak of a device of which nothing is known only if there are some.
        let unknown = Likely::next(Sample::default(), &samples).filter(|_| samples.len() > 1);
        let known = Likely::next(own, &samples).filter(|_| own.count > 0.0);
        let (likely, chance) = match (known, unknown) {
            (None, None) => return None,
            (Some(known), None) => (known, known.chance(number)),
            (None, Some(unknown)) => (unknown, unknown.chance(number)),
            (Some(known), Some(unknown)) => {
                // What like devices are given is as good as one more event here.
                let back = STRENGTH / (real(values.total()) + STRENGTH);
                let mixed = (1.0 - back) * known.chance(number) + back * unknown.chance(number);
                (known, mixed)
            }
        };
        let range = others
            .filter_map(Values::range)
            .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let alike = range.map(|(least, greatest)| (samples.len(), least, greatest));
        Some((chance, Outside { deviations: likely.deviations(number), alike }))
    }
}

/// The values without those that stand apart.
fn without(values: &Values, apart: Option<Apart>) -> Cow<'_, Values> {
    apart.map_or(Cow::Borrowed(values), |apart| Cow::Owned(values.without(&apart)))
}

/// The known values; each that is listed counts once, as one that is set again says nothing of others.
fn sample(values: &Values) -> Sample {
    let mut numbers = values.each_number();
    if !values.many() {
        for (_, times) in &mut numbers {
            *times = 1;
        }
    }
    Sample::of(&numbers)
}

const fn is_bit(space: Space) -> bool {
    matches!(space, Space::Coil | Space::BinaryOutput)
}

impl Oddity<'_> {
    fn finding(&self, event: &Event) -> Finding {
        let Self { command, value, .. } = self;
        let device = event.conversation.device();
        let given = match self.sum {
            None => format!("was not given the command {command} in the baseline"),
            Some(sum) => {
                let known = match (self.apart, sum.values.range()) {
                    (Some(apart), _) => {
                        let few =
                            sum.values.total().saturating_sub(sum.values.without(&apart).total());
                        format!(
                            "{} of them with {}, which stands apart from {} and counts for nothing",
                            grouped(few),
                            between(apart.values),
                            between(apart.range),
                        )
                    }
                    (None, Some(range)) if self.outside.is_some() => {
                        format!(
                            "always from {} to {}, never {value}",
                            Value::Number(range.0),
                            Value::Number(range.1)
                        )
                    }
                    (None, _) => format!("with {}, never {value}", sum.values.list()),
                };
                let times = counted(sum.acts, "time");
                format!("was given the command {command} {times} in the baseline, {known}")
            }
        };
        let outside = self.outside.as_ref().map(|outside| outside.says(*value)).unwrap_or_default();
        Finding {
            detector: NAME,
            kind: if self.outside.is_some() { "value-out-of-range" } else { "new-value" },
            surprise: self.surprise,
            hard: false,
            actor: None,
            about: None,
            because: format!("{device} {given}{outside}"),
            normal_if: format!(
                "baseline lists value {value} of command {command} to {device}{}",
                if self.apart.is_some() { " eight times" } else { "" },
            ),
        }
    }
}

/// `352`, or `350 to 400`.
fn between((least, greatest): (f64, f64)) -> String {
    let [low, high] = [least, greatest].map(Value::Number);
    if least < greatest { format!("{low} to {high}") } else { format!("{low}") }
}

impl Outside {
    fn says(&self, value: Value) -> String {
        let alike = match self.alike {
            Some((devices, least, greatest)) => format!(
                "; {} like it {} given values from {} to {}",
                counted(u64::try_from(devices).unwrap_or(u64::MAX), "device"),
                if devices == 1 { "was" } else { "were" },
                Value::Number(least),
                Value::Number(greatest),
            ),
            None => String::new(),
        };
        format!("{alike}; {value} is {:.1} deviations from what is likely next", self.deviations)
    }
}

#[cfg(test)]
mod tests;
