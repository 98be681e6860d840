//! Every variant of the two formats is read for what it says.

use crate::source::LinkType;
use crate::source::format::Order;
use crate::source::tests::Folder;
use crate::source::tests::samples::{
    ETHERNET, KUZNETZOV, MICRO, NANO, ORDERS, RAW_IP, block, enhanced, interface, obsolete, option,
    pcap_head, pcap_packet, pcapng, section, simple, u32s,
};

/// An option that says how an interface's clock counts.
const RESOLUTION: u16 = 9;
/// An option that says how many seconds an interface's clock is behind.
const OFFSET: u16 = 14;

#[test]
fn pcap_is_read_in_both_orders_and_both_resolutions() {
    let folder = Folder::new();
    for order in ORDERS {
        for (magic, time_ns) in [(MICRO, 3_000_000_999_000), (NANO, 3_000_000_000_999)] {
            let file = [
                pcap_head(order, magic, RAW_IP.into()),
                pcap_packet(order, (3_000, 999), 90, b"cut short"),
                pcap_packet(order, (u32::MAX, 0), 0, b"more than on the wire"),
                pcap_packet(order, (0, 0), 0, b""),
            ];
            let packets = folder.read_whole(&file.concat());

            let [first, second, third] = packets.as_slice() else { panic!("{packets:?}") };
            assert_eq!((first.number, first.time_ns), (1, time_ns), "{order:?} {magic:x}");
            assert_eq!((first.wire_octets, first.octets.as_slice()), (90, &b"cut short"[..]));
            assert_eq!(first.link, LinkType(RAW_IP));
            assert_eq!((second.number, second.time_ns), (2, 4_294_967_295_000_000_000));
            assert_eq!((second.wire_octets, second.octets.len()), (21, 21));
            assert_eq!((third.number, third.octets.len()), (3, 0));
        }
    }
}

#[test]
fn kuznetzovs_pcap_has_longer_heads() {
    let (order, at) = (Order::Little, (1, 2));
    let mut file = pcap_head(order, KUZNETZOV, ETHERNET.into());
    for octets in [b"one", b"two"] {
        let packet = pcap_packet(order, at, 3, octets);
        file.extend([&packet[..16], &[0xaa; 8], &packet[16..]].concat());
    }
    let packets = Folder::new().read_whole(&file);
    let octets: Vec<_> = packets.iter().map(|packet| packet.octets.as_slice()).collect();
    assert_eq!(octets, [b"one", b"two"]);
}

#[test]
fn the_length_of_check_sequences_is_no_part_of_the_link_type() {
    let order = Order::Little;
    let head = pcap_head(order, MICRO, 0x2400_0000 | u32::from(ETHERNET));
    let packets = Folder::new().read_whole(&[head, pcap_packet(order, (1, 0), 1, b"x")].concat());
    assert_eq!(packets[0].link, LinkType(ETHERNET));
}

#[test]
fn pcapng_is_read_in_both_orders_with_all_its_packet_blocks() {
    for order in ORDERS {
        let packets = Folder::new().read_whole(&pcapng(order));
        let seen: Vec<_> = packets
            .iter()
            .map(|packet| (packet.number, packet.time_ns, packet.octets.as_slice()))
            .collect();
        let expected: [(u64, u64, &[u8]); 3] = [
            (1, 1_000_000_000, b"first"),
            (2, 2_000_000_000, b"second"),
            (3, 2_000_000_000, b"third"), // a simple block has no time: that of the one before
        ];
        assert_eq!(seen, expected, "{order:?}");
    }
}

#[test]
fn each_interface_counts_time_in_its_own_way() {
    let table: [(&str, Option<u8>, i64, u64, u64); 11] = [
        ("microseconds unless told otherwise", None, 0, 1_500_000, 1_500_000_000),
        ("seconds", Some(0), 0, 3, 3_000_000_000),
        ("10^-3", Some(3), 0, 1_500, 1_500_000_000),
        ("10^-9", Some(9), 0, 1_500_000_001, 1_500_000_001),
        ("10^-12", Some(12), 0, 1_500_000_001_999, 1_500_000_001),
        ("10^-127", Some(127), 0, u64::MAX, 0),
        ("2^-20", Some(0x94), 0, 3 << 19, 1_500_000_000),
        ("2^-127", Some(0xff), 0, u64::MAX, 0),
        ("later than 64 bits say", Some(0), 0, u64::MAX, u64::MAX),
        ("an hour ahead", Some(9), 3_600, 1, 3_600_000_000_001),
        ("before 1970", Some(9), -3_600, 1, 0),
    ];
    let folder = Folder::new();
    for order in ORDERS {
        let mut file = section(order);
        for (_, resolution, offset, ..) in &table {
            let mut options = Vec::new();
            if let Some(resolution) = resolution {
                options.extend(option(order, RESOLUTION, &[*resolution]));
            }
            let offset = match order {
                Order::Little => offset.to_le_bytes(),
                Order::Big => offset.to_be_bytes(),
            };
            options.extend(option(order, OFFSET, &offset));
            options.extend(option(order, 0, b""));
            file.extend(interface(order, ETHERNET, 0, &options));
        }
        for (index, (.., units, _)) in (0..).zip(&table) {
            file.extend(enhanced(order, index, *units, 1, b"x", &[]));
        }
        let packets = folder.read_whole(&file);
        assert_eq!(packets.len(), table.len());
        for ((name, .., time_ns), packet) in table.iter().zip(packets) {
            assert_eq!(packet.time_ns, *time_ns, "{name}, {order:?}");
        }
    }
}

#[test]
fn interfaces_have_their_own_link_types_in_each_section() {
    let (little, big) = (Order::Little, Order::Big);
    let file = [
        section(little),
        interface(little, ETHERNET, 0, &[]),
        interface(little, RAW_IP, 0, &[]),
        enhanced(little, 1, 1, 1, b"a", &[]),
        enhanced(little, 0, 2, 1, b"b", &[]),
        section(big),
        interface(big, 276, 0, &[]),
        obsolete(big, 0, 3, b"c"),
        interface(big, 113, 0, &[]),
        obsolete(big, 1, 4, b"d"),
    ];
    let packets = Folder::new().read_whole(&file.concat());
    let links: Vec<_> = packets.iter().map(|packet| packet.link.0).collect();
    assert_eq!(links, [RAW_IP, ETHERNET, 276, 113]);
}

#[test]
fn options_behind_a_packet_are_passed_over() {
    let order = Order::Big;
    let options = [option(order, 1, b"a comment"), option(order, 0, b"")].concat();
    let file = [
        section(order),
        interface(order, ETHERNET, 0, &[]),
        enhanced(order, 0, 1, 9, b"first", &options),
        enhanced(order, 0, 1, 9, b"second", &[]),
    ];
    let packets = Folder::new().read_whole(&file.concat());
    let octets: Vec<_> = packets.iter().map(|packet| packet.octets.as_slice()).collect();
    assert_eq!(octets, [&b"first"[..], b"second"]);
}

#[test]
fn a_simple_packet_is_cut_by_its_interfaces_snap_length() {
    let order = Order::Little;
    let file = [
        section(order),
        interface(order, ETHERNET, 6, &[]),
        simple(order, 100, b"snapped"),
        simple(order, 4, b"tiny"),
    ];
    let packets = Folder::new().read_whole(&file.concat());
    let seen: Vec<_> =
        packets.iter().map(|packet| (packet.wire_octets, packet.octets.as_slice())).collect();
    assert_eq!(seen, [(100, &b"snappe"[..]), (4, b"tiny")]);
}

#[test]
fn a_large_block_of_no_packets_is_passed_over() {
    let order = Order::Little;
    let names = vec![0xab; 3 * 1024 * 1024 + 1];
    let file = [
        section(order),
        interface(order, ETHERNET, 0, &[]),
        block(order, 4, &names),
        enhanced(order, 0, 1, 1, b"x", &[]),
    ];
    assert_eq!(Folder::new().read_whole(&file.concat()).len(), 1);
}

#[test]
fn packets_as_long_as_any_snap_length_pass_through_the_window() {
    let order = Order::Little;
    let long = vec![0x5a; 262_144];
    let wire = 262_144;
    let mut classic = pcap_head(order, NANO, ETHERNET.into());
    let mut blocks = [section(order), interface(order, ETHERNET, 0, &[])].concat();
    for number in 0..5 {
        classic.extend(pcap_packet(order, (number, 0), wire, &long));
        classic.extend(pcap_packet(order, (number, 0), 3, b"odd"));
        blocks.extend(enhanced(order, 0, number.into(), wire, &long, &[]));
        blocks.extend(enhanced(order, 0, number.into(), 3, b"odd", &[]));
    }
    for file in [classic, blocks] {
        let packets = Folder::new().read_whole(&file);
        assert_eq!(packets.len(), 10);
        for pair in packets.chunks(2) {
            assert_eq!(pair[0].octets, long);
            assert_eq!(pair[1].octets, b"odd");
        }
    }
}

#[test]
fn an_empty_capture_has_no_packets_and_no_fault() {
    let order = Order::Little;
    assert_eq!(Folder::new().read_whole(&pcap_head(order, MICRO, 1)), []);
    assert_eq!(Folder::new().read_whole(&section(order)), []);
    let comment = block(order, 0x0bad, &u32s(order, &[1]));
    assert_eq!(Folder::new().read_whole(&[section(order), comment].concat()), []);
}

#[test]
#[cfg(feature = "pcap")]
fn interfaces_of_different_link_types_are_read_where_libpcap_refuses() {
    let order = Order::Little;
    let resolution = |power| [option(order, RESOLUTION, &[power]), option(order, 0, b"")].concat();
    let file = [
        section(order),
        interface(order, ETHERNET, 0, &resolution(9)),
        interface(order, RAW_IP, 0, &resolution(3)),
        enhanced(order, 0, 1_000_000_001, 1, b"a", &[]),
        enhanced(order, 1, 2_000, 1, b"b", &[]),
    ];
    let folder = Folder::new();
    let path = folder.put("mixed", &file.concat());
    let refused = match pcap::Capture::from_file(&path) {
        Ok(mut capture) => (0..2).any(|_| capture.next_packet().is_err()),
        Err(_) => true,
    };
    assert!(refused, "what is shown here is no longer a difference");
    let packets = folder.read_whole(&file.concat());
    let seen: Vec<_> = packets.iter().map(|packet| (packet.link.0, packet.time_ns)).collect();
    assert_eq!(seen, [(ETHERNET, 1_000_000_001), (RAW_IP, 2_000_000_000)]);
}
