//! `gridtap export`: tables for data frames, messages for other detectors.

#[cfg(feature = "parquet")]
mod parquet;

use std::path::Path;
use std::sync::atomic::Ordering;

use super::inputs::Inputs;
#[cfg(unix)]
use super::leave_no_part;
use super::{Ended, Failure, Terminal};
use crate::cli;
use crate::config::Config;
use crate::evaluate::files::labels;
use crate::evaluate::marked::Marked;
use crate::export::ipal;
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::summary;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn export(args: &cli::Export, terminal: Terminal) -> Result<Ended, Failure> {
    let mut config = Config::read(args.config.as_deref(), std::env::vars())?;
    config.shards = args.shards.unwrap_or(config.shards);
    match (&args.ipal, &args.parquet) {
        (Some(file), _) => to_ipal(args, file, &config, terminal),
        #[cfg(feature = "parquet")]
        (None, Some(folder)) => parquet::to_parquet(args, folder, &config, terminal),
        #[cfg(not(feature = "parquet"))]
        (None, Some(_)) => Err(Failure::no_parquet()),
        (None, None) => Err(Failure::Usage("name a form: --parquet or --ipal".to_owned())),
    }
}

fn to_ipal(
    args: &cli::Export,
    path: &Path,
    config: &Config,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    let marked = marked(args)?;
    let mut inputs = Inputs::open(&args.captures, args.filter.as_deref(), false, terminal)?;
    let mut file = ipal::File::begin(path)?;
    #[cfg(unix)]
    leave_no_part(file.part().into_iter().collect(), terminal)?;
    let options = Options { shards: config.shards, on_full: OnFull::Wait, limits: config.limits };
    let (mut lines, mut written) = (ipal::Lines::labelled(marked), Ok(()));
    let gauges = Gauges::default();
    let progress = inputs.progress(terminal);
    let counters = pipeline::run(
        &mut inputs.source,
        &options,
        &gauges,
        || ipal::Messages,
        |item| {
            if written.is_ok()
                && let Some(line) = lines.line(item)
            {
                written = file.write(&line);
                // Nobody reads on, or nothing can be written: the rest is not worth reading.
                gauges.stop.store(written.is_err(), Ordering::Relaxed);
            }
        },
        |source, packets| progress.show(source.progress().octets_read, packets),
    );
    progress.finish();
    if !file.finish(written)? {
        return Ok(Ended::Well);
    }
    let all_read = inputs.all_read(&counters, terminal);
    if !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(&counters).trim_end()));
    }
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}

/// The labels of each capture, if there are any.
fn marked(args: &cli::Export) -> Result<Marked, Failure> {
    let (files, captures) = (args.labels.len(), args.captures.len());
    if files > 0 && files != captures {
        let what =
            format!("--labels is there {files} times for {captures} captures: want one each");
        return Err(Failure::Usage(what));
    }
    let labels = args.labels.iter().map(|path| labels(path).map_err(Failure::Usage));
    Ok(Marked::of(labels.collect::<Result<Vec<_>, _>>()?))
}
