//! Probe: which protocol a flow speaks, and which side serves it.
//!
//! Ports are a hint: on its own port a protocol is read as soon as nothing speaks against it.
//! Everywhere else, and where the hint is contradicted, what a flow says decides: a frame with
//! right CRCs (DNP3), or two messages without an error, or a request and its answer (Modbus, whose
//! messages may come about by chance). Until then its chunks are kept, so that nothing is lost.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

use gridtap_parsers::modbus::{Body, Framing, Request};
use gridtap_parsers::{
    Chunk, Direction, Dissector, Kept, Kind, Message, PROTOCOLS, Parsed, Protocol, Side, Verdict,
};

use crate::flow::Flow;
use crate::limits::Limits;

/// A protocol, and the side that serves it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The protocol.
    pub protocol: &'static Protocol,
    /// The side.
    pub server: Side,
}

/// What became known of a flow.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// It is to be read as this.
    Service(Service),
    /// It is this protocol, encrypted.
    Encrypted(&'static Protocol),
}

/// What is made of the octets that a flow begins with.
#[derive(Debug)]
pub enum First {
    /// All is known.
    Known(Known),
    /// More octets will tell.
    Probe(Probe),
    /// Nothing, as it may be the middle of something.
    Later,
    /// No protocol that is read.
    Never,
}

/// Packets of a flow taken up in mid-stream, after which nobody looks for messages any more.
const PACKETS_LOOKED_AT: u64 = 16;

/// The protocol at whose port a connection was asked for, plain or encrypted, and the side that was
/// asked; nothing where nobody saw who asked, or for other ports.
#[must_use]
pub fn called(flow: &Flow) -> Option<Service> {
    let server = flow.opener?.other();
    let port = port(flow, server);
    let listens = |protocol: &&Protocol| {
        protocol.ports.contains(&port) || protocol.secure_ports.contains(&port)
    };
    PROTOCOLS.iter().find(listens).map(|protocol| Service { protocol, server })
}

/// Looks at the octets that a flow begins with, as far as it was seen.
#[must_use]
pub fn first(flow: &Flow, chunk: &Chunk<'_>) -> First {
    let looks = looks(chunk);
    if let Some(known) = strong(flow, chunk, &looks).or_else(|| weak(flow, &looks)) {
        return First::Known(known);
    }
    let hint = hints(flow, &looks).next().map(|(service, _)| service);
    let foreign = looks.iter().all(|(_, verdict)| *verdict == Verdict::No);
    if hint.is_some() || !foreign {
        let foreign = foreign && chunk.offset == 0;
        return First::Probe(Probe { hint, foreign, kept: Kept::default(), trials: Vec::new() });
    }
    // A connection begins with a message; one that was joined may begin with the rest of one.
    let begins = flow.opener.is_some() && chunk.offset == 0;
    let packets = flow.endpoint(Side::A).packets.saturating_add(flow.endpoint(Side::B).packets);
    if begins || packets >= PACKETS_LOOKED_AT { First::Never } else { First::Later }
}

/// How a chunk looks to each protocol.
type Looks = [(&'static Protocol, Verdict); PROTOCOLS.len()];

fn looks(chunk: &Chunk<'_>) -> Looks {
    PROTOCOLS.each_ref().map(|protocol| (protocol, (protocol.probe)(chunk.octets)))
}

/// What a chunk is enough for by what it says.
fn strong(flow: &Flow, chunk: &Chunk<'_>, looks: &Looks) -> Option<Known> {
    for (protocol, verdict) in looks {
        let server = match (*verdict, server_on(flow, protocol.ports)) {
            (Verdict::Certain(sent), _) => server_by(chunk.side, sent),
            (Verdict::Message(sent), Some(server)) if is_believed(flow, server, chunk, sent) => {
                server
            }
            (Verdict::No | Verdict::Perhaps | Verdict::Message(_), _) => continue,
        };
        return Some(Known::Service(Service { protocol, server }));
    }
    if !is_tls(chunk) {
        return None;
    }
    let hidden = PROTOCOLS.iter().find(|protocol| may_be_encrypted(flow, protocol));
    hidden.map(Known::Encrypted)
}

/// Whether the server that the ports tell of is believed, at a message that was `sent` this way, if
/// it tells. A message that does not is not kept waiting for one that does where the server was
/// called, or where its port is nobody's by chance.
fn is_believed(flow: &Flow, server: Side, chunk: &Chunk<'_>, sent: Option<Direction>) -> bool {
    if flow.opener.is_some_and(|opener| opener != server) {
        return true;
    }
    if let Some(sent) = sent {
        return server == server_by(chunk.side, sent);
    }
    let (own, other) = (port(flow, server), port(flow, server.other()));
    is_assigned(own) && own != other
}

/// What the ports are enough for, where a chunk does not speak against it.
fn weak(flow: &Flow, looks: &Looks) -> Option<Known> {
    let is_sure = flow.opener.is_some() || port(flow, Side::A) != port(flow, Side::B);
    let fits = |verdict: Verdict| is_sure && verdict == Verdict::Perhaps;
    let mut hints = hints(flow, looks);
    hints.find_map(|(service, verdict)| fits(verdict).then_some(Known::Service(service)))
}

/// What the ports say, and how the chunk looks to that.
fn hints(flow: &Flow, looks: &Looks) -> impl Iterator<Item = (Service, Verdict)> {
    looks.iter().filter_map(|(protocol, verdict)| {
        let server = server_on(flow, protocol.ports)?;
        Some((Service { protocol, server }, *verdict))
    })
}

/// The side that listens on one of `ports`.
///
/// Clients take ports at random, also those of other protocols: where both ends have the port, the
/// one that was called is the server. One that calls from the port alone may have it by chance,
/// unless it is one that nobody gets by chance.
fn server_on(flow: &Flow, ports: &[u16]) -> Option<Side> {
    let on_port = |side: Side| ports.contains(&port(flow, side));
    let server = match (on_port(Side::A), on_port(Side::B)) {
        (true, true) => return Some(flow.opener.map_or(Side::A, Side::other)),
        (true, false) => Side::A,
        (false, true) => Side::B,
        (false, false) => return None,
    };
    let chance = flow.opener == Some(server) && !is_assigned(port(flow, server));
    (!chance).then_some(server)
}

/// Whether a port is one that no client gets by chance.
const fn is_assigned(port: u16) -> bool {
    port < 1_024
}

/// The server, where `sender` sent in this direction.
const fn server_by(sender: Side, sent: Direction) -> Side {
    match sent {
        Direction::Response | Direction::Unsolicited => sender,
        Direction::Request | Direction::Link => sender.other(),
    }
}

fn port(flow: &Flow, side: Side) -> u16 {
    flow.endpoint(side).address.port()
}

/// Whether TLS between these ends hides `protocol`: a client's port at random is none of its own.
fn may_be_encrypted(flow: &Flow, protocol: &Protocol) -> bool {
    let server = server_on(flow, protocol.secure_ports).or(server_on(flow, protocol.ports));
    server.is_some_and(|server| {
        flow.opener.is_some() || port(flow, server) < port(flow, server.other())
    })
}

/// Whether a chunk begins with the header of a TLS record: SSL 3.0 to TLS 1.3.
fn is_tls(chunk: &Chunk<'_>) -> bool {
    const LONGEST: u16 = 16_384 + 2_048;
    let [20..=23, 3, 0..=4, high, low, ..] = chunk.octets else { return false };
    !chunk.datagram && (1..=LONGEST).contains(&u16::from_be_bytes([*high, *low]))
}

/// A flow of which it is not known yet what it speaks.
#[derive(Debug)]
pub struct Probe {
    /// What its ports say, for want of anything better.
    hint: Option<Service>,
    /// Whether it begins with octets that no message of any protocol begins with.
    foreign: bool,
    kept: Kept,
    trials: Vec<Trial>,
}

/// What came of one more chunk.
#[derive(Debug)]
pub enum Outcome {
    /// It is known what the flow speaks. The chunks kept come before this one.
    Known(Known),
    /// More will tell; the chunk was kept.
    Open,
    /// Nothing that is read.
    Nothing,
}

impl Probe {
    /// What the ports say.
    #[must_use]
    pub const fn hint(&self) -> Option<Service> {
        self.hint
    }

    /// Whether it begins with octets that no message of any protocol begins with, as far as it was
    /// seen.
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// The chunks that came before it was known who reads them.
    #[must_use]
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Takes the next chunk.
    pub fn take(&mut self, flow: &Flow, chunk: &Chunk<'_>, limits: &Limits) -> Outcome {
        if chunk.lost > 0 {
            self.trials.clear();
        }
        let looks = looks(chunk);
        let weak = || if self.trials.is_empty() { weak(flow, &looks) } else { None };
        if let Some(known) = strong(flow, chunk, &looks).or_else(weak) {
            return Outcome::Known(known);
        }
        for (protocol, verdict) in looks {
            let name = protocol.name;
            let on_trial = self.trials.iter().any(|trial| trial.service.protocol.name == name);
            if !on_trial && verdict != Verdict::No {
                self.trials.extend(trials_of(protocol));
            }
        }
        feed(&mut self.trials, chunk);
        if self.trials.is_empty() && self.hint.is_none() && flow.opener.is_none() {
            self.begin_later(chunk);
        }
        if let Some(service) = self.believed(flow) {
            return Outcome::Known(Known::Service(service));
        }
        let (chunks, octets) = self.kept.size(chunk.side);
        let is_full = chunks >= limits.probe_segments
            || octets.saturating_add(chunk.octets.len()) > limits.probe_octets;
        if is_full || (self.hint.is_none() && self.trials.is_empty()) {
            let service = self.last_resort(flow).map(Known::Service);
            return service.map_or(Outcome::Nothing, Outcome::Known);
        }
        self.kept.push(chunk);
        Outcome::Open
    }

    /// Looks for a place in what was kept from which on it makes sense: a flow that was joined may
    /// begin with the rest of a message.
    fn begin_later(&mut self, last: &Chunk<'_>) {
        for first in 1..=self.kept.len() {
            let mut trials: Vec<_> = PROTOCOLS.iter().flat_map(trials_of).collect();
            let rest = self.kept.without(first);
            rest.each(|chunk| feed(&mut trials, chunk));
            feed(&mut trials, last);
            if trials.iter().any(|trial| trial.weight > 0) {
                (self.kept, self.trials) = (rest, trials);
                return;
            }
        }
    }

    /// What to read the flow as, now that nothing more will tell.
    #[must_use]
    pub fn last_resort(&self, flow: &Flow) -> Option<Service> {
        let hinted = |trial: &&Trial| {
            let protocol = self.hint.map(|hint| hint.protocol.name);
            trial.is_enough() || (trial.weight > 0 && protocol == Some(trial.service.protocol.name))
        };
        let best = self.trials.iter().filter(hinted).max_by_key(|trial| {
            let server = trial.service.server;
            let hinted = self.hint.is_some_and(|hint| hint.server == server);
            let has_lower_port = port(flow, server) < port(flow, server.other());
            (trial.rank(flow), hinted, has_lower_port)
        });
        best.map(|trial| trial.service).or(self.hint)
    }

    /// The trial that stands out, if it has shown enough.
    fn believed(&self, flow: &Flow) -> Option<Service> {
        let best = self.trials.iter().max_by_key(|trial| trial.rank(flow))?;
        let rank = best.rank(flow);
        let stands_out = self.trials.iter().filter(|trial| trial.rank(flow) == rank).count() == 1;
        (stands_out && best.is_enough()).then_some(best.service)
    }
}

/// A flow read as if it were this, to see whether it makes sense.
#[derive(Debug)]
struct Trial {
    service: Service,
    dissector: Box<dyn Dissector>,
    /// Whether nothing was found that speaks against it.
    is_sound: bool,
    /// What its messages weigh.
    weight: u32,
    /// Answers to requests that were seen before.
    answers: u32,
    asked: Vec<Exchange>,
}

/// What a request of Modbus and its answer have in common: transaction, unit and function.
type Exchange = (u16, u8, u8);

/// How much makes a trial believed.
const ENOUGH: u32 = 2;

/// Requests remembered in a trial.
const ASKED: usize = 8;

/// A protocol, tried with either side as its server.
fn trials_of(protocol: &'static Protocol) -> [Trial; 2] {
    [Side::A, Side::B].map(|server| Trial::new(Service { protocol, server }))
}

/// Goes on with the trials that still make sense.
fn feed(trials: &mut Vec<Trial>, chunk: &Chunk<'_>) {
    for trial in &mut *trials {
        trial.feed(chunk);
    }
    trials.retain(|trial| trial.is_sound);
}

impl Trial {
    fn new(service: Service) -> Self {
        let dissector = (service.protocol.make)(service.server);
        Self { service, dissector, is_sound: true, weight: 0, answers: 0, asked: Vec::new() }
    }

    fn feed(&mut self, chunk: &Chunk<'_>) {
        let Self { service, dissector, is_sound, weight, answers, asked } = self;
        dissector.feed(chunk, &mut |parsed| {
            *is_sound &= makes_sense(parsed, service.server);
            let Some(message) = parsed.message.as_ref().filter(|_| parsed.error.is_none()) else {
                return;
            };
            *weight = weight.saturating_add(weigh(message));
            let Some((exchange, direction)) = exchange(message) else { return };
            let place = asked.iter().position(|asked| *asked == exchange);
            match (direction, place) {
                (Direction::Response, Some(place)) => {
                    asked.remove(place);
                    *answers = answers.saturating_add(1);
                }
                (Direction::Request, _) if asked.len() < ASKED => asked.push(exchange),
                _ => {}
            }
        });
    }

    const fn is_enough(&self) -> bool {
        self.weight >= ENOUGH || self.answers > 0
    }

    /// How much speaks for it. A message that reads alike in both directions speaks for either;
    /// then who opened the connection does.
    fn rank(&self, flow: &Flow) -> (u32, u32, bool) {
        let called = flow.opener.is_some_and(|opener| opener != self.service.server);
        (self.answers, self.weight, called)
    }
}

/// Whether a find is what a flow of the protocol would have: no damage, and each side in its part.
fn makes_sense(parsed: &Parsed<'_>, server: Side) -> bool {
    let is_from_server = parsed.side == server;
    let is_in_its_part =
        match parsed.message.as_ref().map(|message| crate::describe::kind(message).0) {
            Some(Direction::Request) => !is_from_server,
            Some(Direction::Response | Direction::Unsolicited) => is_from_server,
            Some(Direction::Link) => true,
            None => false,
        };
    let is_read = parsed.error.is_none_or(|error| error.kind() == Kind::Unsupported);
    is_in_its_part && is_read && !parsed.uncertain
}

/// What a message weighs. One of DNP3 has at least two CRCs in it; one of Modbus/TCP that has a
/// function code and nothing else weighs nothing.
fn weigh(message: &Message<'_>) -> u32 {
    match message {
        Message::Dnp3(_) => ENOUGH,
        Message::Modbus(adu) => {
            let is_bare = matches!(adu.body, Body::Request(Request::Bare));
            u32::from(!is_bare || adu.framing == Framing::Rtu)
        }
    }
}

fn exchange(message: &Message<'_>) -> Option<(Exchange, Direction)> {
    let Message::Modbus(adu) = message else { return None };
    let number = match adu.framing {
        Framing::Tcp { transaction } => transaction,
        Framing::Rtu => 0,
    };
    Some(((number, adu.unit, adu.function.code()), adu.direction))
}
