//! What the decoder came across.

/// Counts of packets, unless they say otherwise.
///
/// Each packet counts in exactly one of `unknown_link`, `not_ip`, `fragments`, `other_transport`,
/// `malformed`, `cut_headers`, `twins`, `redundant`, `tcp` and `udp`; the rest says more about the
/// same packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that were looked at.
    pub packets: u64,
    /// Octets they had on the wire.
    pub octets: u64,
    /// Packets of a link type that is not read.
    pub unknown_link: u64,
    /// Packets without IP in them or in the tunnel that they went through, or with more than eight
    /// tags before it.
    pub not_ip: u64,
    /// IP fragments, but for those that completed a datagram.
    pub fragments: u64,
    /// IP packets with neither TCP nor UDP in them.
    pub other_transport: u64,
    /// Packets whose headers cannot be read, though the capture did not cut them.
    pub malformed: u64,
    /// Packets that the capture cut before the end of their headers.
    pub cut_headers: u64,
    /// Packets that the capture saw a second time, to the octet, and that were discarded.
    pub twins: u64,
    /// Second copies of frames that HSR or PRP sent twice, and that were discarded.
    pub redundant: u64,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// Segments, datagrams and fragments of which the capture cut off payload.
    pub cut: u64,
    /// Octets of payload that the capture cut off.
    pub cut_octets: u64,
    /// Segments, datagrams and fragments whose headers claim more octets than were on the wire.
    pub truncated: u64,
    /// Segments and datagrams that were taken out of a tunnel, or several.
    pub tunnelled: u64,
    /// Packets that looked like a tunnel from outside but not from inside, and were read as what
    /// they are outside.
    pub bad_tunnels: u64,
    /// Packets with tunnels nested more than four deep, which were read as what they are outside
    /// the fifth.
    pub deep_tunnels: u64,
    /// IP datagrams that were put together from fragments.
    pub reassembled: u64,
    /// Fragments that brought octets which another had brought before, other than by repeating it;
    /// the first ones count.
    pub overlapping_fragments: u64,
    /// Fragments given up because the rest of their datagram did not come in time, or before the end.
    pub expired_fragments: u64,
    /// Fragments given up because more waited than the limits allow.
    pub evicted_fragments: u64,
    /// Segments and datagrams with a wrong checksum, of their own or in the IPv4 header around them.
    /// They are read all the same.
    pub bad_checksums: u64,
}

impl Counters {
    /// Adds what another decoder counted.
    pub fn add(&mut self, other: &Self) {
        let Self { packets, octets, unknown_link, not_ip, fragments, other_transport, .. } = other;
        let Self { malformed, cut_headers, twins, redundant, tcp, udp, cut, cut_octets, .. } =
            other;
        let Self { truncated, tunnelled, bad_tunnels, deep_tunnels, reassembled, .. } = other;
        let Self { overlapping_fragments, expired_fragments, evicted_fragments, .. } = other;
        let Self { bad_checksums, .. } = other;
        let sums = [
            (&mut self.packets, packets),
            (&mut self.octets, octets),
            (&mut self.unknown_link, unknown_link),
            (&mut self.not_ip, not_ip),
            (&mut self.fragments, fragments),
            (&mut self.other_transport, other_transport),
            (&mut self.malformed, malformed),
            (&mut self.cut_headers, cut_headers),
            (&mut self.twins, twins),
            (&mut self.redundant, redundant),
            (&mut self.tcp, tcp),
            (&mut self.udp, udp),
            (&mut self.cut, cut),
            (&mut self.cut_octets, cut_octets),
            (&mut self.truncated, truncated),
            (&mut self.tunnelled, tunnelled),
            (&mut self.bad_tunnels, bad_tunnels),
            (&mut self.deep_tunnels, deep_tunnels),
            (&mut self.reassembled, reassembled),
            (&mut self.overlapping_fragments, overlapping_fragments),
            (&mut self.expired_fragments, expired_fragments),
            (&mut self.evicted_fragments, evicted_fragments),
            (&mut self.bad_checksums, bad_checksums),
        ];
        for (sum, more) in sums {
            count(sum, *more);
        }
    }
}

/// Counts one more.
pub(super) fn one(counter: &mut u64) {
    count(counter, 1);
}

/// Counts `more`.
pub(super) fn count(counter: &mut u64, more: u64) {
    *counter = counter.saturating_add(more);
}
