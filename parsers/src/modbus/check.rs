//! What the readers of requests and responses share.

use nom::number::complete::{be_u8, be_u16};

use super::subcodes::Diagnostic;
use crate::error::{Class, Fault, Wire};

/// What was read, and the first thing wrong with it: a value against the standard costs nothing
/// but the mark. Only a message too short to read is a nom error.
pub(super) type Checked<'a, T> = Wire<'a, (T, Option<Fault<'a>>)>;

/// A mark at the first octet of `left`, if `broken`.
pub(super) fn flaw<'a>(
    broken: bool,
    left: &'a [u8],
    class: Class,
    what: &'static str,
) -> Option<Fault<'a>> {
    broken.then_some(Fault { left, class, what })
}

/// An address and how many points follow from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) address: u16,
    pub(super) quantity: u16,
}

/// Reads an address and a quantity from 1 to `limit`.
pub(super) fn area(input: &[u8], limit: u16) -> Checked<'_, Area> {
    let (quantity_at, address) = be_u16(input)?;
    let (rest, quantity) = be_u16(quantity_at)?;
    let outside = quantity == 0 || quantity > limit;
    // The last point may have address 65,535.
    let past = u32::from(address).saturating_add(quantity.into()) > 0x1_0000;
    let flaw = flaw(outside, quantity_at, Class::QuantityRange, "quantity outside its limits")
        .or_else(|| flaw(past, input, Class::AddressRange, "the points pass address 65,535"));
    Ok((rest, (Area { address, quantity }, flaw)))
}

/// Reads a byte count and the octets it counts, as many as there are, to the end of the PDU.
pub(super) fn counted(input: &[u8]) -> Checked<'_, &[u8]> {
    let (body, count) = be_u8(input)?;
    let octets = body.get(..count.into()).unwrap_or(body);
    let wrong = usize::from(count) != body.len();
    let what = "the byte count disagrees with the octets there are";
    Ok((&[], (octets, flaw(wrong, input, Class::ByteCount, what))))
}

/// Reads an address and the value of a single coil or register.
pub(super) fn single(input: &[u8], coil: bool) -> Checked<'_, (u16, u16)> {
    let (value_at, address) = be_u16(input)?;
    let (rest, value) = be_u16(value_at)?;
    let illegal = coil && !matches!(value, 0x0000 | 0xff00);
    let what = "coil value is not 0xff00 or 0x0000";
    Ok((rest, ((address, value), flaw(illegal, value_at, Class::Value, what))))
}

/// Reads a diagnostics sub-function and its octets; requests have stricter values.
pub(super) fn diagnostics(input: &[u8], request: bool) -> Checked<'_, (Diagnostic, &[u8])> {
    let (data, code) = be_u16(input)?;
    let sub_function = Diagnostic::from(code);
    let reserved = matches!(sub_function, Diagnostic::Unknown(_));
    // Echoed queries and statistics may be longer; all others have one field of two octets.
    let long =
        matches!(sub_function, Diagnostic::ReturnQueryData | Diagnostic::ModbusPlusStatistics);
    let size_is_wrong = data.len() < 2 || !long && data.len() > 2;
    let zero = data == [0, 0];
    let value_is_wrong = match sub_function {
        Diagnostic::RestartCommunicationsOption => !matches!(data, [0x00 | 0xff, 0x00]),
        Diagnostic::ChangeAsciiInputDelimiter => !matches!(data, [_, 0x00]),
        Diagnostic::ModbusPlusStatistics => request && !matches!(data, [0, 3 | 4]),
        Diagnostic::ClearCounters
        | Diagnostic::ClearOverrunCounterAndFlag
        | Diagnostic::ForceListenOnlyMode => !zero,
        Diagnostic::ReturnDiagnosticRegister
        | Diagnostic::ReturnBusMessageCount
        | Diagnostic::ReturnBusCommunicationErrorCount
        | Diagnostic::ReturnBusExceptionErrorCount
        | Diagnostic::ReturnServerMessageCount
        | Diagnostic::ReturnServerNoResponseCount
        | Diagnostic::ReturnServerNakCount
        | Diagnostic::ReturnServerBusyCount
        | Diagnostic::ReturnBusCharacterOverrunCount
        | Diagnostic::ReturnIopOverrunCount => request && !zero,
        Diagnostic::ReturnQueryData | Diagnostic::Unknown(_) => false,
    };
    let flaw = flaw(reserved, input, Class::Value, "reserved diagnostics sub-function")
        .or_else(|| flaw(size_is_wrong, data, Class::PduLength, "wrong length for diagnostics"))
        .or_else(|| flaw(value_is_wrong, data, Class::Value, "value not allowed in diagnostics"));
    Ok((&[], ((sub_function, data), flaw)))
}
