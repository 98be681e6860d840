//! `value`: a value that was never commanded of a point.
//!
//! *Sees*: among few known values a new one (`new-value`), by how often new ones came up at that
//! point; and a number outside the range of all known ones (`value-out-of-range`). Of that, with `x`
//! the distance from the likely range in widths of it, the surprise is `x / (x + 1)` of what a
//! command new to the device would be: half of it one width away, nearly all of it many widths away.
//! The likely range of `n` different values goes a further `1 / (n − 1)` of their width to either
//! side, as ends of an even spread are best guessed from a sample: two values say little of where
//! the third may be. A range of one value counts as wide as that value is large, and at least 1.
//! Bits and switching commands have no distance: the other state of a breaker is mild. A point is
//! judged by the commands of all clients.
//! *Blind to*: points that were never commanded (the `point` detector's); anything inside the range
//! of a point with more than 16 values; slow drift; what was read rather than commanded.
//! *State*: none.

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Event, Space, Stage, Value};
use crate::ledger::{Command, CommandSum, DeviceSum, Ledger, Values};
use crate::surprise::{self, Context, FLOOR, real};
use crate::words::counted;

pub(crate) const NAME: &str = "value";

/// Judges what is commanded of known points.
#[derive(Debug)]
pub(crate) struct OddValue;

impl Detector for OddValue {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested || !event.intent.commands() {
            return;
        }
        let Some(device) = ledger.device(&event.conversation.device()) else { return };
        let mut oddest: Option<Oddity<'_>> = None;
        for (command, value) in event.commands() {
            let (Some(value), Some(sum)) = (value, device.command(command)) else { continue };
            let Some(oddity) = oddity(device, sum, command, value) else { continue };
            if oddest.as_ref().is_none_or(|most| oddity.surprise > most.surprise) {
                oddest = Some(oddity);
            }
        }
        if let Some(oddity) = oddest.filter(|oddity| oddity.surprise >= FLOOR) {
            found(oddity.finding(event));
        }
    }
}

/// A value that is not among the known ones.
struct Oddity<'a> {
    command: Command,
    value: Value,
    sum: &'a CommandSum,
    surprise: Bits,
    /// Where it is outside of all known values.
    distance: Option<Distance>,
}

/// How far a value is outside of all known ones.
#[derive(Clone, Copy)]
struct Distance {
    /// From the known range, in widths of it.
    widths: f64,
    /// From the likely range, in widths of that.
    likely: f64,
}

fn oddity<'a>(
    device: &DeviceSum,
    sum: &'a CommandSum,
    command: Command,
    value: Value,
) -> Option<Oddity<'a>> {
    let values = &sum.values;
    let known = values.count(value);
    if values.is_empty() || known.is_some_and(|count| count > 0) {
        return None;
    }
    // Where there were too many values to list, nothing is known but the range.
    let novelty = match values.distinct() {
        Some(distinct) => {
            let distinct = u64::try_from(distinct).unwrap_or(u64::MAX);
            surprise::bits(Context { events: values.total(), distinct }.novel())
        }
        None => Bits(0.0),
    };
    let distance = match value {
        Value::Number(number) if !is_bit(command.space) => distance(values, number),
        Value::Number(_) | Value::Switch(_) => None,
    };
    let surprise = match distance {
        None => novelty,
        Some(Distance { likely: x, .. }) => {
            // Written so that an infinite distance is all of it.
            let part = if x > 0.0 { 1.0 / (1.0 + 1.0 / x) } else { 0.0 };
            let far = surprise::part_of_bits(device.acts_context().novel(), part);
            if far > novelty { far } else { novelty }
        }
    };
    Some(Oddity { command, value, sum, surprise, distance })
}

/// How far a number is outside the range, if it is.
fn distance(values: &Values, number: f64) -> Option<Distance> {
    let (least, greatest) = values.range()?;
    if (least..=greatest).contains(&number) {
        return None;
    }
    let margin = match values.distinct() {
        Some(distinct) if greatest > least => {
            let others = u64::try_from(distinct).unwrap_or(u64::MAX).saturating_sub(1);
            (greatest - least) / real(others.max(1))
        }
        // One value, or more than are counted.
        _ => 0.0,
    };
    let width = if greatest > least { greatest - least } else { greatest.abs().max(1.0) };
    let beyond = if number < least { least - number } else { number - greatest };
    // NaN is in no range, and as far from it as can be; so is what overflows.
    let far = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
    let outside = if number.is_nan() { number } else { (beyond - margin).max(0.0) };
    let likely = far(outside / (width + 2.0 * margin));
    Some(Distance { widths: far(beyond / width), likely })
}

const fn is_bit(space: Space) -> bool {
    matches!(space, Space::Coil | Space::BinaryOutput)
}

impl Oddity<'_> {
    fn finding(&self, event: &Event) -> Finding {
        let Self { command, sum, .. } = self;
        let device = event.conversation.device();
        let value = self.value;
        let times = counted(sum.acts, "time");
        let known = match sum.values.range() {
            Some((least, greatest)) if self.distance.is_some() => {
                format!("always from {} to {}", Value::Number(least), Value::Number(greatest))
            }
            Some(_) | None => format!("with {}", sum.values.list()),
        };
        let distance = match self.distance {
            Some(Distance { widths, .. }) => {
                format!("; {value} is {widths:.1} widths of that range outside")
            }
            None => String::new(),
        };
        Finding {
            detector: NAME,
            kind: if self.distance.is_some() { "value-out-of-range" } else { "new-value" },
            surprise: self.surprise,
            hard: false,
            actor: None,
            about: None,
            because: format!(
                "{device} was given the command {command} {times} in the baseline, {known}, never \
                 {value}{distance}",
            ),
            normal_if: format!("baseline lists value {value} of command {command} to {device}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Intent, Switch, Target};
    use crate::samples::{breaker, judged, learned, request, write};

    fn command(value: f64) -> Event {
        write(&request(5, 21), 40, Value::Number(value))
    }

    /// A set-point commanded forty times between 100 and 139, after a thousand polls.
    fn site() -> Ledger {
        let polls = (0..1_000).map(|_| request(5, 21));
        learned(polls.chain((100..140).map(|value| command(f64::from(value)))))
    }

    fn surprise(ledger: &Ledger, value: f64) -> f64 {
        judged(NAME, ledger, &command(value)).first().map_or(0.0, |finding| finding.surprise.0)
    }

    #[test]
    fn inside_the_range_of_many_values_all_is_routine() {
        assert_eq!(judged(NAME, &site(), &command(110.5)), []);
    }

    #[test]
    fn the_further_outside_the_odder_on_either_side() {
        let ledger = site();
        let values = [141.0, 170.0, 200.0, 400.0, 1e6, 1e300, f64::INFINITY];
        let odd = values.map(|value| surprise(&ledger, value));
        assert!(odd.is_sorted() && odd[0] < FLOOR.0 && odd[6] > 8.9, "{odd:?}");
        // Each is rounded to 0.1 for itself.
        assert!((surprise(&ledger, 139.0 + 39.0) - odd[6] / 2.0).abs() < 0.0751);
        assert!((surprise(&ledger, 100.0 - 39.0) - odd[6] / 2.0).abs() < 0.0751);
        assert!((surprise(&ledger, f64::NAN) - odd[6]).abs() < 1e-9);
    }

    #[test]
    fn two_values_say_little_of_where_the_third_may_be() {
        let polls = || (0..10_000).map(|_| request(5, 21));
        let two = learned(polls().chain([command(57.0), command(59.0)]));
        let many = learned(polls().chain((0..12).map(|n| command(57.0 + f64::from(n) / 6.0))));
        let (near, far) = ([&two, &many].map(|it| surprise(it, 64.0)), surprise(&two, 5_700.0));
        assert!(near[0] < 6.0 && near[1] > 6.6 && far > 10.0, "{near:?} {far}");
    }

    #[test]
    fn the_sentence_says_how_far_outside_what_range() {
        let [finding] = &judged(NAME, &site(), &command(529.0))[..] else { panic!() };
        assert_eq!(finding.kind, "value-out-of-range");
        assert_eq!(
            finding.because,
            "10.0.0.21 unit 1 was given the command write holding-register 40 40 times in the \
             baseline, always from 100 to 139, never 529; 529 is 10.0 widths of that range outside"
        );
    }

    #[test]
    fn among_few_values_a_new_one_is_as_odd_as_they_are_settled() {
        let [short, long] = [4, 400].map(|times| {
            let steps = (0..times).map(|n| command(if n % 2 == 0 { 10.0 } else { 20.0 }));
            judged(NAME, &learned(steps), &command(15.0))
        });
        assert_eq!(short, []);
        let [finding] = &long[..] else { panic!("{long:?}") };
        assert_eq!(finding.kind, "new-value");
        assert!(finding.because.ends_with("with 10 (200 times), 20 (200 times), never 15"));
    }

    #[test]
    fn the_other_state_of_a_breaker_is_mild() {
        let close = breaker(Switch::Close, Intent::Operate, 4, "Operate");
        let ledger = learned((0..1_000).map(|n| match n {
            0..20 => close.clone(),
            _ => Event { intent: Intent::Read, targets: Vec::new(), ..close.clone() },
        }));
        let trip = breaker(Switch::Trip, Intent::Operate, 4, "Operate");
        let [finding] = &judged(NAME, &ledger, &trip)[..] else { panic!() };
        assert_eq!(finding.kind, "new-value");
        assert!(finding.surprise.0 < 5.0, "{finding:?}");
        assert!(finding.because.ends_with("with close (20 times), never trip"), "{finding:?}");
    }

    #[test]
    fn the_other_state_of_a_coil_has_no_distance() {
        let coil = |value| {
            let target = Target { space: Space::Coil, start: 1, count: 1, values: vec![value] };
            Event { targets: vec![target], ..command(0.0) }
        };
        let ledger = learned((0..1_000).map(|_| coil(Value::Number(0.0))));
        assert_eq!(judged(NAME, &ledger, &coil(Value::Number(1.0)))[0].kind, "new-value");
    }

    #[test]
    fn a_point_that_was_never_commanded_is_left_alone() {
        let event = write(&request(5, 21), 41, Value::Number(1e9));
        assert_eq!(judged(NAME, &site(), &event), []);
    }
}
