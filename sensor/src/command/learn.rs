//! `gridtap learn`: write down what is normal.

use core::fmt::Write;
use std::sync::atomic::Ordering;

use gridtap_models::event::Stage;
use gridtap_models::ledger::{Capture, Digest, Ledger};

use super::inputs::Inputs;
use super::{Ended, Failure, Terminal, baseline, config};
use crate::cli;
use crate::config::Config;
use crate::counters::Counters;
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::shard::Events;
use crate::source::Source;
use crate::summary;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn learn(args: &cli::Learn, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let mut learning = Learning {
        ledger: Ledger::default(),
        for_ns: args.duration.map(crate::when::Span::as_ns),
        gauges: Gauges::default(),
    };
    if !args.interface.is_empty() {
        return live(args, &config, learning, terminal);
    }
    let mut inputs = Inputs::open(&args.captures, args.common.filter.as_deref(), true, terminal)?;
    let progress = inputs.progress(terminal);
    let counters = learning.run(&mut inputs.source, &config, OnFull::Wait, |source, packets| {
        progress.show(source.progress().octets_read, packets);
    });
    progress.finish();
    for (file, covered) in inputs.source.files_mut().iter_mut().zip(&counters.captures) {
        let Some(digest) = file.digest()? else { continue };
        let (first_ns, last_ns) = (covered.first_ns, covered.last_ns);
        let capture =
            Capture { digest: Digest(digest), first_ns, last_ns, packets: covered.packets };
        learning
            .ledger
            .add_capture(capture)
            .map_err(|error| Failure::Usage(format!("{}: {error}", file.path().display())))?;
    }
    let all_read = inputs.all_read(terminal);
    finish(args, &learning.ledger, &counters, terminal)?;
    Ok(if all_read { Ended::Well } else { Ended::InputsMissing })
}

/// The line with a ledger at its end.
struct Learning {
    ledger: Ledger,
    /// Capture time to learn for, from the first packet on; all there is if left out.
    for_ns: Option<u64>,
    gauges: Gauges,
}

impl Learning {
    fn run<S: Source>(
        &mut self,
        source: &mut S,
        config: &Config,
        on_full: OnFull,
        look: impl FnMut(&mut S, u64),
    ) -> Counters {
        let options = Options { shards: config.shards, on_full, limits: config.limits };
        let Self { ledger, for_ns, gauges } = self;
        let gauges = &*gauges;
        pipeline::run(
            source,
            &options,
            gauges,
            || Events,
            |event| {
                let until_ns = for_ns.map(|for_ns| gauges.first_ns().saturating_add(for_ns));
                if until_ns.is_some_and(|until_ns| event.time_ns >= until_ns) {
                    if event.stage == Stage::Requested {
                        gauges.stop.store(true, Ordering::Relaxed);
                    }
                } else {
                    ledger.learn(&event);
                }
            },
            look,
        )
    }
}

fn finish(
    args: &cli::Learn,
    ledger: &Ledger,
    counters: &Counters,
    terminal: Terminal,
) -> Result<(), Failure> {
    baseline::write(&args.output, ledger)?;
    if !terminal.quiet {
        terminal.say(format_args!("{}", summary::text(counters).trim_end()));
        terminal.say(format_args!("{}", readiness(ledger).trim_end()));
        terminal.say(format_args!("Written to {}.", args.output.display()));
    }
    Ok(())
}

/// How much was learned, and of which conversations too little.
fn readiness(ledger: &Ledger) -> String {
    /// Acts of a conversation below which a first of anything is no surprise yet: at 10 bits, an
    /// unseen function needs some hundred acts to stand out.
    const FEW_ACTS: u64 = 100;
    let conversations = ledger.conversations();
    let few: Vec<_> =
        conversations.iter().filter(|(_, record)| record.tally().count() < FEW_ACTS).collect();
    let mut text = format!(
        "Learned {} conversations; {} of them have {FEW_ACTS} acts or more.\n",
        conversations.len(),
        conversations.len().saturating_sub(few.len()),
    );
    for (talk, record) in few.iter().take(10) {
        let _ = writeln!(text, "  only {} acts: {talk}", record.tally().count());
    }
    if few.len() > 10 {
        let _ = writeln!(text, "  and {} more", few.len().saturating_sub(10));
    }
    for (limit, count) in ledger.limits_reached() {
        let _ = writeln!(text, "Limit reached: {} ({count} not learned).", limit.word());
    }
    text
}

#[cfg(not(all(feature = "pcap", unix)))]
fn live(_: &cli::Learn, _: &Config, _: Learning, _: Terminal) -> Result<Ended, Failure> {
    Err(Failure::no_live_capture())
}

#[cfg(all(feature = "pcap", unix))]
fn live(
    args: &cli::Learn,
    config: &Config,
    mut learning: Learning,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    let mut source = super::watch::open(&args.interface, &args.common, &learning.gauges)?;
    crate::signals::stop_on(&learning.gauges.stop)?;
    let until_ns = learning.for_ns;
    let gauges = learning.gauges.clone();
    let counters = learning.run(&mut source, config, OnFull::Drop, |source, _| {
        gauges.set_kernel_dropped(source.stats().dropped);
        // On a quiet link no request comes that would end it.
        gauges.stop_after(until_ns);
    });
    for (name, covered) in args.interface.iter().zip(&counters.captures) {
        let (first_ns, last_ns) = (covered.first_ns, covered.last_ns);
        // Live traffic has no file: where and when it was heard tells it from others.
        let digest = Digest::of(&format!("interface {name} {first_ns} {last_ns}"));
        let capture = Capture { digest, first_ns, last_ns, packets: covered.packets };
        learning.ledger.add_capture(capture).map_err(|e| Failure::Usage(e.to_string()))?;
    }
    finish(args, &learning.ledger, &counters, terminal)?;
    super::watch::say_drops(&mut source, &counters, terminal);
    Ok(Ended::Well)
}
