//! How often acts of each kind come: what a rate is measured against.

use super::records::{FunctionKey, Outcomes};
use super::tally::Tally;

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
