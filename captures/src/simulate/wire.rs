//! Packets on their way to the monitor port, and what the port makes of them.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::rc::Rc;

use super::clock::US;
use super::labels::Mark;
use super::random::Random;
use super::site::Network;
use crate::capture::Packet;
use crate::redundancy::hsr;

/// A packet as it was captured, and what is known of it.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The packet.
    pub packet: Packet,
    /// What it is part of, if that is not just polling.
    pub mark: Option<Rc<Mark>>,
    serial: u64,
}

/// Packets that may not be written yet, because earlier ones may still come.
pub(super) struct Wire {
    waiting: BinaryHeap<Reverse<Marked>>,
    serial: u64,
    network: Network,
    chance: Random,
    hsr_sequence: u16,
}

impl Wire {
    pub(super) fn new(network: &Network, seed: u64) -> Self {
        Self {
            waiting: BinaryHeap::new(),
            serial: 0,
            network: network.clone(),
            chance: Random::new(seed, "monitor port"),
            hsr_sequence: 0,
        }
    }

    /// Puts a packet on the wire: the port sees it once, twice, late or never.
    pub(super) fn put(&mut self, mut packet: Packet, from_device: bool, mark: Option<&Rc<Mark>>) {
        if self.network.one_way && !from_device || self.chance.chance(self.network.missed_ppm) {
            return;
        }
        if self.chance.chance(self.network.late_ppm) {
            let late = self.chance.between(20, 400).saturating_mul(US);
            packet.time_ns = packet.time_ns.saturating_add(late);
        }
        if self.network.hsr {
            let sequence = self.hsr_sequence;
            self.hsr_sequence = sequence.wrapping_add(1);
            let twin = |path| hsr(path, sequence, &packet.octets);
            let (first, second) = (twin(0), twin(1));
            let apart = self.chance.between(2, 30).saturating_mul(US);
            self.push(packet.time_ns, first, mark);
            self.push(packet.time_ns.saturating_add(apart), second, mark);
            return;
        }
        if self.chance.chance(self.network.doubled_ppm) {
            let again = packet.time_ns.saturating_add(3 * US);
            self.push(again, packet.octets.clone(), mark);
        }
        self.push(packet.time_ns, packet.octets, mark);
    }

    fn push(&mut self, time_ns: u64, octets: Vec<u8>, mark: Option<&Rc<Mark>>) {
        self.serial = self.serial.saturating_add(1);
        let wire_octets = crate::octets::count32(octets.len());
        self.waiting.push(Reverse(Marked {
            packet: Packet { time_ns, wire_octets, octets },
            mark: mark.cloned(),
            serial: self.serial,
        }));
    }

    /// The next packet from before `until`.
    pub(super) fn take(&mut self, until: u64) -> Option<Marked> {
        let Reverse(first) = self.waiting.peek()?;
        if first.packet.time_ns >= until {
            return None;
        }
        self.waiting.pop().map(|Reverse(first)| first)
    }
}

impl Marked {
    fn order(&self) -> (u64, u64) {
        (self.packet.time_ns, self.serial)
    }
}

impl PartialEq for Marked {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Marked {}

impl PartialOrd for Marked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Marked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}
