//! The octets of an input: opened, counted, digested if asked, and decompressed.

use core::fmt;
use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::source::SourceError;

/// Octets that are read of a compressed input at once.
const COMPRESSED_OCTETS: usize = 128 * 1024;
/// Octets that are decompressed with zstd at once: where it meets damage it forgets what it has put
/// out in the same call.
const ZSTD_OCTETS: usize = 16 * 1024;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Skippable frames of zstd begin with these behind an octet from 0x50 to 0x5f.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// A file or standard input, as decompressed octets.
pub(super) struct Input {
    octets: Decompressed,
    total: Option<u64>,
}

enum Decompressed {
    Plain(Peeked),
    Gzip(Box<MultiGzDecoder<BufReader<Peeked>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Peeked>>>),
}

/// The first octets, which were read to tell the compression, and the rest.
type Peeked = Chain<Cursor<Vec<u8>>, Counted>;

impl Input {
    /// Opens the file at `path`, or standard input if that is `-`.
    pub(super) fn open(path: &Path, digest: bool) -> Result<Self, SourceError> {
        let (raw, total) = open_raw(path)?;
        Self::new(raw, total, path, digest)
    }

    /// Reads `raw`, of which `total` octets are known to be there, and which is called `path`.
    pub(super) fn new(
        raw: Raw,
        total: Option<u64>,
        path: &Path,
        digest: bool,
    ) -> Result<Self, SourceError> {
        let mut raw = Counted { raw, count: 0, digest: digest.then(Sha256::new) };
        let mut first = Vec::new();
        let unreadable = |source| SourceError::Unreadable { path: path.to_owned(), source };
        raw.by_ref().take(4).read_to_end(&mut first).map_err(unreadable)?;

        let (gzip, zstd) = (first.starts_with(&GZIP), is_zstd(&first));
        let peeked = Cursor::new(first).chain(raw);
        let octets = if gzip {
            let buffered = BufReader::with_capacity(COMPRESSED_OCTETS, peeked);
            Decompressed::Gzip(Box::new(MultiGzDecoder::new(buffered)))
        } else if zstd {
            let buffered = BufReader::with_capacity(COMPRESSED_OCTETS, peeked);
            let decoder = zstd::Decoder::with_buffer(buffered).map_err(unreadable)?;
            Decompressed::Zstd(Box::new(decoder))
        } else {
            Decompressed::Plain(peeked)
        };
        Ok(Self { octets, total })
    }

    /// Octets read so far, compressed if the input is.
    pub(super) fn count(&self) -> u64 {
        self.peeked().get_ref().1.count
    }

    /// Octets there are, if that can be known.
    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    /// Reads what is left, and tells the digest of all octets if one was asked for.
    pub(super) fn digest(&mut self) -> io::Result<Option<[u8; 32]>> {
        let raw = self.counted();
        if raw.digest.is_none() {
            return Ok(None);
        }
        io::copy(raw, &mut io::sink())?;
        Ok(raw.digest.clone().map(|digest| digest.finalize().into()))
    }

    fn peeked(&self) -> &Peeked {
        match &self.octets {
            Decompressed::Plain(peeked) => peeked,
            Decompressed::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decompressed::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }

    fn counted(&mut self) -> &mut Counted {
        let peeked = match &mut self.octets {
            Decompressed::Plain(peeked) => peeked,
            Decompressed::Gzip(decoder) => decoder.get_mut().get_mut(),
            Decompressed::Zstd(decoder) => decoder.get_mut().get_mut(),
        };
        peeked.get_mut().1
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.octets {
            Decompressed::Plain(peeked) => peeked.read(into),
            Decompressed::Gzip(decoder) => decoder.read(into),
            Decompressed::Zstd(decoder) => {
                let octets = into.len().min(ZSTD_OCTETS);
                decoder.read(into.get_mut(..octets).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("count", &self.count())
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

fn is_zstd(first: &[u8]) -> bool {
    match first {
        [0x50..=0x5f, rest @ ..] => rest.starts_with(&ZSTD_SKIPPABLE),
        _ => first.starts_with(&ZSTD),
    }
}

/// Octets as they are, from wherever.
pub(super) type Raw = Box<dyn Read + Send>;

fn open_raw(path: &Path) -> Result<(Raw, Option<u64>), SourceError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin()), None));
    }
    let refuse = |source| refusal(path.to_owned(), source);
    let file = File::open(path).map_err(refuse)?;
    let about = file.metadata().map_err(refuse)?;
    if about.is_dir() {
        return Err(SourceError::Directory { path: path.to_owned() });
    }
    Ok((Box::new(file), about.is_file().then_some(about.len())))
}

/// What `source`, which struck on opening `path`, is called.
pub(super) fn refusal(path: PathBuf, source: io::Error) -> SourceError {
    if source.kind() == io::ErrorKind::NotFound {
        SourceError::NotFound { path }
    } else if source.kind() == io::ErrorKind::PermissionDenied {
        SourceError::NoPermission { path }
    } else {
        SourceError::Unreadable { path, source }
    }
}

/// Counts, and digests if asked, what passes through.
struct Counted {
    raw: Raw,
    count: u64,
    digest: Option<Sha256>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.raw.read(into)?;
        self.count = self.count.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if let (Some(digest), Some(octets)) = (&mut self.digest, into.get(..count)) {
            digest.update(octets);
        }
        Ok(count)
    }
}
