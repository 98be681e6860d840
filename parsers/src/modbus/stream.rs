//! One side of a flow in Modbus/TCP framing: ADUs out of octets, in step again soon after damage.

use core::mem;

use super::adu::{Adu, adu, behind};
use super::mbap::{Framed, HEADER, frame};
use super::sync::{Outcome, Search};
use crate::error::{Class, ParseError};
use crate::protocol::{Chunk, Direction, Found, Message, Parsed, Side};

/// What one side of a flow sends.
#[derive(Debug)]
pub(super) struct Stream {
    side: Side,
    direction: Direction,
    step: Step,
    /// The octets handed in and not handed out: the start of one ADU, or what may be one.
    tail: Vec<u8>,
    /// Place of the tail's first octet.
    at: u64,
    /// Octets lost since the last thing handed out.
    lost: u64,
}

/// Room that a tail may keep: a longest ADU, and the header behind it that confirms it.
const TAIL_OCTETS: usize = 2_100;

/// Whether it is known where ADUs begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// At the start of the stream.
    Start,
    /// Out of step.
    Lost,
    /// In step, if the ADU found last was one.
    Hoping,
    /// In step.
    Sure,
}

impl Step {
    const fn is_in(self) -> bool {
        matches!(self, Self::Hoping | Self::Sure)
    }
}

impl Stream {
    pub(super) const fn new(side: Side, direction: Direction) -> Self {
        Self { side, direction, step: Step::Start, tail: Vec::new(), at: 0, lost: 0 }
    }

    pub(super) fn feed(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        if chunk.datagram {
            return self.datagram(chunk, found);
        }
        if chunk.lost > 0 {
            self.end(found);
            self.lost = self.lost.saturating_add(chunk.lost);
            self.step = Step::Lost;
        }
        let octets = if self.tail.is_empty() {
            self.at = chunk.offset;
            chunk.octets
        } else {
            self.continue_tail(chunk.octets, found)
        };
        let used = self.read(octets, 0, false, found);
        self.tail.extend_from_slice(octets.get(used..).unwrap_or_default());
    }

    /// Puts octets behind the tail and reads both; the octets left are to be read by themselves.
    fn continue_tail<'a>(&mut self, octets: &'a [u8], found: Found<'_>) -> &'a [u8] {
        let mut tail = mem::take(&mut self.tail);
        let segment = tail.len();
        let mut left = octets;
        if self.step.is_in() {
            // Only the ADU begun is completed, so that those behind it are read in place.
            while let Framed::Partial { wanted } = frame(&tail)
                && !left.is_empty()
            {
                let missing = wanted.saturating_sub(tail.len()).min(left.len());
                let (taken, rest) = left.split_at_checked(missing).unwrap_or((left, &[]));
                tail.extend_from_slice(taken);
                left = rest;
            }
        }
        if !self.step.is_in() || matches!(frame(&tail), Framed::OutOfStep(_)) {
            tail.extend_from_slice(left);
            left = &[];
        }
        let used = self.read(&tail, segment, false, found);
        tail.drain(..used.min(tail.len()));
        // A search may have gathered whole segments.
        tail.shrink_to(TAIL_OCTETS);
        self.tail = tail;
        left
    }

    /// Ends the stream, or the part of it before a gap.
    pub(super) fn end(&mut self, found: Found<'_>) {
        let tail = mem::take(&mut self.tail);
        let used = self.read(&tail, tail.len(), true, found);
        let left = tail.get(used..).unwrap_or_default();
        if left.is_empty() {
            return;
        }
        let (adu, error) = adu(left, self.direction);
        let uncertain = self.step != Step::Sure;
        self.emit(adu, error, left.len(), uncertain, found);
    }

    fn datagram(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        self.at = chunk.offset;
        self.lost = self.lost.saturating_add(chunk.lost);
        if !chunk.octets.is_empty() {
            let (adu, error) = adu(chunk.octets, self.direction);
            self.emit(adu, error, chunk.octets.len(), false, found);
        }
    }

    /// Reads what stands in `octets`, the first of which is at `self.at`. Returns how many were
    /// used up; `self.at` moves on with them.
    fn read(&mut self, octets: &[u8], segment: usize, over: bool, found: Found<'_>) -> usize {
        let mut used = 0_usize;
        while let Some(left @ [_, ..]) = octets.get(used..) {
            if self.step.is_in() {
                match frame(left) {
                    Framed::Partial { .. } => break,
                    Framed::OutOfStep(_) => self.step = Step::Lost,
                    Framed::Adu { header, pdu, .. } => {
                        let (adu, error) = behind(header, pdu, self.direction);
                        // A header where one was expected; a PDU at odds with it is doubtful.
                        if error.is_none_or(|error| error.class == Class::Function) {
                            self.step = Step::Sure;
                        }
                        let taken = pdu.len().saturating_add(HEADER);
                        self.emit(Some(adu), error, taken, self.step != Step::Sure, found);
                        used = used.saturating_add(taken);
                    }
                }
                continue;
            }
            let search = Search {
                octets: left,
                segment: segment.checked_sub(used),
                direction: self.direction,
                start: self.step == Step::Start,
                over,
            };
            let outcome = search.run();
            let (Outcome::Found { at, .. } | Outcome::Open { at }) = outcome;
            let rest = left.get(at..).unwrap_or_default();
            self.skip(left, at, found);
            used = used.saturating_add(at);
            match (outcome, frame(rest)) {
                (Outcome::Found { certain, .. }, Framed::Adu { header, pdu, .. }) => {
                    let (adu, error) = behind(header, pdu, self.direction);
                    let taken = pdu.len().saturating_add(HEADER);
                    self.emit(Some(adu), error, taken, !certain, found);
                    used = used.saturating_add(taken);
                    self.step = if certain { Step::Sure } else { Step::Hoping };
                }
                _ => break,
            }
        }
        used
    }

    /// Hands out the first `taken` octets of `left`, which hold no message.
    fn skip(&mut self, left: &[u8], taken: usize, found: Found<'_>) {
        if taken == 0 {
            return;
        }
        self.step = Step::Lost;
        let error = match frame(left) {
            Framed::OutOfStep(error) => error,
            Framed::Adu { .. } => {
                let what = "the length field leads to no other header, or the PDU is none";
                ParseError { offset: 4, class: Class::LengthRange, what }
            }
            Framed::Partial { .. } => {
                let what = "what might begin a header ends too soon or cannot be one";
                ParseError { offset: 0, class: Class::ProtocolId, what }
            }
        };
        self.emit(None, Some(error), taken, true, found);
    }

    /// Hands out the next `taken` octets as one find.
    fn emit(
        &mut self,
        adu: Option<Adu<'_>>,
        error: Option<ParseError>,
        taken: usize,
        uncertain: bool,
        found: Found<'_>,
    ) {
        let end = self.at.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
        found(&Parsed {
            side: self.side,
            message: adu.map(Message::Modbus),
            error,
            span: self.at..end,
            lost: mem::take(&mut self.lost),
            uncertain,
        });
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADU: [u8; 12] = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10];

    fn feed(stream: &mut Stream, octets: &[u8]) -> usize {
        let mut finds = Vec::new();
        let chunk = Chunk { side: Side::A, offset: stream.at, lost: 0, octets, datagram: false };
        stream.feed(&chunk, &mut |parsed| finds.push(parsed.message.is_some()));
        finds.iter().filter(|message| **message).count()
    }

    #[test]
    fn nothing_is_copied_while_messages_lie_whole_in_their_chunks() {
        let mut stream = Stream::new(Side::A, Direction::Request);
        for _ in 0..100 {
            assert_eq!(feed(&mut stream, &ADU.repeat(3)), 3);
        }
        assert_eq!(stream.tail.capacity(), 0);
    }

    #[test]
    fn only_the_message_that_straddles_is_copied() {
        let mut stream = Stream::new(Side::A, Direction::Request);
        let octets = ADU.repeat(100);
        assert_eq!(feed(&mut stream, &octets[..605]), 50);
        assert_eq!(feed(&mut stream, &octets[605..]), 50);
        let room = stream.tail.capacity();
        assert!((ADU.len()..=64).contains(&room), "{room}");
    }

    #[test]
    fn a_tail_stays_small_whatever_is_searched() {
        for octet in [0, 90, 255] {
            let mut stream = Stream::new(Side::A, Direction::Request);
            stream.step = Step::Lost;
            for _ in 0..4 {
                feed(&mut stream, &[octet, 0, 0, 0, 0, 6, 1, 90, 0, 2].repeat(500));
                assert!(stream.tail.len() <= TAIL_OCTETS);
                assert!(stream.tail.capacity() <= 2 * TAIL_OCTETS);
            }
        }
    }
}
