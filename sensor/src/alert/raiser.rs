//! Raise: findings of one actor become one alert, written again as its episode grows.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

use gridtap_models::detector::Finding;
use gridtap_models::event::{Conversation, Event, Outcome, Protocol, Stage};
use gridtap_models::ledger;
use sha2::{Digest, Sha256};

use super::episode::{Episode, LISTED, gravest, rounded};
use super::record::{Alert, FurtherPackets};
use super::severity::Consequence;
use super::wording;
use crate::when::Moment;

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
    /// Names of the captures, by index.
    captures: Vec<String>,
    /// Digest of the baseline, once there is one.
    baseline: Option<String>,
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
            captures,
            baseline: None,
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
        self.baseline = Some(digest);
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
                    self.extend(event, &counted, out);
                }
            }
            Stage::Ended { outcome, .. } => self.ended(event, outcome),
        }
    }

    /// Closes every episode: the captures ended, or the sensor stops.
    pub fn finish(&mut self, out: &mut dyn FnMut(Alert)) {
        for (_, episode) in core::mem::take(&mut self.open) {
            out(self.alert(&episode, true));
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
                out(self.alert(&episode, true));
            }
        }
        let ends = self.open.values().map(|episode| episode.last_ns.saturating_add(quiet_ns));
        self.earliest_end_ns = ends.min().unwrap_or(u64::MAX);
    }

    fn extend(&mut self, event: &Event, findings: &[&Finding], out: &mut dyn FnMut(Alert)) {
        let actor = findings.iter().find_map(|f| f.actor).unwrap_or(event.conversation.client);
        let due = if let Some(episode) = self.open.get_mut(&actor) {
            episode.add(event, findings)
        } else {
            self.make_room(out);
            let id = self.id(actor, event, findings);
            let mut episode = Episode::new(id, actor, event);
            episode.add(event, findings);
            self.open.insert(actor, episode);
            true
        };
        let end_ns = event.time_ns.saturating_add(self.settings.quiet_ns);
        self.earliest_end_ns = self.earliest_end_ns.min(end_ns);
        self.wait_for(event, actor);
        if !due {
            return;
        }
        let Some(mut episode) = self.open.remove(&actor) else { return };
        episode.seen.dropped_packets = self.dropped_packets;
        out(self.alert(&episode, false));
        episode.revision = episode.revision.saturating_add(1);
        self.open.insert(actor, episode);
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
            out(self.alert(&episode, true));
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
    fn id(&self, actor: IpAddr, event: &Event, findings: &[&Finding]) -> String {
        let kind = gravest(event, findings).map_or("", |(_, finding)| finding.kind);
        let mut hash = Sha256::new();
        hash.update(self.baseline.as_deref().unwrap_or("learning"));
        hash.update(actor.to_string());
        hash.update(kind);
        hash.update(event.time_ns.to_be_bytes());
        hash.update(event.digest.to_be_bytes());
        // A quarter of the digest is enough to tell alerts apart, and short enough to type.
        let mut id = ledger::Digest(hash.finalize().into()).to_string();
        id.truncate(16);
        id
    }

    fn alert(&self, episode: &Episode, last: bool) -> Alert {
        let first = &episode.first;
        let talk = &first.conversation;
        let (unit, dnp3) = match talk.protocol {
            Protocol::Modbus => (Some(talk.unit), None),
            Protocol::Dnp3 => (None, Some(talk.unit)),
        };
        let named = |index: u16| self.captures.get(usize::from(index)).cloned();
        let mut by_capture: BTreeMap<u16, BTreeSet<u64>> = BTreeMap::new();
        for packet in &episode.packets {
            by_capture.entry(packet.capture).or_default().insert(packet.number);
        }
        let packets = by_capture.remove(&first.packet.capture).unwrap_or_default();
        Alert {
            schema: "gridtap.alert/1",
            id: episode.id.clone(),
            origin: "wire",
            revision: episode.revision,
            last,
            time: Moment(first.time_ns),
            last_time: Moment(episode.last_ns),
            count: episode.count,
            severity: episode.severity,
            kind: episode.kind,
            hard: episode.hard,
            surprise_bits: episode.surprise_bits,
            what: episode.what.clone(),
            because: episode.because.clone(),
            normal_if: episode.normal_if.clone(),
            actor: episode.actor,
            protocol: talk.protocol.to_string(),
            client_ip: talk.client,
            server_ip: talk.server,
            client_mac: first.client_mac.map(wording::mac),
            server_mac: first.server_mac.map(wording::mac),
            unit,
            dnp3_source: talk.client_unit,
            dnp3_destination: dnp3,
            function: first.function.name,
            function_code: first.function.code,
            points: episode.points.clone(),
            targets: episode.targets.iter().take(LISTED).cloned().collect(),
            targets_total: (episode.targets.len() > LISTED).then_some(episode.targets.len()),
            findings: episode.findings.clone(),
            techniques: episode.techniques.clone(),
            outcomes: episode.outcomes,
            capture: named(first.packet.capture),
            packets: packets.into_iter().collect(),
            further_packets: by_capture
                .into_iter()
                .filter_map(|(index, packets)| {
                    let packets = packets.into_iter().collect();
                    named(index).map(|capture| FurtherPackets { capture, packets })
                })
                .collect(),
            seen: episode.seen,
            baseline: self.baseline.clone(),
        }
    }
}
