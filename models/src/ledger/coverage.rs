//! How much of what a conversation does was learned, and how long the rest would take.
//!
//! A *symbol* is a function that was asked for, or a command (intent and point); each are counted for
//! themselves, as polls would hide what is known of commands. What counts is not how often a symbol came but
//! in how many ten-minute segments: a thousand times within one are no thousand looks. With `T` segments
//! in which the conversation was heard, `U` pairs of symbol and segment, and `Q1` and `Q2` symbols met in one
//! and in two segments only, the next pair is of a symbol that is known with the probability
//!
//! ```text
//! coverage  C = 1 − Q1 / U                                       (Good 1953, Turing)
//! after t more segments:  1 − Q1 / U · A^t                       (Chao and Jost 2012, Ecology 93)
//!           A = (T − 1) Q1 / ((T − 1) Q1 + 2 Q2),    or, where Q2 = 0,
//!           A = (T − 1) (Q1 − 1) / ((T − 1) (Q1 − 1) + 2)
//! ```
//!
//! so that what is not known halves in ln 2 / −ln A segments. These are segments in which the conversation
//! is heard; where that is seldom, the time is longer in proportion. With less than an hour heard, or
//! fewer than [`PAIRS`] pairs of commands, nothing is said.

use super::store::Ledger;
use super::tally::{SEGMENT_NS, Tally};
use crate::event::Conversation;
use crate::surprise::real;

/// Coverage from which on something is learned well.
pub const WELL: f64 = 0.95;

/// Segments that a conversation has to be heard in before anything is said: an hour.
const SEGMENTS: u64 = 6;

/// Pairs of command and segment below which it cannot be told how much is missing.
pub const PAIRS: u64 = 5;

/// The longest time that is told, in days: beyond, the estimate says no more than "long".
const DAYS: f64 = 3_650.0;

/// Symbols, counted by the segments that they were met in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Distinct symbols.
    pub symbols: u64,
    /// Pairs of symbol and segment.
    pub pairs: u64,
    /// Symbols met in one segment only.
    pub once: u64,
    /// Symbols met in two.
    pub twice: u64,
}

impl Counted {
    fn of<'t>(tallies: impl Iterator<Item = &'t Tally>) -> Self {
        tallies.fold(Self::default(), |mut counted, tally| {
            let segments = tally.segments().count();
            counted.symbols = counted.symbols.saturating_add(1);
            counted.pairs = counted.pairs.saturating_add(segments);
            counted.once = counted.once.saturating_add(u64::from(segments == 1));
            counted.twice = counted.twice.saturating_add(u64::from(segments == 2));
            counted
        })
    }

    fn and(self, other: Self) -> Self {
        Self {
            symbols: self.symbols.saturating_add(other.symbols),
            pairs: self.pairs.saturating_add(other.pairs),
            once: self.once.saturating_add(other.once),
            twice: self.twice.saturating_add(other.twice),
        }
    }

    /// The probability that the next symbol is known, from 0 to 1; `None` where nothing was counted.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        (self.pairs > 0).then(|| 1.0 - real(self.once) / real(self.pairs))
    }

    /// By what part of it the probability of something new falls with each segment more.
    fn falls(&self, segments: u64) -> Option<f64> {
        let rest = real(segments.saturating_sub(1));
        let (known, further) = match self.twice {
            0 => (rest * real(self.once.saturating_sub(1)), 2.0),
            twice => (rest * real(self.once), 2.0 * real(twice)),
        };
        (known > 0.0).then(|| known / (known + further))
    }
}

/// How much of a conversation was learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// Which.
    pub conversation: Conversation,
    /// In how many ten-minute segments it was heard.
    pub segments: u64,
    /// The functions that were asked for.
    pub asked: Counted,
    /// The commands that were given.
    pub commanded: Counted,
    /// What follows.
    pub ready: Ready,
}

/// Whether a conversation was learned well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ready {
    /// Too little was seen to say.
    CannotTell,
    /// [`WELL`] is not reached.
    NotYet {
        /// Time in which what is not known halves, at the rate of the learned time, in nanoseconds;
        /// `None` where that cannot be told.
        half_ns: Option<u64>,
        /// Time until [`WELL`] is reached.
        until_ns: Option<u64>,
    },
    /// The next act is a known one with a probability of [`WELL`] and more.
    Well,
}

/// How much of everything was learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Readiness {
    /// Each conversation, the one that is known least first.
    pub conversations: Vec<Coverage>,
    /// The commands of all conversations together.
    pub commanded: Counted,
    /// The segments of the whole site.
    pub segments: u64,
}

impl Readiness {
    /// How many commands a day are to be expected that were never given in their conversation, at the
    /// rate of the learned time; `None` with less than a day.
    #[must_use]
    pub fn new_commands_a_day(&self) -> Option<f64> {
        const DAY: u64 = 86_400 * 1_000_000_000 / SEGMENT_NS;
        (self.segments >= DAY).then(|| real(self.commanded.once) / real(self.segments) * real(DAY))
    }

    /// How many conversations are learned well, not yet, and how many it cannot be told of.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        self.conversations.iter().fold((0, 0, 0), |(well, not, unknown), it| match it.ready {
            Ready::Well => (well + 1, not, unknown),
            Ready::NotYet { .. } => (well, not + 1, unknown),
            Ready::CannotTell => (well, not, unknown + 1),
        })
    }
}

impl Ledger {
    /// How much was learned of what goes on, and how long the rest would take.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let site = self.pace().requests.as_ref();
        let all = site.map_or(0, |tally| tally.segments().count());
        let mut conversations = Vec::new();
        let mut sum = Counted::default();
        for (conversation, record) in self.conversations() {
            let segments = record.tally().segments().count();
            let asked = Counted::of(record.functions().map(|(_, function)| function.tally()));
            let commanded = Counted::of(record.commands().map(|(_, command)| command.tally()));
            sum = sum.and(commanded);
            let ready = ready(asked, commanded, segments, all);
            let conversation = *conversation;
            conversations.push(Coverage { conversation, segments, asked, commanded, ready });
        }
        conversations.sort_by(|ours, theirs| {
            let known = |it: &Coverage| least(it).unwrap_or(1.0);
            let rank = |it: &Coverage| match it.ready {
                Ready::NotYet { .. } => 0,
                Ready::CannotTell => 1,
                Ready::Well => 2,
            };
            let coverage = known(ours).total_cmp(&known(theirs));
            rank(ours).cmp(&rank(theirs)).then(coverage)
        });
        Readiness { conversations, commanded: sum, segments: all }
    }
}

/// The lesser of both coverages.
fn least(it: &Coverage) -> Option<f64> {
    [it.asked.coverage(), it.commanded.coverage()].into_iter().flatten().reduce(f64::min)
}

fn ready(asked: Counted, commanded: Counted, segments: u64, all: u64) -> Ready {
    let few = commanded.symbols > 0 && commanded.pairs < PAIRS;
    if segments < SEGMENTS || few {
        return Ready::CannotTell;
    }
    let both = [asked, commanded];
    let missing = both.iter().filter_map(|counted| {
        let unknown = 1.0 - counted.coverage()?;
        (unknown > 1.0 - WELL).then_some((unknown, counted))
    });
    let Some((unknown, counted)) = missing.max_by(|ours, theirs| ours.0.total_cmp(&theirs.0))
    else {
        return Ready::Well;
    };
    let falls = counted.falls(segments);
    // Where the conversation is heard seldom, its segments are far between.
    let every_ns = real(SEGMENT_NS) * real(all.max(segments)) / real(segments);
    let after = |part: f64| {
        let wait_ns = part.ln() / falls?.ln() * every_ns;
        let day_ns = real(86_400 * 1_000_000_000);
        (wait_ns.is_finite() && wait_ns <= DAYS * day_ns).then(|| rounded(wait_ns))
    };
    Ready::NotYet { half_ns: after(0.5), until_ns: after((1.0 - WELL) / unknown) }
}

/// Nanoseconds as a whole number, to the second, which no platform's last digit changes.
fn rounded(ns: f64) -> u64 {
    core::time::Duration::try_from_secs_f64((ns / 1e9).round().max(0.0))
        .map_or(u64::MAX, |span| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;
    use crate::samples::{later, learned, request, write};

    fn command(point: u32, segment: u64) -> crate::event::Event {
        later(write(&request(5, 21), point, Value::Number(1.0)), segment * 10)
    }

    /// Polls in `segments` segments, and commands: a point and its segment each.
    fn site(segments: u64, commands: &[(u32, u64)]) -> Readiness {
        let polls = (0..segments).map(|segment| later(request(5, 21), segment * 10));
        learned(polls.chain(commands.iter().map(|(point, at)| command(*point, *at)))).readiness()
    }

    #[test]
    fn a_thousand_commands_in_one_segment_are_one_look() {
        let ledger = learned(
            (0..100)
                .map(|at| later(request(5, 21), at * 10))
                .chain((0..1_000).map(|_| command(1, 3)))
                .chain((4..8).map(|at| command(2, at))),
        );
        let readiness = ledger.readiness();
        let commanded = readiness.commanded;
        assert_eq!((commanded.symbols, commanded.pairs, commanded.once), (2, 5, 1));
        assert!((commanded.coverage().unwrap() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn polls_alone_are_learned_well_within_hours() {
        let readiness = site(100, &[]);
        assert_eq!(readiness.conversations[0].ready, Ready::Well);
        assert_eq!(readiness.counts(), (1, 0, 0));
        assert_eq!(readiness.new_commands_a_day(), None, "less than a day");
    }

    #[test]
    fn with_less_than_an_hour_or_few_commands_it_cannot_be_told() {
        assert_eq!(site(5, &[]).conversations[0].ready, Ready::CannotTell);
        let few = [(1, 1), (1, 5), (2, 9), (3, 11)];
        assert_eq!(site(100, &few).conversations[0].ready, Ready::CannotTell);
    }

    /// Ten points: `Q1` = 4, `Q2` = 3, `U` = 4 + 6 + 3 · 5 = 25, `T` = 720.
    #[test]
    fn how_long_the_rest_takes_is_by_the_stated_formula() {
        let mut commands = Vec::new();
        for (point, times) in [1, 1, 1, 1, 2, 2, 2, 5, 5, 5].into_iter().enumerate() {
            let point = u32::try_from(point).unwrap();
            commands.extend((0..times).map(|nth| (point, u64::from(point) * 70 + nth * 3)));
        }
        let readiness = site(720, &commands);
        let coverage = &readiness.conversations[0];
        assert_eq!(coverage.commanded, Counted { symbols: 10, pairs: 25, once: 4, twice: 3 });
        let Ready::NotYet { half_ns: Some(half_ns), until_ns: Some(until_ns) } = coverage.ready
        else {
            panic!("{coverage:?}")
        };
        let falls: f64 = 719.0 * 4.0 / (719.0 * 4.0 + 6.0);
        let segments = |part: f64| part.ln() / falls.ln();
        assert!((real(half_ns) / real(SEGMENT_NS) - segments(0.5)).abs() < 0.01, "{half_ns}");
        let until = segments(0.05 / 0.16);
        assert!((real(until_ns) / real(SEGMENT_NS) - until).abs() < 0.01, "{until_ns}");
        assert!((readiness.new_commands_a_day().unwrap() - 0.8).abs() < 1e-9);
    }

    #[test]
    fn who_is_heard_seldom_takes_longer() {
        let often = |segments: u64| (0..segments).map(|at| later(request(6, 22), at * 10));
        let commands: Vec<_> = (0..6).map(|point| command(point, u64::from(point) * 20)).collect();
        let polls = (0..120).step_by(4).map(|at| later(request(5, 21), at * 10));
        let site = |segments| {
            let all = often(segments).chain(polls.clone()).chain(commands.clone());
            let readiness = learned(all).readiness();
            let it = readiness.conversations.iter().find(|it| it.commanded.pairs > 0).unwrap();
            let Ready::NotYet { half_ns, .. } = it.ready else { panic!("{it:?}") };
            half_ns.unwrap()
        };
        assert!(site(480) > 3 * site(120), "{} {}", site(480), site(120));
    }

    #[test]
    fn an_empty_ledger_has_nothing_to_say() {
        let readiness = Ledger::default().readiness();
        assert_eq!((readiness.conversations.len(), readiness.commanded.coverage()), (0, None));
    }
}
