//! One shard: from segments to events or records, on one thread, sharing nothing.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use gridtap_models::event::{Conversation, Event, PacketRef, Place, Stage, Unseen};
use gridtap_parsers::{Chunk, Dissector, Kind, PROTOCOLS, Parsed, Protocol, Side};

use crate::counters::{Counters, Tally};
use crate::decode::{At, Segment};
use crate::describe::{self, Context, Describer, End, Numbered, Pair, Patience, RequestNote, Tied};
use crate::flow::{self, Flow, Opening, PARTITIONS, Reader, Table, Then};
use crate::limits::Limits;
use crate::probe::{self, First, Known, Outcome, Probe, Service};

/// Conversations that are counted one by one; beyond them the count stands still.
const COUNTED_CONVERSATIONS: usize = 65_536;

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

/// The shard.
#[derive(Debug)]
pub struct Shard<T: Tap> {
    /// The partitions of the flow table that are this shard's: every `shards`th, in order.
    tables: Vec<(u16, Table<App>)>,
    shards: usize,
    work: Work<T>,
}

/// What is made of one flow.
#[derive(Debug)]
pub enum App {
    /// It is read.
    Read(Box<Reading>),
    /// It is not known yet what it speaks.
    Probed(Box<Probe>),
    /// It is a protocol that cannot be seen into.
    Encrypted(&'static Protocol),
}

/// What reads one flow.
#[derive(Debug)]
pub struct Reading {
    dissector: Box<dyn Dissector>,
    described: Described,
}

/// What becomes of the messages of one flow.
#[derive(Debug)]
struct Described {
    protocol: &'static Protocol,
    /// The protocol's place in [`PROTOCOLS`].
    nth: usize,
    /// The side that serves.
    server: Side,
    describer: Describer,
    /// Whether any message was found in it.
    found: bool,
}

/// Everything of the shard that is not the flow table.
#[derive(Debug)]
struct Work<T: Tap> {
    tap: T,
    out: Vec<T::Out>,
    counters: Counters,
    messages: Tally,
    limits: Limits,
    patience: Patience,
    /// How many flows are being probed, by partition.
    probed: HashMap<u16, usize>,
    /// The place of the next event or record.
    next: Place,
    conversations: HashSet<Conversation, RandomState>,
    /// Packets of the message at hand: kept, so that none is allocated for each.
    packets: Vec<PacketRef>,
}

impl<T: Tap> Shard<T> {
    /// Shard number `index` of `shards`.
    #[must_use]
    pub fn new(limits: &Limits, index: usize, shards: usize, tap: T) -> Self {
        let tables = (0..PARTITIONS)
            .filter(|partition| usize::from(*partition).checked_rem(shards) == Some(index))
            .map(|partition| (partition, Table::new(limits)))
            .collect();
        let work = Work {
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
        };
        Self { tables, shards: shards.max(1), work }
    }

    /// Takes a segment.
    pub fn take(&mut self, segment: &Segment<'_>) {
        let partition = flow::partition(segment);
        let table = usize::from(partition).checked_div(self.shards);
        if let Some((_, table)) = table.and_then(|index| self.tables.get_mut(index)) {
            self.work.at(segment.at.sequence, partition);
            table.take(segment, &mut self.work);
        }
    }

    /// Lets capture time pass.
    pub fn tick(&mut self, at: &At) {
        for (partition, table) in &mut self.tables {
            if !table.is_empty() {
                self.work.at(at.sequence, *partition);
                table.tick(at, &mut self.work);
            }
        }
    }

    /// Ends all flows.
    pub fn finish(&mut self, at: &At) {
        for (partition, table) in &mut self.tables {
            self.work.at(at.sequence, *partition);
            table.finish(at, &mut self.work);
        }
    }

    /// What came out since the last time, in order.
    pub fn drain(&mut self) -> Vec<T::Out> {
        // As much comes out the next time, most likely.
        let room = Vec::with_capacity(self.work.out.len());
        let mut out = core::mem::replace(&mut self.work.out, room);
        // Within one packet or tick the partitions were gone through in order already, and within
        // one partition the numbers rise.
        if !out.is_sorted_by_key(Ordered::place) {
            out.sort_by_key(Ordered::place);
        }
        out
    }

    /// What takes things out of it.
    #[cfg(test)]
    pub(crate) const fn tap(&self) -> &T {
        &self.work.tap
    }

    /// What was counted.
    #[must_use]
    pub fn into_counters(self) -> Counters {
        let mut counters = self.work.counters;
        for (_, table) in &self.tables {
            counters.flow.add(table.counters());
        }
        counters.messages = self.work.messages.by_kind();
        counters.conversations = u64::try_from(self.work.conversations.len()).unwrap_or(u64::MAX);
        counters
    }
}

impl<T: Tap> Work<T> {
    /// The events to come are of this packet and partition.
    fn at(&mut self, sequence: u64, partition: u16) {
        if (self.next.sequence, self.next.partition) != (sequence, partition) {
            self.next = Place { sequence, partition, nth: 0 };
        }
    }

    /// Counts, describes and takes out one message.
    fn message(&mut self, flow: &Flow, app: &mut Described, parsed: &Parsed<'_>, at: &At) {
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
            End { address: endpoint.address, mac: endpoint.mac }
        };
        let context = Context {
            place: self.next,
            time_ns: if last.is_some() { time_ns } else { at.time_ns },
            packet: last.unwrap_or(at.packet),
            sender: end(parsed.side),
            receiver: end(parsed.side.other()),
            unseen: Unseen { lost_octets: flow.lost_octets(), one_way: one_way(flow) },
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

    /// Begins to read a flow.
    fn read(&mut self, flow: &Flow, service: Service) -> Box<Reading> {
        let Service { protocol, server } = service;
        if !protocol.ports.contains(&flow.endpoint(server).address.port()) {
            add(self.counters.found_flows.entry(protocol.name).or_default(), 1);
        }
        let nth = PROTOCOLS.iter().position(|row| row.name == protocol.name).unwrap_or_default();
        let described =
            Described { protocol, nth, server, describer: Describer::default(), found: false };
        Box::new(Reading { dissector: (protocol.make)(server), described })
    }

    fn feed(&mut self, flow: &Flow, reading: &mut Reading, chunk: &Chunk<'_>, at: &At) {
        let Reading { dissector, described } = reading;
        dissector.feed(chunk, &mut |parsed| self.message(flow, described, parsed, at));
    }

    /// Begins to probe a flow, if there is room.
    fn probe(&mut self, flow: &Flow, probe: Probe) -> Opening<App> {
        let probed = self.probed.entry(self.next.partition).or_default();
        if *probed < self.limits.probe_flows.div_ceil(PARTITIONS.into()) {
            *probed = probed.saturating_add(1);
            return Opening::Read(App::Probed(Box::new(probe)));
        }
        add(&mut self.counters.probe_flows, 1);
        match probe.hint() {
            Some(service) => Opening::Read(App::Read(self.read(flow, service))),
            None => Opening::Later,
        }
    }

    /// A flow is probed no longer.
    fn end_probe(&mut self) {
        if let Some(probed) = self.probed.get_mut(&self.next.partition) {
            *probed = probed.saturating_sub(1);
        }
    }

    /// Reads what was kept of a flow of which it is now known what it speaks.
    fn settle(&mut self, flow: &Flow, probe: &Probe, known: Known, at: &At) -> App {
        match known {
            Known::Service(service) => {
                let mut reading = self.read(flow, service);
                probe.kept().each(|chunk| self.feed(flow, &mut reading, chunk, at));
                App::Read(reading)
            }
            Known::Encrypted(protocol) => {
                add(self.counters.encrypted_flows.entry(protocol.name).or_default(), 1);
                probe.kept().each(|chunk| self.pass_encrypted(protocol, chunk));
                App::Encrypted(protocol)
            }
        }
    }

    fn pass_encrypted(&mut self, protocol: &Protocol, chunk: &Chunk<'_>) {
        let octets = u64::try_from(chunk.octets.len()).unwrap_or(u64::MAX);
        add(self.counters.encrypted_octets.entry(protocol.name).or_default(), octets);
    }
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}

impl<T: Tap> Reader for Work<T> {
    type State = App;

    fn open(&mut self, flow: &Flow, chunk: &Chunk<'_>) -> Opening<App> {
        match probe::first(flow, chunk) {
            First::Known(Known::Service(service)) => {
                Opening::Read(App::Read(self.read(flow, service)))
            }
            First::Known(Known::Encrypted(protocol)) => {
                add(self.counters.encrypted_flows.entry(protocol.name).or_default(), 1);
                Opening::Read(App::Encrypted(protocol))
            }
            First::Probe(probe) => self.probe(flow, probe),
            First::Later => Opening::Later,
            First::Never => Opening::Never,
        }
    }

    fn chunk(&mut self, flow: &Flow, app: &mut App, chunk: &Chunk<'_>, at: &At) -> Then {
        match app {
            App::Read(reading) => self.feed(flow, reading, chunk, at),
            App::Encrypted(protocol) => self.pass_encrypted(protocol, chunk),
            App::Probed(probe) => match probe.take(flow, chunk, &self.limits) {
                Outcome::Open => {}
                Outcome::Known(known) => {
                    self.end_probe();
                    let settled = self.settle(flow, probe, known, at);
                    *app = settled;
                    return self.chunk(flow, app, chunk, at);
                }
                Outcome::Nothing => {
                    self.end_probe();
                    add(&mut self.counters.unknown_flows, 1);
                    return Then::Leave;
                }
            },
        }
        Then::ReadOn
    }

    fn end(&mut self, flow: &Flow, mut app: App, at: &At) {
        if let App::Probed(probe) = &app {
            self.end_probe();
            match probe.last_resort(flow) {
                Some(service) => app = self.settle(flow, probe, Known::Service(service), at),
                None => add(&mut self.counters.unknown_flows, 1),
            }
        }
        let App::Read(reading) = app else { return };
        let Reading { mut dissector, mut described } = *reading;
        dissector.close(&mut |parsed| self.message(flow, &mut described, parsed, at));
        if !described.found {
            let name = described.protocol.name;
            add(self.counters.foreign_flows.entry(name).or_default(), 1);
        }
        let Self { tap, out, counters, next, .. } = self;
        let mut event = |event: Event, unanswered: Option<&RequestNote>| {
            if let Some(request) = unanswered {
                tap.unanswered(request, event.place, out);
            }
            tap.event(event, out);
        };
        let mut numbered =
            Numbered { next, pushed_out: &mut counters.pending_requests, out: &mut event };
        described.describer.end(at.time_ns, &mut numbered);
    }
}

/// Whether one side was silent for so long that the sensor cannot see it.
///
/// Before the first answer every flow looks like that.
fn one_way(flow: &Flow) -> bool {
    const ENOUGH: u64 = 10;
    let sent = |side| flow.endpoint(side).packets;
    flow.one_way() && sent(Side::A).max(sent(Side::B)) >= ENOUGH
}

#[cfg(test)]
mod tests {
    use gridtap_parsers::Direction;

    use super::*;
    use crate::decode::Transport;

    /// Takes out the direction of each message.
    #[derive(Clone, Debug, Default)]
    struct Messages;

    impl Tap for Messages {
        type Out = Message;

        fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Message>) {
            let direction = seen.parsed.message.as_ref().map(|message| describe::kind(message).0);
            out.push(Message(seen.context.place, direction));
        }

        fn event(&mut self, _: Event, _: &mut Vec<Message>) {}
    }

    #[derive(Clone, Debug)]
    struct Message(Place, Option<Direction>);

    impl Ordered for Message {
        fn place(&self) -> Place {
            self.0
        }
    }

    /// What is read when a connection is opened from port `from` to port `to`, and its opener
    /// sends `octets`.
    fn read(from: u16, to: u16, octets: &[u8]) -> Vec<Option<Direction>> {
        let mut shard = Shard::new(&Limits::default(), 0, 1, Messages);
        for (number, payload) in [(1, &[][..]), (2, octets)] {
            let packet = PacketRef { capture: 0, number };
            let at = At { sequence: number, time_ns: number, packet };
            let transport = Transport::Tcp {
                sequence: u32::from(number != 1),
                acknowledgement: None,
                syn: number == 1,
                fin: false,
                rst: false,
                window: 0,
            };
            shard.take(&Segment {
                at,
                source: ([10, 0, 0, 2], from).into(),
                destination: ([10, 0, 0, 1], to).into(),
                source_mac: None,
                destination_mac: None,
                vlan: None,
                transport,
                payload,
                cut: 0,
            });
        }
        shard.drain().into_iter().map(|message| message.1).collect()
    }

    #[test]
    fn a_server_is_known_by_its_port_unless_that_may_be_chance() {
        use Direction::{Link, Request, Response};
        const MODBUS_READ: &[u8] = &[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10];
        const MODBUS_ERROR: &[u8] = &[0, 1, 0, 0, 0, 3, 10, 0x81, 5];
        const LINK_RESET: &[u8] = &[5, 0x64, 5, 0xc0, 1, 0, 0, 4, 0xe9, 0x21];
        type Case<'a> = (&'a str, u16, u16, &'a [u8], &'a [Option<Direction>]);
        #[rustfmt::skip]
        let table: &[Case<'_>] = &[
            ("a client calls",                     49_152, 502,    MODBUS_READ,  &[Some(Request)]),
            ("responses from a server that calls", 502,    4_446,  MODBUS_ERROR, &[Some(Response)]),
            ("both have the port",                 502,    502,    MODBUS_READ,  &[Some(Request)]),
            ("an outstation calls its master",     49_152, 20_000, LINK_RESET,   &[Some(Link)]),
            ("DNP3 from a caller on its port",     20_000, 49_152, LINK_RESET,   &[Some(Link)]),
            ("a caller on DNP3's port by chance",  20_000, 80,     b"GET /",     &[]),
            ("neither has the port",               49_152, 49_153, MODBUS_READ,  &[]),
        ];
        for (name, from, to, octets, expected) in table {
            assert_eq!(read(*from, *to, octets), *expected, "{name}");
        }
    }
}
