//! The table of points: a row for each value that was commanded or reported.

use std::sync::Arc;

use gridtap_models::event::{Conversation, Event, Space, Stage, Value};

use super::column::{Cell, Column, Kind};
use super::table;

/// One value of one point.
#[derive(Debug)]
pub(super) struct Row {
    capture: Arc<str>,
    event: u64,
    packet: u64,
    time_ns: u64,
    commanded: bool,
    talk: Conversation,
    intent: &'static str,
    space: Space,
    address: u32,
    value: Value,
}

/// The rows of an event, whose number in its table is `number`.
///
/// What is commanded stands in the request alone; its end repeats it.
pub(super) fn rows<'e>(
    event: &'e Event,
    number: u64,
    capture: &'e Arc<str>,
) -> impl Iterator<Item = Row> + 'e {
    let commanded = if event.stage == Stage::Requested { &event.targets[..] } else { &[] };
    let targets = commanded.iter().map(|target| (true, target));
    let reported = event.reported.iter().map(|target| (false, target));
    targets.chain(reported).flat_map(move |(commanded, target)| {
        (target.start..).zip(&target.values).map(move |(address, value)| Row {
            capture: Arc::clone(capture),
            event: number,
            packet: event.packet.number,
            time_ns: event.time_ns,
            commanded,
            talk: event.conversation,
            intent: event.intent.word(),
            space: target.space,
            address,
            value: *value,
        })
    })
}

impl table::Row for Row {
    const NAME: &'static str = "points";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("capture", Kind::Text, "the capture's folder", |row| (&*row.capture).into()),
        Column::new("event", Kind::Int, "`event` in the table of events", |row| row.event.into()),
        Column::new("packet", Kind::Int, "number of the packet, from 1", |row| row.packet.into()),
        Column::new("time", Kind::Time, "capture time", |row| Cell::time(row.time_ns)),
        Column::new("role", Kind::Text, "commanded, reported", |row| {
            if row.commanded { "commanded" } else { "reported" }.into()
        }),
        Column::new("protocol", Kind::Text, "modbus, dnp3", |row| row.talk.protocol.word().into()),
        Column::new("client", Kind::Text, "address of the Modbus client or DNP3 master", |row| {
            row.talk.client.into()
        }),
        Column::new(
            "server",
            Kind::Text,
            "address of the Modbus server or DNP3 outstation",
            |row| row.talk.server.into(),
        ),
        Column::new(
            "unit",
            Kind::Int,
            "Modbus unit identifier, link address of the DNP3 outstation",
            |row| row.talk.unit.into(),
        ),
        Column::new("intent", Kind::Text, "what the act is meant to do", |row| row.intent.into()),
        Column::new(
            "space",
            Kind::Text,
            "kind of the point: coil, holding-register, analog-input, …",
            |row| row.space.word().into(),
        ),
        Column::new("address", Kind::Int, "its address, from 0 as on the wire", |row| {
            row.address.into()
        }),
        Column::new(
            "value",
            Kind::Real,
            "raw value, without scale or unit of the process; a bit is 0 or 1",
            |row| match row.value {
                Value::Number(number) => number.into(),
                Value::Switch(_) => Cell::Null,
            },
        ),
        Column::new(
            "switch",
            Kind::Text,
            "a switching command: latch-on, trip, close, …",
            |row| match row.value {
                Value::Switch(switch) => Cell::owned(switch),
                Value::Number(_) => Cell::Null,
            },
        ),
    ];
}
