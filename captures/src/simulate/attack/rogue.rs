//! A host that was never there commands.

use super::Attack;
use super::tools::outputs;
use crate::simulate::exchange::Ask;
use crate::simulate::operator::choice;
use crate::simulate::place::Place;
use crate::simulate::site::{Behaviour, How};
use crate::simulate::world::World;

/// Writes points that operators write, with values as they set them.
pub(super) fn write(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        world.commanded(device, true).len().saturating_add(world.commanded(device, false).len()) > 0
    }) else {
        return;
    };
    let Some(aim) = attack.intruder(world, device) else { return };
    let points = [world.commanded(device, true), world.commanded(device, false)].concat();
    let mut asks = Vec::new();
    for _ in 0..attack.parameter("count") {
        let Some(place) = attack.chance.pick(&points).copied() else { break };
        let draw = attack.chance.next();
        let value = world.devices.get(device).map_or(0, |it| choice(it, place, draw));
        asks.extend(world.command_asks(device, place, value));
    }
    attack.ask_all(world, aim, asks, (300, 1_500));
}

/// Toggles all outputs of a device in turn.
pub(super) fn brute_force(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| !switches(world, device).is_empty())
    else {
        return;
    };
    let Some(aim) = attack.intruder(world, device) else { return };
    let places = switches(world, device);
    let dnp3 = world.speaks(device, crate::simulate::site::Protocol::Dnp3);
    let how = if dnp3 { How::Direct } else { How::Single };
    let count = usize::try_from(attack.parameter("count")).unwrap_or(usize::MAX);
    let toggles = places.iter().cycle().take(count).enumerate();
    let each = places.len().max(1);
    let asks: Vec<Ask> = toggles
        .flat_map(|(number, place)| {
            let on = number.checked_div(each).unwrap_or(0).is_multiple_of(2);
            super::tools::command_asks(*place, i64::from(on), how)
        })
        .collect();
    attack.ask_all(world, aim, asks, (40, 160));
}

/// The switches of a device.
pub(super) fn switches(world: &World, device: usize) -> Vec<Place> {
    let Some(it) = world.devices.get(device) else { return Vec::new() };
    let [binary, _] = outputs(it.protocol);
    it.places(binary)
        .filter(|place| it.spec(*place).is_some_and(|spec| spec.is == Behaviour::Held))
        .collect()
}
