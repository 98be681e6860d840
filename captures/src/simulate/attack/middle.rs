//! Somebody sits between the master and a device, and changes what passes, or keeps it.

use super::Attack;
use super::tools::{Aim, how_set};
use crate::dnp3::{Iin, binary_events};
use crate::simulate::channel::Middle;
use crate::simulate::clock::{MINUTE, MS, SECOND, as_ms, times};
use crate::simulate::device::Bend;
use crate::simulate::exchange::Part;
use crate::simulate::operator::{choice, command};
use crate::simulate::place::{Place, Space};
use crate::simulate::site::{Behaviour, Protocol};
use crate::simulate::tamper::{Tamper, What};
use crate::simulate::upkeep::fault;
use crate::simulate::world::World;

/// Does something to what passes to and from a device, for as long as the attack lasts.
fn tamper(world: &mut World, attack: &mut Attack, device: usize, what: What) {
    let Some(aim) = attack.insider(world, device) else { return };
    let middle = attack.middle();
    tamper_as(world, attack, aim, what, middle);
}

/// The same as part of an act, with this to be seen of whoever does it.
pub(super) fn tamper_as(world: &mut World, attack: &Attack, aim: Aim, what: What, middle: Middle) {
    let minutes = attack.parameter("minutes").max(1);
    let until = world.now.saturating_add(times(minutes, MINUTE)).min(world.end);
    let points = if let What::Bend(bends) = &what {
        bends.iter().map(|bend| bend.place).collect()
    } else {
        Vec::new()
    };
    let Aim { device, .. } = aim;
    let target = world.ip_of(device);
    if let Some(act) = world.acts.get_mut(aim.act) {
        // Whoever sits in the middle has no IP address that could be named.
        act.actor.clear();
        act.concerns(&target, &points);
        act.end_ns = until;
    }
    let now = world.now;
    world.tampers.retain(|it| now < it.until);
    world.tampers.push(Tamper { act: aim.act, device, until, middle, what });
}

/// A device that its master polls.
fn polled(world: &World, device: usize) -> bool {
    world.site.polls.iter().any(|poll| world.named(&poll.devices).contains(&device))
}

/// Changes a measured value.
pub(super) fn change(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| !measured(world, device).is_empty())
    else {
        return;
    };
    let places = measured(world, device);
    let Some(place) = attack.chance.pick(&places).copied() else { return };
    let permille = i64::try_from(attack.parameter("percent").saturating_mul(10)).unwrap_or(1_000);
    tamper(world, attack, device, What::Bend(vec![Bend { place, permille, add: 0 }]));
}

/// What is measured at a device and polled.
pub(super) fn measured(world: &World, device: usize) -> Vec<Place> {
    let Some(it) = world.devices.get(device) else { return Vec::new() };
    let polled = |place: &Place| {
        it.protocol == Protocol::Dnp3
            || world.site.polls.iter().any(|poll| {
                poll.space == Some(place.space)
                    && (poll.start..poll.start.saturating_add(poll.count)).contains(&place.address)
                    && world.named(&poll.devices).contains(&device)
            })
    };
    it.points
        .keys()
        .filter(|place| it.spec(**place).is_some_and(|spec| spec.is == Behaviour::Load))
        .filter(|place| polled(place))
        .copied()
        .collect()
}

/// Shows what was when it began.
pub(super) fn freeze(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| !measured(world, device).is_empty())
    else {
        return;
    };
    let at = world.now;
    tamper(world, attack, device, What::Freeze { at });
}

/// Shows what was some time ago.
pub(super) fn replay(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| !measured(world, device).is_empty())
    else {
        return;
    };
    let back = times(attack.parameter("back_min"), MINUTE);
    tamper(world, attack, device, What::Replay { back });
}

/// Keeps commands; the operator tries twice while it lasts.
pub(super) fn block_commands(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        polled(world, device) && !world.commanded(device, true).is_empty()
    }) else {
        return;
    };
    let places = world.commanded(device, true);
    let Some(place) = attack.chance.pick(&places).copied() else { return };
    tamper(world, attack, device, What::DropCommands);
    operated(world, attack, device, place);
}

/// Changes what operators set, who do so while it lasts.
pub(super) fn change_commands(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        polled(world, device) && !world.commanded(device, false).is_empty()
    }) else {
        return;
    };
    let places = world.commanded(device, false);
    let Some(place) = attack.chance.pick(&places).copied() else { return };
    let add = i64::try_from(attack.parameter("add")).unwrap_or(1);
    tamper(world, attack, device, What::Rewrite { add });
    operated(world, attack, device, place);
}

/// An operator commands a point twice while it lasts.
fn operated(world: &mut World, attack: &mut Attack, device: usize, place: Place) {
    for minute in [3_u64, 5] {
        let draw = attack.chance.next();
        world.after(times(minute, MINUTE), move |world| {
            let Some(host) = world.master_of(device) else { return };
            let value = world.devices.get(device).map_or(0, |it| choice(it, place, draw));
            let act = world.act(false, "", host);
            let how = how_set(world, device, place);
            command(world, host, device, &[(place, value)], how, &Part::Request(act));
        });
    }
}

/// Keeps answers.
pub(super) fn block_answers(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, polled) else { return };
    tamper(world, attack, device, What::DropAnswers);
}

/// Keeps reports. A change that would have been reported happens while it lasts.
pub(super) fn block_reports(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, reports) else { return };
    tamper(world, attack, device, What::DropReports);
    world.after(times(7, MINUTE), move |world| fault(world, device));
}

/// Whether a device reports unasked.
fn reports(world: &World, device: usize) -> bool {
    world.devices.get(device).is_some_and(|it| !it.outstation.unsolicited.is_empty())
}

/// Has answers come later.
pub(super) fn delay(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, polled) else { return };
    let ns = times(attack.parameter("ms"), MS);
    tamper(world, attack, device, What::Delay { ns });
}

/// Sets indications.
pub(super) fn indicate(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, polled) else { return };
    let iin = Iin::DEVICE_TROUBLE | Iin::LOCAL_CONTROL | Iin::CONFIG_CORRUPT;
    tamper(world, attack, device, What::Indicate(iin));
}

/// Has an outstation no longer ask for proof; an operator commands it twice while that lasts. Nothing shows of whoever
/// did it: the outstation itself was changed.
pub(super) fn downgrade(world: &mut World, attack: &mut Attack) {
    let commanded = |world: &World, device: usize| !world.commanded(device, true).is_empty();
    let Some(device) = attack.device(world, commanded) else { return };
    let places = world.commanded(device, true);
    let Some(place) = attack.chance.pick(&places).copied() else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    tamper_as(world, attack, aim, What::Downgrade, Middle::default());
    operated(world, attack, device, place);
}

/// Tells of changes that did not happen, in the outstation's name.
pub(super) fn forge(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        reports(world, device) && world.reports_to.contains_key(&device)
    }) else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    for number in 0..attack.parameter("count") {
        let wait = times(number, times(attack.chance.between(3, 12), SECOND));
        world.after(wait, move |world| forge_one(world, aim, number.is_multiple_of(2)));
    }
}

fn forge_one(world: &mut World, aim: Aim, on: bool) {
    let Some(server) = world.devices.get(aim.device).map(|it| it.server) else { return };
    let Some(host) = world.reports_to.get(&aim.device).copied() else { return };
    let Some(mut channel) = world.channels.remove(&(host, server)) else { return };
    let place = Place { space: Space::BinaryInput, address: 0 };
    let mark = world.mark(aim.act, aim.device, vec![place]);
    if channel.is_open {
        let headers = [binary_events(&[(0, !on, as_ms(world.now))])];
        let forged = |device: &mut crate::simulate::device::Device| {
            // Whoever forges guesses the sequence, and is wrong by a few.
            let outstation = &mut device.outstation;
            let sequence = outstation.next_unsolicited;
            outstation.next_unsolicited = sequence.wrapping_add(5) & 0x0f;
            let answer = outstation.report(Iin::CLASS_1_EVENTS, &headers);
            outstation.next_unsolicited = sequence;
            Some(answer)
        };
        world.says(&mut channel, host, aim.device, forged, Some(&mark));
    }
    world.channels.insert((host, server), channel);
}
