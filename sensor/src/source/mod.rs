//! Capture: packets from files and from an interface.
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)
)]

mod buffer;
mod classic;
#[cfg(feature = "pcap")]
mod dlt;
mod error;
mod file;
#[cfg_attr(not(feature = "pcap"), path = "filter_none.rs")]
mod filter;
#[cfg(unix)]
mod follow;
mod format;
mod input;
#[cfg(all(feature = "pcap", unix))]
mod live;
mod merged;
mod names;
mod pcapng;
#[cfg(unix)]
mod ring;
mod span;
#[cfg(unix)]
mod tail;
#[cfg(test)]
mod tests;
mod within;

pub use error::{SourceError, Warning, WarningKind};
pub use file::{CaptureFile, Progress};
pub use filter::Filter;
#[cfg(unix)]
pub use follow::{Follow, FollowOptions, FollowStats};
#[cfg(all(feature = "pcap", unix))]
pub use live::{Live, LiveOptions, LiveStats, interfaces};
pub use merged::Merged;
pub use names::CaptureNames;
pub use span::{Span, span};
pub use within::Within;

/// What the octets of a packet begin with (LINKTYPE numbers of the pcap registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// One packet as it was captured, lent until the source moves on.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Number among all packets of all captures, from 1.
    pub sequence: u64,
    /// Which capture it came from, in the order of the command line, from 0.
    pub capture: u16,
    /// Its number in that capture, from 1. Packets that a filter left out count.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
    /// What its octets begin with.
    pub link: LinkType,
    /// Octets it had on the wire; `octets` has fewer where the capture cut it.
    pub wire_octets: u32,
    /// The octets that were kept.
    pub octets: &'a [u8],
}

impl Packet<'_> {
    /// What there is where there is no packet.
    const NONE: Self = Self {
        sequence: 0,
        capture: 0,
        number: 0,
        time_ns: 0,
        link: LinkType(0),
        wire_octets: 0,
        octets: &[],
    };
}

/// What a source came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A packet: ask [`Source::packet`] for it.
    Packet,
    /// Nothing for now, where more is to come: capture time has reached this, in nanoseconds since
    /// 1970 UTC. An interface says so each second, by the wall clock; a folder that is followed has
    /// no time but that of its last packet.
    Idle(u64),
    /// No more packets will come.
    End,
}

/// Where packets come from.
pub trait Source {
    /// Moves on to the next packet.
    ///
    /// Files never fail half way: what is cut off or damaged ends the file with a warning, and the
    /// others go on.
    fn advance(&mut self) -> Step;

    /// The packet that [`advance`](Self::advance) came to.
    fn packet(&self) -> Packet<'_>;
}
