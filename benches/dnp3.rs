//! What a DNP3 message costs to read, checksums included.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gridtap_benches::{CpuTime, throughput};
use gridtap_captures::dnp3::{
    Class, Crob, Iin, Station, analog_events, analog_inputs, binary_inputs, request, response,
};
use gridtap_parsers::{Chunk, Side, dnp3};

/// Messages in a bench.
const MESSAGES: u16 = 1_000;
/// Octets of a full TCP segment over Ethernet.
const SEGMENT: usize = 1_460;

fn dnp3(c: &mut Criterion<CpuTime>) {
    let master = || Station::master(1, 10);
    let outstation = || Station::outstation(10, 1);
    let classes = [Class::One, Class::Two, Class::Three];
    let events: Vec<_> = (0..10).map(|index| (index, i32::from(index), 0)).collect();
    let (states, values) = ([true; 200], (0..300).collect::<Vec<_>>());
    let all = [binary_inputs(0, &states), analog_inputs(0, &values)];

    let mut group = c.benchmark_group("dnp3");
    let mut bench = |name: &str, side, mut station: Station, fragment: &[u8]| {
        let messages: Vec<_> = (0..MESSAGES).map(|_| station.frames(fragment)).collect();
        group.throughput(throughput(messages.len(), messages.iter().map(Vec::len).sum()));
        group.bench_function(name, |b| b.iter(|| read(side, &messages)));
    };
    let poll = request::class_poll(0, &classes);
    bench("polls of three classes", Side::A, master(), &poll);
    let operate = request::operate(0, &[Crob::CLOSE.to(0)]);
    bench("operations of a breaker", Side::A, master(), &operate);
    let changed = response::response_to_confirm(0, Iin::default(), &[analog_events(&events)]);
    bench("answers of 10 events", Side::B, outstation(), &changed);
    let present = response::response(0, Iin::default(), &all);
    bench("answers of 500 points in many frames", Side::B, outstation(), &present);
    group.finish();
}

/// Reads messages that `side` sent, each in segments of its own.
fn read(side: Side, messages: &[Vec<u8>]) -> u16 {
    let mut dissector = (dnp3::PROTOCOL.make)(Side::B);
    let (mut offset, mut read) = (0, 0);
    for octets in messages.iter().flat_map(|message| message.chunks(SEGMENT)) {
        let chunk = Chunk { side, offset, lost: 0, octets, datagram: false };
        dissector.feed(&chunk, &mut |parsed| {
            read += u16::from(black_box(parsed).message.is_some());
        });
        offset += u64::try_from(octets.len()).unwrap_or(u64::MAX);
    }
    assert_eq!(read, MESSAGES);
    read
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = dnp3
}
criterion_main!(benches);
