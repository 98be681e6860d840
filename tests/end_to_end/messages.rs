//! `messages`: every function as a record, byte for byte, from every form of the same capture.

use std::fs;

use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::link::{LINK_STATUS, PRM, REQUEST_LINK_STATUS};
use gridtap_captures::dnp3::{
    self, Analog, Class, Crob, Header, Iin, Station, request as ask, response as answer,
};
use gridtap_captures::file::{Interface, Order, Resolution, pcapng};
use gridtap_captures::frame::Endpoint;
use gridtap_captures::modbus::{self, mbap};
use gridtap_captures::session::Session;
use serde_json::Value;

use crate::files::{MS, SECOND, START_NS, exchanges, gzip, octets, write};
use crate::run::{Ended, assert_golden, end, end_with_input, gridtap};

#[test]
fn every_modbus_function_is_a_record_byte_for_byte() {
    let ended = messages("", octets(&modbus()));
    assert_golden("modbus.messages.jsonl", &ended.stdout);
    assert_golden("modbus.messages.txt", &messages("--format text", octets(&modbus())).stdout);
    let records: Vec<Value> = records(&ended);
    assert_eq!(records.len(), 2 * modbus::exchanges().len() + 3);
    // Every answer names the packet of its request.
    let answers = records.iter().filter(|record| record["direction"] == "response");
    assert!(answers.clone().count() > 20);
    for record in answers {
        let asked = record["request_packet"].as_u64();
        assert!(asked.is_some_and(|packet| Some(packet) < record["packet"].as_u64()), "{record}");
    }
}

#[test]
fn dnp3_messages_are_records_byte_for_byte() {
    let ended = messages("", octets(&dnp3()));
    assert_golden("dnp3.messages.jsonl", &ended.stdout);
    assert_golden("dnp3.messages.txt", &messages("--format text", octets(&dnp3())).stdout);
}

#[test]
fn records_carry_the_fields_that_were_promised() {
    let first = |ended: &Ended, function: u64| -> Value {
        let records = records(ended).into_iter();
        let mut found = records.filter(|record| record["function"] == function);
        found.next().unwrap()
    };
    let modbus = messages("", octets(&modbus()));
    let read = first(&modbus, 3);
    for field in [
        "schema",
        "packet",
        "time",
        "protocol",
        "transport",
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "src_mac",
        "dst_mac",
        "direction",
        "status",
        "transaction",
        "unit",
        "function",
        "function_name",
        "address",
        "quantity",
    ] {
        assert!(!read[field].is_null(), "{field}: {read}");
    }
    assert_eq!(read["schema"], "gridtap.message/1");
    assert_eq!(read["time"], "2023-11-14T22:13:20.300000000Z");
    let dnp3 = messages("", octets(&dnp3()));
    let select = first(&dnp3, 3);
    for field in ["source", "destination", "link_function", "sequence", "function_name", "objects"]
    {
        assert!(!select[field].is_null(), "{field}: {select}");
    }
    let point = &select["objects"][0]["points"][0];
    for field in ["index", "operation", "trip_close", "clear", "count", "on_ms", "off_ms", "status"]
    {
        assert!(!point[field].is_null(), "{field}: {point}");
    }
}

#[test]
fn every_form_of_a_capture_has_the_same_records() {
    let folder = tempfile::tempdir().unwrap();
    let capture = modbus().with(dnp3());
    let plain = octets(&capture);
    let interface =
        Interface { resolution: Some(Resolution::Decimal(9)), ..Interface::new(&capture) };
    let forms = [
        ("plain.pcapng", plain.clone()),
        ("little.pcap", pcapng(Order::Little, &[interface])),
        ("big.pcap", pcapng(Order::Big, &[interface])),
        ("gzip.pcap", gzip(&plain)),
        ("zstd.pcap", zstd::encode_all(plain.as_slice(), 3).unwrap()),
        ("both.pcap", gzip(&pcapng(Order::Big, &[interface]))),
    ];
    let wanted = messages("", plain).stdout;
    assert!(wanted.lines().count() > 80);
    for (name, octets) in forms {
        fs::write(folder.path().join(name), &octets).unwrap();
        let from_file = end(gridtap("messages -q").arg(name).current_dir(folder.path()));
        assert_eq!((from_file.status, from_file.stderr.as_str()), (0, ""), "{name}");
        assert!(from_file.stdout == wanted, "{name}");
        assert!(messages("", octets).stdout == wanted, "{name} on standard input");
    }
}

#[test]
fn a_filter_keeps_the_packet_numbers() {
    let all = messages("", octets(&modbus().with(dnp3()))).stdout;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.pcap");
    write(&path, &modbus().with(dnp3()));
    let only = end(gridtap("messages -q --filter").arg("tcp port 20000").arg(&path));
    let wanted: Vec<&str> =
        all.lines().filter(|line| line.contains(r#""protocol":"dnp3""#)).collect();
    assert_eq!(only.stdout.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_is_not_modbus_on_port_502_is_counted_and_said_but_not_guessed() {
    let mut session = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    session.open(START_NS);
    let hello = b"GET / HTTP/1.1\r\nHost: 10.0.0.2\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n";
    let page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for second in 1..=20 {
        session.client_sends(START_NS + second * SECOND, hello);
        session.server_sends(START_NS + second * SECOND + MS, page);
    }
    session.close(START_NS + 30 * SECOND);
    let octets_sent = 20 * (hello.len() + page.len());
    let ended = end_with_input(&mut gridtap("messages -"), octets(session.capture()));
    assert_eq!(ended.status, 0);
    for record in records(&ended) {
        assert_eq!((&record["status"], &record["uncertain"]), (&"malformed".into(), &true.into()));
        assert!(record["function"].is_null() && record["direction"].is_null(), "{record}");
    }
    let said =
        format!("On modbus's port but not modbus: {octets_sent} octets; 1 flows without any");
    // Thousands are set apart.
    assert!(ended.stderr.replace(',', "").contains(&said), "{}", ended.stderr);
    assert!(ended.stderr.contains("No message of Modbus or DNP3."), "{}", ended.stderr);
}

/// Runs `messages` on a capture, which is its standard input.
fn messages(flags: &str, capture: Vec<u8>) -> Ended {
    end_with_input(&mut gridtap(&format!("messages -q {flags} -")), capture)
}

fn records(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every public function of Modbus with its answer, two exceptions, and three requests that are odd.
pub(crate) fn modbus() -> Capture {
    let mut odd = Session::new(Endpoint::v4(3, 49_152), Endpoint::v4(4, 502));
    let after = START_NS + 10 * SECOND;
    odd.open(after);
    let short = [5, 0, 1];
    let value = [5, 0, 1, 0x12, 0x34];
    let unknown = [100, 1, 2, 3];
    for (second, pdu) in (1..).zip([&short[..], &value, &unknown]) {
        odd.client_sends(after + second * SECOND, &mbap(9, 1, pdu));
    }
    exchanges(1, 2, 0, modbus::exchanges()).with(odd.into_capture())
}

/// A master and an outstation: polls, events, commands with and without select, clock, restarts, link frames.
pub(crate) fn dnp3() -> Capture {
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let mut session = Session::new(Endpoint::v4(21, 49_152), Endpoint::v4(22, 20_000));
    session.open(START_NS);
    let mut at_ns = START_NS;
    for (from_master, fragment) in dnp3_fragments() {
        at_ns += 100 * MS;
        if from_master {
            session.client_sends(at_ns, &master.frames(&fragment));
        } else {
            session.server_sends(at_ns, &outstation.frames(&fragment));
        }
    }
    session.client_sends(at_ns + 100 * MS, &master.frame(PRM | REQUEST_LINK_STATUS, &[]));
    session.server_sends(at_ns + 101 * MS, &outstation.frame(LINK_STATUS, &[]));
    session.close(at_ns + SECOND);
    session.into_capture()
}

/// Fragments in turn, `true` for those of the master.
fn dnp3_fragments() -> Vec<(bool, Vec<u8>)> {
    let (none, ms) = (Iin::default(), START_NS / MS);
    let events = [Class::One, Class::Two, Class::Three];
    let crob = [Crob::TRIP.to(3)];
    let echo = |sequence| answer::response(sequence, none, &crob);
    let values = [Analog::I32(-5), Analog::I16(5), Analog::F32(0.5), Analog::F64(-0.5)];
    let set_points = values.map(|value| value.to(700, 0));
    let present = [
        dnp3::binary_inputs(0, &[true, false, true]),
        dnp3::binary_outputs(0, &[true]),
        dnp3::counters(4, &[7]),
        dnp3::analog_inputs(0, &[-1, 70_000]),
        dnp3::analog_outputs(2, &[9]),
        dnp3::packed(10, 0, &[true, false, true]),
    ];
    let changes = [
        dnp3::binary_events(&[(1, true, ms), (300, false, ms)]),
        dnp3::analog_events(&[(1, -7, ms)]),
    ];
    let many: Vec<i32> = (0..100).collect();
    vec![
        (true, ask::integrity_poll(0)),
        (false, answer::response(0, Iin::DEVICE_RESTART, &present)),
        (true, ask::clear_restart(1)),
        (false, answer::response(1, none, &[])),
        (true, ask::class_poll(2, &events)),
        (false, answer::response_to_confirm(2, Iin::CLASS_1_EVENTS, &changes)),
        (true, ask::confirm(2)),
        (true, ask::read_range(3, 30, 1, 0, 99)),
        (false, answer::response(3, none, &[dnp3::analog_inputs(0, &many)])),
        (true, ask::select(4, &crob)),
        (false, echo(4)),
        (true, ask::operate(5, &crob)),
        (false, echo(5)),
        (true, ask::direct_operate(6, &set_points)),
        (false, answer::response(6, none, &set_points)),
        (true, ask::direct_operate_no_response(7, &[Crob::LATCH_ON.to(300)])),
        (true, ask::delay_measure(8)),
        (false, answer::response(8, none, &[answer::delay_fine(3)])),
        (true, ask::write_time(9, ms)),
        (false, answer::response(9, none, &[])),
        (true, ask::disable_unsolicited(10, &events)),
        (false, answer::response(10, none, &[])),
        (true, ask::enable_unsolicited(11, &events)),
        (false, answer::response(11, none, &[])),
        (false, answer::unsolicited(0, Iin::CLASS_1_EVENTS, &changes)),
        (true, ask::confirm_unsolicited(0)),
        (true, ask::cold_restart(12)),
        (false, answer::response(12, none, &[answer::delay_coarse(30)])),
        (true, ask::warm_restart(13)),
        (false, answer::response(13, Iin::NO_FUNC_CODE_SUPPORT, &[])),
        // A group that no table has: what stands before it is kept.
        (true, ask::read(14, &[dnp3::class(Class::One), Header::all(200, 1)])),
        (false, answer::response(14, Iin::OBJECT_UNKNOWN, &[])),
    ]
}
