//! What attacks are made of: who does it, to whom, step by step.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use super::Attack;
use crate::dnp3::fragment::function;
use crate::frame::HOPS;
use crate::session::Side;
use crate::simulate::channel::Middle;
use crate::simulate::clock::{MS, times};
use crate::simulate::exchange::{Ask, Over, Part};
use crate::simulate::operator::{operate, usual, write};
use crate::simulate::outstation as dnp3;
use crate::simulate::place::{Place, Space};
use crate::simulate::site::{Behaviour, How, Protocol};
use crate::simulate::upkeep::leave;
use crate::simulate::world::{Client, World, mac};

/// A device, and who does something to it.
#[derive(Clone, Copy)]
pub(super) struct Aim {
    pub(super) host: usize,
    pub(super) device: usize,
    pub(super) act: usize,
}

impl Aim {
    /// All of it is part of the act.
    pub(super) fn part(self) -> Part {
        Part::All(self.act)
    }
}

impl Attack {
    /// A device of the protocol that the attack needs, and one that suits.
    pub(super) fn device(
        &mut self,
        world: &World,
        suits: impl Fn(&World, usize) -> bool,
    ) -> Option<usize> {
        let needs = self.kind.needs;
        let fits = |device: &usize| {
            let it = world.devices.get(*device);
            it.is_some_and(|it| needs.met(it.protocol, it.proofs.is_some()))
                && suits(world, *device)
        };
        let devices: Vec<usize> = (0..world.devices.len()).filter(fits).collect();
        self.chance.pick(&devices).copied()
    }

    /// A new host, or one with the addresses of the master, that does something to a device.
    pub(super) fn intruder(&mut self, world: &mut World, device: usize) -> Option<Aim> {
        let master = world.master_of(device)?;
        let its = world.hosts.get(master)?;
        let double = Client {
            name: "double".to_owned(),
            ip: its.ip,
            mac: its.mac,
            hops: self.hops(its.hops),
            link_address: its.link_address,
            acting: 0,
            is_master: false,
            takes_reports: false,
        };
        let host = if self.as_master {
            world.add_host(double)
        } else {
            let [a, b, c, _] = double.ip.octets();
            // Above the hosts that sites have.
            let last = u8::try_from(self.chance.between(200, 239)).unwrap_or(200);
            let ip = Ipv4Addr::new(a, b, c, last);
            world.add_host(Client { name: "intruder".to_owned(), ip, mac: mac(ip), ..double })
        };
        Some(self.aim(world, host, device))
    }

    /// The hops that are left to its packets: as asked; else the master's for one that passes for it, and fewer for
    /// one that sits some routers away.
    pub(super) fn hops(&self, of_master: u8) -> u8 {
        const FAR: u8 = 61;
        match self.parameter("hops") {
            0 if self.as_master => of_master,
            0 => FAR,
            asked => u8::try_from(asked).unwrap_or(u8::MAX),
        }
    }

    /// What shows of it in the middle: whoever hides has no address of its own there, and takes no hop away.
    pub(super) fn middle(&self) -> Middle {
        let asked = match self.parameter("hops") {
            0 => None,
            asked => Some(u8::try_from(asked).unwrap_or(u8::MAX)),
        };
        if self.as_master {
            return Middle { mac: None, hops: asked };
        }
        let mac = Some([2, 0x42, 0xbd, 0, 0, 0x66]);
        Middle { mac, hops: asked.or(Some(HOPS.saturating_sub(1))) }
    }

    /// The master itself, in its own session.
    pub(super) fn insider(&mut self, world: &mut World, device: usize) -> Option<Aim> {
        let host = world.master_of(device)?;
        Some(self.aim(world, host, device))
    }

    /// What a host does to a device.
    pub(super) fn aim(&mut self, world: &mut World, host: usize, device: usize) -> Aim {
        let act = world.act(self.kind.attack, self.kind.name, host);
        Aim { host, device, act }
    }

    /// Asks one after the other, so many milliseconds apart; closes the session if it is not the master's.
    pub(super) fn ask_all(
        &mut self,
        world: &mut World,
        aim: Aim,
        asks: Vec<Ask>,
        apart: (u64, u64),
    ) {
        let asks = asks.into_iter().map(|ask| (aim.device, ask)).collect();
        self.ask_many(world, aim, asks, apart);
    }

    /// The same of several devices.
    pub(super) fn ask_many(
        &mut self,
        world: &mut World,
        aim: Aim,
        asks: VecDeque<(usize, Ask)>,
        apart: (u64, u64),
    ) {
        next_ask(world, aim, asks, apart, self.chance.clone());
    }
}

fn next_ask(
    world: &mut World,
    aim: Aim,
    mut asks: VecDeque<(usize, Ask)>,
    apart: (u64, u64),
    mut chance: crate::simulate::random::Random,
) {
    let Some((device, ask)) = asks.pop_front() else {
        if world.hosts.get(aim.host).is_some_and(|host| !host.is_master) {
            let devices: Vec<usize> = (0..world.devices.len()).collect();
            for device in devices {
                leave(world, aim.host, device);
            }
        }
        return;
    };
    let over = world.ask(aim.host, device, &ask, &aim.part());
    let wait = times(chance.between(apart.0, apart.1), MS);
    world.at(over.at.saturating_add(wait), move |world| {
        next_ask(world, aim, asks, apart, chance);
    });
}

impl World {
    /// Who polls a device, now.
    pub(in crate::simulate) fn master_of(&self, device: usize) -> Option<usize> {
        let operators = self.site.operators.iter().map(|it| (&it.host, &it.devices));
        let polls = self.site.polls.iter().map(|it| (&it.host, &it.devices));
        let host = operators
            .chain(polls)
            .find(|(_, devices)| self.named(devices).contains(&device))
            .and_then(|(host, _)| self.host(host))?;
        Some(self.acting(host))
    }

    /// Says that it lasts, and whom it concerns, where no packet says so.
    pub(super) fn lasts(&mut self, aim: Aim, devices: &[usize], ns: u64) {
        let until = self.now.saturating_add(ns).min(self.end);
        let targets: Vec<String> = devices.iter().map(|device| self.ip_of(*device)).collect();
        if let Some(act) = self.acts.get_mut(aim.act) {
            act.end_ns = act.end_ns.max(until);
            for target in targets {
                act.concerns(&target, &[]);
            }
        }
    }

    /// Points of a device that operators command: switches, or set-points.
    pub(super) fn commanded(&self, device: usize, switches: bool) -> Vec<Place> {
        let operators = self.site.operators.iter();
        operators
            .filter(|it| self.named(&it.devices).contains(&device))
            .flat_map(|it| &it.points)
            .filter(|place| place.space.is_binary() == switches)
            .copied()
            .collect()
    }

    /// Points of a device that could be commanded, and that no operator does.
    pub(super) fn never_commanded(&self, device: usize) -> Vec<Place> {
        let Some(it) = self.devices.get(device) else { return Vec::new() };
        let known = [self.commanded(device, true), self.commanded(device, false)].concat();
        it.points
            .keys()
            .filter(|place| it.spec(**place).is_some_and(|spec| spec.is == Behaviour::Held))
            .filter(|place| !known.contains(place))
            .copied()
            .collect()
    }

    /// A command to a point in the usual way: one request, or select and operate.
    pub(super) fn command_asks(&self, device: usize, place: Place, value: i64) -> Vec<Ask> {
        command_asks(place, value, usual(self, device))
    }

    /// Octets in a session, and what is answered to them.
    pub(super) fn send(
        &mut self,
        aim: Aim,
        octets: &[u8],
        answer: Option<&[u8]>,
        points: Vec<Place>,
    ) -> Over {
        let nothing = Over { at: self.now, answered: false };
        let Some(server) = self.devices.get(aim.device).map(|it| it.server) else { return nothing };
        let Some(mut channel) = self.take_channel(aim.host, server) else { return nothing };
        let mark = self.mark(aim.act, aim.device, points);
        let mut at = self.now.max(channel.free_at);
        if !channel.is_open {
            channel.open(at);
            at = channel.free_at;
        }
        channel.session.client_sends(at, octets);
        let mut over = at.saturating_add(times(channel.chance.between(2, 9), MS));
        if let Some(answer) = answer {
            channel.session.server_sends(over, answer);
            over = over.saturating_add(times(1, MS));
            channel.session.client_acks(over);
        } else {
            channel.session.server_acks(over);
        }
        channel.flush(&mut self.wire, Some(&mark), None);
        channel.free_at = over.saturating_add(MS);
        self.channels.insert((aim.host, server), channel);
        Over { at: over, answered: answer.is_some() }
    }

    /// The session of whom an attack is about with its device, without its packets.
    pub(super) fn with_channel(
        &mut self,
        aim: Aim,
        points: Vec<Place>,
        work: impl FnOnce(&mut Self, &mut crate::simulate::channel::Channel, u64),
    ) {
        let Some(server) = self.devices.get(aim.device).map(|it| it.server) else { return };
        let Some(mut channel) = self.take_channel(aim.host, server) else { return };
        let at = self.now.max(channel.free_at);
        let mark = self.mark(aim.act, aim.device, points);
        work(self, &mut channel, at);
        channel.flush(&mut self.wire, Some(&mark), None);
        self.channels.insert((aim.host, server), channel);
    }

    /// The address of a device.
    pub(super) fn ip4_of(&self, device: usize) -> Option<Ipv4Addr> {
        let server = self.devices.get(device)?.server;
        match self.servers.get(server)?.place.ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        }
    }

    /// What a device speaks.
    pub(super) fn speaks(&self, device: usize, protocol: Protocol) -> bool {
        self.devices.get(device).is_some_and(|device| device.protocol == protocol)
    }

    /// Octets of an answer that refuses, whatever was asked.
    pub(super) fn next_transaction(&mut self, aim: Aim) -> u16 {
        let Some(server) = self.devices.get(aim.device).map(|it| it.server) else { return 0 };
        let Some(mut channel) = self.take_channel(aim.host, server) else { return 0 };
        channel.transaction = channel.transaction.wrapping_add(1);
        let transaction = channel.transaction;
        self.channels.insert((aim.host, server), channel);
        transaction
    }
}

/// A command in this way.
pub(super) fn command_asks(place: Place, value: i64, how: How) -> Vec<Ask> {
    let one = |function| {
        Ask::Dnp3(dnp3::Ask::Command { function, commands: vec![operate(place, value)] })
    };
    match how {
        How::Single | How::Multiple => vec![write(place, value, how)],
        How::Select => vec![one(function::SELECT), one(function::OPERATE)],
        How::Direct => vec![one(function::DIRECT_OPERATE)],
    }
}

/// Any output space of a protocol.
pub(super) fn outputs(protocol: Protocol) -> [Space; 2] {
    match protocol {
        Protocol::Modbus => [Space::Coil, Space::HoldingRegister],
        Protocol::Dnp3 => [Space::BinaryOutput, Space::AnalogOutput],
    }
}

/// Ends a session as a side would that has enough of it.
pub(super) fn reset(channel: &mut crate::simulate::channel::Channel, by: Side, at: u64) {
    match by {
        Side::Client => channel.session.client_resets(at),
        Side::Server => channel.session.server_resets(at),
    }
}

/// The way of the operator who commands a point of a device.
pub(super) fn how_set(world: &World, device: usize, place: Place) -> How {
    let mut operators = world.site.operators.iter();
    operators
        .find(|it| it.points.contains(&place) && world.named(&it.devices).contains(&device))
        .map_or_else(|| usual(world, device), |operator| operator.how)
}
