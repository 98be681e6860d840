//! `gridtap export --parquet`: tables of messages, events, points and alerts.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::super::inputs::{Inputs, refuse_unknown_third};
#[cfg(unix)]
use super::super::leave_no_part;
use super::super::replay::third_of;
use super::super::{Ended, Failure, Terminal, baseline};
use crate::alert::Raiser;
use crate::cli;
use crate::config::Config;
use crate::export::parquet::{Everything, Folders};
use crate::judge::{Judge, Mode};
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::summary;
use crate::when::Span;

pub(super) fn to_parquet(
    args: &cli::Export,
    folder: &Path,
    config: &Config,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    // Everything that can be refused is, before an output is begun.
    let ledger = args.baseline.as_deref().map(baseline::read).transpose()?;
    refuse_unknown_third(&args.captures, ledger.is_some() || args.learn_for.is_some())?;
    let mut inputs = Inputs::open(&args.captures, args.filter.as_deref(), false, terminal)?;
    let names = Folders::names(&inputs.paths).map_err(Failure::Usage)?;
    let mode = match (&ledger, args.learn_for.map(Span::as_ns)) {
        (Some(_), _) => Mode::Judge,
        (None, Some(for_ns)) => Mode::Learn { for_ns },
        (None, None) => Mode::Learn { for_ns: third_of(&inputs, terminal)? },
    };
    let mut folders = Folders::begin(folder, &names, &inputs.names())?;
    #[cfg(unix)]
    leave_no_part(folders.parts(), terminal)?;
    let raiser = Raiser::new(config.alerts.clone(), inputs.names());
    let mut judge = Judge::new(mode, ledger.unwrap_or_default(), raiser);

    let options = Options { shards: config.shards, on_full: OnFull::Wait, limits: config.limits };
    let gauges = Gauges::default();
    let progress = inputs.progress(terminal);
    let mut alerts = Vec::new();
    let mut counters = pipeline::run(
        &mut inputs.source,
        &options,
        &gauges,
        || Everything,
        |item| {
            if let Some(event) = item.event() {
                judge.take(event, gauges.first_ns(), &mut |alert| alerts.push(alert));
            }
            let goes_on = folders.take(item);
            if !alerts.drain(..).fold(goes_on, |_, alert| folders.alert(alert)) {
                // Nothing can be written: the rest is not worth reading.
                gauges.stop.store(true, Ordering::Relaxed);
            }
        },
        |source, packets| progress.show(source.progress().octets_read, packets),
    );
    progress.finish();
    judge.finish(&mut |alert| {
        folders.alert(alert);
    });
    judge.count(&mut counters);
    let rows = folders.finish()?;

    let all_read = inputs.all_read(&counters, terminal);
    if !terminal.quiet {
        let (learned, judged) = judge.acts();
        terminal.say(format_args!(
            "{}Learned from {learned} acts, judged {judged}.\n\
             Wrote {} messages, {} events, {} points and {} alerts to {}.",
            summary::text(&counters),
            rows.messages,
            rows.events,
            rows.points,
            rows.alerts,
            folder.display(),
        ));
    }
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}
