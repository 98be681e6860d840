//! The CRC of DNP3 link frames (IEEE 1815-2012): polynomial 0x3d65, bits reflected, inverted.

/// Whether `crc`, as sent, is the CRC of `octets`.
pub(crate) fn matches(octets: &[u8], crc: [u8; 2]) -> bool {
    crc16(octets) == u16::from_le_bytes(crc)
}

/// The CRC of `octets`; it is sent low octet first.
pub(crate) fn crc16(octets: &[u8]) -> u16 {
    !octets.iter().fold(0, |crc: u16, octet| {
        let [low, high] = crc.to_le_bytes();
        remainder(low ^ octet) ^ u16::from(high)
    })
}

#[expect(clippy::indexing_slicing, reason = "an octet cannot pass 256 entries")]
fn remainder(octet: u8) -> u16 {
    REMAINDERS[usize::from(octet)]
}

/// What each octet leaves behind when it is divided by the polynomial.
const REMAINDERS: [u16; 256] = remainders();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "runs in the compiler, which stops at any overflow"
)]
const fn remainders() -> [u16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut remainder = octet as u16;
        let mut bit = 0;
        while bit < 8 {
            let odd = remainder & 1 == 1;
            remainder >>= 1;
            if odd {
                remainder ^= 0xa6bc;
            }
            bit += 1;
        }
        table[octet] = remainder;
        octet += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn known_octets_have_known_crcs() {
        #[rustfmt::skip]
        let table: &[(&[u8], u16)] = &[
            (b"123456789",                                       0xea82),
            (&hex!("05 64 05 c0 01 00 00 04"),                   0x21e9),
            (&hex!("05 64 05 f2 01 00 00 00"),                   0x0c52),
            (&hex!("05 64 05 c9 01 00 00 00"),                   0x8ede),
            (&hex!("05 64 05 01 ff ff 00 00"),                   0xab04),
            (&hex!("05 64 ff c4 fd ff 01 00"),                   0xbce5),
            (&hex!("05 64 08 c4 01 00 ff 03"),                   0x38ce),
            (&hex!("00"),                                        0xffff),
            (&hex!("ff"),                                        0xedca),
            (&[0x00; 16],                                        0xffff),
            (&[0xff; 16],                                        0x0053),
            (&hex!("c0 c0 01 3c 02 06"),                         0xe054),
            (&hex!("00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"), 0x10ec),
        ];
        for (octets, crc) in table {
            assert_eq!(crc16(octets), *crc, "{octets:02x?}");
            assert!(matches(octets, crc.to_le_bytes()), "{octets:02x?}");
            assert!(!matches(octets, crc.to_be_bytes()) || crc.swap_bytes() == *crc);
        }
    }
}
