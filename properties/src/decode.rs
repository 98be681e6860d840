//! Decode, with decapsulation: packets in, segments out.

use gridtap::decode::{Counters, Decoder, Segment};
use gridtap::limits::Limits;
use gridtap::source::{LinkType, Packet};
use gridtap_captures::frame;
use gridtap_captures::tunnel::{Gre, geneve, vxlan};

use crate::memory;

/// Link types by their numbers, the last of which nobody reads.
const LINKS: [u16; 10] = [1, 0, 12, 101, 108, 113, 228, 229, 276, 7];

/// What a decoder takes whatever its packets: the tables of what it keeps to compare later ones with.
const TABLES_OCTETS: usize = 512 * 1_024;

/// Packets in a row. The first octet chooses the link type; before each packet stand four octets: the milliseconds since
/// the last one, the octets that the capture cut off it, and how many it has left, low octet first.
pub fn decode(data: &[u8]) {
    let Some((link, mut left)) = data.split_first() else { return };
    let link =
        LINKS.get(usize::from(*link) % LINKS.len()).map_or(LinkType(1), |link| LinkType(*link));
    let (mut time_ns, mut number) = (1_000_000_000_000, 0);
    let counters = memory::bounded(TABLES_OCTETS, data.len(), || {
        let mut decoder = Decoder::new(&Limits::default());
        while let Some(([ms, cut, low, high], rest)) = left.split_first_chunk() {
            let octets = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
            let (octets, rest) = rest.split_at(octets);
            left = rest;
            number += 1;
            time_ns += u64::from(*ms) * 1_000_000;
            let wire_octets = u32::try_from(octets.len() + usize::from(*cut)).unwrap_or(u32::MAX);
            let packet =
                Packet { sequence: number, capture: 0, number, time_ns, link, wire_octets, octets };
            let joined = decoder.counters().reassembled;
            let segment = decoder.decode(&packet);
            let segment = segment.map(|segment| (check(&segment, &packet), segment.cut));
            if let Some((inside, cut_off)) = segment {
                let fragments = decoder.counters().reassembled > joined;
                assert!(inside || fragments, "payload from elsewhere than packet {number}");
                assert!(fragments || cut_off <= u32::from(*cut), "{cut_off} of {cut} cut off");
            }
        }
        decoder.into_counters()
    });
    assert_eq!(counters.packets, number);
    assert_eq!(fates(&counters), number, "each packet has one fate: {counters:?}");
    if let Some(([_, _, _, _], octets)) = data.get(1..).and_then(<[u8]>::split_first_chunk) {
        carried(octets);
    }
}

/// Asserts what holds for a segment by itself, and tells whether its payload lies in its packet.
fn check(segment: &Segment<'_>, packet: &Packet<'_>) -> bool {
    assert_eq!((segment.at.sequence, segment.at.time_ns), (packet.sequence, packet.time_ns));
    let (part, whole) = (segment.payload.as_ptr_range(), packet.octets.as_ptr_range());
    segment.payload.is_empty() || whole.start <= part.start && part.end <= whole.end
}

/// How many packets were counted, by what became of them.
fn fates(counters: &Counters) -> u64 {
    let Counters { unknown_link, not_ip, fragments, other_transport, .. } = counters;
    let Counters { malformed, cut_headers, twins, redundant, tcp, udp, .. } = counters;
    [unknown_link, not_ip, fragments, other_transport, malformed, cut_headers]
        .into_iter()
        .chain([twins, redundant, tcp, udp])
        .sum()
}

/// A frame that holds a segment holds the same one wherever it is carried.
fn carried(octets: &[u8]) {
    let Some((plain, tunnelled)) = only(octets) else { return };
    if tunnelled || octets.len() > 1_400 {
        return;
    }
    let (outer, from, to) = ([10, 9, 9, 9], [2, 9, 9, 9, 9, 1], [2, 9, 9, 9, 9, 2]);
    let ip = |protocol, payload: &[u8]| {
        let packet = frame::ip(outer.into(), [10, 9, 9, 8].into(), protocol, 1, payload);
        frame::ethernet(from, to, &[], 0x0800, &packet)
    };
    let udp = |port: u16, payload: &[u8]| {
        let [high, low] = port.to_be_bytes();
        let [l0, l1] = u16::try_from(payload.len() + 8).unwrap_or(u16::MAX).to_be_bytes();
        ip(17, &[&[200, 1, high, low, l0, l1, 0, 0], payload].concat())
    };
    let carriers = [
        ("VXLAN", udp(4_789, &vxlan(7, octets))),
        ("Geneve", udp(6_081, &geneve(7, 0x6558, &[], octets))),
        ("GRE", ip(47, &Gre::default().packet(0x6558, octets))),
    ];
    for (name, carrier) in carriers {
        let inner = only(&carrier);
        assert_eq!(inner, Some((plain.clone(), true)), "in {name}");
    }
}

/// What tells a segment from others: ends, transport, payload; and whether it came out of a tunnel.
type Told = (String, bool);

/// The segment in the one Ethernet frame that `octets` are.
fn only(octets: &[u8]) -> Option<Told> {
    let mut decoder = Decoder::new(&Limits::default());
    let wire_octets = u32::try_from(octets.len()).unwrap_or(u32::MAX);
    let link = LinkType(1);
    let packet =
        Packet { sequence: 1, capture: 0, number: 1, time_ns: 0, link, wire_octets, octets };
    let told = decoder.decode(&packet).map(|segment| {
        let Segment { source, destination, transport, payload, vlan, source_mac, .. } = segment;
        format!("{source} {destination} {transport:?} {payload:?} {vlan:?} {source_mac:?}")
    })?;
    let counters = decoder.into_counters();
    // A tunnel that could not be read may be one more, and readable, from outside.
    Some((told, counters.tunnelled + counters.bad_tunnels + counters.deep_tunnels > 0))
}
