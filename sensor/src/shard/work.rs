//! What a shard has besides its flows, and how it makes messages into events.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use gridtap_models::event::{
    self, Attempt, Conversation, Event, Function, Intent, Mark, Marks, PacketRef, Place, Stage,
    Unseen,
};
use gridtap_parsers::{Kind, Parsed, Side};

use super::reader::Described;
use super::tap::{FlowMark, Seen, Tap};
use crate::counters::{Counters, Tally};
use crate::decode::At;
use crate::describe::{self, Context, End, Numbered, Patience, RequestNote};
use crate::flow::{Clash, Conflict, Flow};
use crate::limits::Limits;
use crate::probe::{self, Service};

/// Conversations that are counted one by one; beyond them the count stands still.
const COUNTED_CONVERSATIONS: usize = 65_536;

/// Everything of the shard that is not the flow table.
#[derive(Debug)]
pub(super) struct Work<T: Tap> {
    pub(super) tap: T,
    pub(super) out: Vec<T::Out>,
    pub(super) counters: Counters,
    pub(super) messages: Tally,
    pub(super) limits: Limits,
    pub(super) patience: Patience,
    /// How many flows are being probed, by partition.
    pub(super) probed: HashMap<u16, usize>,
    /// The place of the next event or record.
    pub(super) next: Place,
    pub(super) conversations: HashSet<Conversation, RandomState>,
    /// Packets of the message at hand: kept, so that none is allocated for each.
    pub(super) packets: Vec<PacketRef>,
}

impl<T: Tap> Work<T> {
    pub(super) fn new(limits: &Limits, tap: T) -> Self {
        Self {
            tap,
            out: Vec::new(),
            counters: Counters::default(),
            messages: Tally::default(),
            limits: *limits,
            patience: Patience {
                requests: limits.pending_requests,
                answer_ns: limits.answer_seconds.saturating_mul(1_000_000_000),
            },
            probed: HashMap::new(),
            next: Place { sequence: 0, partition: 0, nth: 0 },
            conversations: HashSet::default(),
            packets: Vec::new(),
        }
    }

    /// The events to come are of this packet and partition.
    pub(super) fn at(&mut self, sequence: u64, partition: u16) {
        if (self.next.sequence, self.next.partition) != (sequence, partition) {
            self.next = Place { sequence, partition, nth: 0 };
        }
    }

    /// Counts, describes and takes out one message.
    pub(super) fn message(
        &mut self,
        flow: &Flow,
        app: &mut Described,
        parsed: &Parsed<'_>,
        at: &At,
    ) {
        app.found |= parsed.message.is_some();
        self.count(app, parsed);
        self.packets.clear();
        let mut time_ns = 0;
        for mark in flow.packets(parsed.side, parsed.span.clone()) {
            self.packets.push(mark.packet);
            time_ns = mark.time_ns.max(time_ns);
        }
        // The packet that completed it came last, which need not be the last of the stream.
        let last = self.packets.iter().max().copied();
        let end = |side| {
            let endpoint = flow.endpoint(side);
            End { address: endpoint.address, mac: endpoint.mac, hops: endpoint.hops }
        };
        let context = Context {
            place: self.next,
            time_ns: if last.is_some() { time_ns } else { at.time_ns },
            packet: last.unwrap_or(at.packet),
            sender: end(parsed.side),
            receiver: end(parsed.side.other()),
            unseen: unseen(flow),
        };
        let Self { tap, out, counters, patience, next, conversations, packets, .. } = self;
        let mut event = |event: Event, unanswered: Option<&RequestNote>| {
            if let Some(request) = unanswered {
                tap.unanswered(request, event.place, out);
            }
            if event.stage == Stage::Requested && conversations.len() < COUNTED_CONVERSATIONS {
                conversations.insert(event.conversation);
            }
            tap.event(event, out);
        };
        let mut numbered =
            Numbered { next, pushed_out: &mut counters.pending_requests, out: &mut event };
        let (pair, tied) = app.describer.describe(parsed, &context, patience, &mut numbered);
        let context = Context { place: numbered.place(), ..context };
        let seen = Seen {
            parsed,
            protocol: app.protocol,
            context: &context,
            packets,
            transport: flow.kind,
            vlan: flow.vlan,
            pair,
            tied,
            flow: FlowMark {
                first_ns: flow.first.time_ns,
                from_opener: parsed.side == flow.opener.unwrap_or(app.server.other()),
            },
        };
        tap.message(&seen, out);
        let foreign = parsed.message.is_none()
            && !parsed.uncertain
            && parsed.error.as_ref().is_some_and(|error| error.kind() == Kind::Malformed);
        // After a loss, octets out of step are nobody's fault.
        if foreign && context.unseen.lost_octets == 0 {
            let packet = context.packet;
            self.notice(flow, app, parsed.side, Mark::Foreign, (None, packet), context.time_ns);
        }
    }

    /// Takes out the event that somebody else may have written to the flow's stream.
    ///
    /// It is put to the conversation that was had last in the flow: which one it was meant for, the
    /// octets cannot tell.
    pub(super) fn conflict(&mut self, flow: &Flow, app: &Described, conflict: &Conflict, at: &At) {
        let packets = (conflict.first, conflict.again);
        let mark = match conflict.clash {
            Clash::Differing => Mark::ConflictingSegment,
            Clash::Disowned => Mark::DisownedSegment,
        };
        self.notice(flow, app, conflict.side, mark, packets, at.time_ns);
    }

    /// Takes out an event about what a side of the flow sent, and that is no message.
    fn notice(
        &mut self,
        flow: &Flow,
        app: &Described,
        side: Side,
        mark: Mark,
        (earlier, packet): (Option<PacketRef>, PacketRef),
        time_ns: u64,
    ) {
        let service = Service { protocol: app.protocol, server: app.server };
        let Some(event) = self.of_flow(flow, service) else { return };
        let name = if mark == Mark::Foreign {
            "what is no message"
        } else if mark == Mark::DisownedSegment {
            "that it did not send what was taken for its own"
        } else {
            "other octets in its stream"
        };
        let by_server = side == app.server;
        let event = Event {
            time_ns,
            packet,
            earlier,
            conversation: app.describer.last().unwrap_or(event.conversation),
            intent: if by_server { Intent::Report } else { Intent::Unknown },
            function: Function { name, ..event.function },
            marks: mark.into(),
            ..event
        };
        self.tap.event(event, &mut self.out);
    }

    /// Takes out the event that a connection to a port of a protocol began with something else, which
    /// has this name. Where nobody saw it begin, it may be the middle of anything.
    pub(super) fn other_protocol(&mut self, flow: &Flow, name: &'static str) {
        let Some(service) = probe::called(flow) else { return };
        let Some(event) = self.of_flow(flow, service) else { return };
        let function = Function { name, ..event.function };
        let event = Event { function, marks: Mark::OtherProtocol.into(), ..event };
        self.tap.event(event, &mut self.out);
    }

    /// Takes out the event that a connection was asked for, or that nothing came of it.
    pub(super) fn attempted(&mut self, flow: &Flow, service: Service, attempt: Attempt, at: &At) {
        let Some(event) = self.of_flow(flow, service) else { return };
        let event = Event {
            time_ns: at.time_ns,
            packet: flow.first.packet,
            stage: Stage::Attempted(attempt),
            intent: Intent::Session,
            function: Function { name: "a connection", ..event.function },
            ..event
        };
        self.tap.event(event, &mut self.out);
    }

    /// The next event, about nothing but a flow: noticed at its last packet, of no unit.
    fn of_flow(&mut self, flow: &Flow, service: Service) -> Option<Event> {
        let protocol = event::Protocol::from_word(service.protocol.name)?;
        let server = flow.endpoint(service.server);
        let client = flow.endpoint(service.server.other());
        let place = self.next;
        self.next.nth = place.nth.saturating_add(1);
        Some(Event {
            place,
            time_ns: flow.last.time_ns,
            packet: flow.last.packet,
            earlier: None,
            stage: Stage::Noticed,
            conversation: Conversation {
                protocol,
                client: client.address.ip(),
                server: server.address.ip(),
                unit: 0,
                client_unit: None,
            },
            connection: event::Connection {
                client_port: client.address.port(),
                server_port: server.address.port(),
            },
            client_mac: client.mac,
            server_mac: server.mac,
            client_hops: client.hops,
            server_hops: server.hops,
            intent: Intent::Unknown,
            function: Function { code: 0, sub: None, name: "" },
            targets: Vec::new(),
            reported: Vec::new(),
            marks: Marks::default(),
            sequence: None,
            broadcast: false,
            unacknowledged: false,
            proved: false,
            digest: 0,
            unseen: unseen(flow),
        })
    }

    fn count(&mut self, app: &Described, parsed: &Parsed<'_>) {
        let protocol = app.protocol;
        if let Some(message) = &parsed.message {
            let (direction, name, code) = describe::kind(message);
            self.messages.count(app.nth, direction, name, code);
        }
        if let Some(error) = &parsed.error {
            add(self.counters.errors.entry((protocol.name, error.class)).or_default(), 1);
            if parsed.message.is_none() && error.kind() == Kind::Malformed {
                let octets = parsed.span.end.saturating_sub(parsed.span.start);
                add(self.counters.foreign_octets.entry(protocol.name).or_default(), octets);
            }
        }
    }
}

pub(super) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

fn unseen(flow: &Flow) -> Unseen {
    Unseen { lost_octets: flow.lost_octets(), one_way: one_way(flow) }
}

/// Whether one side was silent for so long that the sensor cannot see it.
///
/// Before the first answer every flow looks like that.
fn one_way(flow: &Flow) -> bool {
    const ENOUGH: u64 = 10;
    let sent = |side| flow.endpoint(side).packets;
    flow.one_way() && sent(Side::A).max(sent(Side::B)) >= ENOUGH
}
