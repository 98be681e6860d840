//! Judge and raise: one thread takes the events in order, learns from the first, judges the rest.

use core::fmt::Write;

use gridtap_models::detector::Finding;
use gridtap_models::event::{Event, Stage};
use gridtap_models::ledger::{Ledger, Ruled};
use gridtap_models::panel::Panel;
use gridtap_models::surprise::FLOOR;

use crate::alert::{Alert, Raiser};
use crate::counters::Counters;
use crate::scores::Scores;

/// What is normal, and whether that is still being learned.
#[derive(Debug)]
pub enum Mode {
    /// Acts that are asked for within this capture time from the first packet on are learned; those
    /// after are judged by what was learned until then.
    Learn {
        /// The time, in nanoseconds.
        for_ns: u64,
    },
    /// What was learned before judges everything.
    Judge,
}

/// The one owner of the ledger.
#[derive(Debug)]
pub struct Judge {
    mode: Mode,
    ledger: Ledger,
    panel: Panel,
    raiser: Raiser,
    learned: u64,
    judged: u64,
    excused: u64,
    scores: Option<Scores>,
    on_learned: OnLearned,
    findings: Vec<Finding>,
}

/// What is told, once, when the learning is over.
#[derive(Default)]
struct OnLearned(Option<Box<Tell>>);

type Tell = dyn FnOnce(&Ledger) + Send;

impl core::fmt::Debug for OnLearned {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("OnLearned").field(&self.0.is_some()).finish()
    }
}

impl Judge {
    /// A judge that begins with `ledger`.
    #[must_use]
    pub fn new(mode: Mode, ledger: Ledger, mut raiser: Raiser) -> Self {
        let mut panel = Panel::all();
        if matches!(mode, Mode::Judge) {
            panel.go_live();
            raiser.set_baseline(ledger.digest().to_string());
            raiser.set_habits((&ledger).into());
        }
        Self {
            mode,
            ledger,
            panel,
            raiser,
            learned: 0,
            judged: 0,
            excused: 0,
            scores: None,
            on_learned: OnLearned::default(),
            findings: Vec::new(),
        }
    }

    /// Takes the next event in order, and hands the alerts that are due to `out`.
    ///
    /// An act is learned or judged when it is asked for; how it ended belongs to the same time.
    /// The ledger freezes with the first request that is judged.
    /// `first_ns` is the capture time of the first packet.
    pub fn take(&mut self, event: &Event, first_ns: u64, out: &mut dyn FnMut(Alert)) {
        if let Mode::Learn { for_ns } = self.mode
            && event.time_ns >= first_ns.saturating_add(for_ns)
            && event.stage == Stage::Requested
        {
            self.freeze();
        }
        let learning = matches!(self.mode, Mode::Learn { .. });
        let ledger = &mut self.ledger;
        self.panel.observe(event, &mut |observation| {
            if learning {
                ledger.note(&observation);
            }
        });
        let mut findings = self.panel.judge(&self.ledger, event);
        if event.stage == Stage::Requested
            && let Some((act, ruled)) = self.ledger.forbidden(event)
        {
            findings.push(forbidden(&act, ruled));
        }
        let found = findings.len();
        findings.retain(|finding| !self.ledger.excuses(finding, event));
        let excused = found.saturating_sub(findings.len());
        self.excused = self.excused.saturating_add(u64::try_from(excused).unwrap_or(u64::MAX));
        self.raiser.take(event, &findings, learning, out);
        if let Some(scores) = self.scores.as_mut().filter(|_| !learning) {
            scores.add(event, &findings);
        }
        if learning {
            self.ledger.learn(event);
        }
        if event.stage == Stage::Requested {
            let counted = if learning { &mut self.learned } else { &mut self.judged };
            *counted = counted.saturating_add(1);
        }
        self.findings = findings;
    }

    /// What was found about the event that was taken last, raised or not, but for what rulings excuse.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What became of that.
    #[must_use]
    pub fn raiser(&self) -> &Raiser {
        &self.raiser
    }

    /// What is normal, as it was learned so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Gives back what is normal.
    #[must_use]
    pub fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// Whether what comes is still learned.
    #[must_use]
    pub fn is_learning(&self) -> bool {
        matches!(self.mode, Mode::Learn { .. })
    }

    /// Closes all episodes.
    pub fn finish(&mut self, out: &mut dyn FnMut(Alert)) {
        self.raiser.finish(out);
    }

    /// Notes how many packets were dropped so far.
    pub fn set_dropped_packets(&mut self, packets: u64) {
        self.raiser.set_dropped_packets(packets);
    }

    /// Counts what had to make room.
    pub fn count(&self, counters: &mut Counters) {
        counters.episodes = self.raiser.closed_early();
        counters.awaited_acts = self.raiser.given_up();
    }

    /// Writes down what is found about every act that is judged.
    pub fn set_scores(&mut self, scores: Option<Scores>) {
        self.scores = scores;
    }

    /// Whether what is found is written down.
    #[must_use]
    pub fn has_scores(&self) -> bool {
        self.scores.is_some()
    }

    /// What was written down so far, to be finished.
    pub fn take_scores(&mut self) -> Option<Scores> {
        self.scores.take()
    }

    /// Hands over what was learned, once, when the learning is over.
    pub fn on_learned(&mut self, tell: impl FnOnce(&Ledger) + Send + 'static) {
        self.on_learned = OnLearned(Some(Box::new(tell)));
    }

    /// Acts that were learned from, and acts that were judged.
    #[must_use]
    pub fn acts(&self) -> (u64, u64) {
        (self.learned, self.judged)
    }

    /// What was not raised to keep to the alerts a day that the operator wants, in sentences; nothing
    /// where nothing was muted.
    fn budget(&self) -> String {
        let mut text = String::new();
        for (client, rate, all) in self.raiser.muted_clients() {
            let but = if all { "" } else { ", but of points that no device was commanded" };
            let _ = writeln!(
                text,
                "{client} did {rate:.1} new things a day late in the learning: new commands of it raise \
                 nothing by themselves{but}.",
            );
        }
        if self.raiser.muted() > 0 {
            let _ = writeln!(text, "Findings not raised for that: {}.", self.raiser.muted());
        }
        if self.raiser.repeated() > 0 {
            let repeated = self.raiser.repeated();
            let _ = writeln!(text, "Odd acts not told again within a day: {repeated}.");
        }
        text
    }

    /// What came of judging, in sentences: the alerts a day that were promised and those that came, and
    /// what was not raised and why.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("Learned from {} acts, judged {}.\n", self.learned, self.judged);
        if self.judged > 0 {
            text.push_str(&self.raiser.rates());
        }
        text.push_str(&self.budget());
        if self.excused > 0 {
            let excused = self.excused;
            let _ = writeln!(text, "Findings not raised because somebody ruled so: {excused}.");
        }
        text
    }

    fn freeze(&mut self) {
        self.mode = Mode::Judge;
        self.panel.go_live();
        self.raiser.set_baseline(self.ledger.digest().to_string());
        self.raiser.set_habits((&self.ledger).into());
        tracing::info!(acts = self.learned, "learned; judging from here on");
        if let Some(tell) = self.on_learned.0.take() {
            tell(&self.ledger);
        }
    }
}

/// The finding about an act that somebody ruled never to be normal.
fn forbidden(act: &str, ruled: &Ruled) -> Finding {
    Finding {
        detector: "ruling",
        kind: "forbidden",
        surprise: FLOOR,
        hard: true,
        actor: None,
        about: None,
        because: format!("{act} was ruled never to be normal, {ruled}"),
        normal_if: format!("the ruling about {act} is taken back"),
    }
}

#[cfg(test)]
mod tests {
    use gridtap_models::event::Intent;

    use super::*;
    use crate::alert::{Settings, act};

    const MINUTE_NS: u64 = 60 * 1_000_000_000;

    fn settings() -> Settings {
        Settings {
            at_bits: 10.0,
            command_at_bits: 6.6,
            a_day: 1.0,
            quiet_ns: 15 * MINUTE_NS,
            episodes: 8,
            awaited: 8,
        }
    }

    /// A client polls and commands for two hours, another commands in the second of them.
    #[test]
    fn what_was_told_while_learning_is_told_once_more_when_judging_begins() {
        let raiser = Raiser::new(settings(), vec!["a.pcap".to_owned()]);
        let mode = Mode::Learn { for_ns: 120 * MINUTE_NS };
        let mut judge = Judge::new(mode, Ledger::default(), raiser);
        let mut told = Vec::new();
        for minute in 0..150 {
            let ours = act(5, 21, minute * MINUTE_NS, minute);
            let poll = Event { intent: Intent::Read, ..ours.clone() };
            let late = (minute >= 90).then(|| act(66, 21, minute * MINUTE_NS, 1_000 + minute));
            for event in [poll, ours].into_iter().chain(late) {
                judge.take(&event, 0, &mut |_| {});
                if judge.findings().iter().any(|finding| finding.kind == "late-writer") {
                    told.push((event.conversation.client.to_string(), minute));
                }
            }
        }
        let late = "10.0.0.66".to_owned();
        assert_eq!(told, [(late.clone(), 90), (late, 120)]);
    }

    #[test]
    fn what_goes_on_for_an_hour_is_one_alert() {
        let raiser = Raiser::new(settings(), vec!["a.pcap".to_owned()]);
        let mut judge = Judge::new(Mode::Judge, Ledger::default(), raiser);
        let mut told = std::collections::BTreeSet::new();
        for minute in 0..60 {
            let restart = act(5, 21, minute * MINUTE_NS, minute);
            let restart = Event { intent: Intent::Restart, ..restart };
            judge.take(&restart, 0, &mut |alert| {
                told.insert(alert.id.clone());
            });
        }
        assert_eq!(told.len(), 1, "{told:?}");
    }

    /// A client polls for four days and gives a new command every twelve hours: one that another device was given, or
    /// one that none was.
    #[test]
    fn whose_new_commands_raise_nothing_is_told_and_which_of_them() {
        let text = |anywhere: bool| {
            let mode = Mode::Learn { for_ns: 96 * 60 * MINUTE_NS };
            let mut judge =
                Judge::new(mode, Ledger::default(), Raiser::new(settings(), Vec::new()));
            for minute in 0..96 * 60 + 10 {
                let at = |client, server| act(client, server, minute * MINUTE_NS, minute);
                let mut event = Event { intent: Intent::Read, ..at(5, 21) };
                let due = minute % 720;
                // What another device was given twice is known.
                if due == 30 || !anywhere && (due == 0 || due == 10) {
                    event.intent = Intent::Write;
                    event.targets[0].start = u32::try_from(minute / 720).unwrap();
                }
                if due < 30 {
                    event.conversation = at(6, 22).conversation;
                }
                judge.take(&event, 0, &mut |_| {});
            }
            judge.text().lines().find(|line| line.starts_with("10.0.0.5")).map(str::to_owned)
        };
        let told = "10.0.0.5 did 2.0 new things a day late in the learning: new commands of it raise nothing by themselves";
        assert_eq!(text(true), Some(format!("{told}.")));
        assert_eq!(
            text(false),
            Some(format!("{told}, but of points that no device was commanded."))
        );
    }
}
