//! Messages and events, taken out of the line together.

use gridtap_models::event::{Event, Outcome, Place, Stage};

use super::messages;
use crate::describe::{Pair, RequestNote};
use crate::shard::{Ordered, Seen, Tap};

/// Takes out messages and events, and which event ends which.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

/// A message or an event.
#[derive(Debug)]
pub struct Item {
    place: Place,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Message(Box<messages::Row>),
    Event {
        event: Box<Event>,
        /// Place of the request whose end it is.
        ends: Option<Place>,
    },
    /// The request at this place gets no answer any more. The event that says so comes next.
    GivenUp(Place),
}

impl Item {
    /// The event, if it is one.
    #[must_use]
    pub fn event(&self) -> Option<&Event> {
        match &self.what {
            What::Event { event, .. } => Some(event),
            What::Message(_) | What::GivenUp(_) => None,
        }
    }
}

impl Ordered for Item {
    fn place(&self) -> Place {
        self.place
    }
}

impl Tap for Everything {
    type Out = Item;

    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Item>) {
        if let Pair::Answers(request) = seen.pair {
            tie(request.place, out);
        }
        let place = seen.context.place;
        out.push(Item { place, what: What::Message(Box::new(messages::Row::new(seen))) });
    }

    fn event(&mut self, event: Event, out: &mut Vec<Item>) {
        let place = event.place;
        let given_up = match out.last() {
            Some(Item { place: at, what: What::GivenUp(asked) }) if *at == place => Some(*asked),
            _ => None,
        };
        if given_up.is_some() {
            out.pop();
        }
        out.push(Item { place, what: What::Event { event: Box::new(event), ends: given_up } });
    }

    fn unanswered(&mut self, request: &RequestNote, place: Place, out: &mut Vec<Item>) {
        out.push(Item { place, what: What::GivenUp(request.place) });
    }
}

/// Ties the latest answer to the request that it ends: the describer hands out the event before the message.
fn tie(asked: Place, out: &mut [Item]) {
    let last = out.iter_mut().rev().find_map(|item| match &mut item.what {
        What::Event { event, ends } => match event.stage {
            Stage::Ended { outcome: Outcome::Done | Outcome::Refused(_), .. } => Some(ends),
            Stage::Ended { outcome: Outcome::Unanswered, .. }
            | Stage::Requested
            | Stage::Reported
            | Stage::Noticed
            | Stage::Attempted(_) => None,
        },
        What::Message(_) | What::GivenUp(_) => None,
    });
    if let Some(ends @ None) = last {
        *ends = Some(asked);
    }
}
