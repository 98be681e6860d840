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

use super::room::drop_lower_half;
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

/// Acts of a client from which on its own habit of turning to new devices counts: with as many, a share of
/// [`NEW_SCAN`] is known to four points of a hundred.
const HABIT: u64 = 64;

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
    fn go_live(&mut self) {
        *self = Self::default();
    }

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
            drop_lower_half(&mut self.walks, |walk| walk.bits);
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
}

/// What an attempt to connect is told apart by: no unit and no master is known then.
const fn knock(conversation: Conversation) -> Conversation {
    Conversation { unit: 0, client_unit: None, ..conversation }
}

/// How probable the baseline holds that a client turns to a device that it never spoke to. Of a client of which a few
/// acts are known no habit is known: it may have tried the door while learning.
fn new_device(ledger: &Ledger, conversation: &Conversation) -> f64 {
    let client = ledger.client(&conversation.client).filter(|sum| sum.acts >= HABIT);
    let context = client.map_or_else(
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
mod tests;
