//! Made-up signals of a substation, attacks on them, and what only looks like one.

mod events;

use std::sync::LazyLock;

use super::table::Kind;
use super::*;
use crate::event::{Conversation, Outcome, Target};
use crate::samples::{START_NS, ended, request, write};

const POLL_S: u64 = 10;
const POLLS_A_DAY: u32 = 8_640;
const POINTS: usize = 8;

const CURVE: usize = 0;
const VOLTAGE: usize = 1;
const ENERGY: usize = 2;
const MODE: usize = 3;
const RATING: usize = 4;
const FLOW: usize = 5;
const CURRENT: usize = 7;

/// Eight holding registers, polled every ten seconds.
struct Plant {
    detector: OddReading,
    ledger: Ledger,
    learning: bool,
    poll: u32,
    /// When, beyond the polls.
    pause_ns: u64,
    random: u64,
    energy: u32,
    /// What an intruder, or the process, makes of the registers.
    twist: fn(u32, &mut [f64; POINTS]),
    findings: Vec<(u32, Finding)>,
}

static LEDGER: LazyLock<Ledger> = LazyLock::new(|| {
    let mut plant = Plant::new(Ledger::default(), 0);
    plant.learning = true;
    plant.polls(2 * POLLS_A_DAY);
    plant.ledger
});

impl Plant {
    fn new(ledger: Ledger, poll: u32) -> Self {
        Self {
            detector: OddReading::default(),
            ledger,
            learning: false,
            poll,
            pause_ns: 0,
            random: 1,
            energy: 40_000,
            twist: |_, _| {},
            findings: Vec::new(),
        }
    }

    /// After two days of learning, and some polls since.
    fn learned() -> Self {
        let mut plant = Self::new(LEDGER.clone(), 2 * POLLS_A_DAY);
        plant.energy = 10_000;
        plant.polls(100);
        assert_eq!(plant.findings, []);
        plant
    }

    /// A whole number, up to `most` of either sign.
    fn noise(&mut self, most: i32) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let number = i32::try_from(self.random >> 33).unwrap();
        f64::from(number % (2 * most + 1) - most)
    }

    fn take(&mut self, event: Event) {
        let at = u64::from(self.poll) * POLL_S * SECOND_NS + self.pause_ns;
        let event = Event { time_ns: START_NS + at, ..event };
        let (ledger, learning) = (&mut self.ledger, self.learning);
        self.detector.observe(&event, &mut |seen| {
            if learning {
                ledger.note(&seen);
            }
        });
        let (poll, findings) = (self.poll, &mut self.findings);
        self.detector.judge(&self.ledger, &event, &mut |found| findings.push((poll, found)));
        if learning {
            self.ledger.learn(&event);
        }
    }

    fn polls(&mut self, times: u32) {
        for nth in 0..times {
            self.poll += 1;
            self.energy = (self.energy + 1 + self.poll % 3) % 65_536;
            let day = f64::from(self.poll) / f64::from(POLLS_A_DAY) * core::f64::consts::TAU;
            let mut registers = [
                (1_000.0 + 300.0 * day.sin()).round() + self.noise(5),
                5_000.0 + self.noise(20),
                f64::from(self.energy),
                f64::from(self.poll / 700 % 3),
                7.0,
                3_000.0 + (0..4).map(|_| self.noise(25)).sum::<f64>(),
                200.0 + self.noise(8),
                100.0 + self.noise(3),
            ];
            (self.twist)(nth, &mut registers);
            self.report(&registers);
        }
    }

    fn report(&mut self, registers: &[f64]) {
        self.take(request(5, 21));
        let values = registers.iter().copied().map(Value::Number).collect();
        let target = Target { space: Space::HoldingRegister, start: 0, count: 8, values };
        self.take(Event { reported: vec![target], ..ended(request(5, 21), Outcome::Done) });
    }

    /// What is found, and after how many polls, if it is one thing.
    fn only(&self) -> (&'static str, u32) {
        let [(poll, finding)] = &self.findings[..] else { panic!("{:#?}", self.findings) };
        assert_eq!((finding.actor, finding.hard), (Some([10, 0, 0, 21].into()), false));
        (finding.kind, poll - 2 * POLLS_A_DAY - 100)
    }
}

fn kind(address: usize) -> Kind {
    let device = request(5, 21).conversation.device();
    let address = u32::try_from(address).unwrap();
    let point = Point { space: Space::HoldingRegister, address };
    Kind::of_record(point.space, LEDGER.record(&device).unwrap().point(point).unwrap())
}

#[test]
fn the_type_of_a_point_is_found() {
    let kinds = [CURVE, VOLTAGE, ENERGY, MODE, RATING, FLOW].map(kind);
    let [analog, counter, few] = [Kind::Analog, Kind::Counter, Kind::Enumerated];
    assert_eq!(kinds, [analog, analog, counter, few, few, analog]);
}

#[test]
fn a_day_like_the_others_with_a_counter_that_wraps_raises_nothing() {
    let mut plant = Plant::learned();
    plant.energy = 60_000;
    plant.polls(POLLS_A_DAY);
    assert_eq!(plant.findings, []);
}

#[test]
fn a_jump_is_found_at_once_and_told_once() {
    let mut plant = Plant::learned();
    plant.twist = |_, registers| registers[VOLTAGE] += 1_000.0;
    plant.polls(100);
    assert_eq!(plant.only(), ("reading-jump", 1));
    let because = &plant.findings[0].1.because;
    assert!(because.starts_with("holding-register 1 of 10.0.0.21 unit 1 went from "), "{because}");
    assert!(because.contains(" times the greatest of 17,279 steps of the baseline"), "{because}");
}

#[test]
fn what_slowly_leaves_its_range_is_found() {
    let mut plant = Plant::learned();
    plant.twist = |nth, registers| registers[CURVE] += f64::from(nth) * 5.0;
    plant.polls(500);
    let (kind, after) = plant.only();
    assert_eq!(kind, "reading-out-of-range");
    assert!((100..400).contains(&after), "{after}");
}

#[test]
fn a_drift_inside_the_range_is_found_in_hours() {
    let mut plant = Plant::learned();
    plant.twist = |_, registers| registers[FLOW] += 80.0;
    plant.polls(1_500);
    let (kind, after) = plant.only();
    assert_eq!(kind, "reading-drift");
    assert!(after < 1_300, "{after}");
}

#[test]
fn a_frozen_view_is_one_finding() {
    let mut plant = Plant::learned();
    plant.twist =
        |_, registers| *registers = [1_100.0, 5_003.0, 777.0, 1.0, 7.0, 3_007.0, 199.0, 101.0];
    plant.polls(100);
    // The first step into the view is odd by itself, and is not what is looked for here.
    plant.findings.retain(|(_, finding)| !["counter-back", "reading-jump"].contains(&finding.kind));
    let (kind, after) = plant.only();
    assert_eq!(kind, "frozen-view");
    assert!(after < 40, "{after}");
}

#[test]
fn one_point_that_stands_still_is_found_and_one_that_is_off_is_not() {
    let mut plant = Plant::learned();
    plant.twist = |_, registers| registers[VOLTAGE] = 5_003.0;
    plant.polls(200);
    let (kind, after) = plant.only();
    assert_eq!(kind, "reading-frozen");
    assert!(after < 30, "{after}");
}

#[test]
fn a_counter_that_stops_or_goes_back_is_found() {
    let mut plant = Plant::learned();
    plant.twist = |_, registers| registers[ENERGY] = 10_400.0;
    plant.polls(100);
    assert_eq!(plant.only().0, "reading-frozen");

    let mut plant = Plant::learned();
    plant.energy = 9_000;
    plant.polls(100);
    assert_eq!(plant.only(), ("counter-back", 1));
}

#[test]
fn a_value_among_few_that_never_was_is_found() {
    for point in [MODE, RATING] {
        let mut plant = Plant::learned();
        plant.twist = match point {
            MODE => |_, registers| registers[MODE] = 9.0,
            _ => |_, registers| registers[RATING] = 8.0,
        };
        plant.polls(100);
        assert_eq!(plant.only(), ("new-reading", 1));
    }
}

#[test]
fn a_breaker_that_the_operator_opens_raises_nothing() {
    let mut plant = Plant::learned();
    plant.take(write(&request(5, 21), 40, Value::Number(0.0)));
    plant.twist = |_, registers| registers[CURRENT] = 0.0;
    plant.polls(2_000);
    assert_eq!(plant.findings, []);
}

#[test]
fn what_is_commanded_of_all_units_explains_what_each_does() {
    for (unit, found) in [(0, 0), (2, 1)] {
        let mut plant = Plant::learned();
        let write = write(&request(5, 21), 40, Value::Number(0.0));
        let conversation = Conversation { unit, ..write.conversation };
        plant.take(Event { conversation, ..write });
        plant.twist = |_, registers| registers[CURRENT] = 0.0;
        plant.polls(100);
        assert_eq!(plant.findings.len(), found, "unit {unit}: {:?}", plant.findings);
    }
}

#[test]
fn a_command_of_all_units_that_a_wrong_clock_put_ahead_hides_no_later_one() {
    let mut plant = Plant::learned();
    let write = write(&request(5, 21), 40, Value::Number(0.0));
    let conversation = Conversation { unit: 0, ..write.conversation };
    plant.pause_ns += 3_600 * SECOND_NS;
    plant.take(Event { conversation, ..write.clone() });
    plant.pause_ns -= 3_600 * SECOND_NS;
    plant.take(write);
    plant.twist = |_, registers| registers[CURRENT] = 0.0;
    plant.polls(100);
    assert_eq!(plant.findings, []);
}

#[test]
fn a_device_that_restarts_raises_nothing() {
    let mut plant = Plant::learned();
    plant.pause_ns += 300 * SECOND_NS;
    plant.energy = 0;
    plant.twist = |nth, registers| {
        if nth < 3 {
            (registers[CURVE], registers[VOLTAGE]) = (0.0, 0.0);
        }
    };
    plant.polls(500);
    assert_eq!(plant.findings, []);
}

#[test]
fn points_that_were_never_learned_are_not_judged_and_take_no_room() {
    let mut plant = Plant::learned();
    for n in 0..200_u32 {
        let values = vec![Value::Number(f64::from(n)); 100];
        let target = Target { space: Space::InputRegister, start: n * 100, count: 100, values };
        plant.take(Event { reported: vec![target], ..ended(request(5, 21), Outcome::Done) });
    }
    assert_eq!(plant.findings, []);
    let reports = plant.detector.devices.values().next().unwrap();
    assert_eq!((reports.table.len(), plant.detector.unlearned), (POINTS, 0));
}

#[test]
fn a_clock_that_jumps_is_found_and_one_that_was_set_is_not() {
    for set in [false, true] {
        let mut plant = Plant::learned();
        let clock = |plant: &mut Plant, ahead_ms: f64| {
            plant.polls(1);
            let now = START_NS / 1_000_000 + u64::from(plant.poll) * POLL_S * 1_000;
            let values = vec![Value::Number(real(now) + ahead_ms)];
            let time = Target { space: Space::Time, start: 0, count: 1, values };
            plant.take(Event { reported: vec![time], ..ended(request(5, 21), Outcome::Done) });
        };
        (0..50).for_each(|n| clock(&mut plant, -7_200_000.0 - f64::from(n % 7) * 900.0));
        if set {
            plant.take(Event { intent: Intent::SetTime, ..request(5, 21) });
        }
        clock(&mut plant, 0.0);
        clock(&mut plant, 0.0);
        let kinds: Vec<_> = plant.findings.iter().map(|(_, finding)| finding.kind).collect();
        assert_eq!(kinds, if set { &[][..] } else { &["time-skew"][..] });
    }
}

#[test]
fn numbers_that_are_none_are_left_alone() {
    let mut plant = Plant::learned();
    plant.twist =
        |nth, registers| registers[VOLTAGE] = if nth % 2 == 0 { f64::NAN } else { f64::INFINITY };
    plant.polls(10);
    assert_eq!(plant.findings, []);
}

#[test]
fn another_device_learns_and_judges_for_itself() {
    let mut plant = Plant::learned();
    let other = Conversation { unit: 2, ..request(5, 21).conversation };
    let values = vec![Value::Number(60_000.0); 8];
    let target = Target { space: Space::HoldingRegister, start: 0, count: 8, values };
    let event = ended(request(5, 21), Outcome::Done);
    for _ in 0..100 {
        plant.take(Event { conversation: other, reported: vec![target.clone()], ..event.clone() });
    }
    assert_eq!(plant.findings, []);
}
