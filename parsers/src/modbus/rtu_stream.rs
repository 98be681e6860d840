//! One side of a flow in RTU framing: frames out of octets, in step again soon after damage.

use core::mem;

use super::adu::{Adu, Body, Framing, Pdu, split_code};
use super::rtu::{Front, LONGEST, NO_FRAME, front, is_all};
use crate::error::{Class, ParseError};
use crate::protocol::{Chunk, Direction, Found, Message, Parsed, Side};

/// What one side of a flow sends.
#[derive(Debug)]
pub(super) struct Stream {
    side: Side,
    direction: Direction,
    /// Whether a frame should begin with the next octet.
    in_step: bool,
    /// The octets handed in and not handed out: what may be the start of a frame.
    tail: Vec<u8>,
    /// Place of the tail's first octet.
    at: u64,
    /// Octets lost since the last thing handed out.
    lost: u64,
}

impl Stream {
    pub(super) const fn new(side: Side, direction: Direction) -> Self {
        Self { side, direction, in_step: true, tail: Vec::new(), at: 0, lost: 0 }
    }

    pub(super) fn feed(&mut self, chunk: &Chunk<'_>, found: Found<'_>) {
        if chunk.lost > 0 {
            self.end(found);
            self.lost = self.lost.saturating_add(chunk.lost);
            self.in_step = false;
        }
        if self.tail.is_empty() {
            self.at = chunk.offset;
            let used = self.read(chunk.octets, 0, false, found);
            self.tail.extend_from_slice(chunk.octets.get(used..).unwrap_or_default());
        } else {
            let mut tail = mem::take(&mut self.tail);
            let segment = tail.len();
            tail.extend_from_slice(chunk.octets);
            let used = self.read(&tail, segment, false, found);
            tail.drain(..used.min(tail.len()));
            tail.shrink_to(LONGEST);
            self.tail = tail;
        }
        if chunk.datagram {
            self.end(found);
        }
    }

    /// Ends the stream, or the part of it before a gap, or a datagram.
    pub(super) fn end(&mut self, found: Found<'_>) {
        let tail = mem::take(&mut self.tail);
        self.read(&tail, tail.len(), true, found);
        self.in_step = true;
    }

    /// Reads what stands in `octets`, the first of which is at `self.at`, and whose last segment
    /// begins at `segment`. Returns how many were used up; `self.at` moves on with them.
    fn read(&mut self, octets: &[u8], segment: usize, over: bool, found: Found<'_>) -> usize {
        let mut used = 0_usize;
        while used < octets.len() {
            let next = self.next(octets, used, segment, over);
            let (Next::Frame { at, .. } | Next::Wait { at }) = next;
            self.skip(octets.get(used..at).unwrap_or_default(), found);
            used = at;
            let Next::Frame { frame, certain, .. } = next else { break };
            self.emit_frame(frame, !certain, found);
            used = used.saturating_add(frame.len());
        }
        used
    }

    /// The next frame from `used` on, or where one may begin that has not ended.
    fn next<'a>(&self, octets: &'a [u8], used: usize, segment: usize, over: bool) -> Next<'a> {
        let front_at = |at: usize| front(octets.get(at..).unwrap_or_default(), self.direction);
        if self.in_step {
            match front_at(used) {
                Front::Frame { frame, .. } => {
                    return Next::Frame { at: used, frame, certain: true };
                }
                // A segment made of frames does not begin with the end of another.
                Front::Partial | Front::Untold if !over && !self.begins(octets, used, segment) => {
                    return Next::Wait { at: used };
                }
                Front::Partial | Front::Untold | Front::Nothing => {}
            }
        }
        let mut wait = None;
        for at in used..octets.len() {
            let here = at == segment;
            match front_at(at) {
                // By chance a CRC is right at one place of 65,536: at many places that happens.
                Front::Frame { frame, rest, told } if told || here => {
                    let certain = here || rest.is_empty() || self.is_frame(rest);
                    return Next::Frame { at, frame, certain };
                }
                Front::Partial if !over => wait = wait.or(Some(at)),
                Front::Untold if !over && here => wait = wait.or(Some(at)),
                Front::Frame { .. } | Front::Partial | Front::Untold | Front::Nothing => {}
            }
        }
        Next::Wait { at: wait.unwrap_or(octets.len()) }
    }

    /// Whether the segment behind the start of a frame is made of whole frames.
    fn begins(&self, octets: &[u8], used: usize, segment: usize) -> bool {
        let last = octets.get(segment..).unwrap_or_default();
        used < segment && is_all(last, self.direction)
    }

    fn is_frame(&self, octets: &[u8]) -> bool {
        matches!(front(octets, self.direction), Front::Frame { told: true, .. })
    }

    /// Hands out octets that hold no frame.
    fn skip(&mut self, octets: &[u8], found: Found<'_>) {
        if octets.is_empty() {
            return;
        }
        let begun = self.in_step.then(|| self.begun(octets)).flatten();
        self.in_step = false;
        let error = begun.map_or(NO_FRAME, |_| ParseError {
            offset: octets.len(),
            class: Class::Incomplete,
            what: "the octets end inside the frame",
        });
        self.emit(begun, error.into(), octets.len(), true, found);
    }

    /// What can be read of a frame whose end never came.
    fn begun<'a>(&self, octets: &'a [u8]) -> Option<Adu<'a>> {
        let ([unit, code], rest) = octets.split_first_chunk()?;
        let is_start = front(octets, self.direction) == Front::Partial;
        let (function, _) = split_code(*code, self.direction);
        let (framing, direction) = (Framing::Rtu, self.direction);
        let body = Body::Unread(rest);
        is_start.then_some(Adu { framing, unit: *unit, direction, function, body })
    }

    /// Hands out a frame whose CRC is right.
    fn emit_frame(&mut self, frame: &[u8], uncertain: bool, found: Found<'_>) {
        let Some(([unit, pdu @ ..], [_, _])) = frame.split_last_chunk() else { return };
        let (adu, error) = Pdu::read(pdu, self.direction).place(Framing::Rtu, *unit, 1);
        self.in_step = true;
        self.emit(Some(adu), error, frame.len(), uncertain, found);
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

/// What comes next in a stream.
enum Next<'a> {
    /// A frame. Out of step it is `certain` only if more than its CRC speaks for it.
    Frame { at: usize, frame: &'a [u8], certain: bool },
    /// What may be the start of one, or the end of the octets.
    Wait { at: usize },
}
