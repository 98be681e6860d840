//! What the decoder came across.

/// Counts of packets, unless they say otherwise.
///
/// Each packet counts in exactly one of `unknown_link`, `not_ip`, `fragments`, `other_transport`,
/// `malformed`, `cut_headers`, `tcp` and `udp`; the rest says more about the same packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets that were looked at.
    pub packets: u64,
    /// Octets they had on the wire.
    pub octets: u64,
    /// Packets of a link type that is not read.
    pub unknown_link: u64,
    /// Packets without IP in them, or with more than three tags before it.
    pub not_ip: u64,
    /// IP fragments, which are not put together.
    pub fragments: u64,
    /// IP packets with neither TCP nor UDP in them.
    pub other_transport: u64,
    /// Packets whose headers cannot be read, though the capture did not cut them.
    pub malformed: u64,
    /// Packets that the capture cut before the end of their headers.
    pub cut_headers: u64,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// Segments and datagrams of which the capture cut off payload.
    pub cut: u64,
    /// Octets of payload that the capture cut off.
    pub cut_octets: u64,
    /// Segments and datagrams whose headers claim more octets than were on the wire.
    pub truncated: u64,
}

impl Counters {
    /// Adds what another decoder counted.
    pub fn add(&mut self, other: &Self) {
        let Self { packets, octets, unknown_link, not_ip, fragments, other_transport, .. } = other;
        let Self { malformed, cut_headers, tcp, udp, cut, cut_octets, truncated, .. } = other;
        let sums = [
            (&mut self.packets, packets),
            (&mut self.octets, octets),
            (&mut self.unknown_link, unknown_link),
            (&mut self.not_ip, not_ip),
            (&mut self.fragments, fragments),
            (&mut self.other_transport, other_transport),
            (&mut self.malformed, malformed),
            (&mut self.cut_headers, cut_headers),
            (&mut self.tcp, tcp),
            (&mut self.udp, udp),
            (&mut self.cut, cut),
            (&mut self.cut_octets, cut_octets),
            (&mut self.truncated, truncated),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(*more);
        }
    }
}

/// Counts one more.
pub(super) fn one(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
