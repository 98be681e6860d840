//! How much is usual, from what was learned.

use super::{CLUMPS, What, Who};
use crate::ledger::{AttemptRecord, Ledger, Pace, Pair, SEGMENT_NS, Tally};
use crate::surprise::real;

/// Connections a second that who lost one may ask for anew.
pub(super) const AGAIN_A_S: f64 = 1.0;

/// Connections that may be asked for at once besides.
pub(super) const AGAIN: f64 = 30.0;

/// What is usual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usual {
    pub(super) acts: u64,
    /// What may be expected before anything is known.
    pub(super) prior: u64,
    pub(super) covered_ns: u64,
    pub(super) known: bool,
    /// What is free besides: a second, and at once.
    pub(super) free: (f64, f64),
}

impl Usual {
    /// How many acts are usual in this time.
    pub(super) fn acts_in(self, ns: u64) -> f64 {
        (real(self.acts) + real(self.prior)) * real(ns) / real(self.covered_ns.max(1))
    }
}

/// What is usual of these acts of this host or device.
pub(super) fn usual(ledger: &Ledger, who: Who, what: What) -> Usual {
    let (known, reports) = match who {
        Who::Pair(pair) => return usual_connections(ledger, Some(&pair)),
        Who::Client(_) | Who::Device(_) if what == What::Connections => {
            return usual_connections(ledger, None);
        }
        Who::Client(client) => (ledger.client(&client).map(|sum| &sum.pace), None),
        Who::Device(device) => {
            let reports = ledger.record(&device).and_then(|record| record.reports());
            (ledger.device(&device).map(|sum| &sum.pace), reports)
        }
    };
    let pace: &Pace = known.unwrap_or_else(|| ledger.pace());
    let watched_ns = covered_ns(pace.requests.as_ref());
    let tally = match what {
        What::Requests => pace.requests.as_ref(),
        What::Commands => pace.commands.as_ref(),
        What::Reports => reports,
        What::Refusals | What::Unanswered | What::Connections => None,
    };
    let acts = match what {
        What::Refusals => of_recent(pace.refused, pace.requests.as_ref()),
        What::Unanswered => of_recent(pace.unanswered, pace.requests.as_ref()),
        What::Requests | What::Commands | What::Reports | What::Connections => {
            tally.map_or(0, Tally::recent)
        }
    };
    // What was seen once or twice covers no time: ten minutes, or as long as was learned.
    let covered_ns = match (what, tally) {
        (What::Requests, _) | (_, None) => watched_ns,
        (_, Some(tally)) => tally.covered_ns().max(watched_ns.min(SEGMENT_NS)),
    };
    let known = known.is_some();
    let others = match what {
        What::Commands => Some(ledger.visits()),
        What::Reports => Some(ledger.reports()),
        What::Requests | What::Refusals | What::Unanswered | What::Connections => None,
    };
    let never = matches!(who, Who::Device(_)) && tally.is_none();
    if let Some(spells) = others.filter(|_| never) {
        // What never happened to a device may happen as it does to others: operators do not get to all of them
        // while learning, and not all of them have something to report.
        let prior = spells.count.checked_div(ledger.counts().devices).unwrap_or(0).max(1);
        let spell = real(spells.count) / real(spells.segments.max(1));
        return Usual { acts, prior, covered_ns, known, free: (0.0, CLUMPS * spell) };
    }
    Usual { acts, prior: 1, covered_ns, known, free: (0.0, 0.0) }
}

/// How many connections are usual of a pair of hosts; of none that is known, only what is free.
fn usual_connections(ledger: &Ledger, pair: Option<&Pair>) -> Usual {
    let tally = pair.and_then(|pair| ledger.attempts(pair)).map(AttemptRecord::tally);
    let watched_ns = covered_ns(ledger.pace().requests.as_ref());
    // As above, what was seen once or twice covers no time.
    let covered_ns = covered_ns(tally).max(watched_ns.min(SEGMENT_NS));
    let (acts, known) = (tally.map_or(0, Tally::recent), tally.is_some());
    Usual { acts, prior: 1, covered_ns, known, free: (AGAIN_A_S, AGAIN) }
}

/// How many of so many that ended in a way belong to the requests whose time is kept, if all did alike.
fn of_recent(ended: u64, requests: Option<&Tally>) -> u64 {
    let Some(requests) = requests else { return ended };
    let share = u128::from(ended) * u128::from(requests.recent());
    u64::try_from(share.div_ceil(u128::from(requests.count().max(1)))).unwrap_or(u64::MAX)
}

/// The time covered by acts: at least a second.
fn covered_ns(tally: Option<&Tally>) -> u64 {
    tally.map_or(0, Tally::covered_ns).max(1_000_000_000)
}
