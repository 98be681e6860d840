//! What was counted on the way, shard by shard, and added up at the end.

use std::collections::BTreeMap;

use gridtap_parsers::{Class, Direction, Kind, PROTOCOLS};

use crate::source::{LinkType, Packet};
use crate::{decode, flow};

/// A message's name in a summary: protocol, direction, function.
pub type MessageKind = (&'static str, Direction, &'static str, u8);

/// Everything that is counted between the capture and the judge.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Decoding.
    pub decode: decode::Counters,
    /// Reassembly.
    pub flow: flow::Counters,
    /// Messages by kind, whole ones and others.
    pub messages: BTreeMap<MessageKind, u64>,
    /// Messages and stretches that could not be read, by protocol and class of error.
    pub errors: BTreeMap<(&'static str, Class), u64>,
    /// Octets on a protocol's port that are not the protocol.
    pub foreign_octets: BTreeMap<&'static str, u64>,
    /// Flows on a protocol's port in which no message of it was found.
    pub foreign_flows: BTreeMap<&'static str, u64>,
    /// Flows of a protocol that was found by what they say, on a port that is not its own.
    pub found_flows: BTreeMap<&'static str, u64>,
    /// Flows of a protocol that are encrypted, and so not seen into.
    pub encrypted_flows: BTreeMap<&'static str, u64>,
    /// Octets of such flows.
    pub encrypted_octets: BTreeMap<&'static str, u64>,
    /// Flows that began like a protocol on another port, and then were none.
    pub unknown_flows: u64,
    /// Chunks of flows that could not be probed because too many were.
    pub probe_flows: u64,
    /// Conversations that were seen.
    pub conversations: u64,
    /// Requests whose place was needed by newer ones before they were answered.
    pub pending_requests: u64,
    /// Packets dropped because a shard's queue was full.
    pub queue_dropped: u64,
    /// Episodes closed early to make room.
    pub episodes: u64,
    /// Odd acts whose outcome was awaited, until newer ones needed the place.
    pub awaited_acts: u64,
    /// What each capture covers, by index.
    pub captures: Vec<Covered>,
}

/// What one capture covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Capture time of its earliest packet, in nanoseconds since 1970 UTC.
    pub first_ns: u64,
    /// Capture time of its latest packet.
    pub last_ns: u64,
    /// Its packets.
    pub packets: u64,
    /// Those of them that are of a link type that is not read.
    pub unknown_link: u64,
    /// The first such link type.
    pub unknown: Option<LinkType>,
}

impl Covered {
    const NOTHING: Self =
        Self { first_ns: u64::MAX, last_ns: 0, packets: 0, unknown_link: 0, unknown: None };

    /// The link type for which none of its packets could be read, if that is so.
    #[must_use]
    pub fn unread(&self) -> Option<LinkType> {
        self.unknown.filter(|_| self.unknown_link == self.packets)
    }
}

impl Counters {
    /// Adds what a shard counted; which captures there were, the capture thread knows alone.
    pub fn add(&mut self, other: &Self) {
        self.decode.add(&other.decode);
        self.flow.add(&other.flow);
        add_all(&mut self.messages, &other.messages);
        add_all(&mut self.errors, &other.errors);
        add_all(&mut self.foreign_octets, &other.foreign_octets);
        add_all(&mut self.foreign_flows, &other.foreign_flows);
        add_all(&mut self.found_flows, &other.found_flows);
        add_all(&mut self.encrypted_flows, &other.encrypted_flows);
        add_all(&mut self.encrypted_octets, &other.encrypted_octets);
        self.unknown_flows = self.unknown_flows.saturating_add(other.unknown_flows);
        self.probe_flows = self.probe_flows.saturating_add(other.probe_flows);
        self.conversations = self.conversations.saturating_add(other.conversations);
        self.pending_requests = self.pending_requests.saturating_add(other.pending_requests);
        self.queue_dropped = self.queue_dropped.saturating_add(other.queue_dropped);
        self.episodes = self.episodes.saturating_add(other.episodes);
        self.awaited_acts = self.awaited_acts.saturating_add(other.awaited_acts);
    }

    /// Notes that a packet was captured.
    pub fn note_packet(&mut self, packet: &Packet<'_>) {
        let (index, time_ns) = (usize::from(packet.capture), packet.time_ns);
        if index >= self.captures.len() {
            self.captures.resize(index.saturating_add(1), Covered::NOTHING);
        }
        if let Some(covered) = self.captures.get_mut(index) {
            covered.first_ns = covered.first_ns.min(time_ns);
            covered.last_ns = covered.last_ns.max(time_ns);
            covered.packets = covered.packets.saturating_add(1);
            if !decode::reads(packet.link) {
                covered.unknown_link = covered.unknown_link.saturating_add(1);
                covered.unknown.get_or_insert(packet.link);
            }
        }
    }

    /// What all captures cover together.
    #[must_use]
    pub fn covered(&self) -> Covered {
        self.captures.iter().fold(Covered::NOTHING, |sum, covered| Covered {
            first_ns: sum.first_ns.min(covered.first_ns),
            last_ns: sum.last_ns.max(covered.last_ns),
            packets: sum.packets.saturating_add(covered.packets),
            unknown_link: sum.unknown_link.saturating_add(covered.unknown_link),
            unknown: sum.unknown.or(covered.unknown),
        })
    }

    /// Capture times of the earliest and the latest packet of all, if there are packets.
    #[must_use]
    pub fn span_ns(&self) -> Option<(u64, u64)> {
        let covered = self.covered();
        (covered.packets > 0).then_some((covered.first_ns, covered.last_ns))
    }

    /// What each limit cost, by its key in [`Limits`](crate::limits::Limits): how often it had to make
    /// room or gave something up. Where two limit the same thing, each has the sum of both. Nothing
    /// for those that cost nothing that could be counted.
    #[must_use]
    pub fn limits_reached(&self) -> Vec<(&'static str, Option<u64>)> {
        let (decode, flow) = (&self.decode, &self.flow);
        vec![
            ("flows", Some(flow.evicted.saturating_add(flow.evicted_unread))),
            ("gap_flows", Some(flow.gap_overflows)),
            // Copies that come later are not compared.
            ("compared_octets", None),
            ("gap_octets", Some(flow.gap_overflows)),
            ("gap_segments", Some(flow.gap_overflows)),
            ("gap_ms", Some(flow.gaps.saturating_sub(flow.gap_overflows))),
            ("idle_seconds", Some(flow.expired)),
            // A repetition that comes later begins a flow, as a new one does.
            ("linger_seconds", None),
            ("stray_octets", Some(flow.strays)),
            // Fewer packets are named of a message that came in more.
            ("marks", None),
            // What comes later, or was forgotten, is a packet like others.
            ("twin_ms", None),
            ("redundant_ms", None),
            ("twin_octets", None),
            ("fragment_datagrams", Some(decode.evicted_fragments)),
            ("fragment_octets", Some(decode.evicted_fragments)),
            ("fragment_seconds", Some(decode.expired_fragments)),
            ("probe_flows", Some(self.probe_flows)),
            // Enough was seen to say that it is nothing known, or its port decides.
            ("probe_octets", None),
            ("probe_segments", None),
            ("pending_requests", Some(self.pending_requests)),
            // The act ends unanswered, as its alert says.
            ("answer_seconds", None),
            ("queue_batches", Some(self.queue_dropped)),
            ("episodes", Some(self.episodes)),
            ("awaited_acts", Some(self.awaited_acts)),
            // The judge waits.
            ("queue_alerts", None),
        ]
    }

    /// Messages and stretches that could not be read for this kind of reason.
    #[must_use]
    pub fn errors_of(&self, kind: Kind) -> u64 {
        self.errors.iter().filter(|((_, class), _)| class.kind() == kind).map(|(_, n)| n).sum()
    }
}

/// Messages by kind while they are counted: a place for every code there can be, as every message
/// is counted, and whoever sends them chooses the codes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Name and count; by protocol, then direction, then code.
    kinds: Vec<(&'static str, u64)>,
}

const DIRECTIONS: [Direction; 4] =
    [Direction::Request, Direction::Response, Direction::Unsolicited, Direction::Link];
const CODES: usize = 256;

impl Tally {
    /// Counts a message of the protocol that is `nth` in [`PROTOCOLS`].
    pub(crate) fn count(&mut self, nth: usize, direction: Direction, name: &'static str, code: u8) {
        let direction = match direction {
            Direction::Request => 0,
            Direction::Response => 1,
            Direction::Unsolicited => 2,
            Direction::Link => 3,
        };
        let place = (nth * DIRECTIONS.len() + direction) * CODES + usize::from(code);
        if place >= self.kinds.len() {
            self.kinds.resize(place + 1, ("", 0));
        }
        if let Some((known, count)) = self.kinds.get_mut(place) {
            *known = name;
            *count = count.saturating_add(1);
        }
    }

    /// What was counted, by name.
    pub(crate) fn by_kind(&self) -> BTreeMap<MessageKind, u64> {
        let kinds = PROTOCOLS.iter().flat_map(|protocol| {
            DIRECTIONS.iter().flat_map(move |direction| {
                (0..=u8::MAX).map(move |code| (protocol.name, *direction, code))
            })
        });
        let counted = kinds.zip(&self.kinds).filter(|(_, (_, count))| *count > 0);
        counted
            .map(|((protocol, direction, code), (name, count))| {
                ((protocol, direction, *name, code), *count)
            })
            .collect()
    }
}

fn add_all<K: Ord + Clone>(sums: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, count) in others {
        let sum = sums.entry(key.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_what_they_cost_have_the_same_names() {
        let limits = toml::Table::try_from(crate::limits::Limits::default()).unwrap();
        let mut keys: Vec<&str> = limits.keys().map(String::as_str).collect();
        let reached = Counters::default().limits_reached();
        let mut names: Vec<&str> = reached.iter().map(|(name, _)| *name).collect();
        keys.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, keys);
        assert!(reached.iter().all(|(_, count)| count.is_none_or(|count| count == 0)));
    }

    #[test]
    fn messages_are_told_apart_by_protocol_direction_and_code() {
        let mut tally = Tally::default();
        let kinds = [
            (1, Direction::Link, "unknown", 255),
            (0, Direction::Request, "read_coils", 1),
            (1, Direction::Request, "read", 1),
            (0, Direction::Response, "read_coils", 1),
            (0, Direction::Request, "read_coils", 1),
        ];
        for (nth, direction, name, code) in kinds {
            tally.count(nth, direction, name, code);
        }
        let [modbus, dnp3] = [PROTOCOLS[0].name, PROTOCOLS[1].name];
        let expected = BTreeMap::from([
            ((modbus, Direction::Request, "read_coils", 1), 2),
            ((modbus, Direction::Response, "read_coils", 1), 1),
            ((dnp3, Direction::Request, "read", 1), 1),
            ((dnp3, Direction::Link, "unknown", 255), 1),
        ]);
        assert_eq!(tally.by_kind(), expected);
    }
}
