//! Messages in the JSON form of IPAL, the Industrial Protocol Abstraction Layer, one object a line, so that its
//! detectors run on our decoding.
//!
//! The form is that of `github.com/fkie-cad/ipal_transcriber`; `docs/research.md` names where ours goes beyond it. What
//! IPAL has no word for is left out: link frames, and what could not be read.

mod data;
mod dnp3;
mod file;
mod modbus;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::fast::RandomState;
use gridtap_models::event::{Event, PacketRef, Place};
use gridtap_parsers::modbus::Framing;
use gridtap_parsers::{Direction, Message};
use serde::Serialize;

use self::data::Data;
pub use self::file::File;
use crate::describe::{Pair, RequestNote};
use crate::evaluate::marked::Marked;
use crate::shard::{Ordered, Seen, Tap};

/// Messages that wait for their confirmations at a time; the oldest is forgotten.
const UNCONFIRMED: usize = 1_024;

/// What a message is there for, in IPAL's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Activity {
    /// It asks for values.
    Interrogate,
    /// It brings values, asked for or not.
    Inform,
    /// It sets values or wants something done.
    Command,
    /// It answers a command.
    Action,
    /// It says that another message has arrived.
    Confirmation,
    /// It may be more than one of these.
    Unknown,
}

/// What one protocol makes of a message.
#[derive(Debug)]
struct Said {
    /// Function code; of a Modbus exception with the exception bit.
    kind: u8,
    activity: Activity,
    data: Data,
}

/// Takes out messages as IPAL has them.
#[derive(Clone, Copy, Debug)]
pub struct Messages;

/// Something taken out of the line.
#[derive(Debug)]
pub struct Item {
    place: Place,
    what: What,
}

#[derive(Debug)]
enum What {
    Message(Box<Draft>),
    /// The request at this place gets no answer any more.
    GivenUp(Place),
}

impl Ordered for Item {
    fn place(&self) -> Place {
        self.place
    }
}

impl Tap for Messages {
    type Out = Item;

    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Item>) {
        if let Some(draft) = Draft::of(seen) {
            out.push(Item { place: seen.context.place, what: What::Message(Box::new(draft)) });
        }
    }

    fn event(&mut self, _: Event, _: &mut Vec<Item>) {}

    fn unanswered(&mut self, request: &RequestNote, place: Place, out: &mut Vec<Item>) {
        out.push(Item { place, what: What::GivenUp(request.place) });
    }
}

/// A message that has no number yet.
#[derive(Debug)]
struct Draft {
    time_ns: u64,
    protocol: &'static str,
    sender: SocketAddr,
    receiver: SocketAddr,
    /// The unit behind the server's address, if the protocol puts it there, and whether the server sends.
    unit: Option<(u8, bool)>,
    octets: u64,
    /// Whether a checksum of the protocol's own holds.
    crc: Option<bool>,
    said: Said,
    pair: Pair,
    packet: PacketRef,
    /// The packet of the message that this one confirms.
    confirms: Option<u64>,
    /// Whether it wants a confirmation.
    unconfirmed: bool,
}

impl Draft {
    fn of(seen: &Seen<'_>) -> Option<Self> {
        let (parsed, context) = (seen.parsed, seen.context);
        let message = parsed.message.as_ref().filter(|_| !parsed.uncertain)?;
        let (said, unit, crc, unconfirmed) = match message {
            Message::Modbus(adu) => {
                let crc = (adu.framing == Framing::Rtu).then_some(true);
                let unit = Some((adu.unit, adu.direction == Direction::Response));
                (modbus::said(adu, seen.pair.request()), unit, crc, false)
            }
            Message::Dnp3(gridtap_parsers::dnp3::Message::Fragment(fragment)) => {
                (dnp3::said(fragment), None, Some(true), fragment.control.confirm())
            }
            Message::Dnp3(_) => return None,
        };
        Some(Self {
            time_ns: context.time_ns,
            protocol: seen.protocol.name,
            sender: context.sender.address,
            receiver: context.receiver.address,
            unit,
            octets: parsed.span.end.saturating_sub(parsed.span.start),
            crc,
            said,
            pair: seen.pair,
            packet: context.packet,
            confirms: seen.tied.confirms,
            unconfirmed,
        })
    }
}

/// Makes lines of what was taken out, in order: numbers them, and ties answers to what they answer.
#[derive(Debug, Default)]
pub struct Lines {
    marked: Marked,
    next_id: u64,
    /// Requests without an answer so far: as many as the describer waits for.
    waiting: HashMap<Place, (u64, Activity), RandomState>,
    unconfirmed: VecDeque<Unconfirmed>,
}

#[derive(Debug)]
struct Unconfirmed {
    packet: PacketRef,
    sender: SocketAddr,
    receiver: SocketAddr,
    id: u64,
}

impl Lines {
    /// Lines that say what these labels say.
    #[must_use]
    pub fn labelled(marked: Marked) -> Self {
        Self { marked, ..Self::default() }
    }

    /// The line, with its end, of what was taken out next; nothing if that is no message.
    pub fn line(&mut self, item: Item) -> Option<String> {
        let draft = match item.what {
            What::Message(draft) => draft,
            What::GivenUp(asked) => {
                self.waiting.remove(&asked);
                return None;
            }
        };
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        let mut activity = draft.said.activity;
        let mut responds_to = Vec::new();
        match draft.pair {
            Pair::Asks(note) => {
                self.waiting.insert(note.place, (id, activity));
            }
            Pair::Answers(note) => {
                if let Some((request, asked)) = self.waiting.remove(&note.place) {
                    responds_to.push(request);
                    activity = answering(activity, asked);
                }
            }
            Pair::AnswersNone(_) | Pair::Alone => {}
        }
        responds_to.extend(self.confirmed(&draft));
        if draft.unconfirmed {
            if self.unconfirmed.len() == UNCONFIRMED {
                self.unconfirmed.pop_front();
            }
            let Draft { packet, sender, receiver, .. } = *draft;
            self.unconfirmed.push_back(Unconfirmed { packet, sender, receiver, id });
        }
        let ends = [draft.sender.ip(), draft.receiver.ip()];
        let malicious = self.marked.malicious(draft.packet, draft.time_ns, ends);
        let line = Line::new(id, &draft, activity, &responds_to);
        Some(Line { malicious, ..line }.text())
    }

    /// The message that this one confirms.
    fn confirmed(&self, draft: &Draft) -> Option<u64> {
        let number = draft.confirms?;
        let said = self.unconfirmed.iter().rev().find(|said| {
            said.packet == PacketRef { number, ..draft.packet }
                && (said.sender, said.receiver) == (draft.receiver, draft.sender)
        });
        said.map(|said| said.id)
    }
}

/// What an answer is there for, where it does not say itself: what its request was.
fn answering(said: Activity, asked: Activity) -> Activity {
    match asked {
        _ if said != Activity::Unknown => said,
        Activity::Interrogate => Activity::Inform,
        Activity::Command => Activity::Action,
        Activity::Inform | Activity::Action | Activity::Confirmation | Activity::Unknown => said,
    }
}

/// One message in IPAL's fields.
#[derive(Debug, Serialize)]
struct Line<'d> {
    id: u64,
    /// Seconds since 1970 UTC.
    timestamp: f64,
    protocol: &'static str,
    /// What labels say, where there are any.
    malicious: Option<bool>,
    src: String,
    dest: String,
    length: u64,
    crc: Option<bool>,
    #[serde(rename = "type")]
    kind: u8,
    activity: Activity,
    #[serde(rename = "responds to")]
    responds_to: &'d [u64],
    data: &'d Data,
}

impl<'d> Line<'d> {
    fn new(id: u64, draft: &'d Draft, activity: Activity, responds_to: &'d [u64]) -> Self {
        let (mut src, mut dest) = (draft.sender.to_string(), draft.receiver.to_string());
        if let Some((unit, server_sends)) = draft.unit {
            let server = if server_sends { &mut src } else { &mut dest };
            *server = format!("{server}:{unit}");
        }
        Self {
            id,
            timestamp: seconds(draft.time_ns),
            protocol: draft.protocol,
            malicious: None,
            src,
            dest,
            length: draft.octets,
            crc: draft.crc,
            kind: draft.said.kind,
            activity,
            responds_to,
            data: &draft.said.data,
        }
    }

    fn text(&self) -> String {
        // Numbers, names and lists have no way to fail.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A time in seconds: the number nearest to it, which a division would not always find.
fn seconds(ns: u64) -> f64 {
    const SECOND: u64 = 1_000_000_000;
    format!("{}.{:09}", ns / SECOND, ns % SECOND).parse().unwrap_or_default()
}
