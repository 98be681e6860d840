//! Segments made by hand, reassembled.

#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod bounds;
mod conflicts;
mod connection;
mod loss;
mod order;
mod property;

use std::collections::HashMap;
use std::fmt::Write;
use std::net::SocketAddr;

use gridtap_models::event::PacketRef;
use gridtap_parsers::{Chunk, Side};

use super::{Conflict, Counters, Flow, Opening, Reader, Table, Then};
use crate::decode::{At, Segment, Transport};
use crate::limits::Limits;

/// Both sides as they were read, e.g. `one two[3]four` where three octets are missing; and what
/// else happened, in order.
#[derive(Debug, Default)]
struct Log {
    refuses: bool,
    flows: u32,
    text: HashMap<(u32, Side), String>,
    ends: HashMap<(u32, Side), u64>,
    /// Where each side's last `?` ended, at which the choice is put off.
    passed: HashMap<Side, u64>,
    /// Flows that ended, by the port of side A, with the packet at which that was noticed.
    ended: Vec<(u16, u64)>,
    asked: u32,
    opener: Option<Side>,
    chunks: u32,
    packets: Vec<u64>,
    /// What each flow waits for, and which were told when.
    due_ns: HashMap<u32, u64>,
    told: Vec<(u32, u64)>,
    /// Side, octets that differ, and the packets of both copies.
    conflicts: Vec<(Side, u64, Option<u64>, u64)>,
    unseen: u64,
}

impl Reader for Log {
    type State = u32;

    fn open(&mut self, _: &Flow, first: &Chunk<'_>) -> Opening<u32> {
        assert!(!first.octets.is_empty());
        self.asked += 1;
        if first.octets == b"?" {
            self.passed.insert(first.side, first.offset + 1);
            return Opening::Later;
        }
        if self.refuses {
            return Opening::Never;
        }
        self.flows += 1;
        Opening::Read(self.flows)
    }

    fn chunk(&mut self, flow: &Flow, state: &mut u32, chunk: &Chunk<'_>, _: &At) -> Then {
        let key = (*state, chunk.side);
        self.opener = flow.opener;
        let passed = self.passed.get(&chunk.side).copied().unwrap_or(0);
        let end = self.ends.entry(key).or_insert(passed);
        assert_eq!(chunk.offset, *end + chunk.lost, "a chunk begins where the last one ended");
        assert!(chunk.lost > 0 || !chunk.octets.is_empty());
        let start = chunk.offset;
        *end = start + u64::try_from(chunk.octets.len()).unwrap();
        self.packets =
            flow.packets(chunk.side, start..*end).map(|mark| mark.packet.number).collect();
        self.chunks += 1;
        let text = self.text.entry(key).or_default();
        if chunk.lost > 0 {
            write!(text, "[{}]", chunk.lost).unwrap();
        }
        text.push_str(core::str::from_utf8(chunk.octets).unwrap());
        if chunk.octets == b"%" { Then::Leave } else { Then::ReadOn }
    }

    fn conflict(&mut self, _: &Flow, _: &mut u32, conflict: &Conflict, at: &At) {
        assert_eq!(conflict.again, at.packet);
        let first = conflict.first.map(|packet| packet.number);
        self.conflicts.push((conflict.side, conflict.octets, first, conflict.again.number));
    }

    fn due_ns(&self, state: &u32) -> Option<u64> {
        self.due_ns.get(state).copied()
    }

    fn due(&mut self, _: &Flow, state: &mut u32, at: &At) {
        self.due_ns.remove(state);
        self.told.push((*state, at.time_ns));
    }

    fn end(&mut self, flow: &Flow, _: u32, at: &At) {
        self.ended.push((flow.endpoint(Side::A).address.port(), at.sequence));
        self.unseen = flow.lost_octets();
    }
}

/// A table, its reader, and a clock.
struct Bench {
    table: Table<u32>,
    log: Log,
    at: At,
    /// The client's port; side A is the client.
    port: u16,
}

impl Bench {
    fn new() -> Self {
        Self::with(&Limits::default())
    }

    fn with(limits: &Limits) -> Self {
        let packet = PacketRef { capture: 0, number: 0 };
        let at = At { sequence: 0, packet, time_ns: 1_000_000_000_000 };
        Self { table: Table::new(limits), log: Log::default(), at, port: 40_000 }
    }

    fn counters(&self) -> &Counters {
        self.table.counters()
    }

    /// A side of the latest flow as it was read.
    fn text(&self, side: Side) -> &str {
        self.text_of(self.log.flows, side)
    }

    fn text_of(&self, flow: u32, side: Side) -> &str {
        self.log.text.get(&(flow, side)).map_or("", String::as_str)
    }

    fn wait_ms(&mut self, ms: u64) -> &mut Self {
        self.at.time_ns += ms * 1_000_000;
        self
    }

    fn tick(&mut self) -> &mut Self {
        self.table.tick(&self.at, &mut self.log);
        self
    }

    fn finish(&mut self) -> &mut Self {
        self.table.finish(&self.at, &mut self.log);
        self
    }

    fn data(&mut self, side: Side, sequence: u32, octets: &str) -> &mut Self {
        self.send(side, Tcp { octets, ..Tcp::at(sequence) })
    }

    fn syn(&mut self, side: Side, sequence: u32) -> &mut Self {
        let acknowledgement = (side == Side::B).then_some(1);
        self.send(side, Tcp { syn: true, acknowledgement, ..Tcp::at(sequence) })
    }

    fn fin(&mut self, side: Side, sequence: u32, octets: &str) -> &mut Self {
        self.send(side, Tcp { fin: true, octets, ..Tcp::at(sequence) })
    }

    fn rst(&mut self, side: Side, sequence: u32, acknowledgement: Option<u32>) -> &mut Self {
        self.send(side, Tcp { rst: true, acknowledgement, ..Tcp::at(sequence) })
    }

    fn send(&mut self, side: Side, tcp: Tcp<'_>) -> &mut Self {
        let Tcp { sequence, acknowledgement, syn, fin, rst, octets, cut } = tcp;
        let transport = Transport::Tcp { sequence, acknowledgement, syn, fin, rst, window: 8_192 };
        self.take(side, transport, octets, cut)
    }

    fn datagram(&mut self, side: Side, octets: &str, cut: u32) -> &mut Self {
        self.take(side, Transport::Udp, octets, cut)
    }

    fn take(&mut self, side: Side, transport: Transport, octets: &str, cut: u32) -> &mut Self {
        self.at.sequence += 1;
        self.at.packet.number += 1;
        let client = SocketAddr::from(([10, 0, 0, 5], self.port));
        let server = SocketAddr::from(([10, 0, 0, 9], 502));
        let macs = [Some([2, 0, 0, 0, 0, 5]), Some([2, 0, 0, 0, 0, 9])];
        let ((source, destination), [source_mac, destination_mac]) = match side {
            Side::A => ((client, server), macs),
            Side::B => ((server, client), [macs[1], macs[0]]),
        };
        let segment = Segment {
            at: self.at,
            source,
            destination,
            source_mac,
            destination_mac,
            vlan: Some(7),
            hops: 64,
            transport,
            payload: octets.as_bytes(),
            cut,
        };
        self.table.take(&segment, &mut self.log);
        self
    }
}

/// A TCP segment's own part.
#[derive(Clone, Copy)]
struct Tcp<'a> {
    sequence: u32,
    acknowledgement: Option<u32>,
    syn: bool,
    fin: bool,
    rst: bool,
    octets: &'a str,
    cut: u32,
}

impl Tcp<'_> {
    const fn at(sequence: u32) -> Self {
        let (syn, fin, rst) = (false, false, false);
        Self { sequence, acknowledgement: Some(1), syn, fin, rst, octets: "", cut: 0 }
    }
}
