//! What an event costs to learn and to judge, at 100 and at 10,000 points.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gridtap_benches::CpuTime;
use gridtap_models::event::{
    Conversation, Event, Function, Intent, Marks, Outcome, PacketRef, Place, Protocol, Space,
    Stage, Target, Unseen, Value,
};
use gridtap_models::ledger::Ledger;
use gridtap_models::panel::Panel;

/// Points of a device, all of them registers that are written, and read ten at once.
const POINTS_A_DEVICE: u32 = 100;

fn judge(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("judge");
    for points in [100, 10_000] {
        let routine: Vec<Event> = (0..points / POINTS_A_DEVICE).flat_map(device).collect();
        let from_stranger = routine.iter().cloned().map(|mut event| {
            event.conversation.client = [10, 9, 9, 9].into();
            event
        });
        let from_stranger: Vec<Event> = from_stranger.collect();
        // Ten times, so that a first time is behind it.
        let mut ledger = Ledger::default();
        for _ in 0..10 {
            learn(&mut ledger, &routine);
        }

        group.throughput(Throughput::Elements(u64::try_from(routine.len()).unwrap_or(u64::MAX)));
        let mut panel = Panel::all();
        let mut bench = |name: &str, events: &[Event]| {
            group.bench_function(format!("{name}, {points} points"), |b| {
                b.iter(|| {
                    let findings = events.iter().map(|event| panel.judge(&ledger, event).len());
                    black_box(findings.sum::<usize>())
                });
            });
        };
        bench("routine", &routine);
        bench("a client never seen", &from_stranger);
        group.bench_function(format!("learn, {points} points"), |b| {
            let learned = |mut ledger| {
                learn(&mut ledger, &routine);
                ledger
            };
            b.iter_batched(|| ledger.clone(), learned, BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn learn(ledger: &mut Ledger, events: &[Event]) {
    for event in events {
        ledger.learn(event);
    }
}

/// What is asked of device `number` in a round, and how it ends: every point is written, and before
/// every write ten are read.
fn device(number: u32) -> impl Iterator<Item = Event> {
    (0..POINTS_A_DEVICE).flat_map(move |point| {
        let poll = act(number, Target { count: 10, ..register(point / 10 * 10) });
        let value = Value::Number(f64::from(point));
        let write = act(number, Target { values: vec![value], ..register(point) });
        [poll.clone(), ended(poll), write.clone(), ended(write)]
    })
}

fn register(start: u32) -> Target {
    Target { space: Space::HoldingRegister, start, count: 1, values: Vec::new() }
}

fn act(device: u32, target: Target) -> Event {
    let writes = !target.values.is_empty();
    let [_, _, high, low] = device.to_be_bytes();
    Event {
        place: Place { sequence: 1, partition: 0, nth: 0 },
        time_ns: 1_700_000_000_000_000_000,
        packet: PacketRef { capture: 0, number: 1 },
        earlier: None,
        stage: Stage::Requested,
        conversation: Conversation {
            protocol: Protocol::Modbus,
            client: [10, 0, 0, 1].into(),
            server: [10, 1, high, low].into(),
            unit: 1,
            client_unit: None,
        },
        client_mac: None,
        server_mac: None,
        intent: if writes { Intent::Write } else { Intent::Read },
        function: if writes {
            Function { code: 6, sub: None, name: "Write Single Register" }
        } else {
            Function { code: 3, sub: None, name: "Read Holding Registers" }
        },
        targets: vec![target],
        reported: Vec::new(),
        marks: Marks::default(),
        sequence: None,
        broadcast: false,
        unacknowledged: false,
        digest: 0,
        unseen: Unseen::default(),
    }
}

fn ended(event: Event) -> Event {
    Event { stage: Stage::Ended { outcome: Outcome::Done, after_ns: 5_000_000 }, ..event }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = judge
}
criterion_main!(benches);
