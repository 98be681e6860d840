//! `fanout`: one client that tries what is there.
//!
//! *Sees*: scans of hosts, units, functions and points (`host-scan`, `unit-scan`, `function-scan`,
//! `point-scan`, by what most of its first contacts were). A first contact is an act with a device, a
//! function or a point that the baseline does not list and the client did not try before; to read of a
//! known device what others read of it is none (a standby that takes over). To ask a host for a
//! connection that is in the baseline neither as server nor as client is one as well, whether or not
//! anything is said over it, and so is to speak on the link to a device; the first act that follows is
//! then none. For each client a threshold random walk adds up evidence, in bits, against two hypotheses:
//!
//! | an act | ordinary client (H0) | scanner (H1) |
//! | --- | --- | --- |
//! | is a first contact | as the baseline estimates, at least [`NEW`] | [`NEW_SCAN`] |
//! | its first contact fails (refused, unanswered, no connection) | [`FAILS`] | [`FAILS_SCAN`] |
//!
//! So a first contact adds up to 4.7 bits, its failure 3.3 more, its success takes 0.9 and a known
//! act 0.15 away. At 0 the walk begins anew; at 20 bits a scan is decided: an ordinary client gets
//! there in one of 2^20 walks (whence the surprise), a scanner misses it in one of a hundred. Three
//! contacts that fail are enough, or six that succeed; a master whose new configuration polls five
//! spans more is none. One finding until the walk is at 0 again, or has rested for [`REST_NS`].
//! *Blind to*: who knocks at known servers alone and says nothing; scans that make a contact an hour; many clients that each make a few; a baseline in
//! which every tenth act is a first contact anyway.
//! *State*: a walk for each client that made one, at most [`WALKS`] (the lower half makes room); what
//! was tried, at most [`TRIED`], and whose answers are awaited, at most [`AWAITED`] (all is forgotten
//! then, and counts as new once more).

use std::net::IpAddr;

use foldhash::{HashMap, HashSet};

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Attempt, Conversation, Event, Intent, Outcome, Stage};
use crate::ledger::{Command, ConversationRecord, FunctionKey, Ledger, Span};
use crate::surprise::Context;
use crate::words::{counted, lasting};

pub(crate) const NAME: &str = "fanout";

/// Least probability that an act of an ordinary client is a first contact.
const NEW: f64 = 1.0 / 256.0;

/// Probability that an act of a scanner is one, among all else it may do.
const NEW_SCAN: f64 = 0.1;

/// Probability that the first contact of an ordinary client fails.
const FAILS: f64 = 0.05;

/// Probability that the first contact of a scanner fails.
const FAILS_SCAN: f64 = 0.5;

/// Where a scan is decided.
const RAISED: Bits = Bits(20.0);

/// Capture time without a first contact after which a walk begins anew: an hour.
const REST_NS: u64 = 3_600 * 1_000_000_000;

/// Walks that are kept.
const WALKS: usize = 16_384;

/// First contacts that are remembered.
const TRIED: usize = 65_536;

/// First contacts whose answers are awaited.
const AWAITED: usize = 4_096;

/// Points of a command that are looked at.
const POINTS: usize = 16;

/// Judges how many new things are tried.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    walks: HashMap<IpAddr, Walk>,
    tried: HashSet<(Conversation, Tried)>,
    awaited: HashSet<(Conversation, u64)>,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Tried {
    Host,
    Device,
    /// A device, on the link alone so far.
    Link,
    Function(FunctionKey),
    Read(Span),
    Command(Command),
}

/// What a first contact was with.
#[derive(Clone, Copy, Debug)]
enum With {
    Host,
    Unit,
    Function,
    Point,
}

/// The walk of one client.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    bits: f64,
    /// First contacts since it began, by what they were with.
    contacts: [u64; 4],
    failed: u64,
    since_ns: u64,
    last_ns: u64,
    server: Option<IpAddr>,
    raised: bool,
}

impl Detector for Scans {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if ledger.is_empty() {
            return;
        }
        let client = event.conversation.client;
        let decided = match event.stage {
            Stage::Requested => self.asked(ledger, event),
            Stage::Ended { outcome, .. } => self.ended(event, outcome),
            Stage::Attempted(Attempt::Opening) => self.knocked(ledger, event),
            Stage::Attempted(Attempt::Refused) => self.ended(event, Outcome::Refused(0)),
            Stage::Attempted(Attempt::Silent) => self.ended(event, Outcome::Unanswered),
            Stage::Attempted(Attempt::Link) => self.linked(ledger, event),
            Stage::Reported | Stage::Noticed => false,
        };
        if decided && let Some(walk) = self.walks.get(&client) {
            found(walk.finding(ledger, event));
        }
    }
}

impl Scans {
    /// Takes a request; true if it decides for a scan.
    fn asked(&mut self, ledger: &Ledger, event: &Event) -> bool {
        let client = event.conversation.client;
        if let Some((with, p)) = self.first_contact(ledger, event) {
            return self.contact(event, with, p);
        }
        if let Some(walk) = self.walks.get_mut(&client) {
            walk.step((1.0 - NEW_SCAN) / (1.0 - NEW));
            if walk.bits <= 0.0 {
                self.walks.remove(&client);
            }
        }
        false
    }

    /// Takes that a connection is asked for; true if it decides for a scan.
    fn knocked(&mut self, ledger: &Ledger, event: &Event) -> bool {
        let conversation = event.conversation;
        let known = ledger.knows(&conversation.server) || ledger.connects(&conversation.pair());
        if known || !self.tries(knock(conversation), Tried::Host) {
            return false;
        }
        self.contact(event, With::Host, new_device(ledger, &conversation))
    }

    /// Takes that a link is spoken on; true if it decides for a scan. How it ends is not told, so that
    /// the first act over it goes on with the contact.
    fn linked(&mut self, ledger: &Ledger, event: &Event) -> bool {
        let conversation = event.conversation;
        // A device that keeps its link alive seeks nothing.
        let known = event.intent == Intent::Report || ledger.speaks(&conversation);
        if known || !self.tries(conversation, Tried::Device) {
            return false;
        }
        self.tries(conversation, Tried::Link);
        if self.goes_on(&conversation) {
            return false;
        }
        let host = !ledger.serves(&conversation.server);
        let with = if host { With::Host } else { With::Unit };
        let decided = self.contact(event, with, new_device(ledger, &conversation));
        self.awaited.remove(&(conversation, event.digest));
        decided
    }

    /// Takes a first contact, which the baseline holds so probable; true if it decides for a scan.
    fn contact(&mut self, event: &Event, with: With, p: f64) -> bool {
        let client = event.conversation.client;
        if self.awaited.len() >= AWAITED {
            self.awaited.clear();
        }
        self.awaited.insert((event.conversation, event.digest));
        if self.walks.len() >= WALKS && !self.walks.contains_key(&client) {
            self.make_room();
        }
        let walk = self.walks.entry(client).or_default();
        if event.time_ns.abs_diff(walk.last_ns) > REST_NS || walk.bits <= 0.0 {
            *walk = Walk { since_ns: event.time_ns, ..Walk::default() };
        }
        walk.last_ns = event.time_ns;
        let again = walk.server == Some(event.conversation.server);
        let with = if again && matches!(with, With::Host) { With::Unit } else { with };
        walk.server = Some(event.conversation.server);
        if let Some(count) = walk.contacts.get_mut(with as usize) {
            *count = count.saturating_add(1);
        }
        walk.step((NEW_SCAN / p.max(NEW)).max(1.0))
    }

    /// Takes how an act ended; true if it decides for a scan.
    fn ended(&mut self, event: &Event, outcome: Outcome) -> bool {
        if self.awaited.is_empty() || !self.awaited.remove(&(event.conversation, event.digest)) {
            return false;
        }
        let Some(walk) = self.walks.get_mut(&event.conversation.client) else { return false };
        let unseen = outcome == Outcome::Unanswered && (event.unseen.one_way || event.broadcast);
        if unseen {
            return false;
        }
        if outcome == Outcome::Done {
            return walk.step((1.0 - FAILS_SCAN) / (1.0 - FAILS));
        }
        walk.failed = walk.failed.saturating_add(1);
        walk.step(FAILS_SCAN / FAILS)
    }

    /// What is tried for the first time, and how probable the baseline holds that.
    fn first_contact(&mut self, ledger: &Ledger, event: &Event) -> Option<(With, f64)> {
        let conversation = event.conversation;
        let record = ledger.conversation(&conversation);
        let key = event.function_key();
        if record.is_none() && self.tries(conversation, Tried::Device) {
            // What the first act asks for is no contact of its own.
            self.tries(conversation, Tried::Function(key));
            self.tried.extend(event.reads().map(|span| (conversation, Tried::Read(span))));
            if self.goes_on(&conversation) {
                // It goes on with a contact that was counted, and ends it.
                if self.awaited.remove(&(knock(conversation), 0)) {
                    self.awaited.insert((conversation, event.digest));
                }
                return None;
            }
            if ledger.reads_as_usual(event) {
                return None;
            }
            let host = !ledger.serves(&conversation.server);
            let with = if host { With::Host } else { With::Unit };
            return Some((with, new_device(ledger, &conversation)));
        }
        // So is that of the first act after a link frame.
        if record.is_none() && self.tried.remove(&(conversation, Tried::Link)) {
            self.tries(conversation, Tried::Function(key));
            self.tried.extend(event.reads().map(|span| (conversation, Tried::Read(span))));
            self.awaited.insert((conversation, event.digest));
            return None;
        }
        let site = ledger.conversations_context().novel();
        let acts = record.map_or(0, |record| record.tally().count());
        let of = |distinct: u64| match record {
            Some(_) => Context { events: acts, distinct }.novel(),
            None => site,
        };
        let known = record.is_some_and(|record| record.function(key).is_some());
        if !known && self.tries(conversation, Tried::Function(key)) {
            let distinct = record.map_or(0, ConversationRecord::distinct_functions);
            return Some((With::Function, of(distinct)));
        }
        let device = ledger.device(&conversation.device());
        let learned = ledger.record(&conversation.device());
        let new_read =
            event.reads().find(|span| learned.is_none_or(|device| !device.is_read(*span)));
        if let Some(span) = new_read {
            let p = device.map_or(site, |sum| sum.reads_context().novel());
            let new = self.tries(conversation, Tried::Read(span));
            return new.then_some((With::Point, p));
        }
        let new =
            |command: &Command| record.is_none_or(|record| record.command(*command).is_none());
        let command = event.commands().map(|(command, _)| command).take(POINTS).find(new)?;
        let distinct = 1 + record.map_or(0, ConversationRecord::distinct_commands);
        let new = self.tries(conversation, Tried::Command(command));
        new.then(|| (With::Point, of(distinct)))
    }

    /// Whether this is the first that is said over a connection whose asking was a contact.
    fn goes_on(&mut self, conversation: &Conversation) -> bool {
        let knock = knock(*conversation);
        self.tried.contains(&(knock, Tried::Host)) && self.tries(knock, Tried::Device)
    }

    /// Notes what is tried; true if it was not tried before.
    fn tries(&mut self, conversation: Conversation, what: Tried) -> bool {
        if self.tried.len() >= TRIED {
            self.tried.clear();
        }
        self.tried.insert((conversation, what))
    }

    /// Drops the lower half of the walks, ties in the order of the addresses.
    fn make_room(&mut self) {
        let mut all: Vec<_> =
            self.walks.iter().map(|(client, walk)| (walk.bits, *client)).collect();
        let half = all.len() / 2;
        all.select_nth_unstable_by(half, |ours, theirs| {
            ours.0.total_cmp(&theirs.0).then_with(|| ours.1.cmp(&theirs.1))
        });
        for (_, client) in all.iter().take(half) {
            self.walks.remove(client);
        }
    }
}

/// What an attempt to connect is told apart by: no unit and no master is known then.
const fn knock(conversation: Conversation) -> Conversation {
    Conversation { unit: 0, client_unit: None, ..conversation }
}

/// How probable the baseline holds that a client turns to a device that it never spoke to.
fn new_device(ledger: &Ledger, conversation: &Conversation) -> f64 {
    let context = ledger.client(&conversation.client).map_or_else(
        || ledger.conversations_context(),
        |sum| Context { events: sum.acts, distinct: sum.conversations },
    );
    context.novel()
}

impl Walk {
    /// Takes how much likelier something is of a scanner; true if that decides.
    fn step(&mut self, likelier: f64) -> bool {
        self.bits = (self.bits + likelier.log2()).clamp(0.0, RAISED.0);
        let first = self.bits >= RAISED.0 && !self.raised;
        self.raised |= first;
        first
    }

    fn finding(&self, ledger: &Ledger, event: &Event) -> Finding {
        let [hosts, units, functions, points] = self.contacts;
        let all = [
            (hosts, "host-scan", "host"),
            (units, "unit-scan", "unit"),
            (functions, "function-scan", "function"),
            (points, "point-scan", "point"),
        ];
        let contacts = all.iter().fold(0_u64, |sum, (count, ..)| sum.saturating_add(*count));
        let kind = all.iter().max_by_key(|(count, ..)| *count).map_or("host-scan", |most| most.1);
        let tried: Vec<_> = all
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, _, noun)| counted(*count, noun))
            .collect();
        let client = event.conversation.client;
        let acts = ledger.client(&client).map_or(0, |sum| sum.acts);
        Finding {
            detector: NAME,
            kind,
            surprise: RAISED,
            hard: false,
            actor: None,
            about: None,
            because: format!(
                "{client} tried {} for the first time within {} ({}), {} in vain; the baseline has {} of \
                 it",
                counted(contacts, "thing"),
                lasting(self.last_ns.saturating_sub(self.since_ns)),
                tried.join(", "),
                self.failed,
                counted(acts, "request"),
            ),
            normal_if: format!("baseline lists what {client} tries"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Space;
    use crate::samples::{START_NS, ended, request};

    /// Two clients polling three devices each, two thousand times.
    fn site() -> Ledger {
        let mut ledger = Ledger::default();
        for _ in 0..700 {
            for (client, server) in [(5, 21), (5, 22), (5, 23), (6, 24), (6, 25), (6, 26)] {
                ledger.learn(&request(client, server));
            }
        }
        ledger
    }

    /// What is found, and at which request.
    fn found(acts: impl IntoIterator<Item = (Event, Outcome)>) -> Vec<(usize, Finding)> {
        let (ledger, mut detector, mut findings) = (site(), Scans::default(), Vec::new());
        for (nth, (event, outcome)) in acts.into_iter().enumerate() {
            let digest = u64::try_from(nth).unwrap();
            let event = Event { digest, time_ns: START_NS + digest * 1_000_000_000, ..event };
            let end = ended(event.clone(), outcome);
            for event in [event, end] {
                detector.judge(&ledger, &event, &mut |finding| findings.push((nth + 1, finding)));
            }
        }
        findings
    }

    fn span(client: u8, server: u8, start: u32) -> Event {
        let mut event = request(client, server);
        event.targets[0] = crate::event::Target {
            space: Space::InputRegister,
            start,
            count: 1,
            values: Vec::new(),
        };
        event
    }

    #[test]
    fn a_scan_of_hosts_is_one_finding_by_the_third_that_does_not_answer() {
        let findings = found((100..250).map(|host| (request(66, host), Outcome::Unanswered)));
        let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((*nth, finding.kind), (3, "host-scan"));
        assert_eq!(
            finding.because,
            "10.0.0.66 tried 3 things for the first time within 2 s (3 hosts), 2 in vain; the baseline \
             has 0 requests of it"
        );
    }

    /// A host of 10.0.0 asks others for connections, in this order; what is found, and at which event.
    fn knocks(client: u8, attempts: &[(u8, Attempt)]) -> Vec<(usize, Finding)> {
        let (ledger, mut detector, mut findings) = (site(), Scans::default(), Vec::new());
        for (nth, (server, attempt)) in attempts.iter().enumerate() {
            let mut event = Event { stage: Stage::Attempted(*attempt), ..request(client, *server) };
            event.conversation.unit = 0;
            detector.judge(&ledger, &event, &mut |finding| findings.push((nth + 1, finding)));
        }
        findings
    }

    #[test]
    fn hosts_that_refuse_are_a_scan_by_the_third_and_silent_ones_by_the_fifth() {
        use Attempt::{Opening, Refused, Silent};
        let refused = knocks(
            66,
            &[(100, Opening), (100, Refused), (101, Opening), (101, Refused), (102, Opening)],
        );
        let [(5, finding)] = &refused[..] else { panic!("{refused:?}") };
        assert_eq!(finding.kind, "host-scan");
        assert!(finding.because.contains("(3 hosts), 2 in vain"), "{finding:?}");
        let asked: Vec<_> = (100..250).map(|server| (server, Opening)).collect();
        let [(5, _)] = &knocks(66, &asked)[..] else { panic!() };
        let slow = (100..250).flat_map(|server| [(server, Opening), (server, Silent)]);
        let [(5, _)] = &knocks(66, &slow.collect::<Vec<_>>())[..] else { panic!() };
    }

    #[test]
    fn a_master_that_seeks_its_devices_is_no_scan() {
        use Attempt::{Opening, Refused, Silent};
        let known = (0..200).flat_map(|n| [(21 + n % 3, Opening), (21 + n % 3, Silent)]);
        assert_eq!(knocks(5, &known.collect::<Vec<_>>()), [], "its devices are down");
        let others = (0..200).flat_map(|n| [(21 + n % 6, Opening), (21 + n % 6, Refused)]);
        assert_eq!(knocks(66, &others.collect::<Vec<_>>()), [], "a standby that nobody lets in");
        let one = (0..300).flat_map(|_| [(200, Opening), (200, Silent)]);
        assert_eq!(knocks(5, &one.collect::<Vec<_>>()), [], "a device that is not there yet");
    }

    #[test]
    fn a_connection_and_the_first_request_over_it_are_one_contact() {
        let (ledger, mut detector) = (site(), Scans::default());
        let request = request(66, 100);
        let mut knocks =
            Event { stage: Stage::Attempted(Attempt::Opening), digest: 0, ..request.clone() };
        knocks.conversation.unit = 0;
        for _ in 0..50 {
            for event in [&knocks, &request, &ended(request.clone(), Outcome::Done)] {
                detector.judge(&ledger, event, &mut |_| panic!("a connection for each request"));
            }
        }
        let walk = detector.walks.get(&request.conversation.client);
        assert!(
            walk.is_none_or(|walk| walk.contacts == [1, 0, 0, 0] && walk.bits < 4.0),
            "{walk:?}"
        );
    }

    /// A host of 10.0.0 speaks on the link to this unit of a server.
    fn link(client: u8, server: u8, unit: u16) -> Event {
        let mut event = request(client, server);
        event.stage = Stage::Attempted(Attempt::Link);
        event.intent = Intent::Session;
        event.conversation.unit = unit;
        event.targets.clear();
        event
    }

    #[test]
    fn addresses_sought_on_the_link_are_a_scan_of_units_and_known_links_are_not() {
        let of = |events: &[Event]| {
            let (mut ledger, mut detector, mut findings) = (site(), Scans::default(), Vec::new());
            (40..90).for_each(|unit| ledger.learn(&link(6, 24, unit)));
            for (nth, event) in events.iter().enumerate() {
                detector
                    .judge(&ledger, event, &mut |finding| findings.push((nth + 1, finding.kind)));
            }
            findings
        };
        let scan = |client| (2..60).map(|unit| link(client, 21, unit)).collect::<Vec<_>>();
        assert_eq!(of(&scan(5)), [(5, "unit-scan")], "a master of the baseline");
        assert_eq!(of(&scan(66)), [(5, "unit-scan")], "a host that is new");
        let kept: Vec<_> = (40..90).map(|unit| link(6, 24, unit)).collect();
        assert_eq!(of(&kept), [], "links that were learned");
        let devices = (2..60).map(|unit| Event { intent: Intent::Report, ..link(5, 21, unit) });
        assert_eq!(of(&devices.collect::<Vec<_>>()), [], "a gateway that keeps its links alive");
    }

    #[test]
    fn a_link_and_the_first_request_over_it_are_one_contact() {
        let (ledger, mut detector) = (site(), Scans::default());
        for unit in 2..5 {
            let mut request = request(5, 21);
            request.conversation.unit = unit;
            let end = ended(request.clone(), Outcome::Done);
            for event in [&link(5, 21, unit), &request, &end] {
                detector.judge(&ledger, event, &mut |_| panic!("three devices that are new"));
            }
        }
        let walk = detector.walks.values().next().unwrap();
        assert_eq!((walk.contacts, detector.awaited.len()), ([0, 3, 0, 0], 0));
    }

    #[test]
    fn units_functions_and_points_are_told_apart() {
        let unit = |unit| {
            let mut event = request(5, 21);
            event.conversation.unit = unit;
            (event, Outcome::Refused(0x0b))
        };
        let units = found((2..90).map(unit));
        assert_eq!((units.len(), units[0].1.kind), (1, "unit-scan"));
        let function = |code| {
            let function = crate::event::Function { code, sub: None, name: "Poke" };
            (Event { function, ..request(5, 21) }, Outcome::Refused(1))
        };
        let functions = found((50..90).map(function));
        assert_eq!((functions.len(), functions[0].1.kind), (1, "function-scan"));
        let points = found((0..90).map(|start| (span(5, 21, start), Outcome::Done)));
        assert_eq!((points.len(), points[0].1.kind), (1, "point-scan"));
        assert!(points[0].0 <= 7, "{points:?}");
    }

    #[test]
    fn a_scan_between_polls_is_found() {
        let polls = |server| (0..8).map(move |_| (request(5, server), Outcome::Done));
        let scan = (0..20).flat_map(|n| polls(21).chain([(span(5, 22, n), Outcome::Refused(2))]));
        assert_eq!(found(scan).len(), 1);
    }

    #[test]
    fn a_new_configuration_and_one_that_tries_again_are_no_scan() {
        let polls = (0..500).flat_map(|_| (0..5).map(|at| (span(5, 21, at), Outcome::Done)));
        assert_eq!(found(polls), [], "five more spans");
        let again = (0..500).map(|_| (request(66, 99), Outcome::Unanswered));
        assert_eq!(found(again), [], "one host, whatever the trouble");
        let standby = (0..60).map(|n| (request(66, 21 + n % 6), Outcome::Done));
        assert_eq!(found(standby), [], "a standby that reads what others read");
    }

    #[test]
    fn a_flood_of_names_stays_within_bounds() {
        let (ledger, mut detector, mut found) = (site(), Scans::default(), 0);
        for n in 0..200_000_u32 {
            let [a, b, c, d] = n.to_be_bytes();
            let mut event = request(66, 9);
            event.digest = u64::from(n);
            event.conversation.server = [a, b, c, d].into();
            if n % 10 != 0 {
                event.conversation.client = [a | 0x80, b, c, d].into();
            }
            detector.judge(&ledger, &event, &mut |_| found += 1);
        }
        assert_eq!(found, 1, "the one that makes a contact after the other");
        assert!(detector.walks.len() <= WALKS && detector.tried.len() <= TRIED + 9);
        assert!(detector.awaited.len() <= AWAITED);
    }
}
