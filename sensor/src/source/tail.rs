//! The octets of a file that somebody else still writes.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Octets at the beginning of a file by which it is known again: in both formats they reach to the
/// time of the first packet.
pub(super) const HEAD_OCTETS: usize = 1_024;

/// A file that grows: at its end it has no octets *yet*, until it is said to be complete.
///
/// A writer may begin its file anew while it is read (tcpdump does with `-W`). Then what was read
/// stays read, and the rest is not mixed with the new: the file ends.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    shared: Arc<Shared>,
}

/// What the reader of a [`Tail`] and whoever follows the folder tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    complete: AtomicBool,
    begun_anew: AtomicBool,
    head: Mutex<Vec<u8>>,
}

impl Tail {
    /// Opens the file at `path`; tells what it is.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Arc<Shared>, Metadata)> {
        let (file, shared) = (File::open(path)?, Arc::new(Shared::default()));
        let about = file.metadata()?;
        Ok((Self { file, shared: Arc::clone(&shared) }, shared, about))
    }
}

impl Shared {
    /// Says that the writer is done with the file: its end is the end.
    pub(super) fn set_complete(&self) {
        self.complete.store(true, Ordering::Relaxed);
    }

    /// Whether the writer began the file anew, so that what it had is gone.
    pub(super) fn begun_anew(&self) -> bool {
        self.begun_anew.load(Ordering::Relaxed)
    }

    /// The first octets that were read, at most [`HEAD_OCTETS`].
    pub(super) fn head(&self) -> Vec<u8> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Read for Tail {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.shared.begun_anew() {
            return Ok(0);
        }
        let count = self.file.read(into)?;
        let mut head = self.shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at behind the read: octets of a new file are then never taken for the old one's.
        if !begins_with(&self.file, &head)? {
            self.shared.begun_anew.store(true, Ordering::Relaxed);
            return Ok(0);
        }
        if count == 0 && !self.shared.complete.load(Ordering::Relaxed) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let missing = HEAD_OCTETS.saturating_sub(head.len()).min(count);
        head.extend_from_slice(into.get(..missing).unwrap_or_default());
        Ok(count)
    }
}

/// Whether `file` begins with `head`, of at most [`HEAD_OCTETS`].
pub(super) fn begins_with(file: &File, head: &[u8]) -> io::Result<bool> {
    let mut octets = [0; HEAD_OCTETS];
    let octets = octets.get_mut(..head.len()).unwrap_or_default();
    match file.read_exact_at(octets, 0) {
        Ok(()) => Ok(octets == head),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
