//! What is said in the protocols that are read.

use gridtap::counters::Counters;
use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::{self, Class, Crob, Iin, Station, binary_inputs};
use gridtap_captures::modbus::{mbap, request, response, rtu};
use gridtap_parsers::Direction::{Request, Response};

use crate::replay::*;

/// Reads, a write and a refusal, framed by `wrap` (transaction, PDU).
pub(crate) fn polls(wrap: impl Fn(u16, &[u8]) -> Vec<u8>) -> Vec<Turn> {
    let pairs = [
        (request::read_holding_registers(0, 2), response::read_holding_registers(&[7, 8])),
        (request::write_single_register(5, 9), response::write_single_register(5, 9)),
        (request::read_coils(3, 9), response::exception(1, 2)),
    ];
    let turns = |(number, (asked, answer)): (u16, (Vec<u8>, Vec<u8>))| {
        [(Client, wrap(number, &asked)), (Server, wrap(number, &answer))]
    };
    (1..).zip(pairs).flat_map(turns).collect()
}

pub(crate) fn modbus_tcp() -> Vec<Turn> {
    polls(|number, pdu| mbap(number, 1, pdu))
}

pub(crate) fn modbus_rtu() -> Vec<Turn> {
    polls(|_, pdu| rtu(17, pdu))
}

pub(crate) fn dnp3() -> Vec<Turn> {
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let answer = dnp3::response::response(0, Iin::default(), &[binary_inputs(0, &[true; 9])]);
    let trip = [Crob::TRIP.to(4)];
    vec![
        (Client, master.frames(&dnp3::request::class_poll(0, &[Class::One, Class::Zero]))),
        (Server, outstation.frames(&answer)),
        (Client, master.frames(&dnp3::request::direct_operate(1, &trip))),
        (Server, outstation.frames(&dnp3::response::response(1, Iin::default(), &trip))),
    ]
}

/// A protocol and framing, and a conversation in it.
pub(crate) type Conversation = (&'static str, fn() -> Vec<Turn>);

pub(crate) const CONVERSATIONS: [Conversation; 3] =
    [("modbus", modbus_tcp), ("rtu", modbus_rtu), ("dnp3", dnp3)];

pub(crate) const MODBUS: [&str; 6] = [
    "read_holding_registers",
    "read_holding_registers",
    "write_single_register",
    "write_single_register",
    "read_coils",
    "read_coils",
];
pub(crate) const DNP3: [&str; 4] = ["read", "response", "direct_operate", "response"];

/// Checks that all of the last `turns` of a conversation were found, each sent by whom it should be.
pub(crate) fn all_found(
    name: &str,
    capture: &Capture,
    turns: &[Turn],
    how: &str,
    server: u16,
) -> Counters {
    let (rows, counters) = read(capture);
    let functions: Vec<_> = rows.iter().map(|row| row.function).collect();
    let all: &[_] = if how.starts_with("dnp3") { &DNP3 } else { &MODBUS };
    assert_eq!(functions, all[all.len() - turns.len()..], "{name}");
    for (row, (side, _)) in rows.iter().zip(turns) {
        let direction = if *side == Client { Request } else { Response };
        let place = (row.how, row.direction, row.port == server);
        assert_eq!(place, (how, direction, *side == Server), "{name}: {row:?}");
    }
    assert!(rows.is_sorted_by_key(|row| row.packet), "{name}");
    assert!(counters.errors.is_empty() && counters.foreign_flows.is_empty(), "{name}");
    counters
}
