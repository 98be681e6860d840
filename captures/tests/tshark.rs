//! tshark finds nothing wrong with captures of everything that this crate writes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;

use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::fragment::function;
use gridtap_captures::dnp3::link::{LINK_STATUS, PRM, REQUEST_LINK_STATUS};
use gridtap_captures::dnp3::{
    self, Analog, Class, Crob, Header, Iin, Station, request as ask, response as answer,
};
use gridtap_captures::file::{Interface, Order, Pcap, Precision, Resolution, pcap, pcapng};
use gridtap_captures::frame::{Endpoint, Link, datagram};
use gridtap_captures::modbus::{self, mbap, rtu};
use gridtap_captures::scene::Scene;
use gridtap_captures::session::Session;

const START_NS: u64 = 1_700_000_000_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// What tshark calls wrong in any layer; 8388608 is the severity of an error.
const WRONG: &str = "_ws.malformed || _ws.short || _ws.expert.severity >= 8388608 \
    || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 \
    || dnp.hdr.CRC.status == 0 || dnp.data_chunk.CRC.status == 0 || mbrtu.crc16.status == 0 \
    || tcp.analysis.flags";

#[test]
fn tshark_finds_nothing_wrong_and_every_message() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: no tshark");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        let path = folder.path().join(file.name);
        std::fs::write(&path, &file.octets).unwrap();
        assert_eq!(tshark(&path, &["-Y", WRONG]).lines().next(), None, "{}", file.name);

        let fields = [
            "-T",
            "fields",
            "-e",
            "frame.time_epoch",
            "-e",
            "modbus.func_code",
            "-e",
            "dnp3.al.func",
        ];
        let table = tshark(&path, &fields);
        let column = |number| table.lines().filter_map(move |line| line.split('\t').nth(number));
        let messages = |number| {
            column(number).flat_map(|cell| cell.split(',')).filter(|it| !it.is_empty()).count()
        };
        assert_eq!((messages(1), messages(2)), (file.modbus, file.dnp3), "{}", file.name);
        assert_eq!(column(0).count(), file.times_ns.len(), "{}", file.name);
        for (seen, sent_ns) in column(0).zip(&file.times_ns) {
            let seen_ns: u64 = seen.replace('.', "").parse().unwrap();
            assert!(seen_ns.abs_diff(*sent_ns) <= 1_000, "{}: {seen} for {sent_ns}", file.name);
        }
    }
}

#[test]
fn tshark_finds_what_is_damaged() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: no tshark");
        return;
    }
    let sound = || modbus_session(Link::ETHERNET, Endpoint::v4, 1);
    let mut frame = Station::master(1, 10).frames(&ask::cold_restart(0));
    *frame.last_mut().unwrap() ^= 1;
    let mut dnp3 = Capture::new(Link::ETHERNET.link_type());
    dnp3.push(
        START_NS,
        datagram(&Link::ETHERNET, &Endpoint::v4(1, 20_000), &Endpoint::v4(2, 20_000), &frame),
    );
    let table = [
        ("IP checksum", sound().garbled(4, 24)),
        ("TCP checksum", sound().garbled(4, 50)),
        ("lost packet", sound().without(4)),
        ("doubled packet", sound().doubled(4)),
        ("swapped packets", sound().swapped(4, 6)),
        ("cut packets", sound().cut(60)),
        ("DNP3 CRC", dnp3),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, capture) in table {
        let path = folder.path().join(name);
        std::fs::write(&path, pcap(&Pcap::default(), &capture)).unwrap();
        assert_ne!(tshark(&path, &["-Y", WRONG]), "", "{name}");
    }
}

struct File {
    name: &'static str,
    octets: Vec<u8>,
    /// Modbus messages in it.
    modbus: usize,
    /// DNP3 application fragments in it.
    dnp3: usize,
    times_ns: Vec<u64>,
}

fn files() -> Vec<File> {
    let pairs = modbus::exchanges().len();
    let fragments = dnp3_fragments().len();
    let tagged = Link::Ethernet { tags: vec![0x0064, 0x2007] };

    let ethernet = modbus_session(Link::ETHERNET, Endpoint::v4, 1)
        .with(modbus_session(tagged, Endpoint::v6, 11))
        .with(dnp3_session(Link::ETHERNET, Endpoint::v4, 21))
        .with(dnp3_datagrams())
        .with(rtu_session());
    let cooked = modbus_session(Link::LinuxCooked, Endpoint::v4, 51);
    let null = modbus_session(Link::Null, Endpoint::v6, 61);
    let raw = dnp3_session(Link::RawIp, Endpoint::v6, 71);
    let scene = Scene { minutes: 11, pairs: 2, ..Scene::default() }.capture();

    let (ethernet_modbus, ethernet_dnp3) = (4 * pairs + 4, 2 * fragments);
    let one = |capture, resolution| Interface { resolution, ..Interface::new(capture) };
    let interfaces = [
        Interface {
            name: "span0",
            dropped: Some(0),
            ..one(&ethernet, Some(Resolution::Decimal(9)))
        },
        Interface { offset_s: 1_600_000_000, ..one(&cooked, Some(Resolution::Binary(30))) },
        one(&null, None),
        Interface { snap_octets: 65_535, ..one(&raw, Some(Resolution::Decimal(7))) },
    ];
    let all = [&ethernet, &cooked, &null, &raw];
    let section = |name, order| File {
        name,
        octets: pcapng(order, &interfaces),
        modbus: ethernet_modbus + 4 * pairs,
        dnp3: ethernet_dnp3 + fragments,
        times_ns: times(&all),
    };
    let classic = |name, order, precision| File {
        name,
        octets: pcap(&Pcap { order, precision, ..Pcap::default() }, &ethernet),
        modbus: ethernet_modbus,
        dnp3: ethernet_dnp3,
        times_ns: times(&[&ethernet]),
    };
    vec![
        classic("little-micro.pcap", Order::Little, Precision::Micro),
        classic("big-nano.pcap", Order::Big, Precision::Nano),
        section("little.pcapng", Order::Little),
        section("big.pcapng", Order::Big),
        File {
            name: "scene.pcap",
            octets: pcap(&Pcap::default(), &scene),
            // Per pair: 660 polls; a setpoint; 649 polls for events with confirmation and 11 for all; two breaker
            // operations of four fragments; 11 unsolicited responses with confirmation.
            modbus: 2 * 2 * (660 + 1),
            dnp3: 2 * (649 * 3 + 11 * 2 + 2 * 4 + 11 * 2),
            times_ns: times(&[&scene]),
        },
    ]
}

fn times(captures: &[&Capture]) -> Vec<u64> {
    let packets = captures.iter().flat_map(|capture| &capture.packets);
    let mut times: Vec<u64> = packets.map(|packet| packet.time_ns).collect();
    times.sort_unstable();
    times
}

/// Opened, all exchanges with sequence numbers that wrap, closed.
fn modbus_session(link: Link, host: fn(u8, u16) -> Endpoint, first: u8) -> Capture {
    let ends = (host(first, 49_152), host(first + 1, 502));
    let mut session =
        Session::new(ends.0, ends.1).over(link).numbered(u32::MAX - 40, u32::MAX - 60);
    session.open(START_NS);
    let mut at_ns = START_NS;
    for (transaction, (asked, answered)) in (1..).zip(modbus::exchanges()) {
        at_ns += SECOND_NS;
        session.client_sends(at_ns, &mbap(transaction, 1, &asked));
        session.server_acks(at_ns + 1_000_000);
        session.server_sends(at_ns + 2_000_000, &mbap(transaction, 1, &answered));
        session.client_acks(at_ns + 3_000_000);
    }
    session.close(at_ns + SECOND_NS);
    session.into_capture()
}

/// Two exchanges of RTU over TCP; the server breaks off.
fn rtu_session() -> Capture {
    let mut session = Session::new(Endpoint::v4(31, 49_152), Endpoint::v4(32, RTU_PORT));
    session.open(START_NS);
    for (second, (asked, answered)) in (1..).zip(modbus::exchanges().into_iter().skip(2).take(2)) {
        session.client_sends(START_NS + second * SECOND_NS, &rtu(17, &asked));
        session.server_sends(START_NS + second * SECOND_NS + 1_000_000, &rtu(17, &answered));
    }
    session.client_acks(START_NS + 3 * SECOND_NS);
    session.server_resets(START_NS + 4 * SECOND_NS);
    session.into_capture()
}

const RTU_PORT: u16 = 4001;

/// A side and a fragment of it, `true` for the master.
fn dnp3_fragments() -> Vec<(bool, Vec<u8>)> {
    let none = Iin::default();
    let ms = START_NS / 1_000_000;
    let classes = [Class::One, Class::Two, Class::Three];
    let crob = [Crob::TRIP.to(3)];
    let setpoints = [Analog::I32(-5), Analog::I16(5), Analog::F32(0.5), Analog::F64(-0.5)];
    let setpoints = setpoints.map(|value| value.to(700, 0));
    let events = [
        dnp3::binary_events(&[(1, true, ms), (300, false, ms)]),
        dnp3::analog_events(&[(1, -7, ms)]),
    ];
    let all: Vec<i32> = (0..200).collect();
    let present = [
        dnp3::packed(1, 0, &[true, false, true]),
        dnp3::binary_inputs(3, &[true, false]),
        dnp3::packed(10, 0, &[true]),
        dnp3::binary_outputs(1, &[false]),
        dnp3::counters(0, &[1, 2, u32::MAX]),
        dnp3::analog_inputs(0, &all), // several frames
        Header::points(30, 4, 200, &[7_i16.to_le_bytes(), 8_i16.to_le_bytes()]),
        dnp3::analog_outputs(0, &[i32::MIN, i32::MAX]),
    ];
    vec![
        (false, answer::unsolicited(0, Iin::DEVICE_RESTART | Iin::NEED_TIME, &[])),
        (true, ask::confirm_unsolicited(0)),
        (true, ask::disable_unsolicited(0, &classes)),
        (false, answer::response(0, Iin::DEVICE_RESTART, &[])),
        (true, ask::clear_restart(1)),
        (false, answer::response(1, none, &[])),
        (true, ask::integrity_poll(2)),
        (false, answer::response_to_confirm(2, none, &present)),
        (true, ask::confirm(2)),
        (true, ask::class_poll(3, &classes)),
        (false, answer::response_to_confirm(3, Iin::CLASS_1_EVENTS, &events)),
        (true, ask::confirm(3)),
        (true, ask::read_range(4, 30, 0, 0, 300)),
        (false, answer::response(4, Iin::PARAMETER_ERROR, &[])),
        (true, ask::select(5, &crob)),
        (false, answer::response(5, none, &crob)),
        (true, ask::operate(6, &crob)),
        (false, answer::response(6, none, &crob)),
        (true, ask::direct_operate(7, &setpoints)),
        (false, answer::response(7, none, &setpoints)),
        (true, ask::direct_operate_no_response(8, &crob)),
        (true, ask::delay_measure(9)),
        (false, answer::response(9, none, &[answer::delay_fine(12)])),
        (true, ask::write_time(10, ms)),
        (false, answer::response(10, none, &[])),
        (true, ask::record_current_time(11)),
        (false, answer::response(11, none, &[])),
        (true, ask::write_recorded_time(12, ms)),
        (false, answer::response(12, none, &[])),
        (true, ask::request(13, function::IMMED_FREEZE, &[Header::all(20, 0)])),
        (false, answer::response(13, none, &[])),
        (true, ask::enable_unsolicited(14, &classes)),
        (false, answer::response(14, none, &[])),
        (true, ask::cold_restart(15)),
        (false, answer::response(15, none, &[answer::delay_coarse(30)])),
        (true, ask::warm_restart(0)),
        (false, answer::response(0, none, &[answer::delay_fine(500)])),
        (false, answer::unsolicited(1, Iin::CLASS_1_EVENTS, &events)),
        (true, ask::confirm_unsolicited(1)),
    ]
}

/// All fragments in segments of 100 octets, then a keep-alive of the link layer.
fn dnp3_session(link: Link, host: fn(u8, u16) -> Endpoint, first: u8) -> Capture {
    let ends = (host(first, 49_152), host(first + 1, 20_000));
    let small = NonZeroU16::new(100).unwrap();
    let mut session = Session::new(ends.0, ends.1).over(link).segmented(small);
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    session.open(START_NS);
    let mut at_ns = START_NS;
    for (by_master, fragment) in dnp3_fragments() {
        at_ns += SECOND_NS;
        if by_master {
            session.client_sends(at_ns, &master.frames(&fragment));
            session.server_acks(at_ns + SECOND_NS / 2);
        } else {
            session.server_sends(at_ns, &outstation.frames(&fragment));
            session.client_acks(at_ns + SECOND_NS / 2);
        }
    }
    session.client_sends(at_ns + SECOND_NS, &master.frame(PRM | REQUEST_LINK_STATUS, &[]));
    session.server_sends(at_ns + 2 * SECOND_NS, &outstation.frame(LINK_STATUS, &[]));
    session.close(at_ns + 3 * SECOND_NS);
    session.into_capture()
}

/// All fragments over UDP.
fn dnp3_datagrams() -> Capture {
    let (client, server) = (Endpoint::v4(41, 20_000), Endpoint::v4(42, 20_000));
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let mut capture = Capture::new(Link::ETHERNET.link_type());
    for (second, (by_master, fragment)) in (1..).zip(dnp3_fragments()) {
        let octets = if by_master {
            datagram(&Link::ETHERNET, &client, &server, &master.frames(&fragment))
        } else {
            datagram(&Link::ETHERNET, &server, &client, &outstation.frames(&fragment))
        };
        capture.push(START_NS + second * SECOND_NS, octets);
    }
    capture
}

fn tshark(path: &Path, arguments: &[&str]) -> String {
    let checks = [
        "ip.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "mbrtu.crc_verification:TRUE",
    ];
    let output = Command::new("tshark")
        .arg("-nr")
        .arg(path)
        .args(checks.iter().flat_map(|check| ["-o", check]))
        .args(["-d", &format!("tcp.port=={RTU_PORT},mbrtu")])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}
