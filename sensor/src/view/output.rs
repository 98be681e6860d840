//! Where the lines of a view go: standard output, or files in a folder that appear whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::path::{Path, PathBuf};

use super::{Line, View};
use crate::sink::{Finished, SinkError, begin};

/// Octets that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Where lines go.
#[derive(Debug)]
pub struct Output {
    view: View,
    to: To,
    /// Whether each line is written as it comes.
    at_once: bool,
    failed: Option<SinkError>,
}

#[derive(Debug)]
enum To {
    Stdout { out: BufWriter<Stdout>, begun: bool },
    Folder { folder: PathBuf, files: Vec<Open> },
}

/// A file that is written.
#[derive(Debug)]
struct Open {
    name: &'static str,
    out: BufWriter<File>,
    finished: Finished,
    /// Time of its last line.
    last_ns: u64,
}

impl Output {
    /// Lines go to standard output.
    #[must_use]
    pub fn stdout(view: View) -> Self {
        let out = BufWriter::with_capacity(BUFFER, io::stdout());
        Self { view, to: To::Stdout { out, begun: false }, at_once: false, failed: None }
    }

    /// Lines go to files in `folder`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made or is none, or has one of the view's files already: what was
    /// read from one capture must not be taken for that of another.
    pub fn folder(view: View, folder: &Path) -> Result<Self, SinkError> {
        match fs::create_dir(folder) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if !folder.is_dir() {
                    return Err(failure(folder, io::Error::from(ErrorKind::NotADirectory)));
                }
            }
            Err(error) => return Err(failure(folder, error)),
        }
        for name in view.files() {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok() {
                let there = "is there already: remove it, or name another folder with --out";
                return Err(failure(&path, io::Error::other(there)));
            }
        }
        let mut output = Self {
            view,
            to: To::Folder { folder: folder.to_owned(), files: Vec::new() },
            at_once: false,
            failed: None,
        };
        // A view of one file has it even if there is nothing to write.
        if let (Some(name), To::Folder { folder, files }) = (view.only_file(), &mut output.to) {
            open(view, folder, files, name, 0)?;
        }
        Ok(output)
    }

    /// The same, with each line of standard output written as it comes: what goes on without an end
    /// is read while it goes on.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// Writes a line; whether more can be written.
    pub fn write(&mut self, line: &Line) -> bool {
        if self.failed.is_none()
            && let Err(error) = self.try_write(line)
        {
            self.failed = Some(error);
        }
        self.failed.is_none()
    }

    fn try_write(&mut self, line: &Line) -> Result<(), SinkError> {
        match &mut self.to {
            To::Stdout { out, begun } => {
                let head =
                    if *begun { String::new() } else { self.view.head(line.file, line.time_ns) };
                *begun = true;
                let written = out.write_all(head.as_bytes());
                let written = written.and_then(|()| out.write_all(line.text.as_bytes()));
                let flushed =
                    if self.at_once { written.and_then(|()| out.flush()) } else { written };
                flushed.map_err(stdout_failed)
            }
            To::Folder { folder, files } => {
                let file = open(self.view, folder, files, line.file, line.time_ns)?;
                file.last_ns = line.time_ns;
                let written = file.out.write_all(line.text.as_bytes());
                written.map_err(|error| failure(&folder.join(line.file), error))
            }
        }
    }

    /// Writes what is left; files get their names. Whether anybody took it: not if standard output
    /// was closed, which is no failure.
    ///
    /// # Errors
    ///
    /// The first output that could not be written. No file is left half written.
    pub fn finish(self) -> Result<bool, SinkError> {
        let Self { view, to, failed, .. } = self;
        match to {
            To::Folder { folder, files } => {
                failed.map_or(Ok(()), Err)?;
                files.into_iter().try_for_each(|file| finish(view, &folder, file))?;
                Ok(true)
            }
            To::Stdout { mut out, begun } => {
                let head = if begun { String::new() } else { view.head("", 0) };
                let written = failed.map_or(Ok(()), Err).and_then(|()| {
                    let written = out.write_all(head.as_bytes()).and_then(|()| out.flush());
                    written.map_err(stdout_failed)
                });
                match written {
                    Ok(()) => Ok(true),
                    Err(error) if error.source.kind() == ErrorKind::BrokenPipe => Ok(false),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// The file of this name, begun if it is not open yet.
fn open<'f>(
    view: View,
    folder: &Path,
    files: &'f mut Vec<Open>,
    name: &'static str,
    first_ns: u64,
) -> Result<&'f mut Open, SinkError> {
    let path = folder.join(name);
    let place = files.iter().position(|file| file.name == name).unwrap_or(files.len());
    if place == files.len() {
        let (file, finished) = begin(&path).map_err(|error| failure(&path, error))?;
        let mut out = BufWriter::with_capacity(BUFFER, file);
        let head = view.head(name, first_ns);
        out.write_all(head.as_bytes()).map_err(|error| failure(&path, error))?;
        files.push(Open { name, out, finished, last_ns: first_ns });
    }
    files.get_mut(place).ok_or_else(|| failure(&path, io::Error::from(ErrorKind::NotFound)))
}

fn finish(view: View, folder: &Path, file: Open) -> Result<(), SinkError> {
    let Open { name, mut out, finished, last_ns } = file;
    let foot = view.foot(last_ns);
    let written = out.write_all(foot.as_bytes()).and_then(|()| out.flush());
    written.and_then(|()| finished.commit()).map_err(|error| failure(&folder.join(name), error))
}

fn failure(path: &Path, source: io::Error) -> SinkError {
    SinkError { name: path.display().to_string(), source }
}

fn stdout_failed(source: io::Error) -> SinkError {
    SinkError { name: "standard output".to_owned(), source }
}
