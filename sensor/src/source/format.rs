//! What the two capture formats have in common.

use std::io;

use crate::source::LinkType;
use crate::source::buffer::Buffer;
use crate::source::classic::Classic;
use crate::source::error::WarningKind;
use crate::source::pcapng::Pcapng;

/// Octets that a packet may have: libpcap's longest snap length, and some for link headers that
/// were put before it. A capture that claims more is damaged.
pub(super) const PACKET_OCTETS: usize = 262_144 + 65_536;

/// One of the two capture formats, and what of the capture's head is needed later on.
#[derive(Debug)]
pub(super) enum Format {
    Classic(Classic),
    Pcapng(Pcapng),
}

impl Format {
    /// The format that a capture beginning with `first` has.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        if Classic::begins(first) {
            Some(Self::Classic(Classic::default()))
        } else if Pcapng::begins(first) {
            Some(Self::Pcapng(Pcapng::default()))
        } else {
            None
        }
    }

    /// Link type of all packets, where the format has one for all. To be asked before the first packet.
    pub(super) fn link(&mut self, buffer: &mut Buffer) -> Option<LinkType> {
        match self {
            Self::Classic(classic) => classic.link(buffer),
            Self::Pcapng(_) => None,
        }
    }

    /// Moves to the next packet; the window begins where the last one ended.
    #[inline]
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Result<Head, Stop> {
        match self {
            Self::Classic(classic) => classic.next(buffer),
            Self::Pcapng(pcapng) => pcapng.next(buffer),
        }
    }
}

/// What stands before a packet's octets, and where in the window they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) time_ns: u64,
    pub(super) link: LinkType,
    pub(super) wire_octets: u32,
    /// Where the octets begin, from the start of the window.
    pub(super) start: usize,
    /// Where they end.
    pub(super) end: usize,
    /// Octets of the record, from the start of the window to the next record.
    pub(super) record: usize,
}

impl Head {
    /// No packet.
    pub(super) const NONE: Self =
        Self { time_ns: 0, link: LinkType(0), wire_octets: 0, start: 0, end: 0, record: 0 };
}

/// Why no more packets come.
#[derive(Debug)]
pub(super) enum Stop {
    /// The capture is read.
    End,
    /// The capture is still written, and may have more later.
    NotYet,
    /// The capture has more, but it cannot be read.
    Trouble(WarningKind),
}

impl Stop {
    /// The octets make no sense.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Trouble(WarningKind::Damaged(what.into()))
    }

    /// The input ends in the middle of a record.
    pub(super) fn cut_off() -> Self {
        Self::Trouble(WarningKind::CutOff)
    }

    /// The input ended where more was needed: at the end of a record, or in the middle of one.
    pub(super) fn ended(buffer: &Buffer) -> Self {
        if buffer.window().is_empty() { Self::End } else { Self::cut_off() }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::WouldBlock && error.raw_os_error().is_none() {
            return Self::NotYet;
        }
        Self::Trouble(if error.kind() == io::ErrorKind::UnexpectedEof {
            // The decompressor misses octets.
            WarningKind::CutOff
        } else if error.raw_os_error().is_none() {
            // Not the system, so it is the decompressor that complains.
            WarningKind::Damaged(error.to_string())
        } else {
            WarningKind::Unreadable(error.to_string())
        })
    }
}

/// The order in which the octets of a number stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    /// Reads `octets` as numbers of four octets.
    #[inline]
    pub(super) fn words<const WORDS: usize>(self, octets: &[u8]) -> [u32; WORDS] {
        let mut words = [0; WORDS];
        for (word, octets) in words.iter_mut().zip(octets.as_chunks().0) {
            *word = match self {
                Self::Little => u32::from_le_bytes(*octets),
                Self::Big => u32::from_be_bytes(*octets),
            };
        }
        words
    }
}

/// Octets that a capture says a packet has, if that can be.
#[inline]
pub(super) fn packet_octets(claimed: u32) -> Result<usize, Stop> {
    usize::try_from(claimed)
        .ok()
        .filter(|octets| *octets <= PACKET_OCTETS)
        .ok_or_else(|| Stop::damaged(format!("a packet of {claimed} octets")))
}
