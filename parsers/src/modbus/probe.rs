//! Whether octets begin like Modbus, in either framing.

use super::adu::Pdu;
use super::mbap::{self, Framed};
use super::rtu::{self, Front};
use crate::protocol::{Direction, Verdict};

/// Looks at the first octets of one side.
///
/// Modbus/TCP has no checksum and RTU a short one: a single message is never certain. Of RTU only
/// frames that say where they end count: a CRC over whatever octets a segment has costs more than
/// flows of other protocols may.
pub(super) fn probe(octets: &[u8]) -> Verdict {
    let header = mbap::frame(octets);
    let fronts = [Direction::Request, Direction::Response].map(|way| (way, rtu::told(octets, way)));
    let reads = fronts.map(|(direction, front)| match (header, front) {
        (_, Front::Frame { .. }) => true,
        (Framed::Adu { pdu, .. }, _) => Pdu::read(pdu, direction).error.is_none(),
        (Framed::Partial { .. } | Framed::OutOfStep(_), _) => false,
    });
    match reads {
        [true, true] => Verdict::Message(None),
        [true, false] => Verdict::Message(Some(Direction::Request)),
        [false, true] => Verdict::Message(Some(Direction::Response)),
        [false, false] => {
            let may_be_tcp = !matches!(header, Framed::OutOfStep(_));
            let may_be_rtu = fronts.iter().any(|(_, front)| *front == Front::Partial);
            if may_be_tcp || may_be_rtu { Verdict::Perhaps } else { Verdict::No }
        }
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn what_begins_like_modbus_is_told_from_what_does_not() {
        use Verdict::{Message, No, Perhaps};
        const REQUEST: Verdict = Message(Some(Direction::Request));
        const RESPONSE: Verdict = Message(Some(Direction::Response));
        #[rustfmt::skip]
        let table: &[(&str, &[u8], Verdict)] = &[
            ("read",                 &hex!("00 01 00 00 00 06 01 03 00 00 00 0a"), REQUEST),
            ("values",               &hex!("00 01 00 00 00 05 01 03 02 00 07"),    RESPONSE),
            ("exception",            &hex!("00 01 00 00 00 03 01 83 02"),          RESPONSE),
            ("write, or its echo",   &hex!("00 01 00 00 00 06 01 06 00 05 00 09"), Message(None)),
            ("two requests",
                &hex!("00 01 00 00 00 06 01 03 00 00 00 0a 00 02 00 00 00 06 01 03 00 00 00 0a"), REQUEST),
            ("RTU read",             &hex!("01 03 00 00 00 02 c4 0b"),    REQUEST),
            ("RTU values",           &hex!("01 03 02 00 2a 39 9b"),       RESPONSE),
            ("RTU write",            &hex!("11 05 00 ac ff 00 4e 8b"),    Message(None)),
            ("RTU user function",    &hex!("11 41 07 09 97 3a"),          No),
            ("RTU, cut short",       &hex!("11 05 00 ac ff"),             Perhaps),
            ("cut short",            &hex!("00 01 00 00 00 06 01 03 00"), Perhaps),
            ("header",               &hex!("00 01 00 00 00 06 01"),       Perhaps),
            ("other function",       &hex!("00 01 00 00 00 04 01 63 00 00"), Perhaps),
            ("wrong length",         &hex!("00 01 00 00 00 04 01 03 00 00"), Perhaps),
            ("one octet",            &hex!("41"),                         Perhaps),
            ("HTTP",                 b"GET / HTTP/1.1\r\nHost: a\r\n",    No),
            ("HTTP, answer",         b"HTTP/1.1 200 OK\r\n",              No),
            ("SSH",                  b"SSH-2.0-OpenSSH_9.6\r\n",          No),
            ("S7 on ISO transport",  &hex!("03 00 00 16 11 e0 00 00 00 01 00 c0 01 0a c1 02 01 00 c2 02 01 02"), No),
            ("SMB",                  &hex!("00 00 00 54 ff 53 4d 42 72 00 00 00 00 18 01 28"), No),
            ("EtherNet/IP",          &hex!("65 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00"), No),
            ("IEC 104, data",        &hex!("68 0e 00 00 00 00 64 01 06 00 01 00 00 00 00 14"), No),
            ("IEC 104, start",       &hex!("68 04 07 00 00 00"),          Perhaps),
            ("TLS",                  &hex!("16 03 01 00 f1 01 00 00 ed 03 03"), No),
            ("DNS",                  &hex!("12 34 01 00 00 01 00 00 00 00 00 00 03 77 77 77"), No),
            ("NTP",                  &hex!("e3 00 03 fa 00 01 00 00 00 01 00 00"), No),
            ("SNMP",                 &hex!("30 26 02 01 00 04 06 70 75 62 6c 69 63"), No),
            ("DNP3",                 &hex!("05 64 05 c9 01 00 00 00 de 8e"), No),
            ("zeros",                &[0; 12],                            No),
        ];
        for (name, octets, expected) in table {
            assert_eq!(probe(octets), *expected, "{name}");
        }
    }
}
