//! Episodes: what one actor does until it is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use gridtap_models::detector::Finding;
use gridtap_models::event::{Event, Intent, PacketRef, Protocol, Stage};

use super::record::{
    Alert, FindingRecord, FurtherPackets, Outcomes, PointRecord, Seen, TargetRecord,
};
use super::severity::Severity;
use super::techniques::{self, Technique};
use super::wording;
use crate::names::Names;
use crate::source::CaptureNames;
use crate::when::Moment;

/// Packets, points and servers that an alert lists.
const LISTED: usize = 64;
/// Kinds of oddity that an alert lists; there are far fewer.
const KINDS: usize = 256;

/// What all alerts of a run have in common.
#[derive(Debug)]
pub(super) struct Judging {
    /// Names of the captures, by index.
    pub(super) captures: CaptureNames,
    /// Digest of the baseline, once there is one.
    pub(super) baseline: Option<String>,
}

/// One actor's odd acts, until it is quiet.
#[derive(Debug)]
pub(super) struct Episode {
    pub(super) id: String,
    actor: IpAddr,
    pub(super) revision: u32,
    first: Event,
    points: Vec<PointRecord>,
    pub(super) last_ns: u64,
    count: u64,
    severity: Severity,
    kind: &'static str,
    hard: bool,
    /// Whether any of its findings is hard, be it the gravest or not.
    pub(super) any_hard: bool,
    surprise_bits: f64,
    what: String,
    because: String,
    normal_if: String,
    findings: Vec<FindingRecord>,
    techniques: Vec<Technique>,
    targets: BTreeSet<TargetRecord>,
    packets: Vec<PacketRef>,
    pub(super) outcomes: Outcomes,
    pub(super) seen: Seen,
}

impl Episode {
    pub(super) fn new(id: String, actor: IpAddr, first: &Event) -> Self {
        Self {
            id,
            actor,
            revision: 0,
            points: wording::points(first, LISTED),
            first: first.clone(),
            last_ns: first.time_ns,
            count: 0,
            severity: Severity::Info,
            kind: "",
            hard: false,
            any_hard: false,
            surprise_bits: 0.0,
            what: String::new(),
            because: String::new(),
            normal_if: String::new(),
            findings: Vec::new(),
            techniques: Vec::new(),
            targets: BTreeSet::new(),
            packets: Vec::new(),
            outcomes: Outcomes::default(),
            seen: Seen::default(),
        }
    }

    /// Takes one more odd act; says whether a new revision is due.
    pub(super) fn add(&mut self, event: &Event, findings: &[&Finding]) -> bool {
        self.count = self.count.saturating_add(1);
        self.last_ns = self.last_ns.max(event.time_ns);
        self.seen.lost_octets = self.seen.lost_octets.max(event.unseen.lost_octets);
        self.seen.one_way |= event.unseen.one_way;

        let doubled = self.count.is_power_of_two();
        let new_kind = findings.iter().fold(false, |new, finding| self.note(finding, event) | new);
        let new_target = self.note_target(event);
        let graver = self.note_gravest(event, findings);
        if new_kind || self.packets.len() < LISTED {
            self.packets.extend(event.earlier.into_iter().chain([event.packet]));
        }
        doubled || new_kind || new_target || graver
    }

    /// Notes a finding; says whether it is of a new kind.
    fn note(&mut self, finding: &Finding, event: &Event) -> bool {
        // What was noticed of who asks is no act, and was meant for nothing that is known.
        let meant = event.stage != Stage::Noticed || event.intent == Intent::Report;
        for technique in techniques::of(finding.kind, meant.then_some(event.intent)) {
            if !self.techniques.contains(&technique) {
                self.techniques.push(technique);
            }
        }
        let surprise_bits = finding.surprise.0;
        let known = self
            .findings
            .iter_mut()
            .find(|known| known.detector == finding.detector && known.kind == finding.kind);
        if let Some(known) = known {
            if surprise_bits > known.surprise_bits {
                known.surprise_bits = surprise_bits;
                known.because.clone_from(&finding.because);
                known.normal_if.clone_from(&finding.normal_if);
            }
            return false;
        }
        let room = self.findings.len() < KINDS;
        if room {
            self.findings.push(FindingRecord {
                detector: finding.detector.into(),
                kind: finding.kind.into(),
                surprise_bits,
                because: finding.because.clone(),
                normal_if: finding.normal_if.clone(),
            });
        }
        room
    }

    /// Notes the server; says whether it is a new one that the alert still lists.
    fn note_target(&mut self, event: &Event) -> bool {
        // Beyond this many the count of targets stands still; nobody reads that far.
        const COUNTED: usize = 65_536;
        let talk = &event.conversation;
        let listed = self.targets.len() < LISTED;
        if self.targets.len() >= COUNTED {
            return false;
        }
        self.targets.insert(TargetRecord { server_ip: talk.server, unit: talk.unit }) && listed
    }

    /// Takes over the gravest of `findings` if it is graver than any before; says whether the
    /// severity rose.
    fn note_gravest(&mut self, event: &Event, findings: &[&Finding]) -> bool {
        let Some((severity, finding)) = gravest(event, findings) else { return false };
        let bits = finding.surprise.0;
        let first = self.kind.is_empty();
        let risen = severity > self.severity;
        // Within one severity a hard finding outweighs one that was learned; a few bits more of
        // the same do not change the story.
        if first || risen || (severity == self.severity && finding.hard && !self.hard) {
            self.severity = severity;
            self.kind = finding.kind;
            self.hard = finding.hard;
            self.surprise_bits = bits;
            self.what = wording::what(event);
            self.because.clone_from(&finding.because);
            self.normal_if.clone_from(&finding.normal_if);
        }
        risen && !first
    }

    /// The record of the episode as it stands.
    pub(super) fn alert(&self, judging: &Judging, last: bool) -> Alert {
        let first = &self.first;
        let talk = &first.conversation;
        let (unit, dnp3) = match talk.protocol {
            Protocol::Modbus => (Some(talk.unit), None),
            Protocol::Dnp3 => (None, Some(talk.unit)),
        };
        let named = |index: u16| judging.captures.get(index);
        let mut by_capture: BTreeMap<u16, BTreeSet<u64>> = BTreeMap::new();
        for packet in &self.packets {
            by_capture.entry(packet.capture).or_default().insert(packet.number);
        }
        let packets = by_capture.remove(&first.packet.capture).unwrap_or_default();
        Alert {
            schema: "gridtap.alert/1".into(),
            id: self.id.clone(),
            origin: "wire".into(),
            revision: self.revision,
            last,
            time: Moment(first.time_ns),
            last_time: Moment(self.last_ns),
            count: self.count,
            severity: self.severity,
            kind: self.kind.into(),
            hard: self.hard,
            surprise_bits: self.surprise_bits,
            what: self.what.clone(),
            because: self.because.clone(),
            normal_if: self.normal_if.clone(),
            acts: first.acts().take(LISTED).collect(),
            actor: self.actor,
            protocol: talk.protocol.to_string(),
            client_ip: talk.client,
            server_ip: talk.server,
            client_mac: first.client_mac.map(wording::mac),
            server_mac: first.server_mac.map(wording::mac),
            unit,
            dnp3_source: talk.client_unit,
            dnp3_destination: dnp3,
            function: first.function.name.into(),
            function_code: first.function.code,
            points: self.points.clone(),
            targets: self.targets.iter().take(LISTED).cloned().collect(),
            targets_total: (self.targets.len() > LISTED).then_some(self.targets.len()),
            findings: self.findings.clone(),
            techniques: self.techniques.clone(),
            outcomes: self.outcomes,
            capture: named(first.packet.capture),
            packets: packets.into_iter().collect(),
            further_packets: by_capture
                .into_iter()
                .filter_map(|(index, packets)| {
                    let packets = packets.into_iter().collect();
                    named(index).map(|capture| FurtherPackets { capture, packets })
                })
                .collect(),
            seen: self.seen,
            baseline: judging.baseline.clone(),
            names: Names::default(),
        }
    }
}

/// The finding that matters most about an act: by severity, then hard ones, then surprise.
pub(crate) fn gravest<'f>(
    event: &Event,
    findings: &[&'f Finding],
) -> Option<(Severity, &'f Finding)> {
    findings.iter().map(|finding| (Severity::of(finding, event.intent), *finding)).reduce(
        |best, next| {
            let weight = |(severity, finding): &(Severity, &Finding)| (*severity, finding.hard);
            let (b, n) = (weight(&best), weight(&next));
            let surer = next.1.surprise > best.1.surprise;
            if n > b || (n == b && surer) { next } else { best }
        },
    )
}
