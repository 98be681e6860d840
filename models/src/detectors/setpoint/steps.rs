//! A set-point that is moved a little at a time, always the same way.
//!
//! Where nobody is heading anywhere, a value goes up as often as down, so that each further move the same way
//! is worth one bit. Automatic control and people who raise a tap step by step do head somewhere: that shows in
//! how many commands the baseline has in one stretch, with no hour without between. Only what goes beyond
//! the longest stretch known, of this device or of one like it, is odd.

use crate::detectors::alike::Alike;
use crate::event::Device;
use crate::ledger::{Command, DeviceSum, Ledger, Tally};

/// Moves that are further apart belong to different stretches: an hour, and in segments of ten minutes.
const APART_NS: u64 = 3_600 * 1_000_000_000;
const APART: u32 = 6;

/// The moves of one set-point in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    value: f64,
    time_ns: u64,
    up: bool,
    /// Moves so far; the value where they began.
    pub(super) moves: u64,
    pub(super) from: f64,
}

impl Steps {
    /// Takes one more value. What is set again as it is, is no move.
    pub(super) fn take(&mut self, value: f64, time_ns: u64) {
        let (was, before_ns) = (self.value, self.time_ns);
        (self.value, self.time_ns) = (value, time_ns);
        let is_first = before_ns == 0 || time_ns.abs_diff(before_ns) >= APART_NS;
        if is_first || !was.is_finite() || !value.is_finite() {
            (self.moves, self.from) = (0, value);
            return;
        }
        if value.total_cmp(&was).is_eq() {
            return;
        }
        let up = value > was;
        if self.moves == 0 || up != self.up {
            (self.moves, self.from, self.up) = (0, was, up);
        }
        self.moves = self.moves.saturating_add(1);
    }
}

/// The most commands in one stretch that the baseline can have, of this device or one like it; `None` where it
/// has forgotten some.
pub(super) fn longest(ledger: &Ledger, device: &Device, command: Command) -> Option<u64> {
    let like = Alike::to(ledger, *device).given(command).into_iter().map(|(device, _)| device);
    let devices = like.chain([device]).filter_map(|device| ledger.device(device));
    devices.map(|sum| of_device(ledger, sum, command)).try_fold(0, |most, one| Some(most.max(one?)))
}

/// The stretches of all clients, as if they followed each other.
fn of_device(ledger: &Ledger, device: &DeviceSum, command: Command) -> Option<u64> {
    let records = device.with.iter().filter_map(|conversation| ledger.conversation(conversation));
    let tallies = records.filter_map(|record| record.command(command)).map(|record| &record.tally);
    tallies.map(stretch).try_fold(0_u64, |sum, one| Some(sum.saturating_add(one?)))
}

/// The most that may have come in one stretch: its segments, and all that came besides one a segment.
fn stretch(tally: &Tally) -> Option<u64> {
    let segments = tally.segments();
    if segments.more() {
        return None;
    }
    let besides = tally.count().saturating_sub(segments.count());
    let (mut longest, mut length, mut end) = (0, 0_u64, None);
    for range in &segments.ranges {
        let near = end.is_some_and(|end| range.first.abs_diff(end) <= APART);
        length = if near { length } else { 0 };
        length = length.saturating_add(range.count());
        (longest, end) = (length.max(longest), Some(range.last));
    }
    Some(longest.saturating_add(besides))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Intent, Space, Value};
    use crate::samples::{later, learned, request, write};

    const MINUTE_NS: u64 = 60_000_000_000;

    fn moves(values: impl IntoIterator<Item = (u64, f64)>) -> u64 {
        let mut steps = Steps::default();
        values.into_iter().for_each(|(minute, value)| steps.take(value, (minute + 1) * MINUTE_NS));
        steps.moves
    }

    #[test]
    fn moves_the_same_way_are_counted_until_one_goes_back_or_an_hour_passes() {
        let up = |minute: u64| (minute * 6, f64::from(u32::try_from(minute).unwrap()));
        assert_eq!(moves((0..10).map(up)), 9);
        assert_eq!(moves((0..10).map(up).chain([(60, 8.5)])), 1);
        assert_eq!(moves((0..10).map(up).chain([(60, 9.0)])), 9);
        assert_eq!(moves((0..10).map(up).chain([(114, 10.0)])), 0);
        assert_eq!(moves((0..10).map(up).chain([(60, f64::NAN), (66, 11.0)])), 0);
    }

    #[test]
    fn the_longest_stretch_is_that_of_the_device_or_one_like_it() {
        let command =
            |server, minute| later(write(&request(5, server), 40, Value::Number(1.0)), minute);
        let of = |events: Vec<Event>| {
            let device = request(5, 21).conversation.device();
            let command =
                Command { intent: Intent::Write, space: Space::HoldingRegister, address: 40 };
            longest(
                &learned(events.into_iter().chain([request(5, 21), request(5, 22)])),
                &device,
                command,
            )
        };
        assert_eq!(of(Vec::new()), Some(0));
        assert_eq!(of((0..20).map(|day| command(21, day * 1_440)).collect()), Some(1));
        assert_eq!(of((0..20).map(|time| command(22, time * 30)).collect()), Some(20));
        assert_eq!(of((0..20).map(|_| command(21, 7)).collect()), Some(20));
        assert_eq!(of((0..200).map(|day| command(21, day * 1_440)).collect()), None);
    }
}
