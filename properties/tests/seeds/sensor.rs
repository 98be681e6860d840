//! Seeds of what the sensor does before it parses: packets, segments, capture files.

use gridtap_captures::capture::Capture;
use gridtap_captures::dnp3::{Station, request};
use gridtap_captures::file::{self, Interface, Order, Pcap, Precision};
use gridtap_captures::fragment::fragments;
use gridtap_captures::frame::{self, Endpoint, LinkType, ethernet, ip};
use gridtap_captures::modbus::{exchanges, mbap};
use gridtap_captures::redundancy::{LAN_A, hsr, prp};
use gridtap_captures::session::Session;
use gridtap_captures::tunnel::{Erspan3, Gre, erspan_2, geneve, mpls, pppoe, vxlan};

use crate::made::Seed;

/// A short Modbus session.
fn session() -> Capture {
    let mut session = Session::new(Endpoint::v4(5, 49_152), Endpoint::v4(9, 502));
    session.open(0);
    for (at, (request, response)) in (1..).zip(exchanges().into_iter().take(3)) {
        session.client_sends(at * 1_000_000, &mbap(7, 1, &request));
        session.server_sends(at * 1_000_000 + 500_000, &mbap(7, 1, &response));
    }
    session.close(9_000_000);
    session.into_capture()
}

/// Packets in a row, as `properties/src/decode.rs` reads them: the link type's place among those it knows, and packets
/// a millisecond apart.
fn packets<'a>(link: u8, packets: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut seed = vec![link];
    for packet in packets {
        let [low, high] = u16::try_from(packet.len()).unwrap().to_le_bytes();
        seed.extend([1, 0, low, high]);
        seed.extend(packet);
    }
    seed
}

pub(crate) fn decode() -> Vec<Seed> {
    let session = session();
    let frames: Vec<_> = session.packets.iter().map(|packet| packet.octets.as_slice()).collect();
    let inner = frames[3];
    let packet = &inner[14..];
    let (from, to) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let (outer, other) = ([10, 1, 0, 1].into(), [10, 1, 0, 2].into());
    let on_ethernet = |kind, packet: &[u8]| ethernet(from, to, &[], kind, packet);
    let gre = |kind, inner: &[u8]| {
        on_ethernet(0x0800, &ip(outer, other, 47, 1, &Gre::default().packet(kind, inner)))
    };
    let numbered = Gre { sequence: Some(1), ..Gre::default() };
    let mirror = |kind, inner: &[u8]| {
        on_ethernet(0x0800, &ip(outer, other, 47, 1, &numbered.packet(kind, inner)))
    };
    let udp = |port, inner: &[u8]| {
        let (from, to) = (Endpoint { port: 1, ..Endpoint::v4(5, 1) }, Endpoint::v4(9, port));
        on_ethernet(0x0800, &ip(outer, other, 17, 1, &frame::udp(&from, &to, inner)))
    };
    let mut master = Station::master(1, 10);
    let dnp3 = frame::udp(
        &Endpoint::v6(5, 20_000),
        &Endpoint::v6(9, 20_000),
        &master.frames(&request::integrity_poll(0)),
    );
    let over_v6 = ip(Endpoint::v6(5, 1).ip, Endpoint::v6(9, 1).ip, 17, 1, &dnp3);
    let parts = fragments(packet, 24, 7);
    let parts_v6 = fragments(&over_v6, 16, 7);
    let single =
        |name: &str, link, octets: &[u8]| ("decode", name.to_owned(), packets(link, [octets]));
    vec![
        ("decode", "session".to_owned(), packets(0, frames.iter().copied())),
        ("decode", "twins".to_owned(), packets(0, [inner, inner, frames[4]])),
        ("decode", "fragments".to_owned(), packets(3, parts.iter().map(Vec::as_slice))),
        ("decode", "fragments-v6".to_owned(), packets(3, parts_v6.iter().rev().map(Vec::as_slice))),
        (
            "decode",
            "hsr".to_owned(),
            packets(0, [hsr(1, 1, inner), hsr(2, 1, inner)].iter().map(Vec::as_slice)),
        ),
        single("prp", 0, &prp(LAN_A, 1, inner)),
        single("raw", 3, packet),
        single("vlan", 0, &ethernet(from, to, &[7, 8], 0x0800, packet)),
        single("mpls", 0, &on_ethernet(0x8847, &mpls(&[1, 2], packet))),
        single("pppoe", 0, &on_ethernet(0x8864, &pppoe(1, 0x21, packet))),
        single("gre", 0, &gre(0x0800, packet)),
        single("gre-ethernet", 0, &gre(0x6558, inner)),
        single("erspan-1", 0, &gre(0x88be, inner)),
        single("erspan-2", 0, &mirror(0x88be, &erspan_2(1, 1, inner))),
        single("erspan-3", 0, &mirror(0x22eb, &Erspan3::default().packet(inner))),
        single("vxlan", 0, &udp(4_789, &vxlan(1, inner))),
        single("geneve", 0, &udp(6_081, &geneve(1, 0x6558, &[0; 4], inner))),
        single("ip-in-ip", 0, &on_ethernet(0x0800, &ip(outer, other, 4, 1, packet))),
        single("6in4", 0, &on_ethernet(0x0800, &ip(outer, other, 41, 1, &over_v6))),
    ]
}

/// Segments as `properties/src/reassembly.rs` reads them.
pub(crate) fn reassembly() -> Vec<Seed> {
    const SYN: u8 = 2;
    const FIN: u8 = 4;
    const ACK: u8 = 16;
    const TICK: u8 = 64;
    let segment = |switches: u8, place: u16, octets: u8, ms: u8| {
        let [low, high] = place.to_le_bytes();
        [switches, 0, low, high, 0, octets, ms, 0]
    };
    let open = [segment(SYN, 0, 0, 0), segment(SYN | ACK | 1, 0, 0, 1)];
    let seed = |name: &str, first: u32, segments: &[[u8; 8]]| {
        let octets =
            [&first.to_le_bytes()[..], open.as_flattened(), segments.as_flattened()].concat();
        ("reassembly", name.to_owned(), octets)
    };
    let in_order = [
        segment(ACK, 0, 12, 1),
        segment(ACK | 1, 0, 40, 1),
        segment(ACK, 12, 12, 1),
        segment(FIN | ACK, 24, 0, 1),
        segment(FIN | ACK | 1, 40, 0, 1),
    ];
    let mut reversed = in_order;
    reversed[..3].reverse();
    vec![
        seed("in-order", 1, &in_order),
        seed("wrapping", u32::MAX - 20, &in_order),
        seed("reversed", 1, &reversed),
        seed("again", 1, &[in_order[0], in_order[0], segment(ACK, 6, 20, 1), in_order[2]]),
        seed("gap", 1, &[in_order[0], segment(ACK, 300, 50, 1), segment(ACK | TICK, 350, 50, 255)]),
        seed("far", 1, &[in_order[0], segment(ACK, 60_000, 50, 1), segment(ACK, 60_050, 50, 1)]),
    ]
}

/// Capture files, each behind the octet that says how long the part is.
pub(crate) fn capture_file() -> Vec<Seed> {
    let capture = session().from_packet(8);
    let other = Capture { link: LinkType::RAW_IP, packets: capture.packets.clone() };
    let pcap =
        |order, precision| file::pcap(&Pcap { order, precision, ..Pcap::default() }, &capture);
    let interfaces = [
        Interface { name: "span0", dropped: Some(7), ..Interface::new(&capture) },
        Interface { snap_octets: 40, ..Interface::new(&other) },
    ];
    [
        ("pcap", pcap(Order::Little, Precision::Micro)),
        ("pcap-big-nano", pcap(Order::Big, Precision::Nano)),
        ("pcapng", file::pcapng(Order::Little, &interfaces)),
        ("pcapng-big", file::pcapng(Order::Big, &interfaces[..1])),
    ]
    .map(|(name, octets)| ("capture_file", name.to_owned(), [&[0x90], octets.as_slice()].concat()))
    .into()
}
