//! What the ledger holds: the keys things are counted under, and what is counted.

use core::fmt;
use std::collections::BTreeMap;

use foldhash::HashMap;

use super::index::size;
use super::spread::Spread;
use super::tally::Tally;
use super::values::Values;
use crate::event::{Function, Intent, Mark, Outcome, Space};
use crate::limits::NAME_OCTETS;

/// A function as it is told apart in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionKey {
    /// What it is meant to do.
    pub intent: Intent,
    /// Function code.
    pub code: u8,
    /// Sub-function or the like, where there is one.
    pub sub: Option<u16>,
}

/// `write 6`, `diagnose 8.4`.
impl fmt::Display for FunctionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.intent, self.code)?;
        match self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// What was commanded, without its value: the verb and the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Command {
    /// Write, operate or select.
    pub intent: Intent,
    /// Kind of the point.
    pub space: Space,
    /// Its address, as on the wire.
    pub address: u32,
}

/// `write coil 7`.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.intent, self.space, self.address)
    }
}

/// Neighbouring points read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Kind of the points.
    pub space: Space,
    /// First address, as on the wire.
    pub start: u32,
    /// How many points, at least 1.
    pub count: u32,
}

impl Span {
    /// The last address.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.start.saturating_add(self.count.saturating_sub(1))
    }
}

/// A point of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Kind of the point.
    pub space: Space,
    /// Its address, as on the wire.
    pub address: u32,
}

/// `coil 7`.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.space, self.address)
    }
}

/// What was learned of a device, whoever asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceRecord {
    pub(crate) reads: HashMap<Span, Tally>,
    pub(crate) quirks: BTreeMap<Mark, Tally>,
    pub(crate) points: HashMap<Point, PointRecord>,
    pub(crate) delays: Spread,
    pub(crate) reports: Option<Tally>,
}

impl DeviceRecord {
    /// How often it did what a [`Mark`] says, if it did.
    #[must_use]
    pub fn quirk(&self, mark: Mark) -> Option<&Tally> {
        self.quirks.get(&mark)
    }

    /// Whether somebody read just this span.
    #[must_use]
    pub fn is_read(&self, span: Span) -> bool {
        self.reads.contains_key(&span)
    }

    /// The points it reports values of, in no order.
    #[must_use]
    pub fn points(&self) -> impl ExactSizeIterator<Item = (&Point, &PointRecord)> {
        self.points.iter()
    }

    /// What was learned of the values that it reports of a point.
    #[must_use]
    pub fn point(&self, point: Point) -> Option<&PointRecord> {
        self.points.get(&point)
    }

    /// Of how many points it is known whether reports follow commands, and how many of them ever
    /// ignored one.
    #[must_use]
    pub fn commanded_points(&self) -> (u64, u64) {
        let effects = || self.points.values().map(PointRecord::effects);
        let ignoring = effects().filter(|effects| effects.ignored > 0).count();
        let known = effects().filter(|effects| effects.followed > 0 || effects.ignored > 0).count();
        (size(known), size(ignoring))
    }

    /// How long it takes to answer, in microseconds.
    #[must_use]
    pub const fn delays(&self) -> &Spread {
        &self.delays
    }

    /// How often it spoke unasked, or went on with its answer, if it did.
    #[must_use]
    pub const fn reports(&self) -> Option<&Tally> {
        self.reports.as_ref()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// What was learned of the values that a device reports of a point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointRecord {
    pub(crate) first_ns: u64,
    pub(crate) values: Values,
    pub(crate) steps: Spread,
    pub(crate) stood: u64,
    pub(crate) effects: Effects,
}

impl PointRecord {
    /// The values that were reported.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// By how much one reported value differed from the one before.
    #[must_use]
    pub const fn steps(&self) -> &Spread {
        &self.steps
    }

    /// In how many reports in a row it did not change, at most.
    #[must_use]
    pub const fn stood(&self) -> u64 {
        self.stood
    }

    /// Whether reports follow commands.
    #[must_use]
    pub const fn effects(&self) -> Effects {
        self.effects
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.first_ns = self.first_ns.min(other.first_ns);
        self.values.merge(&other.values);
        self.steps.merge(&other.steps);
        self.stood = self.stood.max(other.stood);
        self.effects.merge(other.effects);
    }
}

/// Whether what is reported of a point follows what is commanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Commands whose value was reported soon after.
    pub followed: u64,
    /// Commands whose value was not.
    pub ignored: u64,
    /// Changes of a point that is commanded now and then, without a command.
    pub unexplained: u64,
}

impl Effects {
    fn merge(&mut self, other: Self) {
        self.followed = self.followed.saturating_add(other.followed);
        self.ignored = self.ignored.saturating_add(other.ignored);
        self.unexplained = self.unexplained.saturating_add(other.unexplained);
    }
}

/// What was learned of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRecord {
    pub(crate) tally: Tally,
    /// Sorted; few enough that looking through beats hashing.
    pub(crate) functions: Vec<(FunctionKey, FunctionRecord)>,
    pub(crate) commands: HashMap<Command, CommandRecord>,
}

impl ConversationRecord {
    pub(crate) fn new(tally: Tally) -> Self {
        Self { tally, functions: Vec::new(), commands: HashMap::default() }
    }

    /// All acts of the conversation.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The functions the client sent, sorted.
    pub fn functions(&self) -> impl Iterator<Item = (&FunctionKey, &FunctionRecord)> {
        self.functions.iter().map(|(key, record)| (key, record))
    }

    /// How many functions the client sent.
    #[must_use]
    pub fn distinct_functions(&self) -> u64 {
        size(self.functions.len())
    }

    /// How many commands (intent and point) the client gave.
    #[must_use]
    pub fn distinct_commands(&self) -> u64 {
        size(self.commands.len())
    }

    /// What was learned of one function.
    #[must_use]
    pub fn function(&self, key: FunctionKey) -> Option<&FunctionRecord> {
        self.functions.iter().find(|(known, _)| *known == key).map(|(_, record)| record)
    }

    /// What the client commanded, in no order.
    pub fn commands(&self) -> impl Iterator<Item = (&Command, &CommandRecord)> {
        self.commands.iter()
    }

    /// What was learned of one command.
    #[must_use]
    pub fn command(&self, command: Command) -> Option<&CommandRecord> {
        self.commands.get(&command)
    }
}

/// What was learned of a function in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRecord {
    pub(crate) name: Box<str>,
    pub(crate) tally: Tally,
    pub(crate) outcomes: Outcomes,
    pub(crate) proved: u64,
}

impl FunctionRecord {
    pub(crate) fn once(function: &Function, time_ns: u64) -> Self {
        let name = plain(function.name).into_boxed_str();
        Self { name, tally: Tally::once(time_ns), outcomes: Outcomes::default(), proved: 0 }
    }

    /// The function's name, in printable ASCII.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often it was sent.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How it ended.
    #[must_use]
    pub const fn outcomes(&self) -> Outcomes {
        self.outcomes
    }

    /// How many of those that were done went with proof of who asked ([`Event::proved`]).
    ///
    /// [`Event::proved`]: crate::event::Event::proved
    #[must_use]
    pub const fn proved(&self) -> u64 {
        self.proved
    }

    /// Takes the function's name again, should it differ.
    pub(crate) fn rename(&mut self, function: &Function) {
        if *self.name != *function.name {
            self.keep_lesser(&plain(function.name));
        }
    }

    /// The name is not part of the key: should two differ, the lesser stays, whatever the order.
    fn keep_lesser(&mut self, name: &str) {
        if *name < *self.name {
            self.name = name.into();
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.keep_lesser(&other.name);
        self.tally.merge(&other.tally);
        self.outcomes.merge(other.outcomes);
        self.proved = self.proved.saturating_add(other.proved);
    }
}

/// How the acts of a function ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// The device did it.
    pub done: u64,
    /// The device refused.
    pub refused: u64,
    /// No answer came.
    pub unanswered: u64,
}

impl Outcomes {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Done => &mut self.done,
            Outcome::Refused(_) => &mut self.refused,
            Outcome::Unanswered => &mut self.unanswered,
        };
        *count = count.saturating_add(1);
    }

    fn merge(&mut self, other: Self) {
        self.done = self.done.saturating_add(other.done);
        self.refused = self.refused.saturating_add(other.refused);
        self.unanswered = self.unanswered.saturating_add(other.unanswered);
    }
}

/// What was learned of a command in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRecord {
    pub(crate) tally: Tally,
    pub(crate) values: Values,
}

impl CommandRecord {
    /// How often it was given.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// With which values.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.values.merge(&other.values);
    }
}

/// A name as it may stand between quotes in the file: printable ASCII, cut at the limit.
fn plain(name: &str) -> String {
    let fit = |letter| if is_plain(letter) { letter } else { '?' };
    name.chars().take(NAME_OCTETS).map(fit).collect()
}

/// Whether a name may hold this letter.
pub(crate) const fn is_plain(letter: char) -> bool {
    matches!(letter, ' '..='~') && letter != '"'
}
