//! What a packet costs from the file to the judge, step upon step, beside libpcap's bare read loop.
//!
//! Each row does all that the one before it does, and more. The whole line, with all detectors on,
//! shall cost at most four times what libpcap's loop does.
#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use gridtap::alert::Raiser;
use gridtap::config::Config;
use gridtap::decode::{At, Decoder};
use gridtap::flow::Table;
use gridtap::judge::{Judge, Mode};
use gridtap::limits::Limits;
use gridtap::pipeline::{self, Gauges, OnFull, Options};
use gridtap::shard::{Events, Shard};
use gridtap::source::{CaptureFile, Merged, Packet, Source, Step};
use gridtap_benches::{CpuTime, Octets, plant, throughput};
use gridtap_captures::file;
use gridtap_models::event::PacketRef;
use gridtap_models::ledger::Ledger;
use tempfile::NamedTempFile;

fn line(c: &mut Criterion<CpuTime>) {
    let capture = plant();
    let octets = file::pcap(&file::Pcap::default(), &capture);
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(&octets).expect("room for the capture");
    let path = file.path();

    let mut group = c.benchmark_group("line");
    group.sample_size(20);
    group.throughput(throughput(capture.packets.len(), octets.len()));
    group.bench_function("libpcap's loop", |b| b.iter(|| libpcap(path)));
    group.bench_function("read", |b| b.iter(|| read(path)));
    group.bench_function("… and decode", |b| b.iter(|| decode(path)));
    group.bench_function("… and reassemble", |b| b.iter(|| reassemble(path)));
    group.bench_function("… reassemble, parse, describe", |b| b.iter(|| describe(path)));
    group.bench_function("… judge and raise", |b| b.iter(|| whole(path)));
    group.finish();
}

fn libpcap(path: &Path) -> usize {
    let mut capture = pcap::Capture::from_file(path).expect("a capture");
    let mut octets = 0;
    while let Ok(packet) = capture.next_packet() {
        octets += black_box(packet.data).len();
    }
    octets
}

fn read(path: &Path) -> usize {
    let mut octets = 0;
    each_packet(path, |packet| octets += black_box(packet.octets).len());
    octets
}

fn decode(path: &Path) -> u64 {
    let mut decoder = Decoder::default();
    each_packet(path, |packet| {
        black_box(decoder.decode(&packet));
    });
    decoder.counters().tcp
}

fn reassemble(path: &Path) -> usize {
    let (mut decoder, mut table) = (Decoder::default(), Table::new(&Limits::default()));
    let mut octets = Octets::default();
    each_packet(path, |packet| {
        if let Some(segment) = decoder.decode(&packet) {
            table.take(&segment, &mut octets);
        }
    });
    octets.0
}

/// One shard, without the queue and the thread behind it.
fn describe(path: &Path) -> usize {
    let mut decoder = Decoder::default();
    let mut shard = Shard::new(&Limits::default(), 0, 1, Events);
    let (mut second, mut events) = (0, 0);
    each_packet(path, |packet| {
        if packet.time_ns / 1_000_000_000 != second {
            second = packet.time_ns / 1_000_000_000;
            let place = PacketRef { capture: packet.capture, number: packet.number };
            shard.tick(&At { sequence: packet.sequence, packet: place, time_ns: packet.time_ns });
            events += black_box(shard.drain()).len();
        }
        if let Some(segment) = decoder.decode(&packet) {
            shard.take(&segment);
        }
    });
    events
}

/// As `gridtap replay` does: the first third is learned, the rest is judged.
fn whole(path: &Path) -> u64 {
    let config = Config::read(None, core::iter::empty()).expect("settings");
    let raiser = Raiser::new(config.alerts.clone(), vec!["plant.pcap".to_owned()]);
    let mode = Mode::Learn { for_ns: 20 * 60 * 1_000_000_000 };
    let mut judge = Judge::new(mode, Ledger::default(), raiser);
    let options = Options { shards: 1, on_full: OnFull::Wait, limits: config.limits };
    let gauges = Gauges::default();
    let mut alerts = 0;
    pipeline::run(
        &mut open(path),
        &options,
        &gauges,
        || Events,
        |event| judge.take(&event, gauges.first_ns(), &mut |_| alerts += 1),
        |_, _| {},
    );
    alerts
}

fn each_packet(path: &Path, mut take: impl FnMut(Packet<'_>)) {
    let mut source = open(path);
    while source.advance() == Step::Packet {
        take(source.packet());
    }
}

fn open(path: &Path) -> Merged {
    Merged::new(vec![CaptureFile::open(path, 0).expect("a capture")])
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = line
}
criterion_main!(benches);
