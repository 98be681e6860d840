//! What was found to blind other sensors, or to make them cry wolf, does neither here: a test for each finding.

use core::num::NonZeroU16;

use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::{self, Class, Crob, Iin, Station, request as ask, response as answer};
use gridtap_captures::frame::{Endpoint, Link, LinkType, datagram};
use gridtap_captures::modbus::{mbap, pdu, request, response};
use gridtap_captures::session::Session;
use serde_json::{Value, json};

use crate::files::{MS, SECOND, START_NS, exchanges, octets, poll, write_of};
use crate::run::{Ended, end_with_input, gridtap};

#[test]
fn finding_1_register_reads_that_fit_are_in_order() {
    let reads = (1..=125_u16).flat_map(|quantity| {
        let values: Vec<u16> = (0..quantity).collect();
        let holding = request::read_holding_registers(7, quantity);
        let input = request::read_input_registers(7, quantity);
        [
            (holding, response::read_holding_registers(&values)),
            (input, response::read_input_registers(&values)),
        ]
    });
    let records = messages(&exchanges(1, 2, 0, reads));
    assert_eq!(records.len(), 500);
    for (nth, record) in records.iter().enumerate() {
        let quantity = 1 + nth / 4;
        assert_eq!((&record["status"], &record["error"]), (&json!("ok"), &Value::Null), "{record}");
        assert_eq!(record["quantity"], quantity, "{record}");
        if record["direction"] == "response" {
            assert_eq!(record["values"], json!((0..quantity).collect::<Vec<_>>()));
        }
    }
    assert_eq!(alerts("", &exchanges(1, 2, 0, vec![poll(); 600])), [Value::Null; 0]);
}

#[test]
fn finding_2_a_dnp3_read_of_a_range_needs_no_points() {
    let fragments = (0..16_u8).map(|sequence| {
        let (first, last) = (u16::from(sequence), u16::from(sequence) * 40);
        (true, ask::read_range(sequence, 30, 3, first, last.max(first)))
    });
    let records = messages(&dnp3_session(fragments));
    assert_eq!(records.len(), 16);
    for (sequence, record) in records.iter().enumerate() {
        assert_eq!((&record["status"], &record["function"]), (&json!("ok"), &json!(1)), "{record}");
        let object = &record["objects"][0];
        assert_eq!((&object["group"], &object["variation"]), (&json!(30), &json!(3)));
        assert_eq!(object["name"], "Analog input - 32-bit without flag");
        assert_eq!(object["start"], sequence, "{record}");
        assert_eq!(object["points"], Value::Null, "{record}");
    }
}

#[test]
fn finding_3_requests_that_nobody_answers_do_not_end_the_reading() {
    // 722 requests of which two command, the last one included; of the answers nothing was captured.
    let mut client = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    for number in 1..=722_u16 {
        let asked = match number {
            701 => request::write_single_coil(9, true),
            722 => request::write_single_register(9, 500),
            _ => request::read_holding_registers(0, 2),
        };
        client.client_sends(at(number), &mbap(number, 1, &asked));
    }
    let records = messages(client.capture());
    assert_eq!(records.len(), 722);
    let writes: Vec<&Value> = records.iter().filter(|record| record["function"] != 3).collect();
    assert_eq!(writes.len(), 2);
    assert_eq!((&writes[0]["packet"], &writes[0]["values"]), (&json!(701), &json!([1])));
    assert_eq!((&writes[1]["packet"], &writes[1]["values"]), (&json!(722), &json!([500])));
    assert!(writes.iter().all(|write| write["direction"] == "request"));

    let alerts = alerts("", client.capture());
    let last = alerts.iter().rfind(|alert| alert["final"] == true).unwrap();
    assert_eq!((&last["packets"], &last["seen"]["one_way"]), (&json!([701, 722]), &json!(true)));
}

#[test]
fn finding_4_a_limit_that_is_set_is_the_limit() {
    let mut client = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    for number in 1..=300_u16 {
        let asked = request::read_holding_registers(0, 2);
        client.client_sends(START_NS + u64::from(number) * MS, &mbap(number, 1, &asked));
    }
    for (waiting, said) in [
        (None, "236 requests pushed out"),
        (Some("1"), "299 requests pushed out"),
        (Some("300"), "one-way flows.\n"),
    ] {
        let mut run = gridtap("messages -");
        if let Some(waiting) = waiting {
            run.env("GRIDTAP_LIMITS__PENDING_REQUESTS", waiting);
        }
        let ended = end_with_input(&mut run, octets(client.capture()));
        assert_eq!(ended.stdout.lines().count(), 300, "{waiting:?}");
        assert!(ended.stderr.contains(said), "{waiting:?}: {}", ended.stderr);
    }
}

#[test]
fn finding_5_a_dnp3_session_is_read_beyond_a_mebibyte_in_a_direction() {
    const MESSAGES: u64 = 5_000;
    let values: Vec<i32> = (0..40).collect();
    let command = [Crob::TRIP.to(3)];
    let fragments = (1..=MESSAGES).flat_map(|number| {
        let sequence = u8::try_from(number % 16).unwrap();
        if number < MESSAGES {
            let present = [dnp3::analog_inputs(0, &values)];
            let answered = answer::response(sequence, Iin::default(), &present);
            [(true, ask::class_poll(sequence, &[Class::One])), (false, answered)]
        } else {
            let answered = answer::response(sequence, Iin::default(), &command);
            [(true, ask::direct_operate(sequence, &command)), (false, answered)]
        }
    });
    let capture = dnp3_session(fragments);
    let from_outstation = capture.packets.iter().filter(|packet| packet.octets[29] == 22);
    let sent: usize = from_outstation.map(|packet| packet.octets.len() - 54).sum();
    assert!(sent > (1 << 20), "{sent} octets");

    let records = messages(&capture);
    assert_eq!(records.len(), usize::try_from(2 * MESSAGES).unwrap());
    assert!(records.iter().all(|record| record["status"] == "ok"));
    let [.., command, answer] = &records[..] else { panic!("too few") };
    assert_eq!((&command["function"], &answer["function"]), (&json!(5), &json!(129)));
    assert_eq!(answer["objects"][0]["points"][0]["trip_close"], "trip", "{answer}");
}

#[test]
fn finding_6_a_scan_that_begins_with_an_unknown_function_is_seen() {
    let scan = (0..=127_u8).map(|code| (pdu(code, &[0, 0, 0, 1]), response::exception(code, 1)));
    let records = messages(&exchanges(1, 2, 0, scan));
    assert_eq!(records.len(), 256);
    for (nth, record) in records.iter().enumerate() {
        assert_eq!(record["function"], nth / 2, "{record}");
        let direction = if nth.is_multiple_of(2) { "request" } else { "response" };
        assert_eq!(record["direction"], direction, "{record}");
    }
}

#[test]
fn finding_7_all_is_on_from_the_start_and_in_mid_stream_and_with_wrong_checksums() {
    let polls = exchanges(1, 2, 0, vec![poll(); 20]);
    let classes = [Class::One, Class::Two, Class::Three];
    let asked = (0..10_u8).flat_map(|sequence| {
        let answered = answer::response(sequence, Iin::default(), &[]);
        [(true, ask::class_poll(sequence, &classes)), (false, answered)]
    });
    let whole = polls.with(dnp3_session(asked));
    assert_eq!(messages(&whole).len(), 60);

    // Without the handshakes of both.
    let mut joined = whole.clone();
    joined.packets.retain(|packet| packet.octets[47] & 0x02 == 0);
    assert!(joined.packets.len() < whole.packets.len());
    assert_eq!(messages(&joined).len(), 60);

    // As a host with transmit offload captures itself: every packet of one side has a wrong checksum.
    let mut offloaded = joined;
    for packet in offloaded.packets.iter_mut().filter(|packet| packet.octets[29] % 20 == 1) {
        packet.octets[50] ^= 0x55;
    }
    let ended = read(&offloaded);
    assert_eq!(ended.stdout.lines().count(), 60);
    assert!(ended.stderr.contains("with wrong checksums"), "{}", ended.stderr);
}

#[test]
fn finding_8_a_session_heard_from_its_server_first_has_the_right_client() {
    let whole = exchanges(1, 2, 0, vec![poll(), write_of(7), poll()]);
    // Three packets of handshake and the first request come before the first answer.
    let records = messages(&whole.from_packet(5));
    let seen: Vec<_> = records
        .iter()
        .map(|record| (record["direction"].as_str().unwrap(), record["src_port"].as_u64().unwrap()))
        .collect();
    let (asked, answered) = (("request", 49_152), ("response", 502));
    assert_eq!(seen, [answered, asked, answered, asked, answered]);
    assert_eq!(records[0]["request_packet"], Value::Null);
    assert_eq!(records[2]["request_packet"], records[1]["packet"]);
}

#[test]
fn finding_9_modbus_and_dnp3_are_found_on_any_port() {
    for (client, server) in [(49_152, 1_502), (20_000, 10_502), (502, 50_000)] {
        let mut session = Session::new(Endpoint::v4(1, client), Endpoint::v4(2, server));
        session.open(START_NS);
        for number in 1..=10_u16 {
            let (asked, answered) = poll();
            session.client_sends(at(number), &mbap(number, 1, &asked));
            session.server_sends(at(number) + MS, &mbap(number, 1, &answered));
        }
        let records = messages(session.capture());
        assert_eq!(records.len(), 20, "{client} > {server}");
        let asked = records.iter().filter(|record| record["direction"] == "request");
        assert!(asked.clone().all(|record| record["src_port"] == client), "{client} > {server}");
        assert_eq!(asked.count(), 10, "{client} > {server}");
    }
    let fragments = [(true, ask::class_poll(0, &[Class::One])), (true, ask::cold_restart(1))];
    let records = messages(&dnp3_session_on(20_001, fragments));
    let functions: Vec<_> = records.iter().map(|record| record["function"].clone()).collect();
    assert_eq!(functions, [1, 13]);
    assert!(records.iter().all(|record| record["protocol"] == "dnp3"));
}

#[test]
fn finding_10_dnp3_over_udp_is_read() {
    let (master, outstation) = (Endpoint::v4(21, 20_000), Endpoint::v4(22, 20_000));
    let (mut asks, mut answers) = (Station::master(1, 10), Station::outstation(10, 1));
    let mut capture = Capture::new(LinkType::ETHERNET);
    let crob = [Crob::CLOSE.to(3)];
    let exchanges = [
        (ask::class_poll(0, &[Class::One]), answer::response(0, Iin::default(), &[])),
        (ask::select(1, &crob), answer::response(1, Iin::default(), &crob)),
        (ask::operate(2, &crob), answer::response(2, Iin::default(), &crob)),
    ];
    for (number, (asked, answered)) in (1..).zip(exchanges) {
        let (asked, answered) = (asks.frames(&asked), answers.frames(&answered));
        capture.push(at(number), datagram(&Link::ETHERNET, &master, &outstation, &asked));
        let back = datagram(&Link::ETHERNET, &outstation, &master, &answered);
        capture.push(at(number) + MS, back);
    }
    let records = messages(&capture);
    let seen: Vec<_> = records.iter().map(|record| record["function"].clone()).collect();
    assert_eq!(seen, [1, 129, 3, 129, 4, 129]);
    assert!(records.iter().all(|record| record["transport"] == "udp" && record["status"] == "ok"));
    assert_eq!(records[5]["request_packet"], 5);
    assert_eq!(records[4]["objects"][0]["points"][0]["trip_close"], "close");
}

#[test]
fn finding_11_values_are_numbers_and_a_response_has_the_address_of_its_request() {
    let records = messages(&exchanges(
        1,
        2,
        0,
        [
            (request::read_coils(19, 3), response::read_coils(&[true, false, true])),
            (request::read_input_registers(4_000, 2), response::read_input_registers(&[0, 65_535])),
            (
                request::write_multiple_registers(8, &[1, 2]),
                response::write_multiple_registers(8, 2),
            ),
            (
                request::read_write_multiple_registers(3, 1, 14, &[255]),
                response::read_write_multiple_registers(&[254]),
            ),
        ],
    ));
    let [_, coils, _, registers, written, _, _, both] = &records[..] else {
        panic!("{} records", records.len())
    };
    assert_eq!((&coils["address"], &coils["values"]), (&json!(19), &json!([1, 0, 1])));
    let seen = (&registers["address"], &registers["quantity"], &registers["values"]);
    assert_eq!(seen, (&json!(4_000), &json!(2), &json!([0, 65_535])));
    assert_eq!((&written["address"], &written["values"]), (&json!(8), &json!([1, 2])));
    assert_eq!((&both["address"], &both["values"]), (&json!(3), &json!([254])));
    assert_eq!(both["request_packet"], records[6]["packet"]);
}

#[test]
fn finding_12_odd_commands_are_found_without_a_rule_for_them() {
    let minute = vec![poll(); 600];
    let set = |values: &[u16]| {
        let count = u16::try_from(values.len()).unwrap();
        (request::write_multiple_registers(1, values), response::write_multiple_registers(1, count))
    };
    // Five minutes of polls and set-points between 100 and 119, then something else.
    let mut usual = vec![poll(); 3_000];
    for (nth, place) in (0..).zip((5..3_000).step_by(30)) {
        usual[place] = set(&[100 + nth % 20, 50]);
    }
    let kinds = |acts: Vec<(Vec<u8>, Vec<u8>)>, more: Capture| -> Vec<String> {
        let capture = exchanges(1, 2, 0, [usual.clone(), acts].concat()).with(more);
        let alerts = alerts("--learn-for 290s", &capture);
        let findings = alerts.iter().flat_map(|alert| alert["findings"].as_array().unwrap());
        let mut kinds: Vec<String> =
            findings.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    let nothing = || Capture::new(LinkType::ETHERNET);
    assert_eq!(kinds(minute.clone(), nothing()), [""; 0], "as ever");
    let found =
        |kinds: Vec<String>, kind: &str| assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    found(kinds(vec![set(&[9_000, 50])], nothing()), "value-out-of-range");
    // Not the first value of the message, nor a point that anybody ever wrote.
    found(kinds(vec![set(&[100, 50, 1])], nothing()), "write-outside-polled-map");
    found(kinds(vec![(pdu(8, &[0, 1, 0, 0]), pdu(8, &[0, 1, 0, 0]))], nothing()), "first-restart");
    found(kinds(minute.clone(), exchanges(66, 2, 305 * SECOND, [poll()])), "new-conversation");
    found(kinds(minute, exchanges(66, 2, 305 * SECOND, [set(&[100, 50])])), "new-writer");
}

#[test]
fn one_direction_alone_is_read_with_and_without_its_syn() {
    let small = NonZeroU16::new(7).unwrap();
    let mut session = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502)).segmented(small);
    session.open(START_NS);
    for number in 1..=50_u16 {
        let (asked, answered) = poll();
        session.client_sends(at(number), &mbap(number, 1, &asked));
        session.server_sends(at(number) + MS, &mbap(number, 1, &answered));
    }
    for (host, direction) in [(1, "request"), (2, "response")] {
        for with_syn in [true, false] {
            let mut side = session.capture().clone();
            side.packets.retain(|packet| packet.octets[29] == host);
            side.packets.retain(|packet| with_syn || packet.octets[47] & 0x02 == 0);
            let records = messages(&side);
            assert_eq!(records.len(), 50, "{direction}, {with_syn}");
            assert!(records.iter().all(|record| record["direction"] == direction));
        }
    }
}

/// When act `number` is asked for.
fn at(number: u16) -> u64 {
    START_NS + u64::from(number) * 100 * MS
}

/// Fragments in turn, `true` for those of the master, on DNP3's port.
fn dnp3_session(fragments: impl IntoIterator<Item = (bool, Vec<u8>)>) -> Capture {
    dnp3_session_on(20_000, fragments)
}

fn dnp3_session_on(port: u16, fragments: impl IntoIterator<Item = (bool, Vec<u8>)>) -> Capture {
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let mut session = Session::new(Endpoint::v4(21, 49_152), Endpoint::v4(22, port));
    session.open(START_NS);
    for (number, (from_master, fragment)) in (1..).zip(fragments) {
        let at_ns = START_NS + number * 100 * MS;
        if from_master {
            session.client_sends(at_ns, &master.frames(&fragment));
        } else {
            session.server_sends(at_ns, &outstation.frames(&fragment));
        }
    }
    session.into_capture()
}

/// What `messages` makes of a capture.
fn read(capture: &Capture) -> Ended {
    let ended = end_with_input(&mut gridtap("messages -"), octets(capture));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    ended
}

/// The records of a capture.
fn messages(capture: &Capture) -> Vec<Value> {
    lines(&read(capture))
}

/// The lines of alerts that `replay` raises.
fn alerts(flags: &str, capture: &Capture) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    crate::files::write(&path, capture);
    let ended = crate::run::end(gridtap(&format!("replay -q {flags}")).arg(&path));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    lines(&ended)
}

fn lines(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
