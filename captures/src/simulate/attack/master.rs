//! The master itself does what it never did: somebody has it, or sits beside it.

use super::Attack;
use super::tools::{command_asks, outputs};
use crate::dnp3::Crob;
use crate::dnp3::fragment::function;
use crate::frame::Tcp;
use crate::modbus::mbap;
use crate::session::Side;
use crate::simulate::clock::{MINUTE, MS, SECOND, times};
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
    // Set-points have a way of their own: the one of the operator who sets them.
    let how = world
        .site
        .operators
        .iter()
        .find(|it| it.points.contains(&place) && world.named(&it.devices).contains(&device))
        .map_or_else(|| usual(world, device), |operator| operator.how);
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
    for number in 0..attack.parameter("steps") {
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

/// Puts a segment with a command into the master's session. The device obeys and answers; the master, which did not
/// ask, is out of step from then on, and breaks the session off.
pub(super) fn injected(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        let master = world.master_of(device);
        let server = world.devices.get(device).map(|it| it.server);
        let open = master.zip(server).and_then(|key| world.channels.get(&key));
        open.is_some_and(|channel| channel.is_open) && !world.commanded(device, true).is_empty()
    }) else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    let points = world.commanded(device, true);
    let Some(place) = attack.chance.pick(&points).copied() else { return };
    let link = world.hosts.get(aim.host).map_or(1, |host| host.link_address);
    let Some(it) = world.devices.get_mut(device) else { return };
    let (address, modbus_unit) = (it.address, low_octet(u64::from(it.address)));
    let is_dnp3 = it.protocol == Protocol::Dnp3;
    world.with_channel(aim, vec![place], |world, channel, at| {
        let (asked, answered) = if is_dnp3 {
            let ask = dnp3::Ask::Command {
                function: function::DIRECT_OPERATE,
                commands: vec![operate(place, 0)],
            };
            let sequence = channel.line(link, address).next_sequence();
            let asked = channel.line(link, address).master.frames(&ask.fragment(sequence));
            let lens = crate::simulate::device::Lens::clear(at);
            let Some(it) = world.devices.get_mut(device) else { return };
            let Some(answer) = ask.answered_by(it, sequence, at, &lens) else { return };
            world.counts.dnp3 = world.counts.dnp3.saturating_add(2);
            (asked, channel.line(link, address).outstation.frames(&answer.fragment))
        } else {
            let ask = modbus::Ask::WriteCoil { address: place.address, on: false };
            let transaction = channel.transaction.wrapping_add(1);
            let lens = crate::simulate::device::Lens::clear(at);
            let Some(it) = world.devices.get_mut(device) else { return };
            let Some(answer) = ask.answered_by(it, at, &lens) else { return };
            world.counts.modbus = world.counts.modbus.saturating_add(2);
            (mbap(transaction, modbus_unit, &ask.pdu()), mbap(transaction, modbus_unit, &answer))
        };
        let header = Tcp { flags: Tcp::ACK | Tcp::PSH, ..channel.session.next(Side::Client) };
        channel.session.push(Side::Client, at, &header, &asked);
        // The device counts the octets as the master's; the master knows nothing of them.
        let sent = crate::octets::count32(asked.len());
        channel.session.advance(Side::Client, sent);
        channel.session.server_sends(at.saturating_add(times(6, MS)), &answered);
        let stale = Tcp { sequence: header.sequence, ..channel.session.next(Side::Client) };
        channel.session.push(Side::Client, at.saturating_add(times(7, MS)), &stale, &[]);
        let reset = Tcp { flags: Tcp::RST | Tcp::ACK, ..stale };
        channel.session.push(Side::Client, at.saturating_add(times(900, MS)), &reset, &[]);
        channel.free_at = at.saturating_add(SECOND);
    });
    // Its packets are on the wire; what comes next is a session anew.
    let server = world.devices.get(device).map(|it| it.server);
    if let Some(mut channel) = server.and_then(|server| world.channels.remove(&(aim.host, server)))
    {
        channel.anew();
        if let Some(server) = server {
            world.channels.insert((aim.host, server), channel);
        }
    }
}
