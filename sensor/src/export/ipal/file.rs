//! Where the lines go: standard output, or a file that appears whole, compressed if its name says so.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::sink::{Finished, SinkError, begin};

/// Octets that are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// A file of lines that is being written.
#[derive(Debug)]
pub struct File {
    name: String,
    to: To,
}

#[derive(Debug)]
enum To {
    Stdout(BufWriter<Stdout>),
    Plain(BufWriter<fs::File>, Finished),
    /// Without name or time in its header, so that the same lines make the same file.
    Gzip(GzEncoder<BufWriter<fs::File>>, Finished),
}

impl File {
    /// Begins the file: standard output for `-`, compressed with gzip if the name ends in `.gz`.
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub fn begin(path: &Path) -> Result<Self, SinkError> {
        if path == Path::new("-") {
            let out = BufWriter::with_capacity(BUFFER, io::stdout());
            return Ok(Self { name: "standard output".to_owned(), to: To::Stdout(out) });
        }
        let name = path.display().to_string();
        let (file, finished) =
            begin(path).map_err(|source| SinkError { name: name.clone(), source })?;
        let plain = BufWriter::with_capacity(BUFFER, file);
        let gzip = path.extension().is_some_and(|ending| ending == "gz");
        let to = if gzip {
            To::Gzip(GzEncoder::new(plain, Compression::default()), finished)
        } else {
            To::Plain(plain, finished)
        };
        Ok(Self { name, to })
    }

    /// The file that has not got its name yet, if it is one.
    #[must_use]
    pub fn part(&self) -> Option<PathBuf> {
        match &self.to {
            To::Stdout(_) => None,
            To::Plain(_, finished) | To::Gzip(_, finished) => finished.part().map(Path::to_owned),
        }
    }

    /// Writes a line.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&mut self, line: &str) -> Result<(), SinkError> {
        let written = match &mut self.to {
            To::Stdout(out) => out.write_all(line.as_bytes()),
            To::Plain(out, _) => out.write_all(line.as_bytes()),
            To::Gzip(out, _) => out.write_all(line.as_bytes()),
        };
        written.map_err(|source| SinkError { name: self.name.clone(), source })
    }

    /// Writes what is left and gives the file its name. `so_far` is how writing went. Whether anybody took it: not if
    /// standard output was closed, which is no failure.
    ///
    /// # Errors
    ///
    /// What went wrong first.
    pub fn finish(self, so_far: Result<(), SinkError>) -> Result<bool, SinkError> {
        let Self { name, to } = self;
        let stdout = matches!(to, To::Stdout(_));
        let finish = || match to {
            To::Stdout(mut out) => out.flush(),
            To::Plain(mut out, finished) => out.flush().and_then(|()| finished.commit()),
            To::Gzip(out, finished) => {
                out.finish().and_then(|mut out| out.flush()).and_then(|()| finished.commit())
            }
        };
        let done = so_far.and_then(|()| finish().map_err(|source| SinkError { name, source }));
        match done {
            Ok(()) => Ok(true),
            Err(error) if stdout && error.source.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error),
        }
    }
}
