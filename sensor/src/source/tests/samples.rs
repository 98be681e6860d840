//! Small writers of captures, from the formats' descriptions and not from the readers.

use std::io::Write;

use crate::source::format::Order;

pub(super) const ORDERS: [Order; 2] = [Order::Little, Order::Big];
pub(super) const ETHERNET: u16 = 1;
pub(super) const RAW_IP: u16 = 101;

/// What pcap calls its fractions of a second: its magic number, and how many are a second.
pub(super) const MICRO: u32 = 0xa1b2_c3d4;
pub(super) const NANO: u32 = 0xa1b2_3c4d;
pub(super) const KUZNETZOV: u32 = 0xa1b2_cd34;

pub(super) fn u16s(order: Order, numbers: &[u16]) -> Vec<u8> {
    let octets = |number: &u16| match order {
        Order::Little => number.to_le_bytes(),
        Order::Big => number.to_be_bytes(),
    };
    numbers.iter().flat_map(octets).collect()
}

pub(super) fn u32s(order: Order, numbers: &[u32]) -> Vec<u8> {
    let octets = |number: &u32| match order {
        Order::Little => number.to_le_bytes(),
        Order::Big => number.to_be_bytes(),
    };
    numbers.iter().flat_map(octets).collect()
}

/// The head of a pcap file.
pub(super) fn pcap_head(order: Order, magic: u32, link: u32) -> Vec<u8> {
    [
        u32s(order, &[magic]),
        u16s(order, &[2, 4]),         // version
        u32s(order, &[0, 0, 65_535]), // zone, accuracy, snap length
        u32s(order, &[link]),
    ]
    .concat()
}

/// A packet of a pcap file: seconds, fraction, octets on the wire, octets.
pub(super) fn pcap_packet(order: Order, at: (u32, u32), wire: u32, octets: &[u8]) -> Vec<u8> {
    let kept = u32::try_from(octets.len()).unwrap();
    [u32s(order, &[at.0, at.1, kept, wire]), octets.to_vec()].concat()
}

/// A pcap file of Ethernet packets at whole seconds.
pub(super) fn pcap(packets: &[(u32, &[u8])]) -> Vec<u8> {
    let mut file = pcap_head(Order::Little, MICRO, ETHERNET.into());
    for (second, octets) in packets {
        let wire = u32::try_from(octets.len()).unwrap();
        file.extend(pcap_packet(Order::Little, (*second, 0), wire, octets));
    }
    file
}

/// A block of a pcapng file.
pub(super) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = body.len().next_multiple_of(4) - body.len();
    let octets = u32::try_from(body.len() + padding + 12).unwrap();
    let length = u32s(order, &[octets]);
    [&u32s(order, &[kind]), &length, body, &vec![0; padding], &length].concat()
}

/// The start of a section.
pub(super) fn section(order: Order) -> Vec<u8> {
    let body = [
        u32s(order, &[0x1a2b_3c4d]),
        u16s(order, &[1, 0]),        // version
        u32s(order, &[u32::MAX; 2]), // length not told
        option(order, 4, b"by hand"),
        option(order, 0, b""),
    ];
    block(order, 0x0a0d_0d0a, &body.concat())
}

/// An option of a block.
pub(super) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let padding = value.len().next_multiple_of(4) - value.len();
    let length = u16::try_from(value.len()).unwrap();
    [&u16s(order, &[code, length]), value, &vec![0; padding]].concat()
}

/// An interface: link type, snap length, options.
pub(super) fn interface(order: Order, link: u16, snap: u32, options: &[u8]) -> Vec<u8> {
    let body = [&u16s(order, &[link, 0]), &u32s(order, &[snap]), options].concat();
    block(order, 1, &body)
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut padded = octets.to_vec();
    padded.resize(octets.len().next_multiple_of(4), 0);
    padded
}

fn halves(number: u64) -> [u32; 2] {
    Order::Big.words(&number.to_be_bytes())
}

/// An enhanced packet block: interface, units of its clock, octets on the wire, octets, options.
pub(super) fn enhanced(
    order: Order,
    interface: u32,
    units: u64,
    wire: u32,
    octets: &[u8],
    options: &[u8],
) -> Vec<u8> {
    let kept = u32::try_from(octets.len()).unwrap();
    let [high, low] = halves(units);
    let head = u32s(order, &[interface, high, low, kept, wire]);
    block(order, 6, &[&head, &padded(octets), options].concat())
}

/// An obsolete packet block.
pub(super) fn obsolete(order: Order, interface: u16, units: u64, octets: &[u8]) -> Vec<u8> {
    let kept = u32::try_from(octets.len()).unwrap();
    let ([high, low], drops) = (halves(units), 7);
    let head = [u16s(order, &[interface, drops]), u32s(order, &[high, low, kept, kept])].concat();
    block(order, 2, &[head, padded(octets)].concat())
}

/// A simple packet block: octets on the wire, octets.
pub(super) fn simple(order: Order, wire: u32, octets: &[u8]) -> Vec<u8> {
    block(order, 3, &[u32s(order, &[wire]), padded(octets)].concat())
}

/// A pcapng file with one interface and three packets, one of each kind of block.
pub(super) fn pcapng(order: Order) -> Vec<u8> {
    [
        section(order),
        interface(order, ETHERNET, 0, &[]),
        enhanced(order, 0, 1_000_000, 5, b"first", &[]),
        block(order, 0x0bad_cafe, b"who knows"),
        obsolete(order, 0, 2_000_000, b"second"),
        simple(order, 5, b"third"),
    ]
    .concat()
}

pub(super) fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstandard(octets: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 0).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}
