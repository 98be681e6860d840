//! Messages in, lines out.

use std::net::SocketAddr;

use gridtap_captures::dnp3::{self, Crob, Header, Iin, Station, fragment};
use gridtap_captures::modbus::{mbap, pdu, request, response};
use gridtap_models::event::PacketRef;
use serde_json::{Value, json};

use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;
use crate::shard::Shard;
use crate::view::{View, Views};

/// One flow of datagrams between a client and a server. The packets are numbered, and sent one
/// second after the other.
struct Line {
    shard: Shard<Views>,
    port: u16,
    number: u64,
    /// Who stands at the server's end.
    server_mac: [u8; 6],
}

impl Line {
    fn new(port: u16, json: bool) -> Self {
        let view = if json { View::Jsonl } else { View::Text };
        let views = Views::new(view, None, false);
        let shard = Shard::new(&Limits::default(), 0, 1, views);
        Self { shard, port, number: 0, server_mac: [2, 0, 0, 0, 0, 9] }
    }

    fn asks(&mut self, octets: &[u8]) -> String {
        self.send(true, octets)
    }

    fn answers(&mut self, octets: &[u8]) -> String {
        self.send(false, octets)
    }

    fn send(&mut self, asks: bool, payload: &[u8]) -> String {
        self.number += 1;
        let client = (SocketAddr::from(([10, 0, 0, 5], 40_000)), Some([2, 0, 0, 0, 0, 5]));
        let server = (SocketAddr::from(([10, 0, 0, 9], self.port)), Some(self.server_mac));
        let (from, to) = if asks { (client, server) } else { (server, client) };
        let packet = PacketRef { capture: 0, number: self.number };
        let time_ns = 1_700_000_000_000_000_000 + self.number * 1_000_000_000;
        self.shard.take(&Segment {
            at: At { sequence: self.number, packet, time_ns },
            source: from.0,
            destination: to.0,
            source_mac: from.1,
            destination_mac: to.1,
            vlan: None,
            hops: 64,
            transport: Transport::Udp,
            payload,
            cut: 0,
        });
        self.shard.drain().into_iter().map(|line| line.text).collect()
    }
}

/// The fields of `expected`, out of a record; so that a test names those that it is about.
fn like(record: &str, expected: &Value) -> Value {
    let record: Value = serde_json::from_str(record).unwrap();
    expected.as_object().unwrap().keys().map(|key| (key.clone(), record[key].clone())).collect()
}

#[test]
fn a_message_is_one_object_with_its_fields_and_no_others() {
    let mut line = Line::new(502, true);
    let record = line.asks(&mbap(7, 1, &request::write_single_register(10, 221)));
    let expected = json!({
        "schema": "gridtap.message/1",
        "packet": 1,
        "time": "2023-11-14T22:13:21.000000000Z",
        "protocol": "modbus",
        "transport": "udp",
        "src_ip": "10.0.0.5",
        "src_port": 40_000,
        "dst_ip": "10.0.0.9",
        "dst_port": 502,
        "src_mac": "02:00:00:00:00:05",
        "dst_mac": "02:00:00:00:00:09",
        "direction": "request",
        "status": "ok",
        "transaction": 7,
        "unit": 1,
        "function": 6,
        "function_name": "write_single_register",
        "address": 10,
        "values": [221],
    });
    assert_eq!(serde_json::from_str::<Value>(&record).unwrap(), expected);
    assert!(record.ends_with("}\n"));
}

#[test]
fn a_modbus_response_says_what_it_answers() {
    let mut line = Line::new(502, true);
    line.asks(&mbap(1, 3, &request::read_coils(100, 3)));
    let expected = json!({
        "packet": 2, "address": 100, "quantity": 3, "values": [1, 0, 1], "request_packet": 1,
    });
    let answer = line.answers(&mbap(1, 3, &response::read_coils(&[true, false, true])));
    assert_eq!(like(&answer, &expected), expected);

    line.asks(&mbap(2, 3, &request::read_holding_registers(7, 1)));
    let expected = json!({
        "function": 3, "exception": 2, "exception_name": "illegal_data_address",
        "address": 7, "request_packet": 3, "status": "ok",
    });
    let answer = line.answers(&mbap(2, 3, &response::exception(3, 2)));
    assert_eq!(like(&answer, &expected), expected);
}

#[test]
fn what_is_wrong_with_a_message_stands_beside_what_was_read() {
    let mut line = Line::new(502, true);
    let record = line.asks(&mbap(1, 1, &pdu(22, &[0, 0, 0, 1])));
    let expected = json!({
        "status": "malformed", "error_class": "pdu_length", "offset": 12,
        "function": 22, "octets": "00000001", "values": null,
    });
    assert_eq!(like(&record, &expected), expected);
}

#[test]
fn the_mac_addresses_are_those_of_the_packet() {
    let mut line = Line::new(502, true);
    line.answers(&mbap(1, 1, &response::exception(3, 2)));
    line.server_mac = [2, 0, 0, 0, 0, 66];
    let record = line.asks(&mbap(1, 1, &request::read_coils(0, 1)));
    let expected = json!({"src_mac": "02:00:00:00:00:05", "dst_mac": "02:00:00:00:00:42"});
    assert_eq!(like(&record, &expected), expected);
}

#[test]
fn commands_of_dnp3_are_spelt_out() {
    let mut line = Line::new(20_000, true);
    let mut master = Station::master(1, 10);
    let record = line.asks(&master.frames(&dnp3::request::select(3, &[Crob::TRIP.to(4)])));
    let expected = json!({
        "direction": "request", "source": 1, "destination": 10, "sequence": 3, "function": 3,
        "link_function": "unconfirmed_user_data",
        "objects": [{
            "group": 12, "variation": 1, "name": "Control relay output block (CROB)",
            "qualifier": 0x17, "count": 1,
            "points": [{
                "index": 4, "operation": "pulse_on", "trip_close": "trip", "clear": false,
                "count": 1, "on_ms": 100, "off_ms": 0, "status": "success",
            }],
        }],
    });
    assert_eq!(like(&record, &expected), expected);

    let refused = Crob { status: 7, ..Crob::TRIP }.to(4);
    let mut outstation = Station::outstation(10, 1);
    let answer = dnp3::response::response(3, Iin(Iin::LOCAL_CONTROL.0), &[refused]);
    let record = line.answers(&outstation.frames(&answer));
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["iin"], json!(["LOCAL_CONTROL"]));
    assert_eq!(record["objects"][0]["points"][0]["status"], "local");
    assert_eq!(record["request_packet"], 1);
}

#[test]
fn clocks_of_devices_are_text_as_far_as_a_calendar_goes() {
    let points = |ms: u64, header: fn([u8; 6]) -> Header| {
        let mut line = Line::new(20_000, true);
        let fragment = fragment::fragment(0xc0, 2, None, &[header(dnp3::time(ms))]);
        let record = line.asks(&Station::master(1, 10).frames(&fragment));
        let record: Value = serde_json::from_str(&record).unwrap();
        record["objects"][0]["points"].clone()
    };
    let clock = |time: [u8; 6]| Header::count8(50, 1, 1).with(&time);
    let set = json!([{"value": "2023-11-14T22:13:20.250000000Z"}]);
    assert_eq!(points(1_700_000_000_250, clock), set);
    assert_eq!(points((1 << 48) - 1, clock), json!([{"value": 281_474_976_710_655_u64}]));

    let event = |time: [u8; 6]| Header::indexed8(2, 2, &[(5, [&[0x81][..], &time].concat())]);
    let timed =
        json!([{"index": 5, "value": 1, "flags": 0x81, "time": "1970-01-01T00:00:00.001000000Z"}]);
    assert_eq!(points(1, event), timed);
}

#[test]
fn a_file_to_open_has_its_name_its_date_and_who_may_read_it() {
    let command = [
        &[26, 0, 8, 0][..], // where the name begins, and its length
        &dnp3::time(1_700_000_000_000),
        &[0xa4, 0x01],       // permissions
        &[0, 0, 0, 0],       // key
        &[0x10, 0, 0, 0],    // size
        &[2, 0, 0, 4, 1, 0], // mode, block size, request
        b"cfg\"\x07.xml",
    ]
    .concat();
    let open = dnp3::request::request(0, 25, &[Header::sized(70, 3, &[&command])]);
    let octets = Station::master(1, 10).frames(&open);
    let record = Line::new(20_000, true).asks(&octets);
    let record: Value = serde_json::from_str(&record).unwrap();
    let expected = json!([{
        "file_name": "cfg\"\u{7}.xm", "file_mode": "write", "file_size": 16, "permissions": 0o644,
        "time": "2023-11-14T22:13:20.000000000Z",
    }]);
    assert_eq!(record["objects"][0]["points"], expected);

    let text = Line::new(20_000, false).asks(&octets);
    assert!(text.ends_with("open_file (25), g70v3 ×1: \"cfg\\\"\\u{7}.xm\" write\n"), "{text}");
}

#[test]
fn a_line_for_people_says_when_who_and_what() {
    let mut line = Line::new(20_000, false);
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let commands = [Crob::CLOSE.to(4), Crob { status: 4, ..Crob::LATCH_OFF }.to(5)];
    assert_eq!(
        line.asks(&master.frames(&dnp3::request::operate(1, &commands))),
        "      1 2023-11-14 22:13:21.000 10.0.0.5:40000 > 10.0.0.9:20000 dnp3 request \
         1 > 10 operate (4), g12v1 ×1: 4 close pulse_on, g12v1 ×1: 5 latch_off\n"
    );
    let answer = dnp3::response::response(1, Iin(Iin::DEVICE_TROUBLE.0), &commands);
    assert_eq!(
        line.answers(&outstation.frames(&answer)),
        "      2 2023-11-14 22:13:22.000 10.0.0.9:20000 > 10.0.0.5:40000 dnp3 response \
         10 > 1 response (129), g12v1 ×1: 4 close pulse_on success, \
         g12v1 ×1: 5 latch_off not_supported DEVICE_TROUBLE\n"
    );
    let mut line = Line::new(502, false);
    assert_eq!(
        line.asks(&mbap(1, 1, &pdu(3, &[0, 1]))),
        "      1 2023-11-14 22:13:21.000 10.0.0.5:40000 > 10.0.0.9:502 modbus request unit 1 \
         read_holding_registers (3)  [malformed: octets are missing for this function, octet 10]\n"
    );
}

/// A master and its outstation on a line, whose messages are read back.
struct Talk {
    line: Line,
    master: Station,
    outstation: Station,
}

impl Talk {
    fn new() -> Self {
        let line = Line::new(20_000, true);
        Self { line, master: Station::master(1, 10), outstation: Station::outstation(10, 1) }
    }

    fn asks(&mut self, fragment: &[u8]) -> Value {
        let octets = self.master.frames(fragment);
        serde_json::from_str(&self.line.asks(&octets)).unwrap()
    }

    fn answers(&mut self, fragment: &[u8]) -> Value {
        let octets = self.outstation.frames(fragment);
        serde_json::from_str(&self.line.answers(&octets)).unwrap()
    }
}

#[test]
fn an_operate_names_its_select_and_whether_it_is_the_same() {
    use dnp3::request::{operate, select};
    use dnp3::response::response;
    let mut talk = Talk::new();
    let (trip, close) = ([Crob::TRIP.to(4)], [Crob::CLOSE.to(4)]);
    assert_eq!(talk.asks(&select(1, &trip))["select_packet"], Value::Null);
    assert_eq!(talk.answers(&response(1, Iin(0), &trip))["request_packet"], 1);
    let operated = talk.asks(&operate(2, &trip));
    assert_eq!((&operated["select_packet"], &operated["select_same"]), (&1.into(), &true.into()));
    assert_eq!(talk.answers(&response(2, Iin(0), &trip))["request_packet"], 3);
    // What was operated is no longer selected, and what was refused never was.
    assert_eq!(talk.asks(&operate(3, &trip))["select_packet"], Value::Null);
    talk.asks(&select(4, &trip));
    talk.answers(&response(4, Iin(0), &[Crob { status: 7, ..Crob::TRIP }.to(4)]));
    assert_eq!(talk.asks(&operate(5, &trip))["select_packet"], Value::Null);

    talk.asks(&select(6, &trip));
    let operated = talk.asks(&operate(7, &close));
    assert_eq!((&operated["select_packet"], &operated["select_same"]), (&9.into(), &false.into()));
}

#[test]
fn a_confirmation_names_what_it_confirms() {
    use dnp3::request::{confirm, confirm_unsolicited};
    use dnp3::response::{response, response_to_confirm, unsolicited};
    let mut talk = Talk::new();
    let confirms = |record: Value| record["confirms_packet"].clone();
    // The two sequences run apart: the same number is another message.
    talk.answers(&unsolicited(5, Iin(0), &[]));
    talk.answers(&response_to_confirm(5, Iin(0), &[]));
    assert_eq!(confirms(talk.asks(&confirm(5))), 2);
    assert_eq!(confirms(talk.asks(&confirm_unsolicited(4))), Value::Null);
    assert_eq!(confirms(talk.asks(&confirm_unsolicited(5))), 1);
    assert_eq!(confirms(talk.asks(&confirm_unsolicited(5))), Value::Null, "once");
    // Sent again, it is the later one that is confirmed; and what asks for nothing is not.
    talk.answers(&unsolicited(6, Iin(0), &[]));
    talk.answers(&unsolicited(6, Iin(0), &[]));
    assert_eq!(confirms(talk.asks(&confirm_unsolicited(6))), 8);
    talk.answers(&response(7, Iin(0), &[]));
    assert_eq!(confirms(talk.asks(&confirm(7))), Value::Null);
}

#[test]
fn authentication_says_who_challenged_whom_and_what_came_of_it() {
    const ASK: u8 = 32;
    const ANSWER: u8 = 131;
    let mut talk = Talk::new();
    let auth = |sequence: u8, function: u8, variation: u8, octets: &[u8]| {
        let iin = (function == ANSWER).then_some(Iin(0));
        let header = Header::sized(120, variation, &[octets]);
        fragment::fragment(0xc0 | sequence, function, iin, &[header])
    };
    let point = |record: &Value| record["objects"][0]["points"][0].clone();

    talk.asks(&dnp3::request::direct_operate(1, &[Crob::TRIP.to(4)]));
    let challenge = talk.answers(&auth(1, ANSWER, 1, &[9, 0, 0, 0, 2, 0, 4, 1, 1, 2, 3, 4]));
    assert_eq!((&challenge["source"], &challenge["request_packet"]), (&10.into(), &1.into()));
    let expected = json!({
        "challenge_sequence": 9, "user": 2, "mac_algorithm": 4, "challenge_reason": 1,
    });
    assert_eq!(point(&challenge), expected);
    let reply = talk.asks(&auth(1, ASK, 2, &[9, 0, 0, 0, 2, 0, 0xaa]));
    assert_eq!(reply["challenge_packet"], 2);
    let other = talk.asks(&auth(2, ASK, 2, &[8, 0, 0, 0, 2, 0, 0xaa]));
    assert_eq!(other["challenge_packet"], Value::Null);
    let failed = [9, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, b'n', b'o'];
    let error = talk.answers(&auth(3, ANSWER, 7, &failed));
    assert_eq!(error["challenge_packet"], 2);
    let said = point(&error);
    assert_eq!(
        (&said["error_name"], &said["error_text"]),
        (&"authentication_failed".into(), &"no".into())
    );

    // Aggressive: the proof comes with the command, for the challenge of before.
    let proven = fragment::fragment(
        0xc4,
        5,
        None,
        &[
            Header::count8(120, 3, 1).with(&[10, 0, 0, 0, 2, 0]),
            Crob::TRIP.to(4),
            Header::sized(120, 9, &[&[0xbb; 16]]),
        ],
    );
    let record = talk.asks(&proven);
    assert_eq!((&record["function"], &record["challenge_packet"]), (&5.into(), &2.into()));
    assert_eq!(point(&record), json!({"challenge_sequence": 10, "user": 2}));

    let ask = Header::count8(120, 4, 1).with(&[2, 0]);
    talk.asks(&fragment::fragment(0xc5, ASK, None, &[ask]));
    let status = talk.answers(&auth(5, ANSWER, 5, &[7, 0, 0, 0, 2, 0, 1, 2, 4, 2, 0, 5, 6]));
    assert_eq!(
        (&status["request_packet"], &point(&status)["key_status"]),
        (&7.into(), &"not_init".into())
    );
    let change = talk.asks(&auth(6, ASK, 6, &[7, 0, 0, 0, 2, 0, 0xcc]));
    assert_eq!(
        (&change["key_status_packet"], &point(&change)["key_sequence"]),
        (&8.into(), &7.into())
    );
}
