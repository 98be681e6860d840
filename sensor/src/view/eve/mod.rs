//! Suricata's EVE JSON, written against Suricata 9.0.0-dev (398687d): `modbus` with a request and its
//! answer in one event, `dnp3` with an event for each fragment.
//!
//! What EVE has no place for stands in one object, `gridtap`. Addresses of points are those of the
//! wire, from 0. Link frames and what could not be read make no event.

mod dnp3;
mod json;
mod modbus;
mod point;

use gridtap_models::event::Place;
use gridtap_parsers::{Direction, Message};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::flow_id::FlowId;
use crate::describe::Pair;
use crate::flow;
use crate::shard::Seen;
use json::Object;

/// A request whose answer is waited for: its event but for the answer.
#[derive(Clone, Debug)]
pub(super) struct Half {
    /// When the request was captured, in nanoseconds since 1970 UTC.
    pub(super) time_ns: u64,
    outer: Object,
    nth: u64,
    request: Object,
    ours: Object,
}

/// What becomes of a message.
#[derive(Debug)]
pub(super) enum Made {
    /// It has no event.
    Nothing,
    /// A line.
    Event(String),
    /// It waits for its answer, which will name this place.
    Half(Place, Half),
}

/// The event of a message, given the first half that it answers.
pub(super) fn message(seen: &Seen<'_>, capture: Option<&str>, first: Option<Half>) -> Made {
    match &seen.parsed.message {
        None | Some(Message::Dnp3(gridtap_parsers::dnp3::Message::Link(_))) => Made::Nothing,
        Some(Message::Dnp3(gridtap_parsers::dnp3::Message::Fragment(fragment))) => {
            let body = dnp3::body(fragment, seen.parsed.error.is_none());
            let ours = ours(seen, capture);
            let event = outer(seen, "dnp3").with("dnp3", body).with("gridtap", ours);
            Made::Event(super::json(&event))
        }
        Some(Message::Modbus(adu)) => {
            let ours = ours(seen, capture).maybe("values", modbus::values(adu, seen));
            let message = modbus::message(adu, seen);
            let outer = outer(seen, "modbus");
            let request = adu.direction == Direction::Request;
            match (seen.pair, first) {
                (Pair::Asks(note), _) => {
                    let time_ns = seen.context.time_ns;
                    let half = Half { time_ns, outer, nth: note.nth, request: message, ours };
                    Made::Half(note.place, half)
                }
                (_, Some(Half { nth, request, ours: asked, .. })) => {
                    let body = Object::default().with("id", nth).with("request", request);
                    let ours = Object::default().with("request", asked).with("response", ours);
                    Made::Event(event(outer, body.with("response", message), ours))
                }
                (pair, None) => {
                    let nth = match pair {
                        Pair::AnswersNone(nth) => Some(nth),
                        Pair::Asks(note) | Pair::Answers(note) => Some(note.nth),
                        Pair::Alone => None,
                    };
                    let side = if request { "request" } else { "response" };
                    let body = Object::default().maybe("id", nth).with(side, message);
                    Made::Event(event(outer, body, Object::default().with(side, ours)))
                }
            }
        }
    }
}

impl Half {
    /// The line of a request that no answer came to.
    pub(super) fn unanswered(self) -> String {
        let body = Object::default().with("id", self.nth).with("request", self.request);
        event(self.outer, body, Object::default().with("request", self.ours))
    }
}

fn event(outer: Object, modbus: Object, ours: Object) -> String {
    super::json(&outer.with("modbus", modbus).with("gridtap", ours))
}

/// The keys that all events have. Source is who opened the flow, as Suricata has it for messages.
fn outer(seen: &Seen<'_>, event_type: &'static str) -> Object {
    let flow = FlowId::of(seen);
    Object::default()
        .with("timestamp", timestamp(seen.context.time_ns))
        .with("flow_id", flow.number())
        .with("pcap_cnt", seen.context.packet.number)
        .with("event_type", event_type)
        .maybe("vlan", seen.vlan.map(|vlan| vec![vlan.into()]))
        .with("src_ip", flow.opener.ip().to_string())
        .with("src_port", flow.opener.port())
        .with("dest_ip", flow.other.ip().to_string())
        .with("dest_port", flow.other.port())
        .with(
            "proto",
            match seen.transport {
                flow::Kind::Tcp => "TCP",
                flow::Kind::Udp => "UDP",
            },
        )
}

/// What EVE has no place for.
fn ours(seen: &Seen<'_>, capture: Option<&str>) -> Object {
    let parsed = seen.parsed;
    let error = parsed.error.as_ref();
    Object::default()
        .maybe("capture", capture.map(str::to_owned))
        .with("packet", seen.context.packet.number)
        .maybe("request_packet", seen.pair.request().map(|note| note.packet))
        .maybe("error_class", error.map(|error| error.class.slug()))
        .maybe("error", error.map(|error| error.what))
        .maybe("lost", (parsed.lost > 0).then_some(parsed.lost))
        .maybe("uncertain", parsed.uncertain.then_some(true))
}

/// As Suricata writes it, in UTC.
fn timestamp(ns: u64) -> String {
    let time = Timestamp::from_nanosecond(ns.into()).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6f%z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_suricata_does() {
        let text = timestamp(1_700_000_000_000_001_999);
        assert_eq!(text, "2023-11-14T22:13:20.000001+0000");
    }
}
