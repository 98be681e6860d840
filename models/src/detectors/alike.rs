//! Devices that are alike: what one of them was given says what another may be given.
//!
//! Stations are built from a few types of devices, and types show in what is read of them. Two devices are alike
//! if at least half of what is read of either time and again is read of the other too, and neither reports twice as
//! many points as the other: outstations that are read by class all look the same until they answer.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::event::{Device, Space};
use crate::ledger::{Command, CommandSum, Ledger, Tally, ranges};

/// Devices that were given a command and are compared at most, the first by their addresses: a long write with an
/// odd value for each register is no more than milliseconds on a site of ten thousand devices. What so many say is
/// not changed much by more.
const COMPARED: usize = 256;

/// What is read of a device time and again: addresses of each space, as sorted ranges.
type Polled = BTreeMap<Space, Vec<(u32, u32)>>;

/// The devices that are like one, each looked at once.
pub(super) struct Alike<'a> {
    ledger: &'a Ledger,
    ours: Device,
    polled: Polled,
    known: HashMap<&'a Device, bool>,
}

impl<'a> Alike<'a> {
    pub(super) fn to(ledger: &'a Ledger, ours: Device) -> Self {
        Self { ledger, ours, polled: polled(ledger, &ours), known: HashMap::default() }
    }

    /// Those that were given a command, and what was learned of it there; sorted, and found among the first
    /// [`COMPARED`].
    pub(super) fn given(&mut self, command: Command) -> Vec<(&'a Device, &'a CommandSum)> {
        self.ledger
            .given(command)
            .filter(|(device, _, _)| **device != self.ours && device.protocol == self.ours.protocol)
            .take(COMPARED)
            .map(|(device, _, command)| (device, command))
            .filter(|(device, _)| {
                *self.known.entry(device).or_insert_with(|| {
                    report_alike(self.ledger, &self.ours, device)
                        && read_alike(&self.polled, &polled(self.ledger, device))
                })
            })
            .collect()
    }
}

/// What is read of a device, but for what was read so seldom that it is nobody's way: who looked around while it was
/// learned made it none of another type.
fn polled(ledger: &Ledger, device: &Device) -> Polled {
    let mut polled = Polled::new();
    let Some(record) = ledger.record(device) else { return polled };
    let most = record.reads.values().map(Tally::segments).max_by_key(|segments| segments.count());
    for (span, tally) in &record.reads {
        if !most.is_some_and(|most| tally.segments().are_no_way(most)) {
            ranges::add(polled.entry(span.space).or_default(), (span.start, span.last()));
        }
    }
    polled
}

fn read_alike(ours: &Polled, theirs: &Polled) -> bool {
    let of = |space| theirs.get(space).into_iter().flatten();
    let both: u64 = ours
        .iter()
        .flat_map(|(space, ranges)| ranges.iter().map(move |range| (of(space), *range)))
        .map(|(theirs, range)| shared(theirs, range))
        .sum();
    let all = addresses(ours).saturating_add(addresses(theirs)).saturating_sub(both);
    both.saturating_mul(2) >= all
}

/// How many addresses of this range are in those.
fn shared<'a>(ranges: impl Iterator<Item = &'a (u32, u32)>, (first, last): (u32, u32)) -> u64 {
    ranges.map(|range| length((range.0.max(first), range.1.min(last)))).sum()
}

fn addresses(polled: &Polled) -> u64 {
    polled.values().flatten().map(|range| length(*range)).sum()
}

fn length((first, last): (u32, u32)) -> u64 {
    last.checked_sub(first).map_or(0, |more| u64::from(more) + 1)
}

fn report_alike(ledger: &Ledger, ours: &Device, theirs: &Device) -> bool {
    let [ours, theirs] = [ours, theirs]
        .map(|device| ledger.record(device).map_or(0, |record| record.points().len()));
    ours.max(theirs) <= ours.min(theirs).saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Conversation, Event, Intent, Outcome, Target, Value};
    use crate::samples::{ended, later, learned, request, write};

    /// Devices of which every second is of the type of the first, all given the same command.
    fn site(devices: u16) -> Ledger {
        learned((0..devices).flat_map(|unit| {
            let of = |event: Event| {
                let conversation = Conversation { unit, ..event.conversation };
                Event { conversation, ..event }
            };
            let mut poll = of(request(5, 9));
            poll.targets[0].start = if unit % 2 == 0 { 0 } else { 5_000 };
            [poll, of(write(&request(5, 9), 40, Value::Number(f64::from(unit))))]
        }))
    }

    fn units(devices: u16) -> Vec<u16> {
        let ledger = site(devices);
        let ours = Device { unit: 4, ..request(5, 9).conversation.device() };
        let command = Command { intent: Intent::Write, space: Space::HoldingRegister, address: 40 };
        Alike::to(&ledger, ours).given(command).iter().map(|(device, _)| device.unit).collect()
    }

    #[test]
    fn devices_of_the_same_type_are_alike_in_order_and_of_so_many_at_most() {
        assert_eq!(units(10), [0, 2, 6, 8]);
        let all: Vec<u16> = (0..200).filter(|unit| unit % 2 == 0 && *unit != 4).collect();
        assert_eq!(units(200), all);
        let most: Vec<u16> = (0..257).filter(|unit| unit % 2 == 0 && *unit != 4).collect();
        assert_eq!(units(2_000), most, "of 256 others, whatever their type");
    }

    #[test]
    fn who_looked_around_while_it_was_learned_made_no_other_type() {
        let around = |times: u64| {
            let polls = (0..144)
                .flat_map(|nth| (21..24).map(move |server| later(request(5, server), nth * 10)));
            let writes = (21..24).map(|server| write(&request(5, server), 40, Value::Number(1.0)));
            let mut scan = request(66, 22);
            scan.targets[0].count = 2_000;
            let scans = (0..times).map(|nth| later(scan.clone(), nth * 10));
            let ledger = learned(polls.chain(writes).chain(scans));
            let command =
                Command { intent: Intent::Write, space: Space::HoldingRegister, address: 40 };
            let ours = request(5, 21).conversation.device();
            Alike::to(&ledger, ours).given(command).len()
        };
        assert_eq!([0, 1, 7, 8].map(around), [2, 2, 2, 1]);
    }

    #[test]
    fn who_reports_more_than_twice_as_many_points_is_of_another_type() {
        let device = |unit| Device { unit, ..request(5, 9).conversation.device() };
        let mut ledger = site(4);
        let mut alike = |unit, points: u16| {
            let conversation = Conversation { unit, ..request(5, 9).conversation };
            let values = (0..points).map(|_| Value::Number(1.0)).collect();
            let reported = vec![Target { values, ..request(5, 9).targets[0].clone() }];
            let end = ended(request(5, 9), Outcome::Done);
            ledger.learn(&Event { conversation, reported, ..end });
            report_alike(&ledger, &device(0), &device(2))
        };
        assert_eq!(
            [(0, 4), (2, 8), (2, 9)].map(|(unit, points)| alike(unit, points)),
            [false, true, false]
        );
    }
}
