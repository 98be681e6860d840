//! Finds wrong checksums. They are counted, and nothing else: a capture on a host sees packets
//! before its interface fills them in.

use super::Transport;
use super::network::Datagram;
use super::transport::Payload;

/// Whether the IPv4 header or the TCP or UDP checksum is wrong.
///
/// Not wrong is what a sender left to its interface: 0, or the sum over the addresses alone that it
/// finishes. Only what is whole can be judged. IPv6 routing headers are not followed.
#[inline]
pub(super) fn is_wrong(datagram: &Datagram<'_>, payload: &Payload<'_>) -> bool {
    datagram.is_v4() && !header_is_right(datagram.packet)
        || payload.claimed == Some(0) && transport_is_wrong(datagram, payload)
}

/// Whether the IPv4 header at the start of some octets has a right checksum, or one that is not
/// filled in.
pub(super) fn header_is_right(octets: &[u8]) -> bool {
    let Some(first) = octets.first() else { return false };
    let length = usize::from(first & 0x0f).saturating_mul(4);
    octets
        .get(..length)
        .is_some_and(|header| fold(sum(header)) == u16::MAX || header.get(10..12) == Some(&[0, 0]))
}

fn transport_is_wrong(datagram: &Datagram<'_>, payload: &Payload<'_>) -> bool {
    let length = u16::try_from(payload.whole.len()).map_or(0, word);
    let addresses = if datagram.is_v4() { 12..20 } else { 8..40 };
    let addresses = sum(datagram.packet.get(addresses).unwrap_or_default());
    let ends = add(addresses, word(datagram.protocol.0.into()));
    let pseudo_header = add(ends, length);
    if fold(add(pseudo_header, sum(payload.whole))) == u16::MAX {
        return false;
    }
    let place = match payload.transport {
        Transport::Tcp { .. } => 16,
        Transport::Udp => 6,
    };
    let field = payload.whole.get(place..).and_then(<[u8]>::first_chunk);
    let field = field.map_or(0, |field| u16::from_ne_bytes(*field));
    ![0, fold(pseudo_header), fold(ends)].contains(&field)
}

/// A number as a word of the wire.
fn word(number: u16) -> u64 {
    u16::from_ne_bytes(number.to_be_bytes()).into()
}

/// The sum of the 32-bit words in this machine's order, the last one filled up with 0. Folded, it is
/// that of the 16-bit words: which octet of them comes first makes no difference to their sum, but
/// for its own order.
#[inline]
fn sum(octets: &[u8]) -> u64 {
    let (pairs, rest) = octets.as_chunks::<8>();
    let mut sum = pairs.iter().fold(0, |sum, pair| {
        let pair = u64::from_ne_bytes(*pair);
        add(add(sum, pair & 0xffff_ffff), pair >> 32)
    });
    let (words, rest) = rest.as_chunks::<2>();
    for word in words {
        sum = add(sum, u16::from_ne_bytes(*word).into());
    }
    match *rest {
        [last] => add(sum, u16::from_ne_bytes([last, 0]).into()),
        _ => sum,
    }
}

/// There are too few words in a packet for this to wrap.
#[inline]
const fn add(sum: u64, more: u64) -> u64 {
    sum.wrapping_add(more)
}

/// The sum of the 16-bit words of a sum, with the carries added.
#[inline]
fn fold(sum: u64) -> u16 {
    let sum = add(sum & 0xffff_ffff, sum >> 32);
    let sum = add(add(sum & 0xffff, (sum >> 16) & 0xffff), sum >> 32);
    let sum = add(sum & 0xffff, sum >> 16);
    u16::try_from(add(sum & 0xffff, sum >> 16)).unwrap_or(u16::MAX)
}
