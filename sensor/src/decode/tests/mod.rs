//! Frames decoded: made by hand, or by the encoders of `gridtap-captures`, which know no decoder.

#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod fragments;
mod plain;
mod property;
mod tunnels;
mod twins;

use gridtap_captures::frame::{Endpoint, Tcp, ethernet as frame, ip};

use super::{Counters, Decoder, Segment, ends};
use crate::source::{LinkType, Packet};

const ETHERNET: u16 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const DESTINATION_MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];
const SOURCE_MAC: [u8; 6] = [2, 0, 0, 0, 0, 5];

fn tcp(payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x9c, 0x40, 0x01, 0xf6]; // ports 40000 and 502
    octets.extend([1, 2, 3, 4]); // sequence number
    octets.extend([5, 6, 7, 8]); // acknowledgement number
    octets.extend([0x60, 0x18, 0x20, 0x00]); // 24 octets of header; ACK, PSH; window
    octets.extend([0xbe, 0xef, 0, 0]); // a wrong checksum; urgent pointer
    octets.extend([1, 1, 1, 1]); // options
    octets.extend(payload);
    octets
}

fn udp(length: u16, payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x9c, 0x40, 0x4e, 0x20]; // ports 40000 and 20000
    octets.extend(length.to_be_bytes());
    octets.extend([0, 0]);
    octets.extend(payload);
    octets
}

fn ipv4_with(length: u16, fragment: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x45, 0];
    octets.extend(length.to_be_bytes());
    octets.extend([0, 1]);
    octets.extend(fragment.to_be_bytes());
    octets.extend([64, protocol, 0xbe, 0xef]);
    octets.extend([10, 0, 0, 5, 10, 0, 0, 9]);
    octets.extend(payload);
    octets
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(u16::try_from(20 + payload.len()).unwrap(), 0, protocol, payload)
}

fn ipv6_with(length: u16, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x60, 0, 0, 0];
    octets.extend(length.to_be_bytes());
    octets.extend([next, 64]);
    octets.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
    octets.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    octets.extend(payload);
    octets
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    ipv6_with(u16::try_from(payload.len()).unwrap(), next, payload)
}

fn ethernet(tags: &[[u8; 4]], kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut octets = [DESTINATION_MAC, SOURCE_MAC].concat();
    octets.extend(tags.iter().flatten());
    octets.extend(kind.to_be_bytes());
    octets.extend(payload);
    octets
}

fn behind(header: &[u8], payload: &[u8]) -> Vec<u8> {
    [header, payload].concat()
}

fn packet(link: u16, wire_octets: usize, octets: &[u8]) -> Packet<'_> {
    let wire_octets = u32::try_from(wire_octets).unwrap();
    let link = LinkType(link);
    Packet { sequence: 7, capture: 1, number: 6, time_ns: 5, link, wire_octets, octets }
}

/// Decodes a packet, hands the segment to `check`, and returns the counters. Its ends alone are those
/// of the segment.
fn decode(packet: &Packet<'_>, check: impl FnOnce(Option<Segment<'_>>)) -> Counters {
    let mut decoder = Decoder::default();
    let segment = decoder.decode(packet);
    if let Some(segment) = &segment {
        assert_eq!(ends(packet), Some((segment.source.ip(), segment.destination.ip())));
    }
    check(segment);
    *decoder.counters()
}

fn whole(link: u16, octets: &[u8], check: impl FnOnce(Option<Segment<'_>>)) -> Counters {
    decode(&packet(link, octets.len(), octets), check)
}

/// Packets by what became of them: each must count once.
fn fates(counters: &Counters) -> u64 {
    let Counters { unknown_link, not_ip, fragments, other_transport, .. } = counters;
    let Counters { malformed, cut_headers, twins, redundant, tcp, udp, .. } = counters;
    [unknown_link, not_ip, fragments, other_transport, malformed, cut_headers]
        .into_iter()
        .chain([twins, redundant, tcp, udp])
        .sum()
}

/// An IP packet with `payload` in a TCP segment, from host 5 to host 9.
fn segment_with(payload: &[u8]) -> Vec<u8> {
    segment_between(&Endpoint::v4(5, 40000), &Endpoint::v4(9, 502), 1, payload)
}

fn segment_between(from: &Endpoint, to: &Endpoint, id: u16, payload: &[u8]) -> Vec<u8> {
    let header = Tcp {
        from_port: from.port,
        to_port: to.port,
        sequence: 1,
        acknowledgement: 2,
        flags: Tcp::ACK | Tcp::PSH,
        window: 0x2000,
        largest_segment: None,
    };
    let segment = header.segment(from.ip, to.ip, payload);
    ip(from.ip, to.ip, gridtap_captures::frame::TCP, id, &segment)
}

/// An Ethernet frame from host 5 to host 9 around an IPv4 packet.
fn framed(packet: &[u8]) -> Vec<u8> {
    frame(SOURCE_MAC, DESTINATION_MAC, &[], 0x0800, packet)
}

/// Decodes packets of one link type, and returns for each whether a segment was found.
fn run<'a>(
    decoder: &mut Decoder,
    link: u16,
    packets: impl IntoIterator<Item = (u64, &'a Vec<u8>)>,
) -> Vec<bool> {
    let one = |(time_ns, octets): (u64, &'a Vec<u8>)| {
        decoder.decode(&Packet { time_ns, ..packet(link, octets.len(), octets) }).is_some()
    };
    packets.into_iter().map(one).collect()
}
