//! Secure Authentication objects (group 120).

use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::rest;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::points::le_u48;
use crate::error::Wire;

/// A Secure Authentication object. Sequence numbers and users are the protocol's; keys, challenges
/// and codes are octets as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth<'a> {
    /// g120v1: prove who you are.
    Challenge {
        /// Challenge sequence number.
        sequence: u32,
        /// User number; 0 is unknown, 1 the default user.
        user: u16,
        /// Which code is wanted.
        mac_algorithm: u8,
        /// Why; 1 is a critical function.
        reason: u8,
        /// What the code has to cover.
        challenge: &'a [u8],
    },
    /// g120v2: the proof.
    Reply {
        /// Challenge sequence number.
        sequence: u32,
        /// User number.
        user: u16,
        /// The code.
        mac: &'a [u8],
    },
    /// g120v3: the proof follows at the end of this fragment.
    AggressiveRequest {
        /// Challenge sequence number.
        sequence: u32,
        /// User number.
        user: u16,
    },
    /// g120v4: how do the session keys stand?
    KeyStatusRequest {
        /// User number.
        user: u16,
    },
    /// g120v5: so they stand.
    KeyStatus {
        /// Key change sequence number.
        sequence: u32,
        /// User number.
        user: u16,
        /// How keys are wrapped.
        key_wrap: u8,
        /// 1: good; 2: none yet; 3 and 4: invalid after a failure.
        status: u8,
        /// Which code is used.
        mac_algorithm: u8,
        /// What the new keys have to be wrapped with.
        challenge: &'a [u8],
        /// The code.
        mac: &'a [u8],
    },
    /// g120v6: new session keys, wrapped.
    KeyChange {
        /// Key change sequence number.
        sequence: u32,
        /// User number.
        user: u16,
        /// The keys.
        wrapped_keys: &'a [u8],
    },
    /// g120v7: something failed.
    Error {
        /// Sequence number of what failed.
        sequence: u32,
        /// User number.
        user: u16,
        /// Which association.
        association: u16,
        /// What failed; 1 is a proof that did not hold, 7 a user without the right.
        error: u8,
        /// When: milliseconds since 1970-01-01 UTC.
        time_ms: u64,
        /// The same in words.
        text: &'a [u8],
    },
}

impl<'a> Auth<'a> {
    /// Reads the object of this `variation` that fills `object`; `None` if the group has no such,
    /// or none that is read.
    pub(crate) fn read(variation: u8, object: &'a [u8]) -> Option<Wire<'a, Self>> {
        Some(match variation {
            1 => challenge(object),
            2 => (le_u32, le_u16, rest)
                .map(|(sequence, user, mac)| Self::Reply { sequence, user, mac })
                .parse(object),
            5 => key_status(object),
            6 => (le_u32, le_u16, rest)
                .map(|(sequence, user, wrapped_keys)| Self::KeyChange {
                    sequence,
                    user,
                    wrapped_keys,
                })
                .parse(object),
            7 => error(object),
            _ => return None,
        })
    }
}

fn challenge(object: &[u8]) -> Wire<'_, Auth<'_>> {
    let (left, (sequence, user, mac_algorithm, reason, challenge)) =
        (le_u32, le_u16, le_u8, le_u8, rest).parse(object)?;
    Ok((left, Auth::Challenge { sequence, user, mac_algorithm, reason, challenge }))
}

fn key_status(object: &[u8]) -> Wire<'_, Auth<'_>> {
    let (after, (sequence, user, key_wrap, status, mac_algorithm, challenge_octets)) =
        (le_u32, le_u16, le_u8, le_u8, le_u8, le_u16).parse(object)?;
    let (left, (challenge, mac)) = (take(challenge_octets), rest).parse(after)?;
    let key_status =
        Auth::KeyStatus { sequence, user, key_wrap, status, mac_algorithm, challenge, mac };
    Ok((left, key_status))
}

fn error(object: &[u8]) -> Wire<'_, Auth<'_>> {
    let (left, (sequence, user, association, error, time_ms, text)) =
        (le_u32, le_u16, le_u16, le_u8, le_u48, rest).parse(object)?;
    Ok((left, Auth::Error { sequence, user, association, error, time_ms, text }))
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn every_variation_reads_its_fields() {
        #[rustfmt::skip]
        let table: &[(u8, &[u8], Auth<'_>)] = &[
            (1, &hex!("01000000 0200 04 01 00010203"),
                Auth::Challenge { sequence: 1, user: 2, mac_algorithm: 4, reason: 1, challenge: &[0, 1, 2, 3] }),
            (2, &hex!("01000000 0200 aabb"), Auth::Reply { sequence: 1, user: 2, mac: &[0xaa, 0xbb] }),
            (5, &hex!("02000000 0100 01 02 04 0200 0908 07"),
                Auth::KeyStatus { sequence: 2, user: 1, key_wrap: 1, status: 2, mac_algorithm: 4,
                    challenge: &[9, 8], mac: &[7] }),
            (6, &hex!("02000000 0100 00"), Auth::KeyChange { sequence: 2, user: 1, wrapped_keys: &[0] }),
            (7, &hex!("01000000 0100 0300 01 010000000000 626164"),
                Auth::Error { sequence: 1, user: 1, association: 3, error: 1, time_ms: 1, text: b"bad" }),
        ];
        for (variation, object, expected) in table {
            let read = Auth::read(*variation, object).unwrap();
            assert_eq!(read, Ok((&[][..], *expected)), "g120v{variation}");
        }
        assert!(Auth::read(9, &[]).is_none());
        assert!(Auth::read(5, &hex!("02000000 0100 01 02 04 0300 0908")).unwrap().is_err());
    }
}
