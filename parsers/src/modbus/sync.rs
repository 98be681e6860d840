//! Where Modbus begins in a stream that is out of step.
//!
//! A Modbus/TCP header has no checksum: its two zero octets and a length in range stand anywhere
//! in a payload by chance. So a place is believed only if the whole ADU reads without an error
//! for its direction, and a second header follows it or the segment ends with it.

use super::adu::Pdu;
use super::function::FunctionCode;
use super::length::{Length, length};
use super::mbap::{Framed, HEADER, frame};
use super::subcodes::UmasCode;
use crate::error::Class;
use crate::protocol::Direction;

/// Octets of a stream that may begin with, hold, or end in the middle of an ADU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    /// The octets. They end where a segment ends.
    pub(super) octets: &'a [u8],
    /// Where in `octets` that segment begins, if it does.
    pub(super) segment: Option<usize>,
    /// Who speaks.
    pub(super) direction: Direction,
    /// Whether the stream begins here, which makes the first place likelier than any other.
    pub(super) start: bool,
    /// Whether nothing will come after these octets.
    pub(super) over: bool,
}

/// Where a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// An ADU begins here. It is `certain` at the start of a stream, where nothing is damaged.
    Found { at: usize, certain: bool },
    /// An ADU may begin here; more octets will tell. With all octets passed over, none may.
    Open { at: usize },
}

/// Octets of a header up to the end of its length field.
const LENGTH_END: usize = 6;

/// What stands at one place.
enum Verdict {
    Adu { certain: bool },
    Perhaps,
    Nothing,
}

impl Search<'_> {
    /// Looks for the first place that an ADU begins at.
    pub(super) fn run(&self) -> Outcome {
        for at in 0..self.octets.len() {
            // Most places fall by these two octets, without a header being read.
            let protocol = self.octets.get(at.saturating_add(2)..at.saturating_add(4));
            if protocol.is_some_and(|protocol| protocol != [0, 0]) {
                continue;
            }
            match self.judge(at) {
                Verdict::Adu { certain } => return Outcome::Found { at, certain },
                Verdict::Perhaps => return Outcome::Open { at },
                Verdict::Nothing => {}
            }
        }
        Outcome::Open { at: self.octets.len() }
    }

    fn judge(&self, at: usize) -> Verdict {
        let left = self.octets.get(at..).unwrap_or_default();
        let first = self.start && at == 0;
        match frame(left) {
            Framed::OutOfStep(_) => Verdict::Nothing,
            Framed::Partial { .. } => {
                let wait = if first {
                    opens(left, self.direction)
                } else {
                    !self.over && agrees(left, self.direction)
                };
                if wait { Verdict::Perhaps } else { Verdict::Nothing }
            }
            Framed::Adu { pdu, rest, .. } => {
                let error = Pdu::read(pdu, self.direction).error.map(|error| error.class);
                let next = Next::after(rest, first && self.over);
                if first {
                    Self::judge_first(error, next)
                } else {
                    self.judge_later(at, pdu, error, next)
                }
            }
        }
    }

    /// At the start of a stream a header chain will do, whatever the PDU says.
    fn judge_first(error: Option<Class>, next: Next) -> Verdict {
        match (error, next) {
            (_, Next::End | Next::Header) | (None, Next::Unsure) => Verdict::Adu { certain: true },
            (Some(_), Next::Unsure) => Verdict::Perhaps,
            // A good message and rubbish behind it: a server may have acted on the message.
            (None, Next::Other) => Verdict::Adu { certain: false },
            (Some(_), Next::Other) => Verdict::Nothing,
        }
    }

    fn judge_later(&self, at: usize, pdu: &[u8], error: Option<Class>, next: Next) -> Verdict {
        // A function that is not read cannot check out; then the whole segment has to.
        let unread =
            error == Some(Class::Function) && Some(at) == self.segment && !matches!(pdu, [0, ..]);
        match next {
            Next::End if error.is_none() || unread => Verdict::Adu { certain: false },
            Next::Header if error.is_none() => Verdict::Adu { certain: false },
            Next::Unsure if error.is_none() && !self.over => Verdict::Perhaps,
            Next::End | Next::Header | Next::Unsure | Next::Other => Verdict::Nothing,
        }
    }
}

/// Whether a stream may begin with this start of an ADU.
fn opens(left: &[u8], direction: Direction) -> bool {
    match left.get(HEADER..) {
        Some([code, ..]) => direction == Direction::Response || *code < 0x80,
        Some([]) | None => true,
    }
}

/// Whether the PDU of this start of an ADU is one that is read, and of the header's length as far
/// as it tells.
fn agrees(left: &[u8], direction: Direction) -> bool {
    let (Some([high, low]), Some(pdu @ [code, more @ ..])) = (left.get(4..6), left.get(HEADER..))
    else {
        return true;
    };
    let stated = usize::from(u16::from_be_bytes([*high, *low])).saturating_sub(1);
    let function = FunctionCode::from(*code);
    let known = |code: &u8| !matches!(UmasCode::from(*code), UmasCode::Unknown(_));
    match length(pdu, direction) {
        Length::Octets(octets) => octets == stated,
        Length::Wanting => true,
        Length::Untold if function == FunctionCode::UnitySchneider => more.get(1).is_none_or(known),
        Length::Untold => function.is_read(),
    }
}

/// What follows a place's ADU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The end of the segment.
    End,
    /// A header, or so much of it that only the unit is missing.
    Header,
    /// Too little to tell.
    Unsure,
    /// Something else.
    Other,
}

impl Next {
    fn after(rest: &[u8], over: bool) -> Self {
        match frame(rest) {
            _ if rest.is_empty() => Self::End,
            Framed::OutOfStep(_) => Self::Other,
            Framed::Adu { .. } => Self::Header,
            Framed::Partial { .. } if rest.len() >= LENGTH_END => Self::Header,
            Framed::Partial { .. } if over => Self::End,
            Framed::Partial { .. } => Self::Unsure,
        }
    }
}
