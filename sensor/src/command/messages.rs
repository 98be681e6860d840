//! `gridtap messages`: every message, in one of its views.

use std::sync::atomic::Ordering;

#[cfg(unix)]
use super::endless::Endless;
use super::inputs::Inputs;
use super::{Ended, Failure, Terminal, config};
use crate::cli;
use crate::config::Config;
use crate::counters::Counters;
use crate::pipeline::{self, Gauges, OnFull, Options};
#[cfg(unix)]
use crate::signals;
use crate::source::Source;
use crate::summary;
use crate::view::{Output, View, Views};

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn messages(args: &cli::Messages, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let view = args.common.format.unwrap_or(if terminal.stdout { View::Text } else { View::Jsonl });
    if view == View::Zeek && args.out.is_none() {
        let wanted = "--format zeek makes several files: say where, with --out DIR";
        return Err(Failure::Usage(wanted.to_owned()));
    }
    if !args.interface.is_empty() || args.follow.is_some() {
        return endless(args, view, &config, terminal);
    }
    let mut inputs = Inputs::open(&args.captures, args.common.filter.as_deref(), false, terminal)?;
    let names = (args.captures.len() > 1).then(|| inputs.names().into());
    let tap = Views::new(view, names, args.out.is_none());
    let mut output = output(args, view)?;
    let gauges = Gauges::default();
    let progress = inputs.progress(terminal);
    let source = &mut inputs.source;
    let counters =
        run(source, &config, OnFull::Wait, &gauges, &tap, &mut output, |source, packets| {
            progress.show(source.progress().octets_read, packets);
        });
    progress.finish();
    if !output.finish()? {
        return Ok(Ended::Well);
    }
    let all_read = inputs.all_read(&counters, terminal);
    if !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(&counters).trim_end()));
    }
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}

fn output(args: &cli::Messages, view: View) -> Result<Output, Failure> {
    Ok(match &args.out {
        Some(folder) => Output::folder(view, folder)?,
        None => Output::stdout(view),
    })
}

/// The line with a view at its end.
fn run<S: Source>(
    source: &mut S,
    config: &Config,
    on_full: OnFull,
    gauges: &Gauges,
    tap: &Views,
    output: &mut Output,
    look: impl FnMut(&mut S, u64),
) -> Counters {
    let options = Options { shards: config.shards, on_full, limits: config.limits };
    let write = |line| {
        if !output.write(&line) {
            // Nobody reads on, or nothing can be written: the rest is not worth reading.
            gauges.stop.store(true, Ordering::Relaxed);
        }
    };
    pipeline::run(source, &options, gauges, || tap.clone(), write, look)
}

#[cfg(not(unix))]
fn endless(_: &cli::Messages, _: View, _: &Config, _: Terminal) -> Result<Ended, Failure> {
    Err(Failure::no_live_capture())
}

/// From interfaces, or from a folder that is followed.
#[cfg(unix)]
fn endless(
    args: &cli::Messages,
    view: View,
    config: &Config,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    let gauges = Gauges::default();
    let folder = args.follow.as_deref();
    let mut source =
        Endless::open(&args.interface, folder, args.common.filter.as_deref(), &gauges)?;
    signals::stop_on(&gauges.stop)?;
    let several = folder.is_some() || args.interface.len() > 1;
    let tap = Views::new(view, several.then(|| source.names()), args.out.is_none());
    let mut output = output(args, view)?.at_once();
    let on_full = source.on_full();
    let counters = run(&mut source, config, on_full, &gauges, &tap, &mut output, |source, _| {
        source.look(&gauges, terminal);
    });
    let taken = output.finish()?;
    if taken && !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(&counters).trim_end()));
    }
    Ok(if source.close(&counters, terminal) { Ended::Well } else { Ended::InputsMissing })
}
