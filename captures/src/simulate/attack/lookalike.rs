//! Benign things that look like attacks.

use super::Attack;
use super::tools::command_asks;
use crate::simulate::clock::{MINUTE, SECOND, times};
use crate::simulate::exchange::Part;
use crate::simulate::operator::usual;
use crate::simulate::place::Place;
use crate::simulate::random::low_octet;
use crate::simulate::upkeep::{fail_over, look_after};
use crate::simulate::world::World;

/// A new laptop: reads a device, and tries a command.
pub(super) fn laptop(world: &mut World, attack: &mut Attack) {
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

fn how_set(world: &World, device: usize, place: Place) -> crate::simulate::site::How {
    let mut operators = world.site.operators.iter();
    operators
        .find(|it| it.points.contains(&place) && world.named(&it.devices).contains(&device))
        .map_or_else(|| usual(world, device), |operator| operator.how)
}

/// A device is gone for a while, and back with another Ethernet address.
pub(super) fn replaced(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    world.restart(device, lasts, None);
    let last = low_octet(attack.chance.next());
    world.after(lasts.saturating_sub(SECOND), move |world| {
        let Some(server) = world.devices.get(device).map(|it| it.server) else { return };
        if let Some(server) = world.servers.get_mut(server) {
            server.place.mac = [2, 0x42, 0xfe, 0, 0, last];
        }
        // Sessions that were waiting would still have the old address.
        world.channels.retain(|(_, to), _| *to != server);
    });
}

/// Power fails: half of the devices restart within a minute.
pub(super) fn power_cut(world: &mut World, attack: &mut Attack) {
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    for device in 0..world.devices.len() {
        if attack.chance.chance(500_000) {
            let wait = attack.chance.below(2 * SECOND);
            let away = lasts.saturating_add(attack.chance.below(40 * SECOND));
            world.after(wait, move |world| world.restart(device, away, None));
        }
    }
}

/// The standby takes over, as planned.
pub(super) fn drill(world: &mut World, attack: &mut Attack) {
    let site = std::rc::Rc::clone(&world.site);
    let main = site.hosts.iter().find_map(|host| host.standby_for.as_deref());
    let Some(host) = main.and_then(|name| world.host(name)) else { return };
    fail_over(world, host, times(attack.parameter("minutes").max(1), MINUTE));
}
