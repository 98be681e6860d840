//! Benign things that happen by themselves, and that look like attacks.

use super::Attack;
use super::middle::{measured, tamper_as};
use super::tools::Aim;
use crate::simulate::channel::Middle;
use crate::simulate::clock::{HOUR, MINUTE, MS, SECOND, times};
use crate::simulate::random::low_octet;
use crate::simulate::site::Protocol;
use crate::simulate::tamper::What;
use crate::simulate::upkeep::fault;
use crate::simulate::world::World;

/// A device is gone for a while, and back with another Ethernet address.
pub(super) fn replaced(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    let Some(aim) = attack.insider(world, device) else { return };
    world.lasts(aim, &[device], lasts);
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
    let Some(aim) = attack.insider(world, 0) else { return };
    world.lasts(aim, &[], lasts.saturating_add(MINUTE));
    for device in 0..world.devices.len() {
        if attack.chance.chance(500_000) {
            let wait = attack.chance.below(2 * SECOND);
            let away = lasts.saturating_add(attack.chance.below(40 * SECOND));
            world.after(wait, move |world| world.restart(device, away, None));
        }
    }
}

/// A sensor is calibrated anew: what it measures jumps by a few percent, for good.
pub(super) fn recalibrated(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, it| !measured(world, it).is_empty()) else {
        return;
    };
    let Some(place) = attack.chance.pick(&measured(world, device)).copied() else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    world.lasts(aim, &[device], MINUTE);
    let permille = i64::try_from(attack.parameter("permille")).unwrap_or(1_000);
    if let Some(it) = world.devices.get_mut(device) {
        it.recalibrate(place, permille);
    }
}

/// A sensor fails: what it measures stands still.
pub(super) fn stuck(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, it| !measured(world, it).is_empty()) else {
        return;
    };
    let Some(place) = attack.chance.pick(&measured(world, device)).copied() else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let lasts = times(attack.parameter("hours"), HOUR);
    world.lasts(aim, &[device], lasts);
    let span = (world.now, world.now.saturating_add(lasts));
    if let Some(it) = world.devices.get_mut(device) {
        it.stands_still(place, span);
    }
}

/// The line to a device is down for a while.
pub(super) fn line_down(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    world.lasts(aim, &[device], lasts);
    let until = world.now.saturating_add(lasts);
    // All that stand behind the same address.
    let server = world.devices.get(device).map(|it| it.server);
    for it in world.devices.iter_mut().filter(|it| Some(it.server) == server) {
        it.away_until = it.away_until.max(until);
    }
}

/// The network is slow for a while, to everybody.
pub(super) fn congestion(world: &mut World, attack: &mut Attack) {
    let ns = times(attack.parameter("ms"), MS);
    let Some(first) = attack.insider(world, 0) else { return };
    for device in 0..world.devices.len() {
        let aim = Aim { device, ..first };
        tamper_as(world, attack, aim, What::Delay { ns }, Middle::default());
    }
}

/// A storm: faults on many lines within half an hour.
pub(super) fn storm(world: &mut World, attack: &mut Attack) {
    let Some(aim) = attack.insider(world, 0) else { return };
    let lasts = times(attack.parameter("minutes").max(1), MINUTE);
    world.lasts(aim, &[], lasts);
    for device in 0..world.devices.len() {
        if world.speaks(device, Protocol::Dnp3) && attack.chance.chance(600_000) {
            let wait = attack.chance.below(lasts);
            world.after(wait, move |world| fault(world, device));
        }
    }
}
