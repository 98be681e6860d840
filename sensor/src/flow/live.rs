//! A flow at work: its streams on one hand, its reader on the other.

use gridtap_models::event::Attempt;
use gridtap_parsers::{Chunk, Side};

use super::counters::{Counters, count};
use super::endpoint::{Flow, Kind};
use super::marks::Mark;
use super::part::{Part, Patience, Ready, Stray, Taken};
use super::reader::{Clash, Conflict, Opening, Reader, Then};
use super::recent::Differing;
use super::sequence::{at, distance, octets};
use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;

/// What a flow needs besides itself.
#[derive(Debug)]
pub(super) struct Pass<'p, R> {
    pub(super) reader: &'p mut R,
    pub(super) limits: &'p Limits,
    pub(super) counters: &'p mut Counters,
    pub(super) at: At,
    /// Whether one more flow may wait for what is missing.
    pub(super) may_wait: bool,
}

/// A flow that is followed.
#[derive(Debug)]
pub(super) struct Live<S> {
    pub(super) flow: Flow,
    pub(super) reading: Reading<S>,
    /// Whether its reader waits for what comes of its first SYN.
    pub(super) attempted: bool,
}

/// Whether somebody reads a flow.
#[derive(Debug)]
pub(super) enum Reading<S> {
    /// Nobody does so far: it has had no octets, or none that told enough.
    Unasked,
    /// Somebody does.
    By(S),
    /// Nobody does.
    Nobody,
}

/// What becomes of a flow after a segment.
#[derive(Debug)]
pub(super) enum After {
    /// It goes on.
    Goes,
    /// It has ended.
    Ends,
    /// The segment is not its own, but opens another one between the same ends.
    Another,
    /// The same, and this stray segment came first.
    AnotherFrom(Box<Stray>),
}

impl<S> Live<S> {
    pub(super) fn new(segment: &Segment<'_>, side: Side) -> Self {
        Self { flow: Flow::new(segment, side), reading: Reading::Unasked, attempted: false }
    }

    /// Takes a segment that one of its ends sent.
    pub(super) fn take<R: Reader<State = S>>(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        pass: &mut Pass<'_, R>,
    ) -> After {
        let mark = Mark { packet: segment.at.packet, time_ns: segment.at.time_ns };
        let (payload, cut) = (segment.payload, segment.cut);
        match segment.transport {
            Transport::Udp => {
                self.flow.note(segment, side);
                let part = Part { sequence: 0, octets: payload, cut, fin: false, mark };
                let stream = &mut self.flow.endpoint_mut(side).stream;
                if let Some(ready) = stream.take_datagram(part, pass.counters) {
                    self.deliver(side, &ready, pass);
                }
                After::Goes
            }
            Transport::Tcp { sequence, acknowledgement, rst: true, .. } => {
                self.flow.note(segment, side);
                if self.is_reset(side, sequence, acknowledgement) {
                    self.end_attempt(Some(side), Attempt::Refused, pass);
                    return After::Ends;
                }
                count(&mut pass.counters.ignored_resets, 1);
                After::Goes
            }
            Transport::Tcp { sequence, acknowledgement, syn, fin, .. } => {
                let age_ns = segment.at.time_ns.saturating_sub(self.flow.first.time_ns);
                let young = age_ns < pass.limits.gap_ms.saturating_mul(1_000_000);
                if syn && !self.flow.endpoint_mut(side).stream.begin(sequence, young) {
                    return After::Another;
                }
                let known = self.flow.opener.is_some();
                self.flow.note(segment, side);
                if let Some(disowned) = self.flow.disowned(segment, side) {
                    self.tell_disowned(side, sequence, disowned, pass);
                }
                let asks = syn && acknowledgement.is_none();
                self.follow_attempt(side, known, asks, pass);
                let sequence = at(sequence, syn.into());
                let part = Part { sequence, octets: payload, cut, fin, mark };
                if let Some(stray) = self.put(side, part, pass) {
                    return After::AnotherFrom(stray);
                }
                self.pump(pass)
            }
        }
    }

    /// Tells the reader who asks for the connection, once, and notes that it is answered: by any segment
    /// but another SYN of who asks.
    fn follow_attempt<R: Reader<State = S>>(
        &mut self,
        side: Side,
        known: bool,
        asks: bool,
        pass: &mut Pass<'_, R>,
    ) {
        if !known && self.flow.opener.is_some() {
            self.attempted = pass.reader.attempt(&self.flow, Attempt::Opening, &pass.at);
        }
        self.attempted &= asks && self.flow.opener == Some(side);
    }

    /// Tells the reader that nothing came of the connection, if that is still open and it was not who
    /// asked that gave it up.
    pub(super) fn end_attempt<R: Reader<State = S>>(
        &mut self,
        by: Option<Side>,
        attempt: Attempt,
        pass: &mut Pass<'_, R>,
    ) {
        if self.attempted && by.is_none_or(|by| self.flow.opener != Some(by)) {
            pass.reader.attempt(&self.flow, attempt, &pass.at);
        }
        self.attempted = false;
    }

    /// Takes a part of a side's stream. Hands back the stray segment before it, if the two show
    /// that the flow is not this one any more.
    pub(super) fn put<R: Reader<State = S>>(
        &mut self,
        side: Side,
        part: Part<'_>,
        pass: &mut Pass<'_, R>,
    ) -> Option<Box<Stray>> {
        let stream = &mut self.flow.endpoint_mut(side).stream;
        let taken = stream.take(part, pass.limits, pass.counters);
        if let Some(differing) = stream.take_differing() {
            self.tell(side, &differing, pass);
        }
        match taken {
            Taken::Nothing => None,
            Taken::Ready(ready) => {
                self.deliver(side, &ready, pass);
                None
            }
            Taken::Moved(stray) => {
                self.drain(side, Patience::None, pass);
                self.flow.endpoint_mut(side).stream.jump(&stray, pass.limits, pass.counters);
                self.put(side, stray.part(), pass);
                self.put(side, part, pass)
            }
            Taken::Another(stray) => Some(stray),
        }
    }

    /// Hands on what was kept and whose turn has come, by order or by time.
    pub(super) fn pump<R: Reader<State = S>>(&mut self, pass: &mut Pass<'_, R>) -> After {
        let sides = [Side::A, Side::B];
        if self.is_open() {
            let now = Patience::Until(pass.at.time_ns);
            let patience = if pass.may_wait { now } else { Patience::NoRoom };
            for side in sides {
                self.drain(side, patience, pass);
            }
        }
        let finished = sides.iter().all(|side| self.flow.endpoint(*side).stream.is_finished());
        if finished { After::Ends } else { After::Goes }
    }

    /// Ends the flow: hands on all that was kept. Returns the sequence number from which on
    /// what a side sends is new.
    pub(super) fn end<R: Reader<State = S>>(mut self, pass: &mut Pass<'_, R>) -> [Option<u32>; 2] {
        let next = [Side::A, Side::B].map(|side| {
            self.drain(side, Patience::None, pass);
            self.deliver_loss(side, pass);
            self.flow.endpoint(side).stream.end_sequence()
        });
        if let Reading::By(state) = self.reading {
            count(&mut pass.counters.one_way, self.flow.one_way().into());
            pass.reader.end(&self.flow, state, &pass.at);
        }
        next
    }

    /// Whether octets of either side wait for a gap before them.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        [Side::A, Side::B].iter().any(|side| self.flow.endpoint(*side).stream.is_open())
    }

    /// Whether a RST is one that the other side would believe, as far as can be told.
    fn is_reset(&self, side: Side, sequence: u32, acknowledgement: Option<u32>) -> bool {
        let next = |side| self.flow.endpoint(side).stream.next_sequence();
        match (next(side), next(side.other()), acknowledgement) {
            (Some(next), _, _) => RESET_WINDOW.contains(&distance(next, sequence)),
            // Of a side that was not heard before, only what it acknowledges can be checked.
            (None, Some(next), Some(acknowledged)) => {
                RESET_WINDOW.contains(&distance(acknowledged, next))
            }
            (None, None, _) | (None, Some(_), None) => false,
        }
    }

    fn drain<R: Reader<State = S>>(
        &mut self,
        side: Side,
        patience: Patience,
        pass: &mut Pass<'_, R>,
    ) {
        while self.flow.endpoint(side).stream.is_open() {
            let stream = &mut self.flow.endpoint_mut(side).stream;
            let Some(ready) = stream.pop(patience, pass.limits, pass.counters) else { return };
            self.deliver(side, &ready, pass);
        }
    }

    /// Tells the reader of octets lost at the very end.
    fn deliver_loss<R: Reader<State = S>>(&mut self, side: Side, pass: &mut Pass<'_, R>) {
        let stream = &mut self.flow.endpoint_mut(side).stream;
        let (lost, offset) = (stream.take_lost(), stream.place());
        if lost > 0 {
            let datagram = self.flow.kind == Kind::Udp;
            self.hand_on(&Chunk { side, offset, lost, octets: &[], datagram }, pass);
        }
    }

    fn deliver<R: Reader<State = S>, B: AsRef<[u8]>>(
        &mut self,
        side: Side,
        ready: &Ready<B>,
        pass: &mut Pass<'_, R>,
    ) {
        let Ready { place, lost, mark, .. } = *ready;
        let datagram = self.flow.kind == Kind::Udp;
        let chunk = Chunk { side, offset: place, lost, octets: ready.octets.as_ref(), datagram };
        let end = place.saturating_add(octets(chunk.octets.len()));
        self.flow.endpoint_mut(side).marks.push(end, mark, pass.limits.marks);
        if matches!(self.reading, Reading::Unasked) {
            self.reading = match pass.reader.open(&self.flow, &chunk) {
                Opening::Read(state) => {
                    count(&mut pass.counters.read_flows, 1);
                    Reading::By(state)
                }
                Opening::Later => Reading::Unasked,
                Opening::Never => Reading::Nobody,
            };
        }
        if matches!(self.reading, Reading::By(_)) && !datagram {
            self.flow.endpoint_mut(side).stream.remember(place, chunk.octets, pass.limits);
        }
        self.hand_on(&chunk, pass);
    }

    /// Tells the reader that a side sent other octets than before.
    fn tell<R: Reader<State = S>>(
        &mut self,
        side: Side,
        differing: &Differing,
        pass: &mut Pass<'_, R>,
    ) {
        let Differing { difference, first, again, single } = differing;
        let span = difference.span.clone();
        let marks = &self.flow.endpoint(side).marks;
        // A keep-alive repeats the last octet that was sent with any octet; one that was overtaken
        // by what was sent next is not the last any more.
        if *single && marks.is_end(span.end) {
            return;
        }
        count(&mut pass.counters.conflicting_segments, 1);
        let first = first.or_else(|| marks.of(span).next()).map(|mark| mark.packet);
        self.hand_conflict(
            &Conflict {
                side,
                clash: Clash::Differing,
                octets: difference.octets,
                first,
                again: again.packet,
            },
            pass,
        );
    }

    /// Tells the reader that a side knows nothing of octets, from a sequence number on, that the
    /// other end had of it.
    fn tell_disowned<R: Reader<State = S>>(
        &mut self,
        side: Side,
        sequence: u32,
        disowned: u64,
        pass: &mut Pass<'_, R>,
    ) {
        count(&mut pass.counters.disowned_segments, 1);
        let endpoint = self.flow.endpoint(side);
        let read = endpoint.stream.next_sequence().map(|next| distance(sequence, next));
        let read = read.and_then(|read| u64::try_from(read).ok()).unwrap_or(0);
        let start = endpoint.stream.place().saturating_sub(read);
        let first = endpoint.marks.of(start..start.saturating_add(disowned)).next();
        let first = first.filter(|_| read > 0).map(|mark| mark.packet);
        let clash = Clash::Disowned;
        let again = pass.at.packet;
        self.hand_conflict(&Conflict { side, clash, octets: disowned, first, again }, pass);
    }

    fn hand_conflict<R: Reader<State = S>>(&mut self, conflict: &Conflict, pass: &mut Pass<'_, R>) {
        if let Reading::By(state) = &mut self.reading {
            pass.reader.conflict(&self.flow, state, conflict, &pass.at);
        }
    }

    fn hand_on<R: Reader<State = S>>(&mut self, chunk: &Chunk<'_>, pass: &mut Pass<'_, R>) {
        if let Reading::By(state) = &mut self.reading
            && pass.reader.chunk(&self.flow, state, chunk, &pass.at) == Then::Leave
        {
            self.reading = Reading::Nobody;
        }
    }
}

/// Where a RST is believed, in octets from the one expected next: in the largest window that
/// needs no scaling.
const RESET_WINDOW: core::ops::RangeInclusive<i64> = 0..=65_535;
