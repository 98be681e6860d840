//! The table of events: what `describe` makes of messages, in words that fit every protocol.

use std::sync::Arc;

use gridtap_models::event::{Attempt, Event, Mark, Outcome, Stage, Target};

use super::column::{Cell, Column, Field, Kind};
use super::table;
use crate::alert::wording;

/// One event.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) capture: Arc<str>,
    /// Its number in the table, from 0.
    pub(super) number: u64,
    pub(super) event: Event,
    /// Number of the request that it ends.
    pub(super) request: Option<u64>,
}

/// Where an act stands, in a word.
pub(super) const fn stage(event: &Event) -> &'static str {
    match event.stage {
        Stage::Requested => "requested",
        Stage::Ended { .. } => "ended",
        Stage::Reported => "reported",
        Stage::Noticed => "noticed",
        Stage::Attempted(Attempt::Opening) => "connecting",
        Stage::Attempted(Attempt::Refused) => "connection refused",
        Stage::Attempted(Attempt::Silent) => "connection silent",
        Stage::Attempted(Attempt::Link) => "on the link",
    }
}

impl Row {
    fn ended(&self) -> Option<(Outcome, u64)> {
        match self.event.stage {
            Stage::Ended { outcome, after_ns } => Some((outcome, after_ns)),
            Stage::Requested | Stage::Reported | Stage::Noticed | Stage::Attempted(_) => None,
        }
    }
}

impl table::Row for Row {
    const NAME: &'static str = "events";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("capture", Kind::Text, "the capture's folder", |row| (&*row.capture).into()),
        Column::new("event", Kind::Int, "its number in this table, from 0", |row| {
            row.number.into()
        }),
        Column::new("packet", Kind::Int, "number of the packet that shows it, from 1", |row| {
            row.event.packet.number.into()
        }),
        Column::new(
            "time",
            Kind::Time,
            "capture time; of a request that got no answer, when it was given up",
            |row| Cell::time(row.event.time_ns),
        ),
        Column::new(
            "stage",
            Kind::Text,
            "requested, ended, reported (a device spoke unasked), noticed (no act), connecting, connection refused, connection silent, on the link (a link frame without a request)",
            |row| stage(&row.event).into(),
        ),
        Column::new("request", Kind::Int, "of an ended one: `event` of its request", |row| {
            row.request.into()
        }),
        Column::new("outcome", Kind::Text, "of an ended one: done, refused, unanswered", |row| {
            row.ended()
                .map(|(outcome, _)| match outcome {
                    Outcome::Done => "done",
                    Outcome::Refused(_) => "refused",
                    Outcome::Unanswered => "unanswered",
                })
                .into()
        }),
        Column::new(
            "refusal",
            Kind::Int,
            "Modbus exception code, DNP3 command status or indication bits",
            |row| {
                row.ended()
                    .and_then(|(outcome, _)| match outcome {
                        Outcome::Refused(code) => Some(code),
                        Outcome::Done | Outcome::Unanswered => None,
                    })
                    .into()
            },
        ),
        Column::new("after_ns", Kind::Int, "from request to answer, in nanoseconds", |row| {
            row.ended()
                .filter(|(outcome, _)| *outcome != Outcome::Unanswered)
                .map(|(_, after_ns)| after_ns)
                .into()
        }),
        Column::new("protocol", Kind::Text, "modbus, dnp3", |row| {
            row.event.conversation.protocol.word().into()
        }),
        Column::new("client", Kind::Text, "address of the Modbus client or DNP3 master", |row| {
            row.event.conversation.client.into()
        }),
        Column::new("client_unit", Kind::Int, "link address of the DNP3 master", |row| {
            row.event.conversation.client_unit.into()
        }),
        Column::new(
            "server",
            Kind::Text,
            "address of the Modbus server or DNP3 outstation",
            |row| row.event.conversation.server.into(),
        ),
        Column::new(
            "unit",
            Kind::Int,
            "Modbus unit identifier, link address of the DNP3 outstation",
            |row| row.event.conversation.unit.into(),
        ),
        Column::new("client_mac", Kind::Text, "hardware address of the client", |row| {
            row.event.client_mac.map(|mac| Cell::owned(wording::mac(mac))).into()
        }),
        Column::new("server_mac", Kind::Text, "hardware address of the server", |row| {
            row.event.server_mac.map(|mac| Cell::owned(wording::mac(mac))).into()
        }),
        Column::new(
            "intent",
            Kind::Text,
            "what it is meant to do: read, write, operate, …",
            |row| row.event.intent.word().into(),
        ),
        Column::new("function", Kind::Int, "function code", |row| row.event.function.code.into()),
        Column::new("subfunction", Kind::Int, "sub-function, where there is one", |row| {
            row.event.function.sub.into()
        }),
        Column::new("function_name", Kind::Text, "its name", |row| row.event.function.name.into()),
        Column::new("targets", Kind::Groups(TARGET), "the points it is about", |row| {
            Cell::list(&row.event.targets, target)
        }),
        Column::new("marks", Kind::Texts, "what can be seen of it without learning", |row| {
            Cell::list(row.event.marks.iter().map(Mark::word), Cell::from)
        }),
        Column::new(
            "sequence",
            Kind::Int,
            "Modbus/TCP transaction identifier, DNP3 application sequence",
            |row| row.event.sequence.into(),
        ),
        Column::new("broadcast", Kind::Flag, "it goes to all devices at once", |row| {
            row.event.broadcast.into()
        }),
        Column::new("unacknowledged", Kind::Flag, "it asks for no answer", |row| {
            row.event.unacknowledged.into()
        }),
        Column::new(
            "earlier_packet",
            Kind::Int,
            "of octets that were sent twice and differ: packet of the first",
            |row| row.event.earlier.map(|packet| packet.number).into(),
        ),
        Column::new("lost_octets", Kind::Int, "octets lost of its flow since that began", |row| {
            row.event.unseen.lost_octets.into()
        }),
        Column::new("one_way", Kind::Flag, "only one side of its flow was ever seen", |row| {
            row.event.unseen.one_way.into()
        }),
    ];
}

/// Neighbouring points.
const TARGET: &[Field] = &[
    Field::new("space", Kind::Text, "kind of the points"),
    Field::new("start", Kind::Int, "first address, from 0"),
    Field::new("count", Kind::Int, "how many; null where all are asked for"),
];

fn target(target: &Target) -> Cell<'_> {
    let count = (target.count != u32::MAX).then_some(target.count);
    Cell::Group(vec![target.space.word().into(), target.start.into(), count.into()])
}
