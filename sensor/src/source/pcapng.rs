//! The pcapng format: sections of blocks, with any number of interfaces in each.

use pcap_parser::{
    EPB_MAGIC, IDB_MAGIC, InterfaceDescriptionBlock, SHB_MAGIC, SPB_MAGIC,
    parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
};

use crate::source::LinkType;
use crate::source::buffer::Buffer;
use crate::source::format::{Head, Order, Stop, packet_octets};

/// The packet block that the enhanced one has replaced.
const OBSOLETE_PACKET: u32 = 2;

/// Octets of the smallest block: type, length, and length again.
const BLOCK_OCTETS: usize = 12;
/// Octets of a block that may have to be held at once: one of interfaces or packets.
const HELD_OCTETS: usize = 1024 * 1024;
/// Octets of any block: above, it is taken for damage, as Wireshark does.
const SKIPPED_OCTETS: usize = 16 * 1024 * 1024;
/// Interfaces of a section: above, it is taken for damage.
const INTERFACES: usize = 65_536;

/// Octets of an enhanced or obsolete packet block up to the packet.
const PACKET_HEAD: usize = 28;
/// Octets of a simple packet block up to the packet.
const SIMPLE_HEAD: usize = 12;
/// Octets of a block's length at its end.
const TRAILER: usize = 4;

/// A pcapng file, from the start of a section on.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Time of the last packet: simple packet blocks have none of their own.
    last_ns: u64,
    /// A block that is being passed over: its octets, and how many are left before its trailer.
    passing: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    /// Octets kept of each packet; 0 for all.
    snap_octets: u32,
    clock: Clock,
}

impl Pcapng {
    /// Whether a file beginning with `first` is one.
    pub(super) fn begins(first: &[u8]) -> bool {
        first.starts_with(&SHB_MAGIC.to_le_bytes())
            && first.get(8..12).is_none_or(|mark| order_of(mark).is_some())
    }

    /// Moves to the next packet.
    #[inline]
    pub(super) fn next(&mut self, buffer: &mut Buffer) -> Result<Head, Stop> {
        if self.passing.is_some() {
            self.pass(buffer)?;
        }
        loop {
            let Some(block) = buffer.peek_array::<BLOCK_OCTETS>()? else {
                return Err(Stop::ended(buffer));
            };
            let [kind, _] = self.order.words(&block);
            if kind == SHB_MAGIC {
                self.order = order_of(block.get(8..).unwrap_or_default())
                    .ok_or_else(|| Stop::damaged("a section of no byte order"))?;
                self.interfaces.clear();
            }
            let [_, octets] = self.order.words(&block);
            let octets = block_octets(octets)?;
            match kind {
                EPB_MAGIC | OBSOLETE_PACKET => return self.packet(buffer, kind, octets),
                SPB_MAGIC => return self.simple_packet(buffer, octets),
                IDB_MAGIC => self.interface(buffer, octets)?,
                _ => {
                    self.passing = Some((octets, octets.saturating_sub(TRAILER)));
                    self.pass(buffer)?;
                }
            }
        }
    }

    fn packet(&mut self, buffer: &mut Buffer, kind: u32, octets: usize) -> Result<Head, Stop> {
        self.hold(buffer, octets)?;
        let Some(head) = buffer.peek_array::<PACKET_HEAD>()? else {
            return Err(Stop::ended(buffer));
        };
        let [_, _, interface, high, low, kept, wire_octets] = self.order.words(&head);
        let interface = if kind == OBSOLETE_PACKET {
            // Two octets of interface, then two that count drops.
            match self.order {
                Order::Little => interface & 0xffff,
                Order::Big => interface >> 16,
            }
        } else {
            interface
        };
        let interface = *usize::try_from(interface)
            .ok()
            .and_then(|index| self.interfaces.get(index))
            .ok_or_else(|| Stop::damaged(format!("a packet of unknown interface {interface}")))?;
        let end = PACKET_HEAD.saturating_add(packet_octets(kept)?);
        if end.saturating_add(TRAILER) > octets {
            return Err(Stop::damaged(format!("a packet of {kept} octets in a smaller block")));
        }
        self.last_ns = interface.clock.nanoseconds(u64::from(high) << 32 | u64::from(low));
        Ok(Head {
            time_ns: self.last_ns,
            link: interface.link,
            wire_octets: wire_octets.max(kept),
            start: PACKET_HEAD,
            end,
            record: octets,
        })
    }

    #[cold]
    fn simple_packet(&mut self, buffer: &mut Buffer, octets: usize) -> Result<Head, Stop> {
        self.hold(buffer, octets)?;
        let Some(head) = buffer.peek_array::<SIMPLE_HEAD>()? else {
            return Err(Stop::ended(buffer));
        };
        let [_, _, wire_octets] = self.order.words(&head);
        let interface = *self
            .interfaces
            .first()
            .ok_or_else(|| Stop::damaged("a simple packet before any interface"))?;
        let kept = match interface.snap_octets {
            0 => wire_octets,
            snap_octets => wire_octets.min(snap_octets),
        };
        let end = SIMPLE_HEAD.saturating_add(packet_octets(kept)?);
        if end.saturating_add(TRAILER) > octets {
            return Err(Stop::damaged(format!("a packet of {kept} octets in a smaller block")));
        }
        Ok(Head {
            time_ns: self.last_ns,
            link: interface.link,
            wire_octets,
            start: SIMPLE_HEAD,
            end,
            record: octets,
        })
    }

    #[cold]
    fn interface(&mut self, buffer: &mut Buffer, octets: usize) -> Result<(), Stop> {
        self.hold(buffer, octets)?;
        let block = buffer.peek(octets)?.unwrap_or_default();
        let parsed = match self.order {
            Order::Little => parse_interfacedescriptionblock_le(block),
            Order::Big => parse_interfacedescriptionblock_be(block),
        };
        let (_, block) = parsed.map_err(|_| Stop::damaged("an interface that cannot be read"))?;
        if self.interfaces.len() >= INTERFACES {
            return Err(Stop::damaged(format!("more than {INTERFACES} interfaces")));
        }
        self.interfaces.push(Interface::new(&block, self.order));
        buffer.consume(octets);
        Ok(())
    }

    /// Makes sure that the whole block is in the window, and ends as it begins.
    #[inline]
    fn hold(&self, buffer: &mut Buffer, octets: usize) -> Result<(), Stop> {
        if octets > HELD_OCTETS {
            return Err(Stop::damaged(format!("a block of {octets} octets")));
        }
        let Some(trailer) = buffer.peek(octets)?.and_then(|block| block.last_chunk()).copied()
        else {
            return Err(Stop::ended(buffer));
        };
        self.agree(trailer, octets)
    }

    /// Passes over a block that has no packet, or over what is left of it.
    #[cold]
    fn pass(&mut self, buffer: &mut Buffer) -> Result<(), Stop> {
        let Some((octets, left)) = &mut self.passing else { return Ok(()) };
        let (octets, whole) = (*octets, buffer.skip(left)?);
        match buffer.peek_array()?.filter(|_| whole) {
            Some(trailer) => {
                self.agree(trailer, octets)?;
                buffer.consume(TRAILER);
                self.passing = None;
                Ok(())
            }
            None => Err(Stop::cut_off()),
        }
    }

    #[inline]
    fn agree(&self, trailer: [u8; TRAILER], octets: usize) -> Result<(), Stop> {
        let [again] = self.order.words(&trailer);
        if usize::try_from(again) == Ok(octets) {
            Ok(())
        } else {
            Err(Stop::damaged(format!("a block of {octets} octets, or of {again}")))
        }
    }
}

impl Interface {
    fn new(block: &InterfaceDescriptionBlock<'_>, order: Order) -> Self {
        let [low, high, ..] = block.linktype.0.to_le_bytes();
        let offset_seconds = match order {
            Order::Little => block.if_tsoffset,
            // pcap-parser reads this one as little endian wherever it is.
            Order::Big => block.if_tsoffset.swap_bytes(),
        };
        Self {
            link: LinkType(u16::from_le_bytes([low, high])),
            snap_octets: block.snaplen,
            clock: Clock::new(block.if_tsresol, offset_seconds),
        }
    }
}

/// How an interface counts time.
#[derive(Clone, Copy, Debug)]
struct Clock {
    unit: Unit,
    offset_ns: i64,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// One of so many parts of a nanosecond.
    PartOfNanosecond(u64),
    /// Two to the power of minus so many, in seconds.
    Binary(u32),
}

impl Clock {
    /// A clock as `if_tsresol` and `if_tsoffset` describe it.
    fn new(resolution: u8, offset_seconds: i64) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        let unit = if resolution & 0x80 != 0 {
            Unit::Binary(exponent)
        } else if let Some(coarser) = 9_u32.checked_sub(exponent) {
            Unit::Nanoseconds(10_u64.saturating_pow(coarser))
        } else {
            // So fine that 64 bits of it are no nanosecond: each is 0.
            10_u64
                .checked_pow(exponent.saturating_sub(9))
                .map_or(Unit::Nanoseconds(0), Unit::PartOfNanosecond)
        };
        Self { unit, offset_ns: offset_seconds.saturating_mul(1_000_000_000) }
    }

    /// Nanoseconds since 1970 when it shows `units`; what lies outside of 64 bits stops there.
    #[inline]
    fn nanoseconds(self, units: u64) -> u64 {
        let time_ns = match self.unit {
            Unit::Nanoseconds(each) => units.saturating_mul(each),
            Unit::PartOfNanosecond(parts) => units.checked_div(parts).unwrap_or(0),
            Unit::Binary(exponent) => {
                let nanoseconds = u128::from(units).saturating_mul(1_000_000_000) >> exponent;
                u64::try_from(nanoseconds).unwrap_or(u64::MAX)
            }
        };
        time_ns.saturating_add_signed(self.offset_ns)
    }
}

/// The order that a section's mark tells.
fn order_of(mark: &[u8]) -> Option<Order> {
    match mark {
        [0x4d, 0x3c, 0x2b, 0x1a, ..] => Some(Order::Little),
        [0x1a, 0x2b, 0x3c, 0x4d, ..] => Some(Order::Big),
        _ => None,
    }
}

/// Octets that a block says it has, if that can be.
#[inline]
fn block_octets(claimed: u32) -> Result<usize, Stop> {
    usize::try_from(claimed)
        .ok()
        .filter(|octets| (BLOCK_OCTETS..=SKIPPED_OCTETS).contains(octets) && octets % 4 == 0)
        .ok_or_else(|| Stop::damaged(format!("a block of {claimed} octets")))
}
