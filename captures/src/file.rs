//! Capture files: pcap and pcapng.

use std::io::{self, Write};

use crate::capture::{Capture, Packet};
use crate::frame::LinkType;
use crate::octets::{count16, count32};

/// Which octet of a number comes first in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The lowest.
    #[default]
    Little,
    /// The highest.
    Big,
}

/// What a second of a pcap file is divided into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Microseconds; what is finer is cut off.
    #[default]
    Micro,
    /// Nanoseconds.
    Nano,
}

/// How a pcap file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pcap {
    /// Order of octets.
    pub order: Order,
    /// Precision of times, which end in the year 2106.
    pub precision: Precision,
    /// Octets kept of each packet, at most; 0 for all.
    pub snap_octets: u32,
}

impl Default for Pcap {
    fn default() -> Self {
        Self { order: Order::Little, precision: Precision::Micro, snap_octets: 262_144 }
    }
}

/// Writes a pcap file, unbuffered.
///
/// # Errors
///
/// Those of `out`.
pub fn write_pcap(format: &Pcap, capture: &Capture, out: &mut impl Write) -> io::Result<()> {
    format.write_header(capture.link, out)?;
    capture.packets.iter().try_for_each(|packet| format.write_packet(packet, out))
}

impl Pcap {
    /// Writes what comes before the packets: for those who do not have all of them at once.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_header(&self, link: LinkType, out: &mut impl Write) -> io::Result<()> {
        let order = self.order;
        let magic = match self.precision {
            Precision::Micro => 0xa1b2_c3d4,
            Precision::Nano => 0xa1b2_3c4d,
        };
        let mut head = order.u32(magic).to_vec();
        head.extend(order.u16(2));
        head.extend(order.u16(4));
        for word in [0, 0, self.snap_octets, u32::from(link.0)] {
            head.extend(order.u32(word));
        }
        out.write_all(&head)
    }

    /// Writes the next packet.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_packet(&self, packet: &Packet, out: &mut impl Write) -> io::Result<()> {
        let order = self.order;
        let kept = kept(packet, self.snap_octets);
        let seconds = u32::try_from(packet.time_ns / 1_000_000_000).unwrap_or(u32::MAX);
        let rest_ns = u32::try_from(packet.time_ns % 1_000_000_000).unwrap_or(u32::MAX);
        let ticks = match self.precision {
            Precision::Micro => rest_ns / 1_000,
            Precision::Nano => rest_ns,
        };
        for word in [seconds, ticks, count32(kept.len()), packet.wire_octets] {
            out.write_all(&order.u32(word))?;
        }
        out.write_all(kept)
    }
}

/// The octets of a pcap file.
#[must_use]
pub fn pcap(format: &Pcap, capture: &Capture) -> Vec<u8> {
    in_memory(|out| write_pcap(format, capture, out))
}

/// What a tick of a pcapng interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// A second divided by 10 to this power, of which 19 is the largest.
    Decimal(u8),
    /// A second divided by 2 to this power, of which 63 is the largest.
    Binary(u8),
}

/// An interface of a pcapng file, with its packets.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    /// Its packets and link type.
    pub capture: &'a Capture,
    /// Its name; none if empty.
    pub name: &'a str,
    /// Resolution of its times; without it they are microseconds, and the file does not say so.
    pub resolution: Option<Resolution>,
    /// Seconds since 1970 UTC at which its times begin; packets from before are written as at its beginning.
    pub offset_s: u32,
    /// Octets kept of each packet, at most; 0 for all.
    pub snap_octets: u32,
    /// Packets it says it dropped, in statistics at the end of the file.
    pub dropped: Option<u64>,
}

impl<'a> Interface<'a> {
    /// An interface that says nothing about itself.
    #[must_use]
    pub fn new(capture: &'a Capture) -> Self {
        Self { capture, name: "", resolution: None, offset_s: 0, snap_octets: 0, dropped: None }
    }

    /// Nanoseconds since 1970 UTC as its ticks, rounded down.
    fn ticks(&self, time_ns: u64) -> u64 {
        let offset_ns = u64::from(self.offset_s).saturating_mul(1_000_000_000);
        let ns = u128::from(time_ns.saturating_sub(offset_ns));
        let a_second = match self.resolution.unwrap_or(Resolution::Decimal(6)) {
            Resolution::Decimal(power) => 10_u128.saturating_pow(u32::from(power.min(19))),
            Resolution::Binary(power) => 2_u128.saturating_pow(u32::from(power.min(63))),
        };
        u64::try_from(ns.saturating_mul(a_second) / 1_000_000_000).unwrap_or(u64::MAX)
    }
}

/// Writes a pcapng file of one section, unbuffered: packets of all interfaces by time.
///
/// Two such files one after the other are a file of two sections.
///
/// # Errors
///
/// Those of `out`.
pub fn write_pcapng(
    order: Order,
    interfaces: &[Interface<'_>],
    out: &mut impl Write,
) -> io::Result<()> {
    out.write_all(&section(order))?;
    for interface in interfaces {
        out.write_all(&block(order, 1, &[&description(order, interface)]))?;
    }
    let mut packets: Vec<(&Packet, u32, &Interface<'_>)> = (0..)
        .zip(interfaces)
        .flat_map(|(id, it)| it.capture.packets.iter().map(move |packet| (packet, id, it)))
        .collect();
    packets.sort_by_key(|(packet, ..)| packet.time_ns);
    for (packet, id, interface) in packets {
        let kept = kept(packet, interface.snap_octets);
        out.write_all(&enhanced(order, id, interface.ticks(packet.time_ns), kept, packet))?;
    }
    for (id, interface) in (0..).zip(interfaces) {
        if let Some(dropped) = interface.dropped {
            let last_ns = interface.capture.packets.last().map_or(0, |packet| packet.time_ns);
            let (interface_id, time) = (order.u32(id), order.halves(interface.ticks(last_ns)));
            let options = [option(order, 5, &order.u64(dropped)), option(order, 0, &[])].concat();
            out.write_all(&block(order, 5, &[&interface_id, &time, &options]))?;
        }
    }
    Ok(())
}

/// Writes what comes before the packets of a pcapng file of one interface, for those who do not have all packets at
/// once. Its times are nanoseconds, its octets in little endian.
///
/// # Errors
///
/// Those of `out`.
pub fn write_pcapng_header(link: LinkType, out: &mut impl Write) -> io::Result<()> {
    let order = Order::Little;
    let none = Capture::new(link);
    let nanoseconds =
        Interface { resolution: Some(Resolution::Decimal(9)), ..Interface::new(&none) };
    out.write_all(&section(order))?;
    out.write_all(&block(order, 1, &[&description(order, &nanoseconds)]))
}

/// Writes the next packet of such a file.
///
/// # Errors
///
/// Those of `out`.
pub fn write_pcapng_packet(packet: &Packet, out: &mut impl Write) -> io::Result<()> {
    out.write_all(&enhanced(Order::Little, 0, packet.time_ns, &packet.octets, packet))
}

fn section(order: Order) -> Vec<u8> {
    let (magic, major, minor) = (order.u32(0x1a2b_3c4d), order.u16(1), order.u16(0));
    let section_octets_unsaid = order.u64(u64::MAX);
    block(order, 0x0a0d_0d0a, &[&magic, &major, &minor, &section_octets_unsaid])
}

fn enhanced(order: Order, interface: u32, ticks: u64, kept: &[u8], packet: &Packet) -> Vec<u8> {
    let (interface, time) = (order.u32(interface), order.halves(ticks));
    let (kept_octets, wire_octets) =
        (order.u32(count32(kept.len())), order.u32(packet.wire_octets));
    block(order, 6, &[&interface, &time, &kept_octets, &wire_octets, &padded(kept)])
}

/// The octets of a pcapng file.
#[must_use]
pub fn pcapng(order: Order, interfaces: &[Interface<'_>]) -> Vec<u8> {
    in_memory(|out| write_pcapng(order, interfaces, out))
}

fn description(order: Order, interface: &Interface<'_>) -> Vec<u8> {
    let mut body = order.u16(interface.capture.link.0).to_vec();
    body.extend(order.u16(0));
    body.extend(order.u32(interface.snap_octets));
    let mut options = Vec::new();
    if !interface.name.is_empty() {
        options.extend(option(order, 2, interface.name.as_bytes()));
    }
    if let Some(resolution) = interface.resolution {
        let code = match resolution {
            Resolution::Decimal(power) => power.min(19),
            Resolution::Binary(power) => power.min(63) | 0x80,
        };
        options.extend(option(order, 9, &[code]));
    }
    if interface.offset_s != 0 {
        options.extend(option(order, 14, &order.u64(u64::from(interface.offset_s))));
    }
    if !options.is_empty() {
        options.extend(option(order, 0, &[]));
    }
    body.extend(options);
    body
}

fn block(order: Order, kind: u32, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let length = order.u32(count32(body.len().saturating_add(12)));
    [order.u32(kind).as_slice(), &length, &body, &length].concat()
}

fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    [order.u16(code).as_slice(), &order.u16(count16(value.len())), &padded(value)].concat()
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

fn kept(packet: &Packet, snap_octets: u32) -> &[u8] {
    let most = if snap_octets == 0 {
        usize::MAX
    } else {
        usize::try_from(snap_octets).unwrap_or(usize::MAX)
    };
    packet.octets.get(..most).unwrap_or(&packet.octets)
}

fn in_memory(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<u8> {
    let mut octets = Vec::new();
    // Writing into memory gives no error.
    let _ = write(&mut octets);
    octets
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// A time of pcapng: the high half before the low, in either order.
    fn halves(self, ticks: u64) -> [u8; 8] {
        match self {
            Self::Little => ticks.rotate_left(32).to_le_bytes(),
            Self::Big => ticks.to_be_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        let mut capture = Capture::new(LinkType::RAW_IP);
        capture.push(1_700_000_000_123_456_789, vec![0x45, 1, 2, 3, 4]);
        capture
    }

    #[test]
    fn a_pcap_file_is_laid_out_to_the_octet() {
        let nano = Pcap { order: Order::Big, precision: Precision::Nano, snap_octets: 4 };
        #[rustfmt::skip]
        let expected = [
            0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 101,
            0x65, 0x53, 0xf1, 0x00, 0x07, 0x5b, 0xcd, 0x15, 0, 0, 0, 4, 0, 0, 0, 5, 0x45, 1, 2, 3,
        ];
        assert_eq!(pcap(&nano, &capture()), expected);
        let micro = pcap(&Pcap::default(), &capture());
        assert_eq!(micro[..4], [0xd4, 0xc3, 0xb2, 0xa1]);
        assert_eq!(micro[24..36], [0, 0xf1, 0x53, 0x65, 0x40, 0xe2, 1, 0, 5, 0, 0, 0]);
        assert_eq!(micro.len(), 24 + 16 + 5);
    }

    #[test]
    fn a_pcapng_file_is_laid_out_to_the_octet() {
        let capture = capture();
        let interface = Interface { name: "s", dropped: Some(3), ..Interface::new(&capture) };
        let time = Order::Little.halves(1_700_000_000_123_456);
        #[rustfmt::skip]
        let expected: &[&[u8]] = &[
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0], &[0xff; 8], &[28, 0, 0, 0],
            &[1, 0, 0, 0, 32, 0, 0, 0, 101, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, b's', 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0],
            &[6, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0], &time,
            &[5, 0, 0, 0, 5, 0, 0, 0, 0x45, 1, 2, 3, 4, 0, 0, 0, 40, 0, 0, 0],
            &[5, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0], &time,
            &[5, 0, 8, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0],
        ];
        assert_eq!(pcapng(Order::Little, &[interface]), expected.concat());
    }

    #[test]
    fn interfaces_tick_as_they_say() {
        let capture = capture();
        let one =
            |resolution, offset_s| Interface { resolution, offset_s, ..Interface::new(&capture) };
        let time_ns = 1_700_000_000_500_000_000;
        #[rustfmt::skip]
        let table = [
            (one(None, 0),                            1_700_000_000_500_000),
            (one(Some(Resolution::Decimal(9)), 0),    1_700_000_000_500_000_000),
            (one(Some(Resolution::Decimal(0)), 0),    1_700_000_000),
            (one(Some(Resolution::Binary(10)), 0),    1_700_000_000 * 1024 + 512),
            (one(Some(Resolution::Decimal(3)), 1_700_000_000), 500),
            (one(Some(Resolution::Decimal(3)), 1_700_000_001), 0),
            (one(Some(Resolution::Decimal(99)), 0),   u64::MAX),
        ];
        for (interface, ticks) in table {
            assert_eq!(interface.ticks(time_ns), ticks, "{interface:?}");
        }
        assert_eq!(Order::Little.halves(0x0001_0203_0405_0607), [3, 2, 1, 0, 7, 6, 5, 4]);
        assert_eq!(Order::Big.halves(0x0001_0203_0405_0607), [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
