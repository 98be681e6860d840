//! The table of alerts: the last revision of each.

use std::sync::Arc;

use super::column::{Cell, Column, Field, Kind};
use super::table;
use crate::alert::Alert;

/// One alert.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) capture: Arc<str>,
    pub(super) alert: Alert,
    /// The folders of its packets in other captures, and the packets' numbers.
    pub(super) further: Vec<(Arc<str>, u64)>,
}

impl table::Row for Row {
    const NAME: &'static str = "alerts";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new(
            "capture",
            Kind::Text,
            "the folder of the capture that its first act is in",
            |row| (&*row.capture).into(),
        ),
        Column::new("id", Kind::Text, "stable: that of `gridtap replay`", |row| {
            (&row.alert.id).into()
        }),
        Column::new("revision", Kind::Int, "number of its last revision, from 0", |row| {
            row.alert.revision.into()
        }),
        Column::new("time", Kind::Time, "first act of the episode", |row| {
            Cell::time(row.alert.time.0)
        }),
        Column::new("last_time", Kind::Time, "latest act of the episode", |row| {
            Cell::time(row.alert.last_time.0)
        }),
        Column::new("count", Kind::Int, "how many odd acts it has", |row| row.alert.count.into()),
        Column::new("severity", Kind::Text, "info, low, medium, high, critical", |row| {
            row.alert.severity.name().into()
        }),
        Column::new("kind", Kind::Text, "kind of its gravest finding", |row| {
            (&*row.alert.kind).into()
        }),
        Column::new("hard", Kind::Flag, "that finding needs no learning", |row| {
            row.alert.hard.into()
        }),
        Column::new("surprise_bits", Kind::Real, "surprise of that finding, in bits", |row| {
            row.alert.surprise_bits.into()
        }),
        Column::new("what", Kind::Text, "what happened, in a sentence", |row| {
            (&row.alert.what).into()
        }),
        Column::new("because", Kind::Text, "why it is odd", |row| (&row.alert.because).into()),
        Column::new("normal_if", Kind::Text, "what would make it ordinary", |row| {
            (&row.alert.normal_if).into()
        }),
        Column::new("actor", Kind::Text, "who did it", |row| row.alert.actor.into()),
        Column::new(
            "protocol",
            Kind::Text,
            "modbus, dnp3; of the first act, as all that follows",
            |row| (&row.alert.protocol).into(),
        ),
        Column::new("client", Kind::Text, "its client", |row| row.alert.client_ip.into()),
        Column::new("server", Kind::Text, "its server", |row| row.alert.server_ip.into()),
        Column::new(
            "unit",
            Kind::Int,
            "Modbus unit identifier, link address of the DNP3 outstation",
            |row| row.alert.unit.or(row.alert.dnp3_destination).into(),
        ),
        Column::new("function", Kind::Int, "its function code", |row| {
            row.alert.function_code.into()
        }),
        Column::new("function_name", Kind::Text, "its name", |row| (&*row.alert.function).into()),
        Column::new("points", Kind::Groups(POINT), "its points: at most 64", |row| {
            Cell::list(&row.alert.points, |point| {
                let value = point.value.as_ref();
                Cell::Group(vec![
                    (&*point.space).into(),
                    point.address.into(),
                    point.count.into(),
                    value.and_then(serde_json::Value::as_f64).into(),
                    value.and_then(serde_json::Value::as_str).into(),
                ])
            })
        }),
        Column::new("targets", Kind::Groups(TARGET), "devices of the episode: at most 64", |row| {
            Cell::list(&row.alert.targets, |target| {
                Cell::Group(vec![target.server_ip.into(), target.unit.into()])
            })
        }),
        Column::new(
            "findings",
            Kind::Groups(FINDING),
            "the strongest of each detector and kind",
            |row| {
                Cell::list(&row.alert.findings, |finding| {
                    Cell::Group(vec![
                        (&*finding.detector).into(),
                        (&*finding.kind).into(),
                        finding.surprise_bits.into(),
                        (&finding.because).into(),
                    ])
                })
            },
        ),
        Column::new("techniques", Kind::Texts, "MITRE ATT&CK for ICS identifiers", |row| {
            Cell::list(&row.alert.techniques, |technique| (&*technique.id).into())
        }),
        Column::new("done", Kind::Int, "acts of the episode that were done", |row| {
            row.alert.outcomes.done.into()
        }),
        Column::new("refused", Kind::Int, "acts that were refused", |row| {
            row.alert.outcomes.refused.into()
        }),
        Column::new("unanswered", Kind::Int, "acts without an answer", |row| {
            row.alert.outcomes.unanswered.into()
        }),
        Column::new(
            "packets",
            Kind::Ints,
            "the first 64 packets of its acts, and of each kind its first",
            |row| Cell::list(&row.alert.packets, |packet| (*packet).into()),
        ),
        Column::new(
            "further_packets",
            Kind::Groups(FURTHER),
            "those of its packets that are in other captures than its first act",
            |row| {
                Cell::list(&row.further, |(capture, packet)| {
                    Cell::Group(vec![(&**capture).into(), (*packet).into()])
                })
            },
        ),
        Column::new("lost_octets", Kind::Int, "octets lost in the flows of its acts", |row| {
            row.alert.seen.lost_octets.into()
        }),
        Column::new("one_way", Kind::Flag, "an act's flow was seen from one side only", |row| {
            row.alert.seen.one_way.into()
        }),
        Column::new(
            "baseline",
            Kind::Text,
            "SHA-256 of the baseline that judged it; null while it was learned",
            |row| row.alert.baseline.as_deref().into(),
        ),
    ];
}

/// A point of the first act.
const POINT: &[Field] = &[
    Field::new("space", Kind::Text, "kind of the point"),
    Field::new("address", Kind::Int, "its address, from 0; null for all"),
    Field::new("count", Kind::Int, "how many follow on from it, if more than one"),
    Field::new("value", Kind::Real, "the number commanded"),
    Field::new("switch", Kind::Text, "the switching command"),
];

/// A device.
const TARGET: &[Field] =
    &[Field::new("server", Kind::Text, "its address"), Field::new("unit", Kind::Int, "behind it")];

/// A packet in another capture.
const FURTHER: &[Field] = &[
    Field::new("capture", Kind::Text, "the capture's folder"),
    Field::new("packet", Kind::Int, "its number there, from 1"),
];

/// Why, according to one detector.
const FINDING: &[Field] = &[
    Field::new("detector", Kind::Text, "who found it"),
    Field::new("kind", Kind::Text, "kind of oddity"),
    Field::new("surprise_bits", Kind::Real, "in bits"),
    Field::new("because", Kind::Text, "why it is odd"),
];
