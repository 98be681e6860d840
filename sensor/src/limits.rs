//! Every limit of the sensor, in one place. Each is a key of `[limits]` in the settings, and
//! [`Counters::limits_reached`](crate::counters::Counters::limits_reached) says what it cost.

use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;

/// How much is kept, and for how long. Times are capture time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Flows in all; the one idle longest makes room, flows that nobody reads first.
    pub flows: usize,
    /// Flows at a time in which a gap is open; in more, what is missing is given up at once.
    pub gap_flows: usize,
    /// Octets kept for each side of a flow while a gap is open.
    pub gap_octets: usize,
    /// Segments kept for each side of a flow while a gap is open.
    pub gap_segments: usize,
    /// Capture time for which a gap stays open, in milliseconds.
    pub gap_ms: u64,
    /// Capture time after which an idle flow is forgotten, in seconds.
    pub idle_seconds: u64,
    /// Capture time for which a closed flow is remembered, in seconds, so that repetitions of its
    /// segments do not pass for a new one.
    pub linger_seconds: u64,
    /// How far from the octet expected next a TCP segment may lie, in octets, before it takes a
    /// second one that continues it to be believed.
    pub stray_octets: u32,
    /// Octets of each side of a flow that are remembered after they were read, to find out whether
    /// what is sent again is the same; half as many at least.
    pub compared_octets: usize,
    /// Packets remembered for each side of a flow, to tell which of them carried a message.
    pub marks: usize,
    /// Capture time within which a packet of the same octets counts as seen twice by the capture and
    /// is discarded, in milliseconds: less than it takes a sender to repeat itself for want of an
    /// answer.
    pub twin_ms: u64,
    /// The same for the two copies that HSR and PRP send of a frame, in milliseconds. Their sequence
    /// number stays unused for as long (`EntryForgetTime` in IEC 62439-3).
    pub redundant_ms: u64,
    /// Octets of packets that are kept to compare later ones with.
    pub twin_octets: usize,
    /// IP datagrams of which fragments wait for others; the one that came first makes room.
    pub fragment_datagrams: usize,
    /// Octets kept of such fragments in all; the datagram that came first makes room.
    pub fragment_octets: usize,
    /// Capture time for which fragments wait, from the first of a datagram, in seconds.
    pub fragment_seconds: u64,
    /// Flows at a time of which it is not known yet what they speak; more are read by their ports
    /// alone.
    pub probe_flows: usize,
    /// Octets kept for each side of such a flow.
    pub probe_octets: usize,
    /// Segments kept for each side of such a flow.
    pub probe_segments: usize,
    /// Requests of a flow that wait for an answer; the oldest makes room.
    pub pending_requests: usize,
    /// Capture time for which a request waits for its answer, in seconds.
    pub answer_seconds: u64,
    /// Batches of up to 1,024 packets that wait for a shard; live, the next one is then dropped.
    pub queue_batches: usize,
    /// Episodes open at a time; the one quiet longest is closed early.
    pub episodes: usize,
    /// Odd acts whose outcome is awaited; the oldest is given up.
    pub awaited_acts: usize,
    /// Alerts that wait for the sinks before the judge has to.
    pub queue_alerts: usize,
}

impl Limits {
    /// Most that any size may be: what is more does not bound anything.
    const MOST: usize = 1 << 30;
    /// Most that may wait in a queue, which has room for all of them from the start.
    const MOST_QUEUED: usize = 1 << 16;

    /// The key of a limit that will not do, and what would.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let sizes = [
            ("limits.flows", self.flows),
            ("limits.gap_octets", self.gap_octets),
            ("limits.gap_segments", self.gap_segments),
            ("limits.marks", self.marks),
            ("limits.twin_octets", self.twin_octets),
            ("limits.fragment_datagrams", self.fragment_datagrams),
            ("limits.fragment_octets", self.fragment_octets),
            ("limits.probe_flows", self.probe_flows),
            ("limits.probe_octets", self.probe_octets),
            ("limits.probe_segments", self.probe_segments),
            ("limits.pending_requests", self.pending_requests),
            ("limits.episodes", self.episodes),
            ("limits.awaited_acts", self.awaited_acts),
        ];
        let queues = [
            ("limits.queue_batches", self.queue_batches),
            ("limits.queue_alerts", self.queue_alerts),
        ];
        let outside = |limits: &[(&'static str, usize)], most: usize| {
            limits.iter().find(|(_, value)| !(1..=most).contains(value)).map(|(key, _)| *key)
        };
        if let Some(key) = outside(&sizes, Self::MOST) {
            return Some((key, "1 to 1073741824"));
        }
        if let Some(key) = outside(&queues, Self::MOST_QUEUED) {
            return Some((key, "1 to 65536"));
        }
        // Without it every flow would end with its first packet.
        (self.idle_seconds == 0).then_some(("limits.idle_seconds", "1 or more"))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flows: 65_536,
            gap_flows: 4_096,
            gap_octets: 65_536,
            gap_segments: 256,
            gap_ms: 1_000,
            idle_seconds: 3_600,
            linger_seconds: 60,
            stray_octets: 1_048_576,
            compared_octets: 2_048,
            marks: 64,
            twin_ms: 5,
            redundant_ms: 400,
            twin_octets: 262_144,
            fragment_datagrams: 256,
            fragment_octets: 1_048_576,
            fragment_seconds: 30,
            probe_flows: 4_096,
            probe_octets: 4_096,
            probe_segments: 16,
            pending_requests: 64,
            answer_seconds: 10,
            queue_batches: 16,
            episodes: 4_096,
            awaited_acts: 65_536,
            queue_alerts: 1_024,
        }
    }
}
