//! Who had to prove who he is, and for what (DNP3 Secure Authentication).

use super::records::FunctionKey;
use super::store::Ledger;
use crate::event::{Conversation, Device, Event};

impl Ledger {
    /// Whether a device had anybody prove who he is.
    #[must_use]
    pub fn wants_proof(&self, device: &Device) -> bool {
        self.index.proving.contains(device)
    }

    /// Whether the device of an act, which had anybody prove who he is, had so for its function. Of a
    /// function that it never did, the other devices tell that want proof.
    #[must_use]
    pub fn wants_proof_of(&self, event: &Event) -> bool {
        let (device, key) = (event.conversation.device(), event.function_key());
        let (done, proved) = self.proofs(&device, key);
        let wanted = if done > 0 { proved > 0 } else { self.index.proved.contains(&key) };
        wanted && self.wants_proof(&device)
    }

    /// Of the acts of a conversation that the device had anybody prove: how many were done, and how many
    /// of them with proof.
    #[must_use]
    pub fn proved(&self, conversation: &Conversation) -> (u64, u64) {
        let Some(record) = self.conversation(conversation) else { return (0, 0) };
        let device = conversation.device();
        let functions = record.functions().filter(|(key, _)| self.proofs(&device, **key).1 > 0);
        functions.fold((0, 0), |(done, proved), (_, function)| {
            (done.saturating_add(function.outcomes.done), proved.saturating_add(function.proved))
        })
    }

    /// The conversations with devices that had anybody prove who he is.
    pub fn conversations_that_prove(&self) -> impl Iterator<Item = &Conversation> {
        self.index.proving.iter().flat_map(|device| self.conversations_with(device))
    }

    /// How often a device did a function, whoever asked, and how often of that with proof.
    fn proofs(&self, device: &Device, key: FunctionKey) -> (u64, u64) {
        self.device(device).map(|sum| sum.proofs(key)).unwrap_or_default()
    }
}
