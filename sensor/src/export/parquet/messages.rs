//! The table of messages: what `gridtap messages` says of each, but for values of points, which have a table.

use std::net::IpAddr;
use std::sync::Arc;

use super::column::{Cell, Column, Field, Kind};
use super::table;
use crate::record::{Body, Record, dnp3, modbus};
use crate::shard::Seen;

/// One message.
#[derive(Debug)]
pub(super) struct Row {
    /// The capture's folder; known where rows are written.
    pub(super) capture: Arc<str>,
    /// Index of the capture that `packet` is in.
    pub(super) index: u16,
    packet: u64,
    packets: Vec<u64>,
    time_ns: u64,
    protocol: &'static str,
    transport: &'static str,
    src: (IpAddr, u16),
    dst: (IpAddr, u16),
    src_mac: Option<String>,
    dst_mac: Option<String>,
    vlan: Option<u16>,
    direction: Option<&'static str>,
    status: &'static str,
    error: Option<(&'static str, &'static str, usize)>,
    octets: u64,
    lost: Option<u64>,
    uncertain: bool,
    body: Option<Said>,
}

/// The protocol's own.
#[derive(Debug)]
enum Said {
    Modbus(Box<Modbus>),
    Dnp3(Box<Dnp3>),
}

#[derive(Debug)]
struct Modbus {
    request_packet: Option<u64>,
    function: u8,
    function_name: &'static str,
    transaction: Option<u16>,
    unit: u8,
    subfunction: Option<u16>,
    address: Option<u16>,
    quantity: Option<u16>,
    values: Vec<u16>,
    write_address: Option<u16>,
    exception: Option<u8>,
    exception_name: Option<&'static str>,
}

#[derive(Debug)]
struct Dnp3 {
    request_packet: Option<u64>,
    function: Option<u8>,
    function_name: &'static str,
    source: u16,
    destination: u16,
    sequence: Option<u8>,
    con: Option<bool>,
    uns: Option<bool>,
    iin: Vec<&'static str>,
    objects: Vec<Object>,
    select_packet: Option<u64>,
    confirms_packet: Option<u64>,
}

#[derive(Debug)]
struct Object {
    group: u8,
    variation: u8,
    qualifier: u8,
    count: Option<u32>,
    start: Option<u32>,
    stop: Option<u32>,
}

impl Row {
    /// The row of a message.
    pub(super) fn new(seen: &Seen<'_>) -> Self {
        let record = Record::new(seen, None);
        let error = record.error_class.zip(record.error).zip(record.offset);
        Self {
            capture: Arc::from(""),
            index: seen.context.packet.capture,
            packet: record.packet,
            packets: seen.packets.iter().map(|packet| packet.number).collect(),
            time_ns: record.time.0,
            protocol: record.protocol,
            transport: record.transport,
            src: (record.src_ip, record.src_port),
            dst: (record.dst_ip, record.dst_port),
            src_mac: record.src_mac,
            dst_mac: record.dst_mac,
            vlan: record.vlan,
            direction: record.direction,
            status: record.status,
            error: error.map(|((class, text), offset)| (class, text, offset)),
            octets: seen.parsed.span.end.saturating_sub(seen.parsed.span.start),
            lost: record.lost,
            uncertain: record.uncertain.unwrap_or(false),
            body: record.body.map(|body| match body {
                Body::Modbus(fields) => Said::Modbus(Box::new(Modbus::from(*fields))),
                Body::Dnp3(fields) => Said::Dnp3(Box::new(Dnp3::from(*fields))),
            }),
        }
    }

    fn modbus(&self) -> Option<&Modbus> {
        match &self.body {
            Some(Said::Modbus(modbus)) => Some(modbus),
            Some(Said::Dnp3(_)) | None => None,
        }
    }

    fn dnp3(&self) -> Option<&Dnp3> {
        match &self.body {
            Some(Said::Dnp3(dnp3)) => Some(dnp3),
            Some(Said::Modbus(_)) | None => None,
        }
    }

    /// A cell that both protocols have.
    fn either<'r>(
        &'r self,
        modbus: fn(&'r Modbus) -> Cell<'r>,
        dnp3: fn(&'r Dnp3) -> Cell<'r>,
    ) -> Cell<'r> {
        match &self.body {
            Some(Said::Modbus(said)) => modbus(said),
            Some(Said::Dnp3(said)) => dnp3(said),
            None => Cell::Null,
        }
    }
}

impl From<modbus::Fields<'_>> for Modbus {
    fn from(fields: modbus::Fields<'_>) -> Self {
        Self {
            request_packet: fields.request_packet,
            function: fields.function,
            function_name: fields.function_name,
            transaction: fields.transaction,
            unit: fields.unit,
            subfunction: fields.subfunction,
            address: fields.address,
            quantity: fields.quantity,
            values: fields.values.unwrap_or_default(),
            write_address: fields.write_address,
            exception: fields.exception,
            exception_name: fields.exception_name,
        }
    }
}

impl From<dnp3::Fields<'_>> for Dnp3 {
    fn from(fields: dnp3::Fields<'_>) -> Self {
        let objects = fields.objects.unwrap_or_default().into_iter().map(|header| Object {
            group: header.group,
            variation: header.variation,
            qualifier: header.qualifier,
            count: header.count,
            start: header.start,
            stop: header.stop,
        });
        Self {
            request_packet: fields.request_packet,
            function: fields.function,
            // A frame without a fragment has the function of its link layer.
            function_name: fields.function_name.unwrap_or(fields.link_function),
            source: fields.source,
            destination: fields.destination,
            sequence: fields.sequence,
            con: fields.con,
            uns: fields.uns,
            iin: fields.iin.unwrap_or_default(),
            objects: objects.collect(),
            select_packet: fields.select_packet,
            confirms_packet: fields.confirms_packet,
        }
    }
}

impl table::Row for Row {
    const NAME: &'static str = "messages";

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("capture", Kind::Text, "the capture's folder", |row| (&*row.capture).into()),
        Column::new("packet", Kind::Int, "number of the packet that completed it, from 1", |row| {
            row.packet.into()
        }),
        Column::new("packets", Kind::Ints, "all packets that it came in", |row| {
            Cell::list(&row.packets, |packet| (*packet).into())
        }),
        Column::new("time", Kind::Time, "capture time of `packet`", |row| Cell::time(row.time_ns)),
        Column::new("protocol", Kind::Text, "modbus, dnp3", |row| row.protocol.into()),
        Column::new("transport", Kind::Text, "tcp, udp, rtu-over-tcp", |row| row.transport.into()),
        Column::new("src_ip", Kind::Text, "who sent it", |row| row.src.0.into()),
        Column::new("src_port", Kind::Int, "", |row| row.src.1.into()),
        Column::new("dst_ip", Kind::Text, "who it was sent to", |row| row.dst.0.into()),
        Column::new("dst_port", Kind::Int, "", |row| row.dst.1.into()),
        Column::new("src_mac", Kind::Text, "hardware address of the sender", |row| {
            row.src_mac.as_deref().into()
        }),
        Column::new("dst_mac", Kind::Text, "hardware address of the receiver", |row| {
            row.dst_mac.as_deref().into()
        }),
        Column::new("vlan", Kind::Int, "outermost VLAN identifier", |row| row.vlan.into()),
        Column::new("direction", Kind::Text, "request, response, unsolicited, link", |row| {
            row.direction.into()
        }),
        Column::new("status", Kind::Text, "ok, malformed, unsupported, short", |row| {
            row.status.into()
        }),
        Column::new("error_class", Kind::Text, "what is wrong with it, as a stable word", |row| {
            row.error.map(|(class, ..)| class).into()
        }),
        Column::new("error", Kind::Text, "the same for people", |row| {
            row.error.map(|(_, text, _)| text).into()
        }),
        Column::new("offset", Kind::Int, "where, in octets from its first", |row| {
            row.error.map(|(.., offset)| offset).into()
        }),
        Column::new(
            "length_octets",
            Kind::Int,
            "its length, headers and checksums of the protocol included",
            |row| row.octets.into(),
        ),
        Column::new(
            "lost",
            Kind::Int,
            "octets lost in this direction just before it; 0 if none",
            |row| row.lost.unwrap_or(0).into(),
        ),
        Column::new("uncertain", Kind::Flag, "read inside a damaged stretch", |row| {
            row.uncertain.into()
        }),
        Column::new("request_packet", Kind::Int, "packet of the request that it answers", |row| {
            row.either(|said| said.request_packet.into(), |said| said.request_packet.into())
        }),
        Column::new(
            "function",
            Kind::Int,
            "function code; Modbus: without the exception bit",
            |row| row.either(|said| said.function.into(), |said| said.function.into()),
        ),
        Column::new("function_name", Kind::Text, "its name", |row| {
            row.either(|said| said.function_name.into(), |said| said.function_name.into())
        }),
        Column::new("transaction", Kind::Int, "Modbus/TCP: transaction identifier", |row| {
            row.modbus().and_then(|said| said.transaction).into()
        }),
        Column::new("unit", Kind::Int, "Modbus: unit identifier", |row| {
            row.modbus().map(|said| said.unit).into()
        }),
        Column::new("subfunction", Kind::Int, "Modbus: of functions 8, 43 and 90", |row| {
            row.modbus().and_then(|said| said.subfunction).into()
        }),
        Column::new(
            "address",
            Kind::Int,
            "Modbus: first address, from 0; of an answer that of its request",
            |row| row.modbus().and_then(|said| said.address).into(),
        ),
        Column::new("quantity", Kind::Int, "Modbus: how many points", |row| {
            row.modbus().and_then(|said| said.quantity).into()
        }),
        Column::new("values", Kind::Ints, "Modbus: registers, or bits as 0 and 1", |row| {
            Cell::list(row.modbus().map_or(&[][..], |said| &said.values), |value| (*value).into())
        }),
        Column::new(
            "write_address",
            Kind::Int,
            "Modbus function 23: first address written",
            |row| row.modbus().and_then(|said| said.write_address).into(),
        ),
        Column::new("exception", Kind::Int, "Modbus: exception code", |row| {
            row.modbus().and_then(|said| said.exception).into()
        }),
        Column::new("exception_name", Kind::Text, "its name", |row| {
            row.modbus().and_then(|said| said.exception_name).into()
        }),
        Column::new("source", Kind::Int, "DNP3: link address of the sender", |row| {
            row.dnp3().map(|said| said.source).into()
        }),
        Column::new("destination", Kind::Int, "DNP3: link address of the receiver", |row| {
            row.dnp3().map(|said| said.destination).into()
        }),
        Column::new("sequence", Kind::Int, "DNP3: application sequence, 0 to 15", |row| {
            row.dnp3().and_then(|said| said.sequence).into()
        }),
        Column::new("con", Kind::Flag, "DNP3: wants a confirmation", |row| {
            row.dnp3().and_then(|said| said.con).into()
        }),
        Column::new("uns", Kind::Flag, "DNP3: of the unsolicited sequence", |row| {
            row.dnp3().and_then(|said| said.uns).into()
        }),
        Column::new("iin", Kind::Texts, "DNP3: internal indications that are set", |row| {
            Cell::list(row.dnp3().map_or(&[][..], |said| &said.iin), |name| (*name).into())
        }),
        Column::new("objects", Kind::Groups(OBJECT), "DNP3: object headers", |row| {
            Cell::list(row.dnp3().map_or(&[][..], |said| &said.objects), |object| {
                Cell::Group(vec![
                    object.group.into(),
                    object.variation.into(),
                    object.qualifier.into(),
                    object.count.into(),
                    object.start.into(),
                    object.stop.into(),
                ])
            })
        }),
        Column::new(
            "select_packet",
            Kind::Int,
            "DNP3: packet of the select before this operate",
            |row| row.dnp3().and_then(|said| said.select_packet).into(),
        ),
        Column::new(
            "confirms_packet",
            Kind::Int,
            "DNP3: packet of the message that it confirms",
            |row| row.dnp3().and_then(|said| said.confirms_packet).into(),
        ),
    ];
}

/// One object header.
const OBJECT: &[Field] = &[
    Field::new("group", Kind::Int, ""),
    Field::new("variation", Kind::Int, ""),
    Field::new("qualifier", Kind::Int, "the octet as sent"),
    Field::new("count", Kind::Int, "how many points; null for all"),
    Field::new("start", Kind::Int, "first index"),
    Field::new("stop", Kind::Int, "last index"),
];
