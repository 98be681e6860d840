//! `gridtap baseline approve`, `forbid` and `undo`: what people rule about alerts.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gridtap_models::ledger::{Ledger, Ruled, Ruling};
use gridtap_models::review::Evidence;

use super::inputs::Inputs;
use super::judged::{self, Judged, Raised};
use super::{Ended, Failure, Terminal, alerts, baseline};
use crate::alert::{Alert, Raiser};
use crate::cli;
use crate::config::Config;
use crate::judge::{Judge, Mode};
use crate::names::Names;
use crate::pipeline::{Gauges, OnFull};
use crate::sink::Sinks;

/// Runs `gridtap baseline approve`.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn approve(args: &cli::Approve, terminal: Terminal) -> Result<Ended, Failure> {
    let before = baseline::read(&args.ruling.baseline)?;
    let evidence = reviewed(&before, &args.ruling)?;
    let mut rulings: Vec<_> = evidence.map(|one| Ruling::Normal(one.normal_if)).collect();
    for alert in asked_for(&args.ruling, terminal)? {
        if let Some(during) = args.during {
            let (from_ns, to_ns) = (during.from.0, during.to.0);
            rulings.push(Ruling::Window { from_ns, to_ns, actor: alert.actor });
        } else {
            let excuses = alert.findings.iter().map(|finding| finding.normal_if.clone());
            rulings.extend(excuses.map(Ruling::Normal));
        }
    }
    let after = ruled(&before, rulings, &args.ruling)?;
    if args.preview.is_empty() {
        return finish(&after, &args.ruling, terminal);
    }
    preview([before, after], &args.preview, terminal)
}

/// Runs `gridtap baseline forbid`.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn forbid(args: &cli::Forbid, terminal: Terminal) -> Result<Ended, Failure> {
    let before = baseline::read(&args.ruling.baseline)?;
    let evidence = reviewed(&before, &args.ruling)?;
    let alerts = asked_for(&args.ruling, terminal)?;
    let acts = alerts.into_iter().flat_map(|alert| alert.acts);
    let acts = evidence.flat_map(|one| one.acts).chain(acts);
    let rulings: Vec<_> = acts.map(Ruling::Never).collect();
    if rulings.is_empty() {
        return Err(Failure::Usage(
            "--review: nothing in it is an act that could be raised whenever it is done".to_owned(),
        ));
    }
    let after = ruled(&before, rulings, &args.ruling)?;
    finish(&after, &args.ruling, terminal)
}

/// Runs `gridtap baseline undo`.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn undo(args: &cli::Undo, terminal: Terminal) -> Result<Ended, Failure> {
    let mut ledger = baseline::read(&args.baseline)?;
    let nth = usize::from(args.ruling).checked_sub(1);
    let ruling = nth.and_then(|nth| ledger.rulings().nth(nth)).map(|(ruling, _)| ruling.clone());
    let Some(ruling) = ruling else {
        let known = ledger.rulings().count();
        return Err(Failure::Usage(format!(
            "--ruling {}: {} has {known} of them; `baseline show` numbers them from 1",
            args.ruling,
            args.baseline.display()
        )));
    };
    ledger.unrule(&ruling);
    baseline::write(&args.baseline, &ledger)?;
    if !terminal.quiet {
        terminal.say(format_args!("Taken back: {ruling}"));
    }
    Ok(Ended::Well)
}

/// The alerts that were asked for, each found by the beginning of its id.
fn asked_for(args: &cli::Ruling, terminal: Terminal) -> Result<Vec<Alert>, Failure> {
    let Some(file) = &args.alerts else { return Ok(Vec::new()) };
    let one = |id| alerts::one(file, "--alert", id, terminal).map(|read| read.alert);
    args.alert.iter().map(|id| one(id)).collect()
}

/// The evidence of what was asked for by its number in the review.
fn reviewed(
    ledger: &Ledger,
    args: &cli::Ruling,
) -> Result<impl Iterator<Item = Evidence>, Failure> {
    let mut evidence = Vec::new();
    let oddities = if args.review.is_empty() { Vec::new() } else { ledger.review() };
    for number in &args.review {
        let nth = usize::try_from(*number).unwrap_or(usize::MAX).checked_sub(1);
        let Some(oddity) = nth.and_then(|nth| oddities.get(nth)) else {
            return Err(Failure::Usage(format!(
                "--review {number}: `baseline review {}` lists {} from 1 on",
                args.baseline.display(),
                oddities.len(),
            )));
        };
        evidence.extend(oddity.evidence.iter().cloned());
    }
    Ok(evidence.into_iter())
}

fn ruled(before: &Ledger, rulings: Vec<Ruling>, args: &cli::Ruling) -> Result<Ledger, Failure> {
    let mut after = before.clone();
    let by = args.by.clone().or_else(|| std::env::var("USER").ok());
    let by = by.filter(|by| !by.is_empty()).ok_or_else(|| {
        Failure::Usage("who rules? name them with --by, as $USER is not set".to_owned())
    })?;
    #[expect(clippy::disallowed_methods, reason = "who ruled when is about people, not packets")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ns = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    for ruling in rulings {
        let ruled = Ruled { at_ns, by: by.clone() };
        let text = ruling.to_string();
        after
            .rule(ruling, ruled)
            .map_err(|bad| Failure::Usage(format!("{text} by `{by}`: {bad}")))?;
    }
    Ok(after)
}

fn finish(after: &Ledger, args: &cli::Ruling, terminal: Terminal) -> Result<Ended, Failure> {
    baseline::write(args.output.as_ref().unwrap_or(&args.baseline), after)?;
    if !terminal.quiet {
        for (nth, (ruling, ruled)) in (1_usize..).zip(after.rulings()) {
            terminal.say(format_args!("{nth}. {ruling}, {ruled}"));
        }
    }
    Ok(Ended::Well)
}

/// Says which alerts over captures would not be raised any more, and which in their place.
fn preview(
    ledgers: [Ledger; 2],
    captures: &[std::path::PathBuf],
    terminal: Terminal,
) -> Result<Ended, Failure> {
    if captures.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage("--preview reads captures twice, `-` only once".to_owned()));
    }
    let mut all_read = true;
    let mut kept = Vec::new();
    for ledger in ledgers {
        let mut inputs = Inputs::open(captures, None, false, terminal)?;
        let sinks = Sinks::start(&[], 1)?;
        let config = Config::read(None, std::env::vars())?;
        let raiser = Raiser::new(config.alerts.clone(), inputs.names());
        let mut judged = Judged {
            judge: Judge::new(Mode::Judge, ledger, raiser),
            raised: Raised::keeping(Raised::SHOWN),
            gauges: Gauges::default(),
            names: Names::default(),
        };
        let counters = judged.run(&mut inputs.source, &config, OnFull::Wait, &sinks, |_, _| {});
        sinks.finish()?;
        all_read &= inputs.all_read(&counters, terminal);
        kept.push(judged.raised.into_alerts());
    }
    let (after, before) = (kept.pop().unwrap_or_default(), kept.pop().unwrap_or_default());
    // The id depends on the baseline, which is another now.
    let same = |one: &Alert, other: &Alert| {
        (one.actor, one.time, &one.kind, one.count)
            == (other.actor, other.time, &other.kind, other.count)
    };
    let gone = |alert: &&Alert| !after.iter().any(|other| same(alert, other));
    let new = |alert: &&Alert| !before.iter().any(|other| same(alert, other));
    let gone: Vec<&Alert> = before.iter().filter(gone).collect();
    let new: Vec<&Alert> = after.iter().filter(new).collect();
    let count = |alerts: &[&Alert]| u64::try_from(alerts.len()).unwrap_or(u64::MAX);
    let mut text = format!("Not raised any more, of {}:\n", before.len());
    text.push_str(&judged::table(gone.iter().copied(), count(&gone), terminal));
    if !new.is_empty() {
        text.push_str("\nRaised in their place:\n");
        text.push_str(&judged::table(new.iter().copied(), count(&new), terminal));
    }
    terminal.print(&text)?;
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}
