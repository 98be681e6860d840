//! The logs of Zeek and of CISA's ICSNPP, with their names and words to the letter.
//!
//! Written against Zeek 9.1.0-dev (a13de64), icsnpp-modbus (64559be) and icsnpp-dnp3 (6e997bf). What
//! they have no field for stands behind their fields, in fields that begin with `gridtap_`.
//! Addresses of points are those of the wire, from 0, as theirs are.
//!
//! Where we differ on purpose (what of it shows in the peers' own expected logs is listed and tested
//! in `tests/peers/differences.toml`):
//!
//! - A response is paired by connection, unit, transaction and function; theirs by transaction alone,
//!   or in `dnp3.log` with whatever was asked last.
//! - A request without an answer has its line when it is given up; theirs when the connection ends,
//!   and in `dnp3.log` only if it was the last. A confirmation there has no line of its own.
//! - `is_orig` is who opened the connection, `pdu_type` and `request_response` what the message is.
//! - `dnp3_control.log` has commands to analog outputs, too, with block type `Analog Output Block`.
//! - `status_code` names a status by the standard's meaning: see [`names::status`].
//! - Identifiers are made of the connection, and not drawn by chance.

mod detailed;
mod dnp3;
mod log;
mod modbus;
mod names;
mod row;

use gridtap_models::event::Place;
use gridtap_parsers::{Kind, Message};

use super::flow_id::FlowId;
use crate::describe::Pair;
use crate::shard::Seen;
use log::Log;
pub(super) use log::{LOGS, foot, head};
use row::Cell;
pub(super) use row::{Row, Style};

/// The first half of a line: a request whose answer is waited for.
#[derive(Clone, Debug)]
pub(super) enum Half {
    Modbus(Box<detailed::Detailed>),
    Dnp3(dnp3::Exchange),
}

impl Half {
    /// When the request was captured, in nanoseconds since 1970 UTC.
    pub(super) const fn time_ns(&self) -> u64 {
        match self {
            Self::Modbus(detailed) => detailed.head.time_ns,
            Self::Dnp3(exchange) => exchange.head.time_ns,
        }
    }

    /// The line of a request that no answer came to.
    pub(super) fn unanswered(self) -> Row {
        match self {
            Self::Modbus(detailed) => detailed.unanswered(),
            Self::Dnp3(exchange) => exchange.row(),
        }
    }
}

/// The lines that a message makes, given the first half that it answers; and the half that has to
/// wait for the answer, with the place that the answer will name.
pub(super) fn message(
    seen: &Seen<'_>,
    capture: Option<&str>,
    first: Option<Half>,
) -> (Vec<Row>, Option<(Place, Half)>) {
    let mut rows = Vec::new();
    let head = Head::of(seen, capture);
    let half = match &seen.parsed.message {
        None | Some(Message::Dnp3(gridtap_parsers::dnp3::Message::Link(_))) => None,
        Some(Message::Modbus(adu)) => {
            let first = match first {
                Some(Half::Modbus(detailed)) => Some(*detailed),
                Some(Half::Dnp3(_)) | None => None,
            };
            modbus::rows(adu, &head, seen.pair, first, &mut rows)
                .map(|detailed| Half::Modbus(Box::new(detailed)))
        }
        Some(Message::Dnp3(gridtap_parsers::dnp3::Message::Fragment(fragment))) => {
            let first = match first {
                Some(Half::Dnp3(exchange)) => Some(exchange),
                Some(Half::Modbus(_)) | None => None,
            };
            dnp3::rows(fragment, &head, seen.pair, first, &mut rows).map(Half::Dnp3)
        }
    };
    let asks = match seen.pair {
        Pair::Asks(note) => Some(note.place),
        Pair::Answers(_) | Pair::AnswersNone(_) | Pair::Alone => None,
    };
    (rows, asks.zip(half))
}

/// What the lines of a message begin and end with.
#[derive(Clone, Debug)]
struct Head {
    time_ns: u64,
    flow: FlowId,
    from_opener: bool,
    ours: Ours,
}

/// Fields that Zeek does not have.
#[derive(Clone, Debug)]
struct Ours {
    capture: Option<String>,
    packet: u64,
    request_packet: Option<u64>,
    status: &'static str,
    lost: u64,
    uncertain: bool,
}

impl Head {
    fn of(seen: &Seen<'_>, capture: Option<&str>) -> Self {
        let parsed = seen.parsed;
        Self {
            time_ns: seen.context.time_ns,
            flow: FlowId::of(seen),
            from_opener: seen.flow.from_opener,
            ours: Ours {
                capture: capture.map(str::to_owned),
                packet: seen.context.packet.number,
                request_packet: seen.pair.request().map(|note| note.packet),
                status: match parsed.error.as_ref().map(gridtap_parsers::ParseError::kind) {
                    None => "ok",
                    Some(Kind::Short) => "short",
                    Some(Kind::Malformed) => "malformed",
                    Some(Kind::Unsupported) => "unsupported",
                },
                lost: parsed.lost,
                uncertain: parsed.uncertain,
            },
        }
    }

    /// `ts`, `uid` and the connection's ends.
    fn start(&self, log: &'static Log) -> Row {
        let (opener, other) = (self.flow.opener, self.flow.other);
        Row::new(log).and(Cell::Time(self.time_ns)).text(self.flow.uid()).end(opener).end(other)
    }

    /// The same, and which way this message went.
    fn start_directed(&self, log: &'static Log) -> Row {
        let (opener, other) = (self.flow.opener, self.flow.other);
        let (source, destination) =
            if self.from_opener { (opener, other) } else { (other, opener) };
        self.start(log).and(Cell::Bool(self.from_opener)).end(source).end(destination)
    }
}

impl Ours {
    /// Of a request and its answer in one line: where the line was made, and what is wrong with
    /// either.
    fn with_answer(&self, answer: &Self) -> Self {
        Self {
            status: if answer.status == "ok" { self.status } else { answer.status },
            lost: self.lost.saturating_add(answer.lost),
            ..answer.clone()
        }
    }

    fn close(&self, row: Row) -> Row {
        row.maybe(self.capture.as_deref().map(Cell::text))
            .count(self.packet)
            .maybe(self.request_packet.map(Cell::Count))
            .text(self.status)
            .count(self.lost)
            .and(Cell::Bool(self.uncertain))
    }
}
