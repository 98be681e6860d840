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
    pub(super) raised: Raised,
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
        let Self { judge, raised, gauges } = self;
        let gauges = &*gauges;
        let mut out = |alert: Alert| {
            raised.note(&alert);
            sinks.send(alert);
        };
        let options = Options { shards: config.shards, on_full, limits: config.limits };
        let counters = pipeline::run(
            source,
            &options,
            gauges,
            || Events,
            |happened| {
                judge.set_dropped_packets(gauges.dropped());
                judge.take(&happened, gauges.first_ns(), &mut out);
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

/// What was raised: how much, how grave, and the latest revision of each alert for a table.
#[derive(Debug)]
pub(super) struct Raised {
    /// Alerts, not revisions.
    count: u64,
    gravest: Option<Severity>,
    /// In the order in which they were raised; at most so many.
    alerts: Vec<Alert>,
    keep: usize,
    places: HashMap<String, usize>,
}

impl Raised {
    /// Alerts that a table of a replay shows at most; the file has all.
    pub(super) const SHOWN: usize = 10_000;

    /// Nothing yet; of what comes, the first `keep` alerts are kept for the table.
    pub(super) fn keeping(keep: usize) -> Self {
        Self { count: 0, gravest: None, alerts: Vec::new(), keep, places: HashMap::new() }
    }

    fn note(&mut self, alert: &Alert) {
        self.count = self.count.saturating_add(u64::from(alert.revision == 0));
        self.gravest = self.gravest.max(Some(alert.severity));
        let place = self.places.get(&alert.id).copied();
        if let Some(known) = place.and_then(|place| self.alerts.get_mut(place)) {
            known.clone_from(alert);
        } else if self.alerts.len() < self.keep {
            self.places.insert(alert.id.clone(), self.alerts.len());
            self.alerts.push(alert.clone());
        }
    }

    /// Whether an alert of `level` or above was raised.
    pub(super) fn reaches(&self, level: Option<Severity>) -> bool {
        level.is_some() && self.gravest >= level
    }

    /// A table for people.
    pub(super) fn text(&self, terminal: Terminal) -> String {
        if self.count == 0 {
            return "No alerts.\n".to_owned();
        }
        let table = sink::table(&self.alerts, terminal.width(), terminal.colours);
        let plural = if self.count == 1 { "" } else { "s" };
        let shown = if u64::try_from(self.alerts.len()).is_ok_and(|shown| shown < self.count) {
            format!(", of which the first {} are shown", self.alerts.len())
        } else {
            String::new()
        };
        format!("{table}\n{} alert{plural}{shown}.\n", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::sample;

    #[test]
    fn what_is_not_kept_for_the_table_still_counts() {
        let alerts = ["a", "b", "c"].map(|id| Alert { id: id.to_owned(), ..sample() });
        let mut raised = Raised::keeping(1);
        for alert in &alerts {
            raised.note(alert);
        }
        raised.note(&Alert { revision: 1, severity: Severity::Critical, ..alerts[2].clone() });
        assert_eq!((raised.count, raised.alerts.len()), (3, 1));
        assert!(raised.reaches(Some(Severity::Critical)) && !raised.reaches(None));
        let terminal = Terminal { quiet: false, stdout: false, colours: false };
        assert!(raised.text(terminal).ends_with("3 alerts, of which the first 1 are shown.\n"));
    }
}
