//! What happens besides polls and commands: restarts, failover, faults, maintenance, clocks.

use std::rc::Rc;

use super::clock::{DAY, HOUR, MINUTE, MS, SECOND, as_ms, times};
use super::exchange::{Ask, Part};
use super::operator::{choice, command, pause, usual};
use super::outstation as dnp3;
use super::place::{Place, Space};
use super::poll::everything;
use super::random::Random;
use super::site::{Behaviour, Happening, Protocol, Upkeep};
use super::world::World;
use crate::session::Side;

/// Has the upkeep of the site begin.
pub(super) fn begin(world: &mut World) {
    let site = Rc::clone(&world.site);
    for (number, upkeep) in (0_u64..).zip(&site.upkeep) {
        let mut chance = Random::new(world.seed, &format!("upkeep {number}"));
        let upkeep = Rc::new(upkeep.clone());
        let wait = next(world.now, &upkeep, &mut chance);
        world.after(wait, move |world| again(world, upkeep, chance));
    }
}

/// How long until it happens: about as often as it should, at its hour if it has one.
fn next(now: u64, upkeep: &Upkeep, chance: &mut Random) -> u64 {
    let every = times(upkeep.every_h.max(1), HOUR);
    if upkeep.is == Happening::Time {
        return every;
    }
    let wait = chance.between(every / 2, every.saturating_add(every / 2));
    let Some(hour) = upkeep.hour else { return wait };
    let day = now.saturating_add(wait) / DAY;
    let at = times(day, DAY).saturating_add(times(hour, HOUR)).saturating_add(chance.below(HOUR));
    let at = if at <= now { at.saturating_add(DAY) } else { at };
    at.saturating_sub(now)
}

fn again(world: &mut World, upkeep: Rc<Upkeep>, mut chance: Random) {
    happen(world, &upkeep, &mut chance);
    let wait = next(world.now, &upkeep, &mut chance);
    world.after(wait, move |world| again(world, upkeep, chance));
}

fn happen(world: &mut World, upkeep: &Upkeep, chance: &mut Random) {
    let devices = world.named(&upkeep.devices);
    let device = chance.pick(&devices).copied();
    let lasts = times(upkeep.lasts_min.max(1), MINUTE);
    let host = world.host(&upkeep.host);
    match (upkeep.is, device, host) {
        (Happening::Restart, Some(device), _) => world.restart(device, lasts, None),
        (Happening::Fault, Some(device), _) => fault(world, device),
        (Happening::Maintenance, Some(device), Some(host)) => {
            look_after(world, host, device, lasts, chance.clone(), Part::None);
        }
        (Happening::Failover, _, Some(host)) => fail_over(world, host, lasts),
        (Happening::Reconnect, _, Some(host)) => reconnect(world, host),
        (Happening::Time, _, Some(host)) => {
            for (place, device) in (0_u64..).zip(devices) {
                world.after(times(place, 400 * MS), move |world| set_clock(world, host, device));
            }
        }
        _ => {}
    }
}

impl World {
    /// A device restarts: it is gone for a while, and its sessions with it.
    ///
    /// A side that knows of it breaks the sessions off; without one they just end, as when power fails.
    pub(super) fn restart(&mut self, device: usize, away: u64, told_by: Option<Side>) {
        let until = self.now.saturating_add(away);
        let Some(it) = self.devices.get_mut(device) else { return };
        it.away_until = until;
        it.listens_only = false;
        it.outstation.restart();
        let server = it.server;
        self.break_off(told_by, |(_, to)| *to == server);
    }

    /// Breaks sessions off.
    fn break_off(&mut self, by: Option<Side>, which: impl Fn(&(usize, usize)) -> bool) {
        let keys: Vec<_> = self.channels.keys().copied().filter(which).collect();
        for key in keys {
            let Some(mut channel) = self.channels.remove(&key) else { continue };
            if channel.is_open {
                let at = self.now.max(channel.free_at);
                match by {
                    Some(Side::Server) => channel.session.server_resets(at),
                    Some(Side::Client) => channel.session.close(at),
                    // Nothing is said. The client finds out when it asks, and gives up.
                    None => channel.session.client_resets(at.saturating_add(SECOND)),
                }
                channel.flush(&mut self.wire, None, None);
                channel.free_at = at.saturating_add(times(2, SECOND));
                channel.anew();
            }
            self.channels.insert(key, channel);
        }
    }
}

/// A breaker trips by itself and closes again: twice of three times at once, else after a quarter of an hour.
pub(super) fn fault(world: &mut World, device: usize) {
    let now = world.now;
    let Some(it) = world.devices.get_mut(device) else { return };
    let switch = [Space::BinaryOutput, Space::Coil]
        .into_iter()
        .flat_map(|space| it.places(space).collect::<Vec<Place>>())
        .find(|place| it.spec(*place).is_some_and(|spec| spec.is == Behaviour::Held));
    let Some(switch) = switch else { return };
    if it.held(switch) == 0 {
        return;
    }
    it.set(switch, 0, now);
    let quick = !super::random::hash(&[it.seed, now]).is_multiple_of(3);
    let wait = if quick { 2 * SECOND } else { 15 * MINUTE };
    world.after(wait, move |world| {
        let now = world.now;
        if let Some(it) = world.devices.get_mut(device) {
            it.set(switch, 1, now);
        }
    });
}

/// Somebody looks after a device: reads all of it a few times, tries a command half way.
pub(super) fn look_after(
    world: &mut World,
    host: usize,
    device: usize,
    lasts: u64,
    mut chance: Random,
    part: Part,
) {
    let end = world.now.saturating_add(lasts);
    let visit = Rc::new((host, device, end));
    if chance.chance(600_000) {
        let at = world.now.saturating_add(lasts / 2);
        let draw = chance.next();
        let part = part.clone();
        world.at(at, move |world| try_out(world, host, device, draw, &part));
    }
    read_all(world, &visit, chance, part);
}

fn read_all(world: &mut World, visit: &Rc<(usize, usize, u64)>, mut chance: Random, part: Part) {
    let (host, device, end) = **visit;
    if world.now >= end {
        leave(world, host, device);
        return;
    }
    for ask in everything(world, device) {
        world.ask(host, device, &ask, &part);
    }
    let visit = Rc::clone(visit);
    let wait = pause(&mut chance).saturating_mul(5);
    world.after(wait, move |world| read_all(world, &visit, chance, part));
}

/// A host closes its session with a device.
pub(super) fn leave(world: &mut World, host: usize, device: usize) {
    let Some(server) = world.devices.get(device).map(|device| device.server) else { return };
    world.break_off(Some(Side::Client), |key| *key == (host, server));
}

/// A point that is operated anyhow is commanded, and put back.
fn try_out(world: &mut World, host: usize, device: usize, draw: u64, part: &Part) {
    let operators = &world.site.operators;
    let named = operators.iter().find(|it| world.named(&it.devices).contains(&device));
    let Some(place) = named.and_then(|operator| operator.points.first()).copied() else { return };
    let how = usual(world, device);
    let Some(it) = world.devices.get(device) else { return };
    let (value, before) = (choice(it, place, draw), it.held(place));
    let part = if let Part::None = part {
        Part::Request(world.act(false, "", host))
    } else {
        part.clone()
    };
    command(world, host, device, &[(place, value)], how, &part);
    world.after(times(40, SECOND), move |world| {
        command(world, host, device, &[(place, before)], how, &part);
    });
}

/// A host fails, and another takes over its work until it is back.
pub(super) fn fail_over(world: &mut World, host: usize, lasts: u64) {
    let name = world.hosts.get(host).map(|host| host.name.clone()).unwrap_or_default();
    let site = Rc::clone(&world.site);
    let standby = site.hosts.iter().find(|it| it.standby_for.as_deref() == Some(name.as_str()));
    let Some(standby) = standby.and_then(|it| world.host(&it.name)) else { return };
    world.break_off(Some(Side::Client), |(from, _)| *from == host);
    take_over(world, host, standby);
    world.after(lasts, move |world| {
        world.break_off(Some(Side::Client), |(from, _)| *from == standby);
        take_over(world, host, host);
    });
}

/// `by` does the work of `host` from now on.
fn take_over(world: &mut World, host: usize, by: usize) {
    if let Some(host) = world.hosts.get_mut(host) {
        host.acting = by;
    }
}

fn reconnect(world: &mut World, host: usize) {
    let host = world.acting(host);
    world.break_off(Some(Side::Client), |(from, _)| *from == host);
}

/// DNP3: asks how long an answer takes, then sets the clock.
pub(super) fn set_clock(world: &mut World, host: usize, device: usize) {
    let host = world.acting(host);
    let protocol = world.devices.get(device).map(|device| device.protocol);
    if protocol == Some(Protocol::Dnp3) {
        world.ask(host, device, &Ask::Dnp3(dnp3::Ask::DelayMeasure), &Part::None);
        let ask = Ask::Dnp3(dnp3::Ask::WriteTime(as_ms(world.now)));
        world.ask(host, device, &ask, &Part::None);
    }
}
