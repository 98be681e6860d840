//! Several captures as one, in the order of time.

use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::source::error::{SourceError, Warning, WarningKind};
use crate::source::{CaptureFile, Filter, LinkType, Packet, Progress, Source, Step};

/// Several captures merged by time.
///
/// Of the packets that come next in each file the earliest is taken; ties go to the file that was
/// named first. Within one file the packets keep their order.
#[derive(Debug)]
pub struct Merged {
    files: Vec<CaptureFile>,
    /// Time of the next packet, and which file has it; the earliest on top.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
    /// Whether the packet on top was lent, so that its file has to move on first.
    lent: bool,
    current: usize,
    sequence: u64,
    filter: Option<Filter>,
    not_filtered: Vec<Warning>,
}

impl Merged {
    /// Merges `files`, of which it reads the first packet each.
    #[must_use]
    pub fn new(mut files: Vec<CaptureFile>) -> Self {
        let mut heads = BinaryHeap::with_capacity(files.len());
        for (place, file) in files.iter_mut().enumerate() {
            if file.advance() == Step::Packet {
                heads.push(Reverse((file.packet().time_ns, place)));
            }
        }
        Self {
            files,
            heads,
            lent: false,
            current: 0,
            sequence: 0,
            filter: None,
            not_filtered: Vec::new(),
        }
    }

    /// Leaves out packets that do not match `expression`, in libpcap's filter language. They keep
    /// their numbers.
    ///
    /// # Errors
    ///
    /// [`SourceError::BadFilter`] if it does not compile for the link type of a first packet, and
    /// [`SourceError::NoFilters`] in a build without libpcap. Packets of a link type that comes up
    /// later, for which it has no meaning, are left out with a warning.
    pub fn with_filter(mut self, expression: &str) -> Result<Self, SourceError> {
        let links: Vec<LinkType> =
            self.heads.iter().filter_map(|head| self.files.get(head.0.1)).map(link).collect();
        self.filter = Some(Filter::new(expression, &links)?);
        Ok(self)
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[CaptureFile] {
        &self.files
    }

    /// The files, to ask them for their digests at the end.
    pub fn files_mut(&mut self) -> &mut [CaptureFile] {
        &mut self.files
    }

    /// What could not be read, so far.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        self.files.iter().filter_map(CaptureFile::warning).chain(&self.not_filtered)
    }

    /// How far all files together are read.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let start = Progress { octets_read: 0, octets_total: Some(0), packets: self.sequence };
        self.files.iter().map(CaptureFile::progress).fold(start, |sum, file| Progress {
            octets_read: sum.octets_read.saturating_add(file.octets_read),
            octets_total: sum
                .octets_total
                .zip(file.octets_total)
                .map(|(sum, file)| sum.saturating_add(file)),
            packets: sum.packets,
        })
    }

    /// Lets the file whose packet was lent move on.
    #[inline]
    fn release(&mut self) {
        if !self.lent {
            return;
        }
        self.lent = false;
        if let (Some(mut head), Some(file)) =
            (self.heads.peek_mut(), self.files.get_mut(self.current))
        {
            if file.advance() == Step::Packet {
                head.0.0 = file.packet().time_ns;
            } else {
                PeekMut::pop(head);
            }
        }
    }

    /// Whether the filter takes the packet on top.
    #[inline]
    fn takes(&mut self) -> bool {
        let (Some(filter), Some(file)) = (&mut self.filter, self.files.get(self.current)) else {
            return true;
        };
        let packet = file.packet();
        filter.takes(packet.link, packet.octets).unwrap_or_else(|| {
            let kind = WarningKind::NotFiltered(packet.link);
            if !self.not_filtered.iter().any(|warning| warning.kind == kind) {
                let path = file.path().to_owned();
                self.not_filtered.push(Warning { path, packet: packet.number, offset: None, kind });
            }
            false
        })
    }
}

impl Source for Merged {
    #[inline]
    fn advance(&mut self) -> Step {
        loop {
            self.release();
            let Some(Reverse((_, place))) = self.heads.peek() else {
                return Step::End;
            };
            self.current = *place;
            self.lent = true;
            self.sequence = self.sequence.saturating_add(1);
            if self.takes() {
                return Step::Packet;
            }
        }
    }

    #[inline]
    fn packet(&self) -> Packet<'_> {
        let packet = self.files.get(self.current).map_or(Packet::NONE, CaptureFile::packet);
        Packet { sequence: self.sequence, ..packet }
    }
}

fn link(file: &CaptureFile) -> LinkType {
    file.packet().link
}
