//! Events and a ledger for tests.

use crate::detector::Finding;
use crate::event::{
    Connection, Conversation, Event, Function, Intent, Marks, Outcome, PacketRef, Place, Protocol,
    Space, Stage, Switch, Target, Unseen, Value,
};
use crate::ledger::{Capture, Digest, Ledger, Values};
use crate::panel::Panel;

pub(crate) const START_NS: u64 = 1_700_000_000_000_000_000;

/// A read of holding registers 0 to 9.
pub(crate) fn request(client: u8, server: u8) -> Event {
    let conversation = Conversation {
        protocol: Protocol::Modbus,
        client: [10, 0, 0, client].into(),
        server: [10, 0, 0, server].into(),
        unit: 1,
        client_unit: None,
    };
    Event {
        place: Place { sequence: 1, partition: 0, nth: 0 },
        time_ns: START_NS,
        packet: PacketRef { capture: 0, number: 1 },
        earlier: None,
        stage: Stage::Requested,
        conversation,
        connection: Connection::default(),
        client_mac: None,
        server_mac: None,
        client_hops: None,
        server_hops: None,
        intent: Intent::Read,
        function: Function { code: 3, sub: None, name: "Read Holding Registers" },
        targets: vec![Target {
            space: Space::HoldingRegister,
            start: 0,
            count: 10,
            values: Vec::new(),
        }],
        reported: Vec::new(),
        marks: Marks::default(),
        sequence: None,
        broadcast: false,
        unacknowledged: false,
        proved: false,
        digest: 0,
        unseen: Unseen::default(),
    }
}

/// The same as a write of one holding register.
pub(crate) fn write(event: &Event, start: u32, value: Value) -> Event {
    Event {
        intent: Intent::Write,
        function: Function { code: 6, sub: None, name: "Write Single Register" },
        targets: vec![Target {
            space: Space::HoldingRegister,
            start,
            count: 1,
            values: vec![value],
        }],
        ..event.clone()
    }
}

/// The same some minutes later.
pub(crate) fn later(event: Event, minutes: u64) -> Event {
    Event { time_ns: event.time_ns + minutes * 60_000_000_000, ..event }
}

/// How it ended.
pub(crate) fn ended(event: Event, outcome: Outcome) -> Event {
    Event { stage: Stage::Ended { outcome, after_ns: 5 }, ..event }
}

/// A master's command to a breaker of an outstation.
pub(crate) fn breaker(switch: Switch, intent: Intent, code: u8, name: &'static str) -> Event {
    let event = request(5, 20);
    let conversation = Conversation {
        protocol: Protocol::Dnp3,
        unit: 10,
        client_unit: Some(1),
        ..event.conversation
    };
    let values = vec![Value::Switch(switch)];
    let targets = vec![Target { space: Space::BinaryOutput, start: 4, count: 1, values }];
    let function = Function { code, sub: None, name };
    Event { conversation, intent, function, targets, ..event }
}

/// Polls and commands of a Modbus client and a DNP3 master.
pub(crate) fn polled_and_commanded() -> Ledger {
    let mut ledger = Ledger::default();
    let digest = Digest::of("a capture");
    let capture = Capture { digest, first_ns: START_NS, last_ns: START_NS + 1, packets: 40_210 };
    ledger.add_capture(capture).unwrap();
    for minute in 0..30 {
        ledger.learn(&later(request(5, 9), minute));
        ledger.learn(&later(ended(request(5, 9), Outcome::Done), minute));
    }
    ledger.learn(&ended(request(5, 9), Outcome::Refused(2)));
    ledger.learn(&later(write(&request(5, 9), 40, Value::Number(100.0)), 1));
    ledger.learn(&later(write(&request(5, 9), 40, Value::Number(230.5)), 61));
    let classes = Target { space: Space::Class, start: 1, count: 3, values: Vec::new() };
    let poll = breaker(Switch::Nul, Intent::Read, 1, "Read");
    ledger.learn(&Event { targets: vec![classes], ..poll });
    ledger.learn(&breaker(Switch::Close, Intent::Select, 3, "Select"));
    ledger.learn(&breaker(Switch::Close, Intent::Operate, 4, "Operate"));
    ledger.learn(&breaker(Switch::Trip, Intent::Operate, 4, "Operate"));
    ledger
}

/// A ledger that learned these events.
pub(crate) fn learned(events: impl IntoIterator<Item = Event>) -> Ledger {
    let mut ledger = Ledger::default();
    events.into_iter().for_each(|event| ledger.learn(&event));
    ledger
}

/// What one detector, freshly made, finds.
pub(crate) fn judged(name: &str, ledger: &Ledger, event: &Event) -> Vec<Finding> {
    let mut panel = Panel::new(&[name]).unwrap();
    panel.go_live();
    panel.judge(ledger, event)
}

/// These numbers, as the values of a point.
pub(crate) fn values(numbers: &[f64]) -> Values {
    let mut values = Values::default();
    for number in numbers {
        values.add(Value::Number(*number));
    }
    values
}
