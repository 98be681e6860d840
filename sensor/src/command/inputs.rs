//! Captures as a command names them: opened, merged, and what is wrong with them said.

use std::path::{Path, PathBuf};

use super::{Failure, Terminal};
use crate::counters::Counters;
use crate::decode;
use crate::progress::Progress;
use crate::source::{CaptureFile, Merged, SourceError};

/// Opened captures.
#[derive(Debug)]
pub(super) struct Inputs {
    /// Their packets, merged by time.
    pub(super) source: Merged,
    /// Those that could be opened, as they were named.
    pub(super) paths: Vec<PathBuf>,
    /// Whether some could not be opened.
    missing: bool,
}

impl Inputs {
    /// Opens the captures at `paths`. Those that cannot be read are said, and left out.
    ///
    /// With `digests`, each file's digest can be asked for in the end.
    pub(super) fn open(
        paths: &[PathBuf],
        filter: Option<&str>,
        digests: bool,
        terminal: Terminal,
    ) -> Result<Self, Failure> {
        let (mut files, mut opened, mut missing) = (Vec::new(), Vec::new(), false);
        for path in paths {
            let index = u16::try_from(files.len())
                .map_err(|_| Failure::Usage("too many captures: want 65,536 at most".to_owned()))?;
            match open(path, index, digests) {
                Ok(file) => {
                    files.push(file);
                    opened.push(path.clone());
                }
                Err(error) => {
                    missing = true;
                    terminal.say(format_args!("gridtap: {error}"));
                }
            }
        }
        if files.is_empty() {
            return Err(Failure::AlreadySaid);
        }
        let mut source = Merged::new(files);
        if let Some(expression) = filter {
            source = source.with_filter(expression)?;
        }
        Ok(Self { source, paths: opened, missing })
    }

    /// The names of the captures, in the order of their index.
    pub(super) fn names(&self) -> Vec<String> {
        self.paths.iter().map(|path| name(path)).collect()
    }

    /// A progress bar for them.
    pub(super) fn progress(&self, terminal: Terminal) -> Progress {
        Progress::new(!terminal.quiet, self.source.progress().octets_total)
    }

    /// Says what of the captures could not be read, given what was counted; and whether something
    /// could be read of all of them.
    pub(super) fn all_read(&self, counters: &Counters, terminal: Terminal) -> bool {
        for warning in self.source.warnings() {
            terminal.say(format_args!("gridtap: warning: {warning}"));
        }
        let mut all = !self.missing;
        for (path, covered) in self.paths.iter().zip(&counters.captures) {
            if let Some(link) = covered.unread() {
                // What a pcap file says at its head, pcapng says packet by packet.
                let error = SourceError::UnknownLink { path: path.clone(), link };
                let packets = covered.packets;
                terminal.say(format_args!("gridtap: {error}: none of its {packets} packets was"));
                all = false;
            }
        }
        all
    }
}

/// Refuses to look for a third of what can be read only once.
///
/// `told` is whether it was said what is normal, or how long to learn.
pub(super) fn refuse_unknown_third(captures: &[PathBuf], told: bool) -> Result<(), Failure> {
    if !told && captures.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage(
            "`-` is read once, so a third of it is not known before: name --learn-for or \
             --baseline"
                .to_owned(),
        ));
    }
    Ok(())
}

fn open(path: &Path, index: u16, digest: bool) -> Result<CaptureFile, SourceError> {
    let file = if digest {
        CaptureFile::open_with_digest(path, index)
    } else {
        CaptureFile::open(path, index)
    }?;
    match file.link() {
        Some(link) if !decode::reads(link) => {
            Err(SourceError::UnknownLink { path: path.to_owned(), link })
        }
        _ => Ok(file),
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
