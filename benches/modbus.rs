//! What a Modbus message costs to read.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gridtap_benches::{CpuTime, throughput};
use gridtap_captures::modbus::{mbap, request, response};
use gridtap_parsers::{Chunk, Side, modbus};

/// Messages in a bench.
const MESSAGES: u16 = 1_000;
/// Octets of a full TCP segment over Ethernet.
const SEGMENT: usize = 1_460;

fn modbus(c: &mut Criterion<CpuTime>) {
    let registers: Vec<u16> = (0..125).collect();
    let poll = request::read_holding_registers(100, 10);
    let write = request::write_multiple_registers(100, &registers[..10]);
    let answer = response::read_holding_registers(&registers[..10]);
    let largest = response::read_holding_registers(&registers);

    let mut group = c.benchmark_group("modbus");
    let mut bench = |name: &str, side, pdu: &[u8], octets_at_once: Option<usize>| {
        let stream = (0..MESSAGES).flat_map(|transaction| mbap(transaction, 1, pdu));
        let stream: Vec<u8> = stream.collect();
        let message = stream.len() / usize::from(MESSAGES);
        group.throughput(throughput(MESSAGES.into(), stream.len()));
        group.bench_function(name, |b| {
            b.iter(|| read(side, &stream, octets_at_once.unwrap_or(message)));
        });
    };
    bench("polls", Side::A, &poll, None);
    bench("polls, many in a segment", Side::A, &poll, Some(SEGMENT));
    bench("writes of 10 registers", Side::A, &write, None);
    bench("answers of 10 registers", Side::B, &answer, None);
    bench("answers of 125 registers", Side::B, &largest, None);
    bench("answers of 125 registers, straddling", Side::B, &largest, Some(SEGMENT));
    group.finish();
}

/// Reads what `side` sent, so many octets at once.
fn read(side: Side, stream: &[u8], octets_at_once: usize) -> u16 {
    let mut dissector = (modbus::PROTOCOL.make)(Side::B);
    let (mut offset, mut messages) = (0, 0);
    for octets in stream.chunks(octets_at_once) {
        let chunk = Chunk { side, offset, lost: 0, octets, datagram: false };
        dissector.feed(&chunk, &mut |parsed| {
            messages += u16::from(black_box(parsed).message.is_some());
        });
        offset += u64::try_from(octets.len()).unwrap_or(u64::MAX);
    }
    assert_eq!(messages, MESSAGES);
    messages
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = modbus
}
criterion_main!(benches);
