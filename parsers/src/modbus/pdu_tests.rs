//! Requests and responses at and past each of their limits.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test's own numbers are small, and it fails by panicking"
)]

use super::{Body, DeviceObject, FunctionCode, Request, Response, adu};
use crate::error::{Class, Kind};
use crate::protocol::Direction;

/// An ADU around a PDU given as hex, where `xx*n` repeats an octet.
fn framed(text: &str) -> Vec<u8> {
    let octet = |hex: &str| u8::from_str_radix(hex, 16).unwrap();
    let mut pdu = Vec::new();
    for word in text.split_whitespace() {
        match word.split_once('*') {
            Some((hex, times)) => {
                pdu.resize(pdu.len() + times.parse::<usize>().unwrap(), octet(hex));
            }
            None => pdu.extend((0..word.len()).step_by(2).map(|at| octet(&word[at..at + 2]))),
        }
    }
    let length = u16::try_from(pdu.len() + 1).unwrap().to_be_bytes();
    [&[0, 1, 0, 0, length[0], length[1], 17], pdu.as_slice()].concat()
}

fn check(direction: Direction, table: &[(&str, Option<(Class, usize)>)]) {
    for (pdu, expected) in table {
        let octets = framed(pdu);
        let (adu, error) = adu(&octets, direction);
        assert_eq!(error.map(|e| (e.class, e.offset - 7)), *expected, "{pdu}: {error:?}");
        assert_eq!(adu.unwrap().unit, 17, "{pdu}");
    }
}

#[test]
#[rustfmt::skip]
fn requests_keep_to_their_limits() {
    use Class::{AddressRange, ByteCount, Function, PduLength, QuantityRange, Value};
    check(Direction::Request, &[
        ("01 f830 07d0",              None),
        ("01 f831 07d0",              Some((AddressRange, 1))),
        ("01 0000 07d1",              Some((QuantityRange, 3))),
        ("02 0000 0000",              Some((QuantityRange, 3))),
        ("03 ff83 007d",              None),
        ("03 ffff 0002",              Some((AddressRange, 1))),
        ("04 0000 007e",              Some((QuantityRange, 3))),
        ("04 0000 00",                Some((PduLength, 3))),
        ("04",                        Some((PduLength, 1))),
        ("04 0000 0001 00",           Some((PduLength, 5))),
        ("05 0000 0000",              None),
        ("05 0000 ff01",              Some((Value, 3))),
        ("05 0000 00ff",              Some((Value, 3))),
        ("06 ffff ffff",              None),
        ("07",                        None),
        ("07 00",                     Some((PduLength, 1))),
        ("08 0000 a537 0102 03",      None),
        ("08 0000",                   Some((PduLength, 3))),
        ("08 00",                     Some((PduLength, 1))),
        ("08 0001 0000",              None),
        ("08 0001 ff00",              None),
        ("08 0001 00ff",              Some((Value, 3))),
        ("08 0002 0001",              Some((Value, 3))),
        ("08 0003 0a00",              None),
        ("08 0003 000a",              Some((Value, 3))),
        ("08 0004 0000",              None),
        ("08 0005 0000",              Some((Value, 1))),
        ("08 000b 0000 00",           Some((PduLength, 3))),
        ("08 0013 0000",              None),
        ("08 0015 0003",              None),
        ("08 0015 0005",              Some((Value, 3))),
        ("08 0016 0000",              Some((Value, 1))),
        ("0b",                        None),
        ("0c",                        None),
        ("0f 0000 07b0 f6 ff*246",    None),
        ("0f 0000 0000 00",           Some((QuantityRange, 3))),
        ("0f 0000 0009 01 ff",        Some((ByteCount, 5))),
        ("0f 0000 0009 02 ff",        Some((ByteCount, 5))),
        ("0f ffff 0002 01 03",        Some((AddressRange, 1))),
        ("0f 0000 0001 01 01 00",     Some((ByteCount, 5))),
        ("10 0000 007b f6 00*246",    None),
        ("10 0000 0001 01 00",        Some((ByteCount, 5))),
        ("10 0000 0002 02 0001",      Some((ByteCount, 5))),
        ("10 0000 0001",              Some((PduLength, 5))),
        ("11",                        None),
        ("14 07 06 0004 270f 0002",   None),
        ("14 07 06 0004 2710 0002",   Some((AddressRange, 2))),
        ("14 07 05 0004 0000 0002",   Some((Value, 2))),
        ("14 08 06 0004 0000 0002 00",Some((ByteCount, 1))),
        ("14 00",                     Some((ByteCount, 1))),
        ("15 09 06 0004 0007 0001 06af", None),
        ("15 09 06 0004 0007 0002 06af", Some((ByteCount, 2))),
        ("15 08 06 0004 0007 0000 06",   Some((ByteCount, 1))),
        ("16 0004 00f2 0025",         None),
        ("16 0004 00f2",              Some((PduLength, 5))),
        ("17 0000 007d 0000 0079 f2 11*242", None),
        ("17 0000 007e 0000 0001 02 0001",   Some((QuantityRange, 3))),
        ("17 0000 0001 0000 007a f2 11*242", Some((QuantityRange, 7))),
        ("17 ffff 0002 0000 0001 02 0001",   Some((AddressRange, 1))),
        ("17 0000 0001 0000 0001 04 0001",   Some((ByteCount, 9))),
        ("18 04de",                   None),
        ("2b 0d 0102",                None),
        ("2b 0e 01 00",               None),
        ("2b 0e 05 00",               Some((Value, 2))),
        ("2b 0e 01",                  Some((PduLength, 3))),
        ("2b 0f 00",                  Some((Value, 1))),
        ("5a 00 02",                  None),
        ("5a 00",                     Some((PduLength, 2))),
        ("00 01",                     Some((Function, 0))),
        ("09",                        Some((Function, 0))),
        ("41 0102",                   Some((Function, 0))),
        ("83 02",                     Some((Function, 0))),
    ]);
}

#[test]
#[rustfmt::skip]
fn responses_keep_to_their_limits() {
    use Class::{AddressRange, ByteCount, ExceptionCode, Function, PduLength, QuantityRange, Value};
    check(Direction::Response, &[
        ("01 fa 55*250",              None),
        ("01 fb 55*251",              Some((ByteCount, 1))),
        ("01 00",                     Some((ByteCount, 1))),
        ("02 02 55",                  Some((ByteCount, 1))),
        ("02 01 5555",                Some((ByteCount, 1))),
        ("03 fa 00*250",              None),
        ("03 03 000000",              Some((ByteCount, 1))),
        ("04 02 0000",                None),
        ("05 0001 ff00",              None),
        ("05 0001 0100",              Some((Value, 3))),
        ("06 0001 0100",              None),
        ("07 6d",                     None),
        ("07",                        Some((PduLength, 1))),
        ("08 000b ffff",              None),
        ("08 000a 0001",              Some((Value, 3))),
        ("08 0015 0003 0001 0002",    None),
        ("0b ffff 0108",              None),
        ("0b 0001 0108",              Some((Value, 1))),
        ("0c 08 0000 0108 0121 2000", None),
        ("0c 05 0000 0108 01",        Some((ByteCount, 1))),
        ("0c 46 0000 0108 0121 00*64",None),
        ("0c 47 0000 0108 0121 00*65",Some((ByteCount, 1))),
        ("0f 0013 07b0",              None),
        ("0f 0013 07b1",              Some((QuantityRange, 3))),
        ("10 0001 007b",              None),
        ("10 ffff 0002",              Some((AddressRange, 1))),
        ("11 03 4142ff",              None),
        ("11 00",                     Some((ByteCount, 1))),
        ("14 04 03 06 0dfe",          None),
        ("14 0a 05 06 0dfe0020 03 06 33cd", None),
        ("14 05 04 06 0dfe00",        Some((ByteCount, 2))),
        ("14 04 05 06 0dfe",          Some((ByteCount, 2))),
        ("14 04 03 07 0dfe",          Some((Value, 3))),
        ("15 09 06 0004 0007 0001 06af", None),
        ("16 0004 00f2 0025",         None),
        ("17 04 00fe 0acd",           None),
        ("17 01 00",                  Some((ByteCount, 1))),
        ("18 0002 0000",              None),
        ("18 0040 001f 00*62",        None),
        ("18 0042 0020 00*64",        Some((QuantityRange, 3))),
        ("18 0005 0001 0000",         Some((ByteCount, 1))),
        ("18 0004 0001 0000 00",      Some((ByteCount, 1))),
        ("2b 0d 01",                  None),
        ("2b 0e 01 81 00 00 01 00 03 414243", None),
        ("2b 0e 01 01 ff 02 00",      None),
        ("2b 0e 00 01 00 00 00",      Some((Value, 2))),
        ("2b 0e 01 04 00 00 00",      Some((Value, 2))),
        ("2b 0e 01 01 01 00 00",      Some((Value, 2))),
        ("2b 0e 01 01 00 01 00",      Some((Value, 2))),
        ("2b 0e 01 01 00 00 02 00 00",Some((ByteCount, 7))),
        ("2b 0e 01 01 00 00 01 00 09 41434d45", Some((ByteCount, 7))),
        ("2b 0e 01 01",               Some((PduLength, 4))),
        ("5a 20 fe",                  None),
        ("80 01",                     None),
        ("83 02",                     None),
        ("83 0b",                     None),
        ("83 00",                     Some((ExceptionCode, 1))),
        ("83 09",                     Some((ExceptionCode, 1))),
        ("83",                        Some((PduLength, 1))),
        ("83 02 00",                  Some((PduLength, 2))),
        ("da 01",                     None),
        ("7d 00",                     Some((Function, 0))),
    ]);
}

#[test]
fn a_function_that_is_not_read_keeps_its_octets_and_blames_nobody() {
    let octets = framed("41 0102");
    let (adu, error) = adu(&octets, Direction::Request);
    let adu = adu.unwrap();
    assert_eq!(adu.function, FunctionCode::Unknown(65));
    assert_eq!(adu.body, Body::Unread(&[1, 2]));
    assert_eq!(error.unwrap().kind(), Kind::Unsupported);
}

#[test]
fn exactly_the_functions_that_say_so_are_read() {
    for octet in 0..0x80 {
        for direction in [Direction::Request, Direction::Response] {
            let octets = [0, 1, 0, 0, 0, 2, 17, octet];
            let (adu, error) = adu(&octets, direction);
            let unread = error.is_some_and(|error| error.class == Class::Function);
            assert_eq!(adu.unwrap().function.is_read(), !unread, "{octet}");
        }
    }
}

#[test]
fn lists_end_at_the_first_item_that_is_cut() {
    let octets = framed("2b 0e 01 01 00 00 02 00 02 4142 01 09 41");
    let (adu, _) = adu(&octets, Direction::Response);
    let Body::Response(Response::DeviceId { objects, .. }) = adu.unwrap().body else { panic!() };
    let first = DeviceObject { id: 0, value: b"AB" };
    assert_eq!(objects.iter().collect::<Vec<_>>(), [first]);
}

#[test]
fn coils_of_a_write_end_at_its_quantity() {
    let octets = framed("0f 0013 000a 02 cd01");
    let (adu, _) = adu(&octets, Direction::Request);
    let Body::Request(Request::WriteCoils { values, .. }) = adu.unwrap().body else { panic!() };
    assert_eq!(values.iter().filter(|on| *on).count(), 6);
    assert_eq!(values.len(), 10);
}
