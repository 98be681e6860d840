//! How often acts of each kind come: what a rate is measured against.

use super::records::{FunctionKey, Outcomes};
use super::store::Ledger;
use super::tally::{SEGMENT_NS, Tally};
use crate::event::{Conversation, Event, Intent};

/// How often acts of each kind came, of one client, one device or the site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// All acts that were asked for.
    pub requests: Option<Tally>,
    /// Those of them that command.
    pub commands: Option<Tally>,
    /// Acts that were refused.
    pub refused: u64,
    /// Acts that were not answered.
    pub unanswered: u64,
}

impl Pace {
    pub(crate) fn add_act(&mut self, time_ns: u64) {
        Tally::count_in(&mut self.requests, time_ns);
    }

    pub(crate) fn add_command(&mut self, time_ns: u64) {
        Tally::count_in(&mut self.commands, time_ns);
    }

    pub(crate) fn add_acts(&mut self, acts: &Tally) {
        Tally::merge_in(&mut self.requests, acts);
    }

    pub(crate) fn add_function(&mut self, key: FunctionKey, acts: &Tally, outcomes: Outcomes) {
        if key.intent.commands() {
            Tally::merge_in(&mut self.commands, acts);
        }
        self.add_outcomes(outcomes);
    }

    pub(crate) fn add_outcomes(&mut self, outcomes: Outcomes) {
        self.refused = self.refused.saturating_add(outcomes.refused);
        self.unanswered = self.unanswered.saturating_add(outcomes.unanswered);
    }
}

/// Polls of a conversation of which a period can be told.
const POLLS: u64 = 30;

/// How a conversation polls that does so nearly all the learned time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Polls: reads of the span that is read most.
    pub polls: u64,
    /// Time from one to the next, in nanoseconds.
    pub period_ns: u64,
    /// The time it was learned for, in nanoseconds.
    pub covered_ns: u64,
    /// The longest it was away while others were there, in whole segments, in nanoseconds.
    pub away_ns: u64,
}

impl Ledger {
    /// Whether an act only reads, and of a known device only what somebody reads of it.
    #[must_use]
    pub fn reads_as_usual(&self, event: &Event) -> bool {
        let Some(device) = self.record(&event.conversation.device()) else { return false };
        let mut reads = event.reads().peekable();
        event.intent == Intent::Read
            && reads.peek().is_some()
            && reads.all(|span| device.is_read(span))
    }

    /// How a conversation polls, if it does so nine tenths of the time in which the site was seen.
    #[must_use]
    pub fn pattern(&self, conversation: &Conversation) -> Option<Pattern> {
        let record = self.conversation(conversation)?;
        let site = self.pace().requests.as_ref()?;
        let tally = record.tally();
        let covered_ns = tally.covered_ns();
        if covered_ns < site.covered_ns() / 10 * 9 {
            return None;
        }
        let reads = record.functions().filter(|(key, _)| key.intent == Intent::Read);
        let reads = reads.fold(0_u64, |sum, (_, record)| sum.saturating_add(record.tally.recent()));
        let spans = self.record(&conversation.device()).map(|device| device.reads.values());
        let most = spans.and_then(|spans| spans.map(Tally::recent).max());
        let polls = reads.min(most.unwrap_or(reads));
        if polls < POLLS {
            return None;
        }
        let away = tally.segments().longest_absence(site.segments());
        let period_ns = covered_ns / polls.saturating_sub(1).max(1);
        let away_ns = away.saturating_mul(SEGMENT_NS);
        Some(Pattern { polls, period_ns, covered_ns, away_ns })
    }
}
