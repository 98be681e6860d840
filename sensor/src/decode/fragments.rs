//! Puts IP datagrams together from their fragments.
//!
//! Where fragments overlap, the octets that came first count. The fragments of a datagram come from
//! one Ethernet address: those that somebody sends on from another make a datagram of their own,
//! which is then seen twice.

use std::net::IpAddr;

use etherparse::IpNumber;

use super::counters::{Counters, count, one};
use super::decoder::Skip;
use super::network::{Datagram, Part};
use crate::limits::Limits;

/// Octets of the largest datagram, without its header.
const LARGEST: u32 = 65_535;
/// What a stretch of octets counts for besides its octets.
const PIECE_OCTETS: usize = 24;

/// Fragments that wait for others of their datagram.
#[derive(Debug)]
pub(super) struct Fragments {
    /// By the arrival of their first fragment. There are few: a search through them is quick.
    waiting: Vec<Waiting>,
    octets: usize,
    most_datagrams: usize,
    most_octets: usize,
    patience_ns: u64,
}

/// What fragments of one datagram have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    ends: (IpAddr, IpAddr),
    protocol: IpNumber,
    identification: u32,
    source_mac: Option<[u8; 6]>,
}

/// A datagram in parts.
#[derive(Debug)]
struct Waiting {
    key: Key,
    since_ns: u64,
    fragments: u64,
    /// Where it ends, once the last fragment came.
    end: Option<u32>,
    /// How much of it is there.
    held: u32,
    /// Its stretches by offset; no two overlap.
    pieces: Vec<Piece>,
    /// Their octets by arrival.
    octets: Vec<u8>,
}

/// A stretch of a datagram.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    end: u32,
    /// Where its octets are.
    at: usize,
}

impl Fragments {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            waiting: Vec::new(),
            octets: 0,
            most_datagrams: limits.fragment_datagrams,
            most_octets: limits.fragment_octets,
            patience_ns: limits.fragment_seconds.saturating_mul(1_000_000_000),
        }
    }

    /// Takes a fragment, which is whole. Only if it completes its datagram, that is in `whole`
    /// afterwards.
    pub(super) fn take(
        &mut self,
        fragment: &Datagram<'_>,
        part: Part,
        source_mac: Option<&[u8; 6]>,
        now_ns: u64,
        whole: &mut Vec<u8>,
        counters: &mut Counters,
    ) -> Result<(), Skip> {
        self.expire(now_ns, counters);
        let length = u32::try_from(fragment.octets.len()).map_err(|_| Skip::BadFragment)?;
        let end = part.offset.saturating_add(length);
        if length == 0 || end > LARGEST || (part.more && !length.is_multiple_of(8)) {
            return Err(Skip::BadFragment);
        }
        let key = Key {
            ends: fragment.ends(),
            protocol: fragment.protocol,
            identification: part.identification,
            source_mac: source_mac.copied(),
        };
        let index = self.waiting.iter().position(|it| it.key == key).unwrap_or_else(|| {
            self.waiting.push(Waiting::new(key, now_ns));
            self.waiting.len().saturating_sub(1)
        });
        let Some(datagram) = self.waiting.get_mut(index) else { return Err(Skip::Fragment) };
        let before = datagram.cost();
        datagram.add(part.offset, end, part.more, fragment.octets, counters)?;
        self.octets = self.octets.saturating_sub(before).saturating_add(datagram.cost());
        if datagram.is_whole() {
            datagram.assemble(whole);
            self.remove(index);
            one(&mut counters.reassembled);
            return Ok(());
        }
        while self.octets > self.most_octets || self.waiting.len() > self.most_datagrams {
            let given_up = self.remove(0);
            count(&mut counters.evicted_fragments, given_up);
        }
        Err(Skip::Fragment)
    }

    /// Gives up what waits, as no more will come.
    pub(super) fn finish(&mut self, counters: &mut Counters) {
        while !self.waiting.is_empty() {
            count(&mut counters.expired_fragments, self.remove(0));
        }
    }

    fn expire(&mut self, now_ns: u64, counters: &mut Counters) {
        let patience_ns = self.patience_ns;
        let is_late = |it: &Waiting| now_ns.saturating_sub(it.since_ns) > patience_ns;
        while self.waiting.first().is_some_and(is_late) {
            count(&mut counters.expired_fragments, self.remove(0));
        }
    }

    /// Removes a datagram, of which there is one, and returns how many fragments it came in.
    fn remove(&mut self, index: usize) -> u64 {
        let datagram = self.waiting.remove(index);
        self.octets = self.octets.saturating_sub(datagram.cost());
        datagram.fragments
    }
}

impl Waiting {
    fn new(key: Key, since_ns: u64) -> Self {
        let (pieces, octets) = (Vec::new(), Vec::new());
        Self { key, since_ns, fragments: 0, end: None, held: 0, pieces, octets }
    }

    fn cost(&self) -> usize {
        self.octets.len().saturating_add(self.pieces.len().saturating_mul(PIECE_OCTETS))
    }

    fn is_whole(&self) -> bool {
        self.end == Some(self.held)
    }

    fn assemble(&self, whole: &mut Vec<u8>) {
        whole.clear();
        for piece in &self.pieces {
            whole.extend_from_slice(self.octets_of(piece, piece.start, piece.end));
        }
    }

    /// Adds a fragment's octets where there are none yet.
    fn add(
        &mut self,
        start: u32,
        end: u32,
        more: bool,
        octets: &[u8],
        counters: &mut Counters,
    ) -> Result<(), Skip> {
        let beyond = |known: u32| if more { end > known } else { end != known };
        let last = self.pieces.last().map_or(0, |piece| piece.end);
        if self.end.is_some_and(beyond) || (!more && last > end) {
            return Err(Skip::BadFragment);
        }
        if !more {
            self.end = Some(end);
        }
        let part = |from: u32, to: u32| between(octets, from, to, start);
        let (mut at, mut known, mut is_repetition) = (start, false, true);
        let mut index = self.pieces.partition_point(|piece| piece.end <= start);
        while at < end {
            let next = self.pieces.get(index).copied();
            if let Some(piece) = next.filter(|piece| piece.start <= at) {
                let to = piece.end.min(end);
                known = true;
                is_repetition &= part(at, to) == self.octets_of(&piece, at, to);
                at = to;
            } else {
                let to = next.map_or(end, |piece| piece.start.min(end));
                is_repetition = false;
                self.pieces.insert(index, Piece { start: at, end: to, at: self.octets.len() });
                self.octets.extend_from_slice(part(at, to));
                self.held = self.held.saturating_add(to.saturating_sub(at));
                at = to;
            }
            index = index.saturating_add(1);
        }
        if known && !is_repetition {
            one(&mut counters.overlapping_fragments);
        }
        self.fragments = self.fragments.saturating_add(1);
        Ok(())
    }

    /// The octets of a piece from one offset in the datagram to another.
    fn octets_of(&self, piece: &Piece, from: u32, to: u32) -> &[u8] {
        between(self.octets.get(piece.at..).unwrap_or_default(), from, to, piece.start)
    }
}

/// The octets between two offsets in a datagram, of some that start at a third.
fn between(octets: &[u8], from: u32, to: u32, start: u32) -> &[u8] {
    let place = |offset: u32| usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
    octets.get(place(from)..place(to)).unwrap_or_default()
}
