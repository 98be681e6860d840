//! Who asks whom for connections, and what comes of it.

use core::fmt;
use std::net::IpAddr;

use super::store::Ledger;
use super::tally::Tally;
use crate::event::{Attempt, Conversation, Event, Protocol};
use crate::limits::{ATTEMPTS, Limit};

/// A host that asks another for connections, at a port of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// The protocol.
    pub protocol: Protocol,
    /// Who asks.
    pub client: IpAddr,
    /// Who is asked.
    pub server: IpAddr,
}

/// `modbus 10.0.0.5 -> 10.0.0.9`.
impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.protocol, self.client, self.server)
    }
}

impl Conversation {
    /// The two hosts.
    #[must_use]
    pub const fn pair(&self) -> Pair {
        Pair { protocol: self.protocol, client: self.client, server: self.server }
    }
}

/// What was learned of the connections that a host asks another for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    pub(crate) tally: Tally,
    pub(crate) refused: u64,
    pub(crate) silent: u64,
}

impl AttemptRecord {
    /// How often it asked.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How often the other host refused, and how often it said nothing.
    #[must_use]
    pub const fn in_vain(&self) -> (u64, u64) {
        (self.refused, self.silent)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.refused = self.refused.saturating_add(other.refused);
        self.silent = self.silent.saturating_add(other.silent);
    }
}

/// `refused 0 silent 2 acts 3 first …`.
impl fmt::Display for AttemptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused {} silent {} {}", self.refused, self.silent, self.tally)
    }
}

impl Ledger {
    /// What was learned of the connections that one host asks the other for.
    #[must_use]
    pub fn attempts(&self, pair: &Pair) -> Option<&AttemptRecord> {
        self.facts.attempts.get(pair)
    }

    /// Whether a host serves anybody, or asks anybody for anything.
    #[must_use]
    pub fn knows(&self, host: &IpAddr) -> bool {
        self.serves(host) || self.client(host).is_some()
    }

    /// Whether one host asks the other for connections and gets them, or for anything over those that
    /// were there before, be it on the link alone.
    ///
    /// Who asked in vain each time is known only if it asks others for something: a master goes on asking for a
    /// device that is gone, and a scan that was learned is still one.
    #[must_use]
    pub fn connects(&self, pair: &Pair) -> bool {
        let gets = |record: &AttemptRecord| {
            let in_vain = record.refused.saturating_add(record.silent);
            record.tally.count() > in_vain || self.client(&pair.client).is_some()
        };
        self.index.pairs.contains(pair) || self.facts.attempts.get(pair).is_some_and(gets)
    }

    pub(crate) fn learn_attempt(&mut self, event: &Event, attempt: Attempt) {
        let pair = event.conversation.pair();
        let room = self.facts.attempts.len() < ATTEMPTS;
        let known = self.facts.attempts.get_mut(&pair);
        match (attempt, known) {
            (Attempt::Opening, Some(record)) => record.tally.add(event.time_ns),
            (Attempt::Opening, None) if room => {
                let tally = Tally::once(event.time_ns);
                self.facts.attempts.insert(pair, AttemptRecord { tally, refused: 0, silent: 0 });
            }
            (Attempt::Opening, None) => self.facts.refuse(Limit::Attempts, 1),
            (Attempt::Refused, Some(record)) => {
                record.refused = record.refused.saturating_add(1);
            }
            (Attempt::Silent, Some(record)) => record.silent = record.silent.saturating_add(1),
            // It was asked for before the capture began, or there was no room for it.
            // Of links there is a line for each conversation.
            (Attempt::Refused | Attempt::Silent, None) | (Attempt::Link, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Stage;
    use crate::ledger::{Capture, Digest};
    use crate::samples::{START_NS, later, request};

    fn attempt(client: u8, server: u8, attempt: Attempt) -> Event {
        let mut event = Event { stage: Stage::Attempted(attempt), ..request(client, server) };
        event.conversation.unit = 0;
        event
    }

    #[test]
    fn connections_asked_for_are_counted_written_and_merged() {
        let mut early = Ledger::default();
        early.learn(&attempt(5, 9, Attempt::Silent));
        early.learn(&attempt(5, 9, Attempt::Opening));
        early.learn(&attempt(5, 9, Attempt::Refused));
        let mut late = Ledger::default();
        late.learn(&later(attempt(5, 9, Attempt::Opening), 20));
        late.learn(&later(attempt(5, 9, Attempt::Silent), 20));
        late.learn(&later(attempt(6, 9, Attempt::Opening), 20));
        early.merge(&late).unwrap();
        let pair = attempt(5, 9, Attempt::Opening).conversation.pair();
        let record = early.attempts(&pair).unwrap();
        assert_eq!((record.tally().count(), record.in_vain()), (2, (1, 1)));
        let text = early.to_text();
        let line = "\nattempts modbus 10.0.0.5 -> 10.0.0.9 refused 1 silent 1 acts 2 first 2023-11-14T22:13";
        assert!(text.contains(line), "{text}");
        assert_eq!(Ledger::from_text(&text), Ok(early.clone()));
        assert!(early.show().contains("connections asked for\n  modbus 10.0.0.5 -> 10.0.0.9"));
        assert!(early.is_empty(), "nothing was said over them");
    }

    #[test]
    fn who_speaks_over_a_connection_that_was_there_before_connects() {
        let mut ledger = Ledger::default();
        ledger.learn(&request(5, 9));
        let connects =
            |client, server| ledger.connects(&request(client, server).conversation.pair());
        assert!(connects(5, 9) && !connects(6, 9) && !connects(9, 5));
        assert!(ledger.knows(&[10, 0, 0, 9].into()) && !ledger.knows(&[10, 0, 0, 6].into()));
    }

    #[test]
    fn who_asked_in_vain_each_time_is_known_only_if_it_asks_others() {
        let mut ledger = Ledger::default();
        ledger.learn(&request(5, 9));
        for (client, what) in [(5, Attempt::Silent), (6, Attempt::Refused)] {
            ledger.learn(&attempt(client, 8, Attempt::Opening));
            ledger.learn(&attempt(client, 8, what));
        }
        let connects = |ledger: &Ledger, client| {
            ledger.connects(&attempt(client, 8, Attempt::Opening).conversation.pair())
        };
        assert!(connects(&ledger, 5), "a master goes on asking for a device that is gone");
        assert!(!connects(&ledger, 6));
        ledger.learn(&attempt(6, 8, Attempt::Opening));
        assert!(connects(&ledger, 6), "once it got one");
    }

    #[test]
    fn pairs_are_bounded_and_what_came_first_stays() {
        let mut ledger = Ledger::default();
        for n in 0..u32::try_from(ATTEMPTS).unwrap() + 50 {
            let mut event = attempt(5, 9, Attempt::Opening);
            event.time_ns += u64::from(n);
            event.conversation.client = IpAddr::from(n.to_be_bytes());
            ledger.learn(&event);
        }
        assert_eq!(ledger.facts.attempts.len(), ATTEMPTS);
        assert_eq!(ledger.limits_reached().collect::<Vec<_>>(), [(Limit::Attempts, 50)]);
        let mut more = Ledger::default();
        let digest = Digest::of("another");
        more.add_capture(Capture { digest, first_ns: START_NS, last_ns: START_NS, packets: 1 })
            .unwrap();
        more.learn(&Event { time_ns: START_NS - 1, ..attempt(7, 9, Attempt::Opening) });
        more.merge(&ledger).unwrap();
        assert_eq!(more.facts.attempts.len(), ATTEMPTS);
        assert!(more.attempts(&attempt(7, 9, Attempt::Opening).conversation.pair()).is_some());
    }
}
