//! A device: its points, what they are at a time, and what commands make of them.
//!
//! A value is a function of the time and of the last two things a point was set to, so that what was a while ago can be
//! asked too: a frozen view and a replay are values of another time.

use std::collections::{BTreeMap, VecDeque};

use super::clock::{MINUTE, MS, SECOND, day};
use super::events::Outstation;
use super::place::{Place, Space};
use super::proof::Proofs;
use super::random::hash;
use super::site::{Behaviour, Model, Points, Protocol};

/// Nanoseconds in an hour.
const HOURS: i128 = 3_600_000_000_000;
/// What a counter of 32 bits counts until it begins anew.
const COUNTS: i128 = 1 << 32;

/// A device.
pub(super) struct Device {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    /// Unit identifier or link address.
    pub(super) address: u16,
    /// The place of its server in the world's list.
    pub(super) server: usize,
    /// What the chance of its values depends on.
    pub(super) seed: u64,
    pub(super) points: BTreeMap<Place, Point>,
    /// Until when it answers nobody.
    pub(super) away_until: u64,
    /// Whether it was told to listen only.
    pub(super) listens_only: bool,
    /// What an outstation has besides.
    pub(super) outstation: Outstation,
    /// What it counts of proofs, if it asks for any.
    pub(super) proofs: Option<Proofs>,
    /// When it answered each read of late: space, start and count of it.
    pub(super) answered: BTreeMap<(u64, u16, u16), VecDeque<u64>>,
}

/// Answers whose time is kept of each read: an hour of one a second, so that somebody can have recorded them.
const RECORDED: usize = 3_600;

/// A point.
pub(super) struct Point {
    spec: Points,
    /// Tells points apart that behave alike.
    seed: u64,
    held: Held,
    /// From when until when it stands still.
    stuck: (u64, u64),
    /// What was last reported of it as an event.
    reported: i64,
}

/// What a point is set to, and was before.
#[derive(Clone, Copy)]
struct Held {
    value: i64,
    before: i64,
    since: u64,
}

impl Held {
    fn at(self, at: u64) -> i64 {
        if at >= self.since { self.value } else { self.before }
    }
}

/// Through what a reader sees the points: normally as they are now.
#[derive(Clone, Debug, Default)]
pub(super) struct Lens {
    /// The time of what is seen.
    pub(super) at: u64,
    /// What is bent on the way.
    pub(super) bends: Vec<Bend>,
}

/// A value that is not passed on as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bend {
    pub(super) place: Place,
    /// Parts in a thousand of the value.
    pub(super) permille: i64,
    /// What is added.
    pub(super) add: i64,
}

impl Lens {
    /// Everything as it is at a time.
    pub(super) fn clear(at: u64) -> Self {
        Self { at, bends: Vec::new() }
    }
}

impl Device {
    pub(super) fn new(name: String, address: u16, server: usize, model: &Model, seed: u64) -> Self {
        let mut points = BTreeMap::new();
        for spec in &model.points {
            for number in 0..spec.count {
                let place = Place { address: spec.at.address.saturating_add(number), ..spec.at };
                let seed = hash(&[seed, u64::from(place.address), space_number(place.space)]);
                points.insert(place, Point::new(number, spec, seed));
            }
        }
        Self {
            name,
            protocol: model.protocol,
            address,
            server,
            seed,
            points,
            away_until: 0,
            listens_only: false,
            outstation: Outstation::new(&model.unsolicited),
            proofs: None,
            answered: BTreeMap::new(),
        }
    }

    /// Notes that a read is answered now. Of another time, it is answered as it was last before that: what
    /// is shown again was recorded.
    pub(super) fn recorded(&mut self, read: (Space, u16, u16), now: u64, at: u64) -> u64 {
        let (space, start, count) = read;
        let answered = self.answered.entry((space_number(space), start, count)).or_default();
        if answered.len() >= RECORDED {
            answered.pop_front();
        }
        answered.push_back(now);
        let before = answered.partition_point(|time| *time <= at);
        before.checked_sub(1).and_then(|last| answered.get(last)).copied().unwrap_or(at)
    }

    /// What a point is, as seen through a lens; nothing if there is no such point.
    pub(super) fn value(&self, place: Place, lens: &Lens) -> Option<i64> {
        let point = self.points.get(&place)?;
        let value = self.truth(point, lens.at);
        let bends = lens.bends.iter().filter(|bend| bend.place == place);
        Some(bends.fold(value, |value, bend| {
            (value.saturating_mul(bend.permille) / 1_000).saturating_add(bend.add)
        }))
    }

    fn truth(&self, point: &Point, at: u64) -> i64 {
        let spec = &point.spec;
        let (stuck, until) = point.stuck;
        let at = if (stuck..until).contains(&at) { stuck } else { at };
        let of = spec.of.and_then(|of| self.points.get(&of));
        let lag = spec.lag_ms.saturating_mul(MS);
        let value = match spec.is {
            Behaviour::Held | Behaviour::Steps => point.held.at(at),
            Behaviour::Load => {
                let swing = spec.swing.saturating_mul(day(at)) / 1_000;
                let usual = spec.base.saturating_add(swing);
                // No two feeders carry the same load: 85 to 115 % of the model's.
                let share = i64::try_from(point.seed % 301).unwrap_or(0).saturating_add(850);
                (usual.saturating_mul(share) / 1_000).saturating_add(point.noise(at))
            }
            Behaviour::Status => of.map_or(0, |of| of.held.at(at.saturating_sub(lag))),
            Behaviour::Follows => {
                of.map_or(0, |of| follow(of.held, at, lag)).saturating_add(point.noise(at))
            }
            Behaviour::Counts => {
                let hours = i128::from(at).saturating_mul(i128::from(spec.base));
                let count = (hours / HOURS).rem_euclid(COUNTS);
                i64::try_from(count).unwrap_or(0)
            }
            // Quarters of an hour, one in a few hundred of which has the alarm on.
            Behaviour::Alarm => {
                i64::from(hash(&[point.seed, at / (15 * MINUTE)]).is_multiple_of(331))
            }
        };
        let cut_off = spec.behind.and_then(|switch| self.points.get(&switch));
        if cut_off.is_some_and(|switch| switch.held.at(at.saturating_sub(lag)) == 0) {
            return 0;
        }
        value
    }

    /// Sets a point that can be set. Whether it could be.
    ///
    /// Steps move what they are steps of, within its limits.
    pub(super) fn set(&mut self, place: Place, value: i64, now: u64) -> bool {
        let Some(spec) = self.points.get(&place).map(|point| point.spec.clone()) else {
            return false;
        };
        match (spec.is, spec.of) {
            (Behaviour::Held, _) => self.hold(place, value, now),
            (Behaviour::Steps, Some(of)) => {
                let Some(moved) = self.points.get(&of) else { return false };
                let step = if value > 0 { 1 } else { -1 };
                let (low, high) = (moved.spec.lowest, moved.spec.highest);
                let next = moved.held.value.saturating_add(step).clamp(low, high.max(low));
                self.hold(of, next, now.saturating_add(spec.lag_ms.saturating_mul(MS)));
            }
            _ => return false,
        }
        true
    }

    fn hold(&mut self, place: Place, value: i64, since: u64) {
        if let Some(point) = self.points.get_mut(&place)
            && point.held.value != value
        {
            point.held = Held { value, before: point.held.value, since };
        }
    }

    /// What a point measures is so many thousandths of what it was, from now on.
    pub(super) fn recalibrate(&mut self, place: Place, permille: i64) {
        if let Some(point) = self.points.get_mut(&place) {
            for value in [&mut point.spec.base, &mut point.spec.swing] {
                *value = value.saturating_mul(permille) / 1_000;
            }
        }
    }

    /// A point stands still from a time to another.
    pub(super) fn stands_still(&mut self, place: Place, span: (u64, u64)) {
        if let Some(point) = self.points.get_mut(&place) {
            point.stuck = span;
        }
    }

    /// What a point is set to.
    pub(super) fn held(&self, place: Place) -> i64 {
        self.points.get(&place).map_or(0, |point| point.held.value)
    }

    /// How a point behaves, and within which limits it is set.
    pub(super) fn spec(&self, place: Place) -> Option<&Points> {
        self.points.get(&place).map(|point| &point.spec)
    }

    /// The places of a space, in order.
    pub(super) fn places(&self, space: Space) -> impl Iterator<Item = Place> {
        self.points.keys().copied().filter(move |place| place.space == space)
    }

    /// Inputs that changed by so much since they were last reported: place and value.
    pub(super) fn changes(&mut self, lens: &Lens) -> Vec<(Place, i64)> {
        let mut changed = Vec::new();
        for (place, point) in &self.points {
            let least = if place.space == Space::BinaryInput { 1 } else { point.spec.deadband };
            if !matches!(place.space, Space::BinaryInput | Space::AnalogInput) || least < 1 {
                continue;
            }
            if let Some(value) = self.value(*place, lens)
                && value.saturating_sub(point.reported).saturating_abs() >= least
            {
                changed.push((*place, value));
            }
        }
        for (place, value) in &changed {
            if let Some(point) = self.points.get_mut(place) {
                point.reported = *value;
            }
        }
        changed
    }
}

impl Point {
    fn new(number: u16, spec: &Points, seed: u64) -> Self {
        let mut spec = spec.clone();
        // Points in a row refer to points in a row.
        for place in [&mut spec.of, &mut spec.behind].into_iter().flatten() {
            place.address = place.address.saturating_add(number);
        }
        let held = Held { value: spec.base, before: spec.base, since: 0 };
        let reported = if spec.is == Behaviour::Load { spec.base } else { 0 };
        Self { spec, seed, held, stuck: (0, 0), reported }
    }

    /// Half of it changes within seconds, half within minutes.
    fn noise(&self, at: u64) -> i64 {
        let most = self.spec.noise / 2;
        let span = u64::try_from(most.saturating_mul(2).saturating_add(1)).unwrap_or(1).max(1);
        let one = |length: u64, kind: u64| {
            let slot = at.checked_div(length).unwrap_or(0);
            let drawn = hash(&[self.seed, kind, slot]).checked_rem(span).unwrap_or(0);
            i64::try_from(drawn).unwrap_or(0).saturating_sub(most)
        };
        one(2 * SECOND, 1).saturating_add(one(7 * MINUTE, 2))
    }
}

/// In a straight line from what it was to what it is, within the lag.
fn follow(held: Held, at: u64, lag: u64) -> i64 {
    let since = at.saturating_sub(held.since);
    if at < held.since || since >= lag {
        return held.at(at);
    }
    let way = i128::from(held.value).saturating_sub(i128::from(held.before));
    let gone = way.saturating_mul(i128::from(since)).checked_div(i128::from(lag)).unwrap_or(0);
    held.before.saturating_add(i64::try_from(gone).unwrap_or(0))
}

fn space_number(space: Space) -> u64 {
    super::random::of_text(&space.to_string())
}
