//! The line with a judge at its end, and what came of it.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::Terminal;
use crate::alert::{Alert, Severity};
use crate::config::Config;
use crate::counters::Counters;
use crate::judge::Judge;
use crate::pipeline::{self, Gauges, OnFull, Options};
use crate::shard::Events;
use crate::sink::{self, Sinks};
use crate::source::Source;

/// A judge, and what it raised.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) judge: Judge,
    pub(super) latest: Latest,
    pub(super) gauges: Gauges,
}

impl Judged {
    /// Runs the line until `source` ends.
    pub(super) fn run<S: Source>(
        &mut self,
        source: &mut S,
        config: &Config,
        on_full: OnFull,
        sinks: &Sinks,
        mut look: impl FnMut(&mut S, u64),
    ) -> Counters {
        let Self { judge, latest, gauges } = self;
        let gauges = &*gauges;
        let mut out = |alert: Alert| {
            latest.note(&alert);
            sinks.send(alert);
        };
        let options = Options { shards: config.shards, on_full, limits: config.limits };
        let counters = pipeline::run(
            source,
            &options,
            gauges,
            || Events,
            |event| {
                judge.set_dropped_packets(gauges.dropped());
                judge.take(&event, gauges.first_ns(), &mut out);
            },
            |source, packets| {
                if sinks.all_closed() {
                    gauges.stop.store(true, Ordering::Relaxed);
                }
                look(source, packets);
            },
        );
        judge.finish(&mut out);
        counters
    }
}

/// The latest revision of each alert, in the order in which they were raised.
#[derive(Debug, Default)]
pub(super) struct Latest {
    alerts: Vec<Alert>,
    places: HashMap<String, usize>,
}

impl Latest {
    /// Alerts that are kept for the table; the file has all.
    const KEPT: usize = 10_000;

    pub(super) fn note(&mut self, alert: &Alert) {
        let place = self.places.get(&alert.id).copied();
        if let Some(known) = place.and_then(|place| self.alerts.get_mut(place)) {
            known.clone_from(alert);
        } else if self.alerts.len() < Self::KEPT {
            self.places.insert(alert.id.clone(), self.alerts.len());
            self.alerts.push(alert.clone());
        }
    }

    pub(super) fn gravest(&self) -> Option<Severity> {
        self.alerts.iter().map(|alert| alert.severity).max()
    }

    /// A table for people.
    pub(super) fn text(&self, terminal: Terminal) -> String {
        if self.alerts.is_empty() {
            return "No alerts.\n".to_owned();
        }
        let table = sink::table(&self.alerts, terminal.width(), terminal.colours);
        let plural = if self.alerts.len() == 1 { "" } else { "s" };
        format!("{table}\n{} alert{plural}.\n", self.alerts.len())
    }
}
