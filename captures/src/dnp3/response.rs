//! What an outstation answers, or says unasked. A sequence is taken modulo 16.

use crate::dnp3::Header;
use crate::dnp3::fragment::{CON, FIN, FIR, Iin, UNS, fragment, function};

/// A response in one fragment; to a command it repeats the headers of the request with their status.
#[must_use]
pub fn response(sequence: u8, iin: Iin, headers: &[Header]) -> Vec<u8> {
    fragment(FIR | FIN | (sequence & 0x0f), function::RESPONSE, Some(iin), headers)
}

/// A response that wants a confirmation, as it should if it has events.
#[must_use]
pub fn response_to_confirm(sequence: u8, iin: Iin, headers: &[Header]) -> Vec<u8> {
    fragment(FIR | FIN | CON | (sequence & 0x0f), function::RESPONSE, Some(iin), headers)
}

/// An unsolicited response, which wants a confirmation.
#[must_use]
pub fn unsolicited(sequence: u8, iin: Iin, headers: &[Header]) -> Vec<u8> {
    let control = FIR | FIN | CON | UNS | (sequence & 0x0f);
    fragment(control, function::UNSOLICITED_RESPONSE, Some(iin), headers)
}

/// Seconds until the outstation is back after a restart (group 52, variation 1).
#[must_use]
pub fn delay_coarse(seconds: u16) -> Header {
    Header::count8(52, 1, 1).with(&seconds.to_le_bytes())
}

/// Milliseconds: until the outstation is back after a restart, or that an answer took (group 52, variation 2).
#[must_use]
pub fn delay_fine(ms: u16) -> Header {
    Header::count8(52, 2, 1).with(&ms.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_to_the_octet() {
        let restart = Iin::DEVICE_RESTART;
        #[rustfmt::skip]
        let table: &[(&str, Vec<u8>, &[u8])] = &[
            ("null",        response(3, Iin::default(), &[]),    &[0xc3, 129, 0, 0]),
            ("confirm",     response_to_confirm(0x13, restart, &[]), &[0xe3, 129, 0x80, 0]),
            ("unsolicited", unsolicited(0, restart, &[]),        &[0xf0, 130, 0x80, 0]),
            ("delay",       response(3, Iin::default(), &[delay_coarse(30)]),
                            &[0xc3, 129, 0, 0, 52, 1, 7, 1, 30, 0]),
            ("fine delay",  response(3, Iin::default(), &[delay_fine(258)]),
                            &[0xc3, 129, 0, 0, 52, 2, 7, 1, 2, 1]),
        ];
        for (name, fragment, expected) in table {
            assert_eq!(fragment, expected, "{name}");
        }
    }
}
