//! What all protocols share: chunks in, messages out, and the table of protocols.

use core::fmt;
use core::ops::Range;

use crate::error::ParseError;
use crate::{dnp3, modbus};

/// One end of a flow. Which of the two is `A` is the caller's choice, and stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// One end.
    A,
    /// The other.
    B,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The next octets that one side of a flow sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Who sent them.
    pub side: Side,
    /// Place of the first octet in this side's stream. Lost octets count, so that places are
    /// those of the sender.
    pub offset: u64,
    /// How many octets just before these never arrived.
    pub lost: u64,
    /// The octets, in order.
    pub octets: &'a [u8],
    /// Whether they are one datagram, so that no message straddles its ends.
    pub datagram: bool,
}

/// Chunks that are kept until it is known who reads them.
#[derive(Debug, Default)]
pub struct Kept {
    chunks: Vec<KeptChunk>,
    octets: Vec<u8>,
}

/// A chunk, and where its octets end among all that are kept.
#[derive(Debug)]
struct KeptChunk {
    side: Side,
    offset: u64,
    lost: u64,
    datagram: bool,
    end: usize,
}

impl Kept {
    /// Keeps a copy of `chunk`.
    pub fn push(&mut self, chunk: &Chunk<'_>) {
        let Chunk { side, offset, lost, octets, datagram } = *chunk;
        self.octets.extend_from_slice(octets);
        self.chunks.push(KeptChunk { side, offset, lost, datagram, end: self.octets.len() });
    }

    /// Hands out all chunks in the order they came.
    pub fn each(&self, mut chunk: impl FnMut(&Chunk<'_>)) {
        let mut start = 0;
        for kept in &self.chunks {
            let octets = self.octets.get(start..kept.end).unwrap_or_default();
            let KeptChunk { side, offset, lost, datagram, end } = *kept;
            chunk(&Chunk { side, offset, lost, octets, datagram });
            start = end;
        }
    }

    /// Copies of all chunks but the `first` ones.
    #[must_use]
    pub fn without(&self, first: usize) -> Self {
        let (mut rest, mut place) = (Self::default(), 0_usize);
        self.each(|chunk| {
            if place >= first {
                rest.push(chunk);
            }
            place = place.saturating_add(1);
        });
        rest
    }

    /// How many chunks are kept.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many chunks and octets of one side are kept.
    #[must_use]
    pub fn size(&self, side: Side) -> (usize, usize) {
        let (mut chunks, mut octets) = (0_usize, 0_usize);
        self.each(|chunk| {
            if chunk.side == side {
                chunks = chunks.saturating_add(1);
                octets = octets.saturating_add(chunk.octets.len());
            }
        });
        (chunks, octets)
    }

    /// All octets of one side, since the last that were lost.
    #[must_use]
    pub fn octets(&self, side: Side) -> Vec<u8> {
        let mut octets = Vec::new();
        self.each(|chunk| {
            if chunk.side == side {
                if chunk.lost > 0 {
                    octets.clear();
                }
                octets.extend_from_slice(chunk.octets);
            }
        });
        octets
    }
}

/// Who a message is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From client to server, from master to outstation.
    Request,
    /// The answer.
    Response,
    /// From an outstation, unasked.
    Unsolicited,
    /// A link frame without user data.
    Link,
}

/// A message of one of the protocols. Exhaustive on purpose: a new protocol stops the build
/// wherever it has to be handled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message<'a> {
    /// A Modbus application data unit.
    Modbus(modbus::Adu<'a>),
    /// A DNP3 application fragment or link frame.
    Dnp3(dnp3::Message<'a>),
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Message<'a> {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        if u.arbitrary()? { u.arbitrary().map(Self::Modbus) } else { u.arbitrary().map(Self::Dnp3) }
    }
}

/// What a dissector found at one stretch of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    /// Who sent it.
    pub side: Side,
    /// The message, or what of it could be read. Without one, `error` says why the stretch is
    /// no message.
    pub message: Option<Message<'a>>,
    /// What is wrong with it, if anything.
    pub error: Option<ParseError>,
    /// Where it stands in the side's stream: first octet to one past the last.
    pub span: Range<u64>,
    /// How many octets of this side were lost since the last find: each loss is told once.
    pub lost: u64,
    /// Whether the stream is not yet known to be in step again.
    pub uncertain: bool,
}

/// Where a dissector puts what it finds.
pub type Found<'f> = &'f mut dyn FnMut(&Parsed<'_>);

/// Turns one flow's octets into messages. Made once for each flow.
pub trait Dissector: fmt::Debug + Send {
    /// Takes the next octets of one side.
    ///
    /// What is found is handed to `found` before the call returns, but for the start of a message
    /// whose end has not come yet. A message that cannot be read costs itself only.
    fn feed(&mut self, chunk: &Chunk<'_>, found: Found<'_>);

    /// Ends both streams: what was begun and never ended is handed out as too short.
    fn close(&mut self, found: Found<'_>);
}

/// What the first octets of one side say about a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They cannot begin a message of it.
    No,
    /// They may begin one.
    Perhaps,
    /// They begin with a message without an error, as chance may bring it about: sent in this
    /// direction, or in either.
    Message(Option<Direction>),
    /// They begin with octets that chance does not bring about, sent in this direction.
    Certain(Direction),
}

/// A protocol's place in the table.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Its name in records.
    pub name: &'static str,
    /// The ports that servers of it listen on.
    pub ports: &'static [u16],
    /// The ports that servers of it listen on where it is encrypted, by TLS.
    pub secure_ports: &'static [u16],
    /// What octets say that a segment or datagram begins with, on whatever port.
    pub probe: fn(&[u8]) -> Verdict,
    /// A dissector for one flow whose server (of Modbus; the outstation of DNP3) is the given
    /// side.
    pub make: fn(server: Side) -> Box<dyn Dissector>,
}

impl Protocol {
    /// Reads one payload by itself: a datagram, or what one segment carries. Of Modbus `direction`
    /// says who sent it; DNP3 says so itself.
    ///
    /// All that is in it is handed to `found`, also a message that its end cuts short.
    pub fn payload(&self, octets: &[u8], direction: Direction, found: Found<'_>) {
        let side = match direction {
            Direction::Response | Direction::Unsolicited => Side::B,
            Direction::Request | Direction::Link => Side::A,
        };
        let mut dissector = self.stream(Side::B);
        dissector.feed(&Chunk { side, offset: 0, lost: 0, octets, datagram: true }, found);
        dissector.close(found);
    }

    /// A reader of one flow, whose server (of DNP3: outstation) is the given side. Octets of both
    /// sides are fed to it in pieces of any size.
    #[must_use]
    pub fn stream(&self, server: Side) -> Box<dyn Dissector> {
        (self.make)(server)
    }
}

/// The protocols that are read.
pub const PROTOCOLS: &[Protocol; 2] = &[modbus::PROTOCOL, dnp3::PROTOCOL];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_back_as_they_were_kept() {
        let chunk =
            |side, offset, lost, octets| Chunk { side, offset, lost, octets, datagram: false };
        let chunks = [
            chunk(Side::A, 0, 0, &b"one"[..]),
            chunk(Side::B, 4, 4, b""),
            chunk(Side::A, 3, 0, b"two"),
            chunk(Side::A, 10, 4, b"three"),
        ];
        let mut kept = Kept::default();
        for chunk in &chunks {
            kept.push(chunk);
        }
        let back = |kept: &Kept| {
            let mut back = Vec::new();
            kept.each(|chunk| back.push(format!("{chunk:?}")));
            back
        };
        let all = chunks.map(|chunk| format!("{chunk:?}"));
        assert_eq!(back(&kept), all);
        assert_eq!(back(&kept.without(1)), all[1..]);
        assert_eq!((kept.without(3).len(), kept.without(9).is_empty()), (1, true));
        assert_eq!((kept.size(Side::A), kept.size(Side::B)), ((3, 11), (1, 0)));
        assert_eq!(kept.octets(Side::A), b"three", "what came before a loss does not go on");
    }
}
