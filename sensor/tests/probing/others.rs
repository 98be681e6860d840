//! Flows of other protocols, and encrypted ones.

use gridtap_captures::modbus::{mbap, request};

use crate::conversations::{CONVERSATIONS, all_found};
use crate::replay::*;

/// What other protocols say first, and where.
#[rustfmt::skip]
fn others() -> Vec<(&'static str, u16, Vec<Turn>)> {
    let octets = |octets: &[u8]| octets.to_vec();
    vec![
        ("HTTP", 8_080, vec![
            (Client, octets(b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n")),
            (Server, octets(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")),
        ]),
        ("SSH", 22, vec![
            (Server, octets(b"SSH-2.0-OpenSSH_9.6\r\n")),
            (Client, octets(b"SSH-2.0-OpenSSH_9.7\r\n")),
        ]),
        ("TLS", 443, vec![(Client, hello()), (Server, hello())]),
        ("S7", 102, vec![
            (Client, octets(&[3, 0, 0, 0x16, 0x11, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2])),
            (Server, octets(&[3, 0, 0, 0x16, 0x11, 0xd0, 0, 1, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2])),
            (Client, octets(&[3, 0, 0, 0x15, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 1, 0, 0x0e, 0, 0, 4, 1, 0x12, 10])),
        ]),
        ("SMB", 445, vec![
            (Client, [&[0, 0, 0, 0x54][..], b"\xffSMBr", &[0; 79]].concat()),
            (Server, [&[0, 0, 0, 0x40][..], b"\xfeSMB@", &[0; 59]].concat()),
            (Client, octets(&[0, 0, 0, 0])),
        ]),
        ("IEC 104", 2_404, vec![
            (Client, octets(&[0x68, 4, 7, 0, 0, 0])),
            (Server, octets(&[0x68, 4, 0x0b, 0, 0, 0])),
            (Client, octets(&[0x68, 0x0e, 0, 0, 0, 0, 100, 1, 6, 0, 1, 0, 0, 0, 0, 20])),
            (Server, octets(&[0x68, 4, 1, 0, 2, 0])),
        ]),
        ("EtherNet/IP", 44_818, vec![
            (Client, [&[0x65, 0, 4][..], &[0; 21], &[1, 0, 0, 0]].concat()),
            (Server, [&[0x65, 0, 4, 0, 9][..], &[0; 19], &[1, 0, 0, 0]].concat()),
        ]),
        ("MySQL", 3_306, vec![
            (Server, [&[0x4a, 0, 0, 0, 10][..], b"8.0.36\0", &[0; 66]].concat()),
            (Client, [&[0x20, 0, 0, 1, 5][..], &[0; 31]].concat()),
            (Client, octets(&[1, 0, 0, 0, 0x0e])),
        ]),
        ("zeros", 9_000, vec![
            (Client, octets(&[0; 8])), (Server, octets(&[0; 8])), (Client, octets(&[0; 8])),
        ]),
        ("what looks like a bare function", 9_001, vec![
            (Client, octets(&[0, 0, 0, 0, 0, 2, 0, 7])), (Client, octets(&[0, 0, 0, 0, 0, 2, 0, 7])),
        ]),
        ("what looks like Modbus once", 9_002, vec![
            (Client, mbap(1, 1, &request::read_coils(0, 8))), (Server, octets(b"what?\r\n")),
        ]),
        ("DNP3's start octets", 9_003, vec![
            (Client, octets(&[5, 0x64, 5, 0xc9, 1, 0, 0, 0, 0xde, 0x8f])),
            (Client, octets(&[5, 0x64, 5, 0xc9])),
        ]),
        ("keys", 23, b"show version\r\n".iter().map(|octet| (Client, vec![*octet])).collect()),
    ]
}

/// A `ClientHello`, as far as its record header tells.
fn hello() -> Vec<u8> {
    [&[0x16, 3, 1, 0, 0xf1, 1, 0, 0, 0xed, 3, 3][..], &[0x5a; 235]].concat()
}

#[test]
fn nothing_is_found_in_other_protocols_on_any_port() {
    for (name, own, turns) in others() {
        for server in [own, 502, 20_000, 1_502, 443] {
            for opened in [true, false] {
                let (rows, counters) = read(&tcp(49_152, server, opened, &turns));
                // On its own port one message is enough.
                let alone = name.contains("looks like") && server == 502;
                assert_eq!(!rows.is_empty(), alone, "{name} on {server}: {rows:?}");
                assert!(counters.found_flows.is_empty(), "{name} on {server}");
                let foreign: u64 = counters.foreign_flows.values().sum();
                let encrypted: u64 = counters.encrypted_flows.values().sum();
                let expected = !alone && [502, 20_000].contains(&server);
                assert_eq!(foreign + encrypted, u64::from(expected), "{name} on {server}");
            }
        }
    }
}

#[test]
fn other_flows_are_left_at_their_first_octets_or_soon_after() {
    for (name, own, turns) in others() {
        let long: Vec<_> = turns.iter().cycle().take(200).cloned().collect();
        for opened in [true, false] {
            let (_, counters) = read(&tcp(49_152, own, opened, &long));
            assert!(counters.flow.read_flows <= 1, "{name}");
            assert_eq!(counters.unknown_flows, counters.flow.read_flows, "{name}");
            let plain = ["HTTP", "SSH", "TLS", "S7", "EtherNet/IP"].contains(&name);
            assert!(!plain || counters.flow.read_flows == 0, "{name} is not even probed");
        }
    }
}

#[test]
fn what_is_encrypted_is_counted_and_not_read() {
    let record = [&[0x17, 3, 3, 0, 9][..], &[1; 9]].concat();
    let turns = [(Client, hello()), (Server, hello()), (Client, record)];
    for (server, protocol) in [(802, "modbus"), (502, "modbus"), (19_999, "dnp3"), (20_000, "dnp3")]
    {
        for (opened, from) in [(true, 0), (false, 0), (false, 2)] {
            let (rows, counters) = read(&tcp(49_152, server, opened, &turns[from..]));
            assert!(rows.is_empty() && counters.errors.is_empty());
            let octets: usize = turns[from..].iter().map(|(_, octets)| octets.len()).sum();
            let expected = u64::try_from(octets).unwrap();
            assert_eq!(counters.encrypted_flows.get(protocol), Some(&1), "{server}");
            assert_eq!(counters.encrypted_octets.get(protocol), Some(&expected), "{server}");
            let text = gridtap::summary::text(&counters);
            let said = format!("Encrypted {protocol}, not seen into: {octets} octets in 1 flow");
            assert!(text.contains(&said), "{text}");
        }
    }
    let (_, counters) = read(&tcp(20_000, 443, false, &turns));
    assert!(counters.encrypted_flows.is_empty(), "20000 is the client's port here");
    for (how, turns) in CONVERSATIONS {
        all_found("in the clear", &tcp(49_152, 802, true, &turns()), &turns(), how, 802);
    }
}
