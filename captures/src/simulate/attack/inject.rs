//! Octets put where they do not belong: a command in the master's own TCP session, and commands of before once more.

use super::Attack;
use super::tools::Aim;
use crate::dnp3::authentication;
use crate::dnp3::fragment::function;
use crate::frame::{HOPS, Tcp};
use crate::modbus::mbap;
use crate::octets::count32;
use crate::session::Side;
use crate::simulate::channel::Channel;
use crate::simulate::clock::{MS, SECOND, times};
use crate::simulate::device::Lens;
use crate::simulate::exchange::{Ask, Part};
use crate::simulate::operator::{choice, command, operate};
use crate::simulate::place::Place;
use crate::simulate::random::low_octet;
use crate::simulate::record::{Recorded, Sent};
use crate::simulate::site::Protocol;
use crate::simulate::world::World;
use crate::simulate::{modbus, outstation as dnp3};

/// Between the requests of one command: a select and its operate.
const APART: u64 = 120 * MS;

/// Puts a segment with a command into the master's session. The device obeys and answers; the master, which did not
/// ask, is out of step from then on, and breaks the session off.
pub(super) fn injected(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        has_open_session(world, device) && !world.commanded(device, true).is_empty()
    }) else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    let points = world.commanded(device, true);
    let Some(place) = attack.chance.pick(&points).copied() else { return };
    let hops = attack.hops(HOPS);
    inject(world, aim, hops, |world, channel| fresh(world, channel, aim, place));
}

/// A command as the master would send it next.
fn fresh(world: &World, channel: &mut Channel, aim: Aim, place: Place) -> Option<Recorded> {
    let device = world.devices.get(aim.device)?;
    let address = device.address;
    let sent = if device.protocol == Protocol::Dnp3 {
        let link = world.hosts.get(aim.host)?.link_address;
        let (function, commands) = (function::DIRECT_OPERATE, vec![operate(place, 0)]);
        let ask = dnp3::Ask::Command { function, commands };
        let sequence = channel.line(link, address).next_sequence();
        let octets = channel.line(link, address).master.frames(&ask.fragment(sequence));
        Sent { ask: Ask::Dnp3(ask), number: sequence.into(), octets }
    } else {
        let ask = modbus::Ask::WriteCoil { address: place.address, on: false };
        let number = channel.transaction.wrapping_add(1);
        let octets = mbap(number, low_octet(address.into()), &ask.pdu());
        Sent { ask: Ask::Modbus(ask), number, octets }
    };
    Some(Recorded { requests: vec![sent] })
}

/// Sends the octets of a command that was listened to, in a session of its own.
pub(super) fn replayed(world: &mut World, attack: &mut Attack) {
    let again = move |world: &mut World, attack: &mut Attack, device: usize| {
        let Some(aim) = attack.intruder(world, device) else { return };
        for number in 0..attack.parameter("count") {
            let wait = times(number, times(attack.chance.between(4, 20), SECOND));
            world.after(wait, move |world| play(world, aim));
        }
    };
    once_heard(world, attack, again);
}

/// The same in the session of the master.
pub(super) fn replayed_in_session(world: &mut World, attack: &mut Attack) {
    let again = |world: &mut World, attack: &mut Attack, device: usize| {
        if has_open_session(world, device)
            && let Some(aim) = attack.insider(world, device)
        {
            let hops = attack.hops(HOPS);
            inject(world, aim, hops, |world, _| world.recorded.get(&aim.device).cloned());
        }
    };
    once_heard(world, attack, again);
}

/// Does it to a device whose commands were heard; if there is none, as soon as an operator has commanded one.
fn once_heard(
    world: &mut World,
    attack: &mut Attack,
    again: impl FnOnce(&mut World, &mut Attack, usize) + 'static,
) {
    let heard = |world: &World, device: usize| {
        world.recorded.contains_key(&device) && has_open_session(world, device)
    };
    if let Some(device) = attack.device(world, heard) {
        again(world, attack, device);
        return;
    }
    let operated = |world: &World, device: usize| {
        has_open_session(world, device) && !world.commanded(device, true).is_empty()
    };
    let Some(device) = attack.device(world, operated) else { return };
    let points = world.commanded(device, true);
    let Some(place) = attack.chance.pick(&points).copied() else { return };
    let Some(host) = world.master_of(device) else { return };
    let draw = attack.chance.next();
    let value = world.devices.get(device).map_or(0, |it| choice(it, place, draw));
    let act = world.act(false, "", host);
    let how = super::tools::how_set(world, device, place);
    command(world, host, device, &[(place, value)], how, &Part::Request(act));
    let mut attack = attack.clone();
    world.after(times(40, SECOND), move |world| again(world, &mut attack, device));
}

/// Whether the master has a session with a device that can be reached.
fn has_open_session(world: &World, device: usize) -> bool {
    let Some(it) = world.devices.get(device) else { return false };
    let open = world.master_of(device).and_then(|host| world.channels.get(&(host, it.server)));
    world.now >= it.away_until && open.is_some_and(|channel| channel.is_open)
}

/// Puts requests into the session of the master. The device obeys and answers; the master acknowledges what it sent
/// itself and no more, and breaks the session off.
fn inject(
    world: &mut World,
    aim: Aim,
    hops: u8,
    requests: impl FnOnce(&World, &mut Channel) -> Option<Recorded>,
) {
    let Some(server) = world.devices.get(aim.device).map(|it| it.server) else { return };
    let Some(mut channel) = world.take_channel(aim.host, server) else { return };
    let mut at = world.now.max(channel.free_at);
    let first = channel.session.next(Side::Client);
    if let Some(recorded) = requests(world, &mut channel) {
        let mark = world.mark(aim.act, aim.device, recorded.points());
        for sent in &recorded.requests {
            let header = Tcp { flags: Tcp::ACK | Tcp::PSH, ..channel.session.next(Side::Client) };
            channel.session.push(Side::Client, at, &header, &sent.octets);
            let of_master = core::mem::replace(&mut channel.hops, hops);
            channel.flush(&mut world.wire, Some(&mark), None);
            channel.hops = of_master;
            // The device counts the octets as the master's; the master knows nothing of them.
            channel.session.advance(Side::Client, count32(sent.octets.len()));
            let answers = at.saturating_add(times(6, MS));
            if let Some(answer) = answer(world, &mut channel, aim, sent, at) {
                channel.session.server_sends(answers, &answer);
            }
            let stale = Tcp { sequence: first.sequence, ..channel.session.next(Side::Client) };
            channel.session.push(Side::Client, answers.saturating_add(MS), &stale, &[]);
            at = at.saturating_add(APART);
        }
        let flags = Tcp::RST | Tcp::ACK;
        let reset = Tcp { flags, sequence: first.sequence, ..channel.session.next(Side::Client) };
        at = at.saturating_add(times(900, MS));
        channel.session.push(Side::Client, at, &reset, &[]);
        channel.flush(&mut world.wire, Some(&mark), None);
        channel.free_at = at.saturating_add(times(100, MS));
        // What comes next is a session anew.
        channel.anew();
    }
    world.channels.insert((aim.host, server), channel);
}

/// Sends requests that were heard in a session of whoever listened.
fn play(world: &mut World, aim: Aim) {
    if world.devices.get(aim.device).is_none_or(|it| world.now < it.away_until) {
        return;
    }
    let Some(recorded) = world.recorded.get(&aim.device).cloned() else { return };
    let Some(server) = world.devices.get(aim.device).map(|it| it.server) else { return };
    let Some(mut channel) = world.take_channel(aim.host, server) else { return };
    let mark = world.mark(aim.act, aim.device, recorded.points());
    let mut at = world.now.max(channel.free_at);
    if !channel.is_open {
        channel.open(at);
        at = channel.free_at;
    }
    for sent in &recorded.requests {
        channel.session.client_sends(at, &sent.octets);
        let answers = at.saturating_add(times(channel.chance.between(4, 15), MS));
        if let Some(answer) = answer(world, &mut channel, aim, sent, at) {
            channel.session.server_sends(answers, &answer);
            channel.session.client_acks(answers.saturating_add(MS));
        } else {
            channel.session.server_acks(answers);
        }
        at = answers.saturating_add(APART);
    }
    channel.flush(&mut world.wire, Some(&mark), None);
    channel.free_at = at;
    world.channels.insert((aim.host, server), channel);
}

/// What a device answers to octets that it takes for the master's, having done what they say.
fn answer(
    world: &mut World,
    channel: &mut Channel,
    aim: Aim,
    sent: &Sent,
    at: u64,
) -> Option<Vec<u8>> {
    let link = world.hosts.get(aim.host)?.link_address;
    let device = world.devices.get_mut(aim.device)?;
    let (address, lens) = (device.address, Lens::clear(at));
    match &sent.ask {
        Ask::Modbus(ask) => {
            world.counts.modbus = world.counts.modbus.saturating_add(1);
            let pdu = ask.answered_by(device, at, &lens)?;
            world.counts.modbus = world.counts.modbus.saturating_add(1);
            Some(mbap(sent.number, low_octet(address.into()), &pdu))
        }
        Ask::Dnp3(ask) => {
            world.counts.dnp3 = world.counts.dnp3.saturating_add(1);
            // Whoever asks for proof does nothing without it, and here nobody gives it.
            let iin = device.outstation.iin();
            if let Some((_, asked)) = device.challenge() {
                world.counts.dnp3 = world.counts.dnp3.saturating_add(1);
                let demand = authentication::response(low_octet(sent.number.into()), iin, asked);
                return Some(channel.line(link, address).outstation.frames(&demand));
            }
            let answer = ask.answered_by(device, low_octet(sent.number.into()), at, &lens)?;
            world.counts.dnp3 = world.counts.dnp3.saturating_add(1);
            Some(channel.line(link, address).outstation.frames(&answer.fragment))
        }
    }
}
