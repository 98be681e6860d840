//! `gridtap evaluate`: detection measured against labels.

mod stage;

use std::path::{Path, PathBuf};

use gridtap_models::ledger::Digest;

use self::stage::{Case, Stage};
use super::{Ended, Failure, Terminal, baseline, config};
use crate::cli::{self, Format};
use crate::evaluate::files::LabelFiles;
use crate::evaluate::report::{self, Pass, Report, hex};
use crate::evaluate::{page, text};
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
    let (passes, all_read) = stage.passes(&mut cases)?;
    let report = report(&stage, &labels, &cases, passes);
    let report = if args.anonymous { report.anonymous() } else { report };
    if let Some(path) = &args.json {
        write(path, &report.pretty())?;
    }
    if let Some(path) = &args.html {
        write(path, &page::page(&report))?;
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

/// The result.
fn report(
    stage: &Stage<'_>,
    labels: &[LabelFiles],
    cases: &[Case<'_>],
    passes: Vec<Pass>,
) -> Report {
    let Stage { args, config, ledger, .. } = stage;
    let alerts = &config.alerts;
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
    let configuration = format!("{alerts:?} {:?}", config.limits);
    let learned = || cases.iter().map(|case| case.learn_ns);
    let learn_ns = learned()
        .next()
        .filter(|first_ns| ledger.is_none() && learned().all(|learn_ns| learn_ns == *first_ns));
    Report {
        schema: Report::SCHEMA,
        gridtap: env!("CARGO_PKG_VERSION"),
        inputs: report::Inputs {
            captures: captures.collect(),
            baseline_sha256: ledger.map(|ledger| ledger.digest().to_string()),
            configuration_sha256: Digest::of(&configuration).to_string(),
        },
        settings: report::Settings {
            learn_s: learn_ns.map(seconds),
            tolerance_s: seconds(args.tolerance.as_ns()),
            each: args.each,
            seed: args.seed,
            filter: args.common.filter.clone(),
            at_bits: alerts.at_bits,
            command_at_bits: alerts.command_at_bits,
            episodes_a_day: alerts.a_day,
            quiet_s: seconds(alerts.quiet_ns),
        },
        passes,
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, text.as_bytes())
        .map_err(|source| SinkError { name: path.display().to_string(), source }.into())
}
