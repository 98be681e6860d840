//! The flows of one partition.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use gridtap_models::event::Attempt;
use gridtap_parsers::Side;

use super::counters::{Counters, count};
use super::key::{Key, PARTITIONS};
use super::live::{After, Live, Pass, Reading};
use super::reader::Reader;
use super::sequence::{at as sequence_at, distance, octets};
use super::slots::Slots;
use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;

/// The flows of one partition, each with a state `S` of whoever reads it.
///
/// Memory is bounded: by flows, and for each by what waits behind a gap. Where room is needed,
/// closed flows go first, then those that nobody reads, then those idle longest; so that a flood
/// of new flows does not drive out those that are read.
#[derive(Debug)]
pub struct Table<S> {
    limits: Limits,
    capacity: usize,
    index: HashMap<Key, u32, RandomState>,
    slots: Slots<Entry<S>, 3>,
    /// Flows with a gap, by the number of their first packet.
    gaps: BTreeSet<(u64, u32)>,
    /// Flows whose readers wait for a time, by that time in nanoseconds since 1970 UTC.
    due: BTreeSet<(u64, u32)>,
    counters: Counters,
}

// The lists of slots, in the order in which they make room.
const CLOSED: usize = 0;
const UNREAD: usize = 1;
const READ: usize = 2;

#[derive(Debug)]
struct Entry<S> {
    key: Key,
    last_ns: u64,
    /// The time that its reader waits for, or an earlier one: under it the table lists the flow.
    due_ns: Option<u64>,
    state: State<S>,
}

#[derive(Debug)]
enum State<S> {
    Live(Box<Live<S>>),
    /// Nobody reads it.
    Left,
    /// It ended; each side's next sequence number, as far as known.
    Closed([Option<u32>; 2]),
}

/// How a segment stands to the flow found under its key.
enum Standing {
    /// It belongs to it.
    Own,
    /// It belongs to it and nobody wants it.
    Unwanted,
    /// The flow was over before it came.
    Over,
}

impl<S> Table<S> {
    /// An empty table that keeps to its share of the limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            capacity: limits.flows.checked_div(PARTITIONS.into()).unwrap_or(0).max(1),
            index: HashMap::default(),
            slots: Slots::new(),
            gaps: BTreeSet::new(),
            due: BTreeSet::new(),
            counters: Counters::default(),
        }
    }

    /// Takes a segment and hands on what it makes ready.
    pub fn take<R: Reader<State = S>>(&mut self, segment: &Segment<'_>, reader: &mut R) {
        count(&mut self.counters.segments, 1);
        let (key, side) = Key::of(segment);
        if let Some(id) = self.index.get(&key).copied() {
            match self.standing(id, side, segment) {
                Standing::Own => return self.run(id, side, segment, reader),
                Standing::Unwanted => return,
                Standing::Over => self.expire(id, &segment.at, reader),
            }
        }
        let id = self.begin(key, side, segment, reader);
        self.run(id, side, segment, reader);
    }

    /// Lets capture time pass: gives up gaps and flows whose time is over, in the order of their
    /// first packets.
    pub fn tick<R: Reader<State = S>>(&mut self, at: &At, reader: &mut R) {
        if self.is_empty() {
            return;
        }
        let open: Vec<u32> = self.gaps.iter().map(|(_, id)| *id).collect();
        for id in open {
            let Some(State::Live(live)) = self.slots.get_mut(id).map(|entry| &mut entry.state)
            else {
                continue;
            };
            let (limits, counters) = (&self.limits, &mut self.counters);
            let after = live.pump(&mut Pass { reader, limits, counters, at: *at, may_wait: true });
            self.settle(id, &after, at, reader);
        }
        self.tell_due(at, reader);
        let idle = [CLOSED, UNREAD, READ].into_iter().flat_map(|list| {
            self.slots.ids(list).take_while(|id| {
                self.slots.get(*id).is_some_and(|entry| self.is_idle(entry, at.time_ns))
            })
        });
        for id in self.in_order(idle) {
            self.expire(id, at, reader);
        }
    }

    /// Ends all flows, in the order of their first packets.
    pub fn finish<R: Reader<State = S>>(&mut self, at: &At, reader: &mut R) {
        let all = [CLOSED, UNREAD, READ].into_iter().flat_map(|list| self.slots.ids(list));
        for id in self.in_order(all) {
            self.remove(id, at, reader);
        }
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many flows are kept, closed and unread ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many flows wait for something before octets that they have.
    #[must_use]
    pub fn gaps_open(&self) -> usize {
        self.gaps.len()
    }

    /// Whether no flow is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn standing(&mut self, id: u32, side: Side, segment: &Segment<'_>) -> Standing {
        let now_ns = segment.at.time_ns;
        let Some(entry) = self.slots.get(id) else { return Standing::Over };
        if self.is_idle(entry, now_ns) {
            return Standing::Over;
        }
        match &entry.state {
            State::Live(_) => Standing::Own,
            State::Left => {
                if matches!(segment.transport, Transport::Tcp { syn: true, .. }) {
                    return Standing::Over;
                }
                if let Some(entry) = self.slots.get_mut(id) {
                    entry.last_ns = now_ns;
                }
                self.slots.touch(id, UNREAD);
                Standing::Unwanted
            }
            State::Closed([a, b]) => {
                let next = if side == Side::A { *a } else { *b };
                if is_late(segment, next, self.limits.stray_octets) {
                    count(&mut self.counters.late_segments, 1);
                    return Standing::Unwanted;
                }
                Standing::Over
            }
        }
    }

    fn is_idle(&self, entry: &Entry<S>, now_ns: u64) -> bool {
        let seconds = match entry.state {
            State::Live(_) | State::Left => self.limits.idle_seconds,
            State::Closed(_) => self.limits.linger_seconds,
        };
        now_ns.saturating_sub(entry.last_ns) >= seconds.saturating_mul(1_000_000_000)
    }

    /// Begins a flow, for which another may have to make room.
    fn begin<R: Reader<State = S>>(
        &mut self,
        key: Key,
        side: Side,
        segment: &Segment<'_>,
        reader: &mut R,
    ) -> u32 {
        while self.slots.len() >= self.capacity {
            let oldest = [CLOSED, UNREAD, READ]
                .into_iter()
                .find_map(|list| self.slots.oldest(list).map(|id| (list, id)));
            let Some((list, id)) = oldest else { break };
            count(&mut self.counters.evicted_unread, (list == UNREAD).into());
            count(&mut self.counters.evicted, (list == READ).into());
            self.remove(id, &segment.at, reader);
        }
        count(&mut self.counters.flows, 1);
        let state = State::Live(Box::new(Live::new(segment, side)));
        let id = self
            .slots
            .insert(UNREAD, Entry { key, last_ns: segment.at.time_ns, due_ns: None, state });
        self.index.insert(key, id);
        id
    }

    /// Has a flow take a segment.
    fn run<R: Reader<State = S>>(
        &mut self,
        id: u32,
        side: Side,
        segment: &Segment<'_>,
        reader: &mut R,
    ) {
        let Some(entry) = self.slots.get_mut(id) else { return };
        let State::Live(live) = &mut entry.state else { return };
        entry.last_ns = segment.at.time_ns;
        let (limits, counters, at) = (&self.limits, &mut self.counters, segment.at);
        let share = limits.gap_flows.div_ceil(PARTITIONS.into());
        let waits = || self.gaps.contains(&(live.flow.first.sequence, id));
        let may_wait = self.gaps.len() < share || waits();
        let after = live.take(side, segment, &mut Pass { reader, limits, counters, at, may_wait });
        let stray = match after {
            After::Goes | After::Ends => return self.settle(id, &after, &segment.at, reader),
            After::Another => None,
            After::AnotherFrom(stray) => Some(stray),
        };

        let key = entry.key;
        self.remove(id, &segment.at, reader);
        let id = self.begin(key, side, segment, reader);
        if let Some(State::Live(live)) = self.slots.get_mut(id).map(|entry| &mut entry.state) {
            let (limits, counters) = (&self.limits, &mut self.counters);
            let mut pass = Pass { reader, limits, counters, at, may_wait };
            if let Some(stray) = stray {
                live.put(side, stray.part(), &mut pass);
            }
            let after = live.take(side, segment, &mut pass);
            self.settle(id, &after, &segment.at, reader);
        }
    }

    /// Files a flow under what has become of it.
    fn settle<R: Reader<State = S>>(&mut self, id: u32, after: &After, at: &At, reader: &mut R) {
        let Some(entry) = self.slots.get_mut(id) else { return };
        let State::Live(live) = &entry.state else { return };
        let place = (live.flow.first.sequence, id);
        let ends = matches!(after, After::Ends);
        let left = matches!(live.reading, Reading::Nobody);
        if live.is_open() && !ends && !left {
            self.gaps.insert(place);
        } else if !self.gaps.is_empty() {
            self.gaps.remove(&place);
        }
        if entry.due_ns.is_none() {
            entry.due_ns = match &live.reading {
                Reading::By(state) => reader.due_ns(state),
                Reading::Unasked | Reading::Nobody if live.attempted => {
                    let waits_ns = self.limits.answer_seconds.saturating_mul(1_000_000_000);
                    Some(live.flow.first.time_ns.saturating_add(waits_ns))
                }
                Reading::Unasked | Reading::Nobody => None,
            };
            self.due.extend(entry.due_ns.map(|due_ns| (due_ns, id)));
        }
        let list = if ends {
            if let State::Live(live) = core::mem::replace(&mut entry.state, State::Left) {
                let (limits, counters) = (&self.limits, &mut self.counters);
                let next =
                    live.end(&mut Pass { reader, limits, counters, at: *at, may_wait: true });
                entry.state = State::Closed(next);
            }
            CLOSED
        } else if left {
            entry.state = State::Left;
            UNREAD
        } else if matches!(live.reading, Reading::Unasked) {
            UNREAD
        } else {
            READ
        };
        self.slots.touch(id, list);
    }

    /// Tells readers that the time has come that they wait for.
    fn tell_due<R: Reader<State = S>>(&mut self, at: &At, reader: &mut R) {
        if self.due.first().is_none_or(|(due_ns, _)| *due_ns > at.time_ns) {
            return;
        }
        let later = self.due.split_off(&(at.time_ns.saturating_add(1), 0));
        for (_, id) in core::mem::replace(&mut self.due, later) {
            let Some(entry) = self.slots.get_mut(id) else { continue };
            entry.due_ns = None;
            let State::Live(live) = &mut entry.state else { continue };
            let (limits, counters) = (&self.limits, &mut self.counters);
            let mut pass = Pass { reader, limits, counters, at: *at, may_wait: true };
            live.end_attempt(None, Attempt::Silent, &mut pass);
            let Reading::By(state) = &mut live.reading else { continue };
            reader.due(&live.flow, state, at);
            entry.due_ns = reader.due_ns(state);
            self.due.extend(entry.due_ns.map(|due_ns| (due_ns, id)));
        }
    }

    /// Removes a flow whose time is over.
    fn expire<R: Reader<State = S>>(&mut self, id: u32, at: &At, reader: &mut R) {
        if self.remove(id, at, reader) {
            count(&mut self.counters.expired, 1);
        }
    }

    /// Removes a flow, and says whether somebody was reading it.
    fn remove<R: Reader<State = S>>(&mut self, id: u32, at: &At, reader: &mut R) -> bool {
        let Some(entry) = self.slots.remove(id) else { return false };
        self.index.remove(&entry.key);
        if let Some(due_ns) = entry.due_ns {
            self.due.remove(&(due_ns, id));
        }
        let State::Live(live) = entry.state else { return false };
        self.gaps.remove(&(live.flow.first.sequence, id));
        let read = matches!(live.reading, Reading::By(_));
        let (limits, counters) = (&self.limits, &mut self.counters);
        live.end(&mut Pass { reader, limits, counters, at: *at, may_wait: true });
        read
    }

    /// Slots in the order of their flows' first packets; what is not followed comes first.
    fn in_order(&self, ids: impl Iterator<Item = u32>) -> Vec<u32> {
        let first = |id: u32| match &self.slots.get(id)?.state {
            State::Live(live) => Some(live.flow.first.sequence),
            State::Left | State::Closed(_) => None,
        };
        let mut places: Vec<_> = ids.map(|id| (first(id), id)).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, id)| id).collect()
    }
}

/// Whether a segment of a closed flow brings nothing that was not there before the end.
fn is_late(segment: &Segment<'_>, next: Option<u32>, reach: u32) -> bool {
    let Transport::Tcp { sequence, syn, .. } = segment.transport else { return false };
    let size = octets(segment.payload.len()).saturating_add(segment.cut.into());
    if syn || size == 0 {
        return !syn;
    }
    let behind = next.map(|next| distance(sequence_at(sequence, size), next));
    behind.is_some_and(|behind| (0..=reach.into()).contains(&behind))
}
