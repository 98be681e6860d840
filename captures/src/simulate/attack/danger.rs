//! Functions that nobody needs on a usual day.

use std::collections::VecDeque;

use super::Attack;
use super::rogue::switches;
use super::tools::Aim;
use crate::dnp3::fragment::function;
use crate::dnp3::link::{DIR, PRM, UNCONFIRMED_USER_DATA, frame, segments};
use crate::dnp3::{Class, Crob, Header, Iin, class as class_header};
use crate::modbus::request::{FileRange, FileRecord};
use crate::modbus::{mbap, request, response};
use crate::simulate::clock::{MINUTE, as_ms, times};
use crate::simulate::exchange::Ask;
use crate::simulate::operator::operate;
use crate::simulate::outstation::{Act, Command};
use crate::simulate::place::Place;
use crate::simulate::site::Protocol;
use crate::simulate::world::World;
use crate::simulate::{modbus, outstation as dnp3};

/// The master asks these, one after the other.
fn asks(world: &mut World, attack: &mut Attack, asks: Vec<Ask>) -> Option<Aim> {
    let device = attack.device(world, |_, _| true)?;
    asks_of(world, attack, device, asks)
}

fn asks_of(world: &mut World, attack: &mut Attack, device: usize, asks: Vec<Ask>) -> Option<Aim> {
    let aim = attack.insider(world, device)?;
    attack.ask_all(world, aim, asks, (300, 2_000));
    Some(aim)
}

fn other(function: u8, headers: Vec<Header>) -> Ask {
    Ask::Dnp3(dnp3::Ask::Other { function, headers, iin: Iin::default() })
}

pub(super) fn cold_restart(world: &mut World, attack: &mut Attack) {
    asks(world, attack, vec![Ask::Dnp3(dnp3::Ask::Restart { cold: true })]);
}

pub(super) fn warm_restart(world: &mut World, attack: &mut Attack) {
    asks(world, attack, vec![Ask::Dnp3(dnp3::Ask::Restart { cold: false })]);
}

fn diagnostics(sub_function: u16) -> Ask {
    Ask::Modbus(modbus::Ask::Diagnostics { sub_function, data: 0 })
}

pub(super) fn restart_communications(world: &mut World, attack: &mut Attack) {
    asks(world, attack, vec![diagnostics(1)]);
}

/// The unit is silent until it is told to restart its communications.
pub(super) fn listen_only(world: &mut World, attack: &mut Attack) {
    let Some(aim) = asks(world, attack, vec![diagnostics(4)]) else { return };
    let minutes = attack.parameter("minutes").max(1);
    world.lasts(aim, &[aim.device], times(minutes, MINUTE));
    world.after(times(minutes, MINUTE), move |world| {
        world.ask(aim.host, aim.device, &diagnostics(1), &aim.part());
    });
}

pub(super) fn clear_counters(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let ask = if world.speaks(device, Protocol::Dnp3) {
        other(function::FREEZE_CLEAR, vec![Header::all(20, 0)])
    } else {
        diagnostics(10)
    };
    asks_of(world, attack, device, vec![ask]);
}

pub(super) fn clear_restart(world: &mut World, attack: &mut Attack) {
    asks(world, attack, vec![Ask::Dnp3(dnp3::Ask::ClearRestart)]);
}

/// Reports are forbidden, and allowed again much later.
pub(super) fn disable_unsolicited(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| {
        world.devices.get(device).is_some_and(|it| it.outstation.enabled)
    }) else {
        return;
    };
    let classes = vec![Class::One, Class::Two, Class::Three];
    let disable = Ask::Dnp3(dnp3::Ask::Disable(classes.clone()));
    let Some(aim) = asks_of(world, attack, device, vec![disable]) else { return };
    let minutes = attack.parameter("minutes").max(1);
    world.after(times(minutes, MINUTE), move |world| {
        let enable = Ask::Dnp3(dnp3::Ask::Enable(classes));
        world.ask(aim.host, aim.device, &enable, &aim.part());
    });
}

pub(super) fn assign_class(world: &mut World, attack: &mut Attack) {
    let headers = vec![class_header(Class::Zero), Header::all(1, 0), Header::all(30, 0)];
    asks(world, attack, vec![other(function::ASSIGN_CLASS, headers)]);
}

pub(super) fn time(world: &mut World, attack: &mut Attack) {
    let off = attack.parameter("off_s").saturating_mul(1_000);
    let wrong = as_ms(world.now).saturating_sub(off);
    asks(world, attack, vec![Ask::Dnp3(dnp3::Ask::WriteTime(wrong))]);
}

fn command(function: u8, commands: Vec<Command>) -> Ask {
    Ask::Dnp3(dnp3::Ask::Command { function, commands })
}

/// A device with switches, and one of them.
fn a_switch(world: &mut World, attack: &mut Attack) -> Option<(usize, Place)> {
    let device = attack.device(world, |world, device| !switches(world, device).is_empty())?;
    let places = switches(world, device);
    Some((device, attack.chance.pick(&places).copied()?))
}

pub(super) fn without_select(world: &mut World, attack: &mut Attack) {
    let Some((device, place)) = a_switch(world, attack) else { return };
    let ask = command(function::OPERATE, vec![operate(place, 0)]);
    let count = usize::try_from(attack.parameter("count")).unwrap_or(1).min(1_000);
    asks_of(world, attack, device, vec![ask; count]);
}

/// Selects, and never operates: whoever wants to operate meanwhile cannot.
pub(super) fn select_only(world: &mut World, attack: &mut Attack) {
    let Some((device, place)) = a_switch(world, attack) else { return };
    let ask = command(function::SELECT, vec![operate(place, 0)]);
    let count = usize::try_from(attack.parameter("count")).unwrap_or(1).min(1_000);
    asks_of(world, attack, device, vec![ask; count]);
}

pub(super) fn differs(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |world, device| switches(world, device).len() > 1)
    else {
        return;
    };
    let [place, other_place, ..] = switches(world, device)[..] else { return };
    let pair = [
        command(function::SELECT, vec![operate(place, 0)]),
        command(function::OPERATE, vec![operate(other_place, 0)]),
    ];
    let count = usize::try_from(attack.parameter("count")).unwrap_or(1).min(1_000);
    asks_of(world, attack, device, vec![pair; count].concat());
}

pub(super) fn no_ack(world: &mut World, attack: &mut Attack) {
    let Some((device, place)) = a_switch(world, attack) else { return };
    let ask = command(function::DIRECT_OPERATE_NR, vec![operate(place, 0)]);
    let count = usize::try_from(attack.parameter("count")).unwrap_or(1).min(1_000);
    asks_of(world, attack, device, vec![ask; count]);
}

/// A command to all units, or all outstations, of a session.
pub(super) fn broadcast(world: &mut World, attack: &mut Attack) {
    let Some((device, place)) = a_switch(world, attack) else { return };
    let Some(aim) = attack.insider(world, device) else { return };
    let octets = if world.speaks(device, Protocol::Dnp3) {
        let link = world.hosts.get(aim.host).map_or(1, |host| host.link_address);
        let commands = vec![Command { index: place.address, act: Act::Relay(Crob::TRIP) }];
        let ask = dnp3::Ask::Command { function: function::DIRECT_OPERATE_NR, commands };
        world.counts.dnp3 = world.counts.dnp3.saturating_add(1);
        segments(0, &ask.fragment(1))
            .iter()
            .flat_map(|segment| frame(DIR | PRM | UNCONFIRMED_USER_DATA, 0xffff, link, segment))
            .collect()
    } else {
        world.counts.modbus = world.counts.modbus.saturating_add(1);
        let transaction = world.next_transaction(aim);
        mbap(transaction, 0, &request::write_single_coil(place.address, false))
    };
    let now = world.now;
    if let Some(it) = world.devices.get_mut(device) {
        it.set(place, 0, now);
    }
    world.send(aim, &octets, None, vec![place]);
}

/// Reads a file, and writes another.
pub(super) fn file_transfer(world: &mut World, attack: &mut Attack) {
    let Some(device) = attack.device(world, |_, _| true) else { return };
    let asks = files(world, device);
    asks_of(world, attack, device, asks);
}

/// What reads a file of a device, and writes one.
pub(super) fn files(world: &World, device: usize) -> Vec<Ask> {
    if world.speaks(device, Protocol::Dnp3) { dnp3_files(b"/config.bin") } else { modbus_files() }
}

fn modbus_files() -> Vec<Ask> {
    let values = [0x4754_u16, 0x0102, 0xbeef, 0x7f7f];
    let range = [FileRange { file: 1, record: 0, length: 4 }];
    let record = [FileRecord { file: 2, record: 0, values: &values }];
    vec![
        Ask::Modbus(modbus::Ask::Other {
            pdu: request::read_file_record(&range),
            answer: response::read_file_record(&[&values]),
        }),
        Ask::Modbus(modbus::Ask::Other {
            pdu: request::write_file_record(&record),
            answer: response::write_file_record(&record),
        }),
    ]
}

/// Where the name of a file begins in its command.
const NAME_AT: u16 = 26;

/// The command for a file (group 70, variation 3): to be opened in a mode, or to be deleted.
fn file_command(name: &[u8], mode: u16) -> Header {
    let length = crate::octets::count16(name.len());
    let object = [
        NAME_AT.to_le_bytes().as_slice(),
        &length.to_le_bytes(),
        &[0; 6], // created
        &0o644_u16.to_le_bytes(),
        &[0; 4], // authentication key
        &[0; 4], // size
        &mode.to_le_bytes(),
        &1024_u16.to_le_bytes(), // largest block
        &1_u16.to_le_bytes(),    // request
        name,
    ]
    .concat();
    Header::sized(70, 3, &[object])
}

/// What is said of a file (variation 4): handle, size, largest block, request, status 0.
fn file_status() -> Header {
    let object = [
        7_u32.to_le_bytes().as_slice(),
        &16_u32.to_le_bytes(),
        &1024_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &[0],
    ]
    .concat();
    Header::sized(70, 4, &[object])
}

/// Opens, reads a block, closes.
fn dnp3_files(name: &[u8]) -> Vec<Ask> {
    let asked =
        |function, headers, answer| Ask::Dnp3(dnp3::Ask::Asked { function, headers, answer });
    let last = 0x8000_0000_u32.to_le_bytes();
    let handle = 7_u32.to_le_bytes();
    let block = [handle.as_slice(), &[0; 4]].concat();
    let data = [handle.as_slice(), &last, b"GRIDTAP-CONFIG-1"].concat();
    let close =
        [handle.as_slice(), &[0; 4], &1024_u16.to_le_bytes(), &1_u16.to_le_bytes(), &[0]].concat();
    vec![
        asked(function::OPEN_FILE, vec![file_command(name, 1)], vec![file_status()]),
        asked(
            function::READ,
            vec![Header::sized(70, 5, &[block])],
            vec![Header::sized(70, 5, &[data])],
        ),
        asked(function::CLOSE_FILE, vec![Header::sized(70, 4, &[close])], vec![file_status()]),
    ]
}

pub(super) fn file_delete(world: &mut World, attack: &mut Attack) {
    let ask = Ask::Dnp3(dnp3::Ask::Asked {
        function: function::DELETE_FILE,
        headers: vec![file_command(b"/log.bin", 0)],
        answer: vec![file_status()],
    });
    asks(world, attack, vec![ask]);
}

/// Initialises a session, takes the controller over, and stops it.
pub(super) fn umas(world: &mut World, attack: &mut Attack) {
    let one = |code: u8, more: &[u8]| {
        Ask::Modbus(modbus::Ask::Other {
            pdu: [&[90, 0, code], more].concat(),
            answer: vec![90, 0, 0xfe, 1, 2, 3, 4],
        })
    };
    let all = vec![
        one(0x01, &[0]),
        one(0x02, &[]),
        one(0x10, b"\x04\0\0\0\x05ADMIN"),
        one(0x41, &[0xff, 0]),
    ];
    let device = attack.device(world, |_, _| true);
    let Some(aim) = device.and_then(|device| attack.intruder(world, device)) else { return };
    let asks: VecDeque<(usize, Ask)> = all.into_iter().map(|ask| (aim.device, ask)).collect();
    attack.ask_many(world, aim, asks, (200, 900));
}

pub(super) fn stop_application(world: &mut World, attack: &mut Attack) {
    let stop = other(function::STOP_APPLICATION, vec![Header::all(90, 1)]);
    let save = other(function::SAVE_CONFIGURATION, Vec::new());
    asks(world, attack, vec![stop, save]);
}
