//! Devices that are alike: what one of them was given says what another may be given.
//!
//! Stations are built from a few types of devices, and types show in what is read of them. Two devices are alike
//! if at least half of what is read of either is read of the other too, and neither reports twice as many points
//! as the other: outstations that are read by class all look the same until they answer.

use crate::event::{Device, Space};
use crate::ledger::{Command, CommandSum, DeviceSum, Ledger};

/// The devices like `ours` that were given a command, and what was learned of it there; sorted.
pub(super) fn given<'a>(
    ledger: &'a Ledger,
    ours: &Device,
    command: Command,
) -> Vec<(&'a Device, &'a CommandSum)> {
    let Some(sum) = ledger.device(ours) else { return Vec::new() };
    let mut others: Vec<_> = ledger
        .given(command)
        .filter(|(device, _, _)| *device != ours && device.protocol == ours.protocol)
        .filter(|(device, other, _)| read_alike(sum, other) && report_alike(ledger, ours, device))
        .map(|(device, _, command)| (device, command))
        .collect();
    others.sort_unstable_by_key(|(device, _)| **device);
    others
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
