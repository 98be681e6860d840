//! Frames and segments for tests, put together by the rules and not by the parser.
#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use super::crc::crc16;
use super::link::Header;

/// The octets of a frame that carries `user_data`. The header's length is filled in.
pub(crate) fn frame(header: Header, user_data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(5 + user_data.len()).expect("user data of a frame");
    let mut octets = vec![0x05, 0x64, length, header.control.0];
    octets.extend(header.destination.to_le_bytes());
    octets.extend(header.source.to_le_bytes());
    octets.extend(crc16(&octets).to_le_bytes());
    for block in user_data.chunks(16) {
        octets.extend(block);
        octets.extend(crc16(block).to_le_bytes());
    }
    octets
}

/// The frames that carry `fragment` in segments of at most `octets`, numbered from `sequence`.
pub(crate) fn frames(header: Header, fragment: &[u8], octets: usize, sequence: u8) -> Vec<Vec<u8>> {
    let count = fragment.chunks(octets).len();
    let segment = |(at, chunk): (usize, &[u8])| {
        let first = if at == 0 { 0x40 } else { 0 };
        let last = if at + 1 == count { 0x80 } else { 0 };
        let sequence = (usize::from(sequence) + at) % 64;
        let octet = first | last | u8::try_from(sequence).expect("a number under 64");
        frame(header, &[&[octet], chunk].concat())
    };
    fragment.chunks(octets).enumerate().map(segment).collect()
}
