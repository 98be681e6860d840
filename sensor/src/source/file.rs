//! One capture file, packet by packet.

use std::path::{Path, PathBuf};

use crate::source::buffer::Buffer;
use crate::source::error::{SourceError, Warning};
use crate::source::format::{Format, Head, Stop};
use crate::source::input::{Input, refusal};
use crate::source::{LinkType, Packet, Source, Step};

/// Octets from which a capture is recognised, where it has so many.
const RECOGNISED_BY: usize = 12;

/// A capture in pcap or pcapng form, plain or compressed with gzip or zstd, told apart by magic
/// number.
///
/// Packets keep the order of the file, whatever their times are. A packet of pcapng that has no
/// time gets that of the packet before it.
#[derive(Debug)]
pub struct CaptureFile {
    path: PathBuf,
    index: u16,
    buffer: Buffer,
    format: Format,
    link: Option<LinkType>,
    head: Head,
    number: u64,
    ended: bool,
    warning: Option<Warning>,
}

/// How far a source has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Octets read so far, compressed where the input is.
    pub octets_read: u64,
    /// Octets there are to read, if that can be known: not for standard input or a pipe.
    pub octets_total: Option<u64>,
    /// Packets read so far.
    pub packets: u64,
}

impl CaptureFile {
    /// Opens the capture at `path`, or the one on standard input if that is `-`; `index` is what
    /// its packets shall have as [`Packet::capture`].
    ///
    /// Waits until standard input or a pipe has its first octets.
    ///
    /// # Errors
    ///
    /// Those of [`SourceError`] that name a file.
    pub fn open(path: &Path, index: u16) -> Result<Self, SourceError> {
        Self::open_input(path, index, false)
    }

    /// As [`open`](Self::open), and [`digest`](Self::digest) will have an answer.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_with_digest(path: &Path, index: u16) -> Result<Self, SourceError> {
        Self::open_input(path, index, true)
    }

    fn open_input(path: &Path, index: u16, digest: bool) -> Result<Self, SourceError> {
        Self::new(Input::open(path, digest)?, path, index)
    }

    /// Reads the capture from `input`, which is called `path`.
    pub(super) fn new(input: Input, path: &Path, index: u16) -> Result<Self, SourceError> {
        let mut buffer = Buffer::new(input);
        let path = path.to_owned();
        if let Err(source) = buffer.peek(RECOGNISED_BY) {
            return Err(SourceError::Unreadable { path, source });
        }
        let first = buffer.window().get(..RECOGNISED_BY).unwrap_or(buffer.window());
        match Format::of(first) {
            Some(mut format) => Ok(Self {
                path,
                index,
                link: format.link(&mut buffer),
                buffer,
                format,
                head: Head::NONE,
                number: 0,
                ended: false,
                warning: None,
            }),
            None if first.is_empty() => Err(SourceError::Empty { path }),
            None => Err(SourceError::NotACapture { path, first: hex(first) }),
        }
    }

    /// The file as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Link type of all its packets, if it has one for all: pcapng says it packet by packet.
    #[must_use]
    pub fn link(&self) -> Option<LinkType> {
        self.link
    }

    /// What of the file could not be read, once it was read to its end.
    #[must_use]
    pub fn warning(&self) -> Option<&Warning> {
        self.warning.as_ref()
    }

    /// How far the file is read.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            octets_read: self.buffer.input().count(),
            octets_total: self.buffer.input().total(),
            packets: self.number,
        }
    }

    /// SHA-256 of the file's octets as they are, compressed or not, if it was opened for that.
    ///
    /// Reads the file to its end, and leaves the packets that are not read yet unread: ask when
    /// [`Step::End`] was reached.
    ///
    /// # Errors
    ///
    /// [`SourceError::Unreadable`] if the file cannot be read to its end.
    pub fn digest(&mut self) -> Result<Option<[u8; 32]>, SourceError> {
        let digest = self.buffer.input_mut().digest();
        digest.map_err(|source| refusal(self.path.clone(), source))
    }
}

/// What came of reading on in a file that may still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Packet,
    /// There may be more later.
    NotYet,
    End,
}

impl CaptureFile {
    /// Moves on to the next packet, if it is there yet.
    #[inline]
    pub(super) fn next(&mut self) -> Next {
        if self.ended {
            return Next::End;
        }
        self.buffer.consume(self.head.record);
        match self.format.next(&mut self.buffer) {
            Ok(head) => {
                self.head = head;
                self.number = self.number.saturating_add(1);
                Next::Packet
            }
            Err(Stop::NotYet) => {
                self.head = Head::NONE;
                Next::NotYet
            }
            Err(stop) => {
                self.head = Head::NONE;
                self.ended = true;
                if let Stop::Trouble(kind) = stop {
                    self.warning = Some(Warning {
                        path: self.path.clone(),
                        packet: self.number,
                        offset: Some(self.buffer.offset()),
                        kind,
                    });
                }
                Next::End
            }
        }
    }
}

impl Source for CaptureFile {
    #[inline]
    fn advance(&mut self) -> Step {
        match self.next() {
            Next::Packet => Step::Packet,
            // Only a file that is followed says so.
            Next::NotYet | Next::End => Step::End,
        }
    }

    #[inline]
    fn packet(&self) -> Packet<'_> {
        let Head { time_ns, link, wire_octets, start, end, .. } = self.head;
        Packet {
            sequence: self.number,
            capture: self.index,
            number: self.number,
            time_ns,
            link,
            wire_octets,
            octets: self.buffer.window().get(start..end).unwrap_or_default(),
        }
    }
}

/// `octets` as `0a 0d 0d 0a`.
fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(" ")
}
