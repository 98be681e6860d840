//! What is taken out of the line, and in which order.

use gridtap_models::event::{Event, PacketRef, Place};
use gridtap_models::sign::Sign;
use gridtap_parsers::{Parsed, Protocol};

use crate::describe::{Context, RequestNote};
use crate::flow;

/// Something with a place in the order of the packets.
pub trait Ordered: core::fmt::Debug + Send {
    /// Its place.
    fn place(&self) -> Place;
}

/// What the judge is told of.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// An act was asked for, or ended.
    Act(Event),
    /// A flow showed something of itself.
    Sign(Sign),
}

impl Ordered for Happening {
    fn place(&self) -> Place {
        match self {
            Self::Act(event) => event.place,
            Self::Sign(sign) => sign.place,
        }
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

    /// A flow showed something of itself, which is nothing to whoever takes out messages.
    fn sign(&mut self, sign: Sign, out: &mut Vec<Self::Out>) {
        let _ = (sign, out);
    }
}

/// Takes out the events and signs, for the judge.
#[derive(Clone, Copy, Debug)]
pub struct Events;

impl Tap for Events {
    type Out = Happening;

    fn message(&mut self, _: &Seen<'_>, _: &mut Vec<Happening>) {}

    fn event(&mut self, event: Event, out: &mut Vec<Happening>) {
        out.push(Happening::Act(event));
    }

    fn sign(&mut self, sign: Sign, out: &mut Vec<Happening>) {
        out.push(Happening::Sign(sign));
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
    /// The request that it answers.
    pub request: Option<RequestNote>,
}
