//! Describe: messages become events, in words that fit every protocol.
//!
//! Left of here there are protocols and no opinions; right of here opinions and no protocols.

mod check;
mod dnp3;
mod modbus;
mod numbered;
mod pending;
#[cfg(test)]
mod tests;
mod ties;

use std::collections::VecDeque;

use gridtap_models::event::{
    Attempt, Connection, Conversation, Event, Function, Intent, Mark, Marks, Outcome, PacketRef,
    Place, Protocol, Stage, Target, Unseen,
};
use gridtap_parsers::{Direction, Message, Parsed};

use check::Checks;

pub use numbered::Numbered;
pub use pending::RequestNote;
use pending::{Key, Pending, Waiting};
use ties::Ties;
pub use ties::{Selected, Tied};

/// Links of one flow that are remembered: more than a gateway has outstations behind it.
const LINKED: usize = 256;

/// What is known of a message besides its octets.
#[derive(Clone, Debug)]
pub struct Context {
    /// Order among all messages.
    pub place: Place,
    /// Capture time of the packet that completed it, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
    /// That packet.
    pub packet: PacketRef,
    /// Who sent it.
    pub sender: End,
    /// Who it was sent to.
    pub receiver: End,
    /// What was missed of its flow.
    pub unseen: Unseen,
}

/// One end of a message's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Address and port.
    pub address: std::net::SocketAddr,
    /// MAC address, where the link layer has one.
    pub mac: Option<[u8; 6]>,
    /// Hops that its last packet with octets had left, if it sent one.
    pub hops: Option<u8>,
}

/// Pairs the requests and responses of one flow, and puts them into words.
#[derive(Debug, Default)]
pub struct Describer {
    pending: Pending,
    checks: Checks,
    /// Transactions so far: requests, and answers to none that is known.
    transactions: u64,
    ties: Ties,
    last: Option<Conversation>,
    /// The links that were told of, by their two ends and who spoke; the oldest makes room.
    linked: VecDeque<((u16, u16), Intent)>,
}

/// What a message is to the requests of its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// It is a request, which waits for its answer from now on.
    Asks(RequestNote),
    /// It answers this request, which waits no longer.
    Answers(RequestNote),
    /// It answers a request that was not seen, or has been answered already; the number of the
    /// transaction that it is all of, from 1.
    AnswersNone(u64),
    /// It is neither.
    Alone,
}

impl Pair {
    /// The request that is answered.
    #[must_use]
    pub const fn request(&self) -> Option<&RequestNote> {
        match self {
            Self::Answers(note) => Some(note),
            Self::Asks(_) | Self::AnswersNone(_) | Self::Alone => None,
        }
    }
}

/// How long requests wait, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Requests of a flow that wait at a time.
    pub requests: usize,
    /// Capture time for which a request waits, in nanoseconds.
    pub answer_ns: u64,
}

/// What a message asks for, before it is known when and by whom.
#[derive(Debug)]
struct Act {
    conversation: Conversation,
    intent: Intent,
    function: Function,
    targets: Vec<Target>,
    broadcast: bool,
    unacknowledged: bool,
    /// Whether it carries the proof of who asks.
    proved: bool,
    /// Transaction identifier or application sequence, where there is one.
    sequence: Option<u16>,
    key: Key,
    /// First address that is asked for.
    address: Option<u16>,
    /// How many points are asked for.
    quantity: Option<u16>,
}

/// What a message is to a conversation.
#[derive(Debug)]
enum Part {
    /// It asks for something.
    Asks(Act),
    /// It answers the request with the key of this act, which is described as if it had been asked
    /// for: nobody may have.
    Answers { act: Act, outcome: Outcome },
    /// A device speaks unasked, or goes on with its answer.
    Reports(Act),
    /// A device answers a request, which waits on: who asks has to prove who he is.
    Challenges(Act),
    /// It speaks on the link, and asks for nothing else.
    Links(Act),
    /// None of these: a confirmation, a frame that answers on the link, something that could not be read.
    Neither,
}

impl Describer {
    /// Takes a message; hands the events it makes to `out`, and returns what it is to the requests
    /// of its flow, and to what else it belongs.
    pub fn describe(
        &mut self,
        parsed: &Parsed<'_>,
        context: &Context,
        patience: &Patience,
        out: &mut Numbered<'_>,
    ) -> (Pair, Tied) {
        self.give_up(context.time_ns, patience, out);
        self.checks.at(context.unseen);
        let mut tied = Tied::default();
        let Some(message) = &parsed.message else { return (Pair::Alone, tied) };
        // What may have been read out of step is no act of anybody.
        if parsed.uncertain {
            return (Pair::Alone, tied);
        }
        let part = match message {
            Message::Modbus(adu) => modbus::part(adu, context),
            Message::Dnp3(message) => {
                if let gridtap_parsers::dnp3::Message::Fragment(fragment) = message {
                    tied = self.ties.take(fragment, context.packet.number, context.unseen);
                }
                dnp3::part(message, context)
            }
        };
        let marks = check::broken(parsed.error.as_ref());
        let pair = match part {
            Part::Asks(act) => {
                let (pair, select) = self.asks(act, marks, context, patience, out);
                tied.select = select;
                pair
            }
            Part::Answers { act, outcome } => {
                self.answers(message, act, outcome, marks, context, out)
            }
            Part::Reports(act) => {
                self.reports(message, act, marks, context, out);
                Pair::Alone
            }
            Part::Challenges(act) => {
                let challenged = self.pending.challenge(act.key);
                self.reports(message, act, marks, context, out);
                challenged.map_or(Pair::Alone, Pair::Answers)
            }
            Part::Links(act) => {
                self.links(act, context, out);
                Pair::Alone
            }
            Part::Neither => Pair::Alone,
        };
        (pair, tied)
    }

    fn asks(
        &mut self,
        act: Act,
        marks: Marks,
        context: &Context,
        patience: &Patience,
        out: &mut Numbered<'_>,
    ) -> (Pair, Option<Selected>) {
        let key = act.key;
        // Who asks again under the same number, or under none, has given up on the answer: it could
        // not be told from the next. Left to wait, the older one would take every answer from then
        // on, each a request too late. Over Modbus/TCP there are clients that number all requests
        // alike and wait for none.
        let numbered = act.conversation.protocol == Protocol::Modbus && act.sequence.is_some();
        if !numbered && let Some(older) = self.pending.take(key) {
            out.unanswered(older, context.time_ns);
        }
        let place = out.place();
        let (address, quantity) = (act.address, act.quantity);
        let (nth, packet) = (self.next_transaction(), context.packet.number);
        let note = RequestNote { place, nth, packet, address, quantity };
        self.last = Some(act.conversation);
        let mut event = event(act, context, place);
        let (more, select) = self.checks.asked(key, &event);
        event.marks = marks.and(more);
        out.put(event.clone());
        let waiting = Waiting { key, event, note };
        let mut pair = Pair::Asks(note);
        if let Some(oldest) = self.pending.add(waiting, patience.requests) {
            *out.pushed_out = out.pushed_out.saturating_add(1);
            if oldest.note == note {
                // Where none may wait, it never did.
                pair = Pair::Alone;
            }
            self.checks.give_up(oldest.key);
            out.unanswered(oldest, context.time_ns);
        }
        (pair, select)
    }

    /// Tells of a link once, however often it is kept alive.
    fn links(&mut self, act: Act, context: &Context, out: &mut Numbered<'_>) {
        let link = (act.key.ends, act.intent);
        if self.linked.contains(&link) {
            return;
        }
        if self.linked.len() >= LINKED {
            self.linked.pop_front();
        }
        self.linked.push_back(link);
        let place = out.place();
        let stage = Stage::Attempted(Attempt::Link);
        out.put(Event { stage, ..event(act, context, place) });
    }

    fn reports(
        &mut self,
        message: &Message<'_>,
        act: Act,
        marks: Marks,
        context: &Context,
        out: &mut Numbered<'_>,
    ) {
        let key = act.key;
        let mut event = event(act, context, out.place());
        event.stage = Stage::Reported;
        event.reported = self.reported(message, key);
        event.reported.extend(events(message, None));
        event.marks = marks.and(self.indications(message, key));
        event.marks = event.marks.and(self.checks.reported(key.ends, &event));
        out.put(event);
    }

    fn answers(
        &mut self,
        message: &Message<'_>,
        act: Act,
        outcome: Outcome,
        marks: Marks,
        context: &Context,
        out: &mut Numbered<'_>,
    ) -> Pair {
        let key = act.key;
        let marks = marks.and(self.indications(message, key));
        // Of several requests under one number, it answers the latest one that it fits, and those
        // before that it fits as well were given up.
        let mut waiting = None;
        if self.pending.has_several(key) {
            let mut fitting = self.pending.take_if(key, |asked| differs(message, asked).is_none());
            waiting = fitting.pop();
            for older in fitting {
                out.unanswered(older, context.time_ns);
            }
        }
        let waiting = waiting.or_else(|| self.pending.take(key));
        // What answers the proof of a challenged request answers that request as well.
        let proof = match message {
            Message::Dnp3(_) => self.pending.take(Key { function: Key::PROOF, ..key }),
            Message::Modbus(_) => None,
        };
        let waiting = match (waiting, proof) {
            (Some(challenged), Some(Waiting { event, note, .. })) => {
                out.ended(event, outcome, context);
                Some(Waiting { note, ..challenged })
            }
            (challenged, proof) => challenged.or(proof),
        };
        let Some(Waiting { mut event, note, .. }) = waiting else {
            let reported = self.reported(message, key);
            let marks = marks.and(self.checks.unasked(key, &reported, outcome, context.unseen));
            // An answer to nobody tells nothing but that; its values are not put to any point.
            if !marks.is_empty() {
                let place = out.place();
                out.put(Event { stage: Stage::Noticed, marks, ..event(act, context, place) });
            }
            return Pair::AnswersNone(self.next_transaction());
        };
        let mut reported = self.reported(message, key);
        self.checks.ended(key, &event, outcome);
        self.checks.remember(key, &reported, outcome);
        if event.conversation.protocol == Protocol::Modbus {
            modbus::place(&mut reported, &event);
        }
        reported.extend(events(message, Some(&event)));
        event.reported = reported;
        event.marks = marks;
        if outcome == Outcome::Done
            && let Some(mark) = differs(message, &event)
        {
            event.marks.insert(mark);
        }
        out.ended(event, outcome, context);
        Pair::Answers(note)
    }

    /// The points that a device's message says something about, with their values.
    ///
    /// A Modbus response does not name its points: they stand at 0 until they are put to their
    /// [place](modbus::place).
    fn reported(&mut self, message: &Message<'_>, key: Key) -> Vec<Target> {
        match message {
            Message::Modbus(adu) => modbus::reported(adu),
            Message::Dnp3(message) => {
                let nothing = self.checks.flags_say_nothing(key.ends);
                let (reported, online) = dnp3::reported(message, nothing);
                if let Some(online) = online {
                    self.checks.flags(key.ends, online);
                }
                reported
            }
        }
    }

    fn indications(&mut self, message: &Message<'_>, key: Key) -> Marks {
        match message {
            Message::Dnp3(message) => match dnp3::indications(message) {
                Some(now) => self.checks.indications(key.ends, now),
                None => Marks::default(),
            },
            Message::Modbus(_) => Marks::default(),
        }
    }

    fn next_transaction(&mut self) -> u64 {
        self.transactions = self.transactions.saturating_add(1);
        self.transactions
    }

    /// When the request that waits longest will be given up, in nanoseconds since 1970 UTC.
    #[must_use]
    pub fn due_ns(&self, patience: &Patience) -> Option<u64> {
        let asked_ns = self.pending.oldest_ns()?;
        Some(asked_ns.saturating_add(patience.answer_ns).saturating_add(1))
    }

    /// Lets capture time pass: requests that have waited too long will not be answered.
    pub fn give_up(&mut self, now_ns: u64, patience: &Patience, out: &mut Numbered<'_>) {
        let oldest_ns = now_ns.saturating_sub(patience.answer_ns);
        while let Some(old) = self.pending.take_older(oldest_ns) {
            self.checks.give_up(old.key);
            out.unanswered(old, now_ns);
        }
    }

    /// The conversation that was had last, if any.
    #[must_use]
    pub const fn last(&self) -> Option<Conversation> {
        self.last
    }

    /// Ends the flow: whatever waits will not be answered.
    pub fn end(&mut self, time_ns: u64, out: &mut Numbered<'_>) {
        while let Some(oldest) = self.pending.take_oldest() {
            out.unanswered(oldest, time_ns);
        }
    }
}

fn event(act: Act, context: &Context, place: Place) -> Event {
    let digest = digest(&act);
    let (client, server) = ends(&act.conversation, context);
    Event {
        place,
        time_ns: context.time_ns,
        packet: context.packet,
        earlier: None,
        stage: Stage::Requested,
        conversation: act.conversation,
        connection: Connection {
            client_port: client.address.port(),
            server_port: server.address.port(),
        },
        client_mac: client.mac,
        server_mac: server.mac,
        client_hops: client.hops,
        server_hops: server.hops,
        intent: act.intent,
        function: act.function,
        targets: act.targets,
        reported: Vec::new(),
        marks: Marks::default(),
        sequence: act.sequence,
        broadcast: act.broadcast,
        unacknowledged: act.unacknowledged,
        proved: act.proved,
        digest,
        unseen: context.unseen,
    }
}

/// Client and server, by who of them sent the message.
fn ends(conversation: &Conversation, context: &Context) -> (End, End) {
    let (sender, receiver) = (context.sender, context.receiver);
    if sender.address.ip() == conversation.server && sender.address.ip() != conversation.client {
        (receiver, sender)
    } else {
        (sender, receiver)
    }
}

/// How many events a device's message tells of, where they were asked for or it tells of some.
fn events(message: &Message<'_>, asked: Option<&Event>) -> Option<Target> {
    match message {
        Message::Modbus(_) => None,
        Message::Dnp3(message) => dnp3::events(message, asked),
    }
}

/// How an answer differs from what was asked for, if it does.
fn differs(message: &Message<'_>, asked: &Event) -> Option<Mark> {
    match message {
        Message::Modbus(adu) => modbus::differs(adu, asked),
        Message::Dnp3(message) => dnp3::differs(message, asked),
    }
}

/// A digest of what the message says that is the same on every machine: 64-bit FNV-1a over its
/// numbers.
fn digest(act: &Act) -> u64 {
    use gridtap_models::event::Value;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |number: u64| hash = fnv(hash, number);
    mix(u64::from(act.key.number));
    mix(u64::from(act.key.ends.0));
    mix(u64::from(act.key.ends.1));
    mix(u64::from(act.function.code));
    mix(act.function.sub.map_or(u64::MAX, u64::from));
    for target in &act.targets {
        mix(u64::from(target.start));
        mix(u64::from(target.count));
        for value in &target.values {
            mix(match value {
                Value::Number(number) => number.to_bits(),
                Value::Switch(switch) => u64::from(switch_code(*switch)),
            });
        }
    }
    hash
}

/// Mixes the eight octets of `number` into a hash.
///
/// An octet of 0 only multiplies by the prime: the leading ones, which most numbers have, do so in
/// one step.
fn fnv(hash: u64, number: u64) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    const POWERS: [u64; 9] = {
        let mut powers = [1_u64; 9];
        let mut n = 1;
        while n < powers.len() {
            powers[n] = powers[n - 1].wrapping_mul(PRIME);
            n += 1;
        }
        powers
    };
    let zeros = usize::try_from(number.leading_zeros() / 8).unwrap_or(0);
    let hash = hash.wrapping_mul(POWERS.get(zeros).copied().unwrap_or(1));
    let mix = |hash: u64, octet: &u8| (hash ^ u64::from(*octet)).wrapping_mul(PRIME);
    number.to_be_bytes().iter().skip(zeros).fold(hash, mix)
}

/// A number for each switching command.
fn switch_code(switch: gridtap_models::event::Switch) -> u16 {
    use gridtap_models::event::Switch;
    match switch {
        Switch::Nul => 256,
        Switch::PulseOn => 257,
        Switch::PulseOff => 258,
        Switch::LatchOn => 259,
        Switch::LatchOff => 260,
        Switch::Close => 261,
        Switch::Trip => 262,
        Switch::Other(code) => u16::from(code),
    }
}

/// The direction of a message, and the name and code of its function.
#[must_use]
pub fn kind(message: &Message<'_>) -> (Direction, &'static str, u8) {
    match message {
        Message::Modbus(adu) => modbus::kind(adu),
        Message::Dnp3(message) => dnp3::kind(message),
    }
}
