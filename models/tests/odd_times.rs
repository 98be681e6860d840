//! Clocks that jump, months of silence, counters that wrap, devices that are others now: what is stated of
//! them in `ARCHITECTURE.md`, shown on a small site.
//!
//! Time is the packet's. A stretch without packets is no time: nobody was silent in it. A clock that jumps,
//! ahead or back, raises nothing by itself and mutes nothing of what comes after.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use std::collections::BTreeSet;
use std::net::IpAddr;

use gridtap_models::detector::Finding;
use gridtap_models::event::{
    Conversation, Event, Function, Intent, Outcome, Space, Stage, Target, Value,
};
use gridtap_models::ledger::Ledger;
use gridtap_models::panel::Panel;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 363 * DAY;
const START: u64 = 1_700_000_000 * SECOND;

/// Time from one poll of a device to the next.
const PERIOD: u64 = 30 * SECOND;

fn poll(server: u8, unit: u16, time_ns: u64) -> Event {
    let span = Target { space: Space::InputRegister, start: 0, count: 4, values: Vec::new() };
    let event = samples::poll([10, 0, 0, 5].into(), [10, 0, 0, server].into(), time_ns);
    Event {
        conversation: Conversation { unit, ..event.conversation },
        client_mac: Some([2, 0, 0, 0, 0, 5]),
        server_mac: Some([2, 0, 0, 0, 0, server]),
        function: Function { code: 4, sub: None, name: "Read Input Registers" },
        targets: vec![span],
        ..event
    }
}

/// A counter that goes round, and where it stood in 1970.
#[derive(Clone, Copy)]
struct Counter {
    wrap: u64,
    began: u64,
}

const COUNTER: Counter = Counter { wrap: 1 << 32, began: 0 };

/// How it ended: a counter of energy, a load that follows the day with its noise, and two that stand.
fn answered(poll: &Event, offset: f64, counter: Counter) -> Event {
    let (time_ns, hours) = (poll.time_ns, real(poll.time_ns % DAY) / real(HOUR));
    let noise = real((time_ns / PERIOD).wrapping_mul(2_654_435_761) % 17);
    let load = 400.0 + offset + 60.0 * (hours / 24.0 * core::f64::consts::TAU).sin() + noise;
    let counter = real((time_ns / PERIOD * 3 + counter.began) % counter.wrap);
    let values = [counter, load.round(), 7.0 + offset, 1.0].map(Value::Number).to_vec();
    let reported = Target { space: Space::InputRegister, start: 0, count: 4, values };
    let stage = Stage::Ended { outcome: Outcome::Done, after_ns: 3_000_000 };
    Event { stage, time_ns: time_ns + 3_000_000, reported: vec![reported], ..poll.clone() }
}

fn restart(time_ns: u64) -> Event {
    let function = Function { code: 8, sub: Some(1), name: "Restart Communications" };
    Event { intent: Intent::Restart, function, targets: Vec::new(), ..poll(21, 1, time_ns) }
}

fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count % (1 << 32)).unwrap())
}

/// Two devices polled by one master from a time on.
fn usual(from_ns: u64, lasts_ns: u64) -> impl Iterator<Item = Event> {
    traffic(from_ns, lasts_ns, COUNTER)
}

/// The same, as a clock has it that is ahead by so much (behind, if below 0).
fn with_clock(from_ns: u64, lasts_ns: u64, ahead_ns: i64) -> impl Iterator<Item = Event> {
    usual(from_ns, lasts_ns).map(move |event| {
        let time_ns = event.time_ns.checked_add_signed(ahead_ns).unwrap();
        Event { time_ns, ..event }
    })
}

fn traffic(from_ns: u64, lasts_ns: u64, counter: Counter) -> impl Iterator<Item = Event> {
    (from_ns..from_ns + lasts_ns).step_by(usize::try_from(PERIOD).unwrap()).flat_map(move |at| {
        [21, 22].into_iter().flat_map(move |server| {
            let poll = poll(server, 1, at + u64::from(server) * SECOND / 10);
            let answer = answered(&poll, 0.0, counter);
            [poll, answer]
        })
    })
}

struct Site {
    ledger: Ledger,
    panel: Panel,
    findings: Vec<Finding>,
}

impl Site {
    /// Learned from these events.
    fn of(events: impl Iterator<Item = Event>) -> Self {
        let (mut ledger, mut panel) = (Ledger::default(), Panel::all());
        for event in events {
            panel.observe(&event, &mut |seen| ledger.note(&seen));
            // Judged while learning too, as the sensor does.
            let _ = panel.judge(&ledger, &event);
            ledger.learn(&event);
        }
        Self { ledger, panel, findings: Vec::new() }
    }

    /// Two usual days.
    fn learned() -> Self {
        Self::of(usual(START, 2 * DAY))
    }

    fn judge(&mut self, events: impl Iterator<Item = Event>) -> &mut Self {
        for event in events {
            self.panel.observe(&event, &mut |_| {});
            self.findings.extend(self.panel.judge(&self.ledger, &event));
        }
        self
    }

    fn kinds(&self) -> Vec<&str> {
        self.findings.iter().map(|finding| finding.kind).collect()
    }
}

const AFTER: u64 = START + 2 * DAY;

fn signed(ns: u64) -> i64 {
    i64::try_from(ns).unwrap()
}

#[test]
fn a_clock_that_jumps_ahead_raises_nothing() {
    for jump in [2 * HOUR, 30 * HOUR, 5 * YEAR] {
        let mut site = Site::learned();
        let after = with_clock(AFTER + 2 * HOUR, 2 * HOUR, signed(jump));
        site.judge(usual(AFTER, 2 * HOUR)).judge(after);
        assert_eq!(site.findings, [], "by {} h", jump / HOUR);
    }
}

#[test]
fn a_clock_that_jumps_back_raises_nothing() {
    for jump in [2 * HOUR, 30 * HOUR, 5 * YEAR] {
        let mut site = Site::learned();
        let after = with_clock(AFTER + 2 * HOUR, 4 * HOUR, -signed(jump));
        site.judge(usual(AFTER, 2 * HOUR)).judge(after);
        assert_eq!(site.findings, [], "by {} h", jump / HOUR);
    }
}

#[test]
fn after_a_clock_jumped_back_what_was_told_before_is_told_again() {
    for jump in [2 * HOUR, 5 * YEAR] {
        let mut site = Site::learned();
        let acts = [AFTER, AFTER + 60 * SECOND, AFTER - jump, AFTER - jump + 60 * SECOND];
        site.judge(acts.into_iter().map(restart));
        let restarts = site.kinds().iter().filter(|kind| **kind == "restart").count();
        assert_eq!(restarts, 2, "by {} h: {:?}", jump / HOUR, site.kinds());
    }
}

#[test]
fn a_device_that_falls_silent_after_a_clock_jumped_back_is_found() {
    let mut site = Site::learned();
    let back = -signed(DAY);
    site.judge(usual(AFTER, HOUR)).judge(with_clock(AFTER + HOUR, HOUR, back));
    assert_eq!(site.findings, []);
    // From then on one device answers no more.
    let silent = with_clock(AFTER + 2 * HOUR, 2 * HOUR, back).filter(|event| {
        event.conversation.server != IpAddr::from([10, 0, 0, 22]) || event.stage == Stage::Requested
    });
    site.judge(silent);
    assert_eq!(site.kinds(), ["server-silent"]);
}

#[test]
fn months_of_silence_raise_nothing_when_they_end() {
    let mut site = Site::learned();
    site.judge(usual(AFTER, HOUR)).judge(usual(AFTER + HOUR + 120 * DAY, HOUR));
    assert_eq!(site.findings, []);
}

#[test]
fn learning_from_a_clock_that_begins_in_1970_makes_nobody_late_and_no_long_days() {
    // A sensor without a clock of its own: half an hour from 1970 on, then it is told the time.
    let device = |server: u8| {
        move |event: &Event| event.conversation.server == IpAddr::from([10, 0, 0, server])
    };
    let write = |time_ns| Event {
        intent: Intent::Write,
        function: Function { code: 6, sub: None, name: "Write Single Register" },
        targets: vec![Target {
            space: Space::HoldingRegister,
            start: 1,
            count: 1,
            values: vec![Value::Number(1.0)],
        }],
        ..poll(22, 1, time_ns)
    };
    let second = |time_ns| {
        let event = write(time_ns);
        let client = IpAddr::from([10, 0, 0, 6]);
        Event { conversation: Conversation { client, ..event.conversation }, ..event }
    };
    let early = usual(0, HOUR / 2);
    let rest =
        usual(START, 3 * DAY).filter(device(22)).chain(usual(START, 3 * DAY).filter(device(21)));
    let mut events: Vec<Event> = early.chain(rest).collect();
    // Another client that reads and commands from the same minutes on.
    for hour in 0..60 {
        let read = poll(22, 1, START + hour * HOUR);
        let client = IpAddr::from([10, 0, 0, 6]);
        events.push(Event { conversation: Conversation { client, ..read.conversation }, ..read });
        events.push(second(START + hour * HOUR + SECOND));
    }
    events.sort_by_key(|event| event.time_ns);
    let mut site = Site::of(events.into_iter());
    site.judge([second(START + 3 * DAY)].into_iter());
    assert_eq!(site.findings, [], "not late by fifty years");
    let habits = site.ledger.habits().unwrap();
    assert!(habits.values().all(|habit| habit.here < 1.0), "{habits:?}");
}

#[test]
fn a_counter_that_wraps_at_16_or_at_32_bits_raises_nothing() {
    for bits in [16, 32] {
        let wrap = 1_u64 << bits;
        // It wraps an hour after judging began.
        let then = (AFTER + HOUR) / PERIOD * 3 % wrap;
        let counter = Counter { wrap, began: wrap - then };
        let mut site = Site::of(traffic(START, 2 * DAY, counter));
        site.judge(traffic(AFTER, 3 * HOUR, counter));
        let counters = traffic(AFTER, 3 * HOUR, counter).filter_map(|event| {
            let Value::Number(counter) = event.reported.first()?.values[0] else { return None };
            Some(counter)
        });
        let counters: Vec<f64> = counters.step_by(2).collect();
        assert!(counters.windows(2).any(|pair| pair[1] < pair[0]), "{bits}: it does not wrap");
        assert_eq!(site.findings, [], "{bits} bits");
    }
}

#[test]
fn a_device_that_was_replaced_is_one_actor_s_and_asks_to_be_learned_again() {
    let mut site = Site::learned();
    let other = |event: Event| {
        if event.conversation.server != IpAddr::from([10, 0, 0, 22]) {
            return event;
        }
        let event = Event { server_mac: Some([2, 0, 0, 0, 9, 9]), ..event };
        if event.stage == Stage::Requested { event } else { answered(&event, 3_000.0, COUNTER) }
    };
    site.judge(usual(AFTER, 12 * HOUR).map(other));
    let actors: BTreeSet<_> = site.findings.iter().map(|finding| finding.actor).collect();
    assert_eq!(actors, BTreeSet::from([Some(IpAddr::from([10, 0, 0, 22]))]));
    let changed: Vec<_> =
        site.findings.iter().filter(|finding| finding.kind == "changed-mac").collect();
    let [changed] = &changed[..] else { panic!("{:?}", site.kinds()) };
    assert!(changed.because.contains("if this device was replaced, learn it again"), "{changed:?}");
    // What is beyond the learned range is said as it begins, and not report by report.
    assert!(site.findings.len() <= 6, "{:?}", site.kinds());
}

#[test]
fn units_that_were_renumbered_are_new_conversations_of_their_client_and_one_silence() {
    let mut site = Site::learned();
    let renumbered = |event: Event| {
        let unit = if event.conversation.server == IpAddr::from([10, 0, 0, 22]) { 2 } else { 1 };
        Event { conversation: Conversation { unit, ..event.conversation }, ..event }
    };
    site.judge(usual(AFTER, 6 * HOUR).map(renumbered));
    let kinds: BTreeSet<_> = site.kinds().into_iter().collect();
    assert!(kinds.is_subset(&BTreeSet::from(["new-conversation", "polls-stopped"])), "{kinds:?}");
    let about = |finding: &Finding| finding.actor.unwrap_or(IpAddr::from([10, 0, 0, 5]));
    let actors: BTreeSet<_> = site.findings.iter().map(about).collect();
    assert!(actors.len() <= 2, "{actors:?}");
    let stopped = site.kinds().iter().filter(|kind| **kind == "polls-stopped").count();
    assert!(stopped <= 1, "{stopped}");
}
