//! Looking around: hosts, units, points, functions.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use super::Attack;
use super::tools::Aim;
use crate::dnp3::Iin;
use crate::dnp3::fragment::function;
use crate::dnp3::link::{LINK_STATUS, PRM, REQUEST_LINK_STATUS};
use crate::dnp3::{Header, Station};
use crate::frame::{Endpoint, Tcp, set_hops};
use crate::modbus::{mbap, request, response};
use crate::session::{Session, Side};
use crate::simulate::clock::{MS, US, times};
use crate::simulate::exchange::Ask;
use crate::simulate::place::Space;
use crate::simulate::random::low_octet;
use crate::simulate::site::Protocol;
use crate::simulate::upkeep::leave;
use crate::simulate::world::{World, mac};
use crate::simulate::{modbus, outstation as dnp3};

const MODBUS_SPACES: [Space; 4] =
    [Space::Coil, Space::DiscreteInput, Space::HoldingRegister, Space::InputRegister];

/// Knocks at addresses in a row. Devices open and are left at once; the rest is silent.
pub(super) fn hosts(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let count = attack.parameter("count");
    let Some(first) = world.ip4_of(device).map(|ip| ip.to_bits() & 0xffff_ff00) else { return };
    let port = if world.speaks(device, Protocol::Dnp3) { 20_000 } else { 502 };
    for number in 0..count {
        let low = u32::try_from(number.saturating_add(1) % 255).unwrap_or(1);
        let ip = Ipv4Addr::from_bits(first | low);
        let wait = times(number, times(attack.chance.between(18, 22), MS));
        let chance = attack.chance.long();
        world.after(wait, move |world| knock(world, aim, ip, port, chance));
    }
}

fn knock(world: &mut World, aim: Aim, ip: Ipv4Addr, port: u16, number: u32) {
    let Some(host) = world.hosts.get(aim.host) else { return };
    let source = 33_000_u16.saturating_add(u16::try_from(number % 16_000).unwrap_or(0));
    let client = Endpoint { mac: host.mac, ip: host.ip.into(), port: source };
    let server = Endpoint { mac: mac(ip), ip: ip.into(), port };
    let known = world.servers.iter().any(|it| it.place.ip == server.ip && it.place.port == port);
    let hops = host.hops;
    let mut session = Session::new(client, server).numbered(number, !number);
    let at = world.now;
    if known {
        session.open(at);
        session.client_resets(at.saturating_add(times(400, US)));
    } else {
        let syn = Tcp {
            flags: Tcp::SYN,
            acknowledgement: 0,
            largest_segment: Some(1460),
            ..session.next(Side::Client)
        };
        session.push(Side::Client, at, &syn, &[]);
    }
    let mark =
        crate::simulate::labels::Mark { act: aim.act, target: ip.to_string(), points: Vec::new() };
    if let Some(act) = world.acts.get_mut(aim.act) {
        act.take_in(at, &mark);
    }
    let mark = std::rc::Rc::new(mark);
    for mut packet in session.take_packets() {
        let from_device = packet.octets.get(6..12) == Some(&server.mac);
        if !from_device {
            set_hops(&mut packet.octets, hops);
        }
        world.wire.put(packet, from_device, Some(&mark));
    }
}

/// Asks for units or link addresses that may be there.
pub(super) fn units(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let count = attack.parameter("count").min(255);
    next_unit(world, aim, 1, count);
}

fn next_unit(world: &mut World, aim: Aim, unit: u64, last: u64) {
    if unit > last {
        leave(world, aim.host, aim.device);
        return;
    }
    let octet = low_octet(unit);
    let Some(server) = world.devices.get(aim.device).map(|it| it.server) else { return };
    let known = |address: u16| {
        world.servers.get(server).is_some_and(|it| it.devices.contains_key(&address))
    };
    let over = if world.speaks(aim.device, Protocol::Dnp3) {
        let link = world.hosts.get(aim.host).map_or(1, |host| host.link_address);
        // Around the addresses that are in use.
        let mine = world.devices.get(aim.device).map_or(1, |it| it.address);
        let address = mine.saturating_sub(5).saturating_add(u16::from(octet));
        let question = Station::master(link, address).frame(PRM | REQUEST_LINK_STATUS, &[]);
        let answer = Station::outstation(address, link).frame(LINK_STATUS, &[]);
        let answers = known(address) && address == mine;
        world.send(aim, &question, answers.then_some(&answer), Vec::new())
    } else {
        let there = known(u16::from(octet));
        let transaction = world.next_transaction(aim);
        let question = mbap(transaction, octet, &request::read_holding_registers(0, 1));
        let answer = if there {
            mbap(transaction, octet, &response::read_holding_registers(&[0]))
        } else {
            mbap(transaction, octet, &response::exception(3, modbus::NO_SUCH_UNIT))
        };
        world.counts.modbus = world.counts.modbus.saturating_add(2);
        world.send(aim, &question, Some(&answer), Vec::new())
    };
    world.at(over.at.saturating_add(times(30, MS)), move |world| {
        next_unit(world, aim, unit.saturating_add(1), last);
    });
}

/// Reads spans from end to end.
pub(super) fn points(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let count = attack.parameter("count");
    let asks = reads(world.speaks(device, Protocol::Dnp3), count, 10);
    attack.ask_all(world, aim, asks, (20, 80));
}

/// Reads, `width` points at a time, of all spaces in turn.
fn reads(dnp3: bool, count: u64, width: u16) -> Vec<Ask> {
    let one = |number: u64| {
        let kind = usize::try_from(number % 4).unwrap_or(0);
        let start = u16::try_from(number / 4).unwrap_or(u16::MAX).saturating_mul(width);
        if dnp3 {
            let group = [1, 10, 20, 30].get(kind).copied().unwrap_or(1);
            let stop = start.saturating_add(width.saturating_sub(1));
            Ask::Dnp3(dnp3::Ask::Range { group, variation: 0, start, stop })
        } else {
            let space = MODBUS_SPACES.get(kind).copied().unwrap_or(Space::Coil);
            Ask::Modbus(modbus::Ask::Read { space, start, count: width })
        }
    };
    (0..count).map(one).collect()
}

/// Tries every function code.
pub(super) fn functions(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let dnp3 = world.speaks(device, Protocol::Dnp3);
    // What would stop the device, and the scan with it, is left out.
    let asks: Vec<Ask> = (1..=127)
        .filter(|function| !dnp3 || (34..=120).contains(function))
        .map(|function| {
            if dnp3 {
                let headers = Vec::new();
                let iin = Iin::NO_FUNC_CODE_SUPPORT;
                Ask::Dnp3(dnp3::Ask::Other { function, headers, iin })
            } else {
                Ask::Modbus(modbus::Ask::Unknown { pdu: vec![function, 0xff, 0xf0, 0, 1] })
            }
        })
        .collect();
    attack.ask_all(world, aim, asks, (30, 120));
}

/// Asks all devices of a protocol who they are.
pub(super) fn identify(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let dnp3 = world.speaks(device, Protocol::Dnp3);
    let protocol = if dnp3 { Protocol::Dnp3 } else { Protocol::Modbus };
    let all: Vec<usize> =
        (0..world.devices.len()).filter(|device| world.speaks(*device, protocol)).collect();
    let mut asks = VecDeque::new();
    for device in all.into_iter().take(20) {
        asks.extend(who(world, device).into_iter().map(|ask| (device, ask)));
    }
    attack.ask_many(world, aim, asks, (100, 600));
}

/// What asks a device who it is.
pub(super) fn who(world: &World, device: usize) -> Vec<Ask> {
    if world.speaks(device, Protocol::Dnp3) {
        // Attribute 252 of set 0, the maker's name: a text of two letters.
        let headers = vec![Header::range8(0, 252, 0, 0)];
        let answer = vec![Header::range8(0, 252, 0, 0).with(&[1, 2, b'G', b'T'])];
        vec![Ask::Dnp3(dnp3::Ask::Asked { function: function::READ, headers, answer })]
    } else {
        vec![Ask::Modbus(modbus::Ask::Identify), Ask::Modbus(modbus::Ask::ServerId)]
    }
}

/// The master reads single points that it has no poll for.
pub(super) fn collect(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let count = attack.parameter("count");
    let asks = reads(world.speaks(device, Protocol::Dnp3), count, 3);
    attack.ask_all(world, aim, asks, (2_000, 9_000));
}
