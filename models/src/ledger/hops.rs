//! How many hops the packets of a host have left.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::store::Ledger;
use super::tally::Tally;
use crate::event::Event;
use crate::limits::{HOPS, HOPS_A_HOST, Limit};

impl Event {
    /// The two hosts with the hops that their packets had left, where that was seen.
    pub fn hops(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        let ends = [
            (self.conversation.client, self.client_hops),
            (self.conversation.server, self.server_hops),
        ];
        ends.into_iter().filter_map(|(host, hops)| Some((host, hops?)))
    }
}

impl Ledger {
    /// How many hops packets of a host had left, sorted.
    #[must_use]
    pub fn hops(&self, host: &IpAddr) -> Option<&BTreeMap<u8, Tally>> {
        self.facts.hops.get(host)
    }

    pub(crate) fn learn_hops(&mut self, event: &Event) {
        for (host, hops) in event.hops() {
            let known = self.facts.hops.get_mut(&host);
            let many = known.as_ref().map_or(0, |known| known.len());
            if let Some(tally) = known.and_then(|known| known.get_mut(&hops)) {
                tally.add(event.time_ns);
            } else if many < HOPS_A_HOST && self.index.hops_learned < HOPS {
                self.index.hops_learned += 1;
                let known = self.facts.hops.entry(host).or_default();
                known.insert(hops, Tally::once(event.time_ns));
            } else {
                self.facts.refuse(Limit::Hops, 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{later, request};

    fn poll(hops: u8) -> Event {
        Event { client_hops: Some(hops), ..request(5, 9) }
    }

    #[test]
    fn hops_are_counted_written_shown_and_merged() {
        let (mut ours, mut theirs) = (Ledger::default(), Ledger::default());
        ours.learn(&poll(64));
        theirs.learn(&later(poll(64), 1));
        theirs.learn(&later(poll(63), 2));
        ours.merge(&theirs).unwrap();
        let text = ours.to_text();
        assert!(text.contains("\nhops 10.0.0.5 63 acts 1 first"), "{text}");
        assert!(text.contains("\nhops 10.0.0.5 64 acts 2 first"), "{text}");
        assert_eq!(Ledger::from_text(&text), Ok(ours.clone()));
        assert!(ours.show().contains("  10.0.0.5 hops 64"), "{}", ours.show());
    }

    #[test]
    fn hops_of_a_host_are_bounded_and_what_came_first_stays() {
        let (mut ours, mut theirs) = (Ledger::default(), Ledger::default());
        (0..=99).for_each(|hops| ours.learn(&later(poll(hops), u64::from(hops))));
        (100..=200).for_each(|hops| theirs.learn(&later(poll(hops), u64::from(hops))));
        theirs.merge(&ours).unwrap();
        let known = theirs.hops(&[10, 0, 0, 5].into()).unwrap();
        let first: Vec<u8> = (0..=255).take(HOPS_A_HOST).collect();
        assert_eq!(known.keys().copied().collect::<Vec<_>>(), first);
        let refused = theirs.limits_reached().collect::<Vec<_>>();
        let learned_first = u64::try_from(HOPS_A_HOST).unwrap();
        assert_eq!(refused, [(Limit::Hops, 201 - learned_first)]);
    }
}
