//! The figures that people ask for, as one table: messages and octets a second for each parser, and
//! packets for each step from a file, beside libpcap's bare read loop over the same capture.
//!
//! Each row is the best of some runs, in processor time of one run of this program: rows are to be
//! compared with each other, and with nothing from elsewhere.
#![expect(clippy::expect_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::env;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use criterion::measurement::Measurement;
use gridtap::decode::Decoder;
use gridtap::limits::Limits;
use gridtap::shard::{Events, Shard};
use gridtap::source::{CaptureFile, Merged, Source, Step};
use gridtap_benches::{CpuTime, plant};
use gridtap_captures::dnp3::{Class, Crob, Iin, Station, analog_inputs, binary_inputs};
use gridtap_captures::modbus::{mbap, rtu};
use gridtap_captures::{dnp3 as made_dnp3, file, modbus as made_modbus};
use gridtap_parsers::{Chunk, Protocol, Side, dnp3, modbus};
use tempfile::NamedTempFile;

/// Messages of each sort that a parser reads in a run.
const MESSAGES: u16 = 10_000;

fn main() {
    // What `cargo test` runs, and `cargo bench -- --test`, is whether it works.
    let measured = env::args().any(|argument| argument == "--bench")
        && !env::args().any(|argument| argument == "--test");
    let runs = if measured { 10 } else { 1 };
    println!("{:44} {:>14} {:>12} {:>10}", "", "a second", "MB a second", "libpcap's");
    parsers(runs);
    steps(runs);
}

fn parsers(runs: usize) {
    let registers: Vec<u16> = (0..10).collect();
    let asked = made_modbus::request::read_holding_registers(100, 10);
    let answered = made_modbus::response::read_holding_registers(&registers);
    let modbus = |wrap: fn(u16, &[u8]) -> Vec<u8>, pdu: &[u8]| -> Vec<Vec<u8>> {
        (0..MESSAGES).map(|n| wrap(n, pdu)).collect()
    };
    let tcp = |n, pdu: &[u8]| mbap(n, 1, pdu);
    let serial = |_, pdu: &[u8]| rtu(1, pdu);
    let dnp3 = |mut station: Station, fragment: &[u8]| -> Vec<Vec<u8>> {
        (0..MESSAGES).map(|_| station.frames(fragment)).collect()
    };
    let (master, outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let poll = made_dnp3::request::class_poll(0, &[Class::One, Class::Two, Class::Three]);
    let operate = made_dnp3::request::operate(0, &[Crob::CLOSE.to(0)]);
    let values: Vec<i32> = (0..300).collect();
    let all = [binary_inputs(0, &[true; 200]), analog_inputs(0, &values)];
    let present = made_dnp3::response::response(0, Iin::default(), &all);
    #[rustfmt::skip]
    let table = [
        ("Modbus/TCP requests",            &modbus::PROTOCOL, Side::A, modbus(tcp, &asked)),
        ("Modbus/TCP responses",           &modbus::PROTOCOL, Side::B, modbus(tcp, &answered)),
        ("Modbus RTU requests",            &modbus::PROTOCOL, Side::A, modbus(serial, &asked)),
        ("Modbus RTU responses",           &modbus::PROTOCOL, Side::B, modbus(serial, &answered)),
        ("DNP3 polls",                     &dnp3::PROTOCOL,   Side::A, dnp3(master, &poll)),
        ("DNP3 operations",                &dnp3::PROTOCOL,   Side::A, dnp3(master, &operate)),
        ("DNP3 responses of 500 points",   &dnp3::PROTOCOL,   Side::B, dnp3(outstation, &present)),
    ];
    for (name, protocol, side, messages) in table {
        let octets = messages.iter().map(Vec::len).sum();
        let seconds = best(runs, || parse(protocol, side, &messages));
        row(&format!("{name}, messages"), messages.len(), octets, seconds, None);
    }
}

/// Reads messages that `side` sent.
fn parse(protocol: &Protocol, side: Side, messages: &[Vec<u8>]) {
    let mut dissector = (protocol.make)(Side::B);
    let (mut offset, mut read) = (0, 0);
    let mut count = |parsed: &gridtap_parsers::Parsed<'_>| {
        read += usize::from(black_box(parsed).message.is_some());
    };
    for octets in messages {
        let chunk = Chunk { side, offset, lost: 0, octets, datagram: false };
        dissector.feed(&chunk, &mut count);
        offset += u64::try_from(octets.len()).unwrap_or(u64::MAX);
    }
    dissector.close(&mut count);
    assert_eq!(read, messages.len(), "all messages are read");
}

fn steps(runs: usize) {
    let capture = plant();
    let octets = file::pcap(&file::Pcap::default(), &capture);
    let mut written = NamedTempFile::new().expect("a temporary file");
    written.write_all(&octets).expect("room for the capture");
    let (path, packets) = (written.path(), capture.packets.len());
    let bare = best(runs, || libpcap(path));
    row("libpcap's loop, packets", packets, octets.len(), bare, Some(bare));
    let seconds = best(runs, || decode(path, |_| ()));
    row("read and decode, packets", packets, octets.len(), seconds, Some(bare));
    let seconds = best(runs, || reassemble(path));
    row("… reassemble, parse and describe, packets", packets, octets.len(), seconds, Some(bare));
}

fn libpcap(path: &Path) {
    let mut capture = pcap::Capture::from_file(path).expect("a capture");
    while let Ok(packet) = capture.next_packet() {
        black_box(packet.data);
    }
}

fn decode(path: &Path, mut take: impl FnMut(&gridtap::decode::Segment<'_>)) {
    let mut source = Merged::new(vec![CaptureFile::open(path, 0).expect("a capture")]);
    let mut decoder = Decoder::default();
    while source.advance() == Step::Packet {
        if let Some(segment) = decoder.decode(&source.packet()) {
            take(black_box(&segment));
        }
    }
}

fn reassemble(path: &Path) {
    let mut shard = Shard::new(&Limits::default(), 0, 1, Events);
    decode(path, |segment| {
        shard.take(segment);
        // As often as the line does.
        if segment.at.sequence.is_multiple_of(1_024) {
            black_box(shard.drain());
        }
    });
}

/// Processor time of the best of so many runs, in seconds.
fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    let times = (0..runs).map(|_| {
        let start = CpuTime.start();
        run();
        CpuTime.end(start).as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Prints how many of `elements` and of their `octets` go through in a second, and how many times
/// as long as `bare` it takes.
#[expect(clippy::cast_precision_loss, reason = "these counts are far below 2^53")]
fn row(name: &str, elements: usize, octets: usize, seconds: f64, bare: Option<f64>) {
    let (rate, megabytes) = (elements as f64 / seconds, octets as f64 / seconds / 1e6);
    let times = bare.map(|bare| format!("× {:.2}", seconds / bare)).unwrap_or_default();
    println!("{name:44} {rate:>14.0} {megabytes:>12.1} {times:>10}");
}
