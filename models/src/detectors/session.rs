//! `session`: a host that has more connections at once than it ever had.
//!
//! *Sees*: requests of a client to a server over one connection, and, before and after, over others that go on
//! being used: a connection beside the client's own (kind `second-connection`). Whoever takes the addresses of a master
//! cannot go on in its TCP session unnoticed, and has to open one of his own while the master polls on. Told of
//! the first command over the newest of them, or of its first request, as soon as the others are used again; of commands that
//! follow in it, at once, and once in five minutes. Surprise is of more connections at once, among all requests of that
//! client to that server.
//! A client that opens a new connection when its old one is over uses one at a time, however the old one
//! ended.
//! *Blind to*: clients that open a connection for each request, or ever used as many; who first ends the client's connection,
//! by a reset or by opening one from the same port, and is done before the client opens the next; a client that is
//! silenced, for then the other one is alone (`silence`); what is put into a session (`conformance`). Which of two
//! connections is the intruder's is not known: the newer one is told of.
//! *State*: of the pairs of hosts that talk, at most [`PAIRS`] (all are forgotten then), the eight connections that were
//! used last: when first and last, and, of those that were opened beside another, one request.

use foldhash::HashMap;

use super::GOES_ON_NS;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Attempt, Connection, Event, Stage};
use crate::ledger::{Ledger, Observation, Pair};
use crate::limits::CONNECTIONS_AT_ONCE;
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "session";

/// Pairs of hosts that are remembered.
const PAIRS: usize = 4_096;

/// Judges how many connections a client uses at once.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    talks: HashMap<Pair, Talk>,
    /// What the event that was observed last shows.
    shown: Option<Shown>,
}

/// What a client says to a server.
#[derive(Debug, Default)]
struct Talk {
    /// Requests so far: the clock of what follows. Who has a wrong clock, or none, is still in order.
    requests: u64,
    used: Vec<Used>,
}

/// A connection that was used.
#[derive(Debug)]
struct Used {
    connection: Connection,
    first: u64,
    last: u64,
    /// Its first command, or else its first request, if another connection was there before.
    about: Option<Box<Event>>,
    told_ns: Option<u64>,
}

/// Connections at once, as they showed.
#[derive(Clone, Copy, Debug)]
struct Shown {
    /// How many.
    many: u8,
    /// The newest of them, and another.
    newest: Connection,
    other: Connection,
}

impl Detector for Sessions {
    fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        self.shown = None;
        let pair = event.conversation.pair();
        match event.stage {
            Stage::Attempted(Attempt::Opening) => {
                if let Some(talk) = self.talks.get_mut(&pair) {
                    // The old connection of these ports is over.
                    talk.used.retain(|used| used.connection != event.connection);
                }
            }
            Stage::Requested => {
                if self.talks.len() >= PAIRS && !self.talks.contains_key(&pair) {
                    self.talks.clear();
                }
                self.shown = self.talks.entry(pair).or_default().requested(event);
                if let Some(Shown { many: connections, .. }) = self.shown {
                    note(Observation::AtOnce { pair, connections, time_ns: event.time_ns });
                }
            }
            Stage::Ended { .. } | Stage::Reported | Stage::Noticed | Stage::Attempted(_) => {}
        }
    }

    fn go_live(&mut self) {
        for used in self.talks.values_mut().flat_map(|talk| &mut talk.used) {
            used.told_ns = None;
        }
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let Some(shown) = self.shown else { return };
        let pair = event.conversation.pair();
        if ledger.at_once(&pair).any(|(many, _)| many >= shown.many) {
            return;
        }
        let Some(talk) = self.talks.get_mut(&pair) else { return };
        let newest = talk.used.iter_mut().find(|used| used.connection == shown.newest);
        let Some(about) = newest.and_then(|used| used.due(event)) else { return };
        let requests = ledger.requests_of(&pair);
        let known = ledger.at_once(&pair).last().map_or(1, |(many, _)| many);
        let surprise = surprise::bits(Context { events: requests, distinct: known.into() }.novel());
        if surprise >= FLOOR {
            found(finding(&pair, shown, about, surprise, (known, requests)));
        }
    }
}

impl Talk {
    /// Takes a request, and says how many connections it shows to be used at once, if more than one.
    fn requested(&mut self, event: &Event) -> Option<Shown> {
        self.requests = self.requests.saturating_add(1);
        let now = self.requests;
        let beside = !self.used.is_empty();
        let at = self.used.iter().position(|used| used.connection == event.connection);
        let Some(used) = at.and_then(|at| self.used.get_mut(at)) else {
            if self.used.len() >= CONNECTIONS_AT_ONCE.into() {
                // One that was used once is no session: many of those push no other out.
                let oldest = self.used.iter().map(|used| (used.first < used.last, used.last)).min();
                self.used.retain(|used| oldest.is_none_or(|(_, last)| used.last != last));
            }
            self.used.push(Used {
                connection: event.connection,
                first: now,
                last: now,
                about: beside.then(|| Box::new(event.kept())),
                told_ns: None,
            });
            return None;
        };
        let before = core::mem::replace(&mut used.last, now);
        let commands = event.intent.commands();
        if commands && used.about.as_ref().is_some_and(|about| !about.intent.commands()) {
            used.about = Some(Box::new(event.kept()));
        }
        // Whatever was used since then was used beside this one. Of others, the last use is when it was
        // still open for certain.
        let since = self.used.iter().filter(|used| (before + 1..now).contains(&used.last));
        since.filter_map(|used| self.at(used.last)).max_by_key(|shown| shown.many)
    }

    /// The connections that were open at the time of a request.
    fn at(&self, request: u64) -> Option<Shown> {
        let open = self.used.iter().filter(|used| (used.first..=used.last).contains(&request));
        let newest = open.clone().max_by_key(|used| used.first)?;
        let oldest = open.clone().min_by_key(|used| used.first)?;
        let many = u8::try_from(open.count()).unwrap_or(u8::MAX);
        let (newest, other) = (newest.connection, oldest.connection);
        (many > 1).then_some(Shown { many, newest, other })
    }
}

impl Used {
    /// The act to tell of now, if any.
    fn due(&mut self, event: &Event) -> Option<Box<Event>> {
        let about = match self.told_ns {
            None => self.about.clone(),
            Some(told_ns) => {
                let commands = event.connection == self.connection && event.intent.commands();
                let again = commands && event.time_ns.abs_diff(told_ns) >= GOES_ON_NS;
                again.then(|| Box::new(event.kept()))
            }
        }?;
        self.told_ns = Some(event.time_ns);
        Some(about)
    }
}

fn finding(
    pair: &Pair,
    shown: Shown,
    about: Box<Event>,
    surprise: Bits,
    (known, requests): (u8, u64),
) -> Finding {
    let Connection { client_port, server_port } = shown.newest;
    let Shown { many, other, .. } = shown;
    Finding {
        detector: NAME,
        kind: "second-connection",
        surprise,
        hard: false,
        actor: None,
        because: format!(
            "{} uses a connection to {} (its port {client_port} to port {server_port}) beside the one from its port \
             {} that it goes on using: {} at once; in {} of the baseline it was never seen to use more than {known}",
            pair.client,
            pair.server,
            other.client_port,
            counted(many.into(), "connection"),
            counted(requests, "request"),
        ),
        normal_if: format!("baseline lists at_once {pair} connections {many}"),
        about: Some(about),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Intent, Value};
    use crate::samples::{later, learned, request, write};

    /// A poll over the connection from a port of the client.
    fn poll(client_port: u16) -> Event {
        Event { connection: Connection { client_port, server_port: 502 }, ..request(5, 9) }
    }

    fn command(client_port: u16) -> Event {
        write(&poll(client_port), 40, Value::Number(1.0))
    }

    fn opening(client_port: u16) -> Event {
        Event { stage: Stage::Attempted(Attempt::Opening), ..poll(client_port) }
    }

    /// What is found in events, a minute apart, after those were learned.
    fn told(before: &[Event], events: &[Event]) -> Vec<Finding> {
        let (mut detector, mut findings) = (Sessions::default(), Vec::new());
        let mut ledger = learned((0..2_000).map(|_| poll(1)));
        for event in before {
            detector.observe(event, &mut |seen| ledger.note(&seen));
        }
        detector.go_live();
        for (minute, event) in events.iter().enumerate() {
            let event = later(event.clone(), minute.try_into().unwrap());
            detector.observe(&event, &mut |_| {});
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn a_command_over_a_connection_beside_the_masters_own_is_told() {
        let findings = told(&[], &[poll(1), poll(2), command(2), poll(1), poll(1), poll(1)]);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        let about = finding.about.as_deref().unwrap();
        assert_eq!((about.intent, about.connection.client_port), (Intent::Write, 2));
        assert!(finding.surprise.0 > 10.0, "{finding:?}");
        assert_eq!(
            finding.because,
            "10.0.0.5 uses a connection to 10.0.0.9 (its port 2 to port 502) beside the one from its \
             port 1 that it goes on using: 2 connections at once; in 2,000 requests of the baseline it \
             was never seen to use more than 1"
        );
        assert_eq!(
            finding.normal_if,
            "baseline lists at_once modbus 10.0.0.5 -> 10.0.0.9 connections 2"
        );
    }

    #[test]
    fn who_leaves_a_connection_for_a_new_one_uses_one_at_a_time() {
        let events = [poll(1), poll(1), poll(2), poll(2), command(2), poll(3), poll(3)];
        assert_eq!(told(&[], &events), []);
        let ports_again = [poll(1), poll(2), poll(2), opening(1), poll(1), poll(1)];
        assert_eq!(told(&[], &ports_again), [], "a port that is used again is another connection");
    }

    #[test]
    fn what_was_learned_is_usual_and_one_more_is_not() {
        let two = [poll(1), poll(2), poll(1), poll(2)];
        assert_eq!(told(&two, &two), []);
        let findings = told(&two, &[poll(1), command(3), poll(2), poll(1), poll(2)]);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.because.contains("3 connections at once"), "{finding:?}");
        assert_eq!(finding.about.as_deref().map(|it| it.connection.client_port), Some(3));
    }

    #[test]
    fn many_connections_of_one_request_push_no_session_out() {
        let mut events = vec![poll(1), poll(1)];
        events.extend((10..30).map(command));
        events.push(poll(1));
        assert_eq!(told(&[], &events).len(), 1);
    }

    #[test]
    fn commands_that_follow_are_told_once_in_five_minutes() {
        let mut events = vec![poll(1)];
        for _ in 0..20 {
            events.extend([command(2), poll(1)]);
        }
        let findings = told(&[], &events);
        assert_eq!(findings.len(), 7, "{findings:?}");
    }

    #[test]
    fn what_was_told_while_learning_is_told_again_when_judging_begins() {
        let ledger = learned((0..2_000).map(|_| poll(1)));
        let (mut detector, mut found) = (Sessions::default(), 0);
        let mut hear = |detector: &mut Sessions, event: Event| {
            detector.observe(&event, &mut |_| {});
            detector.judge(&ledger, &event, &mut |_| found += 1);
            found
        };
        let heard = [poll(1), command(2), poll(1)].map(|event| hear(&mut detector, event));
        detector.go_live();
        let again = [poll(2), poll(1)].map(|event| hear(&mut detector, event));
        assert_eq!((heard, again), ([0, 0, 1], [2, 2]));
    }

    #[test]
    fn connections_of_a_pair_are_bounded() {
        let (mut detector, mut most) = (Sessions::default(), 0);
        for port in 1..1_000 {
            for event in [poll(port), poll(port.saturating_sub(3)), poll(port)] {
                detector.observe(&event, &mut |seen| {
                    let Observation::AtOnce { connections, .. } = seen else { panic!() };
                    most = most.max(connections);
                });
            }
        }
        assert_eq!(most, 4);
        let [talk] = &detector.talks.values().collect::<Vec<_>>()[..] else { panic!() };
        assert!(talk.used.len() <= CONNECTIONS_AT_ONCE.into(), "{talk:?}");
    }
}
