//! Who reads the flows.

use gridtap_models::event::{Attempt, PacketRef};
use gridtap_parsers::{Chunk, Side};

use super::endpoint::Flow;
use crate::decode::At;

/// What a reader makes of the octets that a flow begins with.
#[derive(Debug)]
pub enum Opening<S> {
    /// It reads the flow, and this is what it knows of it.
    Read(S),
    /// It leaves these octets, and is asked again at the next.
    Later,
    /// It leaves the flow for good.
    Never,
}

/// Whether a flow is read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is.
    ReadOn,
    /// It is left for good.
    Leave,
}

/// How a stream shows that somebody else writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Other octets came for a place than the first time. A sender repeats what it sent before; that its
    /// repetition differs means that one of the two is not its own, or that it makes up what it repeats.
    Differing,
    /// The other end has octets that their sender knows nothing of.
    Disowned,
}

/// A place of a side's stream that somebody else may have written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Whose stream it is.
    pub side: Side,
    /// How that is known.
    pub clash: Clash,
    /// Octets that differ, or that were not sent.
    pub octets: u64,
    /// The packet that brought the first of them the first time, if that is still known. These
    /// octets are the ones that are read.
    pub first: Option<PacketRef>,
    /// The packet that brought others, or that shows that its sender knows nothing of them.
    pub again: PacketRef,
}

/// Reads the octets of flows, with a state of its own for each.
pub trait Reader {
    /// What it knows of one flow.
    type State;

    /// Octets of a flow that nobody reads yet are at hand. If it is read from here on, the same
    /// chunk is handed to [`chunk`](Self::chunk) next.
    fn open(&mut self, flow: &Flow, chunk: &Chunk<'_>) -> Opening<Self::State>;

    /// Takes the next octets of one side. `at` is the packet that brought them or made them be
    /// waited for no longer; [`Flow::packets`] names the packets they came in.
    ///
    /// A chunk's offset is always the end of the last one of that side plus `lost`. A chunk
    /// without octets tells of octets lost at the very end.
    fn chunk(&mut self, flow: &Flow, state: &mut Self::State, chunk: &Chunk<'_>, at: &At) -> Then;

    /// Somebody else may have written to a side's stream. Other octets for a place than before are found as far
    /// as the first ones are remembered, and told when the second copy comes.
    fn conflict(&mut self, flow: &Flow, state: &mut Self::State, conflict: &Conflict, at: &At) {
        let _ = (flow, state, conflict, at);
    }

    /// One side asks the other for a connection, or what came of that. Says whether it wants to know
    /// what comes of it; then it is told of a refusal, and of silence for as long as an answer is waited
    /// for.
    fn attempt(&mut self, flow: &Flow, attempt: Attempt, at: &At) -> bool {
        let _ = (flow, attempt, at);
        false
    }

    /// When it wants to be told that time has passed, whether or not the flow has gone on, in
    /// nanoseconds since 1970 UTC. Asked after each segment of a flow that is read.
    fn due_ns(&self, state: &Self::State) -> Option<u64> {
        let _ = state;
        None
    }

    /// That time has come, as was noticed at `at`.
    fn due(&mut self, flow: &Flow, state: &mut Self::State, at: &At) {
        let _ = (flow, state, at);
    }

    /// The flow ended or was forgotten, as was noticed at `at`. Not called of a flow that was left.
    fn end(&mut self, flow: &Flow, state: Self::State, at: &At);
}
