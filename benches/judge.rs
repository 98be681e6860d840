//! What an event costs to learn and to judge, and how much memory that takes, at 100, 10,000 and a
//! million points: one table.
//!
//! Each cost is processor time of the best of three rounds over all points (of one where there are a
//! million), beside one look-up in a hash map of as many names: rows of one run are to be compared with
//! each other, and with nothing from elsewhere. Where the ratio grows with the points, something is
//! looked for that should be looked up. At a million points more is asked for than the ledger takes
//! (`gridtap_models::limits`): what memory it has then is the most it can have.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use core::time::Duration;
use std::env;
use std::hint::black_box;

use criterion::measurement::Measurement;
use foldhash::HashMap;
use gridtap_benches::CpuTime;
use gridtap_models::event::{
    Connection, Conversation, Event, Function, Intent, Marks, Outcome, PacketRef, Place, Protocol,
    Space, Stage, Target, Unseen, Value,
};
use gridtap_models::ledger::Ledger;
use gridtap_models::panel::Panel;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Points of a device, all of them registers that are written, and read ten at once.
const POINTS_A_DEVICE: u32 = 100;

/// Events of a device in a round: every point is written, and before every write ten are read.
const EVENTS_A_DEVICE: u32 = 4 * POINTS_A_DEVICE;

/// Rounds that are learned before anything is measured: a value that was given less often is compared with those of
/// like devices, which is no routine.
const LEARNED: u32 = 16;

/// Capture time from one event to the next, in nanoseconds.
const APART_NS: u64 = 1_000_000;

const POLLER: [u8; 4] = [10, 0, 0, 1];
const STRANGER: [u8; 4] = [10, 9, 9, 9];

fn main() {
    // What `cargo test` runs, and `cargo bench -- --test`, is whether it works.
    let measured = env::args().any(|argument| argument == "--bench")
        && !env::args().any(|argument| argument == "--test");
    // What a million points cost beyond the ledger's limits takes minutes a round.
    let all: &[(u32, u32)] =
        if measured { &[(100, 3), (10_000, 3), (1_000_000, 1)] } else { &[(100, 1), (10_000, 1)] };
    println!("{:36} {:>12} {:>10} {:>10}", "", "ns an event", "look-ups", "MiB");
    for (points, rounds) in all {
        table(*points, *rounds);
    }
}

fn table(points: u32, rounds: u32) {
    let site = Site { devices: points / POINTS_A_DEVICE };
    let lookup = Cost { ns: lookup_ns(&site, rounds), ..Cost::default() };
    row(&format!("a look-up, {points} names"), lookup, lookup);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage_as_mb();

    let (mut ledger, mut clock) = (Ledger::default(), Clock::default());
    for _ in 0..LEARNED {
        site.round(POLLER, &mut clock, |event| ledger.learn(event));
    }
    let learned = MEMORY.current_usage_as_mb() - before;
    let mut panel = Panel::all();
    let mut judge = |client, ledger: &Ledger| {
        let mut found = 0;
        let cost = cost(rounds, || {
            site.round(client, &mut clock, |event| {
                panel.observe(event, &mut |_| {});
                found += panel.judge(ledger, event).len();
            })
        });
        black_box(found);
        Cost { mebibytes: MEMORY.current_usage_as_mb() - before - learned, ..cost }
    };
    let routine = judge(POLLER, &ledger);
    let stranger = judge(STRANGER, &ledger);
    let hostile = judge_hostile(&site, &ledger, &mut clock, rounds);
    let most = MEMORY.peak_usage_as_mb() - before;
    let learn = cost(rounds, || site.round(POLLER, &mut clock, |event| ledger.learn(event)));

    row(&format!("learn, {points} points"), Cost { mebibytes: learned, ..learn }, lookup);
    row(&format!("judge routine, {points} points"), routine, lookup);
    row(&format!("judge a stranger, {points} points"), stranger, lookup);
    row(&format!("judge 123 odd values, {points} points"), hostile, lookup);
    row(&format!("at most, {points} points"), Cost { ns: 0.0, mebibytes: most }, lookup);
}

/// What the longest write of Modbus costs, each of its values far from all that any device was given.
fn judge_hostile(site: &Site, ledger: &Ledger, clock: &mut Clock, rounds: u32) -> Cost {
    const VALUES: u32 = 123;
    let mut panel = Panel::all();
    let devices = site.devices.min(20);
    cost(rounds, || {
        let events: Vec<Event> = (0..devices)
            .map(|device| {
                clock.0 += 1;
                let time_ns = 1_700_000_000_000_000_000 + clock.0 * APART_NS;
                let values = (0..VALUES).map(|more| Value::Number(1e9 + f64::from(more))).collect();
                Event { time_ns, ..act(POLLER, device, Target { values, ..register(0, VALUES) }) }
            })
            .collect();
        let start = CpuTime.start();
        for event in &events {
            panel.observe(event, &mut |_| {});
            black_box(panel.judge(ledger, event).len());
        }
        (CpuTime.end(start), devices)
    })
}

/// What an event costs: time, and memory that is kept.
#[derive(Clone, Copy, Default)]
struct Cost {
    ns: f64,
    mebibytes: f32,
}

/// The best of some rounds, each of which says how long it took and for how many events.
fn cost(rounds: u32, mut round: impl FnMut() -> (Duration, u32)) -> Cost {
    let ns = (0..rounds).map(|_| {
        let (took, events) = round();
        took.as_secs_f64() * 1e9 / f64::from(events.max(1))
    });
    Cost { ns: ns.fold(f64::INFINITY, f64::min), ..Cost::default() }
}

/// What a look-up costs in a map of all points.
fn lookup_ns(site: &Site, rounds: u32) -> f64 {
    let names = || {
        (0..site.devices).flat_map(|device| {
            (0..POINTS_A_DEVICE).map(move |point| (conversation(POLLER, device), point))
        })
    };
    let map: HashMap<_, u32> = names().map(|name| (name, name.1)).collect();
    let sum = || names().filter_map(|name| map.get(&name)).copied().fold(0, u32::wrapping_add);
    let events = site.devices * POINTS_A_DEVICE;
    let looked_up = cost(rounds, || {
        let start = CpuTime.start();
        black_box(sum());
        (CpuTime.end(start), events)
    });
    looked_up.ns
}

/// Prints what an event costs, and how many look-ups that is.
fn row(name: &str, cost: Cost, lookup: Cost) {
    let number = |number: f64, digits: usize| {
        if number > 0.0 { format!("{number:.digits$}") } else { String::new() }
    };
    let (ns, times) = (number(cost.ns, 0), number(cost.ns / lookup.ns, 1));
    let mebibytes = number(cost.mebibytes.into(), 1);
    println!("{name:36} {ns:>12} {times:>10} {mebibytes:>10}");
}

/// When it is, in events.
#[derive(Default)]
struct Clock(u64);

/// Devices that one client polls and commands.
struct Site {
    devices: u32,
}

impl Site {
    /// One round over all points, as asked by `client`: how long `take` took, and of how many events.
    /// They are made device by device: all at once would take more memory than what is measured.
    fn round(
        &self,
        client: [u8; 4],
        clock: &mut Clock,
        mut take: impl FnMut(&Event),
    ) -> (Duration, u32) {
        let mut took = Duration::ZERO;
        for number in 0..self.devices {
            let events: Vec<Event> = device(client, number)
                .map(|event| {
                    clock.0 += 1;
                    let time_ns = 1_700_000_000_000_000_000 + clock.0 * APART_NS;
                    Event { time_ns, ..event }
                })
                .collect();
            let start = CpuTime.start();
            events.iter().for_each(&mut take);
            took += CpuTime.end(start);
        }
        (took, self.devices * EVENTS_A_DEVICE)
    }
}

/// What is asked of device `number` in a round, and how it ends.
fn device(client: [u8; 4], number: u32) -> impl Iterator<Item = Event> {
    (0..POINTS_A_DEVICE).flat_map(move |point| {
        let span = register(point / 10 * 10, 10);
        let values = (0..10).map(|more| Value::Number(f64::from(span.start + more))).collect();
        let poll = act(client, number, span.clone());
        let polled = Event { reported: vec![Target { values, ..span }], ..ended(poll.clone()) };
        let value = Value::Number(f64::from(point));
        let write = act(client, number, Target { values: vec![value], ..register(point, 1) });
        [poll, polled, write.clone(), ended(write)]
    })
}

fn register(start: u32, count: u32) -> Target {
    Target { space: Space::HoldingRegister, start, count, values: Vec::new() }
}

fn conversation(client: [u8; 4], device: u32) -> Conversation {
    let [_, _, high, low] = device.to_be_bytes();
    Conversation {
        protocol: Protocol::Modbus,
        client: client.into(),
        server: [10, 1, high, low].into(),
        unit: 1,
        client_unit: None,
    }
}

fn act(client: [u8; 4], device: u32, target: Target) -> Event {
    let writes = !target.values.is_empty();
    Event {
        place: Place { sequence: 1, partition: 0, nth: 0 },
        time_ns: 0,
        packet: PacketRef { capture: 0, number: 1 },
        earlier: None,
        stage: Stage::Requested,
        conversation: conversation(client, device),
        connection: Connection::default(),
        client_mac: None,
        server_mac: None,
        client_hops: None,
        server_hops: None,
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
        proved: false,
        digest: 0,
        unseen: Unseen::default(),
    }
}

fn ended(event: Event) -> Event {
    Event { stage: Stage::Ended { outcome: Outcome::Done, after_ns: 5_000_000 }, ..event }
}
