//! The files of a folder that a ring buffer rotates through: which are read, and which is next.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::source::tail::begins_with;

/// What a file is for the system, whatever it is called: rotating by renaming does not change it.
pub(super) type Id = (u64, u64);

/// Endings that a packed copy of a file gets, as from `tcpdump -z gzip`.
const PACKED: [&str; 2] = ["gz", "zst"];

/// The files there are. As many are known as the folder has, and no more.
#[derive(Debug)]
pub(super) struct Ring {
    folder: PathBuf,
    files: BTreeMap<Id, Known>,
}

#[derive(Debug)]
struct Known {
    path: PathBuf,
    modified: SystemTime,
    octets: u64,
    state: State,
    /// Whether the last look found it.
    there: bool,
}

#[derive(Debug)]
enum State {
    Unread,
    Reading,
    /// Read, or passed over: until it is another file.
    Left(Left),
    /// Of no use as long as it has this name: a packed copy, or one that may not be read.
    Useless,
}

/// What a file was when it was left.
#[derive(Debug)]
pub(super) struct Left {
    /// Its first octets; none if it had no packet, so that all it gains is new.
    pub(super) head: Vec<u8>,
    /// Octets it had, if it was read to its end: what it gains is missed.
    pub(super) whole: Option<u64>,
}

/// What a look at the folder brought that cannot be read any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The file went away, or was begun anew, before it was read.
    Deleted(PathBuf),
    /// The file grows although there are newer ones and it was left.
    Grown(PathBuf),
}

impl Ring {
    /// The files of `folder`, of which none was looked for yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, files: BTreeMap::new() }
    }

    /// Looks at the folder, and tells what was lost since the last time.
    pub(super) fn look(&mut self) -> io::Result<Vec<Loss>> {
        let mut losses = Vec::new();
        for known in self.files.values_mut() {
            known.there = false;
        }
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            // What goes away while one looks is gone; what is hidden is not meant to be read.
            let hidden =
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let Ok(about) = fs::metadata(&path) else { continue };
            if about.is_file() && !hidden {
                losses.extend(self.note(path, &about));
            }
        }
        self.pass_over_copies();
        self.forget(&mut losses);
        Ok(losses)
    }

    fn note(&mut self, path: PathBuf, about: &Metadata) -> Option<Loss> {
        let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let (id, octets) = (id_of(about), about.len());
        let known = self.files.entry(id).or_insert_with(|| Known {
            path: path.clone(),
            modified,
            octets,
            state: State::Unread,
            there: true,
        });
        let mut loss = None;
        let changed = (known.modified, known.octets) != (modified, octets);
        match &mut known.state {
            State::Left(left) if changed => {
                if left.head.is_empty() || !is_still(&path, &left.head) {
                    known.state = State::Unread;
                } else if left.whole.take_if(|read| octets > *read).is_some() {
                    loss = Some(Loss::Grown(path.clone()));
                }
            }
            State::Useless if known.path != path => known.state = State::Unread,
            State::Unread if octets < known.octets => loss = Some(Loss::Deleted(path.clone())),
            State::Unread | State::Reading | State::Left(_) | State::Useless => {}
        }
        (known.path, known.modified, known.octets, known.there) = (path, modified, octets, true);
        loss
    }

    /// A packed copy of what was read is not read again.
    fn pass_over_copies(&mut self) {
        let read: Vec<PathBuf> = (self.files.values())
            .filter(|known| matches!(known.state, State::Reading | State::Left(_)))
            .map(|known| known.path.clone())
            .collect();
        for known in self.files.values_mut().filter(|known| matches!(known.state, State::Unread)) {
            if unpacked(&known.path).is_some_and(|path| read.contains(&path)) {
                known.state = State::Useless;
            }
        }
    }

    /// Forgets the files that went away; one that was not read is lost, unless it was packed.
    fn forget(&mut self, losses: &mut Vec<Loss>) {
        let packed: Vec<PathBuf> =
            self.files.values().filter_map(|known| unpacked(&known.path)).collect();
        self.files.retain(|_, known| {
            let keep = known.there || matches!(known.state, State::Reading);
            if !keep && matches!(known.state, State::Unread) && !packed.contains(&known.path) {
                losses.push(Loss::Deleted(known.path.clone()));
            }
            keep
        });
    }

    /// The unread file that was written first, and whether there are more.
    pub(super) fn next(&self) -> Option<(Id, PathBuf, bool)> {
        let unread = || self.files.iter().filter(|(_, known)| matches!(known.state, State::Unread));
        let (id, known) = unread().min_by_key(|(_, known)| (known.modified, &known.path))?;
        Some((*id, known.path.clone(), unread().nth(1).is_some()))
    }

    /// Whether a file is what the last look found.
    pub(super) fn is_as_seen(&self, id: Id, about: &Metadata) -> bool {
        id == id_of(about)
            && self.files.get(&id).is_some_and(|known| {
                about.modified().is_ok_and(|modified| modified == known.modified)
                    && about.len() == known.octets
            })
    }

    /// How many files are unread.
    pub(super) fn unread(&self) -> u64 {
        let unread = self.files.values().filter(|known| matches!(known.state, State::Unread));
        u64::try_from(unread.count()).unwrap_or(u64::MAX)
    }

    /// Whether there is an unread file that was written no earlier than this one.
    pub(super) fn has_newer(&self, than: Id) -> bool {
        let since = self.files.get(&than).map(|known| known.modified);
        let mut others = self.files.values();
        others.any(|known| matches!(known.state, State::Unread) && Some(known.modified) >= since)
    }

    /// Notes that a file is being read.
    pub(super) fn reading(&mut self, id: Id) {
        self.set(id, State::Reading);
    }

    /// Notes that a file is done with.
    pub(super) fn left(&mut self, id: Id, left: Left) {
        self.set(id, State::Left(left));
    }

    /// Notes that a file cannot be read.
    pub(super) fn useless(&mut self, id: Id) {
        self.set(id, State::Useless);
    }

    /// Notes that a file is another one now, or is gone.
    pub(super) fn changed(&mut self, id: Id) {
        self.files.remove(&id);
    }

    fn set(&mut self, id: Id, state: State) {
        if let Some(known) = self.files.get_mut(&id) {
            known.state = state;
        }
    }
}

fn id_of(about: &Metadata) -> Id {
    (about.dev(), about.ino())
}

/// Whether the file at `path` begins as it did; what cannot be read is taken for the same.
fn is_still(path: &Path, head: &[u8]) -> bool {
    match File::open(path).and_then(|file| begins_with(&file, head)) {
        Ok(still) => still,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// What the file was called before it was packed, if its name says that it was.
fn unpacked(path: &Path) -> Option<PathBuf> {
    let ending = path.extension().and_then(OsStr::to_str)?;
    PACKED.contains(&ending).then(|| path.with_extension(""))
}
