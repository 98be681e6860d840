//! IP fragments.

use crate::frame::{checksum, put_checksum};
use crate::octets::count16;

/// Cuts an IP packet, IPv4 or IPv6 without extension headers, into fragments that carry up to `octets` each, rounded
/// down to a multiple of eight but not below it.
///
/// `identification` is the datagram's; IPv4 has room for its lower half. A packet that is too short to be IP comes back
/// as it is.
#[must_use]
pub fn fragments(packet: &[u8], octets: usize, identification: u32) -> Vec<Vec<u8>> {
    let v6 = packet.first().is_some_and(|octet| octet >> 4 == 6);
    let Some((head, payload)) = packet.split_at_checked(if v6 { 40 } else { 20 }) else {
        return vec![packet.to_vec()];
    };
    let each = (octets / 8).max(1).saturating_mul(8);
    let pieces = payload.len().div_ceil(each);
    let mut fragments = Vec::with_capacity(pieces);
    for (number, piece) in payload.chunks(each).enumerate() {
        let offset = number.saturating_mul(each);
        let more = number.saturating_add(1) < pieces;
        fragments.push(fragment(head, piece, offset, more, identification));
    }
    fragments
}

/// One fragment: the packet's header, changed as it must be, and a piece of its payload.
///
/// `head` is an IPv4 header of 20 octets or an IPv6 header of 40. `offset` is that of `piece` in the payload, in
/// octets, and wants to be a multiple of eight, as the length of the piece does while `more` follow; nobody checks.
#[must_use]
pub fn fragment(
    head: &[u8],
    piece: &[u8],
    offset: usize,
    more: bool,
    identification: u32,
) -> Vec<u8> {
    let place = count16(offset / 8);
    let [_, _, id2, id3] = identification.to_be_bytes();
    let mut octets = head.to_vec();
    if head.first().is_some_and(|octet| octet >> 4 == 6) {
        const FRAGMENT: u8 = 44;
        let next = head.get(6).copied().unwrap_or(0);
        let length = count16(piece.len().saturating_add(8)).to_be_bytes();
        put(&mut octets, 4, &[length.as_slice(), &[FRAGMENT]].concat());
        octets.extend([next, 0]);
        octets.extend((place << 3 | u16::from(more)).to_be_bytes());
        octets.extend(identification.to_be_bytes());
    } else {
        let length = count16(piece.len().saturating_add(20)).to_be_bytes();
        let place = (u16::from(more) << 13 | place & 0x1fff).to_be_bytes();
        put(&mut octets, 2, [length, [id2, id3], place].as_flattened());
        put(&mut octets, 10, &[0, 0]);
        let check = checksum(&[&octets]);
        put_checksum(&mut octets, 10, check);
    }
    octets.extend(piece);
    octets
}

fn put(octets: &mut [u8], at: usize, field: &[u8]) {
    for (place, octet) in octets.iter_mut().skip(at).zip(field) {
        *place = *octet;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Endpoint, UDP, ip};

    #[test]
    fn fragments_are_laid_out_to_the_octet() {
        let ends = (Endpoint::v4(5, 0).ip, Endpoint::v4(9, 0).ip);
        let packet = ip(ends.0, ends.1, UDP, 1, &[7; 20]);
        let parts = fragments(&packet, 17, 0x0102);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0][..10], [0x45, 0, 0, 36, 1, 2, 0x20, 0, 64, UDP]);
        assert_eq!(parts[1][..10], [0x45, 0, 0, 24, 1, 2, 0, 2, 64, UDP]);
        assert_eq!((parts[0].len(), parts[1].len()), (36, 24));
        assert!(parts.iter().all(|part| checksum(&[&part[..20]]) == 0));

        let ends = (Endpoint::v6(5, 0).ip, Endpoint::v6(9, 0).ip);
        let packet = ip(ends.0, ends.1, UDP, 0, &[7; 20]);
        let parts = fragments(&packet, 16, 0x0102_0304);
        assert_eq!(parts[0][..8], [0x60, 0, 0, 0, 0, 24, 44, 64]);
        assert_eq!(parts[0][40..49], [UDP, 0, 0, 1, 1, 2, 3, 4, 7]);
        assert_eq!(parts[1][40..49], [UDP, 0, 0, 16, 1, 2, 3, 4, 7]);
        assert_eq!(fragments(&[0x45], 8, 0), [[0x45]]);
    }
}
