//! RTU framing (Modbus over Serial Line V1.02): unit, PDU, CRC, as serial gateways put them into
//! TCP and UDP.
//!
//! A serial line parts its frames by silence, which no stream has. So a frame ends where its own
//! octets say, or, where they do not, at the end of the segment; and it is one only if its CRC is
//! right.

use super::crc::crc;
use super::length::{Length, length};
use crate::error::{Class, ParseError};
use crate::protocol::Direction;

/// The shortest frame: unit, function and CRC.
const SHORTEST: usize = 4;
/// The longest frame.
pub(super) const LONGEST: usize = 256;
/// Octets around a PDU.
const AROUND: usize = 3;

/// What stands at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front<'a> {
    /// A frame whose CRC is right.
    Frame {
        frame: &'a [u8],
        rest: &'a [u8],
        /// Whether its own octets said where it ends.
        told: bool,
    },
    /// What may be the start of a frame that says where it ends.
    Partial,
    /// What may be the start of a frame that does not.
    Untold,
    /// No frame begins here.
    Nothing,
}

/// Looks at the front of `octets`, which end where a segment ends.
pub(super) fn front(octets: &[u8], direction: Direction) -> Front<'_> {
    match told(octets, direction) {
        Front::Untold => untold(octets, direction),
        front @ (Front::Frame { .. } | Front::Partial | Front::Nothing) => front,
    }
}

/// Looks at the front of `octets`, but not for where a frame ends that does not say so.
pub(super) fn told(octets: &[u8], direction: Direction) -> Front<'_> {
    let pdu = octets.get(1..).unwrap_or_default();
    let size = match length(pdu, direction) {
        Length::Octets(size) => size.saturating_add(AROUND),
        Length::Wanting => return Front::Partial,
        Length::Untold => return Front::Untold,
    };
    match octets.split_at_checked(size) {
        _ if size > LONGEST => Front::Nothing,
        None => Front::Partial,
        Some((frame, rest)) if checks_out(frame) => Front::Frame { frame, rest, told: true },
        Some(_) => Front::Nothing,
    }
}

/// Looks at a front that does not say how long its frame is.
fn untold(octets: &[u8], direction: Direction) -> Front<'_> {
    let is_function = match octets.get(1) {
        Some(0) => false,
        Some(code) => *code < 0x80 || direction == Direction::Response,
        None => true,
    };
    if !is_function {
        Front::Nothing
    } else if (SHORTEST..=LONGEST).contains(&octets.len()) && checks_out(octets) {
        Front::Frame { frame: octets, rest: &[], told: false }
    } else if octets.len() < LONGEST {
        Front::Untold
    } else {
        Front::Nothing
    }
}

/// Whether the last two octets are the CRC of those before.
fn checks_out(frame: &[u8]) -> bool {
    frame.split_last_chunk().is_some_and(|(framed, [low, high])| {
        framed.len() >= SHORTEST.saturating_sub(2)
            && crc(framed) == u16::from_le_bytes([*low, *high])
    })
}

/// Whether `octets` are frames that say where they end, and nothing else.
pub(super) fn is_all(octets: &[u8], direction: Direction) -> bool {
    let mut left = octets;
    while let Front::Frame { rest, told: true, .. } = front(left, direction) {
        left = rest;
    }
    left.is_empty() && !octets.is_empty()
}

/// No frame where one should begin.
pub(super) const NO_FRAME: ParseError =
    ParseError { offset: 0, class: Class::Crc, what: "no RTU frame with a right CRC begins here" };

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    const READ: [u8; 8] = hex!("01 03 00 00 00 02 c4 0b");

    #[test]
    fn frames_are_cut_by_function_and_believed_by_crc() {
        use Direction::{Request, Response};
        let whole = |frame, told| Front::Frame { frame, rest: &[], told };
        let identify = hex!("ff 2b 0e 01 00 59 a3");
        let values = hex!("01 03 02 00 2a 39 9b");
        let refusal = hex!("01 83 02 c0 f1");
        let user = hex!("11 41 07 09 97 3a");
        #[rustfmt::skip]
        let table: &[(&str, &[u8], Direction, Front<'_>)] = &[
            ("read",                      &READ,          Request,  whole(&READ, true)),
            ("read, as a response",       &READ,          Response, Front::Nothing),
            ("cut short",                 &READ[..7],     Request,  Front::Partial),
            ("unit alone",                &READ[..1],     Request,  Front::Partial),
            ("no octets",                 &[],            Request,  Front::Partial),
            ("wrong CRC",                 &hex!("01 03 00 00 00 03 c4 0b"), Request, Front::Nothing),
            ("values",                    &values,        Response, whole(&values, true)),
            ("exception",                 &refusal,       Response, whole(&refusal, true)),
            ("exception from a client",   &refusal,       Request,  Front::Nothing),
            ("identification",            &identify,      Request,  whole(&identify, true)),
            ("user function",             &user,          Request,  whole(&user, false)),
            ("user function, cut short",  &user[..4],     Request,  Front::Untold),
            ("user function, one more",   &hex!("11 41 07 09 97 3a 11"), Request, Front::Untold),
            ("function 0",                &hex!("01 00 00 20"), Request, Front::Nothing),
            ("too long for a frame",      &hex!("01 10 00 00 00 7b f8"), Request, Front::Nothing),
            ("text",                      b"GET / HTTP/1.1\r\n", Request, Front::Untold),
        ];
        for (name, octets, direction, expected) in table {
            assert_eq!(front(octets, *direction), *expected, "{name}");
        }
    }

    #[test]
    fn octets_are_rtu_if_frames_follow_each_other_to_their_end() {
        let twice = [READ, READ].concat();
        #[rustfmt::skip]
        let table: &[(&[u8], bool)] = &[
            (&twice,       true),
            (&twice[..8],  true),
            (&twice[..9],  false),
            (&twice[..7],  false),
            (&[],          false),
            (&twice[1..],  false),
            (&[READ.as_slice(), b"GET / HTTP/1.1"].concat(), false),
        ];
        for (octets, expected) in table {
            assert_eq!(is_all(octets, Direction::Request), *expected, "{octets:02x?}");
        }
    }
}
