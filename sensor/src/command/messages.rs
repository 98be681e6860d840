//! `gridtap messages`: every message as one record.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::atomic::Ordering;

use super::inputs::Inputs;
use super::{Ended, Failure, Terminal, config};
use crate::cli::{self, Format};
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::record::Records;
use crate::sink::SinkError;
use crate::summary;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn messages(args: &cli::Messages, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let mut inputs = Inputs::open(&args.captures, args.common.filter.as_deref(), false, terminal)?;
    let names = (args.captures.len() > 1).then(|| inputs.names().into());
    let tap = Records { captures: names, json: terminal.format(&args.common) == Format::Jsonl };
    let options = Options { shards: config.shards, on_full: OnFull::Wait, limits: config.limits };

    let gauges = Gauges::default();
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
    let mut failed = None;
    let progress = inputs.progress(terminal);
    let counters = pipeline::run(
        &mut inputs.source,
        &options,
        &gauges,
        || tap.clone(),
        |line| {
            if failed.is_none()
                && let Err(error) = out.write_all(line.text.as_bytes())
            {
                // Nobody reads on, or nothing can be written: the rest is not worth reading.
                failed = Some(error);
                gauges.stop.store(true, Ordering::Relaxed);
            }
        },
        |source, packets| progress.show(source.progress().octets_read, packets),
    );
    progress.finish();
    let written = failed.map_or_else(|| out.flush(), Err);
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Ended::Well),
        Err(source) => {
            return Err(SinkError { name: "standard output".to_owned(), source }.into());
        }
        Ok(()) => {}
    }
    let all_read = inputs.all_read(&counters, terminal);
    if !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(&counters).trim_end()));
    }
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}
