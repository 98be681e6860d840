//! Links, tags, IP, TCP and UDP, and what the capture cut.

use super::*;
use crate::decode::Transport;

#[test]
fn every_link_type_leads_to_the_segment() {
    let v4 = ipv4(TCP, &tcp(b"octets"));
    let v6 = ipv6(TCP, &tcp(b"octets"));
    let cooked = |kind: u8| [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0, kind, 0];
    let cooked_v6 = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0, 0x86, 0xdd];
    let cooked_2 = [8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0];
    let table: &[(&str, u16, Vec<u8>)] = &[
        ("Ethernet, IPv4", 1, ethernet(&[], 0x0800, &v4)),
        ("Ethernet, IPv6", 1, ethernet(&[], 0x86dd, &v6)),
        ("Linux cooked, IPv4", 113, behind(&cooked(8), &v4)),
        ("Linux cooked, IPv6", 113, behind(&cooked_v6, &v6)),
        ("Linux cooked, second version", 276, behind(&cooked_2, &v4)),
        ("raw", 101, v4.clone()),
        ("raw, IPv6", 101, v6.clone()),
        ("raw as one BSD numbers it", 12, v4.clone()),
        ("raw as another does", 14, v4.clone()),
        ("IPv4 alone", 228, v4.clone()),
        ("IPv6 alone", 229, v6.clone()),
        ("NULL, little-endian", 0, behind(&[2, 0, 0, 0], &v4)),
        ("NULL, big-endian", 0, behind(&[0, 0, 0, 2], &v4)),
        ("NULL, Linux IPv6", 0, behind(&[10, 0, 0, 0], &v6)),
        ("NULL, NetBSD IPv6", 0, behind(&[24, 0, 0, 0], &v6)),
        ("NULL, FreeBSD IPv6", 0, behind(&[28, 0, 0, 0], &v6)),
        ("NULL, Darwin IPv6", 0, behind(&[30, 0, 0, 0], &v6)),
        ("LOOP", 108, behind(&[0, 0, 0, 2], &v4)),
    ];
    for (name, link, octets) in table {
        let counters = whole(*link, octets, |segment| {
            let segment = segment.expect(name);
            assert_eq!(segment.payload, b"octets", "{name}");
            assert_eq!((segment.source.port(), segment.destination.port()), (40000, 502), "{name}");
            assert_eq!(segment.cut, 0, "{name}");
            let mac = matches!(link, 1 | 113 | 276).then_some(SOURCE_MAC);
            assert_eq!(segment.source_mac, mac, "{name}");
        });
        assert_eq!((counters.tcp, fates(&counters)), (1, 1), "{name}");
        assert_eq!(counters.octets, u64::try_from(octets.len()).unwrap(), "{name}");
    }
}

#[test]
fn a_segment_carries_what_its_headers_say() {
    let frame = ethernet(&[[0x81, 0, 0x60, 42]], 0x0800, &ipv4(TCP, &tcp(b"x")));
    whole(ETHERNET, &frame, |segment| {
        let segment = segment.unwrap();
        assert_eq!(segment.source, "10.0.0.5:40000".parse().unwrap());
        assert_eq!(segment.destination, "10.0.0.9:502".parse().unwrap());
        assert_eq!(segment.destination_mac, Some(DESTINATION_MAC));
        assert_eq!(segment.vlan, Some(42));
        let (sequence, acknowledgement) = (0x0102_0304, Some(0x0506_0708));
        let (syn, fin, rst, window) = (false, false, false, 0x2000);
        let expected = Transport::Tcp { sequence, acknowledgement, syn, fin, rst, window };
        assert_eq!(segment.transport, expected);
        assert_eq!((segment.at.sequence, segment.at.time_ns), (7, 5));
        assert_eq!((segment.at.packet.capture, segment.at.packet.number), (1, 6));
    });
}

#[test]
fn up_to_eight_tags_are_taken_off_and_the_outermost_vlan_is_told() {
    // Tags, and the VLAN if the frame is read.
    type Row<'a> = (&'a [[u8; 4]], Option<Option<u16>>);
    let (priority, outer, inner) =
        ([0x81, 0, 0xe0, 0], [0x88, 0xa8, 0, 100], [0x91, 0, 0x0f, 0xff]);
    let table: &[Row<'_>] = &[
        (&[], Some(None)),
        (&[priority], Some(None)),
        (&[outer, inner], Some(Some(100))),
        (&[priority, inner], Some(Some(0xfff))),
        (&[outer, inner, inner], Some(Some(100))),
        (&[priority, priority, priority, priority, outer, inner, inner, inner], Some(Some(100))),
        (&[outer; 9], None),
    ];
    for (tags, expected) in table {
        let frame = ethernet(tags, 0x0800, &ipv4(TCP, &tcp(b"x")));
        let counters = whole(ETHERNET, &frame, |segment| {
            assert_eq!(segment.map(|segment| segment.vlan), *expected, "{tags:?}");
        });
        assert_eq!(counters.not_ip, u64::from(expected.is_none()), "{tags:?}");
    }
}

#[test]
fn padding_behind_the_ip_packet_is_not_payload() {
    let mut frame = ethernet(&[], 0x0800, &ipv4(TCP, &tcp(b"x")));
    frame.extend([0; 11]);
    whole(ETHERNET, &frame, |segment| assert_eq!(segment.unwrap().payload, b"x"));
    let mut frame = ethernet(&[], 0x86dd, &ipv6(UDP, &udp(9, b"x")));
    frame.extend([0; 11]);
    whole(ETHERNET, &frame, |segment| assert_eq!(segment.unwrap().payload, b"x"));
}

#[test]
fn a_packet_without_an_ip_length_reaches_to_the_end_of_the_frame() {
    let v4 = ethernet(&[], 0x0800, &ipv4_with(0, 0, TCP, &tcp(b"offloaded")));
    let v6 = ethernet(&[], 0x86dd, &ipv6_with(0, TCP, &tcp(b"offloaded")));
    for frame in [v4, v6] {
        whole(ETHERNET, &frame, |segment| assert_eq!(segment.unwrap().payload, b"offloaded"));
        decode(&packet(ETHERNET, frame.len() + 1000, &frame), |segment| {
            let segment = segment.unwrap();
            assert_eq!((segment.payload, segment.cut), (b"offloaded".as_slice(), 1000));
        });
    }
}

#[test]
fn a_frame_cut_anywhere_gives_what_is_there_and_counts_what_is_not() {
    let payload = b"all the octets there are";
    let length = u16::try_from(8 + payload.len()).unwrap();
    let table: [(&str, usize, Vec<u8>); 4] = [
        ("TCP, IPv4", 14 + 20 + 24, ethernet(&[], 0x0800, &ipv4(TCP, &tcp(payload)))),
        ("TCP, IPv6", 14 + 40 + 24, ethernet(&[], 0x86dd, &ipv6(TCP, &tcp(payload)))),
        ("UDP, IPv4", 14 + 20 + 8, ethernet(&[], 0x0800, &ipv4(UDP, &udp(length, payload)))),
        ("UDP, IPv6", 14 + 40 + 8, ethernet(&[], 0x86dd, &ipv6(UDP, &udp(length, payload)))),
    ];
    for (name, headers, frame) in &table {
        for kept in 0..frame.len() {
            let counters = decode(&packet(ETHERNET, frame.len(), &frame[..kept]), |segment| {
                assert_eq!(segment.is_some(), kept >= *headers, "{name} cut to {kept}");
                let Some(segment) = segment else { return };
                assert_eq!(segment.payload, &payload[..kept - headers], "{name} cut to {kept}");
                let missing = u32::try_from(frame.len() - kept).unwrap();
                assert_eq!(segment.cut, missing, "{name} cut to {kept}");
            });
            let cut = u64::from(kept >= *headers);
            assert_eq!((counters.cut, counters.cut_headers), (cut, 1 - cut), "{name}, {kept}");
            assert_eq!(fates(&counters), 1, "{name} cut to {kept}");
        }
    }
}

#[test]
fn octets_that_headers_claim_beyond_the_wire_are_not_taken_for_cut() {
    let table = [
        ("IPv4", ethernet(&[], 0x0800, &ipv4_with(60_000, 0, TCP, &tcp(b"xyz"))), 1),
        ("IPv6", ethernet(&[], 0x86dd, &ipv6_with(60_000, TCP, &tcp(b"xyz"))), 1),
        ("UDP", ethernet(&[], 0x0800, &ipv4(UDP, &udp(60_000, b"xyz"))), 1),
        ("UDP without a length", ethernet(&[], 0x0800, &ipv4(UDP, &udp(0, b"xyz"))), 0),
        ("UDP with a length for less", ethernet(&[], 0x0800, &ipv4(UDP, &udp(11, b"xyz?"))), 0),
    ];
    for (name, frame, truncated) in table {
        let counters = whole(ETHERNET, &frame, |segment| {
            let segment = segment.expect(name);
            assert_eq!((segment.payload, segment.cut), (b"xyz".as_slice(), 0), "{name}");
        });
        assert_eq!((counters.truncated, counters.cut), (truncated, 0), "{name}");
    }
}

#[test]
fn what_holds_no_segment_is_counted_by_its_reason() {
    // Name, link type, packet, and the counter that it belongs to.
    type Row<'a> = (&'a str, u16, Vec<u8>, fn(&Counters) -> u64);
    let datagram = udp(16, b"an octet");
    let fragment_header = |place: u16| {
        let [high, low] = place.to_be_bytes();
        behind(&[UDP, 0, high, low, 0, 0, 0, 1], &datagram)
    };
    let options = behind(&[UDP, 0, 1, 4, 0, 0, 0, 0], &datagram);
    let mut short_header = ipv4(TCP, &tcp(b""));
    short_header[0] = 0x44;
    let mut short_offset = tcp(b"");
    short_offset[12] = 0x40;
    let table: &[Row<'_>] = &[
        ("first fragment", 101, ipv4_with(36, 0x2000, UDP, &datagram), |c| c.fragments),
        ("last fragment", 101, ipv4_with(36, 185, UDP, &datagram), |c| c.fragments),
        ("not to be fragmented", 101, ipv4_with(36, 0x4000, UDP, &datagram), |c| c.udp),
        ("first IPv6 fragment", 101, ipv6(44, &fragment_header(1)), |c| c.fragments),
        ("last IPv6 fragment", 101, ipv6(44, &fragment_header(0x100)), |c| c.fragments),
        ("IPv6 fragment of one", 101, ipv6(44, &fragment_header(0)), |c| c.udp),
        ("IPv6 hop-by-hop options", 101, ipv6(0, &options), |c| c.udp),
        ("IPv6 destination options", 101, ipv6(60, &options), |c| c.udp),
        ("ICMP", 101, ipv4(1, &[8, 0, 0, 0, 0, 0, 0, 0]), |c| c.other_transport),
        ("IPv6 without a next header", 101, ipv6(59, &[]), |c| c.other_transport),
        ("ARP", 1, ethernet(&[], 0x0806, &[0; 28]), |c| c.not_ip),
        ("a length for a type", 1, ethernet(&[], 38, &[0x42; 38]), |c| c.not_ip),
        ("AppleTalk on loopback", 0, behind(&[16, 0, 0, 0], &[0; 20]), |c| c.not_ip),
        ("IEEE 802.11", 105, vec![0; 64], |c| c.unknown_link),
        ("nothing", 1, vec![], |c| c.malformed),
        ("no IP version", 101, vec![0xf0; 40], |c| c.malformed),
        ("IP header too short", 101, short_header, |c| c.malformed),
        ("TCP header too short", 101, ipv4(TCP, &short_offset), |c| c.malformed),
        ("no room for UDP", 101, ipv4(UDP, &[0; 7]), |c| c.malformed),
    ];
    for (name, link, octets, count) in table {
        let mut found = 0;
        let counters = whole(*link, octets, |segment| found = segment.iter().count());
        assert_eq!((count(&counters), fates(&counters)), (1, 1), "{name}");
        assert_eq!(counters.tcp + counters.udp, u64::try_from(found).unwrap(), "{name}");
    }
}

#[test]
fn every_link_type_that_is_said_to_be_read_is() {
    let read: Vec<u16> = (0..=u16::MAX)
        .filter(|link| {
            let unknown = whole(*link, &[0; 64], |_| ()).unknown_link;
            assert_eq!(crate::decode::reads(LinkType(*link)), unknown == 0, "{link}");
            unknown == 0
        })
        .collect();
    assert_eq!(read, [0, 1, 12, 14, 101, 108, 113, 228, 229, 276]);
}

#[test]
fn counters_add_up() {
    let mut decoder = Decoder::default();
    let octets = ethernet(&[], 0x0800, &ipv4(TCP, &tcp(b"x")));
    decoder.decode(&packet(1, 100, &octets));
    decoder.decode(&packet(9, 3, &[1, 2, 3]));
    let mut sum = *decoder.counters();
    sum.add(decoder.counters());
    assert_eq!((sum.packets, sum.octets, sum.tcp, sum.unknown_link), (4, 206, 2, 2));
    assert_eq!(fates(&sum), 4);
}
