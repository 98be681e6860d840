//! What was done, when, and in which packets: labels put in their place in the captures.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt};
use gridtap_models::event::{Conversation, Event, PacketRef, Stage};

use super::labels::{LabelError, Labels, PacketRow, Rows, SECOND_NS, Said, WindowRow};
use super::spans::Spans;
use super::survey::Survey;

/// Time between two packets of one incident, at most: a minute.
const APART_NS: u64 = 60 * SECOND_NS;

/// The label files of one capture.
#[derive(Clone, Debug, Default)]
pub struct LabelSet {
    /// Of packets.
    pub packets: Option<Labels>,
    /// Of windows: times of attacks.
    pub windows: Option<Labels>,
    /// Of windows of what only looks like attacks.
    pub lookalikes: Option<Labels>,
}

/// An attack, or something that only looks like one: a window, or a run of packets of the same label
/// with no more than a minute between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The capture that it is in.
    pub capture: u16,
    /// Its beginning, in nanoseconds since 1970 UTC.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
    /// What labels say of it.
    pub said: Said,
    /// Whether a window says when it was; if not, its labelled packets do.
    pub has_window: bool,
    /// Whether labelled packets say what is part of it; if not, time and hosts do.
    pub by_packets: bool,
}

/// What an event is part of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Attacks: places in [`Truth::attacks`].
    pub attacks: Vec<usize>,
    /// Attacks by somebody whom labels do not name, in the middle perhaps, at whose target and in whose
    /// window it is, though its packets are not labelled. An alert on it finds them.
    pub around: Vec<usize>,
    /// Look-alikes: places in [`Truth::lookalikes`].
    pub lookalikes: Vec<usize>,
    /// Whether labels say that it is an operator's doing.
    pub operator: bool,
}

/// All that is known of what was done.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The attacks, in order of time.
    pub attacks: Vec<Incident>,
    /// What only looks like attacks, in order of time.
    pub lookalikes: Vec<Incident>,
    packets: HashMap<PacketRef, Part>,
    attack_times: Times,
    unnamed_times: Times,
    lookalike_times: Times,
    tolerance_ns: u64,
    /// Whether labels say what operators do.
    pub names_operators: bool,
}

/// What a packet is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Attack(usize),
    Lookalike(usize),
    Operator,
}

impl Truth {
    /// Puts the labels of each capture in their place.
    ///
    /// What lies within `tolerance_ns` of an attack and is of its hosts counts as part of it.
    ///
    /// # Errors
    ///
    /// A label of a packet that a capture does not have, and the capture's place.
    pub fn new(
        sets: &[LabelSet],
        survey: &Survey,
        tolerance_ns: u64,
    ) -> Result<Self, (usize, LabelError)> {
        let mut truth = Self {
            attacks: Vec::new(),
            lookalikes: Vec::new(),
            packets: HashMap::new(),
            attack_times: Times::default(),
            unnamed_times: Times::default(),
            lookalike_times: Times::default(),
            tolerance_ns,
            names_operators: false,
        };
        let mut labelled = Vec::new();
        for (place, set) in sets.iter().enumerate() {
            let capture = u16::try_from(place).unwrap_or(u16::MAX);
            let rows = timed(set, capture, survey).map_err(|error| (place, error))?;
            truth.names_operators |= rows.iter().any(|row| row.part() == Kind::Operator);
            for row in rows.iter().filter(|row| row.part() == Kind::Operator) {
                truth.packets.insert(row.packet, Part::Operator);
            }
            for (kind, windows) in
                [(Kind::Attack, &set.windows), (Kind::Lookalike, &set.lookalikes)]
            {
                let mine: Vec<&Timed<'_>> = rows.iter().filter(|row| row.part() == kind).collect();
                labelled.extend(incidents(capture, &mine, windows.as_ref(), kind));
            }
        }
        labelled.sort_by_key(|it| (it.incident.start_ns, it.incident.end_ns, it.incident.capture));
        for Labelled { incident, packets, kind } in labelled {
            let list = match kind {
                Kind::Lookalike => &mut truth.lookalikes,
                Kind::Attack | Kind::Operator => &mut truth.attacks,
            };
            let place = list.len();
            list.push(incident);
            let part = if kind == Kind::Attack { Part::Attack } else { Part::Lookalike };
            truth.packets.extend(packets.into_iter().map(|packet| (packet, part(place))));
        }
        let by_time = |it: &Incident| !it.by_packets || tolerance_ns > 0;
        truth.attack_times = Times::of(&truth.attacks, by_time, tolerance_ns);
        truth.unnamed_times = Times::of(&truth.attacks, Incident::is_unnamed, tolerance_ns);
        truth.lookalike_times = Times::of(&truth.lookalikes, |it| !it.by_packets, 0);
        Ok(truth)
    }

    /// What an event is part of, by its packets or its time. What labels call normal is by its time no
    /// part of an attack when it is asked for; what becomes of it can be.
    #[must_use]
    pub fn role(&self, event: &Event) -> Role {
        let mut role = self.role_by_time(event.packet.capture, event.time_ns, &event.conversation);
        let mut attacks = Vec::new();
        let mut normal = false;
        for packet in event.earlier.iter().chain([&event.packet]) {
            match self.packets.get(packet) {
                Some(Part::Attack(place)) => join(&mut attacks, &[*place]),
                Some(Part::Lookalike(place)) => {
                    normal = true;
                    join(&mut role.lookalikes, &[*place]);
                }
                Some(Part::Operator) => (normal, role.operator) = (true, true),
                None => {}
            }
        }
        if normal && event.stage == Stage::Requested {
            (role.attacks, role.around) = (Vec::new(), Vec::new());
        }
        join(&mut role.attacks, &attacks);
        role
    }

    /// What something is part of, by time and hosts alone.
    #[must_use]
    pub fn role_by_time(&self, capture: u16, time_ns: u64, talk: &Conversation) -> Role {
        let ends = [talk.client, talk.server];
        let among = |list: &[Incident], times: &Times| -> Vec<usize> {
            let here = |place: &usize| {
                list.get(*place).is_some_and(|it| it.capture == capture && it.said.involves(ends))
            };
            times.around(time_ns).filter(here).collect()
        };
        Role {
            attacks: among(&self.attacks, &self.attack_times),
            around: among(&self.attacks, &self.unnamed_times),
            lookalikes: among(&self.lookalikes, &self.lookalike_times),
            operator: false,
        }
    }

    /// The time of attacks, with the tolerance.
    #[must_use]
    pub fn attacked(&self) -> Spans {
        let wide = |it: &Incident| widened(it, self.tolerance_ns);
        Spans::of(self.attacks.iter().map(wide).collect())
    }
}

impl Incident {
    /// Whether it has a window and a target, and labels name nobody who does it.
    fn is_unnamed(&self) -> bool {
        let Said { actors, targets, hosts, .. } = &self.said;
        self.has_window && actors.is_empty() && hosts.is_empty() && !targets.is_empty()
    }
}

impl Role {
    /// Takes over what `other` says.
    pub fn join(&mut self, other: &Self) {
        join(&mut self.attacks, &other.attacks);
        join(&mut self.around, &other.around);
        join(&mut self.lookalikes, &other.lookalikes);
        self.operator |= other.operator;
    }

    /// The attacks that an alert on it finds.
    #[must_use]
    pub fn found(&self) -> Vec<usize> {
        let mut found = self.attacks.clone();
        join(&mut found, &self.around);
        found
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Said {
    /// Whether what these two say to each other can be part of it: of what labels name, one actor, one
    /// target and one host take part.
    pub(super) fn involves(&self, ends: [IpAddr; 2]) -> bool {
        let one_of = |hosts: &BTreeSet<IpAddr>| {
            hosts.is_empty() || ends.iter().any(|end| hosts.contains(end))
        };
        one_of(&self.actors) && one_of(&self.targets) && one_of(&self.hosts)
    }

    fn join(&mut self, other: &Self) {
        self.actors.extend(&other.actors);
        self.targets.extend(&other.targets);
        self.hosts.extend(&other.hosts);
        self.points.extend(&other.points);
    }
}

fn join(places: &mut Vec<usize>, others: &[usize]) {
    for place in others {
        if !places.contains(place) {
            places.push(*place);
        }
    }
}

/// A labelled packet, and when it was captured.
#[derive(Clone, Copy, Debug)]
struct Timed<'l> {
    packet: PacketRef,
    time_ns: u64,
    attack: bool,
    said: &'l Said,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Attack,
    Lookalike,
    Operator,
}

impl Timed<'_> {
    fn part(&self) -> Kind {
        match (self.attack, self.said.kind.is_empty()) {
            (true, _) => Kind::Attack,
            (false, false) => Kind::Lookalike,
            (false, true) => Kind::Operator,
        }
    }
}

/// The labelled packets of a capture that were read.
fn timed<'l>(
    set: &'l LabelSet,
    capture: u16,
    survey: &Survey,
) -> Result<Vec<Timed<'l>>, LabelError> {
    let Some(Labels { said, rows: Rows::Packets(rows) }) = &set.packets else {
        return Ok(Vec::new());
    };
    let packets = survey.captures.get(usize::from(capture)).map_or(0, |it| it.packets);
    let mut timed = Vec::new();
    for PacketRow { packet, attack, said: place, line } in rows {
        if *packet > packets {
            let what = format!("packet {packet}: the capture has {packets} packets");
            return Err(LabelError { line: *line, what });
        }
        let packet = PacketRef { capture, number: *packet };
        // Without a time it was filtered out.
        if let (Some(time_ns), Some(said)) = (survey.times.get(&packet), said.get(*place)) {
            timed.push(Timed { packet, time_ns: *time_ns, attack: *attack, said });
        }
    }
    timed.sort_by_key(|row| (row.time_ns, row.packet));
    Ok(timed)
}

/// An incident with its packets.
struct Labelled {
    incident: Incident,
    packets: Vec<PacketRef>,
    kind: Kind,
}

/// The incidents of a capture: its windows, with the packets of the same label in them or within a
/// minute of them, and runs of the others.
fn incidents(
    capture: u16,
    rows: &[&Timed<'_>],
    windows: Option<&Labels>,
    kind: Kind,
) -> Vec<Labelled> {
    let mut all: Vec<Labelled> = Vec::new();
    if let Some(Labels { said, rows: Rows::Windows(windows) }) = windows {
        for WindowRow { start_ns, end_ns, said: place } in windows {
            let said = said.get(*place).cloned().unwrap_or_default();
            // Captures may count time less finely than labels do: in whole microseconds.
            let (start_ns, end_ns) = (start_ns.saturating_sub(start_ns % 1_000), *end_ns);
            let (has_window, by_packets) = (true, false);
            let incident = Incident { capture, start_ns, end_ns, said, has_window, by_packets };
            all.push(Labelled { incident, packets: Vec::new(), kind });
        }
    }
    let windows = all.len();
    // The latest run of each label, and where it stands.
    let mut runs: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        let label = row.said.kind.as_str();
        // Packets may follow when the window is over.
        let away = |it: &Labelled| {
            let Incident { start_ns, end_ns, said, .. } = &it.incident;
            let before = start_ns.saturating_sub(row.time_ns);
            let away = before.max(row.time_ns.saturating_sub(*end_ns));
            (said.kind == label && away <= APART_NS).then_some(away)
        };
        let near = all.iter().take(windows).enumerate();
        let near = near.filter_map(|(place, it)| Some((away(it)?, place))).min();
        if let Some(it) = near.and_then(|(_, place)| all.get_mut(place)) {
            let incident = &mut it.incident;
            incident.by_packets = true;
            incident.start_ns = incident.start_ns.min(row.time_ns);
            incident.end_ns = incident.end_ns.max(row.time_ns);
            it.packets.push(row.packet);
            continue;
        }
        let run = runs.get(label).and_then(|place| all.get_mut(*place));
        let near = |it: &&mut Labelled| row.time_ns.saturating_sub(it.incident.end_ns) <= APART_NS;
        if let Some(it) = run.filter(near) {
            it.incident.end_ns = row.time_ns;
            it.incident.said.join(row.said);
            it.packets.push(row.packet);
        } else {
            runs.insert(label, all.len());
            let incident = Incident {
                capture,
                start_ns: row.time_ns,
                end_ns: row.time_ns,
                said: row.said.clone(),
                has_window: false,
                by_packets: true,
            };
            all.push(Labelled { incident, packets: vec![row.packet], kind });
        }
    }
    all
}

fn widened(it: &Incident, by_ns: u64) -> (u64, u64) {
    (it.start_ns.saturating_sub(by_ns), it.end_ns.saturating_add(by_ns))
}

/// The times of incidents, to be found by time.
#[derive(Clone, Debug, Default)]
struct Times {
    /// From, to, and the incident's place, in order of from.
    times: Vec<(u64, u64, usize)>,
    /// The latest end of each and all before it.
    latest: Vec<u64>,
}

impl Times {
    /// Of those that are `wanted`, with a tolerance.
    fn of(incidents: &[Incident], wanted: impl Fn(&Incident) -> bool, tolerance_ns: u64) -> Self {
        let known = incidents.iter().enumerate().filter(|(_, it)| wanted(it));
        let mut times: Vec<(u64, u64, usize)> = known
            .map(|(place, it)| {
                let (from, to) = widened(it, tolerance_ns);
                (from, to, place)
            })
            .collect();
        times.sort_unstable();
        let latest = times.iter().scan(0, |latest, (_, to, _)| {
            *latest = (*latest).max(*to);
            Some(*latest)
        });
        let latest = latest.collect();
        Self { times, latest }
    }

    /// The places of those that this time is in.
    fn around(&self, time_ns: u64) -> impl Iterator<Item = usize> {
        let begun = self.times.partition_point(|(from, ..)| *from <= time_ns);
        let both = self.times.iter().zip(&self.latest).take(begun).rev();
        both.take_while(move |(_, latest)| **latest >= time_ns)
            .filter(move |((_, to, _), _)| *to >= time_ns)
            .map(|((_, _, place), _)| *place)
    }
}

#[cfg(test)]
mod tests;
