//! Requests that wait for their answers, flow by flow.

use std::collections::VecDeque;

use gridtap_models::event::{Event, Place};

/// What pairs an answer with its request, within one flow and one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Modbus unit identifier; DNP3 outstation and master.
    pub(crate) ends: (u16, u16),
    /// Modbus transaction identifier; DNP3 application sequence.
    pub(crate) number: u16,
    /// Modbus function code; 0 for DNP3, whose answers do not repeat it, and [`Key::PROOF`].
    pub(crate) function: u8,
}

impl Key {
    /// The function of a DNP3 master's answer to a challenge. It has the number of the request that
    /// was challenged, which waits on.
    pub(crate) const PROOF: u8 = 1;
}

/// What a response needs to know of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestNote {
    /// Its place among all events, which no other request has.
    pub place: Place,
    /// Which transaction of its flow it began, from 1.
    pub nth: u64,
    /// Number of the packet that completed the request.
    pub packet: u64,
    /// First address that was asked for.
    pub address: Option<u16>,
    /// How many points were asked for.
    pub quantity: Option<u16>,
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) key: Key,
    pub(crate) event: Event,
    pub(crate) note: RequestNote,
}

/// The requests of one flow that wait, the oldest first. Bounded: the oldest makes room.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    waiting: VecDeque<Waiting>,
}

impl Pending {
    /// Adds a request; gives back the oldest if there are more than `limit`.
    pub(crate) fn add(&mut self, waiting: Waiting, limit: usize) -> Option<Waiting> {
        self.waiting.push_back(waiting);
        if self.waiting.len() > limit { self.waiting.pop_front() } else { None }
    }

    /// Takes the request with this key.
    pub(crate) fn take(&mut self, key: Key) -> Option<Waiting> {
        let place = self.waiting.iter().position(|waiting| waiting.key == key)?;
        self.waiting.remove(place)
    }

    /// Takes note that proof is wanted of who made the request with this key, which waits on.
    pub(crate) fn challenge(&mut self, key: Key) -> Option<RequestNote> {
        let challenged = self.waiting.iter_mut().find(|waiting| waiting.key == key)?;
        challenged.event.proved = true;
        Some(challenged.note)
    }

    /// When the oldest request was sent.
    pub(crate) fn oldest_ns(&self) -> Option<u64> {
        self.waiting.front().map(|waiting| waiting.event.time_ns)
    }

    /// Takes the requests with this key that an answer `fits`, the oldest first.
    pub(crate) fn take_if(&mut self, key: Key, fits: impl Fn(&Event) -> bool) -> Vec<Waiting> {
        let all = core::mem::take(&mut self.waiting);
        let (fitting, others): (VecDeque<_>, VecDeque<_>) =
            all.into_iter().partition(|waiting| waiting.key == key && fits(&waiting.event));
        self.waiting = others;
        fitting.into()
    }

    /// Whether more than one request with this key waits.
    pub(crate) fn has_several(&self, key: Key) -> bool {
        self.waiting.iter().filter(|waiting| waiting.key == key).nth(1).is_some()
    }

    /// Takes the oldest request if it was sent before `time_ns`.
    pub(crate) fn take_older(&mut self, time_ns: u64) -> Option<Waiting> {
        let old = self.waiting.front().is_some_and(|waiting| waiting.event.time_ns < time_ns);
        if old { self.waiting.pop_front() } else { None }
    }

    /// Takes the oldest request.
    pub(crate) fn take_oldest(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }
}
