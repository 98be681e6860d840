//! What waits for an answer is bounded, and comes out in the end.

use std::net::SocketAddr;

use gridtap_captures::modbus::{mbap, request, response};
use gridtap_models::event::PacketRef;
use serde_json::Value;

use super::{View, Views};
use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;
use crate::shard::Shard;

/// One flow of datagrams of Modbus, a packet each millisecond.
struct Flow {
    shard: Shard<Views>,
    number: u64,
}

impl Flow {
    fn new(view: View, pending_requests: usize) -> Self {
        let limits = Limits { pending_requests, ..Limits::default() };
        Self { shard: Shard::new(&limits, 0, 1, Views::new(view, None, true)), number: 0 }
    }

    fn at(&self) -> At {
        let packet = PacketRef { capture: 0, number: self.number };
        At { sequence: self.number, packet, time_ns: self.number * 1_000_000 }
    }

    fn send(&mut self, asks: bool, payload: &[u8]) -> Vec<Value> {
        self.number += 1;
        let (client, server) = ([10, 0, 0, 5], [10, 0, 0, 9]);
        let (client, server) =
            (SocketAddr::from((client, 40_000)), SocketAddr::from((server, 502)));
        let (source, destination) = if asks { (client, server) } else { (server, client) };
        self.shard.take(&Segment {
            at: self.at(),
            source,
            destination,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            hops: 64,
            transport: Transport::Udp,
            payload,
            cut: 0,
        });
        self.lines()
    }

    fn finish(&mut self) -> Vec<Value> {
        self.number += 1;
        self.shard.finish(&self.at());
        self.lines()
    }

    fn lines(&mut self) -> Vec<Value> {
        let lines = self.shard.drain().into_iter();
        lines.map(|line| serde_json::from_str(&line.text).unwrap()).collect()
    }
}

/// Whether a line pairs a request with its answer, or would.
fn pairs(line: &Value) -> bool {
    line["_path"] == "modbus_detailed" || line["event_type"] == "modbus"
}

#[test]
fn no_more_requests_wait_than_may_and_none_is_lost() {
    for view in [View::ZeekJson, View::Eve] {
        for limit in [0, 1, 4] {
            let mut flow = Flow::new(view, limit);
            let mut shown = 0;
            for transaction in 1..=20 {
                let asked = mbap(transaction, 1, &request::read_coils(transaction, 8));
                shown += flow.send(true, &asked).into_iter().filter(pairs).count();
                assert_eq!(shown, usize::from(transaction).saturating_sub(limit), "{view:?}");
                assert!(flow.shard.tap().waiting.len() <= limit, "{view:?}, {limit} may wait");
            }
            shown += flow.finish().into_iter().filter(pairs).count();
            assert_eq!(shown, 20, "{view:?}, {limit} may wait");
            assert!(flow.shard.tap().waiting.is_empty());
        }
    }
}

#[test]
fn an_answer_that_comes_twice_finds_its_request_once() {
    let answer = mbap(1, 1, &response::read_holding_registers(&[7]));
    let matched = |line: &Value| line["matched"] == true || line["modbus"]["request"].is_object();
    for view in [View::ZeekJson, View::Eve] {
        let mut flow = Flow::new(view, 64);
        flow.send(true, &mbap(1, 1, &request::read_holding_registers(100, 1)));
        let mut both = Vec::new();
        for _ in 0..2 {
            both.extend(flow.send(false, &answer).into_iter().filter(pairs));
        }
        let both: Vec<bool> = both.iter().map(matched).collect();
        assert_eq!(both, [true, false], "{view:?}");
        assert_eq!(flow.finish(), Vec::<Value>::new());
    }
}
