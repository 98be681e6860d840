//! Devices that are alike: what one of them was given says what another may be given.
//!
//! Stations are built from a few types of devices, and types show in what is read of them. Two devices are alike
//! if at least half of what is read of either is read of the other too, and neither reports twice as many points
//! as the other: outstations that are read by class all look the same until they answer.

use crate::event::{Device, Space};
use crate::ledger::{Command, CommandSum, DeviceSum, Ledger};

/// Devices that were given a command and are compared at most, the first by their addresses: a long write with an
/// odd value for each register is no more than milliseconds on a site of ten thousand devices. What so many say is
/// not changed much by more.
const COMPARED: usize = 256;

/// The devices like `ours` that were given a command, and what was learned of it there; sorted, and found
/// among the first [`COMPARED`].
pub(super) fn given<'a>(
    ledger: &'a Ledger,
    ours: &Device,
    command: Command,
) -> Vec<(&'a Device, &'a CommandSum)> {
    let Some(sum) = ledger.device(ours) else { return Vec::new() };
    ledger
        .given(command)
        .filter(|(device, _, _)| *device != ours && device.protocol == ours.protocol)
        .take(COMPARED)
        .filter(|(device, other, _)| read_alike(sum, other) && report_alike(ledger, ours, device))
        .map(|(device, _, command)| (device, command))
        .collect()
}

fn read_alike(ours: &DeviceSum, theirs: &DeviceSum) -> bool {
    let both: u64 = ours
        .polled()
        .map(|(space, ranges)| {
            ranges.iter().map(|range| shared(theirs, space, *range)).sum::<u64>()
        })
        .sum();
    let all = addresses(ours).saturating_add(addresses(theirs)).saturating_sub(both);
    both.saturating_mul(2) >= all
}

/// How many addresses of this range are read of a device.
fn shared(device: &DeviceSum, space: Space, (first, last): (u32, u32)) -> u64 {
    let ranges =
        device.polled().filter(|(other, _)| *other == space).flat_map(|(_, ranges)| ranges);
    ranges.map(|range| length((range.0.max(first), range.1.min(last)))).sum()
}

fn addresses(device: &DeviceSum) -> u64 {
    device.polled().flat_map(|(_, ranges)| ranges).map(|range| length(*range)).sum()
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
    use crate::samples::{ended, learned, request, write};

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
        given(&ledger, &ours, command).iter().map(|(device, _)| device.unit).collect()
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
