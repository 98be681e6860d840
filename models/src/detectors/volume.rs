//! `volume`: more than was ever usual.
//!
//! *Sees*: floods of requests, of commands (outputs toggled by brute force), of refusals, of requests
//! that stay unanswered and of unasked reports, by client and by device. The kinds are
//! `request-flood`, `command-flood`, `refusal-flood`, `unanswered-flood`, `report-flood`. Of each a
//! Poisson CUSUM is kept, as a leaking bucket: an act adds 1, and the bucket leaks at
//! (k − 1)/ln k = 3.4 times the learned rate, which tells the learned rate (H0) from one [`TIMES`] as
//! high (H1). It is raised when it holds 20/log₂ k = 7 acts, to which H0 comes in one of 2^20 runs
//! (whence the surprise), and, for acts come in clumps, twice what was learned in ten minutes more.
//! The learned rate is the acts learned, and one more, over the segments that have any; of a device that was
//! never commanded, or never reported, what a device of the site is commanded or reports on average, over the
//! learned time, and its ten minutes are those in which devices of the site were commanded, or reported:
//! operators come in visits, and a fault is several reports.
//! It is one finding until the bucket is half empty. Who was never seen is measured by what the whole site does.
//! Floods of connections (`connection-flood`) are counted as they are asked for: by pair of hosts, and
//! by server those of clients that the baseline does not have connect to it. Whoever lost a connection
//! asks for it again: [`usual::AGAIN_A_S`] a second are free, and [`usual::AGAIN`] at once.
//! *Blind to*: floods below three times the learned rate; what stays unanswered where only one side
//! of the flow is seen, or some of it was lost; many clients that each do little (their devices'
//! buckets see them).
//! *State*: a bucket for each client or device and kind of act, at most [`KEPT`]: beyond, the emptier
//! half is dropped, so that a flood of names cannot push out who floods.

mod usual;

use std::net::IpAddr;

use foldhash::HashMap;

use super::room::drop_lower_half;
use crate::detector::{Bits, Detector, Finding};
use crate::event::{Attempt, Device, Event, Outcome, Stage};
use crate::ledger::{Ledger, Pair, SEGMENT_NS};
use crate::surprise::real;
use crate::words::{counted, lasting};

use self::usual::{Usual, usual};

pub(crate) const NAME: &str = "volume";

/// How many times the learned rate is looked for.
const TIMES: f64 = 8.0;

/// The surprise: of how many runs at the learned rate one is raised.
const RAISED: Bits = Bits(20.0);

/// Shares of ten minutes' worth of learned acts that may come at once.
const CLUMPS: f64 = 2.0;

/// Buckets that are kept.
const KEPT: usize = 32_768;

/// Judges how much is done.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    buckets: HashMap<(Who, What), Bucket>,
}

/// Whose acts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Who {
    Client(IpAddr),
    Device(Device),
    Pair(Pair),
}

/// Which acts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum What {
    Requests,
    Commands,
    Refusals,
    Unanswered,
    Reports,
    Connections,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    level: f64,
    last_ns: u64,
    /// Acts since the bucket was empty, and since when.
    acts: u64,
    since_ns: u64,
    raised: bool,
}

impl Detector for Floods {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if ledger.is_empty() {
            return;
        }
        let client = Who::Client(event.conversation.client);
        let device = Who::Device(event.conversation.device());
        match event.stage {
            Stage::Requested => {
                self.count(ledger, event, &[client, device], What::Requests, found);
                if event.intent.commands() {
                    self.count(ledger, event, &[client, device], What::Commands, found);
                }
            }
            Stage::Ended { outcome: Outcome::Refused(_), .. } => {
                self.count(ledger, event, &[client, device], What::Refusals, found);
            }
            Stage::Ended { outcome: Outcome::Unanswered, .. } => {
                // Where they spoke before, it is the device that fails; else the client tries in vain.
                let known = ledger.conversation(&event.conversation).is_some();
                let seen = !event.unseen.one_way && event.unseen.lost_octets == 0;
                if seen && !event.broadcast {
                    let who = if known { device } else { client };
                    self.count(ledger, event, &[who], What::Unanswered, found);
                }
            }
            Stage::Reported => self.count(ledger, event, &[device], What::Reports, found),
            Stage::Attempted(Attempt::Opening) => {
                let pair = event.conversation.pair();
                let who = [Who::Pair(pair), device];
                let known = usize::from(ledger.connects(&pair));
                let who = who.get(..who.len().saturating_sub(known)).unwrap_or_default();
                self.count(ledger, event, who, What::Connections, found);
            }
            Stage::Ended { outcome: Outcome::Done, .. }
            | Stage::Noticed
            | Stage::Attempted(Attempt::Refused | Attempt::Silent | Attempt::Link) => {}
        }
    }
}

impl Floods {
    /// Counts one act of each of these; of a client and its device the client is to blame.
    fn count(
        &mut self,
        ledger: &Ledger,
        event: &Event,
        who: &[Who],
        what: What,
        found: &mut dyn FnMut(Finding),
    ) {
        let mut blamed = false;
        for &who in who {
            let usual = usual(ledger, who, what);
            if self.buckets.len() >= KEPT && !self.buckets.contains_key(&(who, what)) {
                drop_lower_half(&mut self.buckets, |bucket| bucket.level);
            }
            let bucket = self.buckets.entry((who, what)).or_default();
            let first = bucket.add(event.time_ns, usual);
            if first && !blamed {
                found(finding(event, who, what, *bucket, usual));
            }
            blamed |= bucket.raised;
        }
    }
}

impl Bucket {
    /// Takes one act; true if it is the one that raises the finding.
    fn add(&mut self, time_ns: u64, usual: Usual) -> bool {
        let passed_ns = time_ns.saturating_sub(self.last_ns);
        // A clock that goes back is followed: else nothing would leak until it is there again.
        self.last_ns = time_ns;
        let leak = (TIMES - 1.0) / TIMES.ln() * usual.acts_in(passed_ns);
        self.level -= leak + usual.free.0 * real(passed_ns) / 1e9;
        if self.level <= 0.0 {
            *self = Self { last_ns: self.last_ns, since_ns: time_ns, ..Self::default() };
        }
        let full = RAISED.0 / TIMES.log2() + CLUMPS * usual.acts_in(SEGMENT_NS) + usual.free.1;
        self.raised &= self.level > full / 2.0;
        self.level = (self.level + 1.0).min(full.max(1.0));
        self.acts = self.acts.saturating_add(1);
        let first = self.level >= full && !self.raised;
        self.raised |= first;
        first
    }
}

fn finding(event: &Event, who: Who, what: What, bucket: Bucket, usual: Usual) -> Finding {
    let (kind, noun) = match what {
        What::Requests => ("request-flood", "request"),
        What::Commands => ("command-flood", "command"),
        What::Refusals => ("refusal-flood", "refused request"),
        What::Unanswered => ("unanswered-flood", "unanswered request"),
        What::Reports => ("report-flood", "report"),
        What::Connections => ("connection-flood", "connection"),
    };
    let (name, toward) = match (who, what) {
        (Who::Client(client), _) => (client.to_string(), "of"),
        (Who::Pair(pair), _) => (format!("{} to {}", pair.client, pair.server), "of"),
        (Who::Device(device), What::Connections) => (device.server.to_string(), "to"),
        (Who::Device(device), What::Reports) => (device.to_string(), "of"),
        (Who::Device(device), _) => (device.to_string(), "to"),
    };
    let actor = match (who, what) {
        (Who::Device(device), What::Unanswered | What::Reports | What::Connections) => {
            Some(device.server)
        }
        (Who::Device(_) | Who::Client(_) | Who::Pair(_), _) => None,
    };
    let span = event.time_ns.saturating_sub(bucket.since_ns);
    let within = if span == 0 { "at once".to_owned() } else { format!("within {}", lasting(span)) };
    let usually = match (usual.known, what) {
        (false, What::Connections) => "none".to_owned(),
        (known, _) => format!(
            "{} {} in {} in which there were any",
            counted(usual.acts, noun),
            if known { "of it" } else { "of the whole site, for it was never seen," },
            lasting(usual.covered_ns),
        ),
    };
    Finding {
        detector: NAME,
        kind,
        surprise: RAISED,
        hard: false,
        actor,
        about: None,
        because: format!(
            "{} {toward} {name} {within}; the baseline has {usually}",
            counted(bucket.acts, noun),
        ),
        normal_if: format!("baseline knows {noun}s {toward} {name} at this rate"),
    }
}

#[cfg(test)]
mod tests;
