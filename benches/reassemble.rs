//! What a packet costs to decode, and to put in its flow's order.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use gridtap::decode::Decoder;
use gridtap::flow::Table;
use gridtap::limits::Limits;
use gridtap::source::{LinkType, Packet};
use gridtap_benches::{CpuTime, Octets, plant, throughput};
use gridtap_captures::capture::Capture;

fn reassemble(c: &mut Criterion<CpuTime>) {
    let capture = plant();
    // Every tenth packet changes places with the one after it.
    let packets = capture.packets.len();
    let mut disordered = capture.clone();
    for number in (9..packets).step_by(10) {
        disordered.packets.swap(number - 1, number);
    }

    let mut group = c.benchmark_group("reassemble");
    let octets = capture.packets.iter().map(|packet| packet.octets.len()).sum();
    group.throughput(throughput(packets, octets));
    group.bench_function("decode alone", |b| b.iter(|| decode(&capture, |_| ())));
    group.bench_function("in order", |b| b.iter(|| read(&capture)));
    group.bench_function("every tenth packet late", |b| b.iter(|| read(&disordered)));
    group.finish();
}

fn read(capture: &Capture) -> usize {
    let (mut table, mut octets) = (Table::new(&Limits::default()), Octets::default());
    decode(capture, |segment| table.take(&segment, &mut octets));
    octets.0
}

fn decode(capture: &Capture, mut take: impl FnMut(gridtap::decode::Segment<'_>)) {
    let mut decoder = Decoder::default();
    for (number, packet) in (1..).zip(&capture.packets) {
        let packet = Packet {
            sequence: number,
            capture: 0,
            number,
            time_ns: packet.time_ns,
            link: LinkType(capture.link.0),
            wire_octets: packet.wire_octets,
            octets: &packet.octets,
        };
        if let Some(segment) = decoder.decode(&packet) {
            take(black_box(segment));
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = reassemble
}
criterion_main!(benches);
