//! How many connections a client uses to a server at once.

use super::attempts::Pair;
use super::store::{Ledger, sorted};
use super::tally::Tally;
use crate::limits::{AT_ONCE, CONNECTIONS_AT_ONCE, Limit};

impl Ledger {
    /// How many connections a client used to a server at once, wherever they were two or more, and how often that
    /// showed: at most [`CONNECTIONS_AT_ONCE`], for more count as so many.
    pub fn at_once(&self, pair: &Pair) -> impl Iterator<Item = (u8, &Tally)> {
        let known = |connections| self.facts.at_once.get(&(*pair, connections));
        let all = (2..=CONNECTIONS_AT_ONCE).map(move |many| Some((many, known(many)?)));
        all.flatten()
    }

    /// The same of all pairs, sorted.
    pub(crate) fn all_at_once(&self) -> impl Iterator<Item = (Pair, u8, &Tally)> {
        sorted(&self.facts.at_once).into_iter().map(|((pair, many), tally)| (*pair, *many, tally))
    }

    /// How often a client asked a server for anything. Looks at all conversations.
    #[must_use]
    pub fn requests_of(&self, pair: &Pair) -> u64 {
        let ours = self.facts.conversations.iter().filter(|(it, _)| it.pair() == *pair);
        ours.map(|(_, record)| record.tally.count()).fold(0, u64::saturating_add)
    }

    pub(super) fn learn_at_once(&mut self, key: (Pair, u8), time_ns: u64) {
        if let Some(tally) = self.facts.at_once.get_mut(&key) {
            tally.add(time_ns);
        } else if self.facts.at_once.len() < AT_ONCE {
            self.facts.at_once.insert(key, Tally::once(time_ns));
        } else {
            self.facts.refuse(Limit::Connections, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Capture, Digest, Observation};
    use crate::samples::{START_NS, request};

    fn noted(client: u8, connections: u8, times: &[u64]) -> Ledger {
        let mut ledger = Ledger::default();
        let pair = request(client, 9).conversation.pair();
        for second in times {
            let time_ns = START_NS + second * 1_000_000_000;
            ledger.note(&Observation::AtOnce { pair, connections, time_ns });
        }
        ledger
    }

    #[test]
    fn connections_at_once_are_counted_written_and_merged() {
        let mut both = noted(5, 2, &[1, 20, 40]);
        let late = noted(5, 2, &[40]);
        let mut early = noted(5, 2, &[20, 1]);
        early.merge(&late).unwrap();
        assert_eq!(early.to_text(), both.to_text());
        let text = both.to_text();
        let line =
            "\nat_once modbus 10.0.0.5 -> 10.0.0.9 connections 2 acts 3 first 2023-11-14T22:13:21";
        assert!(text.contains(line), "{text}");
        assert_eq!(Ledger::from_text(&text), Ok(both.clone()));
        assert!(
            both.show().contains("  modbus 10.0.0.5 -> 10.0.0.9, 2 connections"),
            "{}",
            both.show()
        );
        both.learn(&request(5, 9));
        let pair = request(5, 9).conversation.pair();
        let known: Vec<_> =
            both.at_once(&pair).map(|(many, tally)| (many, tally.count())).collect();
        assert_eq!((known, both.requests_of(&pair)), (vec![(2, 3)], 1));
        assert_eq!(both.at_once(&request(6, 9).conversation.pair()).count(), 0);
    }

    #[test]
    fn they_are_bounded_and_what_came_first_stays() {
        let mut ledger = Ledger::default();
        let at = |server: usize| {
            let mut pair = request(5, 9).conversation.pair();
            let server = u32::try_from(server).unwrap();
            pair.server = std::net::Ipv4Addr::from(server).into();
            let time_ns = START_NS + u64::from(server);
            Observation::AtOnce { pair, connections: 2, time_ns }
        };
        (0..AT_ONCE + 50).for_each(|n| ledger.note(&at(n)));
        assert_eq!(ledger.facts.at_once.len(), AT_ONCE);
        assert_eq!(ledger.limits_reached().collect::<Vec<_>>(), [(Limit::Connections, 50)]);
        let mut more = noted(7, 3, &[0]);
        let digest = Digest::of("another");
        more.add_capture(Capture { digest, first_ns: 1, last_ns: 1, packets: 1 }).unwrap();
        more.merge(&ledger).unwrap();
        assert_eq!(more.facts.at_once.len(), AT_ONCE);
        assert_eq!(more.at_once(&request(7, 9).conversation.pair()).count(), 1);
    }
}
