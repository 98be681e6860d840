//! One flow: octets of both sides in, ADUs out, in the framing that both sides use.
//!
//! Modbus/TCP and RTU frames look alike at their start: `01 03 00 00 00 02 c4 0b` is a whole ADU
//! in either. The CRC decides, over the first octets of either side; and as long as no message was
//! found, it may still turn out that the other framing is used.

use core::mem;

use super::adu::Pdu;
use super::mbap::{self, Framed};
use super::rtu::{self, Front};
use super::{rtu_stream, stream};
use crate::protocol::{Chunk, Direction, Dissector, Found, Kept, Side};

/// How many chunks are kept while nothing tells the framing. Losses between them start the search
/// over, so that octets alone would not bound it.
const MAX_KEPT_CHUNKS: usize = 64;

/// The dissector of one flow.
#[derive(Debug)]
pub(super) struct Flow {
    server: Side,
    reader: Reader,
    /// Whether a message was found, so that the framing is beyond doubt.
    proven: bool,
}

/// Who reads the flow.
#[derive(Debug)]
enum Reader {
    /// Nobody yet: the octets so far begin a frame of either framing.
    Nobody(Kept),
    Tcp(Sides<stream::Stream>),
    Rtu(Sides<rtu_stream::Stream>),
}

#[derive(Debug)]
struct Sides<S> {
    requests: S,
    responses: S,
}

impl<S> Sides<S> {
    fn new(server: Side, make: fn(Side, Direction) -> S) -> Self {
        Self {
            requests: make(server.other(), Direction::Request),
            responses: make(server, Direction::Response),
        }
    }

    const fn of(&mut self, direction: Direction) -> &mut S {
        match direction {
            Direction::Response => &mut self.responses,
            Direction::Request | Direction::Unsolicited | Direction::Link => &mut self.requests,
        }
    }
}

impl Reader {
    fn tcp(server: Side) -> Self {
        Self::Tcp(Sides::new(server, stream::Stream::new))
    }

    fn rtu(server: Side) -> Self {
        Self::Rtu(Sides::new(server, rtu_stream::Stream::new))
    }

    fn feed(&mut self, chunk: &Chunk<'_>, direction: Direction, found: Found<'_>) {
        match self {
            Self::Nobody(kept) => kept.push(chunk),
            Self::Tcp(sides) => sides.of(direction).feed(chunk, found),
            Self::Rtu(sides) => sides.of(direction).feed(chunk, found),
        }
    }

    fn end(&mut self, found: Found<'_>) {
        for direction in [Direction::Request, Direction::Response] {
            match self {
                Self::Nobody(_) => {}
                Self::Tcp(sides) => sides.of(direction).end(found),
                Self::Rtu(sides) => sides.of(direction).end(found),
            }
        }
    }
}

impl Flow {
    pub(super) fn new(server: Side) -> Self {
        Self { server, reader: Reader::Nobody(Kept::default()), proven: false }
    }

    const fn direction(&self, side: Side) -> Direction {
        match (self.server, side) {
            (Side::A, Side::A) | (Side::B, Side::B) => Direction::Response,
            (Side::A, Side::B) | (Side::B, Side::A) => Direction::Request,
        }
    }

    /// Chooses the framing, or chooses again, by what `chunk` adds.
    fn choose(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        let direction = self.direction(chunk.side);
        match &mut self.reader {
            Reader::Nobody(kept) if kept.len() >= MAX_KEPT_CHUNKS => {
                self.read_kept(Reader::tcp(self.server), found);
            }
            Reader::Nobody(kept) => {
                let before = if chunk.lost > 0 { Vec::new() } else { kept.octets(chunk.side) };
                let choice = if before.is_empty() {
                    framing(chunk.octets, direction, chunk.datagram)
                } else {
                    framing(&[&before, chunk.octets].concat(), direction, chunk.datagram)
                };
                match choice {
                    Choice::Tcp => self.read_kept(Reader::tcp(self.server), found),
                    Choice::Rtu => self.read_kept(Reader::rtu(self.server), found),
                    Choice::Later => {}
                }
            }
            Reader::Tcp(_) if rtu::is_all(chunk.octets, direction) => {
                self.reader.end(found);
                self.reader = Reader::rtu(self.server);
            }
            Reader::Tcp(_) | Reader::Rtu(_) => {}
        }
    }

    fn read_kept(&mut self, reader: Reader, found: Found<'_>) {
        if let Reader::Nobody(kept) = mem::replace(&mut self.reader, reader) {
            kept.each(|chunk| self.read(chunk, found));
        }
    }

    fn read(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        let direction = self.direction(chunk.side);
        if self.proven {
            return self.reader.feed(chunk, direction, found);
        }
        let proven = &mut self.proven;
        self.reader.feed(chunk, direction, &mut |parsed| {
            *proven |= parsed.message.is_some() && !parsed.uncertain;
            found(parsed);
        });
    }
}

impl Dissector for Flow {
    fn feed(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        if !self.proven {
            self.choose(chunk, found);
        }
        self.read(chunk, found);
    }

    fn close(&mut self, found: Found<'_>) {
        if matches!(self.reader, Reader::Nobody(_)) {
            self.read_kept(Reader::tcp(self.server), found);
        }
        self.reader.end(found);
    }
}

/// What the first octets of a side say of the framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Tcp,
    Rtu,
    /// Nothing yet.
    Later,
}

/// Tells the framing by the octets that a side begins with. Nothing follows them if they are
/// `over`.
fn framing(octets: &[u8], direction: Direction, over: bool) -> Choice {
    let header = mbap::frame(octets);
    // Where an ADU ends that reads well, and is followed by nothing or by another.
    let adu_end = match header {
        Framed::Adu { pdu, rest, .. }
            if Pdu::read(pdu, direction).error.is_none()
                && !matches!(mbap::frame(rest), Framed::OutOfStep(_)) =>
        {
            octets.len().checked_sub(rest.len())
        }
        Framed::Adu { .. } | Framed::Partial { .. } | Framed::OutOfStep(_) => None,
    };
    let whole = matches!(header, Framed::Adu { rest: [], .. });
    match rtu::front(octets, direction) {
        Front::Frame { frame, told: true, .. } => {
            let same = adu_end.is_none_or(|end| end == frame.len());
            if same || rtu::is_all(octets, direction) { Choice::Rtu } else { Choice::Tcp }
        }
        Front::Frame { .. } if adu_end.is_none() => Choice::Rtu,
        Front::Partial if adu_end.is_none() && !whole && !over => Choice::Later,
        Front::Frame { .. } | Front::Partial | Front::Untold | Front::Nothing => Choice::Tcp,
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn what_is_kept_until_the_framing_is_known_is_bounded() {
        let mut flow = Flow::new(Side::B);
        let (mut octets, mut lost) = (0, 0);
        for place in 0..1_000 {
            let chunk = Chunk {
                side: Side::A,
                offset: 2 * place + 1,
                lost: 1,
                octets: &[1],
                datagram: false,
            };
            flow.feed(&chunk, &mut |parsed| {
                octets += parsed.span.end - parsed.span.start;
                lost += parsed.lost;
            });
            if let Reader::Nobody(kept) = &flow.reader {
                assert!(kept.len() <= MAX_KEPT_CHUNKS);
            }
        }
        flow.close(&mut |parsed| {
            octets += parsed.span.end - parsed.span.start;
            lost += parsed.lost;
        });
        assert_eq!((octets, lost), (1_000, 1_000), "each octet and each loss is told once");
    }

    #[test]
    fn the_framing_is_told_by_the_first_octets() {
        use Choice::{Later, Rtu, Tcp};
        use Direction::{Request, Response};
        #[rustfmt::skip]
        let table: &[(&str, &[u8], Direction, Choice)] = &[
            ("RTU that is an ADU, too",    &hex!("01 03 00 00 00 02 c4 0b"), Request, Rtu),
            ("the same but for the CRC",   &hex!("01 03 00 00 00 02 c4 0c"), Request, Tcp),
            ("the same, one octet short",  &hex!("01 03 00 00 00 02 c4"),    Request, Later),
            ("one octet",                  &hex!("01"),                      Request, Later),
            ("no octets",                  &[],                              Request, Later),
            ("Modbus/TCP",                 &hex!("00 01 00 00 00 06 01 03 00 00 00 0a"), Request, Tcp),
            ("Modbus/TCP, like a write",   &hex!("00 10 00 00 00 06 c8 03 00 00 00 0a"), Request, Tcp),
            ("Modbus/TCP, header alone",   &hex!("00 01 00 00 00 06 01"),    Request, Later),
            ("Modbus/TCP, other function", &hex!("00 01 00 00 00 03 01 63 00"), Request, Tcp),
            ("response",                   &hex!("01 03 02 00 2a 39 9b"),    Response, Rtu),
            ("exception",                  &hex!("01 83 02 c0 f1"),          Response, Rtu),
            ("user function",              &hex!("11 41 07 09 97 3a"),       Request, Rtu),
            ("coalesced",  &hex!("01 03 00 00 00 02 c4 0b 01 03 00 00 00 02 c4 0b"), Request, Rtu),
            ("frame and a half",           &hex!("11 05 00 ac ff 00 4e 8b 11 05 00"), Request, Rtu),
            ("text",                       b"GET / HTTP/1.1\r\n",            Request, Tcp),
            ("DNP3",                       &hex!("05 64 05 c9 01 00 00 00 de 8e"), Request, Tcp),
        ];
        for (name, octets, direction, expected) in table {
            assert_eq!(framing(octets, *direction, false), *expected, "{name}");
            let over = if *expected == Later { Tcp } else { *expected };
            assert_eq!(framing(octets, *direction, true), over, "{name}, as a datagram");
        }
    }
}
