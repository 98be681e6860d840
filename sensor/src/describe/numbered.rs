//! Where events go, each with its place.

use gridtap_models::event::{Event, Outcome, Place, Stage};

use super::pending::Waiting;
use super::{Context, RequestNote, ends};

/// Where events go, numbered within their packet.
pub struct Numbered<'o> {
    /// The place of the next event.
    pub next: &'o mut Place,
    /// Requests pushed out by newer ones.
    pub pushed_out: &'o mut u64,
    /// Where events go, each with the request that it ends unanswered.
    pub out: &'o mut dyn FnMut(Event, Option<&RequestNote>),
}

impl Numbered<'_> {
    /// The next free place.
    pub fn place(&mut self) -> Place {
        let place = *self.next;
        self.next.nth = self.next.nth.saturating_add(1);
        place
    }

    pub(super) fn put(&mut self, event: Event) {
        (self.out)(event, None);
    }

    /// Ends a request by the message at hand.
    pub(super) fn ended(&mut self, mut event: Event, outcome: Outcome, context: &Context) {
        let after_ns = context.time_ns.saturating_sub(event.time_ns);
        event.stage = Stage::Ended { outcome, after_ns };
        event.place = self.place();
        (event.time_ns, event.packet) = (context.time_ns, context.packet);
        let (client, server) = ends(&event.conversation, context);
        (event.client_mac, event.server_mac) = (client.mac, server.mac);
        (event.client_hops, event.server_hops) = (client.hops, server.hops);
        event.unseen = context.unseen;
        self.put(event);
    }

    pub(super) fn unanswered(&mut self, waiting: Waiting, now_ns: u64) {
        let Waiting { mut event, note, .. } = waiting;
        event.place = self.place();
        let after_ns = now_ns.saturating_sub(event.time_ns);
        event.stage = Stage::Ended { outcome: Outcome::Unanswered, after_ns };
        event.time_ns = now_ns;
        (self.out)(event, Some(&note));
    }
}

impl core::fmt::Debug for Numbered<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Numbered").field("next", &self.next).finish_non_exhaustive()
    }
}
