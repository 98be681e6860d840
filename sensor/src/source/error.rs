//! What can be wrong with a source of packets.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::LinkType;

/// A source that cannot be read at all, or not as it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no such file.
    #[error("{}: no such file", name(path))]
    NotFound {
        /// The file as it was given.
        path: PathBuf,
    },
    /// The file may not be read by this user.
    #[error("{}: no permission to read it", name(path))]
    NoPermission {
        /// The file as it was given.
        path: PathBuf,
    },
    /// The file is a directory.
    #[error(
        "{}: is a directory, not a capture: name the files in it, or follow it with `watch --follow`",
        name(path)
    )]
    Directory {
        /// The directory as it was given.
        path: PathBuf,
    },
    /// What was to be followed is no directory.
    #[error("{}: is no directory; its files are what is followed", name(path))]
    NotAFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file has no octets, or nothing was compressed in it.
    #[error("{}: is empty", name(path))]
    Empty {
        /// The file as it was given.
        path: PathBuf,
    },
    /// The file is neither pcap nor pcapng, plain or compressed with gzip or zstd.
    #[error("{}: is not a capture (pcap or pcapng): it begins with {first}", name(path))]
    NotACapture {
        /// The file as it was given.
        path: PathBuf,
        /// Its first octets, decompressed, in hex.
        first: String,
    },
    /// All packets of the file are of a link type that is not read.
    #[error("{}: packets of link type {} are not read", name(path), link.0)]
    UnknownLink {
        /// The file as it was given.
        path: PathBuf,
        /// The link type.
        link: LinkType,
    },
    /// Reading failed before a capture was recognised.
    #[error("{}: cannot be read: {source}", name(path))]
    Unreadable {
        /// The file as it was given.
        path: PathBuf,
        /// What the system or the decompressor says.
        source: io::Error,
    },
    /// A first look was asked for at what can be read only once.
    #[error("{}: can be read only once, so its span is not known before", name(path))]
    ReadOnce {
        /// The input as it was given; `-` is standard input.
        path: PathBuf,
    },
    /// The packet filter does not compile.
    #[error("filter `{expression}`: {what}")]
    BadFilter {
        /// The expression as it was given.
        expression: String,
        /// What libpcap says.
        what: String,
    },
    /// A packet filter was asked for, but this build has none.
    #[error(
        "filter `{expression}`: this build has no packet filters: build it with the feature `pcap`"
    )]
    NoFilters {
        /// The expression as it was given.
        expression: String,
    },
    /// There is no such interface.
    #[error("interface `{name}`: no such interface; there are: {}", list(available))]
    NoSuchInterface {
        /// The interface as it was given.
        name: String,
        /// The interfaces there are.
        available: Vec<String>,
    },
    /// The interface may not be captured from.
    #[error("interface `{name}`: no permission to capture: run with CAP_NET_RAW")]
    NoCapturePermission {
        /// The interface as it was given.
        name: String,
    },
    /// The interface cannot be captured from, for another reason.
    #[error("interface `{name}`: {what}")]
    Interface {
        /// The interface as it was given.
        name: String,
        /// What libpcap says.
        what: String,
    },
}

/// What a source could not read of an input that it could open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The file or interface as it was given.
    pub path: PathBuf,
    /// Number of the last packet read from it; 0 if there was none.
    pub packet: u64,
    /// Where in a file the trouble begins, in octets from the start of the capture (decompressed).
    pub offset: Option<u64>,
    /// What the trouble is.
    pub kind: WarningKind,
}

/// The kinds of trouble that a source reports and gets over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// The capture ends in the middle of a packet or block.
    CutOff,
    /// The octets make no sense; nothing behind them was read.
    Damaged(String),
    /// Reading failed; nothing behind was read.
    Unreadable(String),
    /// The filter has no meaning for packets of this link type: they are left out.
    NotFiltered(LinkType),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, packet) = (name(&self.path), self.packet);
        match &self.kind {
            WarningKind::CutOff => write!(f, "{path}: cut off behind packet {packet}")?,
            WarningKind::Damaged(what) => {
                write!(f, "{path}: damaged behind packet {packet}, and read no further: {what}")?;
            }
            WarningKind::Unreadable(what) => {
                write!(f, "{path}: cannot be read behind packet {packet}: {what}")?;
            }
            WarningKind::NotFiltered(LinkType(link)) => write!(
                f,
                "{path}: the filter has no meaning for link type {link}: \
                 its packets are left out, from packet {packet} on"
            )?,
        }
        self.offset.map_or(Ok(()), |offset| write!(f, " (octet {offset})"))
    }
}

/// What people call `path`.
fn name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
