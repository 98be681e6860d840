//! Secure Authentication, version 5 (group 120): the objects that prove who asks.
//!
//! The codes of MACs and wrapped keys are taken as they come: whoever has no key cannot tell them from chance.

use crate::dnp3::fragment::{FIN, FIR, fragment, function};
use crate::dnp3::{Header, Iin, time};
use crate::octets::count16;

/// MAC algorithm: HMAC-SHA-256, of which 16 octets are sent.
pub const HMAC_SHA_256_16: u8 = 4;
/// Key wrap: AES-256.
pub const AES_256: u8 = 2;
/// Reason of a challenge: the request is critical.
pub const CRITICAL: u8 = 1;
/// Status of session keys: they are valid.
pub const KEYS_OK: u8 = 1;
/// Status of session keys: there are none yet.
pub const KEYS_NOT_INITIALISED: u8 = 2;
/// Error: the MAC did not verify.
pub const AUTHENTICATION_FAILED: u8 = 1;

/// What a master sends of its own accord, or in answer to a challenge (function 32).
#[must_use]
pub fn request(sequence: u8, object: Header) -> Vec<u8> {
    fragment(FIR | FIN | (sequence & 0x0f), function::AUTH_REQUEST, None, &[object])
}

/// What an outstation answers or demands (function 131).
#[must_use]
pub fn response(sequence: u8, iin: Iin, object: Header) -> Vec<u8> {
    fragment(FIR | FIN | (sequence & 0x0f), function::AUTH_RESPONSE, Some(iin), &[object])
}

/// The demand for a proof (variation 1).
#[must_use]
pub fn challenge(number: u32, user: u16, challenge: &[u8]) -> Header {
    let codes = [HMAC_SHA_256_16, CRITICAL];
    sized(1, &[&number.to_le_bytes(), &user.to_le_bytes(), &codes, challenge])
}

/// The proof (variation 2).
#[must_use]
pub fn reply(number: u32, user: u16, mac: &[u8]) -> Header {
    sized(2, &[&number.to_le_bytes(), &user.to_le_bytes(), mac])
}

/// The question for the state of the session keys (variation 4).
#[must_use]
pub fn key_status_request(user: u16) -> Header {
    Header::count8(120, 4, 1).with(&user.to_le_bytes())
}

/// The state of the session keys, with a fresh challenge (variation 5).
#[must_use]
pub fn key_status(number: u32, user: u16, status: u8, challenge: &[u8], mac: &[u8]) -> Header {
    let algorithm = if mac.is_empty() { 0 } else { HMAC_SHA_256_16 };
    let codes = [AES_256, status, algorithm];
    let length = count16(challenge.len()).to_le_bytes();
    sized(5, &[&number.to_le_bytes(), &user.to_le_bytes(), &codes, &length, challenge, mac])
}

/// New session keys, wrapped by the update key (variation 6).
#[must_use]
pub fn key_change(number: u32, user: u16, wrapped: &[u8]) -> Header {
    sized(6, &[&number.to_le_bytes(), &user.to_le_bytes(), wrapped])
}

/// Why a proof was not taken (variation 7); the time in milliseconds since 1970 UTC.
#[must_use]
pub fn error(number: u32, user: u16, code: u8, at_ms: u64) -> Header {
    let association = 0_u16.to_le_bytes();
    sized(7, &[&number.to_le_bytes(), &user.to_le_bytes(), &association, &[code], &time(at_ms)])
}

fn sized(variation: u8, parts: &[&[u8]]) -> Header {
    Header::sized(120, variation, &[parts.concat()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_to_the_octet() {
        #[rustfmt::skip]
        let table: &[(&str, Vec<u8>, &[u8])] = &[
            ("challenge", response(3, Iin::default(), challenge(7, 1, &[9; 4])),
             &[0xc3, 131, 0, 0, 120, 1, 0x5b, 1, 12, 0, 7, 0, 0, 0, 1, 0, 4, 1, 9, 9, 9, 9]),
            ("reply", request(3, reply(7, 1, &[8; 2])),
             &[0xc3, 32, 120, 2, 0x5b, 1, 8, 0, 7, 0, 0, 0, 1, 0, 8, 8]),
            ("status?", request(4, key_status_request(1)),
             &[0xc4, 32, 120, 4, 0x07, 1, 1, 0]),
            ("status", key_status(2, 1, KEYS_OK, &[5; 2], &[6; 3]).octets().to_vec(),
             &[120, 5, 0x5b, 1, 16, 0, 2, 0, 0, 0, 1, 0, 2, 1, 4, 2, 0, 5, 5, 6, 6, 6]),
            ("no keys", key_status(2, 1, KEYS_NOT_INITIALISED, &[], &[]).octets().to_vec(),
             &[120, 5, 0x5b, 1, 11, 0, 2, 0, 0, 0, 1, 0, 2, 2, 0, 0, 0]),
            ("change", key_change(2, 1, &[7]).octets().to_vec(),
             &[120, 6, 0x5b, 1, 7, 0, 2, 0, 0, 0, 1, 0, 7]),
            ("error", error(2, 1, AUTHENTICATION_FAILED, 258).octets().to_vec(),
             &[120, 7, 0x5b, 1, 15, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0]),
        ];
        for (name, octets, expected) in table {
            assert_eq!(octets, expected, "{name}");
        }
    }
}
