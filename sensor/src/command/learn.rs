//! `gridtap learn`: write down what is normal.

use core::fmt::Write;

use gridtap_models::event::Event;
use gridtap_models::ledger::{Capture, Digest, Ledger};
use gridtap_models::panel::Panel;

#[cfg(unix)]
use super::endless::Endless;
use super::inputs::Inputs;
use super::{Ended, Failure, Terminal, baseline, config};
use crate::cli;
use crate::config::Config;
use crate::counters::Counters;
#[cfg(unix)]
use crate::counters::Covered;
use crate::names::Names;
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::shard::Events;
use crate::source::{Source, Within};
use crate::summary;
use crate::when::Span;

/// Conversations that a readiness report has a line for at most.
const SHOWN: usize = 10;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn learn(args: &cli::Learn, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let names = Names::read(args.names.as_deref())?;
    if !args.interface.is_empty() || args.follow.is_some() {
        return live(args, &config, &names, terminal);
    }
    let mut inputs = Inputs::open(&args.captures, args.common.filter.as_deref(), true, terminal)?;
    let (mut ledger, gauges) = (Ledger::default(), Gauges::default());
    let progress = inputs.progress(terminal);
    // Without a duration all there is: more than five hundred years.
    let span_ns = args.duration.map_or(u64::MAX, Span::as_ns);
    let mut source = Within::new(inputs.source, span_ns);
    let counters = run(&mut source, &config, OnFull::Wait, &gauges, &mut ledger, |source, n| {
        progress.show(source.source().progress().octets_read, n);
    });
    inputs.source = source.into_source();
    progress.finish();
    for (file, covered) in inputs.source.files_mut().iter_mut().zip(&counters.captures) {
        // Nothing was learned from a capture without a packet in that time.
        let learned_from = covered.packets > 0;
        let Some(digest) = file.digest()?.filter(|_| learned_from) else { continue };
        let (first_ns, last_ns) = (covered.first_ns, covered.last_ns);
        let capture =
            Capture { digest: Digest(digest), first_ns, last_ns, packets: covered.packets };
        ledger
            .add_capture(capture)
            .map_err(|error| Failure::Usage(format!("{}: {error}", file.path().display())))?;
    }
    let all_read = inputs.all_read(&counters, terminal);
    finish(args, &ledger, &counters, &names, terminal)?;
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}

/// The line with a ledger at its end.
fn run<S: Source>(
    source: &mut S,
    config: &Config,
    on_full: OnFull,
    gauges: &Gauges,
    ledger: &mut Ledger,
    look: impl FnMut(&mut S, u64),
) -> Counters {
    let options = Options { shards: config.shards, on_full, limits: config.limits };
    // The detectors see what no event shows by itself.
    let mut panel = Panel::all();
    let learn = |event: Event| {
        panel.observe(&event, &mut |observation| ledger.note(&observation));
        ledger.learn(&event);
    };
    pipeline::run(source, &options, gauges, || Events, learn, look)
}

fn finish(
    args: &cli::Learn,
    ledger: &Ledger,
    counters: &Counters,
    names: &Names,
    terminal: Terminal,
) -> Result<(), Failure> {
    baseline::write(&args.output, ledger)?;
    if !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(counters).trim_end()));
        terminal.say(format_args!("{}", readiness(ledger, names).trim_end()));
        terminal.say(format_args!("Written to {}.", args.output.display()));
    }
    Ok(())
}

/// How much was learned, of which conversations too little, and what to read before it judges.
pub(super) fn readiness(ledger: &Ledger, names: &Names) -> String {
    let mut device = None;
    let name = |text: &str| names.beside(text, &mut device);
    let mut text = ledger.readiness().show_named(SHOWN, name);
    for (limit, count) in ledger.limits_reached() {
        let _ = writeln!(text, "Limit reached: {} ({count} not learned).", limit.word());
    }
    let oddities = ledger.review().len();
    if oddities > 0 {
        let plural = if oddities == 1 { "y" } else { "ies" };
        let _ = writeln!(
            text,
            "{oddities} oddit{plural} in it: read `gridtap baseline review` before it judges."
        );
    }
    text
}

#[cfg(not(unix))]
fn live(_: &cli::Learn, _: &Config, _: &Names, _: Terminal) -> Result<Ended, Failure> {
    Err(Failure::no_live_capture())
}

#[cfg(unix)]
fn live(
    args: &cli::Learn,
    config: &Config,
    names: &Names,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    let (mut ledger, gauges) = (Ledger::default(), Gauges::default());
    let folder = args.follow.as_deref();
    let mut source =
        Endless::open(&args.interface, folder, args.common.filter.as_deref(), &gauges)?;
    crate::signals::stop_on(&gauges.stop)?;
    let span_ns = args.duration.map(Span::as_ns);
    let on_full = source.on_full();
    let counters = run(&mut source, config, on_full, &gauges, &mut ledger, |source, _| {
        source.look(&gauges, terminal);
        gauges.stop_after(span_ns);
    });
    // Live traffic has no file: where and when it was heard tells it from others. The files of a
    // folder are one, as they come and go.
    let heard: Vec<(String, Covered)> = match folder {
        Some(folder) => vec![(format!("folder {}", folder.display()), counters.covered())],
        None => (args.interface.iter())
            .map(|name| format!("interface {name}"))
            .zip(counters.captures.iter().copied())
            .collect(),
    };
    for (name, covered) in heard.iter().filter(|(_, covered)| covered.packets > 0) {
        let (first_ns, last_ns) = (covered.first_ns, covered.last_ns);
        let digest = Digest::of(&format!("{name} {first_ns} {last_ns}"));
        let capture = Capture { digest, first_ns, last_ns, packets: covered.packets };
        ledger.add_capture(capture).map_err(|error| Failure::Usage(error.to_string()))?;
    }
    finish(args, &ledger, &counters, names, terminal)?;
    source.close(&counters, terminal);
    Ok(Ended::Well)
}
