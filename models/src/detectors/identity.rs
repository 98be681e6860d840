//! `identity`: a known host that is another machine.
//!
//! *Sees*: the address of a client or server of the baseline with a hardware address that it never
//! had (kind `changed-mac`): a host in the middle that took over the address of a master or an
//! outstation, a device that was exchanged. Surprise is of a new hardware address among all packets
//! of that host. One finding for a host and its new hardware address a day, and one for however many
//! hosts an address takes over at once.
//! A router, which stands for many hosts, and a host with several addresses are as usual as learned.
//! Likewise packets that come with another number of hops left than its packets ever had (kind
//! `changed-hops`): another system, or another place in the network, that copies the addresses; one
//! finding for each number and day, however many hosts have it since their way was changed.
//! *Blind to*: links without hardware addresses; who copies hardware address and hops as well (request
//! numbers off course are `conformance`'s); segments without octets, such as resets by a firewall.
//! *State*: hosts and hardware addresses that were reported in the last 24 hours, at most 65,536; beyond, all
//! are forgotten and reported anew. New hardware addresses that are seen ([`Lasting`]: until an hour
//! of capture time without). Numbers of hops that were reported in the last 24 hours.

use core::hash::Hash;
use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use super::lasting::Lasting;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Event, Stage};
use crate::ledger::{Ledger, Mac, Tally};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "identity";

/// Capture time for which the same host with the same hardware address is not reported again.
const AGAIN_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// Hosts with hardware addresses that are remembered.
const REMEMBERED: usize = 65_536;

/// Hosts that a hardware address is said to belong to.
const NAMED: usize = 3;

/// Judges who speaks under a known address.
#[derive(Debug, Default)]
pub(crate) struct ChangedHost {
    reported_ns: HashMap<(IpAddr, Mac), u64>,
    seen: Lasting<Mac>,
    hops_ns: HashMap<u8, u64>,
}

impl Detector for ChangedHost {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        // An end that no packet made tells of no host.
        if matches!(event.stage, Stage::Ended { outcome: crate::event::Outcome::Unanswered, .. }) {
            return;
        }
        self.judge_macs(ledger, event, found);
        self.judge_hops(ledger, event, found);
    }
}

/// In how many messages a host had what it has, and how odd it is that it has another.
fn odd<K: Ord>(known: &BTreeMap<K, Tally>, new: &K) -> Option<(u64, Bits)> {
    if known.contains_key(new) {
        return None;
    }
    let acts = known.values().map(Tally::count).fold(0, u64::saturating_add);
    let distinct = u64::try_from(known.len()).unwrap_or(u64::MAX);
    let surprise = surprise::bits(Context { events: acts, distinct }.novel());
    (surprise >= FLOOR).then_some((acts, surprise))
}

/// Whether something was reported less than [`AGAIN_NS`] ago.
fn is_reported<K: Eq + Hash>(reported_ns: &HashMap<K, u64>, what: &K, now_ns: u64) -> bool {
    let since = reported_ns.get(what).map(|at| now_ns.abs_diff(*at));
    since.is_some_and(|since| since < AGAIN_NS)
}

impl ChangedHost {
    fn judge_hops(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        for (host, hops) in event.hops() {
            let Some(known) = ledger.hops(&host) else { continue };
            let Some((acts, surprise)) = odd(known, &hops) else { continue };
            if is_reported(&self.hops_ns, &hops, event.time_ns) {
                continue;
            }
            self.hops_ns.insert(hops, event.time_ns);
            let known: Vec<_> = known.keys().map(u8::to_string).collect();
            found(Finding {
                detector: NAME,
                kind: "changed-hops",
                surprise,
                hard: false,
                actor: Some(host),
                about: None,
                because: format!(
                    "a packet of {host} comes with {} left; in {} of the baseline its packets had {}",
                    counted(hops.into(), "hop"),
                    counted(acts, "message"),
                    known.join(", "),
                ),
                normal_if: format!("baseline lists hops {host} {hops}"),
            });
        }
    }

    fn judge_macs(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        for (host, mac) in event.hosts() {
            let Some(macs) = ledger.macs(&host) else { continue };
            let Some((acts, surprise)) = odd(macs, &mac) else { continue };
            let at_once = !self.seen.begins(mac, event.time_ns);
            if at_once || is_reported(&self.reported_ns, &(host, mac), event.time_ns) {
                continue;
            }
            if self.reported_ns.len() >= REMEMBERED {
                self.reported_ns.clear();
            }
            self.reported_ns.insert((host, mac), event.time_ns);
            let known: Vec<_> = macs.keys().take(NAMED).map(Mac::to_string).collect();
            let others: Vec<_> =
                ledger.hosts_of(mac).take(NAMED).map(|host| host.to_string()).collect();
            let whose = if others.is_empty() {
                "that no host had".to_owned()
            } else {
                format!("that {} had", others.join(", "))
            };
            let again = if host == event.conversation.server {
                "; if this device was replaced, learn it again"
            } else {
                ""
            };
            found(Finding {
                detector: NAME,
                kind: "changed-mac",
                surprise,
                hard: false,
                actor: Some(host),
                about: None,
                because: format!(
                    "{host} speaks from {mac}, {whose}; in {} of the baseline it had {}{again}",
                    counted(acts, "message"),
                    known.join(", "),
                ),
                normal_if: format!("baseline lists host {host} mac {mac}"),
            });
        }
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
            "a packet of 10.0.0.5 comes with 127 hops left; in 2,000 messages of the baseline its \
             packets had 128"
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
