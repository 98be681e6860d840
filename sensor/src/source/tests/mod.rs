//! Captures made by hand, and what comes of reading them.

mod damage;
#[cfg(unix)]
mod following;
mod formats;
mod inputs;
mod merging;
mod samples;
mod shared;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::source::{CaptureFile, LinkType, Merged, Source, SourceError, Step, Warning};

/// A packet, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    sequence: u64,
    capture: u16,
    number: u64,
    time_ns: u64,
    link: LinkType,
    wire_octets: u32,
    octets: Vec<u8>,
}

impl Kept {
    /// The packet that `source` came to.
    fn of(source: &impl Source) -> Self {
        let packet = source.packet();
        Self {
            sequence: packet.sequence,
            capture: packet.capture,
            number: packet.number,
            time_ns: packet.time_ns,
            link: packet.link,
            wire_octets: packet.wire_octets,
            octets: packet.octets.to_vec(),
        }
    }
}

/// All packets that `source` has.
fn drain(source: &mut impl Source) -> Vec<Kept> {
    let mut packets = Vec::new();
    loop {
        match source.advance() {
            Step::Packet => packets.push(Kept::of(source)),
            Step::Idle(_) => panic!("files are never idle"),
            Step::End => {
                assert!(source.packet().octets.is_empty() || packets.is_empty());
                return packets;
            }
        }
    }
}

/// A folder for captures that is gone when the test is over.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a capture, and tells where.
    fn put(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, octets).unwrap();
        path
    }

    /// Writes a capture and reads it back.
    fn read(&self, octets: &[u8]) -> Result<(Vec<Kept>, Option<Warning>), SourceError> {
        let mut file = CaptureFile::open(&self.put("capture", octets), 0)?;
        let packets = drain(&mut file);
        assert_eq!(file.advance(), Step::End, "the end stays the end");
        Ok((packets, file.warning().cloned()))
    }

    /// Writes a capture and reads it back, to its very end.
    fn read_whole(&self, octets: &[u8]) -> Vec<Kept> {
        let (packets, warning) = self.read(octets).unwrap();
        assert_eq!(warning, None);
        packets
    }
}

#[test]
fn sources_can_move_to_a_thread_of_their_own() {
    fn movable<T: Send>() {}
    movable::<CaptureFile>();
    movable::<Merged>();
    #[cfg(unix)]
    movable::<crate::source::Follow>();
    #[cfg(feature = "pcap")]
    movable::<crate::source::Live>();
}
