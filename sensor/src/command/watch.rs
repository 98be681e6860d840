//! `gridtap watch`: the same line on a live interface.

use std::sync::Arc;

use super::judged::{Judged, Raised};
use super::{Ended, Failure, Terminal, baseline, config};
use crate::alert::Raiser;
use crate::cli::{self, Common, Format};
use crate::counters::Counters;
use crate::decode;
use crate::judge::{Judge, Mode};
use crate::names::Names;
use crate::pipeline::{Gauges, OnFull};
use crate::signals;
use crate::sink::{Sinks, Target};
use crate::source::{Live, LiveOptions, SourceError};
use crate::summary;
use crate::when::Span;

/// How long it learns where there is no baseline, in nanoseconds: a week has a weekend in it.
const LEARN_NS: u64 = 7 * 86_400 * 1_000_000_000;

/// Runs it until it is stopped.
///
/// # Errors
///
/// See [`Failure`].
pub fn watch(args: &cli::Watch, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let names = Names::read(args.names.as_deref())?;
    let ledger = args.baseline.as_deref().map(baseline::read).transpose()?;
    let gauges = Gauges::default();
    let mut source = open(&args.interface, &args.common, &gauges)?;
    signals::stop_on(&gauges.stop)?;

    let mut targets: Vec<Target> = args.alerts.clone().map(Target::Append).into_iter().collect();
    targets.push(match terminal.format(&args.common) {
        Format::Text => Target::StdoutText { colours: terminal.colours },
        Format::Jsonl => Target::StdoutJsonLines,
    });
    let sinks = Sinks::start(&targets)?;
    let mode = if ledger.is_some() {
        Mode::Judge
    } else {
        let for_ns = args.learn_for.map_or(LEARN_NS, Span::as_ns);
        terminal.say(format_args!(
            "No baseline: learning for {} before anything but hard findings is raised.",
            Span::from_ns(for_ns),
        ));
        Mode::Learn { for_ns }
    };
    let raiser = Raiser::new(config.alerts.clone(), args.interface.clone());
    let mut judged = Judged {
        judge: Judge::new(mode, ledger.unwrap_or_default(), raiser),
        // It may run for years, and shows each alert as it comes.
        raised: Raised::keeping(0),
        gauges: gauges.clone(),
        names,
    };
    if !terminal.quiet {
        terminal.say(format_args!("Watching {}.", args.interface.join(", ")));
    }
    let counters = judged.run(&mut source, &config, OnFull::Drop, &sinks, |source, _| {
        gauges.set_kernel_dropped(source.stats().dropped);
    });
    sinks.finish()?;
    if !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(&counters).trim_end()));
    }
    say_drops(&mut source, &counters, terminal);
    let failed = source.warnings().len() == args.interface.len();
    for warning in source.warnings() {
        terminal.say(format_args!("gridtap: warning: {warning}"));
    }
    Ok(if failed {
        Ended::InputsMissing
    } else if judged.raised.reaches(args.fail_on) {
        Ended::Alerted
    } else {
        Ended::Well
    })
}

/// Opens the interfaces.
pub(super) fn open(
    interfaces: &[String],
    common: &Common,
    gauges: &Gauges,
) -> Result<Live, Failure> {
    let options = LiveOptions { filter: common.filter.clone(), ..LiveOptions::default() };
    let live = Live::open(interfaces, &options, Arc::clone(&gauges.stop))?;
    if let Some((name, link)) = live.links().find(|(_, link)| !decode::reads(*link)) {
        let what = format!("packets of link type {} are not read", link.0);
        return Err(SourceError::Interface { name: name.to_owned(), what }.into());
    }
    Ok(live)
}

/// Says how many packets came and how many of them were not seen: also when asked to be quiet.
pub(super) fn say_drops(source: &mut Live, counters: &Counters, terminal: Terminal) {
    let stats = source.stats();
    terminal.say(format_args!(
        "Received {} packets; dropped: {} by the kernel, {} by the interface, {} by queues.",
        stats.received, stats.dropped, stats.interface_dropped, counters.queue_dropped,
    ));
}
