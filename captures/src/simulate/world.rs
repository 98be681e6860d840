//! The world: who there is, what is due, and what it does to the wire.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use super::channel::{Channel, FIRST_OF_INTRUDERS, FIRST_PORT};
use super::device::Device;
use super::labels::{Act, Mark};
use super::place::Place;
use super::proof::Proofs;
use super::random::{Random, hash, of_text};
use super::record::Recorded;
use super::site::{Devices, Host, Protocol, Site};
use super::tamper::Tamper;
use super::wire::Wire;
use crate::frame::{Endpoint, HOPS, Mac};

/// Something to be done at a time.
pub(super) type Step = Box<dyn FnOnce(&mut World)>;

/// Everything.
pub(super) struct World {
    /// The time.
    pub(super) now: u64,
    /// The end of time.
    pub(super) end: u64,
    pub(super) site: Rc<Site>,
    pub(super) seed: u64,
    pub(super) hosts: Vec<Client>,
    pub(super) servers: Vec<Server>,
    pub(super) devices: Vec<Device>,
    pub(super) channels: BTreeMap<(usize, usize), Channel>,
    /// DNP3: the host that each device reports to, by the device's place.
    pub(super) reports_to: BTreeMap<usize, usize>,
    pub(super) tampers: Vec<Tamper>,
    /// The last command that each device got from whoever may command it.
    pub(super) recorded: BTreeMap<usize, Recorded>,
    pub(super) acts: Vec<Act>,
    pub(super) wire: Wire,
    pub(super) counts: Counts,
    due: BinaryHeap<Reverse<Due>>,
    serial: u64,
    /// How many sessions there were, to give each another port.
    sessions: u16,
}

/// Messages that were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Modbus ADUs.
    pub modbus: u64,
    /// DNP3 application fragments.
    pub dnp3: u64,
}

/// A host that asks.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) ip: Ipv4Addr,
    pub(super) mac: Mac,
    /// Hops that are left to its packets where they are seen.
    pub(super) hops: u8,
    pub(super) link_address: u16,
    /// Who does its work: itself, or its standby.
    pub(super) acting: usize,
    /// Whether it belongs to the site, and has the keys.
    pub(super) is_master: bool,
    /// Whether it begins with an outstation as a master does, which has it report to itself. Whoever only looks after
    /// devices does not.
    pub(super) takes_reports: bool,
}

/// A host that is asked.
pub(super) struct Server {
    pub(super) place: Endpoint,
    /// Its devices by unit identifier or link address.
    pub(super) devices: BTreeMap<u16, usize>,
    /// Whether it is a gateway to a serial line, which takes its time.
    pub(super) is_gateway: bool,
}

struct Due {
    at: u64,
    serial: u64,
    step: Step,
}

impl World {
    pub(super) fn new(site: &Rc<Site>, seed: u64, end: u64) -> Self {
        let now = site.start_unix_s.saturating_mul(1_000_000_000);
        let mut world = Self {
            now,
            end,
            site: Rc::clone(site),
            seed,
            hosts: Vec::new(),
            servers: Vec::new(),
            devices: Vec::new(),
            channels: BTreeMap::new(),
            reports_to: BTreeMap::new(),
            tampers: Vec::new(),
            recorded: BTreeMap::new(),
            acts: Vec::new(),
            wire: Wire::new(&site.network, seed),
            counts: Counts::default(),
            due: BinaryHeap::new(),
            serial: 0,
            sessions: 0,
        };
        for host in &site.hosts {
            let id = world.hosts.len();
            world.hosts.push(Client {
                name: host.name.clone(),
                ip: host.ip,
                mac: mac(host.ip),
                hops: HOPS,
                link_address: host.link_address,
                acting: id,
                is_master: true,
                takes_reports: polls(site, host),
            });
        }
        for group in &site.devices {
            world.add_devices(group);
        }
        world
    }

    fn add_devices(&mut self, group: &Devices) {
        let site = Rc::clone(&self.site);
        let Some(model) = site.models.get(&group.model) else { return };
        for number in 0..group.count {
            let id = self.devices.len();
            let step = if group.gateway { 0 } else { u32::from(number) };
            let ip = Ipv4Addr::from_bits(group.ip.to_bits().saturating_add(step));
            let address = group.address.saturating_add(number);
            let name = if group.count == 1 {
                group.name.clone()
            } else {
                format!("{}-{}", group.name, number.saturating_add(1))
            };
            let known = self.servers.iter().position(|server| server.place.ip == IpAddr::V4(ip));
            let server = known.unwrap_or(self.servers.len());
            if known.is_none() {
                self.servers.push(Server {
                    place: Endpoint { mac: mac(ip), ip: ip.into(), port: port(model.protocol) },
                    devices: BTreeMap::new(),
                    is_gateway: group.gateway,
                });
            }
            if let Some(server) = self.servers.get_mut(server) {
                server.devices.insert(address, id);
            }
            let seed = hash(&[self.seed, of_text(&name)]);
            let proofs = group.authenticates.then(Proofs::default);
            self.devices.push(Device { proofs, ..Device::new(name, address, server, model, seed) });
        }
    }

    /// Has something done at a time; not if that is after the end.
    pub(super) fn at(&mut self, at: u64, step: impl FnOnce(&mut Self) + 'static) {
        let at = at.max(self.now);
        if at < self.end {
            self.serial = self.serial.saturating_add(1);
            self.due.push(Reverse(Due { at, serial: self.serial, step: Box::new(step) }));
        }
    }

    /// The same after a while.
    pub(super) fn after(&mut self, wait: u64, step: impl FnOnce(&mut Self) + 'static) {
        self.at(self.now.saturating_add(wait), step);
    }

    /// Does what is due next. Whether there was anything.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(Reverse(due)) = self.due.pop() else { return false };
        self.now = due.at;
        (due.step)(self);
        true
    }

    /// The host of this name.
    pub(super) fn host(&self, name: &str) -> Option<usize> {
        self.hosts.iter().position(|host| host.name == name)
    }

    /// Who does the work of a host.
    pub(super) fn acting(&self, host: usize) -> usize {
        self.hosts.get(host).map_or(host, |host| host.acting)
    }

    /// Adds a host that was not there before.
    pub(super) fn add_host(&mut self, host: Client) -> usize {
        let id = self.hosts.len();
        self.hosts.push(Client { acting: id, is_master: false, takes_reports: false, ..host });
        id
    }

    /// The devices that have a name in common.
    pub(super) fn named(&self, name: &str) -> Vec<usize> {
        let site = Rc::clone(&self.site);
        let mut found = Vec::new();
        let mut first = 0_usize;
        for group in &site.devices {
            let next = first.saturating_add(usize::from(group.count));
            if group.name == name {
                found.extend(first..next);
            }
            first = next;
        }
        found
    }

    /// The session of a host with a server, open or not. To be put back.
    pub(super) fn take_channel(&mut self, host: usize, server: usize) -> Option<Channel> {
        if let Some(channel) = self.channels.remove(&(host, server)) {
            return Some(channel);
        }
        let (client, server) = (self.hosts.get(host)?, self.servers.get(server)?);
        self.sessions = self.sessions.wrapping_add(1) % 5_000;
        let first = if client.is_master { FIRST_PORT } else { FIRST_OF_INTRUDERS };
        let port = first.saturating_add(self.sessions);
        let hops = client.hops;
        let client = Endpoint { mac: client.mac, ip: client.ip.into(), port };
        let what = format!("channel {client:?} {:?} {}", server.place, self.now);
        Some(Channel::new(client, server.place, hops, Random::new(self.seed, &what)))
    }

    /// Address of a device, as text.
    pub(super) fn ip_of(&self, device: usize) -> String {
        let server = self.devices.get(device).and_then(|device| self.servers.get(device.server));
        server.map_or(String::new(), |server| server.place.ip.to_string())
    }

    /// Begins an act of a host.
    pub(super) fn act(&mut self, attack: bool, name: &str, host: usize) -> usize {
        let actor = self.hosts.get(host).map_or(String::new(), |host| host.ip.to_string());
        self.acts.push(Act {
            attack,
            name: name.to_owned(),
            actor,
            target: String::new(),
            points: Vec::new(),
            start_ns: self.now,
            end_ns: self.now,
        });
        self.acts.len().saturating_sub(1)
    }

    /// Marks what is part of an act.
    pub(super) fn mark(&mut self, act: usize, device: usize, points: Vec<Place>) -> Rc<Mark> {
        let mark = Mark { act, target: self.ip_of(device), points };
        if let Some(act) = self.acts.get_mut(act) {
            act.take_in(self.now, &mark);
        }
        Rc::new(mark)
    }

    /// What is done to what passes to and from a device, now.
    pub(super) fn tampers_with(&self, device: usize) -> Vec<Tamper> {
        let active = |it: &&Tamper| it.device == device && self.now < it.until;
        self.tampers.iter().filter(active).cloned().collect()
    }
}

/// Whether a host polls, or is there to take the polls of another over.
fn polls(site: &Site, host: &Host) -> bool {
    let work_of = host.standby_for.as_ref().unwrap_or(&host.name);
    site.polls.iter().any(|poll| poll.host == *work_of)
}

/// An Ethernet address made of an IP address.
pub(super) fn mac(ip: Ipv4Addr) -> Mac {
    let [a, b, c, d] = ip.octets();
    [2, 0x42, a, b, c, d]
}

fn port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Modbus => 502,
        Protocol::Dnp3 => 20_000,
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}
