//! Benign things that people do, and that look like attacks.

use std::collections::VecDeque;

use super::Attack;
use super::danger::files;
use super::scan::who;
use super::tools::{Aim, command_asks, how_set};
use crate::simulate::clock::{DAY, HOUR, MINUTE, MS, SECOND, times};
use crate::simulate::exchange::{Ask, Part};
use crate::simulate::operator::{choice, command};
use crate::simulate::place::{Place, Space};
use crate::simulate::site::{Happening, Protocol};
use crate::simulate::upkeep::{fail_over, leave, look_after, set_clock};
use crate::simulate::world::World;
use crate::simulate::{modbus, outstation as dnp3};

/// When people are at work, and a maintenance window is: hours of the day.
const WORK: core::ops::Range<u64> = 8..16;

/// Does it now if that is when people work; else on the next morning, if there is one.
fn at_work(
    world: &mut World,
    attack: &mut Attack,
    work: impl FnOnce(&mut World, &mut Attack) + 'static,
) {
    let now = world.now;
    let hour = (now % DAY) / HOUR;
    let today = now.saturating_sub(now % DAY);
    let late = attack.chance.below(times(5, HOUR));
    let day = if hour < WORK.start { today } else { today.saturating_add(DAY) };
    let morning = day.saturating_add(times(WORK.start, HOUR)).saturating_add(late);
    if WORK.contains(&hour) || morning >= world.end {
        work(world, attack);
    } else {
        let mut attack = attack.clone();
        world.at(morning, move |world| work(world, &mut attack));
    }
}

/// Whoever looks after devices; the master, where nobody does.
fn engineer(world: &mut World, attack: &mut Attack, device: usize) -> Option<Aim> {
    let site = std::rc::Rc::clone(&world.site);
    let upkeep = site.upkeep.iter().find(|it| it.is == Happening::Maintenance);
    let Some(host) = upkeep.and_then(|it| world.host(&it.host)) else {
        return attack.insider(world, device);
    };
    Some(attack.aim(world, host, device))
}

/// A new laptop: reads a device, and tries a command.
pub(super) fn laptop(world: &mut World, attack: &mut Attack) {
    at_work(world, attack, look_into);
}

fn look_into(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        !world.commanded(device, true).is_empty() || !world.commanded(device, false).is_empty()
    }) else {
        return;
    };
    let Some(aim) = attack.intruder(world, device) else { return };
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    look_after(world, aim.host, device, lasts, attack.chance.clone(), aim.part());
}

/// The same set-point of all devices of a kind moves by a few percent.
pub(super) fn season(world: &mut World, attack: &mut Attack) {
    at_work(world, attack, set_all);
}

fn set_all(world: &mut World, attack: &mut Attack) {
    let set_points = |world: &World, device: usize| world.commanded(device, false);
    let Some(first) = attack.device(world, |world, device| !set_points(world, device).is_empty())
    else {
        return;
    };
    let Some(aim) = attack.insider(world, first) else { return };
    let Some(place) = set_points(world, first).first().copied() else { return };
    let alike = |world: &World, device: usize| set_points(world, device).contains(&place);
    let devices: Vec<usize> =
        (0..world.devices.len()).filter(|device| alike(world, *device)).collect();
    for (number, device) in (0_u64..).zip(devices) {
        let wait = times(number, times(attack.chance.between(38, 42), SECOND));
        world.after(wait, move |world| {
            let Some(host) = world.master_of(device) else { return };
            let how = how_set(world, device, place);
            let held = world.devices.get(device).map_or(0, |it| it.held(place));
            let value = held.saturating_mul(106) / 100;
            for ask in command_asks(place, value, how) {
                world.ask(host, device, &ask, &Part::Request(aim.act));
            }
        });
    }
}

/// The standby takes over, as planned.
pub(super) fn drill(world: &mut World, attack: &mut Attack) {
    let site = std::rc::Rc::clone(&world.site);
    let main = site.hosts.iter().find_map(|host| host.standby_for.as_deref());
    let Some(host) = main.and_then(|name| world.host(name)) else { return };
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    let Some(aim) = attack.insider(world, 0) else { return };
    world.lasts(aim, &[], lasts);
    fail_over(world, host, lasts);
}

/// The engineer asks all devices who they are, one after the other.
pub(super) fn inventory(world: &mut World, attack: &mut Attack) {
    at_work(world, attack, |world, attack| {
        let Some(aim) = engineer(world, attack, 0) else { return };
        let devices = 0..world.devices.len();
        let asks: VecDeque<(usize, Ask)> = devices
            .flat_map(|device| who(world, device).into_iter().map(move |ask| (device, ask)))
            .collect();
        let all: Vec<usize> = (0..world.devices.len()).collect();
        let lasts = times(u64::try_from(asks.len()).unwrap_or(0), times(4, SECOND));
        attack.ask_many(world, aim, asks, (900, 3_000));
        world.after(lasts.saturating_add(MINUTE), move |world| {
            for device in all {
                leave(world, aim.host, device);
            }
        });
    });
}

/// The master polls something more from now on.
pub(super) fn new_poll(world: &mut World, attack: &mut Attack) {
    let Some((device, ask)) = attack
        .device(world, |world, device| unread(world, device).is_some())
        .and_then(|device| Some((device, unread(world, device)?)))
    else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    read_again(world, aim, ask);
}

fn read_again(world: &mut World, aim: Aim, ask: Ask) {
    if let Some(host) = world.master_of(aim.device) {
        world.ask(host, aim.device, &ask, &aim.part());
    }
    world.after(MINUTE, move |world| read_again(world, aim, ask));
}

/// A read of points that no poll reads by itself.
fn unread(world: &World, device: usize) -> Option<Ask> {
    let it = world.devices.get(device)?;
    if it.protocol == Protocol::Dnp3 {
        it.places(Space::Counter).next()?;
        return Some(Ask::Dnp3(dnp3::Ask::Range { group: 20, variation: 0, start: 0, stop: 0 }));
    }
    let polled = |place: &Place| {
        world.site.polls.iter().any(|poll| {
            poll.space == Some(place.space)
                && (poll.start..poll.start.saturating_add(poll.count)).contains(&place.address)
                && world.named(&poll.devices).contains(&device)
        })
    };
    let place = it.points.keys().find(|place| !polled(place))?;
    let (space, start) = (place.space, place.address);
    Some(Ask::Modbus(modbus::Ask::Read { space, start, count: 1 }))
}

/// Operators switch one device after the other, and back again an hour later, by plan.
pub(super) fn switching(world: &mut World, attack: &mut Attack) {
    at_work(world, attack, |world, attack| {
        let commanded = |world: &World, device: usize| !world.commanded(device, true).is_empty();
        let Some(first) = attack.device(world, commanded) else { return };
        let Some(aim) = attack.insider(world, first) else { return };
        let devices = (0..world.devices.len()).filter(|device| commanded(world, *device));
        let devices: Vec<usize> = devices.cycle().skip(first).take(6).collect();
        for (number, device) in (0_u64..).zip(devices) {
            let Some(place) = world.commanded(device, true).first().copied() else { continue };
            let wait = times(number, times(attack.chance.between(40, 75), SECOND));
            for wait in [wait, wait.saturating_add(HOUR)] {
                world.after(wait, move |world| operated(world, aim, device, place));
            }
        }
    });
}

/// Somebody uses a point that nobody used before.
pub(super) fn first_use(world: &mut World, attack: &mut Attack) {
    at_work(world, attack, |world, attack| {
        let free = |world: &World, device: usize| {
            let free = world.never_commanded(device);
            free.into_iter().filter(|place| place.space.is_binary()).collect::<Vec<Place>>()
        };
        let Some(device) = attack.device(world, |world, it| !free(world, it).is_empty()) else {
            return;
        };
        let Some(place) = free(world, device).first().copied() else { return };
        let Some(aim) = attack.insider(world, device) else { return };
        operated(world, aim, device, place);
    });
}

/// An operator turns a switch over.
fn operated(world: &mut World, aim: Aim, device: usize, place: Place) {
    let Some(host) = world.master_of(device) else { return };
    let value = world.devices.get(device).map_or(0, |it| choice(it, place, 0));
    let how = how_set(world, device, place);
    command(world, host, device, &[(place, value)], how, &Part::Request(aim.act));
}

/// The master sets all clocks, out of turn.
pub(super) fn clocks(world: &mut World, attack: &mut Attack) {
    let Some(first) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.insider(world, first) else { return };
    let devices = (0..world.devices.len()).filter(|it| world.speaks(*it, Protocol::Dnp3));
    let devices: Vec<usize> = devices.collect();
    world.lasts(aim, &devices, MINUTE);
    for (number, device) in (0_u64..).zip(devices) {
        world.after(times(number, times(400, MS)), move |world| {
            set_clock(world, aim.host, device);
        });
    }
}

/// The engineer reads and writes a device's files.
pub(super) fn update(world: &mut World, attack: &mut Attack) {
    at_work(world, attack, |world, attack| {
        let Some(device) = attack.device(world, |_, _| true) else { return };
        let Some(aim) = engineer(world, attack, device) else { return };
        let asks = files(world, device);
        attack.ask_all(world, aim, asks, (2_000, 9_000));
        world.after(times(3, MINUTE), move |world| leave(world, aim.host, device));
    });
}
