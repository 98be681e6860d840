//! `gridtap messages`: every message, in one of its views.

use std::sync::atomic::Ordering;

use super::inputs::Inputs;
use super::{Ended, Failure, Terminal, config};
use crate::cli;
use crate::pipeline::{self, Gauges, OnFull, Options};
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
    let mut inputs = Inputs::open(&args.captures, args.common.filter.as_deref(), false, terminal)?;
    let names = (args.captures.len() > 1).then(|| inputs.names().into());
    let tap = Views::new(view, names, args.out.is_none());
    let options = Options { shards: config.shards, on_full: OnFull::Wait, limits: config.limits };

    let gauges = Gauges::default();
    let mut output = match &args.out {
        Some(folder) => Output::folder(view, folder)?,
        None => Output::stdout(view),
    };
    let progress = inputs.progress(terminal);
    let counters = pipeline::run(
        &mut inputs.source,
        &options,
        &gauges,
        || tap.clone(),
        |line| {
            if !output.write(&line) {
                // Nobody reads on, or nothing can be written: the rest is not worth reading.
                gauges.stop.store(true, Ordering::Relaxed);
            }
        },
        |source, packets| progress.show(source.progress().octets_read, packets),
    );
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
