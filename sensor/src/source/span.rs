//! A first look at captures: from when to when.

use std::fs;
use std::path::{Path, PathBuf};

use crate::source::error::SourceError;
use crate::source::input::refusal;
use crate::source::{CaptureFile, Source, Step};

/// The time that captures cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Time of the earliest packet, in nanoseconds since 1970 UTC.
    pub first_ns: u64,
    /// Time of the latest packet.
    pub last_ns: u64,
    /// How many packets there are.
    pub packets: u64,
}

/// Reads the captures at `paths` through, and tells what time they cover together; nothing if they
/// have no packet.
///
/// # Errors
///
/// [`SourceError::ReadOnce`] for standard input and pipes, and those of [`CaptureFile::open`].
pub fn span(paths: &[PathBuf]) -> Result<Option<Span>, SourceError> {
    let mut whole: Option<Span> = None;
    for path in paths {
        refuse_pipe(path)?;
        let mut file = CaptureFile::open(path, 0)?;
        while file.advance() == Step::Packet {
            let at = file.packet().time_ns;
            let span = whole.get_or_insert(Span { first_ns: at, last_ns: at, packets: 0 });
            span.first_ns = span.first_ns.min(at);
            span.last_ns = span.last_ns.max(at);
            span.packets = span.packets.saturating_add(1);
        }
    }
    Ok(whole)
}

fn refuse_pipe(path: &Path) -> Result<(), SourceError> {
    let read_once = if path.as_os_str() == "-" {
        true
    } else {
        let about = fs::metadata(path).map_err(|error| refusal(path.to_owned(), error))?;
        !about.is_file() && !about.is_dir()
    };
    if read_once { Err(SourceError::ReadOnce { path: path.to_owned() }) } else { Ok(()) }
}
