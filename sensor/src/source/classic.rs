//! The pcap format: one head for the file, then packets.

use pcap_parser::parse_pcap_header;

use crate::source::LinkType;
use crate::source::buffer::Buffer;
use crate::source::format::{Head, Order, Stop, packet_octets};

/// Octets of the head of the file.
const FILE_HEAD: usize = 24;
/// Octets of the head of a packet.
const PACKET_HEAD: usize = 16;
/// Octets that the head of a packet has besides in Kuznetzov's variant.
const KUZNETZOV: usize = 8;

/// First octets of the file in each variant that is read.
const MAGIC: [[u8; 4]; 5] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x34, 0xcd, 0xb2, 0xa1],
];

/// A pcap file, from its head on.
#[derive(Debug, Default)]
pub(super) struct Classic {
    /// What the head says, once it was read.
    layout: Option<Layout>,
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    order: Order,
    /// Nanoseconds in one unit of a timestamp's fraction.
    fraction_ns: u64,
    packet_head: usize,
    link: LinkType,
}

impl Classic {
    /// Whether a file beginning with `first` is one.
    pub(super) fn begins(first: &[u8]) -> bool {
        MAGIC.iter().any(|magic| first.starts_with(magic))
    }

    /// Link type of all packets, if the head of the file can be read.
    pub(super) fn link(&mut self, buffer: &mut Buffer) -> Option<LinkType> {
        if self.layout.is_none() {
            self.layout = Layout::read(buffer).ok();
        }
        self.layout.map(|layout| layout.link)
    }

    /// Moves to the next packet.
    #[inline]
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Result<Head, Stop> {
        let layout = match self.layout {
            Some(layout) => layout,
            None => *self.layout.insert(Layout::read(buffer)?),
        };
        let Some(head) = buffer.peek_array::<PACKET_HEAD>()? else {
            return Err(Stop::ended(buffer));
        };
        let [seconds, fraction, kept, wire_octets] = layout.order.words(&head);
        let end = layout.packet_head.saturating_add(packet_octets(kept)?);
        if buffer.peek(end)?.is_none() {
            return Err(Stop::ended(buffer));
        }
        let time_ns = u64::from(seconds)
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(fraction).saturating_mul(layout.fraction_ns));
        Ok(Head {
            time_ns,
            link: layout.link,
            wire_octets: wire_octets.max(kept),
            start: layout.packet_head,
            end,
            record: end,
        })
    }
}

impl Layout {
    fn read(buffer: &mut Buffer) -> Result<Self, Stop> {
        let Some(octets) = buffer.peek_array::<FILE_HEAD>()? else {
            return Err(Stop::ended(buffer));
        };
        let (_, head) =
            parse_pcap_header(&octets).map_err(|_| Stop::damaged("the head of the file"))?;
        buffer.consume(FILE_HEAD);

        let order = if head.is_bigendian() { Order::Big } else { Order::Little };
        // The upper half says how long frame check sequences are.
        let [low, high, ..] = head.network.0.to_le_bytes();
        Ok(Self {
            order,
            fraction_ns: if head.is_nanosecond_precision() { 1 } else { 1_000 },
            packet_head: if head.is_modified_format() {
                PACKET_HEAD.saturating_add(KUZNETZOV)
            } else {
                PACKET_HEAD
            },
            link: LinkType(u16::from_le_bytes([low, high])),
        })
    }
}
