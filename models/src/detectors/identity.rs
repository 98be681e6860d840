//! `identity`: a known host that is another machine.
//!
//! *Sees*: the address of a client or server of the baseline with a hardware address that it never
//! had (kind `changed-mac`): a host in the middle that took over the address of a master or an
//! outstation, a device that was exchanged. Likewise packets that come with another number of hops left than
//! its packets ever had (kind `changed-hops`): another system, or another place in the network, that copies the
//! addresses. Surprise is of a new one among all packets of that host. A router, which stands for many hosts, and
//! a host with several addresses are as usual as learned.
//! Learning does not hide two machines that were one host at the same time: of what less than one in
//! [`LESSER`] of a host's messages had, and none in ten minutes in which others had not what most had, is raised all the
//! same, and hard. (One that stands in for another has its time for itself.)
//! One finding for however many hosts have the same at once, and one a day for each host; of what
//! commands, one in five minutes.
//! *Blind to*: links without hardware addresses; who copies hardware address and hops as well (request
//! numbers off course are `conformance`'s); segments without octets, such as resets by a firewall; a
//! machine that had its share of a host's messages all through the learning.
//! *State*: what was reported of hosts, at most 65,536; beyond, all is forgotten and reported anew. What is
//! new and seen ([`Lasting`]: until an hour of capture time without).

use core::fmt;
use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use super::GOES_ON_NS;
use super::lasting::Lasting;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Event, Stage};
use crate::ledger::{Ledger, Mac, Tally};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "identity";

/// Capture time for which the same of a host is not reported again.
const AGAIN_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// One in so many of a host's messages is few.
const LESSER: u64 = 8;

/// What is remembered of hosts.
const REMEMBERED: usize = 65_536;

/// Hosts that a hardware address is said to belong to.
const NAMED: usize = 3;

/// Judges who speaks under a known address.
#[derive(Debug, Default)]
pub(crate) struct ChangedHost {
    reported_ns: HashMap<(IpAddr, Trait), u64>,
    seen: Lasting<Trait>,
    live: bool,
}

/// What a machine is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Trait {
    Mac(Mac),
    Hops(u8),
}

/// How odd it is that a host has something.
struct Odd {
    surprise: Bits,
    /// Messages of the host.
    messages: u64,
    /// Those among them that had it: some other machine's.
    lesser: Option<u64>,
}

impl Detector for ChangedHost {
    fn go_live(&mut self) {
        *self = Self { live: true, ..Self::default() };
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        // An end that no packet made tells of no host.
        if matches!(event.stage, Stage::Ended { outcome: crate::event::Outcome::Unanswered, .. }) {
            return;
        }
        for (host, mac) in event.hosts() {
            let Some(known) = ledger.macs(&host) else { continue };
            let Some(odd) =
                odd(known, &mac, self.live).filter(|_| self.is_due(event, host, Trait::Mac(mac)))
            else {
                continue;
            };
            let others: Vec<_> =
                ledger.hosts_of(mac).take(NAMED).map(|it| it.to_string()).collect();
            let whose = match (odd.lesser, others.is_empty()) {
                (Some(_), _) => String::new(),
                (None, true) => ", that no host had".to_owned(),
                (None, false) => format!(", that {} had", others.join(", ")),
            };
            let server = host == event.conversation.server && odd.lesser.is_none();
            let again = if server { "; if this device was replaced, learn it again" } else { "" };
            let which = || known.keys().filter(|other| **other != mac).take(NAMED);
            found(Finding {
                because: format!(
                    "{host} speaks from {mac}{whose}; {}{again}",
                    baseline(&odd, &list(which()))
                ),
                ..finding("changed-mac", host, &odd, ("host", format!("mac {mac}")))
            });
        }
        for (host, hops) in event.hops() {
            let Some(known) = ledger.hops(&host) else { continue };
            let Some(odd) = odd(known, &hops, self.live)
                .filter(|_| self.is_due(event, host, Trait::Hops(hops)))
            else {
                continue;
            };
            let left = counted(hops.into(), "hop");
            let which = || known.keys().filter(|other| **other != hops);
            found(Finding {
                because: format!(
                    "a packet of {host} comes with {left} left; {}",
                    baseline(&odd, &list(which()))
                ),
                ..finding("changed-hops", host, &odd, ("hops", hops.to_string()))
            });
        }
    }
}

impl ChangedHost {
    /// Whether to report this of a host now.
    fn is_due(&mut self, event: &Event, host: IpAddr, what: Trait) -> bool {
        let begins = self.seen.begins(what, event.time_ns);
        let commands = event.stage == Stage::Requested
            && event.intent.commands()
            && host == event.conversation.client;
        let again_ns = if commands { GOES_ON_NS } else { AGAIN_NS };
        let since = self.reported_ns.get(&(host, what)).map(|at| event.time_ns.abs_diff(*at));
        let due = (begins || commands) && since.is_none_or(|since| since >= again_ns);
        if due {
            if self.reported_ns.len() >= REMEMBERED {
                self.reported_ns.clear();
            }
            self.reported_ns.insert((host, what), event.time_ns);
        }
        due
    }
}

/// How odd it is that a host has this, if it is: nothing else was learned of it, or less than of another
/// that it had at the same time.
fn odd<K: Ord>(known: &BTreeMap<K, Tally>, what: &K, live: bool) -> Option<Odd> {
    let messages = known.values().map(Tally::count).fold(0, u64::saturating_add);
    let Some(ours) = known.get(what) else {
        let distinct = u64::try_from(known.len()).unwrap_or(u64::MAX);
        let surprise = surprise::bits(Context { events: messages, distinct }.novel());
        return (surprise >= FLOOR).then_some(Odd { surprise, messages, lesser: None });
    };
    // While learning it is too early to say who has less, and of whose time.
    if !live || ours.count().saturating_mul(LESSER) > messages {
        return None;
    }
    let most = known.values().max_by_key(|tally| tally.count())?;
    let at_once = ours.segments().within(most.segments());
    at_once.then_some(Odd { surprise: FLOOR, messages, lesser: Some(ours.count()) })
}

/// What the baseline has of the host.
fn baseline(odd: &Odd, others: &str) -> String {
    let messages = counted(odd.messages, "message");
    match odd.lesser {
        None => format!("in {messages} of the baseline it had {others}"),
        Some(lesser) => format!(
            "in the baseline {lesser} of {messages} had it while others had {others}, so that two \
             machines are one host"
        ),
    }
}

fn list<T: fmt::Display>(all: impl Iterator<Item = T>) -> String {
    all.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

fn finding(kind: &'static str, host: IpAddr, odd: &Odd, (word, what): (&str, String)) -> Finding {
    let hard = odd.lesser.is_some();
    let normal_if = if hard {
        // The review calls it the same.
        format!("{host} is known to have {what} as well")
    } else {
        format!("baseline lists {word} {host} {what}")
    };
    Finding {
        detector: NAME,
        kind,
        surprise: odd.surprise,
        hard,
        actor: Some(host),
        about: None,
        because: String::new(),
        normal_if,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;
    use crate::samples::{ended, judged, later, learned, request};

    const MASTER: [u8; 6] = [2, 0, 0, 0, 0, 5];
    const ROUTER: [u8; 6] = [2, 0, 0, 0, 0, 1];

    fn poll(client: [u8; 6], server: [u8; 6]) -> Event {
        Event { client_mac: Some(client), server_mac: Some(server), ..request(5, 9) }
    }

    /// A master that polls a device behind a router.
    fn site() -> Ledger {
        learned((0..2_000).map(|_| poll(MASTER, ROUTER)))
    }

    #[test]
    fn a_known_address_on_another_machine_is_found_at_once_and_once_a_day() {
        let (ledger, mut detector, mut findings) = (site(), ChangedHost::default(), Vec::new());
        for minute in [0, 1, 23 * 60, 25 * 60] {
            let event = later(poll([2, 0, 0, 0, 0, 0x66], ROUTER), minute);
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        let [finding, _] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.surprise.0 > 10.0, "{finding:?}");
        assert_eq!(finding.actor, Some([10, 0, 0, 5].into()));
        assert_eq!(
            finding.because,
            "10.0.0.5 speaks from 02:00:00:00:00:66, that no host had; in 2,000 messages of the \
             baseline it had 02:00:00:00:00:05"
        );
        assert_eq!(finding.normal_if, "baseline lists host 10.0.0.5 mac 02:00:00:00:00:66");
    }

    #[test]
    fn a_known_address_at_another_distance_is_found_once_a_day() {
        let near = |hops| Event { client_hops: Some(hops), server_hops: Some(64), ..request(5, 9) };
        let ledger = learned((0..2_000).map(|_| near(128)));
        let (mut detector, mut findings) = (ChangedHost::default(), Vec::new());
        for (minute, hops) in [(0, 128), (1, 127), (2, 127), (3, 128), (4, 127), (25 * 60, 127)] {
            let event = later(near(hops), minute);
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        let [finding, _] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.actor), ("changed-hops", Some([10, 0, 0, 5].into())));
        assert_eq!(
            finding.because,
            "a packet of 10.0.0.5 comes with 127 hops left; in 2,000 messages of the baseline it had \
             128"
        );
        assert_eq!(finding.normal_if, "baseline lists hops 10.0.0.5 127");
        let unknown = Event { client_hops: Some(1), ..request(66, 9) };
        assert_eq!(judged(NAME, &ledger, &unknown), [], "a new host is the matrix's");
    }

    #[test]
    fn a_host_that_speaks_for_another_is_named() {
        let findings = judged(NAME, &site(), &poll(MASTER, MASTER));
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(finding.actor, Some([10, 0, 0, 9].into()));
        assert!(finding.because.contains("that 10.0.0.5 had;"), "{finding:?}");
    }

    #[test]
    fn one_in_the_middle_of_many_is_one_finding() {
        let hosts = [7, 8, 9].map(|server| Event {
            conversation: request(5, server).conversation,
            ..poll(MASTER, ROUTER)
        });
        let ledger = learned(hosts.iter().cycle().take(3_000).cloned());
        let (mut detector, mut findings) = (ChangedHost::default(), Vec::new());
        for event in hosts {
            let event = Event { server_mac: Some([6; 6]), ..event };
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        assert_eq!(findings.len(), 1, "{findings:?}");
        for (server, minute) in [(8, 30), (9, 120)] {
            let event = Event { server_mac: Some([6; 6]), ..later(poll(MASTER, ROUTER), minute) };
            let event = Event { conversation: request(5, server).conversation, ..event };
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        }
        assert_eq!(findings.len(), 2, "the next one, when the first was over");
    }

    #[test]
    fn what_commands_from_elsewhere_is_told_each_time() {
        let write = |hops, minute| {
            let event = crate::samples::write(&request(5, 9), 40, crate::event::Value::Number(1.0));
            later(Event { client_hops: Some(hops), ..event }, minute)
        };
        let ledger = learned((0..2_000).map(|_| write(64, 0)));
        let (mut detector, mut told) = (ChangedHost::default(), Vec::new());
        for minute in [0, 4, 6, 200] {
            detector.judge(&ledger, &write(61, minute), &mut |_| told.push(minute));
        }
        assert_eq!(told, [0, 6, 200]);
    }

    #[test]
    fn two_machines_that_were_one_host_at_the_same_time_are_told_though_learned() {
        let machine = |last| Event { client_mac: Some([2, 0, 0, 0, 0, last]), ..request(5, 9) };
        let site = |from, to, few: u64| {
            let most = (0..1_000).filter(|n| !(from..to).contains(n)).map(|n| later(machine(5), n));
            let least = (0..few).map(|n| later(machine(6), (n + 1) * 900 / few));
            learned(most.chain(least))
        };
        let findings = judged(NAME, &site(0, 0, 30), &machine(6));
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.hard, "{finding:?}");
        assert_eq!(
            finding.because,
            "10.0.0.5 speaks from 02:00:00:00:00:06; in the baseline 30 of 1,030 messages had it while \
             others had 02:00:00:00:00:05, so that two machines are one host"
        );
        assert_eq!(finding.normal_if, "10.0.0.5 is known to have mac 02:00:00:00:00:06 as well");
        assert_eq!(judged(NAME, &site(0, 0, 30), &machine(5)), [], "the one that has most");
        assert_eq!(judged(NAME, &site(0, 0, 200), &machine(6)), [], "a pair of machines");
        let (mut learning, mut early) = (ChangedHost::default(), 0);
        learning.judge(&site(0, 0, 30), &machine(6), &mut |_| early += 1);
        assert_eq!(early, 0, "while learning nobody knows yet who has less");
        let stood_in = site(880, 920, 30);
        assert_eq!(judged(NAME, &stood_in, &machine(6)), [], "it had some time for itself");
    }

    #[test]
    fn what_was_learned_and_what_has_no_hardware_address_is_none() {
        let other = poll([2, 0, 0, 0, 0, 6], ROUTER);
        let ledger = learned((0..500).flat_map(|_| [poll(MASTER, ROUTER), other.clone()]));
        assert_eq!(judged(NAME, &ledger, &other), [], "a pair of machines");
        assert_eq!(judged(NAME, &site(), &request(5, 9)), []);
        let unknown = Event { conversation: request(66, 67).conversation, ..poll([4; 6], [6; 6]) };
        assert_eq!(judged(NAME, &site(), &unknown), [], "a new host is the matrix's");
        let lost = ended(poll([4; 6], ROUTER), Outcome::Unanswered);
        assert_eq!(judged(NAME, &site(), &lost), []);
    }
}
