//! Too much, and what nobody should send.

use super::Attack;
use super::tools::{Aim, reset};
use crate::dnp3::fragment::function;
use crate::dnp3::link::{PRM, UNCONFIRMED_USER_DATA, frame};
use crate::dnp3::{Iin, Station, analog_events, request};
use crate::frame::Tcp;
use crate::modbus::{mbap, request as ask};
use crate::session::Side;
use crate::simulate::clock::{MS, US, as_ms, times};
use crate::simulate::exchange::Ask;
use crate::simulate::outstation::class;
use crate::simulate::place::{Place, Space};
use crate::simulate::site::Protocol;
use crate::simulate::world::World;
use crate::simulate::{modbus, outstation as dnp3};

/// Asks as fast as it can.
pub(super) fn queries(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let gap = attack.parameter("gap_ms");
    let ask = if world.speaks(device, Protocol::Dnp3) {
        Ask::Dnp3(dnp3::Ask::Classes(vec![class(0)]))
    } else {
        Ask::Modbus(modbus::Ask::Read { space: Space::HoldingRegister, start: 0, count: 2 })
    };
    let count = usize::try_from(attack.parameter("count")).unwrap_or(0);
    attack.ask_all(world, aim, vec![ask; count.min(100_000)], (gap, gap.saturating_add(1)));
}

/// Opens sessions, and leaves them half open.
pub(super) fn connections(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    for number in 0..attack.parameter("count") {
        let wait = times(number, times(12, MS));
        world.after(wait, move |world| {
            world.with_channel(aim, Vec::new(), |_, channel, at| {
                let syn = Tcp {
                    flags: Tcp::SYN,
                    acknowledgement: 0,
                    largest_segment: Some(1460),
                    ..channel.session.next(Side::Client)
                };
                channel.session.push(Side::Client, at, &syn, &[]);
                channel.session.advance(Side::Client, 1);
                let both = Tcp {
                    flags: Tcp::SYN | Tcp::ACK,
                    largest_segment: Some(1460),
                    ..channel.session.next(Side::Server)
                };
                channel.session.push(Side::Server, at.saturating_add(times(300, US)), &both, &[]);
            });
            // The next has another port.
            let server = world.devices.get(aim.device).map(|it| it.server);
            if let Some(server) = server
                && let Some(mut channel) = world.channels.remove(&(aim.host, server))
            {
                channel.anew();
                world.channels.insert((aim.host, server), channel);
            }
        });
    }
}

/// An outstation reports without end: its sensors are shaken, or it is not itself.
pub(super) fn reports(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| world.reports_to.contains_key(&device))
    else {
        return;
    };
    let Some(aim) = attack.insider(world, device) else { return };
    let target = world.ip_of(device);
    if let Some(act) = world.acts.get_mut(aim.act) {
        act.actor.clone_from(&target);
    }
    for number in 0..attack.parameter("count") {
        world.after(times(number, times(90, MS)), move |world| report(world, aim));
    }
}

fn report(world: &mut World, aim: Aim) {
    let Some(server) = world.devices.get(aim.device).map(|it| it.server) else { return };
    let Some(host) = world.reports_to.get(&aim.device).copied() else { return };
    let Some(mut channel) = world.channels.remove(&(host, server)) else { return };
    let place = Place { space: Space::AnalogInput, address: 0 };
    let mark = world.mark(aim.act, aim.device, vec![place]);
    if channel.is_open {
        let now = as_ms(world.now);
        let values = [0_u64, 1, 2, 3, 4].map(|number| {
            let value = i32::from(channel.chance.word());
            (0, value, now.saturating_add(number))
        });
        let iin = Iin::CLASS_2_EVENTS | Iin::EVENT_BUFFER_OVERFLOW;
        let shaken = |device: &mut crate::simulate::device::Device| {
            Some(device.outstation.report(iin, &[analog_events(&values)]))
        };
        world.says(&mut channel, host, aim.device, shaken, Some(&mark));
    }
    world.channels.insert((host, server), channel);
}

/// Frames that no device would send, each in a session of its own: the device breaks it off.
pub(super) fn malformed(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    let Some(it) = world.devices.get(device) else { return };
    let (address, protocol) = (it.address, it.protocol);
    let link = world.hosts.get(aim.host).map_or(1, |host| host.link_address);
    for number in 0..attack.parameter("count") {
        let noise = attack.chance.next();
        let octets = match protocol {
            Protocol::Modbus => bad_modbus(number, noise),
            Protocol::Dnp3 => bad_dnp3(number, noise, link, address),
        };
        let wait = times(number, times(attack.chance.between(380, 420), MS));
        world.after(wait, move |world| {
            let over = world.send(aim, &octets, None, Vec::new());
            broken_off(world, aim, over.at);
        });
    }
}

/// The device breaks the session off.
fn broken_off(world: &mut World, aim: Aim, at: u64) {
    world.with_channel(aim, Vec::new(), |_, channel, _| {
        reset(channel, Side::Server, at.saturating_add(times(1, MS)));
    });
    let Some(server) = world.devices.get(aim.device).map(|it| it.server) else { return };
    if let Some(mut channel) = world.channels.remove(&(aim.host, server)) {
        channel.anew();
        world.channels.insert((aim.host, server), channel);
    }
}

fn bad_modbus(number: u64, noise: u64) -> Vec<u8> {
    let noise = noise.to_be_bytes();
    let read = mbap(1, 1, &ask::read_holding_registers(0, 4));
    match number % 6 {
        // A length that promises more than can be.
        0 => [&[0, 1, 0, 0, 0xff, 0xff, 1, 3], noise.as_slice()].concat(),
        // A protocol identifier that is not Modbus.
        1 => [&[0, 1, 0x13, 0x37, 0, 6, 1, 3], noise.get(..4).unwrap_or(&[])].concat(),
        // A function that nobody defined.
        2 => mbap(2, 1, &[&[0x66], noise.as_slice()].concat()),
        // A quantity that no answer can hold.
        3 => mbap(3, 1, &ask::read_holding_registers(0, 0xffff)),
        // A count of octets that is not that of the registers.
        4 => mbap(4, 1, &[16, 0, 0, 0, 2, 9, 1, 2, 3, 4]),
        // Several in a segment.
        _ => read.repeat(40),
    }
}

fn bad_dnp3(number: u64, noise: u64, link: u16, address: u16) -> Vec<u8> {
    let mut master = Station::master(link, address);
    let mut sound = master.frames(&request::integrity_poll(3));
    match number % 6 {
        // A CRC that is wrong.
        0 => {
            if let Some(last) = sound.last_mut() {
                *last = !*last;
            }
            sound
        }
        // A length below that of the header.
        1 => vec![0x05, 0x64, 2, 0xc4, 1, 0, 1, 0, 0, 0],
        // A function that nobody defined.
        2 => master.frames(&request::request(4, 0x77, &[])),
        // Objects that nobody defined, in numbers that nobody has.
        3 => master.frames(&request::request(
            5,
            function::READ,
            &[crate::dnp3::Header::range32(251, 9, 0, u32::MAX)],
        )),
        // A transport segment that continues what never began.
        4 => frame(0xc4, address, link, &[0x05, 0xc0, 1, 60]),
        // Noise in a sound frame.
        _ => {
            let user_data = [&[0xc0], noise.to_be_bytes().as_slice()].concat();
            frame(0x80 | PRM | UNCONFIRMED_USER_DATA, address, link, &user_data)
        }
    }
}

/// Something else is spoken on the port.
pub(super) fn other_protocol(world: &mut World, attack: &mut Attack) {
    const LINES: [(&[u8], &[u8]); 3] = [
        (b"SSH-2.0-OpenSSH_9.6\r\n", b"SSH-2.0-dropbear_2022.83\r\n"),
        (
            b"GET /status HTTP/1.1\r\nHost: plc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        (b"uname -a; id\n", b"Linux rtu 4.9.0 armv7l\nuid=0(root) gid=0(root)\n"),
    ];
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let Some(aim) = attack.intruder(world, device) else { return };
    for (number, (said, answered)) in (0_u64..).zip(LINES) {
        world.after(times(number, times(2_300, MS)), move |world| {
            world.send(aim, said, Some(answered), Vec::new());
        });
    }
    world.after(times(9_000, MS), move |world| {
        crate::simulate::upkeep::leave(world, aim.host, aim.device);
    });
}
