//! Packets as a pcapng file of one section, with times in nanoseconds.
//!
//! Layout: draft-ietf-opsawg-pcapng. Numbers stand with the low octets first.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::source::{LinkType, Packet};

const SECTION: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const INTERFACE_NAME: u16 = 2;
const INTERFACE_RESOLUTION: u16 = 9;
const APPLICATION: u16 = 4;

/// Octets of a comment, at most: an option has no room for 65,536.
const COMMENT_OCTETS: usize = 32_768;

/// Writes packets as pcapng. Each capture has an interface for each link type of its packets.
#[derive(Debug)]
pub struct Pcapng<W> {
    out: W,
    /// Names of the captures, by index.
    captures: Vec<String>,
    interfaces: HashMap<(u16, LinkType), u32>,
}

impl<W: Write> Pcapng<W> {
    /// Begins the file, with a comment about all of it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn begin(out: W, captures: Vec<String>, comment: &str) -> io::Result<Self> {
        let mut body = BYTE_ORDER.to_le_bytes().to_vec();
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        // The length of the section is not said.
        body.extend(u64::MAX.to_le_bytes());
        option(&mut body, COMMENT, comment.as_bytes());
        option(&mut body, APPLICATION, concat!("gridtap ", env!("CARGO_PKG_VERSION")).as_bytes());
        option(&mut body, END_OF_OPTIONS, &[]);
        let mut file = Self { out, captures, interfaces: HashMap::new() };
        file.block(SECTION, &body)?;
        Ok(file)
    }

    /// Adds a packet, with a comment unless that is empty.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn packet(&mut self, packet: &Packet<'_>, comment: &str) -> io::Result<()> {
        let interface = self.interface(packet.capture, packet.link)?;
        let (high, low) = (packet.time_ns >> 32, packet.time_ns & 0xffff_ffff);
        let kept = u32::try_from(packet.octets.len()).map_err(io::Error::other)?;
        let mut body = interface.to_le_bytes().to_vec();
        for half in [high, low] {
            body.extend(u32::try_from(half).unwrap_or_default().to_le_bytes());
        }
        body.extend(kept.to_le_bytes());
        body.extend(packet.wire_octets.max(kept).to_le_bytes());
        padded(&mut body, packet.octets);
        if !comment.is_empty() {
            option(&mut body, COMMENT, comment.as_bytes());
            option(&mut body, END_OF_OPTIONS, &[]);
        }
        self.block(ENHANCED_PACKET, &body)
    }

    /// The output, when all packets are added.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The number of an interface; it is described at its first packet.
    fn interface(&mut self, capture: u16, link: LinkType) -> io::Result<u32> {
        if let Some(known) = self.interfaces.get(&(capture, link)) {
            return Ok(*known);
        }
        let number = u32::try_from(self.interfaces.len()).map_err(io::Error::other)?;
        self.interfaces.insert((capture, link), number);
        let mut body = link.0.to_le_bytes().to_vec();
        body.extend(0_u16.to_le_bytes());
        // Packets may have any length.
        body.extend(0_u32.to_le_bytes());
        let name = self.captures.get(usize::from(capture)).map_or("", String::as_str);
        option(&mut body, INTERFACE_NAME, name.as_bytes());
        option(&mut body, INTERFACE_RESOLUTION, &[9]);
        option(&mut body, END_OF_OPTIONS, &[]);
        self.block(INTERFACE, &body)?;
        Ok(number)
    }

    /// A block: its type, its length, the body, and its length again.
    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let octets = u32::try_from(body.len().saturating_add(12)).map_err(io::Error::other)?;
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&octets.to_le_bytes())?;
        self.out.write_all(body)?;
        self.out.write_all(&octets.to_le_bytes())
    }
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..COMMENT_OCTETS).unwrap_or(value);
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or_default().to_le_bytes());
    padded(body, value);
}

/// Adds `octets`, and as many more as make a multiple of four.
fn padded(body: &mut Vec<u8>, octets: &[u8]) {
    body.extend_from_slice(octets);
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{CaptureFile, Source, Step};

    fn packet(capture: u16, link: u16, time_ns: u64, octets: &[u8]) -> Packet<'_> {
        let wire_octets = u32::try_from(octets.len()).unwrap() + 3;
        let link = LinkType(link);
        Packet { sequence: 1, capture, number: 1, time_ns, link, wire_octets, octets }
    }

    #[test]
    fn what_was_written_reads_back_to_the_nanosecond_and_octet() {
        let long = vec![5; 65_000];
        let packets = [
            packet(0, 1, 1_700_000_000_123_456_789, &[1, 2, 3]),
            packet(1, 101, 7, &[4; 64]),
            packet(0, 1, u64::MAX, &[]),
            packet(0, 101, 0, &long),
        ];
        let captures = vec!["a.pcap".to_owned(), String::new()];
        let mut file = Pcapng::begin(Vec::new(), captures, "why").unwrap();
        for packet in &packets {
            file.packet(packet, "alert 1").unwrap();
        }
        assert_eq!(file.interfaces.len(), 3);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, file.into_inner()).unwrap();
        let mut read = CaptureFile::open(&path, 0).unwrap();
        for expected in &packets {
            assert_eq!(read.advance(), Step::Packet);
            let found = read.packet();
            assert_eq!((found.time_ns, found.link), (expected.time_ns, expected.link));
            assert_eq!(found.wire_octets, expected.wire_octets);
            assert_eq!(found.octets, expected.octets);
        }
        assert_eq!((read.advance(), read.warning()), (Step::End, None));
    }
}
