//! What holds for any octets.

use gridtap_captures::fragment::fragment;
use gridtap_captures::redundancy::{LAN_A, hsr, prp};
use gridtap_captures::tunnel::{Erspan3, Gre, erspan_2, geneve, mpls, pppoe, vxlan};
use proptest::prelude::*;

use super::*;

const LINKS: [u16; 10] = [0, 1, 12, 101, 108, 113, 228, 229, 276, 7];

/// Headers that lead into every file of the decoder.
fn starts() -> Vec<Vec<u8>> {
    let gre = |kind, inner: &[u8]| ipv4_with(0, 0, 47, &Gre::default().packet(kind, inner));
    let numbered = Gre { sequence: Some(1), ..Gre::default() };
    let mirror = |kind, inner: &[u8]| ipv4_with(0, 0, 47, &numbered.packet(kind, inner));
    let datagram = |port: u16, inner: &[u8]| {
        let [high, low] = port.to_be_bytes();
        ipv4_with(0, 0, UDP, &[&[1, 0, high, low, 0, 0, 0, 0], inner].concat())
    };
    let inner = ethernet(&[], 0x0800, &[]);
    let first_fragment = fragment(&ipv4_with(0, 0, UDP, &[]), &[], 0, true, 1);
    let mut all = vec![vec![], ipv4(TCP, &[]), ipv6(0, &[]), ipv6(44, &[]), first_fragment];
    all.extend([
        ipv4_with(0, 0, 4, &ipv4(TCP, &[])),
        ipv4_with(0, 0, 41, &ipv6(TCP, &[])),
        gre(0x0800, &ipv4_with(0, 0, TCP, &[])),
        gre(0x6558, &inner),
        gre(0x88be, &inner),
        mirror(0x88be, &erspan_2(1, 1, &inner)),
        mirror(0x22eb, &Erspan3::default().packet(&inner)),
        datagram(4789, &vxlan(1, &inner)),
        datagram(6081, &geneve(1, 0x6558, &[0; 4], &inner)),
    ]);
    let framed: Vec<_> = all.iter().map(|packet| ethernet(&[], 0x0800, packet)).collect();
    all.extend(framed);
    all.extend([
        ethernet(&[[0x81, 0, 0, 1]], 0x86dd, &[]),
        ethernet(&[], 0x88e5, &[]),
        ethernet(&[], 0x8847, &mpls(&[1], &[])),
        ethernet(&[], 0x8847, &mpls(&[1], &[0, 0, 0, 0])),
        ethernet(&[], 0x8864, &pppoe(1, 0x21, &[])),
        hsr(1, 1, &inner),
        prp(LAN_A, 1, &ethernet(&[], 0x0800, &ipv4(TCP, &tcp(b"x")))),
    ]);
    all
}

fn assert_inside(part: &[u8], whole: &[u8]) {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    assert!(whole.start <= part.start && part.end <= whole.end, "{part:?} not in {whole:?}");
}

proptest! {
    #[test]
    fn any_octets_are_decoded_or_counted(
        link in prop::sample::select(&LINKS[..]),
        start in prop::sample::select(starts()),
        rest in prop::collection::vec(any::<u8>(), 0..120),
        more in 0_usize..2_000,
    ) {
        let octets = behind(&start, &rest);
        let counters = decode(&packet(link, octets.len() + more, &octets), |segment| {
            if let Some(segment) = segment {
                assert_inside(segment.payload, &octets);
                assert!(usize::try_from(segment.cut).unwrap() <= more);
            }
        });
        prop_assert_eq!(fates(&counters), 1);
    }

    #[test]
    fn packets_in_a_row_are_all_decoded_or_counted(
        link in prop::sample::select(vec![1, 101]),
        packets in prop::collection::vec(
            (prop::sample::select(starts()), prop::collection::vec(0_u8..4, 0..40)), 1..40),
    ) {
        let mut decoder = Decoder::default();
        let octets: Vec<_> = packets.iter().map(|(start, rest)| behind(start, rest)).collect();
        run(&mut decoder, link, octets.iter().map(|octets| (0, octets)));
        let counters = decoder.into_counters();
        prop_assert_eq!(fates(&counters), counters.packets);
    }

    #[test]
    fn of_fragments_that_overlap_the_first_octets_count(
        // Fragments of an arbitrary datagram of 64 octets, in units of eight, and what fills each.
        fragments in prop::collection::vec((0_usize..8, 1_usize..8, 0_u8..3), 1..40),
    ) {
        let head = ipv4_with(0, 0, UDP, &[]);
        let header = udp(64, &[]);
        let mut model = [None; 64];
        let mut last = false;
        let mut decoder = Decoder::default();
        for (number, (from, length, filler)) in fragments.into_iter().enumerate() {
            let to = (from + length).min(8);
            let mut octets = vec![filler; (to - from) * 8];
            if from == 0 {
                octets[..8].copy_from_slice(&header);
            }
            let part = fragment(&head, &octets, from * 8, to < 8, 1);
            let mut seen = packet(101, part.len(), &part);
            // Nothing is a twin here.
            seen.time_ns = u64::try_from(number).unwrap() * 10_000_000;
            for (place, octet) in model[from * 8..to * 8].iter_mut().zip(octets) {
                place.get_or_insert(octet);
            }
            last |= to == 8;
            let whole: Option<Vec<u8>> = model.iter().copied().collect();
            let found = decoder.decode(&seen).map(|segment| segment.payload.to_vec());
            prop_assert_eq!(&found, &whole.filter(|_| last).map(|octets| octets[8..].to_vec()));
            if found.is_some() {
                (model, last) = ([None; 64], false);
            }
        }
        prop_assert_eq!(decoder.counters().malformed, 0);
    }
}
