//! Modbus/TCP framing: the MBAP header (Modbus Messaging on TCP/IP V1.0b).

use nom::Parser;
use nom::combinator::peek;
use nom::number::streaming::{be_u8, be_u16};

use super::function::FunctionCode;
use crate::error::{Class, ParseError, Wire, fault, place};

/// The largest value of the length field: a unit identifier and a PDU of 253 octets.
pub const MAX_LENGTH: u16 = 254;

/// The largest length taken for UMAS (function 90), whose PDUs pass 253 octets: what fits into
/// one Ethernet segment, and some room for what two of them share.
pub const MAX_UMAS_LENGTH: u16 = 2_048;

/// Octets before the PDU.
pub(super) const HEADER: usize = 7;

/// The header in front of every Modbus/TCP PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mbap {
    /// Pairs a response with its request; chosen by the client, who may repeat it.
    pub transaction: u16,
    /// Addresses a device behind a gateway; 0 or 255 for the server itself.
    pub unit: u8,
}

/// What the start of a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'a> {
    /// A whole ADU.
    Adu {
        /// Its header.
        header: Mbap,
        /// Its PDU: one octet at least.
        pdu: &'a [u8],
        /// The octets after it.
        rest: &'a [u8],
    },
    /// The start of an ADU; the rest has not arrived.
    Partial {
        /// How many octets, counted from the start of the ADU, must be there to tell more.
        wanted: usize,
    },
    /// No ADU can start here.
    OutOfStep(ParseError),
}

/// Reads the ADU at the start of `stream`.
///
/// The PDU is cut out by the length field alone, unread: one that this crate does not know never
/// costs the reader the ADU after it.
#[must_use]
pub fn frame(stream: &[u8]) -> Framed<'_> {
    let read = header(stream);
    if let Err(nom::Err::Incomplete(needed)) = read {
        let missing = match needed {
            nom::Needed::Size(octets) => octets.get(),
            nom::Needed::Unknown => 1,
        };
        return Framed::Partial { wanted: stream.len().saturating_add(missing) };
    }
    let (header, pdu_octets) = match place(stream, read) {
        Ok(read) => read,
        Err(error) => return Framed::OutOfStep(error),
    };
    match stream.get(HEADER..).unwrap_or_default().split_at_checked(pdu_octets) {
        Some((pdu, rest)) => Framed::Adu { header, pdu, rest },
        None => Framed::Partial { wanted: pdu_octets.saturating_add(HEADER) },
    }
}

/// Reads a header, and how long the PDU behind it is. Faults as soon as an octet tells.
fn header(stream: &[u8]) -> Wire<'_, (Mbap, usize)> {
    let (protocol_at, transaction) = be_u16(stream)?;
    if let [1..=255, ..] = protocol_at {
        return fault(protocol_at, Class::ProtocolId, "the protocol identifier is not 0");
    }
    let (length_at, protocol) = be_u16(protocol_at)?;
    if protocol != 0 {
        return fault(protocol_at, Class::ProtocolId, "the protocol identifier is not 0");
    }
    let (unit_at, length) = be_u16(length_at)?;
    let too_long = || fault(length_at, Class::LengthRange, "the length field is too large");
    if length < 2 {
        return fault(length_at, Class::LengthRange, "the length field leaves no room for a PDU");
    }
    if length > MAX_UMAS_LENGTH {
        return too_long();
    }
    let (pdu_at, unit) = be_u8(unit_at)?;
    if length > MAX_LENGTH {
        let (_, function) = peek(be_u8).parse(pdu_at)?;
        if FunctionCode::from(function) != FunctionCode::UnitySchneider {
            return too_long();
        }
    }
    Ok((pdu_at, (Mbap { transaction, unit }, usize::from(length).saturating_sub(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(offset: usize, class: Class) -> impl Fn(&Framed<'_>) -> bool {
        move |framed| matches!(framed, Framed::OutOfStep(e) if e.offset == offset && e.class == class)
    }

    #[test]
    fn frames_by_length_alone() {
        let header = Mbap { transaction: 7, unit: 1 };
        let partial = |wanted| Framed::Partial { wanted };
        let adu = |pdu, rest| Framed::Adu { header, pdu, rest };
        #[rustfmt::skip]
        let table: &[(&str, &[u8], Framed<'_>)] = &[
            ("no octets",           &[],                             partial(2)),
            ("one octet",           &[0],                            partial(2)),
            ("transaction alone",   &[0, 7],                         partial(4)),
            ("half a protocol",     &[0, 7, 0],                      partial(4)),
            ("header cut short",    &[0, 7, 0, 0, 0],                partial(6)),
            ("no unit",             &[0, 7, 0, 0, 0, 6],             partial(7)),
            ("PDU cut short",       &[0, 7, 0, 0, 0, 3, 1, 5],       partial(9)),
            ("longest, cut short",  &[0, 7, 0, 0, 0, 254, 1],        partial(260)),
            ("long, function next", &[0, 7, 0, 0, 0, 255, 1],        partial(8)),
            ("long UMAS",           &[0, 7, 0, 0, 8, 0, 1, 90],      partial(2_054)),
            ("unknown function",    &[0, 7, 0, 0, 0, 2, 1, 99],      adu(&[99], &[])),
            ("two ADUs together",   &[0, 7, 0, 0, 0, 2, 1, 99, 0, 8],adu(&[99], &[0, 8])),
        ];
        for (name, stream, expected) in table {
            assert_eq!(frame(stream), *expected, "{name}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_one_is_told_at_the_first_wrong_octet() {
        #[rustfmt::skip]
        let table: &[(&str, &[u8], usize, Class)] = &[
            ("protocol, first octet",  &[0, 7, 1],                  2, Class::ProtocolId),
            ("protocol, second octet", &[0, 7, 0, 1],               2, Class::ProtocolId),
            ("length 0",               &[0, 7, 0, 0, 0, 0],         4, Class::LengthRange),
            ("length 1: no PDU",       &[0, 7, 0, 0, 0, 1, 1],      4, Class::LengthRange),
            ("length 255, not UMAS",   &[0, 7, 0, 0, 0, 255, 1, 3], 4, Class::LengthRange),
            ("length past UMAS too",   &[0, 7, 0, 0, 8, 1],         4, Class::LengthRange),
        ];
        for (name, stream, offset, class) in table {
            assert!(out(*offset, *class)(&frame(stream)), "{name}: {:?}", frame(stream));
        }
    }
}
