//! Who may stand in for whom: a part of `conversation`.
//!
//! A client that is new to a device stands in for one of the baseline while it reads what that one's
//! device is read for, and that one, heard before, has asked nobody for longer than its period. It goes
//! on to do so for the other devices of that client, and for a minute after the other came back.
//! A stand-in that configures or commands is none: that is for people to see.
//! *State*: when each client of the ledger asked last, and who stands in for whom, at most
//! [`STAND_INS`]; beyond, all are forgotten and must show themselves anew.

use std::net::IpAddr;

use foldhash::HashMap;

use crate::event::{Conversation, Event};
use crate::ledger::{Ledger, Pattern};

/// Stand-ins that are remembered.
const STAND_INS: usize = 1_024;

/// How long both may ask once the one that was silent is back: a minute.
const HANDOVER_NS: u64 = 60_000_000_000;

/// Keeps track of who is silent, and of who took over.
#[derive(Debug, Default)]
pub(super) struct Standby {
    asked_ns: HashMap<IpAddr, u64>,
    stand_ins: HashMap<IpAddr, StandIn>,
}

/// Whom a client stands in for.
#[derive(Clone, Copy, Debug)]
struct StandIn {
    client: IpAddr,
    since_ns: u64,
    /// When the other was seen to be back.
    back_ns: Option<u64>,
}

/// What a request that belongs to no conversation of the ledger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It stands in for nobody.
    Not,
    /// It begins to stand in for this client, which asked nobody for so many nanoseconds.
    First(IpAddr, u64),
    /// It goes on to do so.
    Again,
}

impl Standby {
    /// Takes note of a request of a client of the ledger.
    pub(super) fn note(&mut self, event: &Event) {
        self.asked_ns.insert(event.conversation.client, event.time_ns);
    }

    /// What a request is that belongs to no conversation of the ledger.
    pub(super) fn stands(&mut self, ledger: &Ledger, event: &Event) -> Stands {
        if !ledger.reads_as_usual(event) {
            return Stands::Not;
        }
        let stand_in = event.conversation.client;
        if let Some(known) = self.stand_ins.get_mut(&stand_in)
            && polls(ledger, known.client, event).is_some()
            && known.goes_on(self.asked_ns.get(&known.client).copied(), event.time_ns)
        {
            return Stands::Again;
        }
        let silent = self.asked_ns.iter().filter_map(|(client, asked_ns)| {
            let silent_ns = event.time_ns.saturating_sub(*asked_ns);
            let pattern = polls(ledger, *client, event)?;
            (*client != stand_in && silent_ns > pattern.period_ns).then_some((*client, silent_ns))
        });
        let Some((client, silent_ns)) = silent.min() else { return Stands::Not };
        if self.stand_ins.len() >= STAND_INS {
            self.stand_ins.clear();
        }
        let new = StandIn { client, since_ns: event.time_ns, back_ns: None };
        self.stand_ins.insert(stand_in, new);
        Stands::First(client, silent_ns)
    }
}

impl StandIn {
    /// Whether the other is silent still, or came back within the last minute.
    fn goes_on(&mut self, asked_ns: Option<u64>, now_ns: u64) -> bool {
        if asked_ns.is_some_and(|asked_ns| asked_ns > self.since_ns) {
            let back_ns = *self.back_ns.get_or_insert(now_ns);
            return now_ns.saturating_sub(back_ns) <= HANDOVER_NS;
        }
        true
    }
}

/// How `client` polls the device that is spoken to.
fn polls(ledger: &Ledger, client: IpAddr, event: &Event) -> Option<Pattern> {
    ledger.pattern(&Conversation { client, ..event.conversation })
}

#[cfg(test)]
mod tests {
    use super::super::NewConversation;
    use super::*;
    use crate::detector::{Detector, Finding};
    use crate::event::Value;
    use crate::samples::{START_NS, request, write};

    fn at(event: Event, second: u64) -> Event {
        Event { time_ns: START_NS + second * 1_000_000_000, ..event }
    }

    /// A master that polls two devices every five seconds.
    fn polls_of(client: u8, seconds: core::ops::Range<u64>) -> Vec<Event> {
        let of = |second| [21, 22].map(|server| at(request(client, server), second));
        seconds.step_by(5).flat_map(of).collect()
    }

    fn found(mut events: Vec<Event>) -> Vec<Finding> {
        let mut ledger = Ledger::default();
        for event in polls_of(5, 0..3_600) {
            ledger.learn(&event);
        }
        events.sort_by_key(|event| event.time_ns);
        let (mut detector, mut findings) = (NewConversation::default(), Vec::new());
        for event in &events {
            detector.judge(&ledger, event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn a_standby_that_takes_over_is_one_notice_until_the_master_is_back() {
        let mut events = polls_of(5, 4_000..4_600);
        events.extend(polls_of(7, 4_612..5_000));
        events.extend(polls_of(5, 4_990..5_100));
        let findings = found(events);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.surprise.0), ("standby-takeover", 10.0));
        assert_eq!(
            finding.because,
            "10.0.0.7 is new to 10.0.0.21 unit 1 and reads what 10.0.0.5 reads of it, which asked nobody \
             for 17 s"
        );
    }

    #[test]
    fn who_reads_beside_the_master_or_reads_or_commands_something_else_is_a_new_conversation() {
        let kinds = |events| {
            let mut kinds: Vec<_> = found(events).iter().map(|finding| finding.kind).collect();
            kinds.dedup();
            kinds
        };
        let mut beside = polls_of(5, 4_000..4_600);
        beside.push(at(request(7, 21), 4_301));
        assert_eq!(kinds(beside), ["new-conversation"]);
        let mut stays = polls_of(5, 4_000..4_100);
        stays.extend(polls_of(7, 4_112..4_700));
        stays.extend(polls_of(5, 4_300..4_700));
        assert_eq!(kinds(stays), ["standby-takeover", "new-conversation"]);
        let mut commands = polls_of(5, 4_000..4_100);
        commands.push(at(write(&request(7, 21), 40, Value::Number(1.0)), 4_200));
        let mut other = at(request(7, 21), 4_201);
        other.targets[0].start = 99;
        commands.push(other);
        assert_eq!(kinds(commands), ["new-writer", "new-conversation"]);
        assert_eq!(kinds(polls_of(7, 4_000..4_100)), ["new-conversation"], "nobody was heard yet");
    }
}
