//! Judge and raise: one thread takes the events in order, learns from the first, judges the rest.

use gridtap_models::event::{Event, Stage};
use gridtap_models::ledger::Ledger;
use gridtap_models::panel::Panel;
use gridtap_models::sign::Sign;

use crate::alert::{Alert, Raiser};
use crate::shard::Happening;

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
}

impl Judge {
    /// A judge that begins with `ledger`.
    #[must_use]
    pub fn new(mode: Mode, ledger: Ledger, mut raiser: Raiser) -> Self {
        if matches!(mode, Mode::Judge) {
            raiser.set_baseline(ledger.digest().to_string());
        }
        Self { mode, ledger, panel: Panel::all(), raiser, learned: 0, judged: 0 }
    }

    /// Takes what happened next, in order, and hands the alerts that are due to `out`.
    ///
    /// An act is learned or judged when it is asked for; how it ended belongs to the same time.
    /// The ledger freezes with the first request that is judged.
    /// `first_ns` is the capture time of the first packet.
    pub fn take(&mut self, happened: &Happening, first_ns: u64, out: &mut dyn FnMut(Alert)) {
        match happened {
            Happening::Act(event) => self.take_act(event, first_ns, out),
            Happening::Sign(sign) => self.take_sign(sign, out),
        }
    }

    fn take_act(&mut self, event: &Event, first_ns: u64, out: &mut dyn FnMut(Alert)) {
        if let Mode::Learn { for_ns } = self.mode
            && event.time_ns >= first_ns.saturating_add(for_ns)
            && event.stage == Stage::Requested
        {
            self.freeze();
        }
        let learning = matches!(self.mode, Mode::Learn { .. });
        let findings = self.panel.judge(&self.ledger, event);
        self.raiser.take(event, &findings, learning, out);
        if learning {
            self.ledger.learn(event);
        }
        if event.stage == Stage::Requested {
            let counted = if learning { &mut self.learned } else { &mut self.judged };
            *counted = counted.saturating_add(1);
        }
    }

    /// What a sign shows needs no learning, and nothing is learned of it.
    fn take_sign(&mut self, sign: &Sign, out: &mut dyn FnMut(Alert)) {
        let findings = self.panel.notice(&self.ledger, sign);
        self.raiser.notice(sign, &findings, out);
    }

    /// Closes all episodes.
    pub fn finish(&mut self, out: &mut dyn FnMut(Alert)) {
        self.raiser.finish(out);
    }

    /// Notes how many packets were dropped so far.
    pub fn set_dropped_packets(&mut self, packets: u64) {
        self.raiser.set_dropped_packets(packets);
    }

    /// Episodes that had to be closed early to make room.
    #[must_use]
    pub fn closed_early(&self) -> u64 {
        self.raiser.closed_early()
    }

    /// Acts that were learned from, and acts that were judged.
    #[must_use]
    pub fn acts(&self) -> (u64, u64) {
        (self.learned, self.judged)
    }

    fn freeze(&mut self) {
        self.mode = Mode::Judge;
        self.raiser.set_baseline(self.ledger.digest().to_string());
        tracing::info!(acts = self.learned, "learned; judging from here on");
    }
}
