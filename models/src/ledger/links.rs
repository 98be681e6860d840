//! Who speaks with what on the link: frames that keep a link alive, test or reset it, and ask for nothing.

use super::store::Ledger;
use super::tally::Tally;
use crate::event::{Conversation, Event};
use crate::limits::{LINKS, Limit};

impl Ledger {
    /// How often a master and an outstation spoke on the link: once a flow, for each that began to.
    #[must_use]
    pub fn link(&self, conversation: &Conversation) -> Option<&Tally> {
        self.facts.links.get(conversation)
    }

    /// Whether a master and an outstation speak at all, be it on the link alone.
    #[must_use]
    pub fn speaks(&self, conversation: &Conversation) -> bool {
        self.facts.conversations.contains_key(conversation)
            || self.facts.links.contains_key(conversation)
    }

    /// No act: neither what is asked for nor how much was learned changes by it. It is learned beside
    /// the acts of a conversation as well, for which of them comes first is chance.
    pub(crate) fn learn_link(&mut self, event: &Event) {
        let conversation = event.conversation;
        if let Some(tally) = self.facts.links.get_mut(&conversation) {
            tally.add(event.time_ns);
        } else if self.facts.links.len() < LINKS {
            self.facts.links.insert(conversation, Tally::once(event.time_ns));
            self.index.pairs.insert(conversation.pair());
        } else {
            self.facts.refuse(Limit::Links, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Attempt, Intent, Stage, Switch};
    use crate::samples::{breaker, later, learned};

    fn link(unit: u16) -> Event {
        let mut event = breaker(Switch::Nul, Intent::Session, 9, "the link status");
        event.stage = Stage::Attempted(Attempt::Link);
        event.conversation.unit = unit;
        event.targets.clear();
        event
    }

    #[test]
    fn links_are_counted_written_and_merged_and_are_no_acts() {
        let both = learned([link(10), later(link(10), 20), later(link(11), 20)]);
        let mut early = learned([link(10)]);
        early.merge(&learned([later(link(11), 20), later(link(10), 20)])).unwrap();
        assert_eq!(early.to_text(), both.to_text());
        let text = both.to_text();
        let line = "\nlink dnp3 10.0.0.5 master 1 -> 10.0.0.20 outstation 10 acts 2 first 2023-11-14T22:13";
        assert!(text.contains(line), "{text}");
        assert_eq!(Ledger::from_text(&text), Ok(both.clone()));
        assert!(both.show().contains("spoken on the link\n  dnp3 10.0.0.5 master 1 -> 10.0.0.20"));
        assert!(both.is_empty() && both.counts().acts == 0);
        assert!(both.speaks(&link(11).conversation) && !both.speaks(&link(12).conversation));
        assert!(both.connects(&link(12).conversation.pair()), "the hosts are a pair");
        assert!(Ledger::from_text(&text).unwrap().connects(&link(12).conversation.pair()));
    }

    #[test]
    fn links_are_bounded_and_what_came_first_stays() {
        let mut ledger = Ledger::default();
        for n in 0..u16::try_from(LINKS).unwrap() + 50 {
            let event = link(n);
            ledger.learn(&Event { time_ns: event.time_ns + u64::from(n), ..event });
        }
        assert_eq!(ledger.facts.links.len(), LINKS);
        assert_eq!(ledger.limits_reached().collect::<Vec<_>>(), [(Limit::Links, 50)]);
        let mut more = learned([link(20_000)]);
        let digest = crate::ledger::Digest::of("another");
        let capture = crate::ledger::Capture { digest, first_ns: 1, last_ns: 1, packets: 1 };
        more.add_capture(capture).unwrap();
        more.merge(&ledger).unwrap();
        assert_eq!(more.facts.links.len(), LINKS);
        assert!(more.link(&link(20_000).conversation).is_some());
    }
}
