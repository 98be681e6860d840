//! What both protocols do with octets.

/// `count` in one octet; 255 if it does not fit.
pub(crate) fn count8(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

/// `count` in two octets; 65,535 if it does not fit.
pub(crate) fn count16(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// `count` in four octets; the largest if it does not fit.
pub(crate) fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// States packed eight to an octet, the first in the lowest bit, spare bits 0.
pub(crate) fn pack(states: &[bool]) -> Vec<u8> {
    states
        .chunks(8)
        .map(|eight| eight.iter().rev().fold(0, |octet, state| (octet << 1) | u8::from(*state)))
        .collect()
}

/// A CRC of 16 bits that takes the lowest bit first, before any final inversion.
pub(crate) fn crc16(reflected_polynomial: u16, start: u16, octets: &[u8]) -> u16 {
    octets.iter().fold(start, |crc, octet| {
        (0..8).fold(crc ^ u16::from(*octet), |crc, _| {
            let shifted = crc >> 1;
            if crc & 1 == 1 { shifted ^ reflected_polynomial } else { shifted }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_do_not_fit_saturate() {
        assert_eq!((count8(255), count8(256)), (255, 255));
        assert_eq!((count16(65_535), count16(65_536)), (65_535, 65_535));
    }

    #[test]
    fn the_first_state_is_the_lowest_bit() {
        assert_eq!(pack(&[]), []);
        assert_eq!(pack(&[true, false, true]), [0b101]);
        assert_eq!(pack(&[false, false, false, false, false, false, false, true, true]), [0x80, 1]);
    }
}
