//! What changed between two ledgers: what is new, what is gone, what is done more or less often.

use std::collections::BTreeMap;

use foldhash::HashMap;

use super::records::{Command, CommandRecord, ConversationRecord, FunctionKey, Span};
use super::store::Ledger;
use super::tally::Tally;
use super::values::Values;
use crate::event::{Conversation, Device};

/// By how much two rates have to differ at least to be told.
const FACTOR: f64 = 2.0;
/// How far a count has to be from what the other ledger's rate makes expect, in standard deviations:
/// by chance once in some 30,000 comparisons of what comes at random, and rarer of what comes by the
/// clock.
const DEVIATIONS: f64 = 4.0;

/// One thing that is not the same in both ledgers.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<'l> {
    /// What it is about.
    pub subject: Subject<'l>,
    /// What became of it.
    pub change: Change,
    /// Acts with it in the old ledger.
    pub old_acts: u64,
    /// Acts with it in the new ledger.
    pub new_acts: u64,
}

/// What a difference is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject<'l> {
    /// A client speaks to a device.
    Conversation(&'l Conversation),
    /// It sends a function, of this name.
    Function(&'l Conversation, &'l FunctionKey, &'l str),
    /// It gives a command; if it is new or gone, with these values.
    Command(&'l Conversation, &'l Command, String),
    /// It gives a command with other values, which are told.
    Values(&'l Conversation, &'l Command, String),
    /// A span is read of a device, by whatever client.
    Read(&'l Device, &'l Span),
}

/// What became of something between two ledgers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// It is in the new one only.
    New,
    /// It is in the old one only.
    Gone,
    /// It is in both, and comes so many times as often in the same time as it did.
    Often(f64),
}

impl Ledger {
    /// What is not the same in `new`, sorted by conversation and device.
    ///
    /// Whatever is new or gone is told, with everything that was learned of it. What is in both is
    /// told if it comes at least twice or at most half as often in the same time, and not by chance.
    #[must_use]
    pub fn diff<'l>(&'l self, new: &'l Self) -> Vec<Difference<'l>> {
        let covered_ns = (self.covered_ns(), new.covered_ns());
        let mut diff = Diff { covered_ns, found: Vec::new() };
        for (talk, records) in both([self, new].map(|ledger| Some(&ledger.facts.conversations))) {
            diff.conversation(talk, records);
        }
        for (device, records) in both([self, new].map(|ledger| Some(&ledger.facts.devices))) {
            for (span, tallies) in both(records.map(|record| record.map(|record| &record.reads))) {
                diff.tally(tallies, || Subject::Read(device, span));
            }
        }
        diff.found
    }

    /// Capture time that the captures cover together, in nanoseconds.
    #[must_use]
    pub fn covered_ns(&self) -> u64 {
        let mut spans: Vec<_> =
            self.captures().map(|capture| (capture.first_ns, capture.last_ns)).collect();
        spans.sort_unstable();
        let (mut covered_ns, mut until_ns) = (0_u64, 0_u64);
        for (first_ns, last_ns) in spans {
            covered_ns = covered_ns.saturating_add(last_ns.saturating_sub(first_ns.max(until_ns)));
            until_ns = until_ns.max(last_ns);
        }
        covered_ns
    }
}

/// What two maps hold under each key of either, in the order of the keys.
fn both<K: Ord, V>(maps: [Option<&HashMap<K, V>>; 2]) -> BTreeMap<&K, [Option<&V>; 2]> {
    let mut both: BTreeMap<_, [Option<&V>; 2]> = BTreeMap::new();
    for (nth, map) in maps.into_iter().enumerate() {
        for (key, value) in map.into_iter().flatten() {
            if let Some(place) = both.entry(key).or_default().get_mut(nth) {
                *place = Some(value);
            }
        }
    }
    both
}

/// The differences found so far.
struct Diff<'l> {
    /// Capture time of either ledger.
    covered_ns: (u64, u64),
    found: Vec<Difference<'l>>,
}

impl<'l> Diff<'l> {
    fn conversation(
        &mut self,
        talk: &'l Conversation,
        records: [Option<&'l ConversationRecord>; 2],
    ) {
        self.tally(records.map(|record| record.map(ConversationRecord::tally)), || {
            Subject::Conversation(talk)
        });
        let mut functions = BTreeMap::new();
        for (nth, record) in records.into_iter().enumerate() {
            for (key, function) in record.into_iter().flat_map(ConversationRecord::functions) {
                let (name, tallies) = functions.entry(key).or_insert((function.name(), [None; 2]));
                *name = function.name();
                if let Some(tally) = tallies.get_mut(nth) {
                    *tally = Some(function.tally());
                }
            }
        }
        for (key, (name, tallies)) in functions {
            self.tally(tallies, || Subject::Function(talk, key, name));
        }
        for (command, records) in both(records.map(|record| Some(&record?.commands))) {
            let values = records.map(|record| record.map(CommandRecord::values));
            self.tally(records.map(|record| record.map(CommandRecord::tally)), || {
                let alone = match values {
                    [Some(values), None] | [None, Some(values)] => values.list(),
                    [None, None] | [Some(_), Some(_)] => String::new(),
                };
                Subject::Command(talk, command, alone)
            });
            if let [Some(old), Some(new)] = values {
                self.values(talk, command, old, new);
            }
        }
    }

    /// Notes something of which there is a tally on one side or on both.
    fn tally(&mut self, tallies: [Option<&Tally>; 2], subject: impl FnOnce() -> Subject<'l>) {
        let [old_acts, new_acts] = tallies.map(|tally| tally.map_or(0, Tally::count));
        let change = match tallies {
            [None, Some(_)] => Some(Change::New),
            [Some(_), None] => Some(Change::Gone),
            [Some(_), Some(_)] => self.often(old_acts, new_acts),
            [None, None] => None,
        };
        if let Some(change) = change {
            self.found.push(Difference { subject: subject(), change, old_acts, new_acts });
        }
    }

    /// Notes values of a command that are new or gone.
    fn values(&mut self, talk: &'l Conversation, command: &'l Command, old: &Values, new: &Values) {
        for (change, ours, other) in [(Change::New, new, old), (Change::Gone, old, new)] {
            if let Some(beyond) = ours.beyond(other) {
                let (acts, text) = (beyond.total(), beyond.list());
                let (old_acts, new_acts) =
                    if change == Change::New { (0, acts) } else { (acts, 0) };
                let subject = Subject::Values(talk, command, text);
                self.found.push(Difference { subject, change, old_acts, new_acts });
            }
        }
    }

    /// How many times as often it comes, if that is told.
    #[expect(
        clippy::cast_precision_loss,
        clippy::as_conversions,
        reason = "a rate needs no more digits than a float has"
    )]
    fn often(&self, old_acts: u64, new_acts: u64) -> Option<Change> {
        let (old_ns, new_ns) = self.covered_ns;
        if old_ns == 0 || new_ns == 0 {
            return None;
        }
        let (old, new) = (old_acts as f64, new_acts as f64);
        // Of all acts of both, the new ledger has its part of the time if nothing changed.
        let part = new_ns as f64 / (old_ns as f64 + new_ns as f64);
        let (expected, deviation) =
            ((old + new) * part, ((old + new) * part * (1.0 - part)).sqrt());
        let times = (new / new_ns as f64) / (old / old_ns as f64);
        let told = !(1.0 / FACTOR < times && times < FACTOR)
            && (new - expected).abs() >= DEVIATIONS * deviation;
        told.then_some(Change::Often(times))
    }
}
