//! Packets in order, and ways to damage them.

use crate::frame::LinkType;
use crate::octets::count32;

/// One captured packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it was captured, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
    /// Octets it had on the wire; `octets` has fewer where the capture cut it.
    pub wire_octets: u32,
    /// The octets that were kept.
    pub octets: Vec<u8>,
}

/// The packets of one interface, in the order they were captured.
///
/// The methods that damage it take packet numbers from 1, as analysis tools show them, and change nothing if there is
/// no packet of that number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// What the octets of each packet begin with.
    pub link: LinkType,
    /// The packets.
    pub packets: Vec<Packet>,
}

impl Capture {
    /// A capture without packets.
    #[must_use]
    pub fn new(link: LinkType) -> Self {
        Self { link, packets: Vec::new() }
    }

    /// Adds a packet at the end.
    pub fn push(&mut self, time_ns: u64, octets: Vec<u8>) {
        self.packets.push(Packet { time_ns, wire_octets: count32(octets.len()), octets });
    }

    /// Adds the packets of `other`, which has the same link type, and sorts all by time.
    ///
    /// Among packets of the same time, those that were here stay before those that come.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.packets.extend(other.packets);
        self.packets.sort_by_key(|packet| packet.time_ns);
        self
    }

    /// Loses packet `number`.
    #[must_use]
    pub fn without(mut self, number: usize) -> Self {
        if let Some(place) = self.place(number) {
            self.packets.remove(place);
        }
        self
    }

    /// Captures packet `number` twice, at the same time.
    #[must_use]
    pub fn doubled(mut self, number: usize) -> Self {
        if let Some(place) = self.place(number) {
            let again = self.packets.get(place).cloned();
            self.packets.splice(place..place, again);
        }
        self
    }

    /// Lets packets `first` and `second` change places; the times stay where they are.
    #[must_use]
    pub fn swapped(mut self, first: usize, second: usize) -> Self {
        if let (Some(first), Some(second)) = (self.place(first), self.place(second)) {
            let times: Vec<u64> = self.packets.iter().map(|packet| packet.time_ns).collect();
            self.packets.swap(first, second);
            for (packet, time_ns) in self.packets.iter_mut().zip(times) {
                packet.time_ns = time_ns;
            }
        }
        self
    }

    /// Keeps the first `octets` of each packet, as a capture with a snap length does.
    #[must_use]
    pub fn cut(mut self, octets: usize) -> Self {
        for packet in &mut self.packets {
            packet.octets.truncate(octets);
        }
        self
    }

    /// Begins with packet `number`, as a capture that was started in mid-stream.
    #[must_use]
    pub fn from_packet(mut self, number: usize) -> Self {
        self.packets.drain(..self.place(number).unwrap_or(0));
        self
    }

    /// Inverts octet `at` (from 0) of packet `number`, as noise would.
    #[must_use]
    pub fn garbled(mut self, number: usize, at: usize) -> Self {
        let packet = self.place(number).and_then(|place| self.packets.get_mut(place));
        if let Some(octet) = packet.and_then(|packet| packet.octets.get_mut(at)) {
            *octet = !*octet;
        }
        self
    }

    fn place(&self, number: usize) -> Option<usize> {
        number.checked_sub(1).filter(|place| *place < self.packets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        let mut capture = Capture::new(LinkType::RAW_IP);
        for (time_ns, octets) in [(10, vec![1; 4]), (20, vec![2; 4]), (30, vec![3; 4])] {
            capture.push(time_ns, octets);
        }
        capture
    }

    /// Time and first octet of a packet.
    type Seen = (u64, u8);

    fn seen(capture: &Capture) -> Vec<Seen> {
        capture.packets.iter().map(|packet| (packet.time_ns, packet.octets[0])).collect()
    }

    #[test]
    fn damage_counts_packets_from_one() {
        #[rustfmt::skip]
        let table: &[(&str, Capture, &[Seen])] = &[
            ("lost",         capture().without(2),     &[(10, 1), (30, 3)]),
            ("doubled",      capture().doubled(3),     &[(10, 1), (20, 2), (30, 3), (30, 3)]),
            ("swapped",      capture().swapped(1, 3),  &[(10, 3), (20, 2), (30, 1)]),
            ("mid-stream",   capture().from_packet(3), &[(30, 3)]),
            ("garbled",      capture().garbled(2, 0),  &[(10, 1), (20, 0xfd), (30, 3)]),
            ("merged",       capture().without(3).with(capture().from_packet(2)),
                                                       &[(10, 1), (20, 2), (20, 2), (30, 3)]),
        ];
        for (name, capture, expected) in table {
            assert_eq!(seen(capture), *expected, "{name}");
        }
    }

    #[test]
    fn a_number_that_no_packet_has_changes_nothing() {
        for number in [0, 4, usize::MAX] {
            assert_eq!(capture().without(number), capture());
            assert_eq!(capture().doubled(number), capture());
            assert_eq!(capture().swapped(1, number), capture());
            assert_eq!(capture().from_packet(number), capture());
            assert_eq!(capture().garbled(number, 0), capture());
        }
        assert_eq!(capture().garbled(1, 4), capture());
    }

    #[test]
    fn a_cut_packet_remembers_its_length() {
        let cut = capture().cut(3);
        assert!(cut.packets.iter().all(|p| p.octets.len() == 3 && p.wire_octets == 4));
    }
}
