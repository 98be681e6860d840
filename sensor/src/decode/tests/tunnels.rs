//! Tunnels, one by one, in each other, cut and broken.

use gridtap_captures::frame::udp as datagram;
use gridtap_captures::redundancy::{LAN_A, hsr, prp};
use gridtap_captures::tunnel::{
    ERSPAN, ERSPAN_3, ETHERNET as BRIDGED, Erspan3, GRE, Gre, IPV4_IN_IP, IPV6_IN_IP, MPLS,
    PPP_IPV4, PPP_IPV6, PPPOE_SESSION, VXLAN_PORT, control_word, erspan_2, geneve, mpls, pppoe,
    vxlan,
};

use super::*;

const OUTER_SOURCE: [u8; 6] = [2, 0, 0, 0, 0, 100];
const OUTER_DESTINATION: [u8; 6] = [2, 0, 0, 0, 0, 200];

fn v4() -> Vec<u8> {
    segment_with(b"octets")
}

fn v6() -> Vec<u8> {
    segment_between(&Endpoint::v6(5, 40000), &Endpoint::v6(9, 502), 0, b"octets")
}

/// A frame around a packet of any type, between other hosts than the segment's.
fn outer(kind: u16, payload: &[u8]) -> Vec<u8> {
    frame(OUTER_SOURCE, OUTER_DESTINATION, &[], kind, payload)
}

fn ip4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ip(Endpoint::v4(100, 0).ip, Endpoint::v4(200, 0).ip, protocol, 7, payload)
}

fn ip6(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ip(Endpoint::v6(100, 0).ip, Endpoint::v6(200, 0).ip, protocol, 0, payload)
}

fn udp_to(port: u16, payload: &[u8]) -> Vec<u8> {
    ip4(UDP, &datagram(&Endpoint::v4(100, 50_000), &Endpoint::v4(200, port), payload))
}

fn gre(options: Gre, kind: u16, payload: &[u8]) -> Vec<u8> {
    outer(0x0800, &ip4(GRE, &options.packet(kind, payload)))
}

const PLAIN: Gre = Gre { checksum: false, key: None, sequence: None };
const NUMBERED: Gre = Gre { sequence: Some(7), ..PLAIN };

/// The counter that says what became of a packet.
type Fate = fn(&Counters) -> u64;

/// A tunnel's name, the frame, whether the segment has the addresses of a frame inside, and its VLAN.
type Row = (&'static str, Vec<u8>, bool, Option<u16>);

fn tunnels() -> Vec<Row> {
    let (v4, v6) = (v4(), v6());
    let inner = framed(&v4);
    let tagged = frame(SOURCE_MAC, DESTINATION_MAC, &[0x2007], 0x0800, &v4);
    // Addresses that begin like IPv4 and IPv6.
    let like_v4 = behind(&[0x45, 0, 0, 40, 0, 0], &inner[6..]);
    let like_v6 = behind(&[0x60, 0, 0, 0, 0, 9], &inner[6..]);
    // An address of IPv4 that reads as the Ethernet type of IPv4, and the first octet of that.
    let host = Endpoint { ip: "8.0.69.5".parse().unwrap(), ..Endpoint::v4(5, 40000) };
    let like_frame = segment_between(&host, &Endpoint::v4(9, 502), 1, b"octets");
    let platform = Erspan3 { vlan: 5, platform: Some([1; 8]), ..Erspan3::default() };
    let bare = Erspan3 { vlan: 6, bare_ip: true, ..Erspan3::default() };
    let with_options = Gre { checksum: true, key: Some(1), sequence: Some(2) };
    let mut grouped = vxlan(9, &inner);
    grouped[..4].copy_from_slice(&[0x88, 0x40, 1, 2]);
    let nested = udp_to(6081, &geneve(1, 0x0800, &[], &ip4(GRE, &PLAIN.packet(0x0800, &v4))));
    #[rustfmt::skip]
    let table = vec![
        ("MPLS, IPv4",             outer(MPLS, &mpls(&[16, 17, 18], &v4)), false, None),
        ("MPLS, IPv6",             outer(MPLS, &mpls(&[16], &v6)), false, None),
        ("MPLS, IPv4 like Ethernet", outer(MPLS, &mpls(&[16], &like_frame)), false, None),
        ("MPLS, multicast",        outer(0x8848, &mpls(&[16], &v4)), false, None),
        ("pseudo-wire",            outer(MPLS, &mpls(&[16], &inner)), true, None),
        ("pseudo-wire, worded",    outer(MPLS, &mpls(&[16], &control_word(3, &tagged))), true, Some(7)),
        ("pseudo-wire to 45:…",    outer(MPLS, &mpls(&[16], &like_v4)), true, None),
        ("pseudo-wire to 60:…",    outer(MPLS, &mpls(&[16], &like_v6)), true, None),
        ("pseudo-wire, worded, to 45:…", outer(MPLS, &mpls(&[16], &control_word(0, &like_v4))), true, None),
        ("PPPoE, IPv4",            outer(PPPOE_SESSION, &pppoe(1, PPP_IPV4, &v4)), false, None),
        ("PPPoE, IPv6",            outer(PPPOE_SESSION, &pppoe(1, PPP_IPV6, &v6)), false, None),
        ("GRE, IPv4",              gre(PLAIN, 0x0800, &v4), false, None),
        ("GRE, IPv6",              gre(PLAIN, 0x86dd, &v6), false, None),
        ("GRE with options",       gre(with_options, 0x0800, &v4), false, None),
        ("GRE with a key",         gre(Gre { key: Some(9), ..PLAIN }, BRIDGED, &tagged), true, Some(7)),
        ("GRE, MPLS",              gre(PLAIN, MPLS, &mpls(&[16], &v4)), false, None),
        ("GRE over IPv6",          outer(0x86dd, &ip6(GRE, &PLAIN.packet(0x0800, &v4))), false, None),
        ("ERSPAN I",               gre(PLAIN, ERSPAN, &inner), true, None),
        ("ERSPAN II",              gre(NUMBERED, ERSPAN, &erspan_2(5, 1, &inner)), true, Some(5)),
        ("ERSPAN II, tagged",      gre(NUMBERED, ERSPAN, &erspan_2(5, 1, &tagged)), true, Some(7)),
        ("ERSPAN III",             gre(NUMBERED, ERSPAN_3, &Erspan3::default().packet(&inner)), true, None),
        ("ERSPAN III, platform",   gre(NUMBERED, ERSPAN_3, &platform.packet(&inner)), true, Some(5)),
        ("ERSPAN III, IP",         gre(NUMBERED, ERSPAN_3, &bare.packet(&v4)), false, Some(6)),
        ("VXLAN",                  outer(0x0800, &udp_to(VXLAN_PORT, &vxlan(9, &tagged))), true, Some(7)),
        ("VXLAN, tagged outside",  frame(OUTER_SOURCE, OUTER_DESTINATION, &[3], 0x0800, &udp_to(VXLAN_PORT, &vxlan(9, &inner))), true, None),
        ("VXLAN with a group",     outer(0x0800, &udp_to(VXLAN_PORT, &grouped)), true, None),
        ("Geneve",                 outer(0x0800, &udp_to(6081, &geneve(9, BRIDGED, &[], &inner))), true, None),
        ("Geneve with options",    outer(0x0800, &udp_to(6081, &geneve(9, 0x86dd, &[1; 12], &v6))), false, None),
        ("IPv4 in IPv4",           outer(0x0800, &ip4(IPV4_IN_IP, &v4)), false, None),
        ("IPv6 in IPv4",           outer(0x0800, &ip4(IPV6_IN_IP, &v6)), false, None),
        ("IPv6 in IPv6",           outer(0x86dd, &ip6(IPV6_IN_IP, &v6)), false, None),
        ("IPv4 in IPv6",           outer(0x86dd, &ip6(IPV4_IN_IP, &v4)), false, None),
        ("four in each other",     outer(MPLS, &mpls(&[16], &ip4(IPV4_IN_IP, &nested))), false, None),
    ];
    table
}

#[test]
fn every_tunnel_leads_to_the_segment() {
    for (name, octets, has_frame_inside, vlan) in tunnels() {
        let counters = whole(ETHERNET, &octets, |segment| {
            let segment = segment.expect(name);
            assert_eq!(segment.payload, b"octets", "{name}");
            assert_eq!((segment.source.port(), segment.destination.port()), (40000, 502), "{name}");
            let mac = if has_frame_inside { SOURCE_MAC } else { OUTER_SOURCE };
            assert_eq!((segment.source_mac, segment.vlan), (Some(mac), vlan), "{name}");
            assert_eq!(segment.cut, 0, "{name}");
        });
        let expected = Counters {
            packets: 1,
            octets: u64::try_from(octets.len()).unwrap(),
            tcp: 1,
            tunnelled: 1,
            ..Counters::default()
        };
        assert_eq!(counters, expected, "{name}");
    }
}

#[test]
fn a_tunnel_cut_anywhere_gives_what_is_there_or_counts() {
    for (name, octets, ..) in tunnels() {
        let mut read = 0;
        for kept in 0..octets.len() {
            let counters = decode(&packet(ETHERNET, octets.len(), &octets[..kept]), |segment| {
                let Some(segment) = segment else { return };
                assert_eq!(segment.destination.port(), 502, "{name} cut to {kept}");
                assert!(b"octets".starts_with(segment.payload), "{name} cut to {kept}");
                assert_eq!(segment.payload.len() < 6, segment.cut > 0, "{name} cut to {kept}");
            });
            assert_eq!(counters.tcp + counters.cut_headers, 1, "{name} cut to {kept}");
            assert_eq!((counters.bad_tunnels, fates(&counters)), (0, 1), "{name} cut to {kept}");
            read += counters.tcp;
        }
        assert!(read >= 6, "{name}");
    }
}

#[test]
fn a_tunnel_that_was_sent_cut_is_read_as_the_packet_it_is_in() {
    for (name, octets, ..) in tunnels() {
        for sent in 0..octets.len() {
            let counters = whole(ETHERNET, &octets[..sent], |segment| {
                assert_eq!(segment.map_or(0, |segment| segment.cut), 0, "{name} cut to {sent}");
            });
            assert_eq!(fates(&counters), 1, "{name} cut to {sent}");
            let is_plain = counters.udp + counters.other_transport > 0;
            assert_eq!(counters.bad_tunnels > 0, is_plain, "{name} cut to {sent}");
        }
    }
}

#[test]
fn what_only_looks_like_a_tunnel_is_read_as_what_it_is() {
    let inner = framed(&v4());
    let vxlan_with = |at: usize, octet: u8| {
        let mut octets = vxlan(9, &inner);
        octets[at] = octet;
        outer(0x0800, &udp_to(VXLAN_PORT, &octets))
    };
    let geneve_with = |at: usize, octet: u8| {
        let mut octets = geneve(9, BRIDGED, &[], &inner);
        octets[at] = octet;
        outer(0x0800, &udp_to(6081, &octets))
    };
    let no_ip = frame(SOURCE_MAC, DESTINATION_MAC, &[], 0x0800, &[0x99; 40]);
    let arp = frame(SOURCE_MAC, DESTINATION_MAC, &[], 0x0806, &[0; 28]);
    let routed = [&[0x40, 0, 8, 0, 0, 0, 0, 0], v4().as_slice()].concat();
    let pptp = [&[0x20, 1, 0x88, 0x0b, 0, 0, 0, 0], v4().as_slice()].concat();
    let gre_over = |octets: &[u8]| outer(0x0800, &ip4(GRE, octets));
    let bad_mirror = |kind| gre(NUMBERED, kind, &behind(&[0x30; 12], &inner));
    let dnp3 = [5, 0x64, 5, 0xc0, 1, 0, 0, 4, 0xe9, 0x21];
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<u8>, u64, Fate)> = vec![
        ("VXLAN without network",   vxlan_with(0, 0), 1, |c| c.udp),
        ("VXLAN, unknown bits",     vxlan_with(0, 0x0c), 1, |c| c.udp),
        ("VXLAN, unsaid group",     vxlan_with(3, 1), 1, |c| c.udp),
        ("VXLAN, reserved octet",   vxlan_with(7, 1), 1, |c| c.udp),
        ("VXLAN, no IP inside",     outer(0x0800, &udp_to(VXLAN_PORT, &vxlan(9, &no_ip))), 1, |c| c.udp),
        ("VXLAN, ARP inside",       outer(0x0800, &udp_to(VXLAN_PORT, &vxlan(9, &arp))), 0, |c| c.not_ip),
        ("Geneve, version 1",       geneve_with(0, 0x40), 1, |c| c.udp),
        ("Geneve, options beyond",  geneve_with(0, 0x3f), 1, |c| c.udp),
        ("Geneve, reserved bit",    geneve_with(1, 1), 1, |c| c.udp),
        ("Geneve, reserved octet",  geneve_with(7, 1), 1, |c| c.udp),
        ("Geneve, unknown type",    geneve_with(2, 1), 1, |c| c.udp),
        ("DNP3 to VXLAN's port",    outer(0x0800, &udp_to(VXLAN_PORT, &dnp3)), 1, |c| c.udp),
        ("DNP3 to Geneve's port",   outer(0x0800, &udp_to(6081, &dnp3)), 1, |c| c.udp),
        ("nothing to VXLAN's port", outer(0x0800, &udp_to(VXLAN_PORT, &[])), 1, |c| c.udp),
        ("GRE with routes",         gre_over(&routed), 0, |c| c.other_transport),
        ("GRE of PPTP",             gre_over(&pptp), 0, |c| c.other_transport),
        ("GRE, unknown type",       gre(PLAIN, 0x1234, &v4()), 0, |c| c.other_transport),
        ("GRE with half a header",  gre_over(&[0, 0]), 1, |c| c.other_transport),
        ("ERSPAN II, version 3",    bad_mirror(ERSPAN), 1, |c| c.other_transport),
        ("ERSPAN III, version 3",   bad_mirror(ERSPAN_3), 1, |c| c.other_transport),
        ("IPv6 in IPv4, not IPv6",  outer(0x0800, &ip4(IPV6_IN_IP, &v4())), 1, |c| c.other_transport),
        ("nothing in IPv4",         outer(0x0800, &ip4(IPV4_IN_IP, &[])), 1, |c| c.other_transport),
        ("MPLS without an end",     outer(MPLS, &[0; 60]), 0, |c| c.malformed),
        ("MPLS, its own messages",  outer(MPLS, &mpls(&[16], &[0x10; 40])), 0, |c| c.not_ip),
        ("PPPoE, link control",     outer(PPPOE_SESSION, &pppoe(1, 0xc021, &[1; 8])), 0, |c| c.not_ip),
        ("PPPoE, version 2",        outer(PPPOE_SESSION, &[0x21; 60]), 0, |c| c.not_ip),
    ];
    for (name, octets, bad, fate) in table {
        let counters = whole(ETHERNET, &octets, |segment| {
            let Some(segment) = segment else { return };
            assert_eq!(segment.source_mac, Some(OUTER_SOURCE), "{name}");
        });
        assert_eq!((fate(&counters), fates(&counters)), (1, 1), "{name}: {counters:?}");
        assert_eq!((counters.bad_tunnels, counters.tunnelled), (bad, 0), "{name}");
    }
}

#[test]
fn a_fifth_tunnel_stays_closed() {
    let three = |packet: &[u8]| {
        let two = ip4(IPV4_IN_IP, &ip4(IPV4_IN_IP, packet));
        outer(PPPOE_SESSION, &pppoe(1, PPP_IPV4, &two))
    };
    let vxlan_over = |packet: &[u8]| udp_to(VXLAN_PORT, &vxlan(9, &framed(packet)));
    let table: [(&str, Vec<u8>, Fate); 4] = [
        ("two more of IP", three(&ip4(IPV4_IN_IP, &ip4(IPV4_IN_IP, &v4()))), |c| c.other_transport),
        ("two more of VXLAN", three(&vxlan_over(&vxlan_over(&v4()))), |c| c.udp),
        (
            "MPLS in VXLAN",
            three(&udp_to(VXLAN_PORT, &vxlan(9, &outer(MPLS, &mpls(&[1], &v4()))))),
            |c| c.udp,
        ),
        (
            "five of MPLS",
            (0..5).fold(framed(&v4()), |inner, _| outer(MPLS, &mpls(&[1], &inner))),
            |c| c.not_ip,
        ),
    ];
    for (name, octets, fate) in table {
        let counters = whole(ETHERNET, &octets, |_| ());
        assert_eq!((fate(&counters), fates(&counters)), (1, 1), "{name}: {counters:?}");
        assert_eq!((counters.deep_tunnels, counters.bad_tunnels), (1, 0), "{name}");
    }
}

#[test]
fn a_frame_that_the_mirror_cut_has_octets_cut_off() {
    let cut = Erspan3 { truncated: true, ..Erspan3::default() };
    let mirrored = framed(&v4());
    let whole_frame = gre(NUMBERED, ERSPAN_3, &cut.packet(&mirrored[..14 + 40 + 2]));
    let counters = whole(ETHERNET, &whole_frame, |segment| {
        let segment = segment.unwrap();
        assert_eq!((segment.payload, segment.cut), (b"oc".as_slice(), 4));
    });
    assert_eq!((counters.cut_octets, counters.truncated), (4, 0));
}

#[test]
fn tags_and_trailers_of_redundancy_come_off() {
    let inner = frame(SOURCE_MAC, DESTINATION_MAC, &[], 0x0800, &v4());
    let tagged = frame(SOURCE_MAC, DESTINATION_MAC, &[7], 0x0800, &v4());
    // Without a length in the IP header, the trailer would be taken for payload.
    let mut unsaid = frame(SOURCE_MAC, DESTINATION_MAC, &[], 0x0800, &v4()[..]);
    unsaid[16..18].copy_from_slice(&[0, 0]);
    for (name, octets, vlan) in [
        ("HSR", hsr(1, 2, &inner), None),
        ("HSR, tagged", hsr(1, 2, &tagged), Some(7)),
        ("PRP", prp(LAN_A, 2, &inner), None),
        ("PRP, tagged", prp(LAN_A, 2, &tagged), Some(7)),
        ("PRP without an IP length", prp(LAN_A, 2, &unsaid), None),
    ] {
        let counters = whole(ETHERNET, &octets, |segment| {
            let segment = segment.expect(name);
            assert_eq!((segment.payload, segment.vlan), (b"octets".as_slice(), vlan), "{name}");
        });
        assert_eq!((counters.tcp, counters.tunnelled), (1, 0), "{name}");
    }
}
