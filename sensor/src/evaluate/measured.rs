//! What was measured of one capture or seed, and of several together.

use super::budget::Odd;
use super::labels::Said;
use crate::alert::{Severity, Word};

/// What became of attacks, commands and episodes.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Acts that were learned.
    pub learned: u64,
    /// Acts that were judged.
    pub judged: u64,
    /// Findings that were not raised to keep to the alerts a day.
    pub muted: u64,
    /// Judged time, in nanoseconds of capture time.
    pub judged_ns: u64,
    /// Judged time without that of attacks.
    pub benign_ns: u64,
    /// Attacks that were judged.
    pub attacks: Vec<Outcome>,
    /// Attacks that lie in the learned time.
    pub unjudged_attacks: u64,
    /// What only looks like attacks, as far as it was judged.
    pub lookalikes: Vec<Lookalike>,
    /// Episodes of the judged time.
    pub episodes: Vec<Episode>,
    /// Episodes of the learned time.
    pub unjudged_episodes: u64,
    /// Acts that can change something.
    pub commands: Commands,
    /// All odd acts.
    pub odd: Odd,
    /// What the trivial detectors raised.
    pub trivial: [Trivially; 3],
}

/// What became of an attack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Its kind; empty where labels do not say.
    pub kind: String,
    /// Its beginning, in nanoseconds since 1970 UTC.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
    /// Its acts that were seen and judged.
    pub acts: u64,
    /// The episode that found it: a place in [`Measured::episodes`].
    pub episode: Option<usize>,
    /// At which of its acts, from 1, a revision told of it.
    pub told_at_act: Option<u64>,
    /// How long after its first act, in nanoseconds of capture time.
    pub told_after_ns: Option<u64>,
    /// Whether the alert names whom labels name.
    pub naming: Naming,
    /// What labels say of it.
    pub said: Said,
}

/// Whether an alert names the true ones; nothing where labels name none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// Who did it.
    pub actor: Option<bool>,
    /// To whom.
    pub target: Option<bool>,
    /// A point that it touched.
    pub point: Option<bool>,
}

/// What became of something that only looks like an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// Its kind.
    pub kind: String,
    /// Whether an episode took one of its acts.
    pub alarmed: bool,
}

/// An episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The id of its alert.
    pub id: String,
    /// Time of its first act, in nanoseconds since 1970 UTC.
    pub first_ns: u64,
    /// Time of its latest act.
    pub last_ns: u64,
    /// Its odd acts.
    pub acts: u64,
    /// Kind of its gravest finding.
    pub kind: Word,
    /// How grave that is.
    pub severity: Severity,
    /// The attacks of which it has an act: places in [`Measured::attacks`].
    pub attacks: Vec<usize>,
    /// Whether one of its acts was noticed in the judged time.
    pub judged: bool,
}

impl Episode {
    /// One that is about to begin.
    pub(super) fn new(id: &str, first_ns: u64) -> Self {
        Self {
            id: id.to_owned(),
            first_ns,
            last_ns: first_ns,
            acts: 0,
            kind: Word::Borrowed(""),
            severity: Severity::Info,
            attacks: Vec::new(),
            judged: false,
        }
    }
}

/// How many acts that can change something were alarmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// All that were judged.
    pub judged: u64,
    /// Those that are part of an attack.
    pub attack: u64,
    /// Those that an episode took.
    pub alarmed: u64,
    /// Those of them that are part of an attack.
    pub alarmed_attack: u64,
    /// Those that labels call an operator's; where labels name none, all that are part of no attack.
    pub operators: u64,
    /// Those of them that an episode took.
    pub alarmed_operators: u64,
    /// Those of operators whose client gave [`PRACTICE`] commands or more while learning.
    pub practised: u64,
    /// Those of them that an episode took.
    pub alarmed_practised: u64,
}

/// Commands of the learned time from which on a client has shown how it commands.
pub const PRACTICE: u64 = 20;

/// What a trivial detector raised.
#[derive(Clone, Debug, Default)]
pub struct Trivially {
    /// The acts.
    pub odd: Odd,
    /// How many can change something.
    pub commands: u64,
    /// Those of them that are part of an attack.
    pub attack_commands: u64,
}

impl Measured {
    /// Adds what was measured of another capture or seed.
    pub fn join(&mut self, other: Self) {
        let (attacks, episodes) = (self.attacks.len(), self.episodes.len());
        let sum = |one: &mut u64, other: u64| *one = one.saturating_add(other);
        sum(&mut self.learned, other.learned);
        sum(&mut self.judged, other.judged);
        sum(&mut self.muted, other.muted);
        sum(&mut self.judged_ns, other.judged_ns);
        sum(&mut self.benign_ns, other.benign_ns);
        sum(&mut self.unjudged_attacks, other.unjudged_attacks);
        sum(&mut self.unjudged_episodes, other.unjudged_episodes);
        self.attacks.extend(other.attacks.into_iter().map(|it| Outcome {
            episode: it.episode.map(|place| place.saturating_add(episodes)),
            ..it
        }));
        self.lookalikes.extend(other.lookalikes);
        self.episodes.extend(other.episodes.into_iter().map(|it| Episode {
            attacks: it.attacks.iter().map(|place| place.saturating_add(attacks)).collect(),
            ..it
        }));
        self.commands.join(other.commands);
        self.odd.join(other.odd, attacks);
        for (mine, its) in self.trivial.iter_mut().zip(other.trivial) {
            sum(&mut mine.commands, its.commands);
            sum(&mut mine.attack_commands, its.attack_commands);
            mine.odd.join(its.odd, attacks);
        }
    }

    /// Episodes that have no act of an attack.
    pub fn wrong(&self) -> impl Iterator<Item = &Episode> {
        self.episodes.iter().filter(|episode| episode.attacks.is_empty())
    }
}

impl Commands {
    fn join(&mut self, other: Self) {
        let sum = |one: &mut u64, other: u64| *one = one.saturating_add(other);
        sum(&mut self.judged, other.judged);
        sum(&mut self.attack, other.attack);
        sum(&mut self.alarmed, other.alarmed);
        sum(&mut self.alarmed_attack, other.alarmed_attack);
        sum(&mut self.operators, other.operators);
        sum(&mut self.alarmed_operators, other.alarmed_operators);
        sum(&mut self.practised, other.practised);
        sum(&mut self.alarmed_practised, other.alarmed_practised);
    }
}
