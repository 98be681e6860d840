//! Messages in IPAL's form, one by one. What IPAL's transcriber makes of such messages stands in its repository, under
//! `tests/snapshots`; the fields, their order aside, and the names and values are as there.

use std::net::SocketAddr;

use gridtap_captures::dnp3::{
    Class, Crob, Iin, Station, binary_events, binary_inputs, counters, request as ask,
    response as answer,
};
use gridtap_captures::modbus::{mbap, request, response};
use gridtap_models::event::PacketRef;
use serde_json::{Value, json};

use super::{Lines, Messages, seconds};
use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;
use crate::shard::Shard;

/// One flow of datagrams between a client and a server, a packet each millisecond.
struct Flow {
    shard: Shard<Messages>,
    lines: Lines,
    number: u64,
    port: u16,
}

impl Flow {
    fn new(port: u16) -> Self {
        let shard = Shard::new(&Limits::default(), 0, 1, Messages);
        Self { shard, lines: Lines::default(), number: 0, port }
    }

    /// The lines that come out when the client or the server sends this.
    fn send(&mut self, asks: bool, payload: &[u8]) -> Vec<Value> {
        self.number += 1;
        let client = SocketAddr::from(([10, 0, 0, 5], 40_000));
        let server = SocketAddr::from(([10, 0, 0, 9], self.port));
        let (source, destination) = if asks { (client, server) } else { (server, client) };
        let packet = PacketRef { capture: 0, number: self.number };
        self.shard.take(&Segment {
            hops: 64,
            at: At { sequence: self.number, packet, time_ns: self.number * 1_000_000 },
            source,
            destination,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            transport: Transport::Udp,
            payload,
            cut: 0,
        });
        let items = self.shard.drain().into_iter();
        let lines: Vec<String> = items.filter_map(|item| self.lines.line(item)).collect();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one line that comes out.
    fn one(&mut self, asks: bool, payload: &[u8]) -> Value {
        let mut lines = self.send(asks, payload);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }
}

#[test]
fn a_request_and_its_answer_have_the_published_fields() {
    let mut flow = Flow::new(502);
    let asked = flow.one(true, &mbap(7, 255, &request::read_input_registers(48, 2)));
    let answered = flow.one(false, &mbap(7, 255, &response::read_input_registers(&[12_336, 0])));
    assert_eq!(
        asked,
        json!({
            "id": 0, "timestamp": 0.001, "protocol": "modbus", "malicious": null,
            "src": "10.0.0.5:40000", "dest": "10.0.0.9:502:255", "length": 12, "crc": null,
            "type": 4, "activity": "interrogate", "responds to": [],
            "data": {"input.register.48": null, "input.register.49": null},
        })
    );
    assert_eq!(
        answered,
        json!({
            "id": 1, "timestamp": 0.002, "protocol": "modbus", "malicious": null,
            "src": "10.0.0.9:502:255", "dest": "10.0.0.5:40000", "length": 13, "crc": null,
            "type": 4, "activity": "inform", "responds to": [0],
            "data": {"input.register.48": 12_336, "input.register.49": 0},
        })
    );
}

/// A PDU of a request, its activity and data; a PDU of the answer, its type, activity and data.
type Exchange = (Vec<u8>, (&'static str, Value), Vec<u8>, (u8, &'static str, Value));

#[test]
fn what_modbus_asks_and_answers_is_told_in_ipal_s_words() {
    let nothing = || json!({});
    let coil = || json!({"coil.5": null});
    let table: Vec<Exchange> = vec![
        (
            request::read_coils(0, 3),
            ("interrogate", json!({"coil.0": null, "coil.1": null, "coil.2": null})),
            response::read_coils(&[true, false, false]),
            (1, "inform", json!({"coil.0": 1, "coil.1": 0, "coil.2": 0})),
        ),
        (
            request::read_discrete_inputs(9, 2),
            ("interrogate", json!({"discrete.input.9": null, "discrete.input.10": null})),
            response::read_discrete_inputs(&[false, true]),
            (2, "inform", json!({"discrete.input.9": 0, "discrete.input.10": 1})),
        ),
        (
            request::write_single_coil(5, true),
            ("command", json!({"coil.5": 1})),
            response::write_single_coil(5, true),
            (5, "action", coil()),
        ),
        (
            request::write_multiple_coils(5, &[false]),
            ("command", json!({"coil.5": 0})),
            response::write_multiple_coils(5, 1),
            (15, "action", coil()),
        ),
        (
            request::write_single_register(7, 3),
            ("command", json!({"holding.register.7": 3})),
            vec![0x86, 2],
            (134, "inform", nothing()),
        ),
        (
            request::write_multiple_registers(2_100, &[3]),
            ("command", json!({"holding.register.2100": 3})),
            response::write_multiple_registers(2_100, 1),
            (16, "action", json!({"holding.register.2100": null})),
        ),
        (
            request::diagnostics(4, &[0]),
            ("command", json!({"force listen only": null})),
            request::diagnostics(4, &[0]),
            (8, "action", nothing()),
        ),
        (
            vec![43, 14, 1, 0],
            ("interrogate", json!({"read device identification": null})),
            vec![43, 14, 1, 1, 0, 0, 1, 0, 1, b'A'],
            (43, "inform", nothing()),
        ),
    ];
    let mut flow = Flow::new(502);
    for ((asked, ask, answered, answer), id) in table.into_iter().zip((0..).step_by(2)) {
        let transaction = u16::try_from(id).unwrap();
        let line = flow.one(true, &mbap(transaction, 1, &asked));
        assert_eq!((line["activity"].as_str(), &line["data"]), (Some(ask.0), &ask.1), "{line}");
        assert_eq!((&line["id"], &line["responds to"]), (&json!(id), &json!([])));
        let line = flow.one(false, &mbap(transaction, 1, &answered));
        assert_eq!(line["type"], answer.0, "{line}");
        assert_eq!((line["activity"].as_str(), &line["data"]), (Some(answer.1), &answer.2));
        assert_eq!((&line["id"], &line["responds to"]), (&json!(id + 1), &json!([id])));
    }
}

#[test]
fn an_answer_to_nobody_and_a_claim_of_too_many_points_name_none() {
    let mut flow = Flow::new(502);
    let line = flow.one(false, &mbap(1, 1, &response::read_holding_registers(&[4, 5])));
    assert_eq!((&line["data"], &line["responds to"]), (&json!({}), &json!([])));
    let line = flow.one(true, &mbap(2, 1, &request::read_holding_registers(0, 60_000)));
    assert_eq!((&line["data"], line["activity"].as_str()), (&json!({}), Some("interrogate")));
}

#[test]
fn what_dnp3_says_is_told_in_ipal_s_words() {
    let mut flow = Flow::new(20_000);
    let (mut master, mut outstation) = (Station::master(3, 1), Station::outstation(1, 3));
    let classes = [Class::One, Class::Two];
    let line = flow.one(true, &master.frames(&ask::class_poll(5, &classes)));
    assert_eq!(
        line,
        json!({
            "id": 0, "timestamp": 0.001, "protocol": "dnp3", "malicious": null,
            "src": "10.0.0.5:40000", "dest": "10.0.0.9:20000", "length": 21, "crc": true,
            "type": 1, "activity": "interrogate", "responds to": [],
            "data": {"SEQ": 5, "Signal Target": ["1:60:2", "1:60:3"]},
        })
    );
    let brought = [binary_inputs(0, &[false, true]), counters(1, &[189, 114])];
    let line = flow.one(false, &outstation.frames(&answer::response(5, Iin::default(), &brought)));
    let values: Vec<(&String, &Value)> = line["data"].as_object().unwrap().iter().collect();
    let told: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert!(told.contains(&"SEQ=5".to_owned()), "{line}");
    for (group, index, value) in [(1, 0, 0), (1, 1, 1), (20, 1, 189), (20, 2, 114)] {
        let is = |(name, told): &&(&String, &Value)| {
            let parts: Vec<&str> = name.split(':').collect();
            **told == json!(value)
                && parts[0] == "1"
                && parts.get(1) == Some(&group.to_string().as_str())
                && parts.get(3) == Some(&index.to_string().as_str())
        };
        assert_eq!(values.iter().filter(is).count(), 1, "{group} {index}: {line}");
    }
    assert_eq!((line["activity"].as_str(), &line["responds to"]), (Some("inform"), &json!([0])));

    // An answer without objects is what its request was; a confirmation names what it confirms.
    flow.one(true, &master.frames(&ask::write_time(6, 1_476_171_909_419)));
    let line = flow.one(false, &outstation.frames(&answer::response(6, Iin::default(), &[])));
    assert_eq!((line["activity"].as_str(), &line["responds to"]), (Some("action"), &json!([2])));
    assert_eq!(line["data"], json!({"SEQ": 6}));
    let events = [binary_events(&[(4, true, 1_000), (4, false, 2_000)])];
    let line =
        flow.one(false, &outstation.frames(&answer::unsolicited(14, Iin::default(), &events)));
    assert_eq!((&line["type"], line["activity"].as_str()), (&json!(130), Some("inform")));
    assert_eq!(line["data"], json!({"SEQ": 14, "1:2:2:4": [1, 0]}));
    let line = flow.one(true, &master.frames(&ask::confirm_unsolicited(14)));
    assert_eq!(line["activity"], "confirmation");
    assert_eq!(line["data"], json!({"SEQ": 14, "Signal Target": "1:14"}));
    assert_eq!(line["responds to"], json!([4]));
}

#[test]
fn commands_of_dnp3_have_their_values_and_so_has_a_clock() {
    let mut flow = Flow::new(20_000);
    let mut master = Station::master(3, 1);
    let line = flow.one(true, &master.frames(&ask::direct_operate(1, &[Crob::TRIP.to(4)])));
    assert_eq!(line["data"], json!({"SEQ": 1, "1:12:1:4": 0x81}), "trip by a pulse");
    assert_eq!(line["activity"], "command");
    let line = flow.one(true, &master.frames(&ask::write_time(2, 1_476_171_909_019)));
    assert_eq!(line["data"], json!({"SEQ": 2, "1:50:1:1": "1476171909.019"}));
    assert_eq!(flow.send(true, &master.frame(0xc9, &[])).len(), 0, "a link frame is no message");
}

#[test]
fn times_are_the_nearest_number_of_seconds() {
    let table = [
        (1_352_718_180_347_049_000, "1352718180.347049"),
        (1_472_247_658_211_397_000, "1472247658.211397"),
        (1_000_000_007, "1.000000007"),
        (0, "0.0"),
    ];
    for (ns, text) in table {
        assert_eq!(serde_json::to_string(&seconds(ns)).unwrap(), text);
    }
}
