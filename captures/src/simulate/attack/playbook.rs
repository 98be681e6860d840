//! What is reported of outages, in the shape that reports describe.

use std::collections::VecDeque;

use super::Attack;
use super::rogue::switches;
use super::tools::command_asks;
use crate::simulate::exchange::Ask;
use crate::simulate::modbus;
use crate::simulate::place::{Place, Space};
use crate::simulate::site::{How, Protocol};
use crate::simulate::world::World;

/// A new host opens all outputs of several devices, in turn, over and over. (Of Industroyer this is reported for IEC
/// 60870-5-104; what is swept here are the outputs of our protocols.)
pub(super) fn industroyer(world: &mut World, attack: &mut Attack) {
    let Some(first) = attack.device(world, |world, device| !switches(world, device).is_empty())
    else {
        return;
    };
    let Some(aim) = attack.intruder(world, first) else { return };
    let dnp3 = world.speaks(first, Protocol::Dnp3);
    let how = if dnp3 { How::Direct } else { How::Single };
    let protocol = if dnp3 { Protocol::Dnp3 } else { Protocol::Modbus };
    let devices: Vec<usize> = (0..world.devices.len())
        .filter(|device| world.speaks(*device, protocol))
        .filter(|device| !switches(world, *device).is_empty())
        .take(4)
        .collect();
    let mut asks: VecDeque<(usize, Ask)> = VecDeque::new();
    for _ in 0..attack.parameter("rounds") {
        for device in &devices {
            for place in switches(world, *device) {
                asks.extend(command_asks(place, 0, how).into_iter().map(|ask| (*device, ask)));
            }
        }
    }
    attack.ask_many(world, aim, asks, (80, 400));
}

/// A new host does the tasks of a list: reads registers, writes one, writes several.
pub(super) fn frostygoop(world: &mut World, attack: &mut Attack) {
    let registers = |world: &World, device: usize| {
        let it = world.devices.get(device);
        it.map_or_else(Vec::new, |it| it.places(Space::HoldingRegister).collect::<Vec<Place>>())
    };
    let Some(device) = attack.device(world, |world, device| !registers(world, device).is_empty())
    else {
        return;
    };
    let Some(aim) = attack.intruder(world, device) else { return };
    let places = registers(world, device);
    let mut asks = Vec::new();
    for task in 0..attack.parameter("count") {
        let Some(place) = attack.chance.pick(&places).copied() else { break };
        let (start, address, value) = (place.address, place.address, attack.chance.word() % 100);
        asks.push(Ask::Modbus(match task % 3 {
            0 => modbus::Ask::Read { space: Space::HoldingRegister, start, count: 1 },
            1 => modbus::Ask::WriteRegister { address, value },
            _ => modbus::Ask::WriteRegisters { address, values: vec![value] },
        }));
    }
    attack.ask_all(world, aim, asks, (500, 3_000));
}
