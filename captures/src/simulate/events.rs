//! What an outstation keeps: events, selections, indications; and what it reports unasked.

use std::collections::VecDeque;

use super::clock::as_ms;
use super::device::{Device, Lens};
use super::outstation::{Answer, Command, long};
use super::place::{Place, Space};
use crate::dnp3::{Header, Iin, analog_events, binary_events, response};

/// Events that an outstation keeps.
const KEPT: usize = 200;
/// Events in one response, so that it fits into one fragment.
const AT_ONCE: usize = 60;
/// What an outstation keeps besides its points.
#[derive(Debug)]
pub(super) struct Outstation {
    events: VecDeque<Event>,
    /// Events that did not fit since it was last empty.
    overflowed: u64,
    /// Classes that the model reports unasked.
    pub(super) unsolicited: Vec<u8>,
    /// Whether the master lets it.
    pub(super) enabled: bool,
    pub(super) restarted: bool,
    pub(super) needs_time: bool,
    /// Indications that it gives besides, whatever the reason.
    pub(super) also: Iin,
    /// Sequence, commands and end of a selection.
    pub(super) selected: Option<(u8, Vec<Command>, u64)>,
    pub(super) next_unsolicited: u8,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    place: Place,
    value: i64,
    at_ms: u64,
}

impl Event {
    fn class(self) -> u8 {
        if self.place.space == Space::BinaryInput { 1 } else { 2 }
    }
}

impl Outstation {
    pub(super) fn new(unsolicited: &[u8]) -> Self {
        Self {
            events: VecDeque::new(),
            overflowed: 0,
            unsolicited: unsolicited.to_vec(),
            enabled: false,
            restarted: true,
            needs_time: true,
            also: Iin::default(),
            selected: None,
            next_unsolicited: 0,
        }
    }

    /// Forgets all, as a restart does.
    pub(super) fn restart(&mut self) {
        *self = Self::new(&self.unsolicited);
    }

    pub(super) fn iin(&self) -> Iin {
        let flags = [
            (self.restarted, Iin::DEVICE_RESTART),
            (self.needs_time, Iin::NEED_TIME),
            (self.overflowed > 0, Iin::EVENT_BUFFER_OVERFLOW),
            (self.events.iter().any(|event| event.class() == 1), Iin::CLASS_1_EVENTS),
            (self.events.iter().any(|event| event.class() == 2), Iin::CLASS_2_EVENTS),
        ];
        flags.into_iter().filter(|(set, _)| *set).fold(self.also, |iin, (_, flag)| iin | flag)
    }

    fn keep(&mut self, event: Event) {
        if self.events.len() >= KEPT {
            self.events.pop_front();
            self.overflowed = self.overflowed.saturating_add(1);
        }
        self.events.push_back(event);
    }

    /// Takes events of these classes out, the oldest first.
    pub(super) fn take(&mut self, classes: &[u8]) -> Vec<Header> {
        let mut taken: Vec<Event> = Vec::new();
        self.events.retain(|event| {
            let take = taken.len() < AT_ONCE && classes.contains(&event.class());
            if take {
                taken.push(*event);
            }
            !take
        });
        if self.events.is_empty() {
            self.overflowed = 0;
        }
        let of = |space| taken.iter().filter(move |event| event.place.space == space);
        let binary: Vec<_> = of(Space::BinaryInput)
            .map(|event| (event.place.address, event.value != 0, event.at_ms))
            .collect();
        let analog: Vec<_> = of(Space::AnalogInput)
            .map(|event| (event.place.address, long(event.value), event.at_ms))
            .collect();
        let mut headers = Vec::new();
        if !binary.is_empty() {
            headers.push(binary_events(&binary));
        }
        if !analog.is_empty() {
            headers.push(analog_events(&analog));
        }
        headers
    }
}

impl Device {
    /// Makes events of what changed since the last time.
    pub(super) fn sample(&mut self, lens: &Lens) {
        for (place, value) in self.changes(lens) {
            self.outstation.keep(Event { place, value, at_ms: as_ms(lens.at) });
        }
    }

    /// What it reports unasked, if there is something to report.
    pub(super) fn unsolicited(&mut self) -> Option<Answer> {
        let outstation = &mut self.outstation;
        if !outstation.enabled {
            return None;
        }
        let iin = outstation.iin();
        let classes = outstation.unsolicited.clone();
        let headers = outstation.take(&classes);
        (!headers.is_empty()).then(|| outstation.report(iin, &headers))
    }

    /// The first that is said after a restart.
    pub(super) fn announces_itself(&mut self) -> Answer {
        let iin = self.outstation.iin();
        self.outstation.report(iin, &[])
    }
}

impl Outstation {
    /// An unsolicited response.
    pub(super) fn report(&mut self, iin: Iin, headers: &[Header]) -> Answer {
        let fragment = response::unsolicited(self.next_unsolicited, iin, headers);
        self.next_unsolicited = self.next_unsolicited.wrapping_add(1) & 0x0f;
        Answer { fragment, confirm: true }
    }
}
