//! Which flow a segment belongs to, and which part of the flow table.

use std::net::{IpAddr, SocketAddr};

use gridtap_parsers::Side;

use crate::decode::{Segment, Transport};

/// How many parts the flow table has, however many threads share them.
pub const PARTITIONS: u16 = 64;

/// The part of the flow table that a segment belongs to, less than [`PARTITIONS`].
///
/// It depends on the unordered pair of addresses alone, so that all that two hosts say to each
/// other meets in one table, in every run.
#[must_use]
pub fn partition(segment: &Segment<'_>) -> u16 {
    let (one, other) = (number(segment.source.ip()), number(segment.destination.ip()));
    let hash = mix(fold(one.min(other)) ^ mix(fold(one.max(other))));
    u16::try_from(hash.checked_rem(PARTITIONS.into()).unwrap_or(0)).unwrap_or(0)
}

/// A flow's place in the hash table: both ends, and the protocol between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    low: u128,
    high: u128,
    rest: u64,
}

impl Key {
    /// The flow that a segment belongs to, and who of it sent the segment: side A is the end with
    /// the lower address and port.
    #[inline]
    pub(super) fn of(segment: &Segment<'_>) -> (Self, Side) {
        let place = |end: SocketAddr| (number(end.ip()), end.port());
        let (source, destination) = (place(segment.source), place(segment.destination));
        let (side, low, high) = if source <= destination {
            (Side::A, source, destination)
        } else {
            (Side::B, destination, source)
        };
        let kind = match segment.transport {
            Transport::Tcp { .. } => 0,
            Transport::Udp => 1,
        };
        // An IPv6 address that maps an IPv4 one is not the same host on the wire.
        let family = u64::from(segment.source.is_ipv6());
        let rest = u64::from(low.1) << 48 | u64::from(high.1) << 32 | family << 1 | kind;
        (Self { low: low.0, high: high.0, rest }, side)
    }
}

#[inline]
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// Both halves in one.
#[inline]
fn fold(n: u128) -> u64 {
    u64::try_from((n ^ (n >> 64)) & u128::from(u64::MAX)).unwrap_or(0)
}

/// The finisher of `SplitMix64`.
#[inline]
fn mix(mut n: u64) -> u64 {
    n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
