//! Who reads the flows.

use gridtap_parsers::Chunk;

use super::endpoint::Flow;
use crate::decode::At;

/// Reads the octets of flows, with a state of its own for each.
pub trait Reader {
    /// What it knows of one flow.
    type State;

    /// The first octets of a flow are at hand: begins to read it, or leaves it for good with
    /// `None`. The same chunk is handed to [`chunk`](Self::chunk) next.
    fn open(&mut self, flow: &Flow, first: &Chunk<'_>) -> Option<Self::State>;

    /// Takes the next octets of one side. `at` is the packet that brought them or made them be
    /// waited for no longer; [`Flow::packets`] names the packets they came in.
    ///
    /// A chunk's offset is always the end of the last one of that side plus `lost`. A chunk
    /// without octets tells of octets lost at the very end.
    fn chunk(&mut self, flow: &Flow, state: &mut Self::State, chunk: &Chunk<'_>, at: &At);

    /// The flow ended or was forgotten, as was noticed at `at`.
    fn end(&mut self, flow: &Flow, state: Self::State, at: &At);
}
