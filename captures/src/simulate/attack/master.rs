//! The master itself does what it never did: somebody has it, or sits beside it.

use super::Attack;
use super::tools::{command_asks, how_set, outputs};
use crate::dnp3::Crob;
use crate::dnp3::fragment::function;
use crate::simulate::clock::{MINUTE, SECOND, times};
use crate::simulate::exchange::Ask;
use crate::simulate::operator::{operate, usual};
use crate::simulate::outstation::{Act, Command};
use crate::simulate::place::{Place, Space};
use crate::simulate::random::low_octet;
use crate::simulate::site::{How, Protocol};
use crate::simulate::world::World;
use crate::simulate::{modbus, outstation as dnp3};

/// Writes a point that nobody ever wrote.
pub(super) fn new_point(world: &mut World, attack: &mut Attack) {
    let free = |world: &World, device: usize| {
        let outputs = world.devices.get(device).map(|it| outputs(it.protocol));
        let of = |place: &Place| outputs.is_some_and(|spaces| spaces.contains(&place.space));
        world.never_commanded(device).into_iter().filter(of).collect::<Vec<Place>>()
    };
    let Some(device) = attack.device(world, |world, device| !free(world, device).is_empty()) else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    let places = free(world, device);
    let how = usual(world, device);
    let mut asks = Vec::new();
    for _ in 0..attack.parameter("count") {
        let Some(place) = attack.chance.pick(&places).copied() else { break };
        let held = world.devices.get(device).map_or(0, |it| it.held(place));
        let value = if place.space.is_binary() { 1_i64.saturating_sub(held) } else { 77 };
        asks.extend(command_asks(place, value, how));
    }
    attack.ask_all(world, aim, asks, (800, 4_000));
}

/// Commands a usual point by a function that is never used for it.
pub(super) fn new_verb(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        !world.commanded(device, true).is_empty() || !world.commanded(device, false).is_empty()
    }) else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    let points = [world.commanded(device, true), world.commanded(device, false)].concat();
    let mut asks = Vec::new();
    for _ in 0..attack.parameter("count") {
        let Some(place) = attack.chance.pick(&points).copied() else { break };
        let Some(it) = world.devices.get(device) else { break };
        let value = it.held(place);
        let address = place.address;
        if it.protocol == Protocol::Dnp3 {
            // Latch where pulses are used; select where set-points are set directly.
            let act = match operate(place, value).act {
                Act::Relay(_) if value == 0 => Act::Relay(Crob::LATCH_OFF),
                Act::Relay(_) => Act::Relay(Crob::LATCH_ON),
                Act::Value(value) => Act::Value(value),
            };
            let commands = vec![Command { index: address, act }];
            let select = dnp3::Ask::Command { function: function::SELECT, commands };
            let direct = |ask: &dnp3::Ask| {
                let dnp3::Ask::Command { commands, .. } = ask else { return ask.clone() };
                let function = function::DIRECT_OPERATE;
                dnp3::Ask::Command { function, commands: commands.clone() }
            };
            if place.space == Space::AnalogOutput {
                asks.push(Ask::Dnp3(select));
            } else {
                asks.push(Ask::Dnp3(direct(&select)));
            }
        } else if place.space == Space::Coil {
            let states = vec![value != 0];
            asks.push(Ask::Modbus(modbus::Ask::WriteCoils { address, states }));
        } else {
            let or = modbus::word(value);
            asks.push(Ask::Modbus(modbus::Ask::Mask { address, and: 0, or }));
            let values = vec![modbus::word(value)];
            asks.push(Ask::Modbus(modbus::Ask::ReadWrite {
                start: address,
                count: 1,
                address,
                values,
            }));
        }
    }
    attack.ask_all(world, aim, asks, (800, 4_000));
}

/// A device with a set-point, and the way it is set.
fn set_point(world: &mut World, attack: &mut Attack) -> Option<(usize, Place, How)> {
    let device =
        attack.device(world, |world, device| !world.commanded(device, false).is_empty())?;
    let places = world.commanded(device, false);
    let place = attack.chance.pick(&places).copied()?;
    let how = how_set(world, device, place);
    Some((device, place, how))
}

/// Writes a set-point far outside.
pub(super) fn out_of_range(world: &mut World, attack: &mut Attack) {
    let Some((device, place, how)) = set_point(world, attack) else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let Some(highest) =
        world.devices.get(device).and_then(|it| it.spec(place)).map(|it| it.highest)
    else {
        return;
    };
    let percent = i64::try_from(attack.parameter("percent")).unwrap_or(100);
    let value = highest.saturating_mul(percent) / 100;
    let asks = (0..attack.parameter("count"))
        .flat_map(|number| {
            let more = i64::try_from(number).unwrap_or(0);
            command_asks(place, value.saturating_add(more), how)
        })
        .collect();
    attack.ask_all(world, aim, asks, (4_000, 30_000));
}

/// Moves a set-point by little steps, always the same way.
pub(super) fn drift(world: &mut World, attack: &mut Attack) {
    let Some((device, place, how)) = set_point(world, attack) else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let step = i64::try_from(attack.parameter("step")).unwrap_or(1);
    let every = times(attack.parameter("every_min"), MINUTE);
    let mut value = world.devices.get(device).map_or(0, |it| it.held(place));
    for number in 0..attack.parameter("count") {
        value = value.saturating_add(step);
        let asks = command_asks(place, value, how);
        let late = attack.chance.below(20 * SECOND);
        world.after(times(number, every).saturating_add(late), move |world| {
            for ask in &asks {
                world.ask(aim.host, aim.device, ask, &aim.part());
            }
        });
    }
}

/// Writes a set-point as it is, but for its lowest bits, which say something.
pub(super) fn covert(world: &mut World, attack: &mut Attack) {
    let Some((device, place, how)) = set_point(world, attack) else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let mask = (1_u64 << attack.parameter("bits").min(8)).saturating_sub(1);
    let held = world.devices.get(device).map_or(0, |it| it.held(place));
    let low = i64::from(low_octet(mask));
    let mut asks = Vec::new();
    for _ in 0..attack.parameter("count") {
        let said = i64::from(low_octet(attack.chance.next() & mask));
        asks.extend(command_asks(place, (held & !low) | said, how));
    }
    attack.ask_all(world, aim, asks, (8_000, 25_000));
}
