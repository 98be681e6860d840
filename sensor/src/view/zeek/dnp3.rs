//! DNP3: `dnp3.log`, and the two logs of ICSNPP.

use gridtap_parsers::dnp3::{Crob, Fragment, FunctionCode, ObjectHeader, Point, Range, Value};

use super::log::{CONTROL, DNP3, OBJECTS};
use super::row::{Cell, Row};
use super::{Head, names};
use crate::describe::Pair;

/// A line of `dnp3.log`: a request with its answer, as far as there are both.
#[derive(Clone, Debug)]
pub(in crate::view) struct Exchange {
    pub(super) head: Head,
    source: u16,
    destination: u16,
    request: Option<u8>,
    reply: Option<u8>,
    iin: Option<u16>,
}

/// Adds the lines of a fragment to `rows`. What has to wait for the answer is handed back.
pub(super) fn rows(
    fragment: &Fragment<'_>,
    head: &Head,
    pair: Pair,
    first: Option<Exchange>,
    rows: &mut Vec<Row>,
) -> Option<Exchange> {
    for header in fragment.objects.headers() {
        rows.extend(object(fragment, &header, head));
        for point in header.points() {
            rows.extend(command(fragment, &header, &point, head));
        }
    }
    let code = Some(fragment.function.code());
    let mut line = Exchange {
        head: head.clone(),
        source: fragment.link.source,
        destination: fragment.link.destination,
        request: None,
        reply: None,
        iin: None,
    };
    if fragment.function.is_response() {
        line.request = first.and_then(|first| first.request);
        // The first octet is the high one there.
        (line.reply, line.iin) = (code, fragment.iin.map(|iin| iin.0.swap_bytes()));
    } else {
        // A confirmation asks for nothing; the line of what it confirms is there already.
        if fragment.function == FunctionCode::Confirm {
            return None;
        }
        line.request = code;
        if matches!(pair, Pair::Asks(_)) {
            return Some(line);
        }
    }
    rows.push(line.row());
    None
}

impl Exchange {
    pub(super) fn row(&self) -> Row {
        let name = |code: u8| Cell::text(&names::dnp3_function(code));
        let row = self
            .head
            .start(&DNP3)
            .maybe(self.request.map(name))
            .maybe(self.reply.map(name))
            .maybe(self.iin.map(|iin| Cell::Count(iin.into())));
        self.head.ours.close(row).count(self.source).count(self.destination)
    }
}

/// The line of `dnp3_objects.log` for an object header of a read or its response, where ICSNPP has
/// a name for the object.
fn object(fragment: &Fragment<'_>, header: &ObjectHeader<'_>, head: &Head) -> Option<Row> {
    let row = head.start_directed(&OBJECTS).text(names::dnp3_function(fragment.function.code()));
    let row = row.text(names::object_type(header.group, header.variation)?);
    let row = if fragment.function == FunctionCode::Read {
        row.and(Cell::Unset).and(Cell::Unset).and(Cell::Unset)
    } else if fragment.function == FunctionCode::Response {
        let (low, high) = match header.range {
            Range::StartStop { start, stop } | Range::VirtualAddress { start, stop } => {
                (start, stop)
            }
            // A range of one number only stands in the low field.
            Range::Count(count) => (count, 0),
            Range::All => (0, 0),
        };
        row.count(header.count()).count(low).count(high)
    } else {
        return None;
    };
    Some(linked(fragment, head, row))
}

/// The line of `dnp3_control.log` for a command.
fn command(
    fragment: &Fragment<'_>,
    header: &ObjectHeader<'_>,
    point: &Point<'_>,
    head: &Head,
) -> Option<Row> {
    let block = match (header.group, header.variation) {
        (12, 1) => "Control Relay Output Block",
        (12, 2) => "Pattern Control Block",
        // ICSNPP leaves commands to analog outputs out.
        (41, _) => "Analog Output Block",
        _ => return None,
    };
    let row = head
        .start_directed(&CONTROL)
        .text(block)
        .text(names::dnp3_function(fragment.function.code()))
        .maybe(point.index.map(|index| Cell::Count(index.into())));
    let (row, value) = if let Value::Crob(crob) = point.value {
        (relay(row, &crob), None)
    } else {
        let row = (0..6).fold(row, |row, _| row.and(Cell::Unset));
        (row, Some(point.value.number()?))
    };
    let status = point.status.filter(|_| fragment.function.is_response());
    let row = row.maybe(status.map(|status| Cell::text(&names::status(status))));
    Some(linked(fragment, head, row).maybe(value.map(Cell::Double)))
}

fn relay(row: Row, crob: &Crob) -> Row {
    row.text(names::trip_close(crob.trip_close))
        .text(names::operation(crob.operation))
        .and(Cell::Bool(crob.clear))
        .count(crob.count)
        .count(crob.on_ms)
        .count(crob.off_ms)
}

/// Closes a line with our own fields.
fn linked(fragment: &Fragment<'_>, head: &Head, row: Row) -> Row {
    let link = &fragment.link;
    head.ours.close(row).count(link.source).count(link.destination)
}
