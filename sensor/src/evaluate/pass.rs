//! One way over captures: the line, a judge, and whoever watches it.

use gridtap_models::event::Event;

use super::measured::Measured;
use super::truth::Truth;
use super::watch::{Rules, Watch};
use crate::config::Config;
use crate::counters::Counters;
use crate::judge::Judge;
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::shard::Events;
use crate::source::Source;

/// Runs the line over `source` with `judge` at its end, and measures what it raises against `truth`.
pub fn run<S: Source>(
    source: &mut S,
    config: &Config,
    mut judge: Judge,
    truth: &Truth,
    rules: Rules,
    look: impl FnMut(&mut S, u64),
) -> (Measured, Counters) {
    let gauges = Gauges::default();
    let options = Options { shards: config.shards, on_full: OnFull::Wait, limits: config.limits };
    let mut watch = Watch::new(truth, rules);
    let counters = pipeline::run(
        source,
        &options,
        &gauges,
        || Events,
        |event: Event| {
            let role = truth.role(&event);
            judge.take(&event, gauges.first_ns(), &mut |alert| watch.told(&alert));
            watch.see(&event, role, &judge);
        },
        look,
    );
    judge.finish(&mut |alert| watch.told(&alert));
    let mut measured = watch.finish();
    (measured.learned, measured.judged) = judge.acts();
    measured.muted = judge.raiser().muted();
    (measured, counters)
}
