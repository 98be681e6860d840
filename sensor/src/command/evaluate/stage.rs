//! The ways over captures that an evaluation takes, one after the other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gridtap_models::ledger::Ledger;

use crate::alert::Raiser;
use crate::cli;
use crate::command::inputs::Inputs;
use crate::command::{Failure, Terminal};
use crate::config::Config;
use crate::evaluate::bounds::{days, real};
use crate::evaluate::disguise::Disguise;
use crate::evaluate::files::LabelFiles;
use crate::evaluate::labels::LabelError;
use crate::evaluate::mixture::{Mixture, Of};
use crate::evaluate::pass::{Change, Course, Gather, Passed};
use crate::evaluate::report::{Measurement, Pass};
use crate::evaluate::survey::Survey;
use crate::evaluate::truth::{LabelSet, Truth};
use crate::evaluate::watch::Rules;
use crate::judge::{Judge, Mode};
use crate::source::Merged;
use crate::when::{Moment, Span};

/// What all ways have in common.
pub(super) struct Stage<'a> {
    pub(super) args: &'a cli::Evaluate,
    pub(super) config: &'a Config,
    pub(super) ledger: Option<&'a Ledger>,
    pub(super) terminal: Terminal,
}

/// Captures that are learned from and judged together.
pub(super) struct Case<'a> {
    pub(super) paths: &'a [PathBuf],
    pub(super) survey: Survey,
    pub(super) truth: Truth,
    /// Time of the earliest packet, in nanoseconds since 1970 UTC.
    pub(super) first_ns: u64,
    /// How long is learned, unless there is a baseline, in nanoseconds.
    pub(super) learn_ns: u64,
    rules: Rules,
}

/// A way with attacks in the learned time.
struct Mixed {
    name: String,
    share: (f64, Of),
    measured: Vec<Measurement>,
    changed: Changed,
}

/// What was done to events, in numbers.
type Changed = BTreeMap<&'static str, f64>;

impl Stage<'_> {
    /// A first look at captures.
    pub(super) fn case<'a>(
        &self,
        paths: &'a [PathBuf],
        labels: &[LabelFiles],
    ) -> Result<Case<'a>, Failure> {
        let mut inputs = self.open(paths, true)?;
        if inputs.paths.len() < paths.len() {
            // Labels are paired with captures: with one missing nothing is measured.
            return Err(Failure::AlreadySaid);
        }
        let sets: Vec<LabelSet> = labels.iter().map(|files| files.set.clone()).collect();
        let survey = Survey::of(&mut inputs.source, &sets)?;
        let bad = |(place, error): (usize, LabelError)| {
            let path = labels.get(place).map(|files| files.packets.display().to_string());
            Failure::Usage(format!("{}: {error}", path.unwrap_or_default()))
        };
        let truth = Truth::new(&sets, &survey, self.args.tolerance.as_ns()).map_err(bad)?;
        let (first_ns, last_ns) = survey.span_ns().unwrap_or_default();
        let third_ns = last_ns.saturating_sub(first_ns) / 3;
        let learn_ns = self.args.learn_for.map_or(third_ns, Span::as_ns);
        let learned_ns = if self.ledger.is_some() { 0 } else { learn_ns };
        let judged_from_ns = first_ns.saturating_add(learned_ns);
        if self.ledger.is_none() && self.args.learn_for.is_none() && !self.terminal.quiet {
            self.terminal.say(format_args!(
                "Learning from the first {} (a third; --learn-for changes it), until {}.",
                Span::from_ns(third_ns),
                Moment(judged_from_ns)
            ));
        }
        let rules = Rules {
            judged_from_ns,
            judged_until_ns: last_ns,
            from_start: false,
            quiet_ns: self.config.alerts.quiet_ns,
            seed: self.args.seed,
            picks: 0,
        };
        Ok(Case { paths, survey, truth, first_ns, learn_ns, rules })
    }

    /// All ways that are asked for over all cases; says as well whether all could be read.
    pub(super) fn passes(&self, cases: &[Case<'_>]) -> Result<(Vec<Pass>, bool), Failure> {
        let (mut plain, mut alike, mut rewritten) = (Vec::new(), Vec::new(), Changed::new());
        let mut mixed = self.mixtures();
        let (mut parts, mut all_read) = (Vec::new(), true);
        for case in cases {
            let further = !mixed.is_empty() || self.args.as_master;
            let change = if further { Change::Gather(Box::default()) } else { Change::Nothing };
            let (passed, measured, whole) = self.pass(case, case.rules, None, change)?;
            all_read &= whole;
            plain.push(measured);
            let Passed { change, ledger, .. } = passed;
            let gather =
                if let Change::Gather(gather) = change { *gather } else { Gather::default() };
            if self.args.as_master {
                let disguise = self.disguise(case, &gather, &ledger);
                add(&mut rewritten, "attackers", disguise.attackers());
                let change = Change::Disguise(Box::new(disguise));
                let (passed, measured, _) = self.pass(case, case.rules, None, change)?;
                if let Change::Disguise(disguise) = passed.change {
                    add(&mut rewritten, "events rewritten", disguise.rewritten);
                }
                alike.push(measured);
            }
            for it in &mut mixed {
                let acts = gather.acts.clone();
                let mixture = Mixture::new(acts, it.share, case.first_ns, case.learn_ns);
                let names = [["commands", "others"], ["commands learned", "others learned"]];
                for (names, counts) in names.iter().zip([mixture.mixed, mixture.learned()]) {
                    let counts = names.iter().zip(counts);
                    counts.for_each(|(name, count)| add(&mut it.changed, name, count));
                }
                let change = Change::Mix(Box::new(mixture));
                it.measured.push(self.pass(case, case.rules, None, change)?.1);
            }
            for rules in segments(case, self.args.leave_out.unwrap_or(0)) {
                let (ledger, learned) = self.learn(case, rules)?;
                let (_, mut part, _) = self.pass(case, rules, Some(ledger), Change::Cut)?;
                // Each segment leaves out the attacks of the others.
                part.measured.unjudged_attacks = 0;
                part.measured.learned = learned;
                parts.push(part);
            }
        }
        let mut passes = vec![Pass::new("as captured", plain)];
        let alike = ("attackers with the master's addresses".to_owned(), alike, rewritten);
        let mixed = mixed.into_iter().map(|it| (it.name, it.measured, it.changed));
        let parts = ("each segment judged by the others".to_owned(), parts, Changed::new());
        let others = core::iter::once(alike).chain(mixed).chain([parts]);
        for (name, measured, changed) in others {
            if !measured.is_empty() {
                passes.push(Pass { changed, ..Pass::new(&name, measured) });
            }
        }
        Ok((passes, all_read))
    }

    /// The ways with attacks in the learned time that are asked for, with nothing measured.
    fn mixtures(&self) -> Vec<Mixed> {
        let ways = [
            (&self.args.contaminate, Of::Commands, ""),
            (&self.args.contaminate_all, Of::All, " of all acts"),
        ];
        let asked = ways.into_iter().flat_map(|(shares, of, more)| {
            shares.iter().map(move |share| Mixed {
                name: format!("contaminated by {share}{more}"),
                share: (share.0, of),
                measured: Vec::new(),
                changed: Changed::new(),
            })
        });
        asked.collect()
    }

    /// One way over a case, judged by `ledger`, or else by the baseline or by what is learned first;
    /// says as well whether all could be read.
    fn pass(
        &self,
        case: &Case<'_>,
        rules: Rules,
        ledger: Option<Ledger>,
        change: Change,
    ) -> Result<(Passed, Measurement, bool), Failure> {
        let mut inputs = self.open(case.paths, false)?;
        let known = ledger.or_else(|| self.ledger.cloned());
        let mode = match known {
            Some(_) => Mode::Judge,
            None => Mode::Learn { for_ns: case.learn_ns },
        };
        let raiser = Raiser::new(self.config.alerts.clone(), inputs.names());
        let judge = Judge::new(mode, known.unwrap_or_default(), raiser);
        let judged = case.survey.covered().within(rules.judged_from_ns, rules.judged_until_ns);
        let benign_ns = judged.without(&case.truth.attacked()).length_ns();
        let rules = Rules { picks: self.picks(benign_ns), ..rules };
        let course = Course { config: self.config, truth: &case.truth, rules };
        let progress = inputs.progress(self.terminal);
        let look = |source: &mut Merged, packets| {
            progress.show(source.progress().octets_read, packets);
        };
        let mut passed = course.judge(&mut inputs.source, judge, change, look);
        progress.finish();
        let mut measured = core::mem::take(&mut passed.measured);
        (measured.judged_ns, measured.benign_ns) = (judged.length_ns(), benign_ns);
        let whole = inputs.all_read(&passed.counters, self.terminal);
        Ok((passed, Measurement { measured, first_ns: case.first_ns }, whole))
    }

    /// Learns what is not judged; says as well how many acts that were.
    fn learn(&self, case: &Case<'_>, rules: Rules) -> Result<(Ledger, u64), Failure> {
        let mut inputs = self.open(case.paths, false)?;
        let course = Course { config: self.config, truth: &case.truth, rules };
        let progress = inputs.progress(self.terminal);
        let learned = course.learn(&mut inputs.source, |source, packets| {
            progress.show(source.progress().octets_read, packets);
        });
        progress.finish();
        Ok(learned)
    }

    fn disguise(&self, case: &Case<'_>, gather: &Gather, ledger: &Ledger) -> Disguise {
        let mut took_part = gather.took_part.clone();
        took_part.extend(case.truth.attacks.iter().flat_map(|it| &it.said.actors));
        Disguise::new(&took_part, self.ledger.unwrap_or(ledger))
    }

    fn open(&self, paths: &[PathBuf], digests: bool) -> Result<Inputs, Failure> {
        Inputs::open(paths, self.args.common.filter.as_deref(), digests, self.terminal)
    }

    /// How many acts the random detector raises: as many as alerts are wanted in the benign time.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and from 1 to a million"
    )]
    fn picks(&self, benign_ns: u64) -> usize {
        (self.config.alerts.a_day * days(benign_ns)).round().clamp(1.0, 1e6) as usize
    }
}

/// The captured time in so many equal parts.
fn segments(case: &Case<'_>, parts: u32) -> Vec<Rules> {
    let (first_ns, last_ns) = (case.first_ns, case.rules.judged_until_ns);
    let whole_ns = last_ns.saturating_sub(first_ns).saturating_add(1);
    let begin = |part: u32| {
        let behind = u128::from(whole_ns).saturating_mul(u128::from(part));
        let behind = behind.checked_div(u128::from(parts)).unwrap_or(0);
        first_ns.saturating_add(u64::try_from(behind).unwrap_or(u64::MAX))
    };
    let segment = |part: u32| Rules {
        judged_from_ns: begin(part),
        judged_until_ns: begin(part.saturating_add(1)).saturating_sub(1),
        from_start: true,
        ..case.rules
    };
    (0..parts).map(segment).collect()
}

fn add(counts: &mut Changed, name: &'static str, count: impl TryInto<u64>) {
    let sum = counts.entry(name).or_insert(0.0);
    *sum += real(count.try_into().unwrap_or(u64::MAX));
}
