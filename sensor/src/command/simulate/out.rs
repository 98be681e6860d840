//! Files that are being written, with the digests of what is in them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use gridtap_captures::capture::Packet;
use gridtap_captures::file::{Pcap, write_pcapng_header, write_pcapng_packet};
use gridtap_captures::simulate::Simulation;
use sha2::{Digest, Sha256};

use super::manifest::Written;
use crate::command::Failure;
use crate::sink::{Finished, SinkError, begin};

/// How well zstd compresses: its own default.
const LEVEL: i32 = 3;

/// Something to write to, that counts and digests what is written.
struct Digested<W> {
    to: W,
    octets: u64,
    digest: Sha256,
}

impl<W: Write> Digested<W> {
    fn new(to: W) -> Self {
        Self { to, octets: 0, digest: Sha256::new() }
    }

    fn sha256(&self) -> String {
        hex(&self.digest.clone().finalize())
    }
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.to.write(octets)?;
        self.digest.update(octets.get(..count).unwrap_or_default());
        self.octets = self.octets.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The digest of octets, as text.
pub(super) fn sha256(octets: &[u8]) -> String {
    hex(&Sha256::digest(octets))
}

fn hex(octets: &[u8]) -> String {
    let digits = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

pub(super) fn failed(path: &Path, source: io::Error) -> Failure {
    SinkError { name: path.display().to_string(), source }.into()
}

/// A file in a folder.
type Disk = Digested<BufWriter<File>>;

fn disk(path: &Path) -> io::Result<(Disk, Finished)> {
    let (file, finished) = begin(path)?;
    Ok((Digested::new(BufWriter::with_capacity(1 << 18, file)), finished))
}

/// A capture that is being written.
pub(super) struct Packets {
    path: PathBuf,
    out: Out,
    pcapng: bool,
    finished: Finished,
}

enum Out {
    Plain(Disk),
    /// What goes into the compression is digested, too.
    Zstd(Box<Digested<zstd::Encoder<'static, Disk>>>),
}

impl Packets {
    pub(super) fn create(path: &Path, pcapng: bool, zstd: bool) -> Result<Self, Failure> {
        let begin = || -> io::Result<Self> {
            let (plain, finished) = disk(path)?;
            let mut out = if zstd {
                Out::Zstd(Box::new(Digested::new(zstd::Encoder::new(plain, LEVEL)?)))
            } else {
                Out::Plain(plain)
            };
            if pcapng {
                write_pcapng_header(Simulation::LINK, &mut out)?;
            } else {
                Pcap::default().write_header(Simulation::LINK, &mut out)?;
            }
            Ok(Self { path: path.to_owned(), out, pcapng, finished })
        };
        begin().map_err(|source| failed(path, source))
    }

    pub(super) fn write(&mut self, packet: &Packet) -> Result<(), Failure> {
        if self.pcapng {
            write_pcapng_packet(packet, &mut self.out)
        } else {
            Pcap::default().write_packet(packet, &mut self.out)
        }
        .map_err(|source| failed(&self.path, source))
    }

    pub(super) fn finish(self) -> Result<Written, Failure> {
        let Self { path, out, finished, .. } = self;
        let finish = || -> io::Result<Written> {
            let (mut out, content) = match out {
                Out::Plain(out) => (out, None),
                Out::Zstd(out) => {
                    let content = out.sha256();
                    (out.to.finish()?, Some(content))
                }
            };
            out.flush()?;
            finished.commit()?;
            Ok(Written::new(&path, out.octets, out.sha256(), content))
        };
        finish().map_err(|source| failed(&path, source))
    }
}

impl Write for Out {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(octets),
            Self::Zstd(out) => out.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
        }
    }
}

/// A file of lines that is being written.
pub(super) struct Text {
    path: PathBuf,
    out: Disk,
    finished: Finished,
}

impl Text {
    pub(super) fn create(path: &Path, header: &str) -> Result<Self, Failure> {
        let (out, finished) = disk(path).map_err(|source| failed(path, source))?;
        let mut text = Self { path: path.to_owned(), out, finished };
        text.write(header)?;
        Ok(text)
    }

    pub(super) fn write(&mut self, line: &str) -> Result<(), Failure> {
        self.out.write_all(line.as_bytes()).map_err(|source| failed(&self.path, source))
    }

    pub(super) fn finish(mut self) -> Result<Written, Failure> {
        self.out
            .flush()
            .and_then(|()| self.finished.commit())
            .map_err(|source| failed(&self.path, source))?;
        Ok(Written::new(&self.path, self.out.octets, self.out.sha256(), None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_digested() {
        let mut out = Digested::new(Vec::new());
        out.write_all(b"ab").unwrap();
        out.write_all(b"c").unwrap();
        assert_eq!((out.octets, out.to.as_slice()), (3, b"abc".as_slice()));
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(out.sha256(), known);
        assert_eq!(sha256(b"abc"), known);
    }
}
