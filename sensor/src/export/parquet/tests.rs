//! The tables' own promises: cells are of their columns' kinds, and the page about them says what they hold.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use gridtap_captures::dnp3::{Class, Crob, Iin, Station, request as ask, response as answer};
use gridtap_captures::dnp3::{analog_inputs, binary_inputs};
use gridtap_captures::modbus::{exchanges, mbap};
use gridtap_models::event::{Event, Outcome, PacketRef, Stage};

use super::column::{Cell, Column, Field, Kind};
use super::tap::What;
use super::{Everything, Item, alerts, events, messages, points, table};
use crate::alert::sample;
use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;
use crate::shard::Shard;

/// What one flow of datagrams makes, each message in its own packet, the client's first.
fn items(port: u16, payloads: impl IntoIterator<Item = (bool, Vec<u8>)>) -> Vec<Item> {
    let mut shard = Shard::new(&Limits::default(), 0, 1, Everything);
    let client = SocketAddr::from(([10, 0, 0, 5], 40_000));
    let server = SocketAddr::from(([10, 0, 0, 9], port));
    let mut at = At { sequence: 0, time_ns: 0, packet: PacketRef { capture: 0, number: 0 } };
    for (asks, payload) in payloads {
        at.sequence += 1;
        (at.packet.number, at.time_ns) = (at.sequence, at.sequence * 1_000_000);
        let (source, destination) = if asks { (client, server) } else { (server, client) };
        shard.take(&Segment {
            at,
            source,
            destination,
            source_mac: Some([2, 0, 0, 0, 0, 1]),
            destination_mac: None,
            vlan: Some(7),
            hops: 64,
            transport: Transport::Udp,
            payload: &payload,
            cut: 0,
        });
    }
    at.sequence += 1;
    shard.finish(&at);
    shard.drain()
}

fn modbus() -> Vec<Item> {
    let asked = exchanges().into_iter().zip(1..).flat_map(|((request, response), transaction)| {
        [(true, mbap(transaction, 1, &request)), (false, mbap(transaction, 1, &response))]
    });
    items(502, asked)
}

fn dnp3() -> Vec<Item> {
    let (mut master, mut outstation) = (Station::master(3, 1), Station::outstation(1, 3));
    let values = [binary_inputs(0, &[true]), analog_inputs(4, &[-7])];
    let payloads = [
        (true, master.frames(&ask::class_poll(1, &[Class::Zero]))),
        (false, outstation.frames(&answer::response(1, Iin::default(), &values))),
        (true, master.frames(&ask::direct_operate(2, &[Crob::CLOSE.to(4)]))),
        (true, master.frames(&ask::cold_restart(3))),
    ];
    items(20_000, payloads)
}

/// Events of both protocols, numbered.
fn all_events() -> Vec<events::Row> {
    let events = modbus().into_iter().chain(dnp3()).filter_map(|item| match item.what {
        What::Event { event, .. } => Some(*event),
        What::Message(_) | What::GivenUp(_) => None,
    });
    let row = |(number, event): (u64, Event)| events::Row {
        capture: Arc::from("c"),
        number,
        event,
        request: Some(0),
    };
    (0..).zip(events).map(row).collect()
}

fn fits(kind: Kind, cell: &Cell<'_>) -> bool {
    match (kind, cell) {
        (Kind::Ints, Cell::List(list)) => list.iter().all(|cell| matches!(cell, Cell::Int(_))),
        (Kind::Texts, Cell::List(list)) => list.iter().all(|cell| matches!(cell, Cell::Text(_))),
        (Kind::Groups(fields), Cell::List(list)) => list.iter().all(|cell| {
            let Cell::Group(parts) = cell else { return false };
            parts.len() == fields.len()
                && fields.iter().zip(parts).all(|(field, part)| fits(field.kind, part))
        }),
        (Kind::Int, Cell::Int(_) | Cell::Null)
        | (Kind::Real, Cell::Real(_) | Cell::Null)
        | (Kind::Flag, Cell::Flag(_) | Cell::Null)
        | (Kind::Text, Cell::Text(_) | Cell::Null)
        | (Kind::Time, Cell::Time(_) | Cell::Null) => true,
        _ => false,
    }
}

/// The columns that have something in one of `rows` at least. Panics if a cell does not fit its column.
fn filled<R: table::Row>(rows: &[R]) -> BTreeSet<&'static str> {
    let mut filled = BTreeSet::new();
    for (row, column) in rows.iter().flat_map(|row| R::COLUMNS.iter().map(move |c| (row, c))) {
        let cell = (column.cell)(row);
        assert!(fits(column.field.kind, &cell), "{} {cell:?}", column.field.name);
        if !matches!(&cell, Cell::Null) && cell != Cell::List(Vec::new()) {
            filled.insert(column.field.name);
        }
    }
    filled
}

fn empty<R: table::Row>(rows: &[R]) -> Vec<&'static str> {
    let filled = filled(rows);
    R::COLUMNS
        .iter()
        .map(|column| column.field.name)
        .filter(|name| !filled.contains(name))
        .collect()
}

#[test]
fn every_cell_is_of_its_column_s_kind() {
    let rows: Vec<messages::Row> = modbus()
        .into_iter()
        .chain(dnp3())
        .filter_map(|item| match item.what {
            What::Message(row) => Some(*row),
            What::Event { .. } | What::GivenUp(_) => None,
        })
        .collect();
    let untold = ["error_class", "error", "offset", "select_packet", "confirms_packet"];
    let mut left = empty(&rows);
    left.retain(|name| !untold.contains(name));
    assert!(
        left.iter().all(|name| ["dst_mac", "exception", "exception_name", "iin"].contains(name))
    );
    let events = all_events();
    assert!(
        empty(&events).iter().all(|name| ["refusal", "marks", "earlier_packet"].contains(name))
    );
    let capture = Arc::from("c");
    let points: Vec<points::Row> =
        events.iter().flat_map(|row| points::rows(&row.event, row.number, &capture)).collect();
    assert_eq!(empty(&points), Vec::<&str>::new());
    let further = vec![(Arc::from("another"), 4), (Arc::from("another"), 9)];
    let alerts = [alerts::Row { capture, alert: sample(), further }];
    assert!(filled(&alerts).len() > 20);
}

#[test]
fn an_end_names_its_request_whether_it_was_answered_or_not() {
    for items in [modbus(), dnp3()] {
        let mut asked = BTreeSet::new();
        let (mut answered, mut given_up) = (0, 0);
        for item in items {
            let What::Event { event, ends } = item.what else { continue };
            match event.stage {
                Stage::Requested => {
                    assert!(ends.is_none() && asked.insert(event.place));
                }
                Stage::Ended { outcome, .. } => {
                    assert!(asked.remove(&ends.unwrap()), "{event:?}");
                    let none = outcome == Outcome::Unanswered;
                    *(if none { &mut given_up } else { &mut answered }) += 1;
                }
                Stage::Reported | Stage::Noticed | Stage::Attempted(_) => assert!(ends.is_none()),
            }
        }
        assert!(asked.is_empty() && answered + given_up > 2, "{answered} {given_up}");
        assert!(answered > 0);
    }
}

/// The page about the tables, as it follows from their columns.
fn page() -> String {
    let mut page = include_str!("tables.md").to_owned();
    about::<messages::Row>(&mut page);
    about::<events::Row>(&mut page);
    about::<points::Row>(&mut page);
    about::<alerts::Row>(&mut page);
    page
}

fn about<R: table::Row>(page: &mut String) {
    let _ = write!(page, "\n## {}.parquet\n\n| column | type | |\n| --- | --- | --- |\n", R::NAME);
    for Column { field, .. } in R::COLUMNS {
        line(field, "", page);
    }
}

fn line(field: &Field, inside: &str, page: &mut String) {
    let kind = match field.kind {
        Kind::Int => "int64",
        Kind::Real => "float64",
        Kind::Flag => "boolean",
        Kind::Text => "text",
        Kind::Time => "timestamp (ns, UTC)",
        Kind::Ints => "list of int64",
        Kind::Texts => "list of text",
        Kind::Groups(_) => "list of groups",
    };
    let _ = writeln!(page, "| `{inside}{}` | {kind} | {} |", field.name, field.about);
    if let Kind::Groups(fields) = field.kind {
        let inside = format!("{inside}{}[].", field.name);
        for field in fields {
            line(field, &inside, page);
        }
    }
}

#[test]
fn the_page_about_the_tables_says_what_they_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tables.md");
    if env::var_os("GRIDTAP_BLESS").is_some() {
        return fs::write(path, page()).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let differs = found.lines().zip(page().lines()).find(|(one, other)| one != other).is_some();
    assert!(!differs && found.len() == page().len(), "GRIDTAP_BLESS=1 writes docs/tables.md anew");
}
