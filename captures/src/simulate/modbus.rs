//! What a client asks of a Modbus unit, and what the unit answers.

use super::device::{Device, Lens};
use super::place::{Place, Space};
use super::random::low_word;
use crate::modbus::response::Identification;
use crate::modbus::{request, response};
use crate::octets::count16;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Read points in a row.
    Read { space: Space, start: u16, count: u16 },
    /// 5.
    WriteCoil { address: u16, on: bool },
    /// 6.
    WriteRegister { address: u16, value: u16 },
    /// 15.
    WriteCoils { address: u16, states: Vec<bool> },
    /// 16.
    WriteRegisters { address: u16, values: Vec<u16> },
    /// 22.
    Mask { address: u16, and: u16, or: u16 },
    /// 23.
    ReadWrite { start: u16, count: u16, address: u16, values: Vec<u16> },
    /// 8.
    Diagnostics { sub_function: u16, data: u16 },
    /// 17.
    ServerId,
    /// 43/14.
    Identify,
    /// Any other, which the unit does not know.
    Unknown { pdu: Vec<u8> },
    /// Any other, with an answer that the device gives.
    Other { pdu: Vec<u8>, answer: Vec<u8> },
}

/// Why a unit refuses.
const ILLEGAL_FUNCTION: u8 = 1;
const ILLEGAL_ADDRESS: u8 = 2;
const ILLEGAL_VALUE: u8 = 3;
/// What a gateway says of a unit that it does not have.
pub(super) const NO_SUCH_UNIT: u8 = 0x0b;

impl Ask {
    /// Its PDU.
    pub(super) fn pdu(&self) -> Vec<u8> {
        match self {
            Self::Read { space, start, count } => match space {
                Space::Coil => request::read_coils(*start, *count),
                Space::DiscreteInput => request::read_discrete_inputs(*start, *count),
                Space::InputRegister => request::read_input_registers(*start, *count),
                Space::HoldingRegister
                | Space::BinaryInput
                | Space::BinaryOutput
                | Space::Counter
                | Space::AnalogInput
                | Space::AnalogOutput => request::read_holding_registers(*start, *count),
            },
            Self::WriteCoil { address, on } => request::write_single_coil(*address, *on),
            Self::WriteRegister { address, value } => {
                request::write_single_register(*address, *value)
            }
            Self::WriteCoils { address, states } => request::write_multiple_coils(*address, states),
            Self::WriteRegisters { address, values } => {
                request::write_multiple_registers(*address, values)
            }
            Self::Mask { address, and, or } => request::mask_write_register(*address, *and, *or),
            Self::ReadWrite { start, count, address, values } => {
                request::read_write_multiple_registers(*start, *count, *address, values)
            }
            Self::Diagnostics { sub_function, data } => {
                request::diagnostics(*sub_function, &[*data])
            }
            Self::ServerId => request::report_server_id(),
            Self::Identify => request::read_device_identification(1, 0),
            Self::Unknown { pdu } | Self::Other { pdu, .. } => pdu.clone(),
        }
    }

    /// The points it writes, with their values.
    pub(super) fn writes(&self) -> Vec<(Place, i64)> {
        let at = |space, address: u16, place: u16| Place {
            space,
            address: address.saturating_add(place),
        };
        match self {
            Self::WriteCoil { address, on } => {
                vec![(at(Space::Coil, *address, 0), i64::from(*on))]
            }
            Self::WriteRegister { address, value } => {
                vec![(at(Space::HoldingRegister, *address, 0), i64::from(*value))]
            }
            Self::WriteCoils { address, states } => (0..)
                .zip(states)
                .map(|(place, on)| (at(Space::Coil, *address, place), i64::from(*on)))
                .collect(),
            Self::WriteRegisters { address, values } | Self::ReadWrite { address, values, .. } => {
                (0..)
                    .zip(values)
                    .map(|(place, value)| {
                        (at(Space::HoldingRegister, *address, place), i64::from(*value))
                    })
                    .collect()
            }
            Self::Read { .. }
            | Self::Mask { .. }
            | Self::Diagnostics { .. }
            | Self::ServerId
            | Self::Identify
            | Self::Unknown { .. }
            | Self::Other { .. } => Vec::new(),
        }
    }

    /// What the unit answers, having done it; nothing when it only listens.
    pub(super) fn answered_by(&self, unit: &mut Device, now: u64, lens: &Lens) -> Option<Vec<u8>> {
        if unit.listens_only {
            // Restart Communications alone brings it back, and is not answered then.
            if matches!(self, Self::Diagnostics { sub_function: 1, .. }) {
                unit.listens_only = false;
            }
            return None;
        }
        let refused = |code| {
            let function = self.pdu().first().copied().unwrap_or(0);
            Some(response::exception(function, code))
        };
        let writes = self.writes();
        if writes.iter().any(|(place, _)| unit.spec(*place).is_none()) {
            return refused(ILLEGAL_ADDRESS);
        }
        if !writes.iter().all(|(place, value)| unit.set(*place, *value, now)) {
            return refused(ILLEGAL_VALUE);
        }
        match self {
            Self::Read { space, start, count } => match read(unit, *space, *start, *count, lens) {
                None => refused(ILLEGAL_ADDRESS),
                Some(values) => Some(read_answer(*space, &values)),
            },
            Self::Mask { address, and, or } => {
                let place = Place { space: Space::HoldingRegister, address: *address };
                let present = unit.value(place, &Lens::clear(now));
                let Some(present) = present.map(word) else { return refused(ILLEGAL_ADDRESS) };
                unit.set(place, i64::from((present & and) | (or & !and)), now);
                Some(self.pdu())
            }
            Self::ReadWrite { start, count, .. } => {
                match read(unit, Space::HoldingRegister, *start, *count, lens) {
                    None => refused(ILLEGAL_ADDRESS),
                    Some(values) => Some(response::read_write_multiple_registers(&words(&values))),
                }
            }
            Self::Diagnostics { sub_function: 4, .. } => {
                unit.listens_only = true;
                None
            }
            Self::Diagnostics { .. } | Self::WriteCoil { .. } | Self::WriteRegister { .. } => {
                Some(self.pdu())
            }
            Self::WriteCoils { address, states } => {
                Some(response::write_multiple_coils(*address, count16(states.len())))
            }
            Self::WriteRegisters { address, values } => {
                Some(response::write_multiple_registers(*address, count16(values.len())))
            }
            Self::ServerId => Some(response::report_server_id(b"GT", true, unit.name.as_bytes())),
            Self::Identify => Some(response::read_device_identification(&Identification {
                code: 1,
                conformity: 1,
                next: None,
                objects: &[(0, b"Gridtap"), (1, unit.name.as_bytes()), (2, b"1.0")],
            })),
            Self::Unknown { .. } => refused(ILLEGAL_FUNCTION),
            Self::Other { answer, .. } => Some(answer.clone()),
        }
    }
}

fn read(unit: &Device, space: Space, start: u16, count: u16, lens: &Lens) -> Option<Vec<i64>> {
    (0..count)
        .map(|place| {
            let address = start.checked_add(place)?;
            unit.value(Place { space, address }, lens)
        })
        .collect()
}

fn read_answer(space: Space, values: &[i64]) -> Vec<u8> {
    let states = || values.iter().map(|value| *value != 0).collect::<Vec<bool>>();
    if space == Space::Coil {
        response::read_coils(&states())
    } else if space == Space::DiscreteInput {
        response::read_discrete_inputs(&states())
    } else if space == Space::InputRegister {
        response::read_input_registers(&words(values))
    } else {
        response::read_holding_registers(&words(values))
    }
}

fn words(values: &[i64]) -> Vec<u16> {
    values.iter().copied().map(word).collect()
}

/// A register: the 16 lowest bits, negative numbers in two's complement.
pub(super) fn word(value: i64) -> u16 {
    low_word(u64::from_ne_bytes(value.to_ne_bytes()))
}

impl Ask {
    /// Whether it reads a point.
    pub(super) fn reads(&self, place: Place) -> bool {
        let within = |space, start: u16, count| {
            place.space == space && (start..start.saturating_add(count)).contains(&place.address)
        };
        if let Self::Read { space, start, count } = self {
            within(*space, *start, *count)
        } else if let Self::ReadWrite { start, count, .. } = self {
            within(Space::HoldingRegister, *start, *count)
        } else {
            false
        }
    }
}
