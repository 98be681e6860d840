//! One application data unit: header, function and body.

use super::check::{Checked, flaw};
use super::crc::crc;
use super::exception::{self, ExceptionCode};
use super::function::FunctionCode;
use super::mbap::{Framed, HEADER, Mbap, frame};
use super::request::{self, Request};
use super::response::{self, Response};
use crate::error::{Class, ParseError};
use crate::protocol::Direction;

/// An application data unit. It borrows from the octets it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adu<'a> {
    /// How it was framed.
    pub framing: Framing,
    /// Unit identifier. Over TCP 0 or 255 is the server itself; on a serial line 0 is a
    /// broadcast.
    pub unit: u8,
    /// Whether a client or a server sent it.
    pub direction: Direction,
    /// The function code. Of a response it is without the exception bit.
    pub function: FunctionCode,
    /// What it says.
    pub body: Body<'a>,
}

/// How an ADU was framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By an MBAP header.
    Tcp {
        /// Pairs a response with its request; chosen by the client, who may repeat it.
        transaction: u16,
    },
    /// By an address in front and a CRC behind.
    Rtu,
}

/// What an ADU says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// A client's request.
    Request(Request<'a>),
    /// A server's answer.
    Response(Response<'a>),
    /// A server's refusal.
    Exception(ExceptionCode),
    /// The octets after the function code of an ADU that cannot be read.
    Unread(&'a [u8]),
}

/// Reads the Modbus/TCP ADU that `octets` are.
///
/// What was read before something is wrong is kept: there may be an ADU and an error. Any
/// direction but [`Direction::Response`] means a request.
///
/// # Errors
///
/// The offset counts from the start of `octets`. [`Class::ProtocolId`] and [`Class::LengthRange`]
/// stand without an ADU, or the latter with one if octets follow it; [`Class::Incomplete`] stands
/// without an ADU if not even its function code is there. [`Class::Function`] is a function that
/// is not read, the other classes are malformed PDUs.
#[must_use]
pub fn adu(octets: &[u8], direction: Direction) -> (Option<Adu<'_>>, Option<ParseError>) {
    match frame(octets) {
        Framed::OutOfStep(error) => (None, Some(error)),
        Framed::Adu { header, pdu, rest } => {
            let (adu, error) = behind(header, pdu, direction);
            let trailing = (!rest.is_empty()).then(|| ParseError {
                offset: octets.len().saturating_sub(rest.len()),
                class: Class::LengthRange,
                what: "octets follow that the length field does not count",
            });
            (Some(adu), error.or(trailing))
        }
        Framed::Partial { .. } => (partial(octets, direction), Some(incomplete(octets))),
    }
}

/// Reads the PDU that a header stands in front of.
pub(super) fn behind(
    header: Mbap,
    pdu: &[u8],
    direction: Direction,
) -> (Adu<'_>, Option<ParseError>) {
    let framing = Framing::Tcp { transaction: header.transaction };
    Pdu::read(pdu, direction).place(framing, header.unit, HEADER)
}

/// Reads the RTU frame that `octets` are.
///
/// What was read before something is wrong is kept, as by [`adu`].
///
/// # Errors
///
/// [`Class::LengthRange`], without an ADU, outside 4 to 256 octets; [`Class::Crc`] where the CRC
/// stands; the others are those of the PDU.
#[must_use]
pub fn rtu(octets: &[u8], direction: Direction) -> (Option<Adu<'_>>, Option<ParseError>) {
    let (4..=256, Some((framed, [low, high])), [unit, ..]) =
        (octets.len(), octets.split_last_chunk(), octets)
    else {
        let what = "an RTU frame has 4 to 256 octets";
        return (None, Some(ParseError { offset: 0, class: Class::LengthRange, what }));
    };
    let wrong = (crc(framed) != u16::from_le_bytes([*low, *high])).then_some(ParseError {
        offset: framed.len(),
        class: Class::Crc,
        what: "the CRC is wrong",
    });
    let pdu = framed.get(1..).unwrap_or_default();
    let (adu, error) = Pdu::read(pdu, direction).place(Framing::Rtu, *unit, 1);
    (Some(adu), wrong.or(error))
}

/// What can be read of an ADU whose end is missing.
fn partial(octets: &[u8], direction: Direction) -> Option<Adu<'_>> {
    let ([high, low, _, _, _, _, unit], pdu) = octets.split_first_chunk()?;
    let (function, rest) = pdu.split_first()?;
    let framing = Framing::Tcp { transaction: u16::from_be_bytes([*high, *low]) };
    let (function, _) = split_code(*function, direction);
    Some(Adu { framing, unit: *unit, direction, function, body: Body::Unread(rest) })
}

fn incomplete(octets: &[u8]) -> ParseError {
    let what = "the octets end inside the ADU";
    ParseError { offset: octets.len(), class: Class::Incomplete, what }
}

/// A function code and whether the octet has the exception bit, which only responses have.
pub(super) fn split_code(octet: u8, direction: Direction) -> (FunctionCode, bool) {
    if direction == Direction::Response {
        (FunctionCode::from(octet & 0x7f), octet & 0x80 != 0)
    } else {
        (FunctionCode::from(octet), false)
    }
}

/// A PDU as read. Its error is placed in the PDU.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pdu<'a> {
    direction: Direction,
    function: FunctionCode,
    body: Body<'a>,
    pub(super) error: Option<ParseError>,
}

impl<'a> Pdu<'a> {
    pub(super) fn read(pdu: &'a [u8], direction: Direction) -> Self {
        let (code, rest) = pdu.split_first().map_or((0, pdu), |(code, rest)| (*code, rest));
        let (function, exception) = split_code(code, direction);
        let (body, error) = if direction != Direction::Response {
            checked(pdu, request::read(pdu), Body::Request)
        } else if exception {
            checked(pdu, exception::read(rest), Body::Exception)
        } else {
            checked(pdu, response::read(pdu), Body::Response)
        };
        Self { direction, function, body: body.unwrap_or(Body::Unread(rest)), error }
    }

    /// Puts it into an ADU in which `before` octets precede it.
    pub(super) fn place(
        self,
        framing: Framing,
        unit: u8,
        before: usize,
    ) -> (Adu<'a>, Option<ParseError>) {
        let Self { direction, function, body, error } = self;
        let error = error.map(|mut error| {
            error.offset = error.offset.saturating_add(before);
            error
        });
        (Adu { framing, unit, direction, function, body }, error)
    }
}

/// Turns what a reader made of `pdu` into a body and what is wrong with it.
fn checked<'a, T>(
    pdu: &'a [u8],
    read: Checked<'a, T>,
    body: fn(T) -> Body<'a>,
) -> (Option<Body<'a>>, Option<ParseError>) {
    let (value, fault) = match read {
        Ok((rest, (value, flawed))) => {
            let what = "octets are left over for this function";
            let flaw = flawed.or_else(|| flaw(!rest.is_empty(), rest, Class::PduLength, what));
            (Some(body(value)), flaw)
        }
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => (None, Some(fault)),
        Err(nom::Err::Incomplete(_)) => (None, None),
    };
    let error = fault.map(|fault| {
        let offset = pdu.len().saturating_sub(fault.left.len());
        // The framing gave the whole PDU: what ends too soon was sent so.
        let (class, what) = if fault.class == Class::Incomplete {
            (Class::PduLength, "octets are missing for this function")
        } else {
            (fault.class, fault.what)
        };
        ParseError { offset, class, what }
    });
    (value, error)
}
