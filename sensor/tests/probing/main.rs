//! Flows on any port, in any framing, from a capture to messages.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, and its own numbers are small"
)]

mod conversations;
mod others;
mod replay;

use gridtap::limits::Limits;
use gridtap_captures::modbus::{mbap, request, response, rtu};
use gridtap_parsers::Direction::{Request, Response};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::conversations::{CONVERSATIONS, all_found, dnp3, modbus_rtu, modbus_tcp};
use crate::replay::*;

#[test]
fn protocols_are_found_on_any_port_with_their_first_messages_and_the_right_server() {
    let ports = [
        (49_152, 502),
        (49_152, 20_000),
        (49_152, 1_502),
        (49_152, 20_001),
        (49_152, 4_001),
        (1_025, 50_000),
        // Clients on ports that are some protocol's own, and that one gets by chance.
        (20_000, 502),
        (20_000, 1_502),
        (20_000, 4_001),
        (802, 1_502),
    ];
    for (how, turns) in CONVERSATIONS {
        for (client, server) in ports {
            // Whole; joined in mid-stream; joined so that the server is heard first.
            for (opened, from) in [(true, 0), (false, 0), (false, 1), (false, 2), (false, 3)] {
                let turns = &turns()[from..];
                let name = format!("{how} {client} > {server}, opened: {opened}, from {from}");
                let capture = tcp(client, server, opened, turns);
                let counters = all_found(&name, &capture, turns, how, server);
                let (protocol, own) =
                    if how == "dnp3" { ("dnp3", 20_000) } else { ("modbus", 502) };
                let found = counters.found_flows.get(protocol).copied();
                assert_eq!(found, (server != own).then_some(1), "{name}");
            }
        }
    }
}

#[test]
fn a_session_joined_within_a_message_of_either_side_is_read_from_the_next() {
    for (how, turns) in CONVERSATIONS {
        for server in [502, 20_000, 4_001] {
            let turns = turns();
            let whole = tcp_in_segments(49_152, server, 5, &turns);
            let (all, _) = read(&whole);
            assert_eq!(all.len(), turns.len(), "{how} {server}");
            for from in 1..whole.packets.len() / 2 {
                let name = format!("{how} {server}, from packet {from}");
                let (rows, _) = read(&whole.clone().from_packet(from));
                // Nothing is said that was not. On its own port at most one message of each side is
                // torn; elsewhere it takes longer to be believed.
                let from = u64::try_from(from).unwrap();
                let said = |row: &Row| (row.packet, row.port, row.direction, row.function);
                let known: Vec<_> = all.iter().map(said).collect();
                let found: Vec<_> = rows
                    .iter()
                    .map(|row| Row { packet: row.packet + from - 1, ..row.clone() })
                    .collect();
                assert!(found.iter().all(|row| known.contains(&said(row))), "{name}: {found:?}");
                let after = all.iter().filter(|row| row.packet >= from).count();
                let is_own = matches!((how, server), ("modbus", 502) | ("dnp3", 20_000));
                assert!(!is_own || found.len() + 2 >= after, "{name}: {} of {after}", found.len());
            }
        }
    }
}

#[test]
fn protocols_are_found_in_datagrams() {
    for (how, turns) in
        [("modbus, udp", modbus_tcp as fn() -> _), ("rtu, udp", modbus_rtu), ("dnp3, udp", dnp3)]
    {
        for (client, server) in [(49_152, 502), (49_152, 20_000), (49_152, 4_001), (20_000, 502)] {
            for from in [0, 1] {
                let turns = &turns()[from..];
                let name = format!("{how} {client} > {server}, from {from}");
                all_found(&name, &udp(client, server, turns), turns, how, server);
            }
        }
    }
}

#[test]
fn writes_that_read_alike_both_ways_wait_for_one_that_tells_where_the_ports_do_not() {
    let write = |number, value| mbap(number, 1, &request::write_single_register(5, value));
    for (client, server) in [(49_152, 502), (49_152, 1_502), (502, 502)] {
        let turns = [(Server, write(6, 1)), (Client, write(7, 2)), (Server, write(7, 2))];
        let (rows, _) = read(&tcp(client, server, false, &turns));
        let seen: Vec<_> = rows.iter().map(|row| (row.direction, row.packet)).collect();
        assert_eq!(seen, [(Response, 1), (Request, 2), (Response, 3)], "{client} > {server}");
        assert_eq!(rows[2].request_packet, Some(2));
    }
    // One way, and nothing else: the port decides in the end.
    let turns: Vec<_> = (0..40).map(|number| (Client, write(number, number))).collect();
    let (rows, _) = read(&tcp(49_152, 502, false, &turns));
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row.direction == Request));
}

#[test]
fn a_flow_joined_in_the_middle_of_a_message_is_found_at_the_next() {
    for (how, turns) in CONVERSATIONS {
        let (_, torn) = turns().swap_remove(1);
        let all = [vec![(Server, torn[5..].to_vec())], turns()].concat();
        for server in [502, 20_000, 1_502] {
            let (rows, counters) = read(&tcp(49_152, server, false, &all));
            // The message behind the torn one may be uncertain, and the torn one be shown as such.
            let messages = counters.messages.values().sum::<u64>();
            assert!(messages >= u64::try_from(turns().len()).unwrap(), "{how} {server}");
            assert!(rows.len() + 1 >= turns().len(), "{how} {server}");
        }
    }
}

#[test]
fn messages_cut_into_pieces_are_found_on_any_port() {
    for (how, turns) in CONVERSATIONS {
        for (size, server) in [(1, 20_000), (3, 502), (7, 4_001), (11, 4_001)] {
            let pieces = |(side, octets): &Turn| {
                octets.chunks(size).map(|piece| (*side, piece.to_vec())).collect::<Vec<_>>()
            };
            let pieces: Vec<Turn> = turns().iter().flat_map(pieces).collect();
            let (rows, _) = read(&tcp(49_152, server, true, &pieces));
            assert_eq!(rows.len(), turns().len(), "{how} on {server} in pieces of {size}");
        }
    }
}

#[test]
fn answers_in_rtu_find_their_requests_by_unit_and_function() {
    let asked = request::read_holding_registers(0, 1);
    let answer = response::read_holding_registers(&[1]);
    let turns = [
        (Client, rtu(1, &asked)),
        (Client, rtu(2, &asked)),
        (Server, rtu(2, &answer)),
        (Server, rtu(1, &response::exception(3, 4))),
        (Client, rtu(1, &asked)),
        (Server, rtu(1, &answer)),
    ];
    let (rows, _) = read(&tcp(49_152, 4_001, false, &turns));
    let pairs: Vec<_> =
        rows.iter().filter_map(|row| Some((row.packet, row.request_packet?))).collect();
    assert_eq!(pairs, [(3, 2), (4, 1), (6, 5)]);
}

#[test]
fn probing_is_bounded_and_the_same_at_any_number_of_shards() {
    // A message that never ends, of which nothing tells whether it is one.
    let endless = [&[0, 1, 0, 0, 8, 0, 1, 90][..], &[0; 1_000]].concat();
    let turns = [(Client, endless), (Client, vec![1; 900])];
    let mut capture = tcp(40_000, 9_000, true, &turns);
    for client in 1..100 {
        capture = capture.with(tcp(client, 1_502, client % 2 == 0, &modbus_tcp()[..2]));
    }
    let limits = Limits { probe_flows: 64, probe_octets: 1_500, ..Limits::default() };
    let (rows, counters) = run(&capture, 1, limits);
    assert!(counters.probe_flows > 0, "one at a time for each pair of addresses");
    assert!(rows.len() < 198);
    for shards in [2, 8] {
        assert_eq!(run(&capture, shards, limits).0, rows);
    }
    let (rows, counters) = run(&capture, 1, Limits { probe_flows: 64 * 128, ..limits });
    assert_eq!((rows.len(), counters.probe_flows, counters.unknown_flows), (198, 0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_octets_are_nothing(
        turns in vec((any::<bool>(), vec(prop_oneof![Just(0), 0..24_u8, any::<u8>()], 1..300)), 1..40),
        server in prop_oneof![Just(502), Just(20_000), Just(802), Just(4_001)],
        opened in any::<bool>(),
    ) {
        let turns: Vec<Turn> = turns
            .into_iter()
            .map(|(client, octets)| (if client { Client } else { Server }, octets))
            .collect();
        let capture = tcp(49_152, server, opened, &turns);
        let (rows, counters) = run(&capture, 1, Limits::default());
        prop_assert!(counters.found_flows.is_empty(), "{rows:?}");
        prop_assert!(server == 502 || rows.is_empty(), "{rows:?}");
    }
}
