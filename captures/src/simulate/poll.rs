//! Polls and unsolicited reports: what goes on by itself.

use super::clock::{MS, SECOND, times};
use super::exchange::{Ask, Part};
use super::outstation::class;
use super::place::Space;
use super::site::{Poll, Protocol};
use super::world::World;
use super::{modbus, outstation as dnp3};

/// How often an outstation looks for events to report.
const LOOKS_EVERY: u64 = 2 * SECOND;

/// Has all polls of the site begin.
pub(super) fn begin(world: &mut World) {
    let site = std::rc::Rc::clone(&world.site);
    let begun = world.now;
    for (number, poll) in (0_u64..).zip(&site.polls) {
        let Some(host) = world.host(&poll.host) else { continue };
        let Some(ask) = ask(poll) else { continue };
        for (place, device) in (0_u64..).zip(world.named(&poll.devices)) {
            // One after the other, so that a master does not ask all at the same time.
            let first = times(number, 70 * MS).saturating_add(times(place, 130 * MS));
            let every = times(poll.every_ms, MS);
            let at = begun.saturating_add(SECOND).saturating_add(first);
            let ask = ask.clone();
            world.at(at, move |world| repeat(world, host, device, ask, at, every));
        }
    }
    let reporting = |device: &super::device::Device| !device.outstation.unsolicited.is_empty();
    let devices: Vec<usize> =
        (0..).zip(&world.devices).filter(|(_, it)| reporting(it)).map(|(id, _)| id).collect();
    for (place, device) in (0_u64..).zip(devices) {
        let first = SECOND.saturating_mul(5).saturating_add(times(place, 37 * MS));
        world.after(first, move |world| look(world, device));
    }
}

fn repeat(world: &mut World, host: usize, device: usize, ask: Ask, planned: u64, every: u64) {
    let acting = world.acting(host);
    world.ask(acting, device, &ask, &Part::None);
    // Timers of masters are late by some milliseconds, but do not run away.
    let planned = planned.saturating_add(every);
    let late = super::random::hash(&[world.seed, planned, acting_number(device)]) % (15 * MS);
    world.at(planned.saturating_add(late), move |world| {
        repeat(world, host, device, ask, planned, every);
    });
}

fn acting_number(device: usize) -> u64 {
    u64::try_from(device).unwrap_or(0)
}

/// What a poll asks.
pub(super) fn ask(poll: &Poll) -> Option<Ask> {
    match poll.space {
        Some(space) => {
            Some(Ask::Modbus(modbus::Ask::Read { space, start: poll.start, count: poll.count }))
        }
        None if !poll.classes.is_empty() => {
            let classes = poll.classes.iter().map(|number| class(*number)).collect();
            Some(Ask::Dnp3(dnp3::Ask::Classes(classes)))
        }
        None => None,
    }
}

/// Reads of everything that a device has, as somebody does who looks after it.
pub(super) fn everything(world: &World, device: usize) -> Vec<Ask> {
    let Some(device) = world.devices.get(device) else { return Vec::new() };
    if device.protocol == Protocol::Dnp3 {
        return vec![Ask::Dnp3(dnp3::Ask::Classes([1, 2, 3, 0].map(class).to_vec()))];
    }
    let spaces = [Space::Coil, Space::DiscreteInput, Space::HoldingRegister, Space::InputRegister];
    let mut asks = vec![Ask::Modbus(modbus::Ask::Identify)];
    for space in spaces {
        let mut places = device.places(space);
        let Some(first) = places.next() else { continue };
        let run = places.zip(1_u16..).take_while(|(place, number)| {
            place.address == first.address.saturating_add(*number) && *number < 100
        });
        let count = u16::try_from(run.count()).unwrap_or(0).saturating_add(1);
        asks.push(Ask::Modbus(modbus::Ask::Read { space, start: first.address, count }));
    }
    asks
}

/// An outstation reports what changed, if it may and nobody keeps it from doing so.
fn look(world: &mut World, device: usize) {
    world.after(LOOKS_EVERY, move |world| look(world, device));
    let now = world.now;
    let tampers = world.tampers_with(device);
    let lens = super::exchange::lens(&tampers, now);
    let Some(it) = world.devices.get_mut(device) else { return };
    if now < it.away_until {
        return;
    }
    it.sample(&lens);
    let server = it.server;
    let Some(host) = world.reports_to.get(&device).copied() else { return };
    let Some(mut channel) = world.channels.remove(&(host, server)) else { return };
    if channel.is_open && channel.free_at <= now {
        let dropped = tampers.iter().any(|it| matches!(it.what, super::tamper::What::DropReports));
        if dropped {
            if let Some(it) = world.devices.get_mut(device) {
                it.unsolicited();
            }
        } else {
            world.says(&mut channel, host, device, super::device::Device::unsolicited, None);
        }
    }
    world.channels.insert((host, server), channel);
}
