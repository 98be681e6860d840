//! Discards what the capture shows twice though it was sent once.
//!
//! A mirror of two switch ports shows a packet as it comes in and as it goes out: two packets of
//! the same octets, from Ethernet addresses to the end, within moments. HSR and PRP send a frame
//! two ways: the same but for four bits (see [`redundancy`](super::redundancy)).
//!
//! **Rule.** A packet is discarded if all its octets are those of an earlier one that is not
//! itself a copy and has none yet, not more than [`twin_ms`](crate::limits::Limits::twin_ms) away
//! in capture time. So of a packet that is there three times, two are kept: a mirror shows it twice,
//! and a third was sent again. Numbered by HSR or PRP, a frame is discarded as often as it comes
//! within [`redundant_ms`](crate::limits::Limits::redundant_ms).
//!
//! **Nothing is lost by it.** A sender that repeats a segment or asks whether the other end is alive
//! waits for an answer first, many times `twin_ms`; one that repeats sooner, because others were
//! acknowledged, gives the repetition a new IP identification and thereby a new checksum. Where
//! there is no identification (IPv6, or senders that leave it 0), the octets of a TCP segment with
//! the same sequence number are discarded anyway, and a UDP datagram with the same octets has the
//! same number in its protocol: it would take a sender that numbers nothing to send two that differ
//! in nothing, and then one of them is counted here.
//!
//! **What differs is kept**, above all the same segment from another Ethernet address: somebody sent
//! it on who may be in the middle. All octets are compared, so that nobody can make packets vanish
//! by making them look alike. On links without addresses, the IP header alone must tell them apart.
//!
//! Packets are kept in a ring of octets and found by a hash of their first ones, in a table of fixed
//! size: a packet whose place is taken, or whose octets are overwritten, is not recognized again,
//! and its twin is kept.

use core::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::decoder::Skip;
use crate::limits::Limits;

/// Pairs of places in the table, a power of two.
const PAIRS: usize = 1_024;
/// The octets that are hashed: from behind the Ethernet addresses and type to the ports, sequence
/// numbers and checksum of TCP or UDP.
const FIRST: usize = 16;
const END: usize = 80;

/// What a capture sees of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) octets: &'a [u8],
    /// Octets it had on the wire, or another number that twins have in common.
    wire_octets: u32,
    /// The octet whose upper four bits say which way a numbered copy took.
    pub(super) way: Option<usize>,
}

/// Packets of the last moments.
#[derive(Debug)]
pub(super) struct Twins {
    places: Vec<[Seen; 2]>,
    ring: Vec<u8>,
    /// Octets that were written to the ring in all.
    written: u64,
    twin_ns: u64,
    redundant_ns: u64,
}

/// A packet that was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    hash: u64,
    time_ns: u64,
    /// How many octets had been written to the ring before it.
    start: u64,
    octets: usize,
    wire_octets: u32,
    /// Which way it took, if it is numbered.
    way: Option<u8>,
    has_twin: bool,
}

impl<'a> Sight<'a> {
    pub(super) const fn new(octets: &'a [u8], wire_octets: u32) -> Self {
        Self { octets, wire_octets, way: None }
    }

    /// Which way it took.
    fn way(&self) -> Option<u8> {
        self.way.and_then(|place| self.octets.get(place)).map(|octet| octet >> 4)
    }

    #[inline]
    fn hash(&self) -> u64 {
        let most = self.octets.len().min(END);
        let octets = self.octets.get(FIRST..most).unwrap_or(self.octets);
        let mut hasher = FixedState::with_seed(0).build_hasher();
        match self.way.and_then(|way| octets.split_at_checked(way.checked_sub(FIRST)?)) {
            Some((before, [octet, behind @ ..])) => {
                hasher.write(before);
                hasher.write(&[octet & 0x0f]);
                hasher.write(behind);
            }
            _ => hasher.write(octets),
        }
        hasher.finish()
    }
}

impl Twins {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            places: vec![[Seen::default(); 2]; PAIRS],
            ring: vec![0; limits.twin_octets],
            written: 0,
            twin_ns: limits.twin_ms.saturating_mul(1_000_000),
            redundant_ns: limits.redundant_ms.saturating_mul(1_000_000),
        }
    }

    /// Refuses a packet that was seen before, and remembers any other.
    #[inline]
    pub(super) fn meet(&mut self, sight: &Sight<'_>, time_ns: u64) -> Result<(), Skip> {
        let (hash, way) = (sight.hash(), sight.way());
        let index = usize::try_from(hash).unwrap_or(0) & PAIRS.saturating_sub(1);
        let Self { places, ring, written, .. } = self;
        let Some(pair) = places.get_mut(index) else { return Ok(()) };
        for seen in pair.iter_mut().filter(|seen| seen.hash == hash) {
            if !is_same(seen, sight, way, ring, *written) {
                continue;
            }
            let apart_ns = seen.time_ns.abs_diff(time_ns);
            if way.is_some() && apart_ns <= self.redundant_ns {
                return Err(if seen.way == way { Skip::Twin } else { Skip::Redundant });
            }
            if way.is_none() && apart_ns <= self.twin_ns && !seen.has_twin {
                seen.has_twin = true;
                return Err(Skip::Twin);
            }
            // It was sent again, and takes the place of what it was before.
            *seen = Seen { time_ns, way, has_twin: false, ..*seen };
            return Ok(());
        }
        let Some(start) = keep(ring, written, sight.octets) else { return Ok(()) };
        let [newer, older] = pair;
        *older = *newer;
        *newer = Seen {
            hash,
            time_ns,
            start,
            octets: sight.octets.len(),
            wire_octets: sight.wire_octets,
            way,
            has_twin: false,
        };
        Ok(())
    }
}

/// Writes octets to the ring, and returns how many had been written before them.
#[inline]
fn keep(ring: &mut [u8], written: &mut u64, octets: &[u8]) -> Option<u64> {
    let most = ring.len();
    let left = most.saturating_sub(place(*written, most)?);
    if octets.len() > left {
        // They stay in one piece: the end of the ring is left out.
        *written = written.saturating_add(u64::try_from(left).ok()?);
    }
    let start = *written;
    let from = place(start, most)?;
    ring.get_mut(from..from.checked_add(octets.len())?)?.copy_from_slice(octets);
    *written = written.saturating_add(u64::try_from(octets.len()).ok()?);
    Some(start)
}

/// Whether a packet that was seen has the octets of another, wherever they went.
#[inline]
fn is_same(seen: &Seen, sight: &Sight<'_>, way: Option<u8>, ring: &[u8], written: u64) -> bool {
    let kept = || {
        let is_there = written.saturating_sub(seen.start) <= u64::try_from(ring.len()).ok()?;
        let from = is_there.then(|| place(seen.start, ring.len()))??;
        ring.get(from..from.checked_add(seen.octets)?)
    };
    seen.octets == sight.octets.len()
        && seen.wire_octets == sight.wire_octets
        && seen.way.is_some() == way.is_some()
        && kept().is_some_and(|kept| is_alike(kept, sight))
}

fn is_alike(kept: &[u8], sight: &Sight<'_>) -> bool {
    match sight.way {
        None => kept == sight.octets,
        Some(way) => {
            let (Some((k0, [k1, k2 @ ..])), Some((s0, [s1, s2 @ ..]))) =
                (kept.split_at_checked(way), sight.octets.split_at_checked(way))
            else {
                return false;
            };
            k0 == s0 && k1 & 0x0f == s1 & 0x0f && k2 == s2
        }
    }
}

/// Where in the ring something is.
fn place(written: u64, most: usize) -> Option<usize> {
    usize::try_from(written.checked_rem(u64::try_from(most).ok()?)?).ok()
}
