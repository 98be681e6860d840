//! `gridtap evaluate`: detection measured against labels.

use std::path::{Path, PathBuf};

use gridtap_models::ledger::{Digest, Ledger};

use super::inputs::Inputs;
use super::{Ended, Failure, Terminal, baseline, config};
use crate::alert::Raiser;
use crate::cli::{self, Format};
use crate::config::Config;
use crate::evaluate::bounds::days;
use crate::evaluate::files::LabelFiles;
use crate::evaluate::labels::LabelError;
use crate::evaluate::measured::Measured;
use crate::evaluate::pass;
use crate::evaluate::report::{self, Measurement, Pass, Report, hex};
use crate::evaluate::survey::Survey;
use crate::evaluate::text;
use crate::evaluate::truth::{LabelSet, Truth};
use crate::evaluate::watch::Rules;
use crate::judge::{Judge, Mode};
use crate::sink::{SinkError, write_whole};
use crate::when::{Moment, Span};

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn evaluate(args: &cli::Evaluate, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let ledger = args.baseline.as_deref().map(baseline::read).transpose()?;
    if args.captures.iter().any(|path| path == Path::new("-")) {
        let wanted = "`-` is read once, and captures are evaluated in more than one reading";
        return Err(Failure::Usage(wanted.to_owned()));
    }
    let labels = labels(args)?;
    let stage = Stage { args, config: &config, ledger: ledger.as_ref(), terminal };
    let mut cases = Vec::new();
    if args.each {
        for (capture, labels) in args.captures.iter().zip(&labels) {
            let (capture, labels) = (core::slice::from_ref(capture), core::slice::from_ref(labels));
            cases.push(stage.case(capture, labels)?);
        }
    } else {
        cases.push(stage.case(&args.captures, &labels)?);
    }
    let mut all_read = true;
    let mut plain = Vec::new();
    for case in &cases {
        let (measured, whole) = stage.judge(case)?;
        all_read &= whole;
        plain.push(Measurement { measured, first_ns: case.first_ns });
    }
    let passes = vec![Pass::new("as captured", plain)];
    let report = stage.report(&labels, &cases, passes);
    let report = if args.anonymous { report.anonymous() } else { report };
    if let Some(path) = &args.json {
        write(path, &report.pretty())?;
    }
    terminal.print(&match terminal.format(&args.common) {
        Format::Text => text::text(&report, terminal.width()),
        Format::Jsonl => report.line(),
    })?;
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}

/// The labels of each capture.
fn labels(args: &cli::Evaluate) -> Result<Vec<LabelFiles>, Failure> {
    for (flag, files) in [("--labels", &args.labels), ("--windows", &args.windows)] {
        let (files, captures) = (files.len(), args.captures.len());
        if files > 0 && files != captures {
            let what =
                format!("{flag} is there {files} times for {captures} captures: want one each");
            return Err(Failure::Usage(what));
        }
    }
    let mut all = Vec::new();
    for (place, capture) in args.captures.iter().enumerate() {
        let found = match args.labels.get(place) {
            Some(labels) => {
                LabelFiles::named(labels, args.windows.get(place).map(PathBuf::as_path)).map(Some)
            }
            None => LabelFiles::beside(capture),
        };
        let found = found.map_err(Failure::Usage)?;
        all.push(found.or_else(|| args.benign.then(LabelFiles::default)).ok_or_else(|| {
            Failure::Usage(format!(
                "{}: no labels beside it: name them with --labels, or say with --benign that captures \
                 without labels have no attacks",
                capture.display()
            ))
        })?);
    }
    Ok(all)
}

/// Captures that are learned from and judged together.
struct Case<'a> {
    paths: &'a [PathBuf],
    survey: Survey,
    truth: Truth,
    /// Time of the earliest packet.
    first_ns: u64,
    rules: Rules,
    /// How long is learned, unless there is a baseline.
    learn_ns: u64,
}

/// What all passes have in common.
struct Stage<'a> {
    args: &'a cli::Evaluate,
    config: &'a Config,
    ledger: Option<&'a Ledger>,
    terminal: Terminal,
}

impl Stage<'_> {
    /// A first look at captures.
    fn case<'a>(&self, paths: &'a [PathBuf], labels: &[LabelFiles]) -> Result<Case<'a>, Failure> {
        let filter = self.args.common.filter.as_deref();
        let mut inputs = Inputs::open(paths, filter, true, self.terminal)?;
        if inputs.paths.len() < paths.len() {
            // Labels are paired with captures: with one missing nothing is measured.
            return Err(Failure::AlreadySaid);
        }
        let sets: Vec<LabelSet> = labels.iter().map(|files| files.set.clone()).collect();
        let survey = Survey::of(&mut inputs.source, &sets)?;
        let tolerance_ns = self.args.tolerance.as_ns();
        let bad = |(place, error): (usize, LabelError)| {
            let path = labels.get(place).map(|files| files.packets.display().to_string());
            Failure::Usage(format!("{}: {error}", path.unwrap_or_default()))
        };
        let truth = Truth::new(&sets, &survey, tolerance_ns).map_err(bad)?;
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
        let benign = survey.covered().within(judged_from_ns, last_ns).without(&truth.attacked());
        let picks = self.config.alerts.a_day * days(benign.length_ns());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and from 1 to a million"
        )]
        let picks = picks.round().clamp(1.0, 1e6) as usize;
        let rules = Rules {
            judged_from_ns,
            judged_until_ns: last_ns,
            quiet_ns: self.config.alerts.quiet_ns,
            seed: self.args.seed,
            picks,
        };
        Ok(Case { paths, survey, truth, first_ns, rules, learn_ns })
    }

    /// Measures what is raised on a case; says as well whether all of it could be read.
    fn judge(&self, case: &Case<'_>) -> Result<(Measured, bool), Failure> {
        let filter = self.args.common.filter.as_deref();
        let mut inputs = Inputs::open(case.paths, filter, false, self.terminal)?;
        let mode = match self.ledger {
            Some(_) => Mode::Judge,
            None => Mode::Learn { for_ns: case.learn_ns },
        };
        let raiser = Raiser::new(self.config.alerts.clone(), inputs.names());
        let judge = Judge::new(mode, self.ledger.cloned().unwrap_or_default(), raiser);
        let progress = inputs.progress(self.terminal);
        let look = |source: &mut crate::source::Merged, packets| {
            progress.show(source.progress().octets_read, packets);
        };
        let (mut measured, counters) =
            pass::run(&mut inputs.source, self.config, judge, &case.truth, case.rules, look);
        progress.finish();
        let judged =
            case.survey.covered().within(case.rules.judged_from_ns, case.rules.judged_until_ns);
        measured.judged_ns = judged.length_ns();
        measured.benign_ns = judged.without(&case.truth.attacked()).length_ns();
        Ok((measured, inputs.all_read(&counters, self.terminal)))
    }

    /// The result.
    fn report(&self, labels: &[LabelFiles], cases: &[Case<'_>], passes: Vec<Pass>) -> Report {
        let alerts = &self.config.alerts;
        let seconds = |ns: u64| Span::from_ns(ns).0.as_secs_f64();
        let surveyed = cases.iter().flat_map(|case| case.paths.iter().zip(&case.survey.captures));
        let captures = surveyed.zip(labels).map(|((path, it), labels)| report::Capture {
            name: Some(path.display().to_string()),
            sha256: hex(it.digest),
            packets: it.packets,
            first: it.span_ns.map(|(first_ns, _)| Moment(first_ns)),
            covers_s: it.span_ns.map_or(0.0, |(first, last)| seconds(last.saturating_sub(first))),
            labels: labels.files.clone(),
        });
        // Shards change no result, and are no part of it.
        let configuration = format!("{alerts:?} {:?}", self.config.limits);
        let learned = cases.iter().map(|case| case.learn_ns);
        let learn_ns = learned.clone().next().filter(|first_ns| {
            self.ledger.is_none() && learned.clone().all(|learn_ns| learn_ns == *first_ns)
        });
        Report {
            schema: Report::SCHEMA,
            gridtap: env!("CARGO_PKG_VERSION"),
            inputs: report::Inputs {
                captures: captures.collect(),
                baseline_sha256: self.ledger.map(|ledger| ledger.digest().to_string()),
                configuration_sha256: Digest::of(&configuration).to_string(),
            },
            settings: report::Settings {
                learn_s: learn_ns.map(seconds),
                tolerance_s: seconds(self.args.tolerance.as_ns()),
                each: self.args.each,
                seed: self.args.seed,
                filter: self.args.common.filter.clone(),
                at_bits: alerts.at_bits,
                command_at_bits: alerts.command_at_bits,
                episodes_a_day: alerts.a_day,
                quiet_s: seconds(alerts.quiet_ns),
            },
            passes,
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, text.as_bytes())
        .map_err(|source| SinkError { name: path.display().to_string(), source }.into())
}
