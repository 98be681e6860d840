//! An outstation that tells of changes by events, and rarely of all it has.

use super::*;
use crate::event::Switch;
use crate::samples::breaker;

const POLL_S: u64 = 5;
const POLLS_A_DAY: u64 = 17_280;
/// Polls from one of all classes to the next: 15 minutes.
const ALL: u64 = 180;
const DEADBANDS: [f64; 2] = [18.0, 60.0];

/// A breaker, the current through it, and a voltage.
struct Outstation {
    detector: OddReading,
    ledger: Ledger,
    learning: bool,
    poll: u64,
    random: u64,
    closed: bool,
    /// How the breaker was a poll ago, if its event comes a poll after those of the values.
    was_closed: Option<bool>,
    /// What an intruder makes of current and voltage.
    twist: fn(&mut [f64; 2]),
    told: [f64; 2],
    /// How the breaker was last, if it is told of at all.
    told_closed: Option<bool>,
    findings: Vec<Finding>,
}

static LEARNED: LazyLock<Ledger> = LazyLock::new(|| {
    let mut outstation = Outstation::new(Ledger::default(), 0);
    outstation.learning = true;
    for _ in 0..12 {
        outstation.polls(POLLS_A_DAY / 6);
        outstation.trips();
    }
    outstation.ledger
});

impl Outstation {
    fn new(ledger: Ledger, poll: u64) -> Self {
        Self {
            detector: OddReading::default(),
            ledger,
            learning: false,
            poll,
            random: 1,
            closed: true,
            was_closed: None,
            twist: |_| {},
            told: [0.0; 2],
            told_closed: Some(true),
            findings: Vec::new(),
        }
    }

    fn learned() -> Self {
        let mut outstation = Self::new(LEARNED.clone(), 3 * POLLS_A_DAY);
        outstation.polls(400);
        assert_eq!(outstation.findings, []);
        outstation
    }

    /// The breaker opens, and closes again two polls later.
    fn trips(&mut self) {
        self.closed = false;
        self.polls(2);
        self.closed = true;
        self.polls(ALL);
    }

    fn noise(&mut self, most: u32) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let number = u32::try_from(self.random >> 33).unwrap();
        f64::from(number % (2 * most + 1)) - f64::from(most)
    }

    fn polls(&mut self, times: u64) {
        for _ in 0..times {
            self.poll += 1;
            let current = if self.closed { 400.0 + self.noise(12) } else { 0.0 };
            let mut values = [current, 7_200.0 + self.noise(40)];
            (self.twist)(&mut values);
            let all = self.poll.is_multiple_of(ALL);
            let mut reported = Vec::new();
            let late = self.was_closed.as_mut();
            let closed = late.map_or(self.closed, |it| core::mem::replace(it, self.closed));
            if let Some(told) = &mut self.told_closed
                && (all || closed != *told)
            {
                *told = closed;
                reported.push((Space::BinaryInput, 0, f64::from(u8::from(closed))));
            }
            for ((place, value), deadband) in (0..).zip(values).zip(DEADBANDS) {
                let told = &mut self.told[place];
                if all || (value - *told).abs() >= deadband {
                    *told = value;
                    reported.push((Space::AnalogInput, u32::try_from(place).unwrap(), value));
                }
            }
            self.answers(all, &reported);
        }
    }

    fn answers(&mut self, all: bool, reported: &[(Space, u32, f64)]) {
        let point = |space, start, values| Target { space, start, count: 1, values };
        let told = |(space, start, value): &(Space, u32, f64)| {
            point(*space, *start, vec![Value::Number(*value)])
        };
        let asked = Event {
            time_ns: START_NS + self.poll * POLL_S * SECOND_NS,
            targets: vec![point(Space::Class, u32::from(!all), Vec::new())],
            ..breaker(Switch::Nul, Intent::Read, 1, "Read")
        };
        let answer = Event {
            reported: reported.iter().map(told).collect(),
            ..ended(asked.clone(), Outcome::Done)
        };
        for event in [asked, answer] {
            let (ledger, learning, findings) =
                (&mut self.ledger, self.learning, &mut self.findings);
            self.detector.observe(&event, &mut |seen| {
                if learning {
                    ledger.note(&seen);
                }
            });
            self.detector.judge(ledger, &event, &mut |found| findings.push(found));
            if learning {
                ledger.learn(&event);
            }
        }
    }

    fn only(&self) -> &Finding {
        let [finding] = &self.findings[..] else { panic!("{:#?}", self.findings) };
        finding
    }
}

#[test]
fn a_value_that_is_bent_is_found_by_the_event_that_tells_of_it() {
    let mut outstation = Outstation::learned();
    outstation.twist = |values| values[1] *= 1.15;
    outstation.polls(3);
    let finding = outstation.only();
    assert_eq!(finding.kind, "reading-jump");
    assert!(finding.surprise.0 > 10.0, "{finding:?}");
    assert!(finding.because.starts_with("analog-input 1 of 10.0.0.20"), "{finding:?}");
}

#[test]
fn a_current_that_falls_with_its_breaker_is_no_news_and_without_it_is() {
    let mut outstation = Outstation::learned();
    outstation.trips();
    outstation.polls(POLLS_A_DAY);
    assert_eq!(outstation.findings, []);
    outstation.told_closed = None;
    outstation.trips();
    assert_eq!(outstation.only().kind, "reading-jump");
}

#[test]
fn a_current_that_is_told_before_its_breaker_is_no_news() {
    let mut outstation = Outstation::learned();
    outstation.was_closed = Some(true);
    outstation.trips();
    outstation.polls(POLLS_A_DAY);
    assert_eq!(outstation.findings, []);
    outstation.twist = |values| values[1] *= 1.15;
    outstation.polls(1);
    assert_eq!(outstation.findings, [], "it waits for the next message");
    outstation.polls(1);
    let about = outstation.only().about.as_deref().expect("an act");
    assert!(about.reported.is_empty(), "what is kept is small");
    assert_eq!(about.time_ns, START_NS + (outstation.poll - 1) * POLL_S * SECOND_NS);
}

#[test]
fn a_command_after_a_jump_does_not_hide_it() {
    let mut outstation = Outstation::learned();
    outstation.twist = |values| values[1] *= 1.15;
    outstation.polls(1);
    let time_ns = START_NS + outstation.poll * POLL_S * SECOND_NS + SECOND_NS;
    let command = breaker(Switch::Close, Intent::Operate, 5, "Direct Operate");
    outstation.detector.observe(&Event { time_ns, ..command }, &mut |_| {});
    outstation.polls(1);
    assert_eq!(outstation.only().kind, "reading-jump");
}

#[test]
fn steps_that_a_switch_explains_are_not_learned() {
    let device = breaker(Switch::Nul, Intent::Read, 1, "Read").conversation.device();
    let point = Point { space: Space::AnalogInput, address: 0 };
    let record = LEARNED.record(&device).unwrap().point(point).unwrap();
    assert_eq!(record.values().range().map(|range| range.0), Some(0.0));
    assert!(record.steps().greatest() < 50.0, "{}", record.steps().greatest());
}

#[test]
fn a_binary_point_that_chatters_explains_little() {
    let mut reports = Reports::default();
    let explained = |seconds: u64, every: u64, reports: &mut Reports| {
        let times = (0..seconds / every).map(|nth| START_NS + nth * every * SECOND_NS);
        times.filter(|time_ns| reports.flips(*time_ns)).count()
    };
    assert_eq!(explained(3_600, 900, &mut reports), 4, "each of a few");
    // What one message tells is one move, and leaves room for more.
    let mut outstation = Outstation::new(Ledger::default(), 0);
    for closed in [false, true] {
        outstation.closed = closed;
        outstation.polls(1);
    }
    let left: f64 = outstation.detector.devices.values().map(|reports| reports.flips_left).sum();
    assert!((left - (FLIPS - 1.0)).abs() < 0.1, "{left}");
    let chatter = explained(36_000, 10, &mut Reports::default());
    assert!((60..=64).contains(&chatter), "{chatter}");
}
