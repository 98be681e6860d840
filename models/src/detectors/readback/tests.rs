//! Attacks and their benign twins, as seen on a polled output.

use super::*;
use crate::event::{Target, Unseen};
use crate::samples::{START_NS, breaker, ended, request, write};

/// Registers 0 to 9 of a device, polled once a second, and a panel that hears it all.
struct Plant {
    detector: Readback,
    ledger: Ledger,
    learning: bool,
    second: u64,
    registers: [f64; 10],
    findings: Vec<Finding>,
}

impl Plant {
    fn new() -> Self {
        Self {
            detector: Readback::default(),
            ledger: Ledger::default(),
            learning: true,
            second: 0,
            registers: [0.0; 10],
            findings: Vec::new(),
        }
    }

    /// Polled for long; register 4 follows a command now and then, register 7 is a measurement, 9
    /// never changes.
    fn learned() -> Self {
        let mut plant = Self::new();
        plant.poll();
        for round in 0..40_u32 {
            plant.command(4, f64::from(round % 2) * 50.0 + 100.0, true);
            plant.polls(50);
        }
        plant.learning = false;
        plant
    }

    fn take(&mut self, event: Event) {
        let event = Event { time_ns: START_NS + self.second * SECOND_NS, ..event };
        let (ledger, learning) = (&mut self.ledger, self.learning);
        self.detector.observe(&event, &mut |seen| {
            if learning {
                ledger.note(&seen);
            }
        });
        self.detector.judge(&self.ledger, &event, &mut |finding| self.findings.push(finding));
        if learning {
            self.ledger.learn(&event);
        }
    }

    fn poll(&mut self) {
        self.second += 1;
        self.registers[7] = f64::from(u32::try_from(self.second % 97).unwrap());
        self.take(request(5, 21));
        let values = self.registers.map(Value::Number).to_vec();
        let target = Target { space: Space::HoldingRegister, start: 0, count: 10, values };
        self.take(Event { reported: vec![target], ..ended(request(5, 21), Outcome::Done) });
    }

    fn polls(&mut self, times: usize) {
        (0..times).for_each(|_| self.poll());
    }

    fn command(&mut self, register: u32, value: f64, works: bool) {
        let event = write(&request(5, 21), register, Value::Number(value));
        self.take(event.clone());
        self.take(ended(event, Outcome::Done));
        if works {
            self.registers[usize::try_from(register).unwrap()] = value;
        }
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.kind).collect()
    }
}

#[test]
fn commands_that_show_and_measurements_that_move_raise_nothing() {
    let mut plant = Plant::learned();
    plant.command(4, 180.0, true);
    plant.polls(300);
    plant.command(4, 181.0, true);
    plant.command(4, 182.0, true);
    plant.polls(300);
    assert_eq!(plant.kinds(), [""; 0]);
    let effects = plant.ledger.record(&request(5, 21).conversation.device()).unwrap();
    let point = |address| Point { space: Space::HoldingRegister, address };
    let of = |address| effects.point(point(address)).unwrap().effects();
    assert_eq!((of(4).followed, of(4).ignored, of(4).unexplained), (40, 0, 0));
    assert!(of(7).unexplained > 1_000);
}

#[test]
fn a_command_that_does_not_show_is_found_by_the_first_poll_after_ten_seconds() {
    let mut plant = Plant::learned();
    plant.command(4, 180.0, false);
    plant.polls(9);
    assert_eq!(plant.kinds(), [""; 0]);
    plant.polls(60);
    let [finding] = &plant.findings[..] else { panic!("{:?}", plant.findings) };
    assert_eq!(finding.kind, "no-effect");
    assert_eq!(finding.actor, Some([10, 0, 0, 21].into()));
    let about = finding.about.as_deref().unwrap();
    assert_eq!((about.intent, about.targets[0].start), (Intent::Write, 4));
    assert_eq!(
        finding.because,
        "10.0.0.21 unit 1 accepted 180 for holding-register 4 from 10.0.0.5 and ten seconds later, or \
         more, reports 150; in the baseline 40 of 40 commands to it showed, and 0 of 1 commanded \
         point ever ignored one"
    );
    assert!(finding.surprise.0 > 4.5, "{finding:?}");
}

#[test]
fn an_output_that_changes_by_itself_is_found_at_once_and_told_once() {
    let mut plant = Plant::learned();
    plant.polls(100);
    plant.registers[4] = 999.0;
    plant.poll();
    let [finding] = &plant.findings[..] else { panic!("{:?}", plant.findings) };
    assert_eq!((finding.kind, finding.hard), ("unexplained-change", false));
    assert!(finding.surprise.0 > 10.0, "{finding:?}");
    assert!(finding.because.contains("went from 150 to 999"), "{finding:?}");
    assert!(
        finding
            .because
            .ends_with("commanded 40 times, and changes without a command: none in 2,001 reports")
    );
    for _ in 0..20 {
        plant.registers[4] += 1.0;
        plant.poll();
    }
    assert_eq!(plant.findings.len(), 1);
}

#[test]
fn a_point_that_was_often_set_by_hand_may_be_again() {
    let mut plant = Plant::new();
    for round in 0..40_u32 {
        plant.command(4, 100.0 + f64::from(round % 2), true);
        plant.polls(100);
        plant.registers[4] = 7.0;
        plant.polls(100);
    }
    plant.learning = false;
    plant.registers[4] = 8.0;
    plant.polls(100);
    assert_eq!(plant.kinds(), [""; 0]);
}

#[test]
fn restarts_and_losses_and_silence_explain_changes() {
    let restart = Event { marks: Mark::Restarted.into(), ..ended(request(5, 21), Outcome::Done) };
    let lost = Event { unseen: Unseen { lost_octets: 12, one_way: false }, ..request(5, 21) };
    for before in [restart, lost.clone()] {
        let mut plant = Plant::learned();
        plant.polls(100);
        plant.command(4, 180.0, false);
        plant.take(before);
        plant.registers[4] = 999.0;
        plant.polls(5);
        assert_eq!(plant.kinds(), [""; 0]);
    }
    let mut plant = Plant::learned();
    plant.second += 3 * 3_600;
    plant.registers[4] = 999.0;
    plant.polls(5);
    assert_eq!(plant.kinds(), [""; 0]);
}

#[test]
fn one_way_flows_are_not_judged() {
    let mut plant = Plant::learned();
    plant.polls(100);
    plant.registers[4] = 999.0;
    let values = plant.registers.map(Value::Number).to_vec();
    let target = Target { space: Space::HoldingRegister, start: 0, count: 10, values };
    plant.take(Event {
        reported: vec![target],
        unseen: Unseen { lost_octets: 0, one_way: true },
        ..ended(request(5, 21), Outcome::Done)
    });
    assert_eq!(plant.kinds(), [""; 0]);
}

#[test]
fn a_poll_that_was_asked_for_before_the_command_decides_nothing() {
    let mut plant = Plant::learned();
    plant.command(4, 180.0, false);
    plant.second += 30;
    let values = plant.registers.map(Value::Number).to_vec();
    let target = Target { space: Space::HoldingRegister, start: 0, count: 10, values };
    let stage = Stage::Ended { outcome: Outcome::Done, after_ns: 31 * SECOND_NS };
    plant.take(Event { reported: vec![target], stage, ..request(5, 21) });
    assert_eq!(plant.kinds(), [""; 0]);
}

#[test]
fn breakers_show_their_state_and_pulses_leave_none() {
    let table =
        [(Switch::LatchOn, 1.0, true), (Switch::Trip, 0.0, true), (Switch::PulseOn, 1.0, false)];
    for (switch, shown, expects) in table {
        let mut detector = Readback::default();
        let mut saw = Vec::new();
        let status = |value, at: u64| {
            let values = vec![Value::Number(value)];
            let target = Target { space: Space::BinaryOutput, start: 4, count: 1, values };
            let poll = breaker(Switch::Nul, Intent::Read, 1, "Read");
            let poll =
                Event { targets: Vec::new(), reported: vec![target], ..ended(poll, Outcome::Done) };
            Event { time_ns: START_NS + at * SECOND_NS, ..poll }
        };
        let operate = breaker(switch, Intent::Operate, 4, "Operate");
        let events = [
            status(1.0 - shown, 0),
            operate.clone(),
            ended(operate, Outcome::Done),
            status(shown, 2),
        ];
        for event in &events {
            detector.observe(event, &mut |seen| {
                let Observation::OfPoint { saw: it, .. } = seen else { panic!("{seen:?}") };
                saw.push(it);
            });
        }
        assert_eq!(saw, if expects { vec![Saw::Followed] } else { vec![] }, "{switch}");
    }
}

#[test]
fn orders_that_are_never_polled_do_not_pile_up() {
    let mut detector = Readback::default();
    let count = 2 * ORDERS;
    let values = vec![Value::Number(0.0); count];
    let count = u32::try_from(count).unwrap();
    let target = Target { space: Space::HoldingRegister, start: 0, count, values };
    let poll = Event { reported: vec![target], ..ended(request(5, 21), Outcome::Done) };
    detector.observe(&poll, &mut |_| {});
    for address in 0..count {
        let order = ended(write(&request(5, 21), address, Value::Number(1.0)), Outcome::Done);
        detector.observe(&order, &mut |_| {});
    }
    assert_eq!(detector.orders.len(), ORDERS);
}
