//! What is taken out of the line, and in which order.

use gridtap_models::event::{Event, PacketRef, Place};
use gridtap_parsers::{Parsed, Protocol};

use crate::describe::{Context, Pair, RequestNote, Tied};
use crate::flow;

/// Something with a place in the order of the packets.
pub trait Ordered: core::fmt::Debug + Send {
    /// Its place.
    fn place(&self) -> Place;
}

impl Ordered for Event {
    fn place(&self) -> Place {
        self.place
    }
}

/// What is taken out of the line.
pub trait Tap: core::fmt::Debug + Send {
    /// One item of it.
    type Out: Ordered;

    /// A message was found, or a stretch that is none.
    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Self::Out>);

    /// An event was described.
    fn event(&mut self, event: Event, out: &mut Vec<Self::Out>);

    /// A request that was a [`Pair::Asks`] waits for its answer no longer, and got none.
    fn unanswered(&mut self, _request: &RequestNote, _place: Place, _out: &mut Vec<Self::Out>) {}
}

/// Takes out the events, for the judge.
#[derive(Clone, Copy, Debug)]
pub struct Events;

impl Tap for Events {
    type Out = Event;

    fn message(&mut self, _: &Seen<'_>, _: &mut Vec<Event>) {}

    fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        out.push(event);
    }
}

/// A message with all that is known around it.
#[derive(Debug)]
pub struct Seen<'s> {
    /// What was read.
    pub parsed: &'s Parsed<'s>,
    /// Its protocol.
    pub protocol: &'static Protocol,
    /// When, where, from whom, to whom.
    pub context: &'s Context,
    /// All packets that it came in.
    pub packets: &'s [PacketRef],
    /// What it ran over.
    pub transport: flow::Kind,
    /// Outermost VLAN identifier.
    pub vlan: Option<u16>,
    /// What it is to the requests of its flow.
    pub pair: Pair,
    /// To which other messages it belongs.
    pub tied: Tied,
    /// The flow that it belongs to.
    pub flow: FlowMark,
}

/// What tells a flow from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowMark {
    /// When its first packet was captured, in nanoseconds since 1970 UTC.
    pub first_ns: u64,
    /// Whether the message was sent by the side that opened the flow; where that was not seen, by
    /// the client.
    pub from_opener: bool,
}
