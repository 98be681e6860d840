//! What reads a flow: a protocol's dissector, a probe, or nothing that could see into it.

use gridtap_models::event::{Attempt, Event};
use gridtap_parsers::{Chunk, Dissector, PROTOCOLS, Protocol, Side};

use super::tap::Tap;
use super::work::{Work, add};
use crate::decode::At;
use crate::describe::{Describer, Numbered, RequestNote};
use crate::flow::{Conflict, Flow, Opening, PARTITIONS, Reader, Then};
use crate::magic;
use crate::probe::{self, First, Known, Outcome, Probe, Service};

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
pub(super) struct Described {
    pub(super) protocol: &'static Protocol,
    /// The protocol's place in [`PROTOCOLS`].
    pub(super) nth: usize,
    /// The side that serves.
    pub(super) server: Side,
    pub(super) describer: Describer,
    /// Whether any message was found in it.
    pub(super) found: bool,
    /// Whether it begins with octets that no message begins with.
    pub(super) foreign: bool,
}

impl<T: Tap> Reader for Work<T> {
    type State = App;

    fn open(&mut self, flow: &Flow, chunk: &Chunk<'_>) -> Opening<App> {
        match probe::first(flow, chunk) {
            First::Known(Known::Service(service)) => {
                Opening::Read(App::Read(self.read(flow, service)))
            }
            First::Known(Known::Encrypted(protocol)) => {
                if !protocol.secure_ports.iter().any(|port| flow.has_port(*port)) {
                    self.other_protocol(flow, magic::TLS);
                }
                add(self.counters.encrypted_flows.entry(protocol.name).or_default(), 1);
                Opening::Read(App::Encrypted(protocol))
            }
            First::Probe(probe) => {
                if chunk.offset == 0
                    && let Some(name) = magic::looks_like(chunk.octets)
                {
                    self.other_protocol(flow, name);
                }
                self.probe(flow, probe)
            }
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

    fn conflict(&mut self, flow: &Flow, app: &mut App, conflict: &Conflict, at: &At) {
        // Of a flow of which it is not known yet what it speaks, or that cannot be seen into, they
        // are counted alone.
        let App::Read(reading) = app else { return };
        self.conflict(flow, &reading.described, conflict, at);
    }

    fn attempt(&mut self, flow: &Flow, attempt: Attempt, at: &At) -> bool {
        let service = probe::called(flow);
        if let Some(service) = service {
            self.attempted(flow, service, attempt, at);
        }
        service.is_some()
    }

    fn due_ns(&self, app: &App) -> Option<u64> {
        let App::Read(reading) = app else { return None };
        reading.described.describer.due_ns(&self.patience)
    }

    fn due(&mut self, _: &Flow, app: &mut App, at: &At) {
        let App::Read(reading) = app else { return };
        let Self { tap, out, counters, patience, next, .. } = self;
        let mut event = |event: Event, unanswered: Option<&RequestNote>| {
            if let Some(request) = unanswered {
                tap.unanswered(request, event.place, out);
            }
            tap.event(event, out);
        };
        let mut numbered =
            Numbered { next, pushed_out: &mut counters.pending_requests, out: &mut event };
        reading.described.describer.give_up(at.time_ns, patience, &mut numbered);
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
            if described.foreign && flow.lost_octets() == 0 {
                self.other_protocol(flow, magic::UNKNOWN);
            }
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

impl<T: Tap> Work<T> {
    /// Begins to read a flow.
    fn read(&mut self, flow: &Flow, service: Service) -> Box<Reading> {
        let Service { protocol, server } = service;
        if !protocol.ports.contains(&flow.endpoint(server).address.port()) {
            add(self.counters.found_flows.entry(protocol.name).or_default(), 1);
        }
        let nth = PROTOCOLS.iter().position(|row| row.name == protocol.name).unwrap_or_default();
        let described = Described {
            protocol,
            nth,
            server,
            describer: Describer::default(),
            found: false,
            foreign: false,
        };
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
                reading.described.foreign = probe.is_foreign();
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
