//! Runs of acts that lack what such acts have: how often they lacked it, and how odd it is that so many
//! in a row do.

use std::collections::HashMap;
use std::hash::BuildHasher;

use crate::detector::Bits;
use crate::event::Conversation;
use crate::ledger::Ledger;
use crate::surprise::{self, Context};
use crate::words::grouped;

/// Acts of a run that are looked at: more add next to nothing.
const LONGEST: u64 = 64;

/// Capture time after which a run begins anew: an hour.
const REST_NS: u64 = 3_600 * 1_000_000_000;

/// One part in so many more acts change nothing of what a site has in common.
const GROWTH: u64 = 64;

/// How many acts there were, and how many of them lacked something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) acts: u64,
    pub(super) lacked: u64,
}

impl Rate {
    /// Counts one more context, for what all contexts have in common: whether acts in it ever lacked it.
    pub(super) fn add_context(&mut self, of: Self) {
        self.acts = self.acts.saturating_add(u64::from(of.acts > 0));
        self.lacked = self.lacked.saturating_add(u64::from(of.lacked > 0));
    }

    /// How odd it is that the next `run` acts all lack it.
    ///
    /// Each is judged after those before it were counted: who once does without will do so again, so
    /// that the second adds less than the first.
    pub(super) fn surprise(self, run: u64, site: Self) -> Bits {
        let parent = site.share(1.0);
        let next = |nth| Self {
            acts: self.acts.saturating_add(nth),
            lacked: self.lacked.saturating_add(nth),
        };
        surprise::bits((0..run.min(LONGEST)).map(|nth| next(nth).share(parent)).product())
    }

    /// How probable it is that another one lacks it.
    fn share(self, parent: f64) -> f64 {
        let distinct = 1 + u64::from(self.lacked > 0);
        Context { events: self.acts, distinct }.share(self.lacked, parent)
    }
}

/// What the contexts of the site have in common, kept for as long as the ledger is about the same.
#[derive(Debug, Default)]
pub(super) struct Site<T> {
    acts: u64,
    common: T,
}

impl<T> Site<T> {
    /// What they have in common, as `count` says: it may look at every conversation, so that it is asked
    /// once of a ledger that judges, and of one that still learns when a part in [`GROWTH`] was added.
    pub(super) fn common(&mut self, ledger: &Ledger, count: impl FnOnce(&Ledger) -> T) -> &T {
        let acts = ledger.counts().acts;
        let about_the_same =
            acts.checked_sub(self.acts).is_some_and(|more| more <= self.acts / GROWTH);
        if self.acts == 0 || !about_the_same {
            *self = Self { acts, common: count(ledger) };
        }
        &self.common
    }
}

/// How many acts in a row lacked it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    length: u64,
    last_ns: u64,
}

impl Run {
    /// One more; the length of the run with it.
    pub(super) fn add(&mut self, time_ns: u64) -> u64 {
        let rested = time_ns.abs_diff(self.last_ns) > REST_NS;
        self.length = if rested { 1 } else { self.length.saturating_add(1) };
        self.last_ns = time_ns;
        self.length
    }
}

/// `, 2 times in a row`; nothing of the first time.
pub(super) fn in_a_row(times: u64) -> String {
    if times > 1 { format!(", {} times in a row", grouped(times)) } else { String::new() }
}

/// The entry of a conversation, in a map of at most so many: if it is full, all is forgotten.
pub(super) fn entry<T: Default, S: BuildHasher>(
    map: &mut HashMap<Conversation, T, S>,
    conversation: Conversation,
    most: usize,
) -> &mut T {
    if map.len() >= most && !map.contains_key(&conversation) {
        map.clear();
    }
    map.entry(conversation).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_the_odder_the_longer_and_the_more_was_learned() {
        let site = Rate { acts: 10, lacked: 0 };
        let bits = |acts, run| Rate { acts, lacked: 0 }.surprise(run, site).0;
        assert!(bits(100, 1) > bits(10, 1) && bits(10, 1) > bits(0, 1));
        assert!(bits(10, 2) > bits(10, 1) + 2.0 && bits(10, 2) < 2.0 * bits(10, 1));
        let often = Rate { acts: 100, lacked: 40 };
        assert!(often.surprise(3, site).0 < 5.0, "{}", often.surprise(3, site));
        assert_eq!(Rate::default().surprise(9, Rate::default()), Bits(0.0), "nothing is known");
    }

    #[test]
    fn a_run_that_rested_begins_anew() {
        let mut run = Run::default();
        let lengths = [10 * REST_NS, 11 * REST_NS, 13 * REST_NS].map(|time_ns| run.add(time_ns));
        assert_eq!(lengths, [1, 2, 1]);
    }

    #[test]
    fn what_a_site_has_in_common_is_counted_anew_when_more_was_learned() {
        let (mut site, mut asked) = (Site::default(), 0);
        let mut ledger = Ledger::default();
        for acts in 1..=1_000 {
            ledger.learn(&crate::samples::request(5, 9));
            let rate = *site.common(&ledger, |_| {
                asked += 1;
                Rate { acts, lacked: 0 }
            });
            assert!(acts - rate.acts <= acts / GROWTH, "{acts}");
        }
        assert!((GROWTH..300).contains(&asked), "{asked}");
        let mut again = |ledger: &Ledger| *site.common(ledger, |_| Rate { acts: 7, lacked: 7 });
        assert_ne!(again(&ledger).lacked, 7, "the same ledger");
        ledger = crate::samples::learned([crate::samples::request(5, 9)]);
        assert_eq!(again(&ledger).lacked, 7, "another ledger");
    }
}
