//! Who had to prove who he is, and for what (DNP3 Secure Authentication).

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
        let function = |with| self.conversation(with)?.function(key);
        let proved = |with| function(with).is_some_and(|it| it.proved > 0);
        let did = |with| function(with).is_some_and(|it| it.outcomes.done > 0);
        if !self.wants_proof(&device) {
            false
        } else if self.with(&device).any(did) {
            self.with(&device).any(proved)
        } else {
            self.conversations_that_prove().any(proved)
        }
    }

    /// Of the acts of a conversation that the device had anybody prove: how many were done, and how many
    /// of them with proof.
    #[must_use]
    pub fn proved(&self, conversation: &Conversation) -> (u64, u64) {
        let Some(record) = self.conversation(conversation) else { return (0, 0) };
        let device = conversation.device();
        let others = || self.with(&device).filter_map(|it| self.conversation(it));
        let wanted = |key| others().any(|it| it.function(key).is_some_and(|it| it.proved > 0));
        let functions = record.functions().filter(|(key, _)| wanted(**key));
        functions.fold((0, 0), |(done, proved), (_, function)| {
            (done.saturating_add(function.outcomes.done), proved.saturating_add(function.proved))
        })
    }

    /// The conversations with devices that had anybody prove who he is.
    pub fn conversations_that_prove(&self) -> impl Iterator<Item = &Conversation> {
        self.index.proving.iter().flat_map(|device| self.with(device))
    }

    fn with<'l>(&'l self, device: &Device) -> impl Iterator<Item = &'l Conversation> + use<'l> {
        self.index.devices.get(device).into_iter().flat_map(|sum| &sum.with)
    }
}
