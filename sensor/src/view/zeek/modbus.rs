//! Modbus: `modbus.log`, and the logs that ICSNPP has for single functions.

use gridtap_parsers::Direction;
use gridtap_parsers::modbus::{Adu, Body, Framing, Request, Response};

use super::detailed::{self, Detailed};
use super::log::{DEVICE_ID, Log, MASK_WRITE, MODBUS, READ_WRITE};
use super::row::{Cell, Row};
use super::{Head, names};
use crate::describe::Pair;

/// Adds the lines of a message to `rows`. What has to wait for the answer is handed back.
pub(super) fn rows(
    adu: &Adu<'_>,
    head: &Head,
    pair: Pair,
    first: Option<Detailed>,
    rows: &mut Vec<Row>,
) -> Option<Detailed> {
    rows.push(summary(adu, head));
    let link = match pair {
        Pair::Asks(note) | Pair::Answers(note) => Some(head.flow.link(note.nth)),
        Pair::AnswersNone(nth) => Some(head.flow.link(nth)),
        Pair::Alone => None,
    };
    let message = Linked { adu, head, link };
    message.own_logs(rows);
    detailed::rows(&message, pair, first, rows)
}

/// The line of `modbus.log`.
fn summary(adu: &Adu<'_>, head: &Head) -> Row {
    let exception = match adu.body {
        Body::Exception(code) => Some(names::exception(code)),
        Body::Request(_) | Body::Response(_) | Body::Unread(_) => None,
    };
    let request = adu.direction == Direction::Request;
    let row = head
        .start(&MODBUS)
        .maybe(tid(adu).map(|tid| Cell::Count(tid.into())))
        .count(adu.unit)
        .text(names::modbus_function(adu.function.code(), exception.is_some()))
        .text(if request { "REQ" } else { "RESP" })
        .maybe(exception.as_deref().map(Cell::text));
    head.ours.close(row)
}

pub(super) const fn tid(adu: &Adu<'_>) -> Option<u16> {
    match adu.framing {
        Framing::Tcp { transaction } => Some(transaction),
        Framing::Rtu => None,
    }
}

/// A message, and what links its lines.
pub(super) struct Linked<'m> {
    pub(super) adu: &'m Adu<'m>,
    pub(super) head: &'m Head,
    pub(super) link: Option<String>,
}

impl Linked<'_> {
    /// The lines of the functions that have a log of their own.
    fn own_logs(&self, rows: &mut Vec<Row>) {
        match self.adu.body {
            Body::Request(Request::MaskWrite { address, and_mask, or_mask })
            | Body::Response(Response::MaskWrite { address, and_mask, or_mask }) => {
                let row = self.start(&MASK_WRITE).count(address).count(and_mask).count(or_mask);
                rows.push(self.head.ours.close(row));
            }
            Body::Request(Request::ReadWrite {
                read_address,
                read_quantity,
                write_address,
                values,
                ..
            }) => {
                let row = self
                    .start(&READ_WRITE)
                    .count(write_address)
                    .and(Cell::Counts(values.iter().collect()))
                    .count(read_address)
                    .count(read_quantity)
                    .and(Cell::Unset);
                rows.push(self.head.ours.close(row));
            }
            Body::Response(Response::ReadRegisters { values })
                if self.adu.function.code() == 23 =>
            {
                let row = self
                    .start(&READ_WRITE)
                    .and(Cell::Unset)
                    .and(Cell::Unset)
                    .and(Cell::Unset)
                    .and(Cell::Unset)
                    .and(Cell::Counts(values.iter().collect()));
                rows.push(self.head.ours.close(row));
            }
            Body::Request(Request::ReadDeviceId { read_code, object }) => {
                let row = self
                    .start(&DEVICE_ID)
                    .text(READ_DEVICE_ID)
                    .and(Cell::Unset)
                    .and(Cell::Unset)
                    .count(read_code)
                    .text(format!("0x{object:02x}"))
                    .text(names::wanted_object(object))
                    .and(Cell::Unset);
                rows.push(self.head.ours.close(row));
            }
            Body::Response(Response::DeviceId { read_code, conformity, objects, .. }) => {
                for object in objects.iter() {
                    let row = self
                        .start(&DEVICE_ID)
                        .text(READ_DEVICE_ID)
                        .text(format!("0x{conformity:02x}"))
                        .text(names::conformity(conformity))
                        .count(read_code)
                        .text(format!("0x{:02x}", object.id))
                        .text(names::device_object(object.id))
                        .and(Cell::Text(object.value.to_vec().into()));
                    rows.push(self.head.ours.close(row));
                }
            }
            Body::Request(_) | Body::Response(_) | Body::Exception(_) | Body::Unread(_) => {}
        }
    }

    /// What those lines begin with.
    fn start(&self, log: &'static Log) -> Row {
        let request = self.adu.direction == Direction::Request;
        self.head
            .start_directed(log)
            .maybe(self.link.as_deref().map(Cell::text))
            .maybe(tid(self.adu).map(|tid| Cell::Count(tid.into())))
            .count(self.adu.unit)
            .text(names::modbus_function(self.adu.function.code(), false))
            .text(if request { "REQUEST" } else { "RESPONSE" })
    }
}

const READ_DEVICE_ID: &str = "READ-DEVICE-IDENTIFICATION";
