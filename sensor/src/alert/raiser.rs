//! Raise: findings of one actor become one alert, written again as its episode grows.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use gridtap_models::detector::Finding;
use gridtap_models::event::{Conversation, Event, Outcome, Stage};
use gridtap_models::ledger;
use gridtap_models::sign::Sign;
use sha2::{Digest, Sha256};

use super::episode::{Episode, Judging, gravest, rounded};
use super::record::Alert;
use super::severity::Consequence;
use super::subject::Subject;

/// When findings become alerts, and how much is kept of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Least surprise that raises an alert about an act that only asks, in bits.
    pub at_bits: f64,
    /// Least surprise that raises an alert about an act that can change something, in bits.
    pub command_at_bits: f64,
    /// Capture time without an odd act that ends an episode, in nanoseconds.
    pub quiet_ns: u64,
    /// Episodes open at a time; the one quiet longest is closed early.
    pub episodes: usize,
    /// Odd acts whose outcome is awaited; the oldest is given up.
    pub awaited: usize,
}

/// Turns findings into alerts.
#[derive(Debug)]
pub struct Raiser {
    settings: Settings,
    judging: Judging,
    open: BTreeMap<IpAddr, Episode>,
    /// No open episode can end before this capture time.
    earliest_end_ns: u64,
    /// Odd acts that have not ended, and whose they are.
    awaited: HashMap<(Conversation, u64), IpAddr>,
    awaited_order: VecDeque<(Conversation, u64)>,
    /// Packets dropped by the kernel or by queues so far.
    dropped_packets: u64,
    closed_early: u64,
}

impl Raiser {
    /// One that has raised nothing yet.
    #[must_use]
    pub fn new(settings: Settings, captures: Vec<String>) -> Self {
        Self {
            settings,
            judging: Judging { captures, baseline: None },
            open: BTreeMap::new(),
            earliest_end_ns: u64::MAX,
            awaited: HashMap::new(),
            awaited_order: VecDeque::new(),
            dropped_packets: 0,
            closed_early: 0,
        }
    }

    /// Names the baseline that judges from now on: the SHA-256 of its file, in hex.
    pub fn set_baseline(&mut self, digest: String) {
        self.judging.baseline = Some(digest);
    }

    /// Notes how many packets were dropped so far, for the alerts to come.
    pub fn set_dropped_packets(&mut self, packets: u64) {
        self.dropped_packets = packets;
    }

    /// Episodes that had to be closed early to make room.
    #[must_use]
    pub fn closed_early(&self) -> u64 {
        self.closed_early
    }

    /// Takes one judged act, and hands the alerts that are due to `out`.
    ///
    /// With `hard_only`, while learning, findings that need a baseline are left out.
    pub fn take(
        &mut self,
        event: &Event,
        findings: &[Finding],
        hard_only: bool,
        out: &mut dyn FnMut(Alert),
    ) {
        self.close_quiet(event.time_ns, out);
        match event.stage {
            Stage::Requested => {
                let least = match Consequence::of(event.intent) {
                    Consequence::Observes => self.settings.at_bits,
                    Consequence::Adjusts | Consequence::Acts => self.settings.command_at_bits,
                };
                let counts = |finding: &&Finding| {
                    finding.hard || (!hard_only && rounded(finding.surprise.0) >= least)
                };
                let counted: Vec<&Finding> = findings.iter().filter(counts).collect();
                if !counted.is_empty() {
                    let actor = self.extend(Subject::Act(event), &counted, out);
                    self.wait_for(event, actor);
                }
            }
            Stage::Ended { outcome, .. } => self.ended(event, outcome),
        }
    }

    /// Takes one judged sign, and hands the alerts that are due to `out`. Of these all findings are
    /// hard.
    pub fn notice(&mut self, sign: &Sign, findings: &[Finding], out: &mut dyn FnMut(Alert)) {
        self.close_quiet(sign.time_ns, out);
        let counted: Vec<&Finding> = findings.iter().filter(|finding| finding.hard).collect();
        if !counted.is_empty() {
            self.extend(Subject::Sign(sign), &counted, out);
        }
    }

    /// Closes every episode: the captures ended, or the sensor stops.
    pub fn finish(&mut self, out: &mut dyn FnMut(Alert)) {
        for (_, episode) in core::mem::take(&mut self.open) {
            out(episode.alert(&self.judging, true));
        }
        self.earliest_end_ns = u64::MAX;
    }

    /// Closes the episodes that were quiet for long enough at capture time `now_ns`.
    pub fn close_quiet(&mut self, now_ns: u64, out: &mut dyn FnMut(Alert)) {
        if now_ns < self.earliest_end_ns {
            return;
        }
        let quiet_ns = self.settings.quiet_ns;
        let over: Vec<IpAddr> = self
            .open
            .iter()
            .filter(|(_, episode)| episode.last_ns.saturating_add(quiet_ns) <= now_ns)
            .map(|(actor, _)| *actor)
            .collect();
        for actor in over {
            if let Some(episode) = self.open.remove(&actor) {
                out(episode.alert(&self.judging, true));
            }
        }
        let ends = self.open.values().map(|episode| episode.last_ns.saturating_add(quiet_ns));
        self.earliest_end_ns = ends.min().unwrap_or(u64::MAX);
    }

    /// Adds to the episode of whoever did it, and says who that is.
    fn extend(
        &mut self,
        subject: Subject<'_>,
        findings: &[&Finding],
        out: &mut dyn FnMut(Alert),
    ) -> IpAddr {
        let actor = findings.iter().find_map(|f| f.actor).unwrap_or(subject.client());
        if !self.open.contains_key(&actor) {
            self.make_room(out);
            let id = self.id(actor, subject, findings);
            self.open.insert(actor, Episode::new(id, actor, subject));
        }
        let end_ns = subject.time_ns().saturating_add(self.settings.quiet_ns);
        self.earliest_end_ns = self.earliest_end_ns.min(end_ns);
        if let Some(episode) = self.open.get_mut(&actor)
            && episode.add(subject, findings)
        {
            episode.seen.dropped_packets = self.dropped_packets;
            out(episode.alert(&self.judging, false));
            episode.revision = episode.revision.saturating_add(1);
        }
        actor
    }

    fn make_room(&mut self, out: &mut dyn FnMut(Alert)) {
        if self.open.len() < self.settings.episodes.max(1) {
            return;
        }
        let quietest = self.open.iter().min_by_key(|(_, episode)| episode.last_ns);
        if let Some(actor) = quietest.map(|(actor, _)| *actor)
            && let Some(episode) = self.open.remove(&actor)
        {
            self.closed_early = self.closed_early.saturating_add(1);
            out(episode.alert(&self.judging, true));
        }
    }

    fn wait_for(&mut self, event: &Event, actor: IpAddr) {
        let act = (event.conversation, event.digest);
        if self.awaited.insert(act, actor).is_none() {
            self.awaited_order.push_back(act);
        }
        if self.awaited_order.len() > self.settings.awaited
            && let Some(oldest) = self.awaited_order.pop_front()
        {
            self.awaited.remove(&oldest);
        }
    }

    fn ended(&mut self, event: &Event, outcome: Outcome) {
        // Most of the time nothing is awaited, and every act ends.
        if self.awaited.is_empty() {
            return;
        }
        let Some(actor) = self.awaited.remove(&(event.conversation, event.digest)) else { return };
        if let Some(episode) = self.open.get_mut(&actor) {
            let counted = match outcome {
                Outcome::Done => &mut episode.outcomes.done,
                Outcome::Refused(_) => &mut episode.outcomes.refused,
                Outcome::Unanswered => &mut episode.outcomes.unanswered,
            };
            *counted = counted.saturating_add(1);
        }
    }

    /// Made of the baseline, the actor, the kind, and the time and octets of the first act: a slice
    /// of the capture gives the same.
    fn id(&self, actor: IpAddr, subject: Subject<'_>, findings: &[&Finding]) -> String {
        let kind = gravest(subject, findings).map_or("", |(_, finding)| finding.kind);
        let mut hash = Sha256::new();
        hash.update(self.judging.baseline.as_deref().unwrap_or("learning"));
        hash.update(actor.to_string());
        hash.update(kind);
        hash.update(subject.time_ns().to_be_bytes());
        hash.update(subject.digest().to_be_bytes());
        // A quarter of the digest is enough to tell alerts apart, and short enough to type.
        let mut id = ledger::Digest(hash.finalize().into()).to_string();
        id.truncate(16);
        id
    }
}
