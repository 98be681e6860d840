//! The readers of capture files: pcap and pcapng, plain or compressed, whole or not.

use std::io::Write as _;
use std::path::Path;

use gridtap::source::{CaptureFile, Source as _, Step};
use tempfile::NamedTempFile;

use crate::memory;

/// Octets that a reader takes whatever its file: its windows on it, and what decompresses it.
const WINDOWS_OCTETS: usize = 1_024 * 1_024;

/// The shortest record of a packet, in octets: a simple packet block of pcapng, a record of pcap.
const RECORD_OCTETS: usize = 16;

/// A file of any octets is refused, or is read to an end: its packets lie in it, and a part of it has no others.
///
/// The first octet says how long the part is.
pub fn capture_file(data: &[u8]) {
    let Some((part, octets)) = data.split_first() else { return };
    let part = octets.get(..octets.len() * usize::from(*part) / 256).unwrap_or_default();
    // Where no file can be written nothing can be said.
    let (Some(whole), Some(part_read)) = (read(octets), read(part)) else { return };
    if is_plain(octets) {
        assert!(whole.len() <= octets.len() / RECORD_OCTETS, "{} packets", whole.len());
        let kept: usize = whole.iter().map(|packet| packet.octets).sum();
        assert!(kept <= octets.len(), "{kept} octets of packets in {} of file", octets.len());
    }
    let (first, _) = whole.split_at(part_read.len().min(whole.len()));
    assert_eq!(first, part_read, "a part of the file has other packets");
}

/// Whether the file is not compressed: no more comes out of it than it has.
fn is_plain(octets: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] = [
        &[0xa1, 0xb2, 0xc3, 0xd4],
        &[0xa1, 0xb2, 0x3c, 0x4d],
        &[0xd4, 0xc3, 0xb2, 0xa1],
        &[0x4d, 0x3c, 0xb2, 0xa1],
        &[0x0a, 0x0d, 0x0d, 0x0a],
        &[0xa1, 0xb2, 0xcd, 0x34],
    ];
    MAGIC.iter().any(|magic| octets.starts_with(magic))
}

/// What is remembered of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    number: u64,
    time_ns: u64,
    link: u16,
    octets: usize,
    wire_octets: u32,
}

/// The packets of a file of these octets; none if it is refused, nothing at all if it cannot be written.
fn read(octets: &[u8]) -> Option<Vec<Seen>> {
    let mut file = NamedTempFile::new().ok()?;
    file.write_all(octets).ok()?;
    let mut seen = Vec::with_capacity(octets.len());
    memory::bounded(WINDOWS_OCTETS, octets.len(), || each(file.path(), &mut seen));
    Some(seen)
}

fn each(path: &Path, seen: &mut Vec<Seen>) {
    let Ok(mut file) = CaptureFile::open(path, 3) else { return };
    while file.advance() == Step::Packet {
        let packet = file.packet();
        assert_eq!((packet.capture, packet.sequence), (3, packet.number));
        if seen.len() < seen.capacity() {
            let (link, octets) = (packet.link.0, packet.octets.len());
            let (number, time_ns, wire_octets) =
                (packet.number, packet.time_ns, packet.wire_octets);
            seen.push(Seen { number, time_ns, link, octets, wire_octets });
        }
    }
    assert_eq!(file.advance(), Step::End, "the end is the end");
    let _ = file.warning().map(ToString::to_string);
}
