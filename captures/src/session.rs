//! A TCP session between a client and a server, packet by packet.

use core::num::NonZeroU16;

use crate::capture::{Capture, Packet};
use crate::frame::{Endpoint, Link, TCP, Tcp, ip};
use crate::octets::count32;

/// Nanoseconds between the packets of one call, where it makes several.
pub const STEP_NS: u64 = 50_000;

/// A side of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that opens.
    Client,
    /// The one that is opened to.
    Server,
}

impl Side {
    /// The side it talks to.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A TCP session that writes down the packets it would have sent.
///
/// Times are nanoseconds since 1970 UTC, and nobody checks that they grow: [`Capture::with`] sorts. Each call that
/// sends tells the other side all that arrived so far, so that acknowledgements need no packets of their own unless
/// they are asked for.
#[derive(Clone, Debug)]
pub struct Session {
    client: End,
    server: End,
    link: Link,
    segment_octets: NonZeroU16,
    packets_sent: u16,
    capture: Capture,
}

#[derive(Clone, Copy, Debug)]
struct End {
    place: Endpoint,
    /// Sequence number of the next octet it sends.
    next: u32,
}

impl Session {
    /// A session over Ethernet, with segments of up to 1,460 octets. Nothing is sent yet.
    #[must_use]
    pub fn new(client: Endpoint, server: Endpoint) -> Self {
        const SEGMENT: NonZeroU16 = NonZeroU16::MIN.saturating_add(1459);
        Self {
            client: End { place: client, next: 0x1000_0000 },
            server: End { place: server, next: 0x2000_0000 },
            link: Link::ETHERNET,
            segment_octets: SEGMENT,
            packets_sent: 0,
            capture: Capture::new(Link::ETHERNET.link_type()),
        }
    }

    /// The same over another link. To be called before anything is sent.
    #[must_use]
    pub fn over(mut self, link: Link) -> Self {
        self.capture.link = link.link_type();
        self.link = link;
        self
    }

    /// The same with segments of at most `octets`.
    #[must_use]
    pub fn segmented(mut self, octets: NonZeroU16) -> Self {
        self.segment_octets = octets;
        self
    }

    /// The same with these sequence numbers for what each side sends first (the SYN, if the session is opened).
    #[must_use]
    pub fn numbered(mut self, client: u32, server: u32) -> Self {
        self.client.next = client;
        self.server.next = server;
        self
    }

    /// SYN, SYN and ACK, ACK. Leave it out for a capture that was started in mid-stream.
    pub fn open(&mut self, at_ns: u64) {
        let offer = Some(self.segment_octets.get());
        let syn = Tcp {
            flags: Tcp::SYN,
            acknowledgement: 0,
            largest_segment: offer,
            ..self.next(Side::Client)
        };
        self.push(Side::Client, at_ns, &syn, &[]);
        self.advance(Side::Client, 1);

        let both =
            Tcp { flags: Tcp::SYN | Tcp::ACK, largest_segment: offer, ..self.next(Side::Server) };
        self.push(Side::Server, after(at_ns, 1), &both, &[]);
        self.advance(Side::Server, 1);

        self.client_acks(after(at_ns, 2));
    }

    /// The client sends `octets`, in as many segments as it takes.
    pub fn client_sends(&mut self, at_ns: u64, octets: &[u8]) {
        self.send(Side::Client, at_ns, octets);
    }

    /// The server sends `octets`, in as many segments as it takes.
    pub fn server_sends(&mut self, at_ns: u64, octets: &[u8]) {
        self.send(Side::Server, at_ns, octets);
    }

    /// The client acknowledges all that came.
    pub fn client_acks(&mut self, at_ns: u64) {
        self.push(Side::Client, at_ns, &self.next(Side::Client), &[]);
    }

    /// The server acknowledges all that came.
    pub fn server_acks(&mut self, at_ns: u64) {
        self.push(Side::Server, at_ns, &self.next(Side::Server), &[]);
    }

    /// The client closes, the server closes, the client acknowledges.
    pub fn close(&mut self, at_ns: u64) {
        for (side, at_ns) in [(Side::Client, at_ns), (Side::Server, after(at_ns, 1))] {
            let fin = Tcp { flags: Tcp::FIN | Tcp::ACK, ..self.next(side) };
            self.push(side, at_ns, &fin, &[]);
            self.advance(side, 1);
        }
        self.client_acks(after(at_ns, 2));
    }

    /// The client breaks off.
    pub fn client_resets(&mut self, at_ns: u64) {
        self.reset(Side::Client, at_ns);
    }

    /// The server breaks off.
    pub fn server_resets(&mut self, at_ns: u64) {
        self.reset(Side::Server, at_ns);
    }

    /// The header of the next segment of `side`: an acknowledgement without payload.
    ///
    /// Together with [`push`](Self::push) it makes what a sound session would not send: change the sequence number
    /// for a retransmission or a gap, or the flags.
    #[must_use]
    pub fn next(&self, side: Side) -> Tcp {
        let (from, to) = (self.end(side), self.end(side.other()));
        Tcp {
            from_port: from.place.port,
            to_port: to.place.port,
            sequence: from.next,
            acknowledgement: to.next,
            flags: Tcp::ACK,
            window: 64_240,
            largest_segment: None,
        }
    }

    /// Sends a segment as it is, leaving the sequence numbers alone.
    pub fn push(&mut self, side: Side, at_ns: u64, header: &Tcp, payload: &[u8]) {
        let (from, to) = (self.end(side).place, self.end(side.other()).place);
        let segment = header.segment(from.ip, to.ip, payload);
        let packet = ip(from.ip, to.ip, TCP, self.packets_sent, &segment);
        self.packets_sent = self.packets_sent.wrapping_add(1);
        self.capture.push(at_ns, self.link.frame(from.mac, to.mac, &packet));
    }

    /// Counts `octets` as sent by `side` without a packet: what the capture lost.
    pub fn advance(&mut self, side: Side, octets: u32) {
        let end = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        end.next = end.next.wrapping_add(octets);
    }

    /// The packets so far.
    #[must_use]
    pub fn capture(&self) -> &Capture {
        &self.capture
    }

    /// The place of a side.
    #[must_use]
    pub fn end_of(&self, side: Side) -> Endpoint {
        self.end(side).place
    }

    /// Takes away the packets so far: whoever writes for days does not keep them all.
    pub fn take_packets(&mut self) -> Vec<Packet> {
        core::mem::take(&mut self.capture.packets)
    }

    /// The packets.
    #[must_use]
    pub fn into_capture(self) -> Capture {
        self.capture
    }

    fn send(&mut self, side: Side, at_ns: u64, octets: &[u8]) {
        let segments = octets.chunks(usize::from(self.segment_octets.get()));
        let last = segments.len().saturating_sub(1);
        for (number, segment) in segments.enumerate() {
            let push = if number == last { Tcp::PSH } else { 0 };
            let header = Tcp { flags: Tcp::ACK | push, ..self.next(side) };
            self.push(side, after(at_ns, number), &header, segment);
            self.advance(side, count32(segment.len()));
        }
    }

    fn reset(&mut self, side: Side, at_ns: u64) {
        let header = Tcp { flags: Tcp::RST | Tcp::ACK, ..self.next(side) };
        self.push(side, at_ns, &header, &[]);
    }

    fn end(&self, side: Side) -> &End {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

fn after(at_ns: u64, steps: usize) -> u64 {
    at_ns.saturating_add(STEP_NS.saturating_mul(u64::from(count32(steps))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time, flags, sequence, acknowledgement and payload of each packet over raw IPv4.
    fn seen(session: &Session) -> Vec<(u64, u8, u32, u32, Vec<u8>)> {
        let word = |octets: &[u8]| u32::from_be_bytes(octets.try_into().unwrap());
        let packets = session.capture().packets.iter();
        packets
            .map(|packet| {
                let tcp = &packet.octets[20..];
                let head = usize::from(tcp[12] >> 4) * 4;
                (packet.time_ns, tcp[13], word(&tcp[4..8]), word(&tcp[8..12]), tcp[head..].to_vec())
            })
            .collect()
    }

    fn session() -> Session {
        Session::new(Endpoint::v4(5, 49_152), Endpoint::v4(9, 502)).over(Link::RawIp)
    }

    #[test]
    fn sequence_numbers_run_from_the_first_packet_to_the_last_and_wrap() {
        let mut session =
            session().segmented(NonZeroU16::new(2).unwrap()).numbered(u32::MAX - 1, 7);
        session.open(0);
        session.client_sends(1_000_000, &[1, 2, 3]);
        session.server_sends(2_000_000, &[4]);
        session.close(3_000_000);
        let expected = [
            (0, Tcp::SYN, u32::MAX - 1, 0, vec![]),
            (50_000, Tcp::SYN | Tcp::ACK, 7, u32::MAX, vec![]),
            (100_000, Tcp::ACK, u32::MAX, 8, vec![]),
            (1_000_000, Tcp::ACK, u32::MAX, 8, vec![1, 2]),
            (1_050_000, Tcp::ACK | Tcp::PSH, 1, 8, vec![3]),
            (2_000_000, Tcp::ACK | Tcp::PSH, 8, 2, vec![4]),
            (3_000_000, Tcp::ACK | Tcp::FIN, 2, 9, vec![]),
            (3_050_000, Tcp::ACK | Tcp::FIN, 9, 3, vec![]),
            (3_100_000, Tcp::ACK, 3, 10, vec![]),
        ];
        assert_eq!(seen(&session), expected);
    }

    #[test]
    fn a_session_can_lose_octets_and_repeat_itself_and_break_off() {
        let mut session = session().numbered(100, 200);
        let first = session.next(Side::Client);
        session.client_sends(0, &[1]);
        session.advance(Side::Client, 10);
        session.client_sends(1, &[2]);
        session.push(Side::Client, 2, &first, &[9]);
        session.server_resets(3);
        let expected = [
            (0, Tcp::ACK | Tcp::PSH, 100, 200, vec![1]),
            (1, Tcp::ACK | Tcp::PSH, 111, 200, vec![2]),
            (2, Tcp::ACK, 100, 200, vec![9]),
            (3, Tcp::ACK | Tcp::RST, 200, 112, vec![]),
        ];
        assert_eq!(seen(&session), expected);
    }

    #[test]
    fn sending_nothing_sends_no_packet() {
        let mut session = session();
        session.client_sends(0, &[]);
        assert_eq!(session.into_capture().packets, []);
    }
}
