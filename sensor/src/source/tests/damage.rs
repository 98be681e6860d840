//! What is cut off or damaged costs only itself.

use crate::source::WarningKind;
use crate::source::format::Order;
use crate::source::tests::samples::{
    ETHERNET, MICRO, ORDERS, block, enhanced, gzip, interface, pcap, pcap_head, pcap_packet,
    pcapng, section, simple, u32s, zstandard,
};
use crate::source::tests::{Folder, Kept};

/// Where each packet's record ends in `file`, which is a small capture of three packets.
fn ends(folder: &Folder, file: &[u8], whole: &[Kept]) -> Vec<usize> {
    let count = |cut: usize| folder.read(&file[..cut]).map_or(0, |(packets, _)| packets.len());
    (1..=whole.len()).map(|n| (4..=file.len()).find(|cut| count(*cut) >= n).unwrap()).collect()
}

#[test]
fn a_capture_cut_anywhere_is_read_to_its_last_whole_packet() {
    let folder = Folder::new();
    let classic = pcap(&[(1, b"first"), (2, b"second"), (3, b"")]);
    // Where packets end and blocks too: there a cut cannot be seen.
    let seams = [vec![24, 45, 67, 83], seams(&pcapng(Order::Little)), seams(&pcapng(Order::Big))];
    let files = [classic, pcapng(Order::Little), pcapng(Order::Big)];
    for (file, seams) in files.iter().zip(seams) {
        let whole = folder.read_whole(file);
        let ends = ends(&folder, file, &whole);
        assert_eq!(ends.len(), 3);
        for cut in 4..=file.len() {
            let (packets, warning) = folder.read(&file[..cut]).unwrap();
            let left = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(packets, whole[..left], "cut at {cut}");
            if seams.contains(&cut) {
                assert_eq!(warning, None, "cut at {cut}");
            } else {
                let warning = warning.unwrap();
                assert_eq!(warning.kind, WarningKind::CutOff, "cut at {cut}");
                assert_eq!(warning.packet, left as u64, "cut at {cut}");
            }
        }
    }
}

/// Where the blocks of a pcapng file end.
fn seams(file: &[u8]) -> Vec<usize> {
    let order = if file[8] == 0x4d { Order::Little } else { Order::Big };
    let (mut seams, mut at) = (Vec::new(), 0);
    while at < file.len() {
        let [octets] = order.words(&file[at + 4..]);
        at += octets as usize;
        seams.push(at);
    }
    seams
}

#[test]
fn a_warning_says_where_to_look() {
    let folder = Folder::new();
    let file = pcap(&[(1, b"first"), (2, b"second")]);
    let (_, warning) = folder.read(&file[..60]).unwrap();
    let text = warning.unwrap().to_string();
    assert!(text.ends_with("capture: cut off behind packet 1 (octet 45)"), "{text}");
}

#[test]
fn compressed_captures_cut_anywhere_do_not_panic() {
    let folder = Folder::new();
    let plain = pcapng(Order::Little);
    let whole = folder.read_whole(&plain);
    for packed in [gzip(&plain), zstandard(&plain)] {
        assert_eq!(folder.read_whole(&packed), whole);
        for cut in 0..packed.len() {
            // Nothing may have come out of the decompressor yet: then it is no capture.
            if let Ok((packets, warning)) = folder.read(&packed[..cut]) {
                assert_eq!(packets, whole[..packets.len()], "cut at {cut}");
                assert!(warning.is_some() || packets.len() < 3, "cut at {cut}");
            }
        }
    }
}

#[test]
fn no_octet_can_make_the_reader_panic_or_loop() {
    let folder = Folder::new();
    let files = [pcap(&[(1, b"first"), (2, b"second")]), pcapng(Order::Little), pcapng(Order::Big)];
    for file in files {
        for at in 0..file.len() {
            for wrong in [0, 1, 0x7f, 0x80, 0xff] {
                let mut file = file.clone();
                file[at] = wrong;
                if let Ok((packets, _)) = folder.read(&file) {
                    assert!(packets.len() <= 4, "octet {at} as {wrong}");
                }
            }
        }
    }
}

#[test]
fn damage_ends_the_file_behind_the_packets_before_it() {
    let little = Order::Little;
    let garbage = [0xee; 64];
    let blocks = [
        section(little),
        interface(little, ETHERNET, 64, &[]),
        enhanced(little, 0, 1, 1, b"x", &[]),
    ]
    .concat();
    let offset = blocks.len() as u64;
    let lying = {
        let mut block = enhanced(little, 0, 2, 1, b"y", &[]);
        block[20..24].copy_from_slice(&100_u32.to_le_bytes());
        block
    };
    let disagreeing = {
        let mut block = block(little, 0x0bad, b"octets");
        let at = block.len() - 4;
        block[at] = 0;
        block
    };
    let simple_before_any = [section(little), simple(little, 1, b"x")].concat();
    let long = u32s(little, &[6, 2 * 1024 * 1024, 0]);
    let very_long = u32s(little, &[0x0bad, 0xffff_fff0, 0]);
    let crooked = u32s(little, &[6, 33, 0]);
    let tiny = u32s(little, &[6, 8, 0]);
    let table: [(&str, &[u8], &str); 9] = [
        ("garbage", &garbage, "a block of 4008636142 octets"),
        ("a packet larger than its block", &lying, "a packet of 100 octets in a smaller block"),
        ("lengths that disagree", &disagreeing, "a block of 20 octets, or of 0"),
        (
            "an unknown interface",
            &enhanced(little, 7, 2, 1, b"y", &[]),
            "a packet of unknown interface 7",
        ),
        ("no interface in the section", &simple_before_any, "a simple packet before any interface"),
        ("a long packet block", &long, "a block of 2097152 octets"),
        ("a block of 4 GiB", &very_long, "a block of 4294967280 octets"),
        ("a length not of whole words", &crooked, "a block of 33 octets"),
        ("a length less than the least", &tiny, "a block of 8 octets"),
    ];
    let folder = Folder::new();
    for (name, damage, expected) in table {
        let rest = enhanced(little, 0, 3, 1, b"z", &[]);
        let (packets, warning) = folder.read(&[&blocks, damage, &rest].concat()).unwrap();
        assert_eq!(packets.len(), 1, "{name}");
        let warning = warning.unwrap();
        assert_eq!(warning.kind, WarningKind::Damaged(expected.to_owned()), "{name}");
        assert_eq!(warning.packet, 1, "{name}");
        assert!((offset..offset + 64).contains(&warning.offset.unwrap()), "{name}: {warning:?}");
    }
}

#[test]
fn a_packet_that_claims_four_gigabytes_ends_the_file() {
    let folder = Folder::new();
    for order in ORDERS {
        for claim in [262_144 + 65_536 + 1, u32::MAX - 3, u32::MAX] {
            let file = [
                pcap_head(order, MICRO, 1),
                pcap_packet(order, (1, 0), 1, b"x"),
                u32s(order, &[2, 0, claim, claim]),
                vec![0; 100],
            ];
            let (packets, warning) = folder.read(&file.concat()).unwrap();
            assert_eq!(packets.len(), 1);
            let kind = WarningKind::Damaged(format!("a packet of {claim} octets"));
            assert_eq!(warning.unwrap().kind, kind);
        }
    }
}

#[test]
fn a_damaged_packing_is_damage() {
    let folder = Folder::new();
    // Nothing repeats in it, so that there are many octets to damage.
    let noise: Vec<u8> = (0..15_000_u32).flat_map(|n| n.wrapping_pow(3).to_be_bytes()).collect();
    let packets: Vec<_> = noise.chunks(500).map(|octets| (1, octets)).collect();
    let plain = pcap(&packets);
    for mut packed in [gzip(&plain), zstandard(&plain)] {
        let middle = packed.len() / 2;
        packed[middle..middle + 40].fill(0xff);
        let (packets, warning) = folder.read(&packed).unwrap();
        assert!(packets.len() > 60, "most comes before the damage, or is checked only behind");
        let kind = warning.unwrap().kind;
        assert!(matches!(kind, WarningKind::Damaged(_)), "{kind:?}");
    }
}
