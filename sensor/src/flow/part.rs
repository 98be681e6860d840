//! What goes into a side's stream, and what comes out.

use super::marks::Mark;
use super::sequence::{at, octets};

/// What a segment brings to its side's stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// Sequence number of the first octet.
    pub(super) sequence: u32,
    pub(super) octets: &'a [u8],
    /// Octets behind them that the capture cut off.
    pub(super) cut: u32,
    /// Whether the stream ends behind them.
    pub(super) fin: bool,
    pub(super) mark: Mark,
}

impl Part<'_> {
    pub(super) fn length(&self) -> u64 {
        octets(self.octets.len()).saturating_add(self.cut.into())
    }

    fn end(&self) -> u32 {
        at(self.sequence, self.length())
    }
}

/// A segment that does not fit, until the next one tells whether the stream goes on there.
#[derive(Debug)]
pub(super) struct Stray {
    sequence: u32,
    end: u32,
    octets: Vec<u8>,
    cut: u32,
    fin: bool,
    mark: Mark,
}

impl Stray {
    pub(super) fn of(part: Part<'_>) -> Self {
        let Part { sequence, octets, cut, fin, mark } = part;
        Self { sequence, end: part.end(), octets: octets.to_vec(), cut, fin, mark }
    }

    /// Sequence number of its first octet.
    pub(super) fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Sequence number of the octet that would continue it.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    pub(super) fn part(&self) -> Part<'_> {
        let Self { sequence, ref octets, cut, fin, mark, .. } = *self;
        Part { sequence, octets, cut, fin, mark }
    }
}

/// Octets whose turn it is.
#[derive(Debug)]
pub(super) struct Ready<B> {
    pub(super) place: u64,
    pub(super) lost: u64,
    pub(super) octets: B,
    pub(super) mark: Mark,
}

/// What became of a segment.
#[derive(Debug)]
pub(super) enum Taken<'a> {
    /// It brought nothing new, or waits for its turn.
    Nothing,
    /// These octets of it come next.
    Ready(Ready<&'a [u8]>),
    /// It continues this stray segment, which lies ahead: the stream has moved there.
    Moved(Box<Stray>),
    /// It continues this stray segment, which lies behind: another stream has begun.
    Another(Box<Stray>),
}

/// How long a gap may stay open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// As long as the limits say; it is now so many nanoseconds since 1970 UTC.
    Until(u64),
    /// No longer.
    None,
    /// No longer, for want of room.
    NoRoom,
}
