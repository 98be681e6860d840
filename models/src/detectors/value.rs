//! `value`: a value that was never commanded of a point.
//!
//! *Sees*: among few known values a new one (`new-value`), by how often new ones came up at that
//! point; and a number outside the range of all known ones (`value-out-of-range`), by that and by how
//! seldom the next value would be so far away, as the values of the point and those that like devices were given
//! with the same command let expect (`value/likely.rs`, `alike.rs`): so also at points that were
//! never commanded, where at least two like devices were. The oddest of `m` values of one act is taken to be `m`
//! times as likely, and none is odder than a command that the device was never given.
//! What stands apart from the other learned values of the point, or of all like devices where the point has few, does
//! not count as learned: somebody may have set it by mistake or intent, and it comes back as odd as it was.
//! Bits and switching commands have no distance: the other state of a breaker is mild. A point is
//! judged by the commands of all clients.
//! *Blind to*: points that neither this device nor a like one was commanded (the `point` detector's); anything
//! inside the range of a point with more than 16 values, or of what the device reported of the point itself;
//! values that like devices are ordinarily given, where few are known of this one; slow drift; what was
//! read rather than commanded.
//! *State*: none.

mod likely;

use std::borrow::Cow;

use self::likely::{Likely, Sample};
use super::alike;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Device, Event, Space, Stage, Value};
use crate::ledger::{Apart, Command, CommandSum, DeviceSum, Ledger, Point, Values};
use crate::surprise::{self, Context, FLOOR, STRENGTH, real};
use crate::words::{counted, grouped};

pub(crate) const NAME: &str = "value";

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
        let site = Site { ledger, device, sum, values: event.commands().count() };
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

    /// The values of a point that stand apart: from its others, or where there are few, from those that like
    /// devices were given too.
    fn apart(&self, command: Command, values: &Values) -> Option<Apart> {
        let range = values.range()?;
        if values.can_be_apart() {
            return values.apart();
        }
        let mut all = values.clone();
        let others = alike::given(self.ledger, &self.device, command);
        others.iter().for_each(|(_, sum)| all.merge(&sum.values));
        all.apart().filter(|apart| apart.is_in(range))
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
        let others = alike::given(self.ledger, &self.device, command);
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
            normal_if: format!("baseline lists value {value} of command {command} to {device}"),
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
mod tests {
    use super::*;
    use crate::event::{Intent, Outcome, Switch, Target};
    use crate::samples::{breaker, ended, judged, learned, request, write};

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
        for side in [1.0, -1.0] {
            let away = [21.0, 24.0, 30.0, 40.0, 80.0, 1e6, 1e300, f64::INFINITY];
            let odd = away.map(|away| surprise(&ledger, 119.5 + side * away));
            assert!(odd.is_sorted() && odd[0] < 5.0 && odd[7] > 8.9, "{odd:?}");
        }
        assert!(surprise(&ledger, f64::NAN) > 8.9);
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
             baseline, always from 100 to 139, never 529; 529 is 34.6 deviations from what is likely next"
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

    /// Five devices whose set-points lie between 180 and 220, and one that was only polled or given some.
    fn like_devices(own: &[f64]) -> Ledger {
        let polls = (21..27).flat_map(|server| (0..1_000).map(move |_| request(5, server)));
        let others = (22..27).zip([
            [184.0, 219.0],
            [181.0, 183.0],
            [202.0, 219.0],
            [188.0, 204.0],
            [213.0, 182.0],
        ]);
        let given = |(server, values): (u8, [f64; 2])| {
            values.map(|value| write(&request(5, server), 40, Value::Number(value)))
        };
        let own: Vec<_> = own.iter().map(|value| command(*value)).collect();
        learned(polls.chain(others.flat_map(given)).chain(own))
    }

    #[test]
    fn what_like_devices_are_given_is_no_alert_and_what_none_was_given_is() {
        for own in [&[][..], &[187.0], &[184.0, 187.0]] {
            let ledger = like_devices(own);
            let [usual, outside, far] = [208.0, 221.0, 352.0].map(|value| surprise(&ledger, value));
            assert!(usual < 4.0 && outside < 5.0 && far > 8.0, "{own:?}: {usual} {outside} {far}");
        }
        let [finding] = &judged(NAME, &like_devices(&[]), &command(352.0))[..] else { panic!() };
        assert_eq!(finding.kind, "value-out-of-range");
        assert!(finding.because.starts_with(
            "10.0.0.21 unit 1 was not given the command write holding-register 40 in the baseline; 5 devices \
             like it were given values from 181 to 219; 352 is "
        ));
    }

    #[test]
    fn devices_of_another_type_say_nothing() {
        let other = |server| {
            let poll = request(5, server);
            let target = Target { start: 100, count: 10, ..poll.targets[0].clone() };
            Event { targets: vec![target], ..poll }
        };
        let polls = (22..27).map(other).chain([request(5, 21)]);
        let writes =
            (22..27).map(|server| write(&request(5, server), 40, Value::Number(f64::from(server))));
        let ledger = learned((0..1_000).flat_map(|_| polls.clone()).chain(writes));
        assert_eq!(judged(NAME, &ledger, &command(352.0)), []);
    }

    #[test]
    fn the_oddest_of_many_values_is_as_many_times_as_likely() {
        let ledger = site();
        let alone = surprise(&ledger, 153.0);
        let mut event = command(153.0);
        event.targets[0].values.resize(8, Value::Number(0.0));
        event.targets[0].count = 8;
        let [finding] = &judged(NAME, &ledger, &event)[..] else { panic!() };
        assert!((alone - finding.surprise.0 - 3.0).abs() < 0.11, "{alone} {finding:?}");
    }

    #[test]
    fn a_value_that_stands_apart_was_learned_in_vain() {
        let polls = (0..1_000).map(|_| request(5, 21));
        let usual = (0..40).map(|nth| command(f64::from(100 + nth % 10)));
        let apart = [529.0, 529.0, 529.0].map(command);
        let ledger = learned(polls.chain(usual).chain(apart));
        assert!(surprise(&ledger, 529.0) > 8.0);
        let [finding] = &judged(NAME, &ledger, &command(529.0))[..] else { panic!() };
        assert!(finding.because.contains(
            "43 times in the baseline, 3 of them with 529, which stands apart from 100 to 109 and counts for nothing; 529 is"
        ), "{}", finding.because);
        assert_eq!(surprise(&ledger, 105.0), 0.0, "its benign twin");
        // Where few are known, like devices tell what stands apart.
        let ledger = like_devices(&[187.0, 352.0, 352.0]);
        assert!(surprise(&ledger, 352.0) > 8.0 && surprise(&ledger, 187.0) < 0.1);
        // What is set every third time is set by somebody who may.
        let often = (0..40).flat_map(|n| [command(f64::from(100 + n)), command(529.0)]);
        let ledger = learned((0..1_000).map(|_| request(5, 21)).chain(often));
        assert_eq!(judged(NAME, &ledger, &command(529.0)), []);
    }

    #[test]
    fn what_the_device_itself_reported_of_the_point_is_known() {
        let report = |value: f64| {
            let reported = vec![Target {
                space: Space::HoldingRegister,
                start: 40,
                count: 1,
                values: vec![Value::Number(value)],
            }];
            Event { reported, ..ended(request(5, 21), Outcome::Done) }
        };
        let polls = (0..1_000).map(|_| request(5, 21));
        let commands = (100..140).map(|value| command(f64::from(value)));
        let ledger = learned(polls.chain(commands).chain([report(0.0), report(900.0)]));
        assert_eq!(judged(NAME, &ledger, &command(529.0)), []);
    }

    #[test]
    fn a_point_that_was_never_commanded_is_left_alone() {
        let event = write(&request(5, 21), 41, Value::Number(1e9));
        assert_eq!(judged(NAME, &site(), &event), []);
    }
}
