//! Commands as they were on the wire: what somebody who listens could send again.

use super::exchange::Ask;
use super::outstation as dnp3;
use super::place::Place;
use super::world::World;
use crate::dnp3::fragment::function;

/// The requests of a command: one, or a select and its operate.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded {
    pub(super) requests: Vec<Sent>,
}

/// A request, and its octets.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) ask: Ask,
    /// Transaction identifier, or application sequence.
    pub(super) number: u16,
    pub(super) octets: Vec<u8>,
}

impl Recorded {
    /// The points that it commands.
    pub(super) fn points(&self) -> Vec<Place> {
        self.requests.last().map(|sent| sent.ask.touches()).unwrap_or_default()
    }
}

impl World {
    /// Keeps a command to a device in place of the one before.
    pub(super) fn record(&mut self, device: usize, sent: Sent) {
        if sent.ask.touches().is_empty() {
            return;
        }
        let recorded = self.recorded.entry(device).or_default();
        let operates =
            matches!(sent.ask, Ask::Dnp3(dnp3::Ask::Command { function: function::OPERATE, .. }));
        if !operates {
            recorded.requests.clear();
        }
        recorded.requests.push(sent);
    }
}
