//! What a master asks of a DNP3 outstation, and what the outstation answers.

use super::clock::SECOND;
use super::device::{Device, Lens};
use super::place::{Place, Space};
use crate::dnp3::fragment::function;
use crate::dnp3::{
    Class, Crob, Header, Iin, analog_inputs, analog_outputs, authentication, binary_inputs,
    binary_outputs, counters, request, response,
};

/// How long a selection holds.
const SELECTED_FOR: u64 = 10 * SECOND;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Read classes.
    Classes(Vec<Class>),
    /// Read points in a row.
    Range { group: u8, variation: u8, start: u16, stop: u16 },
    /// Select, operate, direct operate with or without response.
    Command { function: u8, commands: Vec<Command> },
    /// Set the clock, in milliseconds since 1970 UTC.
    WriteTime(u64),
    /// Clear IIN1.7.
    ClearRestart,
    /// Cold or warm restart.
    Restart { cold: bool },
    /// How long does an answer take?
    DelayMeasure,
    /// Report these classes unasked.
    Enable(Vec<Class>),
    /// Do not.
    Disable(Vec<Class>),
    /// Session keys, and the answer to that.
    Authenticate { asked: Header, answer: Header },
    /// Any other function: done, and answered with nothing but indications.
    Other { function: u8, headers: Vec<Header>, iin: Iin },
    /// Any other function, with objects in the answer.
    Asked { function: u8, headers: Vec<Header>, answer: Vec<Header> },
}

/// A command to an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) index: u16,
    pub(super) act: Act,
}

/// What an output is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Relay(Crob),
    Value(i32),
}

impl Command {
    /// The point.
    pub(super) fn place(self) -> Place {
        let space = match self.act {
            Act::Relay(_) => Space::BinaryOutput,
            Act::Value(_) => Space::AnalogOutput,
        };
        Place { space, address: self.index }
    }

    fn value(self) -> i64 {
        match self.act {
            // Close, or latch on.
            Act::Relay(crob) => i64::from(crob.control & 0xc0 == 0x40 || crob.control == 3),
            Act::Value(value) => i64::from(value),
        }
    }

    fn octets(self, status: u8) -> (u16, Vec<u8>) {
        match self.act {
            Act::Relay(crob) => (self.index, Crob { status, ..crob }.octets()),
            Act::Value(value) => (self.index, [value.to_le_bytes().as_slice(), &[status]].concat()),
        }
    }
}

/// Headers of commands, those of a kind in one.
fn command_headers(commands: &[Command], statuses: &[u8]) -> Vec<Header> {
    let of = |relays: bool| {
        let one = |(command, status): (&Command, &u8)| {
            (matches!(command.act, Act::Relay(_)) == relays).then(|| command.octets(*status))
        };
        commands.iter().zip(statuses).filter_map(one).collect::<Vec<_>>()
    };
    [(12, of(true)), (41, of(false))]
        .into_iter()
        .filter(|(_, objects)| !objects.is_empty())
        .map(|(group, objects)| Header::indexed(group, 1, &objects))
        .collect()
}

/// An answer.
pub(super) struct Answer {
    /// The fragment.
    pub(super) fragment: Vec<u8>,
    /// Whether it wants to be confirmed, which takes the events out of the outstation.
    pub(super) confirm: bool,
}

impl Ask {
    /// Its fragment.
    pub(super) fn fragment(&self, sequence: u8) -> Vec<u8> {
        match self {
            Self::Classes(classes) => request::class_poll(sequence, classes),
            Self::Range { group, variation, start, stop } => {
                request::read_range(sequence, *group, *variation, *start, *stop)
            }
            Self::Command { function, commands } => {
                let none = vec![0; commands.len()];
                request::request(sequence, *function, &command_headers(commands, &none))
            }
            Self::WriteTime(ms) => request::write_time(sequence, *ms),
            Self::ClearRestart => request::clear_restart(sequence),
            Self::Restart { cold: true } => request::cold_restart(sequence),
            Self::Restart { cold: false } => request::warm_restart(sequence),
            Self::DelayMeasure => request::delay_measure(sequence),
            Self::Enable(classes) => request::enable_unsolicited(sequence, classes),
            Self::Disable(classes) => request::disable_unsolicited(sequence, classes),
            Self::Authenticate { asked, .. } => authentication::request(sequence, asked.clone()),
            Self::Other { function, headers, .. } | Self::Asked { function, headers, .. } => {
                request::request(sequence, *function, headers)
            }
        }
    }

    /// The points it commands.
    pub(super) fn commanded(&self) -> Vec<Place> {
        let Self::Command { commands, .. } = self else { return Vec::new() };
        commands.iter().map(|command| command.place()).collect()
    }

    /// What it sets its points to.
    pub(super) fn settings(&self) -> Vec<(Place, i64)> {
        let Self::Command { commands, .. } = self else { return Vec::new() };
        commands.iter().map(|command| (command.place(), command.value())).collect()
    }

    /// What the outstation answers, having done it.
    pub(super) fn answered_by(
        &self,
        device: &mut Device,
        sequence: u8,
        now: u64,
        lens: &Lens,
    ) -> Option<Answer> {
        let mut headers = Vec::new();
        let mut iin = Iin::default();
        let mut confirm = false;
        match self {
            Self::Classes(classes) => {
                device.sample(lens);
                let asked: Vec<u8> = classes.iter().map(|class| number(*class)).collect();
                headers = device.outstation.take(&asked);
                confirm = !headers.is_empty();
                if classes.contains(&Class::Zero) {
                    headers.extend(present(device, lens));
                }
            }
            Self::Range { group, start, stop, .. } => match space_of(*group) {
                None => iin = Iin::OBJECT_UNKNOWN,
                Some(space) => {
                    headers = in_range(device, space, *start, *stop, lens);
                    if headers.is_empty() {
                        iin = Iin::PARAMETER_ERROR;
                    }
                }
            },
            Self::Command { function, commands } => {
                let statuses = obey(device, *function, commands, sequence, now);
                if *function == function::DIRECT_OPERATE_NR {
                    return None;
                }
                headers = command_headers(commands, &statuses);
            }
            Self::WriteTime(_) => device.outstation.needs_time = false,
            Self::ClearRestart => device.outstation.restarted = false,
            Self::Restart { .. } => headers = vec![response::delay_coarse(RESTART_S)],
            Self::DelayMeasure => headers = vec![response::delay_fine(3)],
            Self::Enable(_) => device.outstation.enabled = true,
            Self::Disable(_) => device.outstation.enabled = false,
            Self::Other { iin: indications, .. } => iin = *indications,
            Self::Asked { answer, .. } => headers.clone_from(answer),
            Self::Authenticate { answer, .. } => {
                let iin = device.outstation.iin();
                let fragment = authentication::response(sequence, iin, answer.clone());
                return Some(Answer { fragment, confirm: false });
            }
        }
        let iin = iin | device.outstation.iin();
        let fragment = if confirm {
            response::response_to_confirm(sequence, iin, &headers)
        } else {
            response::response(sequence, iin, &headers)
        };
        Some(Answer { fragment, confirm })
    }
}

/// Seconds that a restart takes, as the outstation says.
pub(super) const RESTART_S: u16 = 20;

/// Statuses of commands.
const DONE: u8 = 0;
const NOT_SELECTED: u8 = 2;
const NO_SUCH_POINT: u8 = 4;

/// Does commands, or does not: a status each.
fn obey(
    device: &mut Device,
    function: u8,
    commands: &[Command],
    sequence: u8,
    now: u64,
) -> Vec<u8> {
    let known = |device: &Device, command: &Command| device.spec(command.place()).is_some();
    let statuses = commands.iter().map(|it| if known(device, it) { DONE } else { NO_SUCH_POINT });
    let mut statuses: Vec<u8> = statuses.collect();
    match function {
        function::SELECT => {
            let until = now.saturating_add(SELECTED_FOR);
            device.outstation.selected = Some((sequence, commands.to_vec(), until));
            return statuses;
        }
        function::OPERATE => {
            let selected = device.outstation.selected.take();
            let next = |before: u8| before.wrapping_add(1) & 0x0f == sequence & 0x0f;
            let matches = selected.is_some_and(|(before, selected, until)| {
                next(before) && selected == commands && now <= until
            });
            if !matches {
                return vec![NOT_SELECTED; commands.len()];
            }
        }
        _ => {}
    }
    for (command, status) in commands.iter().zip(&mut statuses) {
        if *status == DONE && !device.set(command.place(), command.value(), now) {
            *status = NO_SUCH_POINT;
        }
    }
    statuses
}

/// All present values.
fn present(device: &Device, lens: &Lens) -> Vec<Header> {
    [
        Space::BinaryInput,
        Space::BinaryOutput,
        Space::Counter,
        Space::AnalogInput,
        Space::AnalogOutput,
    ]
    .into_iter()
    .flat_map(|space| in_range(device, space, 0, u16::MAX, lens))
    .collect()
}

/// The present values of what there is from `start` to `stop`: a header for each run without gaps.
fn in_range(device: &Device, space: Space, start: u16, stop: u16, lens: &Lens) -> Vec<Header> {
    let mut runs: Vec<(u16, Vec<i64>)> = Vec::new();
    let asked = device.places(space).filter(|place| (start..=stop).contains(&place.address));
    for place in asked {
        let value = device.value(place, lens).unwrap_or(0);
        match runs.last_mut() {
            Some((first, values))
                if usize::from(place.address.saturating_sub(*first)) == values.len() =>
            {
                values.push(value);
            }
            _ => runs.push((place.address, vec![value])),
        }
    }
    runs.into_iter().map(|(start, values)| objects(space, start, &values)).collect()
}

fn objects(space: Space, start: u16, values: &[i64]) -> Header {
    let states = || values.iter().map(|value| *value != 0).collect::<Vec<_>>();
    let longs = || values.iter().copied().map(long).collect::<Vec<_>>();
    if space == Space::BinaryInput {
        binary_inputs(start, &states())
    } else if space == Space::BinaryOutput {
        binary_outputs(start, &states())
    } else if space == Space::Counter {
        let counts = values.iter().map(|value| u32::try_from(*value).unwrap_or(u32::MAX));
        counters(start, &counts.collect::<Vec<_>>())
    } else if space == Space::AnalogOutput {
        analog_outputs(start, &longs())
    } else {
        analog_inputs(start, &longs())
    }
}

fn space_of(group: u8) -> Option<Space> {
    match group {
        1 => Some(Space::BinaryInput),
        10 => Some(Space::BinaryOutput),
        20 => Some(Space::Counter),
        30 => Some(Space::AnalogInput),
        40 => Some(Space::AnalogOutput),
        _ => None,
    }
}

/// A class by its number.
pub(super) fn class(number: u8) -> Class {
    match number {
        0 => Class::Zero,
        1 => Class::One,
        2 => Class::Two,
        _ => Class::Three,
    }
}

fn number(class: Class) -> u8 {
    match class {
        Class::Zero => 0,
        Class::One => 1,
        Class::Two => 2,
        Class::Three => 3,
    }
}

pub(super) fn long(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}
