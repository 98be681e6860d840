//! The CRC of RTU frames (Modbus over Serial Line V1.02).

/// Of each octet, the CRC of it alone from 0.
const TABLE: [u16; 256] = table();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "runs at build time, where a mistake stops the build"
)]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut crc = octet as u16;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 };
            bit += 1;
        }
        table[octet] = crc;
        octet += 1;
    }
    table
}

/// The CRC over `octets`; on the wire its low octet comes first.
pub(super) fn crc(octets: &[u8]) -> u16 {
    octets.iter().fold(0xffff, |crc, octet| {
        let [low, high] = u16::to_le_bytes(crc);
        let step = TABLE.get(usize::from(low ^ octet)).copied().unwrap_or_default();
        step ^ u16::from(high)
    })
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn agrees_with_the_published_values() {
        let table: &[(&[u8], u16)] = &[
            (b"123456789", 0x4b37),
            (&hex!("01030000000A"), 0xcdc5),
            (&hex!("010300000001"), 0x0a84),
            (&hex!("110100130025"), 0x840e),
            (&hex!("110500ACFF00"), 0x8b4e),
            (&hex!("110600010003"), 0x9b9a),
            (&hex!("110F0013000A02CD01"), 0x0bbf),
            (&hex!("11100001000204000A0102"), 0xf0c6),
            (&hex!("010302002A"), 0x9b39),
            (&hex!("018302"), 0xf1c0),
            (&hex!("00050000FF00"), 0xeb8d),
            (&hex!("FF2B0E0100"), 0xa359),
            (&hex!("07"), 0x82fe),
            (&hex!("F70100000000"), 0x9c28),
            (&[], 0xffff),
        ];
        for (octets, expected) in table {
            assert_eq!(crc(octets), *expected, "{octets:02x?}");
        }
    }
}
