//! What goes around a PDU: MBAP header, RTU address and CRC, ASCII.

use crate::modbus::pdu;
use crate::octets::{count16, crc16};

/// An ADU of Modbus/TCP.
#[must_use]
pub fn mbap(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let [t0, t1] = transaction.to_be_bytes();
    let [l0, l1] = count16(pdu.len().saturating_add(1)).to_be_bytes();
    [&[t0, t1, 0, 0, l0, l1, unit], pdu].concat()
}

/// A frame of the serial line, as serial servers also put it into TCP.
#[must_use]
pub fn rtu(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = self::pdu(unit, pdu);
    frame.extend(crc(&frame).to_le_bytes());
    frame
}

/// A frame of the serial line in ASCII.
#[must_use]
pub fn ascii(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut octets = self::pdu(unit, pdu);
    octets.push(lrc(&octets));
    let digits = octets.iter().flat_map(|octet| format!("{octet:02X}").into_bytes());
    b":".iter().copied().chain(digits).chain(*b"\r\n").collect()
}

/// The CRC of RTU: the low octet is sent first.
#[must_use]
pub fn crc(octets: &[u8]) -> u16 {
    crc16(0xa001, 0xffff, octets)
}

/// The LRC of ASCII.
#[must_use]
pub fn lrc(octets: &[u8]) -> u8 {
    octets.iter().fold(0, |sum: u8, octet| sum.wrapping_add(*octet)).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_are_the_published_ones() {
        assert_eq!(crc(b"123456789"), 0x4b37);
        assert_eq!(crc(&[0x01, 0x03, 0x02, 0x00, 0x2a]), 0x9b39);
        assert_eq!(lrc(&[0x01, 0x03, 0x02, 0x00, 0x2a]), 0xd0);
    }

    #[test]
    fn wraps_to_the_octet() {
        let read = [3, 0, 0, 0, 10];
        assert_eq!(mbap(7, 1, &read), [0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10]);
        assert_eq!(rtu(1, &read), [1, 3, 0, 0, 0, 10, 0xc5, 0xcd]);
        assert_eq!(ascii(1, &read), b":01030000000AF2\r\n");
    }

    #[test]
    fn a_length_that_does_not_fit_says_the_largest() {
        let adu = mbap(0, 0, &vec![0; 70_000]);
        assert_eq!(adu[4..6], [0xff, 0xff]);
        assert_eq!(adu.len(), 70_007);
    }
}
