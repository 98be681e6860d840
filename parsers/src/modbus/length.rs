//! How long a PDU is by its own octets: what RTU frames are cut by, and what a Modbus/TCP length
//! must agree with before it is believed out of step.

use super::function::FunctionCode;
use crate::protocol::Direction;

/// What a PDU's first octets say about its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// So many octets, function code included.
    Octets(usize),
    /// The octets that tell have not arrived.
    Wanting,
    /// Nothing: its end must be known from elsewhere.
    Untold,
}

/// The length of the PDU that begins with `pdu`.
pub(super) fn length(pdu: &[u8], direction: Direction) -> Length {
    let Some(octet) = pdu.first() else { return Length::Wanting };
    if direction == Direction::Response {
        if octet & 0x80 != 0 {
            return Length::Octets(2);
        }
        response(pdu, FunctionCode::from(*octet))
    } else {
        request(pdu, FunctionCode::from(*octet))
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most functions tell nothing of their length")]
fn request(pdu: &[u8], function: FunctionCode) -> Length {
    match function {
        FunctionCode::ReadCoils
        | FunctionCode::ReadDiscreteInputs
        | FunctionCode::ReadHoldingRegisters
        | FunctionCode::ReadInputRegisters
        | FunctionCode::WriteSingleCoil
        | FunctionCode::WriteSingleRegister => Length::Octets(5),
        FunctionCode::ReadExceptionStatus
        | FunctionCode::GetCommEventCounter
        | FunctionCode::GetCommEventLog
        | FunctionCode::ReportServerId => Length::Octets(1),
        FunctionCode::WriteMultipleCoils | FunctionCode::WriteMultipleRegisters => counted(pdu, 5),
        FunctionCode::ReadFileRecord | FunctionCode::WriteFileRecord => counted(pdu, 1),
        FunctionCode::MaskWriteRegister => Length::Octets(7),
        FunctionCode::ReadWriteMultipleRegisters => counted(pdu, 9),
        FunctionCode::ReadFifoQueue => Length::Octets(3),
        FunctionCode::EncapsulatedInterfaceTransport => match pdu.get(1) {
            None => Length::Wanting,
            Some(14) => Length::Octets(4),
            Some(_) => Length::Untold,
        },
        other => either(pdu, other),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most functions tell nothing of their length")]
fn response(pdu: &[u8], function: FunctionCode) -> Length {
    match function {
        FunctionCode::ReadCoils
        | FunctionCode::ReadDiscreteInputs
        | FunctionCode::ReadHoldingRegisters
        | FunctionCode::ReadInputRegisters
        | FunctionCode::GetCommEventLog
        | FunctionCode::ReportServerId
        | FunctionCode::ReadFileRecord
        | FunctionCode::WriteFileRecord
        | FunctionCode::ReadWriteMultipleRegisters => counted(pdu, 1),
        FunctionCode::WriteSingleCoil
        | FunctionCode::WriteSingleRegister
        | FunctionCode::GetCommEventCounter
        | FunctionCode::WriteMultipleCoils
        | FunctionCode::WriteMultipleRegisters => Length::Octets(5),
        FunctionCode::ReadExceptionStatus => Length::Octets(2),
        FunctionCode::MaskWriteRegister => Length::Octets(7),
        FunctionCode::ReadFifoQueue => match pdu {
            [_, high, low, ..] => {
                let count = usize::from(u16::from_be_bytes([*high, *low]));
                Length::Octets(count.saturating_add(3))
            }
            _ => Length::Wanting,
        },
        other => either(pdu, other),
    }
}

/// What requests and responses have in common.
fn either(pdu: &[u8], function: FunctionCode) -> Length {
    if function != FunctionCode::Diagnostics {
        return Length::Untold;
    }
    match pdu {
        // Echoed queries and statistics have any length.
        [_, 0, 0 | 21, ..] => Length::Untold,
        [_, _, _, ..] => Length::Octets(5),
        _ => Length::Wanting,
    }
}

/// The length of a PDU whose octet `at` counts all that follow it.
fn counted(pdu: &[u8], at: usize) -> Length {
    match pdu.get(at) {
        Some(count) => Length::Octets(usize::from(*count).saturating_add(at).saturating_add(1)),
        None => Length::Wanting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_table() {
        use Direction::{Request, Response};
        use Length::{Octets, Untold, Wanting};
        #[rustfmt::skip]
        let table: &[(&[u8], Direction, Length)] = &[
            (&[],                          Request,  Wanting),
            (&[3],                         Request,  Octets(5)),
            (&[3],                         Response, Wanting),
            (&[3, 4],                      Response, Octets(6)),
            (&[0x83],                      Response, Octets(2)),
            (&[0x83],                      Request,  Untold),
            (&[7],                         Request,  Octets(1)),
            (&[7],                         Response, Octets(2)),
            (&[8, 0],                      Request,  Wanting),
            (&[8, 0, 0],                   Request,  Untold),
            (&[8, 0, 1],                   Response, Octets(5)),
            (&[11],                        Response, Octets(5)),
            (&[15, 0, 0, 0, 1],            Request,  Wanting),
            (&[15, 0, 0, 0, 1, 1],         Request,  Octets(7)),
            (&[16],                        Response, Octets(5)),
            (&[20, 7],                     Request,  Octets(9)),
            (&[22],                        Request,  Octets(7)),
            (&[23, 0, 0, 0, 1, 0, 0, 0, 1, 2], Request, Octets(12)),
            (&[24],                        Request,  Octets(3)),
            (&[24, 0],                     Response, Wanting),
            (&[24, 0, 6],                  Response, Octets(9)),
            (&[43, 14],                    Request,  Octets(4)),
            (&[43, 14],                    Response, Untold),
            (&[65],                        Request,  Untold),
            (&[90],                        Response, Untold),
        ];
        for (pdu, direction, expected) in table {
            assert_eq!(length(pdu, *direction), *expected, "{pdu:?} {direction:?}");
        }
    }
}
