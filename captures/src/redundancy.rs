//! The tags and trailers by which HSR and PRP send a frame twice (IEC 62439-3).

use crate::octets::count16;

/// Ethernet's number for an HSR tag.
pub const HSR: u16 = 0x892f;
/// What a PRP trailer ends with.
pub const PRP: u16 = 0x88fb;

/// The LAN identifiers of PRP.
pub const LAN_A: u8 = 0xa;
/// The other one.
pub const LAN_B: u8 = 0xb;

/// An Ethernet frame with an HSR tag behind its addresses; the path has 4 bits.
#[must_use]
pub fn hsr(path: u8, sequence: u16, frame: &[u8]) -> Vec<u8> {
    let (addresses, rest) = frame.split_at_checked(12).unwrap_or((frame, &[]));
    // What the frame carries, with the tag: its own Ethernet type takes the place of the tag's.
    let size = count16(rest.len().saturating_add(4));
    let tag = [HSR.to_be_bytes(), sized(path, size), sequence.to_be_bytes()];
    [addresses, tag.as_flattened(), rest].concat()
}

/// An Ethernet frame with a PRP trailer at its end, behind its padding; the LAN has 4 bits.
#[must_use]
pub fn prp(lan: u8, sequence: u16, frame: &[u8]) -> Vec<u8> {
    const HEADER: usize = 14;
    const TRAILER: usize = 6;
    let tagged = frame.get(12..14) == Some(&[0x81, 0x00]);
    let header = if tagged { HEADER.saturating_add(4) } else { HEADER };
    let size = count16(frame.len().saturating_add(TRAILER).saturating_sub(header));
    let trailer = [sequence.to_be_bytes(), sized(lan, size), PRP.to_be_bytes()];
    [frame, trailer.as_flattened()].concat()
}

/// Four bits, and a size in the other twelve.
fn sized(four_bits: u8, size: u16) -> [u8; 2] {
    (u16::from(four_bits & 0x0f) << 12 | size & 0x0fff).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::ethernet;

    #[test]
    fn tag_and_trailer_are_laid_out_to_the_octet() {
        let frame = ethernet([1; 6], [2; 6], &[], 0x0800, &[0x45; 46]);
        let tagged = hsr(1, 0x0203, &frame);
        assert_eq!(tagged[12..22], [0x89, 0x2f, 0x10, 52, 2, 3, 8, 0, 0x45, 0x45]);
        assert_eq!(tagged.len(), frame.len() + 6);
        let trailed = prp(LAN_B, 0x0203, &frame);
        assert_eq!(trailed[..60], frame);
        assert_eq!(trailed[60..], [2, 3, 0xb0, 52, 0x88, 0xfb]);
        let trailed = prp(LAN_A, 1, &ethernet([1; 6], [2; 6], &[7], 0x0800, &[0x45; 46]));
        assert_eq!(trailed[trailed.len() - 4..], [0xa0, 52, 0x88, 0xfb]);
    }
}
