//! Modbus, layer by layer: MBAP framing, PDUs of requests and responses, RTU frames.

use gridtap_captures::modbus::{mbap, rtu};
use gridtap_parsers::modbus::{self, Adu, Body, Framed, Framing, adu, frame};
use gridtap_parsers::{Class, Direction, ParseError};

use crate::encode;
use crate::memory;
use crate::walk;

/// The header in front of a PDU: what it cuts out, and what it says of a part.
pub fn modbus_mbap(data: &[u8]) {
    for direction in [Direction::Request, Direction::Response] {
        memory::bounded(memory::PARSER_OCTETS, data.len(), || read(data, adu(data, direction)));
    }
    match frame(data) {
        Framed::Adu { header, pdu, rest } => {
            let end = data.len() - rest.len();
            let (first, behind) = data.split_at(end);
            assert_eq!(behind, rest);
            assert_eq!(mbap(header.transaction, header.unit, pdu), first, "encoded anew");
            assert_eq!(frame(first), Framed::Adu { header, pdu, rest: &[] }, "without the rest");
            for part in (0..end).filter_map(|octets| first.get(..octets)) {
                partial(part, end);
            }
        }
        Framed::Partial { wanted } => {
            assert!(wanted > data.len(), "{wanted}");
            assert!(wanted <= usize::from(modbus::MAX_UMAS_LENGTH) + 6, "{wanted}");
        }
        Framed::OutOfStep(error) => {
            assert!(error.offset <= data.len(), "{error:?}");
            let more = [data, &[0; 9]].concat();
            assert_eq!(frame(&more), Framed::OutOfStep(error), "more octets mend nothing");
        }
    }
}

/// A part of an ADU of `end` octets wants more of it, and never more than there is.
fn partial(part: &[u8], end: usize) {
    let framed = frame(part);
    let wants =
        matches!(framed, Framed::Partial { wanted } if part.len() < wanted && wanted <= end);
    assert!(wants, "{} of {end} octets: {framed:?}", part.len());
    let (_, error) = adu(part, Direction::Request);
    assert_eq!(error.map(|error| error.class), Some(Class::Incomplete));
}

/// The PDU of a request.
pub fn modbus_request(data: &[u8]) {
    pdu(data, Direction::Request);
}

/// The PDU of a response or an exception.
pub fn modbus_response(data: &[u8]) {
    pdu(data, Direction::Response);
}

/// An RTU frame: as it came, and put together around the same octets.
pub fn modbus_rtu(data: &[u8]) {
    for direction in [Direction::Request, Direction::Response] {
        memory::bounded(memory::PARSER_OCTETS, data.len(), || {
            read(data, modbus::rtu(data, direction))
        });
    }
    let Some((unit, pdu)) = data.split_first() else { return };
    if pdu.is_empty() || pdu.len() > 253 {
        return;
    }
    let mut whole = rtu(*unit, pdu);
    for direction in [Direction::Request, Direction::Response] {
        let (framed, error) = modbus::rtu(&whole, direction);
        assert!(error.is_none_or(|error| error.class != Class::Crc), "{error:?}");
        // It says what it says under any header.
        let under_header = mbap(0, *unit, pdu);
        let (tcp, tcp_error) = adu(&under_header, direction);
        assert_eq!(framed.map(|adu| adu.body), tcp.map(|adu| adu.body));
        assert_eq!(error.map(|error| error.class), tcp_error.map(|error| error.class));
    }
    // A CRC sees one flipped bit wherever it is.
    let bit = pdu.iter().fold(usize::from(*unit), |sum, octet| sum + usize::from(*octet));
    let at = bit / 8 % whole.len();
    if let Some(octet) = whole.get_mut(at) {
        *octet ^= 1 << (bit % 8);
    }
    let (_, error) = modbus::rtu(&whole, Direction::Request);
    assert_eq!(error.map(|error| error.class), Some(Class::Crc), "bit {bit}");
}

/// What holds for a PDU under a right header.
fn pdu(pdu: &[u8], direction: Direction) {
    if pdu.is_empty() || pdu.len() > 253 {
        return;
    }
    let octets = mbap(7, 3, pdu);
    let (read_adu, error) = memory::bounded(memory::PARSER_OCTETS, octets.len(), || {
        read(&octets, adu(&octets, direction))
    });
    let Some(read_adu) = read_adu else {
        return assert_eq!(error, None, "a PDU under a right header is an ADU, whatever it says");
    };
    assert_eq!(read_adu.framing, Framing::Tcp { transaction: 7 });
    assert_eq!((read_adu.unit, read_adu.direction), (3, direction));
    match (read_adu.body, error) {
        (Body::Unread(rest), _) => assert_eq!(Some(rest), pdu.get(1..)),
        (_, Some(_)) => {}
        (_, None) => {
            let again = encode::pdu_of(&read_adu);
            assert_eq!(encode::spare_bits_cleared(pdu, &read_adu), again, "{read_adu:?}");
        }
    }
    assert!(error.is_none_or(|error| error.class != Class::Incomplete), "the PDU is whole");
}

/// Checks what was read of `octets` by itself, and hands it on.
fn read<'a>(
    octets: &[u8],
    (adu, error): (Option<Adu<'a>>, Option<ParseError>),
) -> (Option<Adu<'a>>, Option<ParseError>) {
    assert!(adu.is_some() || error.is_some());
    assert!(error.is_none_or(|error| error.offset <= octets.len()), "{error:?}");
    if let Some(adu) = adu {
        walk::modbus(&adu, octets.len());
    }
    (adu, error)
}
