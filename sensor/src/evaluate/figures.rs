//! The figures of an evaluation, made of what was measured.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bounds::{Rate, Share, days, real, rounded};
use super::budget::{AtLimit, Score};
use super::labels::SECOND_NS;
use super::measured::{Measured, Outcome, Trivially};
use super::trivial::Trivial;

/// Episodes a day on benign time for which recall is given.
const BUDGETS: [f64; 3] = [0.1, 1.0, 10.0];

/// All figures of one way to run the line over the captures.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Acts that were learned.
    pub learned_acts: u64,
    /// Acts that were judged.
    pub judged_acts: u64,
    /// Judged capture time.
    pub judged_days: f64,
    /// Judged capture time without that of attacks.
    pub benign_days: f64,
    /// Attacks in the learned time, which are left out.
    pub unjudged_attacks: u64,
    /// Episodes of the learned time, which are left out.
    pub unjudged_episodes: u64,
    /// Findings that were not raised to keep to the alerts a day.
    pub muted_findings: u64,
    /// Attacks of which an episode has an act.
    pub recall: Share,
    /// Attacks of which no act was seen: nothing that the sensor reads.
    pub unseen_attacks: u64,
    /// The same by kind of attack.
    pub kinds: Vec<KindFigures>,
    /// Episodes.
    pub episodes: u64,
    /// Episodes without an act of an attack, over benign time.
    pub wrong_episodes: Rate,
    /// How many wrong episodes there are of each kind of alert.
    pub wrong_kinds: BTreeMap<String, u64>,
    /// Acts that can change something, one by one.
    pub commands: CommandFigures,
    /// From the first act of an attack to the revision that tells of it.
    pub latency: Latency,
    /// Whether alerts name the true ones.
    pub naming: NamingFigures,
    /// Recall where so many episodes a day are wanted.
    pub budgets: Vec<BudgetFigures>,
    /// Recall and wrong episodes for each limit, the strictest first.
    pub curve: Vec<CurvePoint>,
    /// What only looks like attacks, by kind.
    pub lookalikes: Vec<LookalikeFigures>,
    /// Detectors that know nothing, over the same acts.
    pub trivial: Vec<TrivialFigures>,
}

/// What became of the attacks of a kind.
#[derive(Clone, Debug, Serialize)]
pub struct KindFigures {
    /// The kind; empty where labels do not say.
    pub kind: String,
    /// How many were found.
    pub recall: Share,
    /// How many were not seen at all.
    pub unseen: u64,
    /// Latency.
    pub latency: Latency,
    /// Whether alerts name the true ones.
    pub naming: NamingFigures,
    /// Of which kinds the alerts are that found them, and how many.
    pub alerts: BTreeMap<String, u64>,
}

/// How late attacks were told of: those that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// At which act of the attack, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Spread>,
    /// Seconds of capture time after its first act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Spread>,
}

/// The middle and the end of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of them are at most this.
    pub median: f64,
    /// Nine of ten are at most this.
    pub p90: f64,
    /// All of them are at most this.
    pub greatest: f64,
}

/// Of the attacks that were found and of which labels name somebody: how many alerts name the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct NamingFigures {
    /// Who did it.
    pub actor: Share,
    /// To whom.
    pub target: Share,
    /// A point that it touched.
    pub point: Share,
}

/// Acts that can change something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CommandFigures {
    /// All that were judged.
    pub judged: u64,
    /// Of those that were alarmed, those that are part of an attack.
    pub precision: Share,
    /// Of those that are part of an attack, those that were alarmed.
    pub recall: Share,
    /// Of those of operators, those that were alarmed.
    pub operators: Share,
    /// The same of those whose client gave 20 commands or more while learning.
    pub practised_operators: Share,
}

/// Recall at a budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BudgetFigures {
    /// Wrong episodes a day that are accepted.
    pub episodes_a_day: f64,
    /// Wrong episodes that is in the benign time there was.
    pub accepted: f64,
    /// Wrong episodes that there are at the limit that accepts no more.
    pub wrong: u64,
    /// That limit; nothing where any limit that raises something raises too much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// Attacks found.
    pub recall: Share,
}

/// A limit, against what is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// Whether only what needs no learning is raised.
    pub hard_only: bool,
    /// Bits above the limits that are set, or below them.
    pub bits: f64,
}

/// What a limit brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The limit.
    pub limit: Limit,
    /// Wrong episodes.
    pub wrong: u64,
    /// Wrong episodes a day of benign time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_a_day: Option<f64>,
    /// Attacks found.
    pub found: u64,
}

/// What became of look-alikes of a kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LookalikeFigures {
    /// The kind.
    pub kind: String,
    /// How many were alarmed.
    pub alarmed: Share,
}

/// What a trivial detector brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrivialFigures {
    /// Its name.
    pub name: &'static str,
    /// Attacks found.
    pub recall: Share,
    /// Wrong episodes.
    pub wrong_episodes: Rate,
    /// Of the commands that it alarmed, those that are part of an attack.
    pub precision: Share,
    /// Of the commands that are part of an attack, those that it alarmed.
    pub command_recall: Share,
}

impl Figures {
    /// The figures of what was measured.
    #[must_use]
    pub fn of(measured: &Measured) -> Self {
        let all: Vec<&Outcome> = measured.attacks.iter().collect();
        let mut wrong_kinds = BTreeMap::new();
        for episode in measured.wrong() {
            count(&mut wrong_kinds, &episode.kind);
        }
        let its = &measured.commands;
        let steps = measured.odd.steps();
        Self {
            learned_acts: measured.learned,
            judged_acts: measured.judged,
            judged_days: rounded(days(measured.judged_ns)),
            benign_days: rounded(days(measured.benign_ns)),
            unjudged_attacks: measured.unjudged_attacks,
            unjudged_episodes: measured.unjudged_episodes,
            muted_findings: measured.muted,
            recall: recall(&all),
            unseen_attacks: unseen(&all),
            kinds: kinds(measured),
            episodes: size(measured.episodes.len()),
            wrong_episodes: Rate::new(size(measured.wrong().count()), measured.benign_ns),
            wrong_kinds,
            commands: CommandFigures {
                judged: its.judged,
                precision: Share::new(its.alarmed_attack, its.alarmed),
                recall: Share::new(its.alarmed_attack, its.attack),
                operators: Share::new(its.alarmed_operators, its.operators),
                practised_operators: Share::new(its.alarmed_practised, its.practised),
            },
            latency: latency(&all),
            naming: naming(&all),
            budgets: budgets(measured, &steps),
            curve: curve(measured, steps),
            lookalikes: lookalikes(measured),
            trivial: trivial(measured),
        }
    }
}

fn recall(attacks: &[&Outcome]) -> Share {
    let found = attacks.iter().filter(|it| it.told_at_act.is_some()).count();
    Share::new(size(found), size(attacks.len()))
}

fn unseen(attacks: &[&Outcome]) -> u64 {
    size(attacks.iter().filter(|it| it.acts == 0).count())
}

fn kinds(measured: &Measured) -> Vec<KindFigures> {
    let mut by_kind: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for attack in &measured.attacks {
        by_kind.entry(&attack.kind).or_default().push(attack);
    }
    let figures = |(kind, attacks): (&str, Vec<&Outcome>)| {
        let mut alerts = BTreeMap::new();
        for attack in &attacks {
            if let Some(it) = attack.episode.and_then(|place| measured.episodes.get(place)) {
                count(&mut alerts, &it.kind);
            }
        }
        KindFigures {
            kind: kind.to_owned(),
            recall: recall(&attacks),
            unseen: unseen(&attacks),
            latency: latency(&attacks),
            naming: naming(&attacks),
            alerts,
        }
    };
    by_kind.into_iter().map(figures).collect()
}

fn latency(attacks: &[&Outcome]) -> Latency {
    let acts = attacks.iter().filter_map(|it| it.told_at_act).map(real);
    let seconds = attacks.iter().filter_map(|it| it.told_after_ns);
    let seconds = seconds.map(|ns| rounded(real(ns) / real(SECOND_NS)));
    Latency { act: Spread::of(acts.collect()), seconds: Spread::of(seconds.collect()) }
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_unstable_by(f64::total_cmp);
        let at = |hundredths: usize| {
            let place = numbers.len().saturating_mul(hundredths).div_ceil(100).saturating_sub(1);
            numbers.get(place).copied()
        };
        Some(Self { median: at(50)?, p90: at(90)?, greatest: at(100)? })
    }
}

fn naming(attacks: &[&Outcome]) -> NamingFigures {
    let found = || attacks.iter().filter(|it| it.told_at_act.is_some());
    let share = |known: Vec<bool>| {
        Share::new(size(known.iter().filter(|right| **right).count()), size(known.len()))
    };
    NamingFigures {
        actor: share(found().filter_map(|it| it.naming.actor).collect()),
        target: share(found().filter_map(|it| it.naming.target).collect()),
        point: share(found().filter_map(|it| it.naming.point).collect()),
    }
}

/// For each budget the lowest limit of which neither it nor a stricter one raises more wrong
/// episodes than are accepted.
fn budgets(measured: &Measured, steps: &[(Score, AtLimit)]) -> Vec<BudgetFigures> {
    let of = size(measured.attacks.len());
    let at_budget = |episodes_a_day: f64| {
        let accepted = (episodes_a_day * days(measured.benign_ns)).floor();
        let within = |(_, at): &&(Score, AtLimit)| real(at.wrong) <= accepted;
        let step = steps.iter().take_while(within).last();
        let (wrong, found) = step.map_or((0, 0), |(_, at)| (at.wrong, size(at.found.len())));
        BudgetFigures {
            episodes_a_day,
            accepted,
            wrong,
            limit: step.map(|(score, _)| limit(*score)),
            recall: Share::new(found, of),
        }
    };
    BUDGETS.into_iter().map(at_budget).collect()
}

fn limit(score: Score) -> Limit {
    Limit { hard_only: score.hard, bits: score.bits() }
}

/// The limits at which something changes, and the one that is set.
fn curve(measured: &Measured, steps: Vec<(Score, AtLimit)>) -> Vec<CurvePoint> {
    let mut curve: Vec<CurvePoint> = Vec::new();
    for (score, at) in steps {
        let found = size(at.found.len());
        let same = curve.last().is_some_and(|last| (last.wrong, last.found) == (at.wrong, found));
        if !same || score == Score::RAISED {
            let wrong_a_day = Rate::new(at.wrong, measured.benign_ns).a_day;
            curve.push(CurvePoint { limit: limit(score), wrong: at.wrong, wrong_a_day, found });
        }
    }
    curve
}

fn lookalikes(measured: &Measured) -> Vec<LookalikeFigures> {
    let mut by_kind: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for it in &measured.lookalikes {
        let (alarmed, of) = by_kind.entry(&it.kind).or_default();
        *alarmed = alarmed.saturating_add(u64::from(it.alarmed));
        *of = of.saturating_add(1);
    }
    let figures = |(kind, (alarmed, of)): (&str, (u64, u64))| LookalikeFigures {
        kind: kind.to_owned(),
        alarmed: Share::new(alarmed, of),
    };
    by_kind.into_iter().map(figures).collect()
}

fn trivial(measured: &Measured) -> Vec<TrivialFigures> {
    let attacks = size(measured.attacks.len());
    let figures = |(name, raised): (&'static str, &Trivially)| {
        let at = raised.odd.at(Score::RAISED);
        TrivialFigures {
            name,
            recall: Share::new(size(at.found.len()), attacks),
            wrong_episodes: Rate::new(at.wrong, measured.benign_ns),
            precision: Share::new(raised.attack_commands, raised.commands),
            command_recall: Share::new(raised.attack_commands, measured.commands.attack),
        }
    };
    Trivial::NAMES.into_iter().zip(&measured.trivial).map(figures).collect()
}

fn count(counts: &mut BTreeMap<String, u64>, kind: &str) {
    let count = counts.entry(kind.to_owned()).or_default();
    *count = count.saturating_add(1);
}

/// A length as a count.
pub(super) fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
