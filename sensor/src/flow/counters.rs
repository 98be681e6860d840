//! What reassembly came across.

/// Counts of one or more tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Segments and datagrams that were taken.
    pub segments: u64,
    /// Flows begun, read or not.
    pub flows: u64,
    /// Flows that somebody reads.
    pub read_flows: u64,
    /// Flows that were being read and had to make room for others.
    pub evicted: u64,
    /// Flows that nobody read and that had to make room for others.
    pub evicted_unread: u64,
    /// Flows that were being read and ended by idleness.
    pub expired: u64,
    /// Flows that were being read and ended with only one side ever seen.
    pub one_way: u64,
    /// Segments that brought octets again.
    pub retransmitted_segments: u64,
    /// Octets that came again.
    pub retransmitted_octets: u64,
    /// Segments among them in which octets differ from those that came first.
    pub conflicting_segments: u64,
    /// Segments that show that the other end had octets of their sender that it did not send.
    pub disowned_segments: u64,
    /// Segments kept because one before them was missing.
    pub reordered_segments: u64,
    /// Segments from a stretch that was passed over: before the first octet that was seen of their
    /// side, or in a gap that was given up. Their octets are read only if the next one goes on
    /// there.
    pub passed_segments: u64,
    /// Segments of a closed flow.
    pub late_segments: u64,
    /// Gaps that were given up.
    pub gaps: u64,
    /// Gaps among them that were given up because more was kept than the limits allow.
    pub gap_overflows: u64,
    /// Octets that are missing from streams: in gaps, and cut off by the capture.
    pub lost_octets: u64,
    /// Segments too far from what was expected to be believed at once.
    pub strays: u64,
    /// Stray or passed segments that the next one confirmed.
    pub strays_adopted: u64,
    /// Resets that ended nothing, because they lay outside the window or their flow was not known.
    pub ignored_resets: u64,
}

impl Counters {
    /// Adds what another table counted.
    pub fn add(&mut self, other: &Self) {
        let Self { segments, flows, read_flows, evicted, evicted_unread, expired, .. } = other;
        let Self { one_way, retransmitted_segments, retransmitted_octets, .. } = other;
        let Self { reordered_segments, passed_segments, late_segments, gaps, .. } = other;
        let Self { conflicting_segments, disowned_segments, .. } = other;
        let Self { gap_overflows, lost_octets, strays, strays_adopted, ignored_resets, .. } = other;
        let sums = [
            (&mut self.segments, segments),
            (&mut self.flows, flows),
            (&mut self.read_flows, read_flows),
            (&mut self.evicted, evicted),
            (&mut self.evicted_unread, evicted_unread),
            (&mut self.expired, expired),
            (&mut self.one_way, one_way),
            (&mut self.retransmitted_segments, retransmitted_segments),
            (&mut self.retransmitted_octets, retransmitted_octets),
            (&mut self.conflicting_segments, conflicting_segments),
            (&mut self.disowned_segments, disowned_segments),
            (&mut self.reordered_segments, reordered_segments),
            (&mut self.passed_segments, passed_segments),
            (&mut self.late_segments, late_segments),
            (&mut self.gaps, gaps),
            (&mut self.gap_overflows, gap_overflows),
            (&mut self.lost_octets, lost_octets),
            (&mut self.strays, strays),
            (&mut self.strays_adopted, strays_adopted),
            (&mut self.ignored_resets, ignored_resets),
        ];
        for (sum, more) in sums {
            count(sum, *more);
        }
    }
}

/// Counts `more` of something.
#[inline]
pub(super) fn count(counter: &mut u64, more: u64) {
    *counter = counter.saturating_add(more);
}
