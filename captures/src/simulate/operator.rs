//! Operators: they act rarely, at their own hours, on their own points.

use std::rc::Rc;

use super::clock::{DAY, HOUR, MINUTE, MS, SECOND, times};
use super::device::Device;
use super::exchange::{Ask, Over, Part};
use super::outstation::{Act, Command};
use super::place::{Place, Space};
use super::random::Random;
use super::site::{Behaviour, How, Operator};
use super::world::World;
use super::{modbus, outstation as dnp3};
use crate::dnp3::Crob;
use crate::dnp3::fragment::function;

/// Operators look at their screen this often, and mostly do nothing.
const LOOK: u64 = 5 * MINUTE;

/// Has all operators of the site begin.
pub(super) fn begin(world: &mut World) {
    let site = Rc::clone(&world.site);
    for (number, operator) in (0_u64..).zip(&site.operators) {
        let Some(host) = world.host(&operator.host) else { continue };
        let chance = Random::new(world.seed, &format!("operator {number}"));
        let operator = Rc::new(operator.clone());
        world.after(times(3, MINUTE), move |world| looks(world, host, operator, chance));
    }
}

fn looks(world: &mut World, host: usize, operator: Rc<Operator>, mut chance: Random) {
    let hour = (world.now % DAY) / HOUR;
    let hours = operator.to_hour.saturating_sub(operator.from_hour).max(1);
    let looks_a_day = hours.saturating_mul(HOUR / LOOK);
    let ppm = operator.acts_a_day.saturating_mul(1_000_000).checked_div(looks_a_day).unwrap_or(0);
    let on_duty = (operator.from_hour..operator.to_hour).contains(&hour);
    if chance.chance(ppm) && on_duty {
        let devices = world.named(&operator.devices);
        if let (Some(device), Some(place)) = (chance.pick(&devices), chance.pick(&operator.points))
        {
            let (device, place, draw) = (*device, *place, chance.next());
            let wait = chance.below(LOOK);
            let operator = Rc::clone(&operator);
            world.after(wait, move |world| acts(world, host, device, place, &operator, draw));
        }
    }
    world.after(LOOK, move |world| looks(world, host, operator, chance));
}

fn acts(world: &mut World, host: usize, device: usize, place: Place, how: &Operator, draw: u64) {
    let host = world.acting(host);
    let Some(it) = world.devices.get(device) else { return };
    let Some(spec) = it.spec(place) else { return };
    let switch = place.space.is_binary() && spec.is == Behaviour::Held;
    let value = choice(it, place, draw);
    let before = it.held(place);
    let act = world.act(false, "", host);
    let how_sent = how.how;
    command(world, host, device, &[(place, value)], how_sent, &Part::Request(act));
    if switch && how.back_after_min > 0 {
        world.after(times(how.back_after_min, MINUTE), move |world| {
            let host = world.acting(host);
            command(world, host, device, &[(place, before)], how_sent, &Part::Request(act));
        });
    }
}

/// What an operator would set a point to: the other state, a value within the limits, a step up or down.
pub(super) fn choice(device: &Device, place: Place, draw: u64) -> i64 {
    let Some(spec) = device.spec(place) else { return 0 };
    match spec.is {
        Behaviour::Held if place.space.is_binary() => 1_i64.saturating_sub(device.held(place)),
        Behaviour::Held => {
            let span = spec.highest.saturating_sub(spec.lowest).max(0).saturating_add(1);
            let drawn = u64::try_from(span).ok().and_then(|span| draw.checked_rem(span));
            let value = spec.lowest.saturating_add(i64::try_from(drawn.unwrap_or(0)).unwrap_or(0));
            // Nobody sets what is set already.
            if value == device.held(place) && value < spec.highest {
                value.saturating_add(1)
            } else {
                value
            }
        }
        // A tap changer is stepped back to the middle.
        Behaviour::Steps => {
            let of = spec.of.and_then(|of| device.spec(of).map(|spec| (of, spec)));
            let Some((of, moved)) = of else { return 0 };
            let middle = moved.lowest.saturating_add(moved.highest) / 2;
            let away = device.held(of).saturating_sub(middle);
            i64::from(if away == 0 { draw.is_multiple_of(2) } else { away < 0 })
        }
        Behaviour::Load
        | Behaviour::Status
        | Behaviour::Follows
        | Behaviour::Counts
        | Behaviour::Alarm => 0,
    }
}

/// Commands points, as the one who commands does: requests in the session with the device.
pub(super) fn command(
    world: &mut World,
    host: usize,
    device: usize,
    settings: &[(Place, i64)],
    how: How,
    part: &Part,
) -> Over {
    let mut over = Over { at: world.now, answered: false };
    match how {
        How::Single | How::Multiple => {
            for (place, value) in settings {
                over = world.ask(host, device, &write(*place, *value, how), part);
            }
        }
        How::Select | How::Direct => {
            let commands: Vec<Command> =
                settings.iter().map(|(place, value)| operate(*place, *value)).collect();
            let functions: &[u8] = if how == How::Select {
                &[function::SELECT, function::OPERATE]
            } else {
                &[function::DIRECT_OPERATE]
            };
            for function in functions {
                let (function, commands) = (*function, commands.clone());
                let ask = Ask::Dnp3(dnp3::Ask::Command { function, commands });
                over = world.ask(host, device, &ask, part);
                // Nobody operates what could not be selected.
                if !over.answered {
                    break;
                }
            }
        }
    }
    over
}

/// A write of one point.
pub(super) fn write(place: Place, value: i64, how: How) -> Ask {
    let (address, value, on) = (place.address, modbus::word(value), value != 0);
    Ask::Modbus(match (place.space, how) {
        (Space::Coil, How::Multiple) => modbus::Ask::WriteCoils { address, states: vec![on] },
        (Space::Coil, _) => modbus::Ask::WriteCoil { address, on },
        (_, How::Multiple) => modbus::Ask::WriteRegisters { address, values: vec![value] },
        _ => modbus::Ask::WriteRegister { address, value },
    })
}

/// A command to one output.
pub(super) fn operate(place: Place, value: i64) -> Command {
    let act = if place.space == Space::AnalogOutput {
        Act::Value(i32::try_from(value).unwrap_or(i32::MAX))
    } else {
        Act::Relay(if value == 0 { Crob::TRIP } else { Crob::CLOSE })
    };
    Command { index: place.address, act }
}

/// The way a device is commanded when nobody says another.
pub(super) fn usual(world: &World, device: usize) -> How {
    let operators = &world.site.operators;
    let named = operators.iter().find(|it| world.named(&it.devices).contains(&device));
    let protocol = world.devices.get(device).map(|device| device.protocol);
    named.map_or(
        match protocol {
            Some(super::site::Protocol::Dnp3) => How::Select,
            _ => How::Single,
        },
        |operator| operator.how,
    )
}

/// The time between things that a person does one after the other.
pub(super) fn pause(chance: &mut Random) -> u64 {
    times(chance.between(1_500, 9_000), MS).max(SECOND)
}
