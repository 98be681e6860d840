//! How much memory what was learned takes, and that nobody can make it grow from outside.

mod samples;

use gridtap_models::event::{Event, Intent, Outcome, Space, Stage, Target, Value};
use gridtap_models::ledger::Ledger;
use gridtap_models::panel::Panel;
use peak_alloc::PeakAlloc;

/// Counts the memory of this program.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;

/// Devices, and registers of each: 10,000 points.
const DEVICES: u8 = 100;
const REGISTERS: u32 = 100;

fn event(client: [u8; 4], device: u8, time_ns: u64) -> Event {
    Event {
        client_mac: Some([2, 0, 0, 0, 0, 5]),
        server_mac: Some([2, 0, 0, 0, 1, device]),
        targets: vec![span(0, REGISTERS)],
        ..samples::poll(client.into(), [10, 0, 1, device].into(), time_ns)
    }
}

fn span(start: u32, count: u32) -> Target {
    Target { space: Space::HoldingRegister, start, count, values: Vec::new() }
}

/// How it ended: all registers with values of their own, more than are listed one by one.
fn answered(asked: &Event, round: u32) -> Event {
    let values = (0..REGISTERS).map(|n| {
        let noise = round.wrapping_mul(2_654_435_761).wrapping_add(n * 97) % 1_000;
        Value::Number(f64::from(n * 1_000 + noise))
    });
    let values = values.collect();
    let stage = Stage::Ended { outcome: Outcome::Done, after_ns: SECOND / 100 };
    Event { stage, reported: vec![Target { values, ..span(0, REGISTERS) }], ..asked.clone() }
}

const MASTER: [u8; 4] = [10, 0, 0, 5];

/// One test, as the count is the whole program's.
#[test]
fn ten_thousand_points_fit_into_64_mib_and_an_address_sweep_changes_nothing() {
    let before = HEAP.current_usage();
    let (mut ledger, mut panel) = (Ledger::default(), Panel::all());
    for round in 0..24 {
        for device in 0..DEVICES {
            let at = START + u64::from(round) * 300 * SECOND + u64::from(device) * SECOND;
            let asked = event(MASTER, device, at);
            // Each register was written, too, with many values.
            let write = Event {
                intent: Intent::Write,
                targets: vec![Target {
                    values: vec![Value::Number(f64::from(round)); 20],
                    ..span(round % 5 * 20, 20)
                }],
                ..asked.clone()
            };
            for event in [asked.clone(), answered(&asked, round), write] {
                panel.observe(&event, &mut |seen| ledger.note(&seen));
                let _ = panel.judge(&ledger, &event);
                ledger.learn(&event);
            }
        }
    }
    let counts = ledger.counts();
    assert_eq!((counts.points, counts.commands), (10_000, 10_000));
    // The first reports after the learning make the detectors' tables.
    judge(&mut panel, &ledger, 0..u32::from(DEVICES) * 10, |n| {
        let asked = event(MASTER, u8::try_from(n % 100).unwrap(), START + 86_400 * SECOND);
        answered(&asked, n)
    });
    let learned = HEAP.current_usage().saturating_sub(before);
    assert!(learned <= 64 * MIB, "{learned} octets for 10,000 points");

    // A sweep over all registers of all devices, of units that do not exist, from addresses that change.
    HEAP.reset_peak_usage();
    let sweep = |n: u32| {
        let [_, b, c, d] = n.to_be_bytes();
        let client = if n.is_multiple_of(2) { [10, b, c, d] } else { [10, 0, 0, 66] };
        let mut event =
            event(client, d % DEVICES, START + 90_000 * SECOND + u64::from(n) * SECOND / 50);
        event.conversation.unit = if n.is_multiple_of(5) { u16::from(c) } else { 1 };
        event.targets = vec![span(n % 65_536, 1)];
        if n.is_multiple_of(3) {
            event.intent = Intent::Write;
            event.targets[0].values = vec![Value::Number(f64::from(n))];
        }
        event
    };
    judge(&mut panel, &ledger, 0..40_000, sweep);
    let half = HEAP.current_usage();
    HEAP.reset_peak_usage();
    judge(&mut panel, &ledger, 40_000..160_000, sweep);
    let (whole, peak) = (HEAP.current_usage(), HEAP.peak_usage().saturating_sub(before));
    assert!(peak <= 64 * MIB, "{peak} octets in a sweep");
    let grown = whole.saturating_sub(half);
    assert!(grown <= 8 * MIB, "{grown} octets more after three times the sweep");
    println!(
        "10,000 points: {} KiB; after a sweep of 40,000 acts: {} KiB more; after 160,000: {} KiB more",
        learned / 1_024,
        half.saturating_sub(before + learned) / 1_024,
        whole.saturating_sub(before + learned) / 1_024,
    );
}

fn judge(
    panel: &mut Panel,
    ledger: &Ledger,
    acts: core::ops::Range<u32>,
    act: impl Fn(u32) -> Event,
) {
    for n in acts {
        let event = act(n);
        panel.observe(&event, &mut |_| {});
        let _ = panel.judge(ledger, &event);
    }
}
