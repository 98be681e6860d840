//! `gridtap watch`: the same line on a live interface, or on a folder that captures come into.

use super::endless::Endless;
use super::judged::{Judged, Raised};
use super::{Ended, Failure, Terminal, baseline, config, learn};
use crate::alert::Raiser;
use crate::cli::{self, Format};
use crate::judge::{Judge, Mode};
use crate::names::Names;
use crate::pipeline::Gauges;
use crate::signals;
use crate::sink::{Sinks, Target};
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
    let mut source = Endless::open(
        &args.interface,
        args.follow.as_deref(),
        args.common.filter.as_deref(),
        &gauges,
    )?;
    signals::stop_on(&gauges.stop)?;

    let mut targets: Vec<Target> = args.alerts.clone().map(Target::Append).into_iter().collect();
    targets.push(match terminal.format(&args.common) {
        Format::Text => Target::StdoutText { colours: terminal.colours },
        Format::Jsonl => Target::StdoutJsonLines,
    });
    let sinks = Sinks::start(&targets, config.limits.queue_alerts)?;
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
    let raiser = Raiser::new(config.alerts.clone(), source.names());
    let mut judged = Judged {
        judge: Judge::new(mode, ledger.unwrap_or_default(), raiser),
        // It may run for years, and shows each alert as it comes.
        raised: Raised::keeping(0),
        gauges: gauges.clone(),
        names,
    };
    if !terminal.quiet {
        let names = judged.names.clone();
        judged.judge.on_learned(move |ledger| {
            let text = learn::readiness(ledger, &names);
            terminal.say(format_args!("Learned; judging from here on.\n{}", text.trim_end()));
        });
        let folder = args.follow.as_ref().map(|folder| folder.display().to_string());
        let watched = folder.unwrap_or_else(|| args.interface.join(", "));
        terminal.say(format_args!("Watching {watched}."));
    }
    let on_full = source.on_full();
    let counters = judged.run(&mut source, &config, on_full, &sinks, |source, _| {
        source.look(&gauges, terminal);
    });
    sinks.finish()?;
    if !terminal.quiet {
        let text = summary::text(&counters) + &judged.judge.text();
        terminal.say(format_args!("{}", text.trim_end()));
    }
    let open_to_the_end = source.close(&counters, terminal);
    Ok(if !open_to_the_end {
        Ended::InputsMissing
    } else if judged.raised.reaches(args.fail_on) {
        Ended::Alerted
    } else {
        Ended::Well
    })
}
