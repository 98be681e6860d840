//! A folder that a ring buffer rotates through, file after file, for as long as it does.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::source::error::SourceError;
use crate::source::file::Next;
use crate::source::input::{Input, refusal};
use crate::source::ring::{Id, Left, Loss, Ring};
use crate::source::tail::{Shared, Tail};
use crate::source::{CaptureFile, CaptureNames, Filter, LinkType, Packet, Source, Step};

/// Time between two looks at a folder in which nothing happens, and so how late a stop is noticed.
#[cfg(not(test))]
const POLL: Duration = Duration::from_millis(200);
#[cfg(test)]
const POLL: Duration = Duration::from_millis(1);
/// Looks at a file that has not grown after which an unread one is gone on to, even if it claims to
/// be older: a clock may have been put back.
const PATIENT_POLLS: u32 = 50;
/// Remarks that wait for somebody to fetch them.
const REMARKS: usize = 1_000;

/// How a folder is followed.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// What packets are wanted, in libpcap's filter language.
    pub filter: Option<String>,
    /// Which link types are read: that others came is said.
    pub reads: fn(LinkType) -> bool,
}

/// What became of the files so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowStats {
    /// Files that were read, whole or not.
    pub files: u64,
    /// Files that were damaged or ended in mid-packet: what was whole of them was read.
    pub damaged: u64,
    /// Files that were no captures, or could not be read.
    pub unreadable: u64,
    /// Files that were begun anew while they were read: what came last in them may be lost.
    pub begun_anew: u64,
    /// Files that were deleted, or begun anew, before they were read.
    pub deleted: u64,
    /// Files that grew when they were done with: what they gained was not read.
    pub grown: u64,
    /// Files that are there and not begun yet.
    pub waiting: u64,
}

/// The packets of the captures in a folder, in the order in which the captures were last written,
/// and of those that come.
///
/// The capture that is growing is followed until there is a newer one. It never ends by itself.
/// A file that is deleted while it is read is read to its end.
pub struct Follow {
    folder: PathBuf,
    ring: Ring,
    /// Whether the folder could be looked at the last time.
    found: bool,
    current: Option<Current>,
    stop: Arc<AtomicBool>,
    names: CaptureNames,
    filter: Option<Filter>,
    reads: fn(LinkType) -> bool,
    /// Link types that were said not to be read, or not to be filtered.
    links_said: BTreeSet<(u16, bool)>,
    sequence: u64,
    last_ns: u64,
    /// Whether packets came since the last step that was idle.
    fresh: bool,
    stats: FollowStats,
    remarks: Vec<String>,
}

/// The file that is being read.
struct Current {
    id: Id,
    file: CaptureFile,
    shared: Arc<Shared>,
    complete: bool,
    quiet_polls: u32,
}

impl Follow {
    /// Follows `folder`; once `stop` is true no more packets come.
    ///
    /// # Errors
    ///
    /// [`SourceError::NotFound`], [`SourceError::NoPermission`], [`SourceError::NotAFolder`] and
    /// [`SourceError::BadFilter`].
    pub fn open(
        folder: &Path,
        options: &FollowOptions,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, SourceError> {
        let refuse = |error| refusal(folder.to_owned(), error);
        if !fs::metadata(folder).map_err(refuse)?.is_dir() {
            return Err(SourceError::NotAFolder { path: folder.to_owned() });
        }
        let mut ring = Ring::new(folder.to_owned());
        ring.look().map_err(refuse)?;
        let filter = options.filter.as_deref().map(|text| Filter::new(text, &[])).transpose()?;
        Ok(Self {
            folder: folder.to_owned(),
            ring,
            found: true,
            current: None,
            stop,
            names: CaptureNames::default(),
            filter,
            reads: options.reads,
            links_said: BTreeSet::new(),
            sequence: 0,
            last_ns: 0,
            fresh: false,
            stats: FollowStats::default(),
            remarks: Vec::new(),
        })
    }

    /// What the files are called, by [`Packet::capture`]: they are added as they come.
    #[must_use]
    pub fn names(&self) -> CaptureNames {
        self.names.clone()
    }

    /// What became of the files so far.
    #[must_use]
    pub fn stats(&self) -> FollowStats {
        FollowStats { waiting: self.ring.unread(), ..self.stats }
    }

    /// What is to be said since the last time: of files that were lost, damaged or no captures.
    pub fn remarks(&mut self) -> Vec<String> {
        core::mem::take(&mut self.remarks)
    }

    /// The files as they are known, for a test to look at them at another time.
    #[cfg(test)]
    pub(super) fn ring_for_tests(&mut self) -> &mut Ring {
        &mut self.ring
    }

    fn remark(&mut self, remark: impl fmt::Display) {
        if self.remarks.len() < REMARKS {
            self.remarks.push(remark.to_string());
        }
    }

    /// Looks at the folder again.
    fn look(&mut self) {
        let losses = match self.ring.look() {
            Ok(losses) => losses,
            Err(error) => {
                // It may come back, as where a disk is mounted again.
                if core::mem::replace(&mut self.found, false) {
                    let folder = self.folder.display().to_string();
                    self.remark(format_args!("{folder}: {error}; waiting for it"));
                }
                return;
            }
        };
        self.found = true;
        for loss in losses {
            match loss {
                Loss::Deleted(path) => {
                    self.stats.deleted = self.stats.deleted.saturating_add(1);
                    let path = path.display();
                    self.remark(format_args!("{path}: deleted or begun anew before it was read"));
                }
                Loss::Grown(path) => {
                    self.stats.grown = self.stats.grown.saturating_add(1);
                    let path = path.display();
                    self.remark(format_args!(
                        "{path}: still grows although there are newer files: its end is not read"
                    ));
                }
            }
        }
    }

    /// Lets go of the current file if there is no more to wait for; tells whether to go on at once.
    fn go_on(&mut self) -> bool {
        let Some(current) = &mut self.current else { return self.open_next() };
        current.quiet_polls = current.quiet_polls.saturating_add(1);
        let patient = current.quiet_polls > PATIENT_POLLS && self.ring.next().is_some();
        if patient || self.ring.has_newer(current.id) {
            // The writer closed this one before it began another: the rest of it is there.
            current.shared.set_complete();
            return !core::mem::replace(&mut current.complete, true);
        }
        false
    }

    /// Opens the file that is next, if it has its first octets; tells whether to go on at once.
    fn open_next(&mut self) -> bool {
        let Some((id, path, more)) = self.ring.next() else { return false };
        let index = u16::try_from(self.stats.files % (1 << 16)).unwrap_or(0);
        let (opened, shared) = match Tail::open(&path) {
            // The ring has come round meanwhile: this is no longer the file that is next.
            Ok((.., about)) if more && !self.ring.is_as_seen(id, &about) => return false,
            Ok((tail, shared, _)) => {
                if more {
                    shared.set_complete();
                }
                let input = Input::new(Box::new(tail), None, &path, false);
                (input.and_then(|input| CaptureFile::new(input, &path, index)), Some(shared))
            }
            Err(error) => (Err(refusal(path.clone(), error)), None),
        };
        match (opened, shared) {
            (Ok(file), Some(shared)) => {
                self.names.set(index, path.display().to_string());
                self.stats.files = self.stats.files.saturating_add(1);
                self.ring.reading(id);
                self.current = Some(Current { id, file, shared, complete: more, quiet_polls: 0 });
            }
            (Err(SourceError::Unreadable { source, .. }), _) if not_yet(&source) => return false,
            // The next look finds that it is gone, and counts it.
            (Err(SourceError::NotFound { .. }), _) => {
                self.look();
                return false;
            }
            (Err(error), shared) => {
                self.stats.unreadable = self.stats.unreadable.saturating_add(1);
                self.remark(error);
                match shared {
                    Some(shared) => self.ring.left(id, Left { head: shared.head(), whole: None }),
                    None => self.ring.useless(id),
                }
            }
            (Ok(_), None) => return false,
        }
        true
    }

    /// Notes how the current file ended.
    fn leave(&mut self) {
        let Some(Current { id, file, shared, .. }) = self.current.take() else { return };
        let Packet { number: packets, .. } = file.packet();
        let path = file.path().display();
        if shared.begun_anew() {
            self.stats.begun_anew = self.stats.begun_anew.saturating_add(1);
            self.remark(format_args!(
                "{path}: begun anew behind packet {packets}: what followed there may be lost"
            ));
            self.ring.changed(id);
            return;
        }
        let whole = file.warning().is_none().then(|| file.progress().octets_read);
        if let Some(warning) = file.warning() {
            self.stats.damaged = self.stats.damaged.saturating_add(1);
            self.remark(warning);
        }
        let head = if packets > 0 || whole.is_none() { shared.head() } else { Vec::new() };
        self.ring.left(id, Left { head, whole });
    }

    /// Whether the filter takes the current packet; says of link types that are not read.
    fn takes(&mut self) -> bool {
        let Some(Current { file, .. }) = &self.current else { return false };
        let Packet { link, octets, number, .. } = file.packet();
        let path = file.path().display();
        let taken = self.filter.as_mut().map_or(Some(true), |filter| filter.takes(link, octets));
        if (taken.is_none() || !(self.reads)(link))
            && self.links_said.insert((link.0, taken.is_none()))
        {
            let what = if taken.is_none() {
                "the filter has no meaning for link type"
            } else {
                "packets are not read that have link type"
            };
            let remark = format!("{path}: {what} {}: left out from packet {number} on", link.0);
            self.remark(remark);
        }
        taken.unwrap_or(false)
    }
}

impl Source for Follow {
    fn advance(&mut self) -> Step {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Step::End;
            }
            match self.current.as_mut().map(|current| current.file.next()) {
                Some(Next::Packet) => {
                    self.sequence = self.sequence.saturating_add(1);
                    if let Some(current) = &mut self.current {
                        self.last_ns = current.file.packet().time_ns;
                        current.quiet_polls = 0;
                    }
                    self.fresh = true;
                    if self.takes() {
                        return Step::Packet;
                    }
                    continue;
                }
                Some(Next::End) => self.leave(),
                Some(Next::NotYet) | None => {}
            }
            if core::mem::take(&mut self.fresh) {
                // What there is goes on to the judge before anything is waited for.
                return Step::Idle(self.last_ns);
            }
            self.look();
            if !self.go_on() {
                thread::sleep(POLL);
                return Step::Idle(self.last_ns);
            }
        }
    }

    fn packet(&self) -> Packet<'_> {
        let packet = self.current.as_ref().map_or(Packet::NONE, |current| current.file.packet());
        Packet { sequence: self.sequence, ..packet }
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("folder", &self.folder)
            .field("sequence", &self.sequence)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// Whether the file has too few octets to tell what it is, and may get more.
fn not_yet(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}
