//! One way over captures: the line, what is done to events before they are judged, a judge, and whoever
//! watches it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use gridtap_models::event::{Event, Stage};
use gridtap_models::ledger::Ledger;
use gridtap_models::panel::Panel;

use super::disguise::Disguise;
use super::measured::Measured;
use super::mixture::{Gathered, Mixture};
use super::truth::{Role, Truth};
use super::watch::{Rules, Watch};
use crate::config::Config;
use crate::counters::Counters;
use crate::judge::Judge;
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::shard::Events;
use crate::source::Source;

/// What all ways over the same captures have in common.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// The settings.
    pub config: &'a Config,
    /// What was done.
    pub truth: &'a Truth,
    /// What is measured.
    pub rules: Rules,
}

/// What is done to events before they are judged.
#[derive(Debug)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// Nothing, but what other ways need is gathered.
    Gather(Box<Gather>),
    /// Acts of attacks are learned.
    Mix(Box<Mixture>),
    /// Attackers look like the master.
    Disguise(Box<Disguise>),
    /// Those of another time than is judged are left out.
    Cut,
}

/// What other ways over the same captures need.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    /// The acts of attacks, and how much was learned.
    pub acts: Gathered,
    /// Hosts that attacked, or had labels say so.
    pub took_part: BTreeSet<IpAddr>,
}

/// What came of a way over captures.
#[derive(Debug)]
pub struct Passed {
    /// What was measured.
    pub measured: Measured,
    /// What was done to events.
    pub change: Change,
    /// What was learned.
    pub ledger: Ledger,
    /// What was counted.
    pub counters: Counters,
}

impl Change {
    /// What is to be learned before an event of this time.
    fn due(&mut self, now_ns: u64) -> Option<Event> {
        match self {
            Self::Mix(mixture) => mixture.due(now_ns),
            Self::Nothing | Self::Gather(_) | Self::Disguise(_) | Self::Cut => None,
        }
    }

    /// Changes an event; says whether it is judged at all.
    fn apply(&mut self, event: &mut Event, role: &Role, learning: bool, rules: &Rules) -> bool {
        match self {
            Self::Nothing | Self::Mix(_) => {}
            Self::Gather(gather) => {
                gather.acts.note(event, role, learning);
                if !role.attacks.is_empty() && event.stage == Stage::Requested {
                    gather.took_part.insert(event.conversation.client);
                }
            }
            Self::Disguise(disguise) => disguise.apply(event),
            Self::Cut => return rules.judges(event.time_ns),
        }
        true
    }
}

impl Course<'_> {
    /// Runs the line over `source` with `judge` at its end, and measures what it raises.
    pub fn judge<S: Source>(
        &self,
        source: &mut S,
        mut judge: Judge,
        mut change: Change,
        look: impl FnMut(&mut S, u64),
    ) -> Passed {
        let Self { config, truth, rules } = *self;
        let gauges = Gauges::default();
        let mut watch = Watch::new(truth, rules);
        let counters = pipeline::run(
            source,
            &options(config),
            &gauges,
            || Events,
            |mut event: Event| {
                let first_ns = gauges.first_ns();
                while let Some(copy) = change.due(event.time_ns) {
                    judge.take(&copy, first_ns, &mut |alert| watch.told(&alert));
                }
                let role = truth.role(&event);
                if change.apply(&mut event, &role, judge.is_learning(), &rules) {
                    judge.take(&event, first_ns, &mut |alert| watch.told(&alert));
                    watch.see(&event, role, &judge);
                }
            },
            look,
        );
        judge.finish(&mut |alert| watch.told(&alert));
        let mut measured = watch.finish();
        (measured.learned, measured.judged) = judge.acts();
        measured.muted = judge.raiser().muted();
        Passed { measured, change, ledger: judge.into_ledger(), counters }
    }

    /// Learns what lies outside of the time that is judged and is part of no attack; says as well how
    /// many acts that were.
    pub fn learn<S: Source>(&self, source: &mut S, look: impl FnMut(&mut S, u64)) -> (Ledger, u64) {
        let Self { config, truth, rules } = *self;
        let (mut ledger, mut panel, mut acts) = (Ledger::default(), Panel::all(), 0_u64);
        let learn = |event: Event| {
            if !rules.judges(event.time_ns) && truth.role(&event).attacks.is_empty() {
                panel.observe(&event, &mut |observation| ledger.note(&observation));
                ledger.learn(&event);
                acts = acts.saturating_add(u64::from(event.stage == Stage::Requested));
            }
        };
        pipeline::run(source, &options(config), &Gauges::default(), || Events, learn, look);
        (ledger, acts)
    }
}

fn options(config: &Config) -> Options {
    Options { shards: config.shards, on_full: OnFull::Wait, limits: config.limits }
}
