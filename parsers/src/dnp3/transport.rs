//! Transport segments (IEEE 1815-2012) and the fragments they are put together to.

use core::ops::Range;

use super::link::Header;

/// The most octets of one fragment that are put together; common stacks send up to 2,048.
pub const MAX_FRAGMENT_OCTETS: usize = 32_768;
/// How many fragments each side of a flow may have under assembly.
pub const MAX_ASSEMBLIES: usize = 4;
/// A larger buffer is given back once its fragment is done.
const KEPT_OCTETS: usize = 4_096;

/// A segment's header octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment(pub(crate) u8);

impl Segment {
    /// FIR: whether it begins a fragment.
    pub(crate) const fn first(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// FIN: whether it ends one.
    pub(crate) const fn last(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Sequence number, 0 to 63.
    pub(crate) const fn sequence(self) -> u8 {
        self.0 & 0x3f
    }

    /// Whether it comes right after `earlier`.
    pub(crate) const fn follows(self, earlier: Self) -> bool {
        self.sequence() == earlier.sequence().wrapping_add(1) & 0x3f
    }
}

/// A fragment whose last segment has not come yet.
#[derive(Debug)]
pub(crate) struct Assembly {
    /// The link header of its first segment.
    pub(crate) header: Header,
    /// Where its frames stand in the stream: first octet to one past the last.
    pub(crate) span: Range<u64>,
    /// What there is of it.
    pub(crate) octets: Vec<u8>,
    latest: Segment,
    latest_octets: usize,
}

impl Assembly {
    /// Adds the octets of `segment`.
    pub(crate) fn push(&mut self, segment: Segment, octets: &[u8], end: u64) {
        self.octets.extend_from_slice(octets);
        self.latest = segment;
        self.latest_octets = octets.len();
        self.span.end = end;
    }

    /// Whether `segment` is the one to come.
    pub(crate) const fn expects(&self, segment: Segment) -> bool {
        segment.follows(self.latest)
    }

    /// Whether `segment` is the latest once more.
    pub(crate) fn repeats(&self, segment: Segment, octets: &[u8]) -> bool {
        segment.sequence() == self.latest.sequence()
            && self
                .octets
                .len()
                .checked_sub(self.latest_octets)
                .and_then(|at| self.octets.get(at..))
                == Some(octets)
    }

    fn is_between(&self, header: Header) -> bool {
        self.header.source == header.source
            && self.header.destination == header.destination
            && self.header.control.from_master() == header.control.from_master()
    }
}

/// The fragments under assembly of one side: at most one for each source, destination and
/// direction, the one that grew last at the end.
#[derive(Debug, Default)]
pub(crate) struct Assemblies {
    open: Vec<Assembly>,
    /// A buffer for the next one.
    spare: Vec<u8>,
}

impl Assemblies {
    /// Takes out the fragment that a segment under `header` would go on.
    pub(crate) fn take(&mut self, header: Header) -> Option<Assembly> {
        let at = self.open.iter().position(|assembly| assembly.is_between(header))?;
        Some(self.open.remove(at))
    }

    /// Begins a fragment.
    pub(crate) fn begin(
        &mut self,
        header: Header,
        segment: Segment,
        octets: &[u8],
        span: Range<u64>,
    ) -> Assembly {
        let end = span.end;
        let mut assembly = Assembly {
            header,
            span,
            octets: core::mem::take(&mut self.spare),
            latest: segment,
            latest_octets: 0,
        };
        assembly.push(segment, octets, end);
        assembly
    }

    /// Keeps a fragment until more of it comes; returns the one that waited longest if that had
    /// to make room.
    pub(crate) fn keep(&mut self, assembly: Assembly) -> Option<Assembly> {
        let oldest = (self.open.len() >= MAX_ASSEMBLIES).then(|| self.open.remove(0));
        self.open.push(assembly);
        oldest
    }

    /// Takes back the buffer of a fragment that is done with.
    pub(crate) fn recycle(&mut self, assembly: Assembly) {
        let mut octets = assembly.octets;
        if octets.capacity() <= KEPT_OCTETS {
            octets.clear();
            self.spare = octets;
        }
    }

    /// Takes out all of them.
    pub(crate) fn drain(&mut self) -> Vec<Assembly> {
        core::mem::take(&mut self.open)
    }
}
