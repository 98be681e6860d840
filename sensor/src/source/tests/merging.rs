//! Several captures become one, and a filter leaves packets out.

use crate::source::tests::samples::pcap;
use crate::source::tests::{Folder, Kept, drain};
use crate::source::{CaptureFile, Merged, Source, Step};

fn open(folder: &Folder, captures: &[Vec<u8>]) -> Vec<CaptureFile> {
    let open = |(index, octets): (u16, &Vec<u8>)| {
        CaptureFile::open(&folder.put(&format!("{index}"), octets), index).unwrap()
    };
    (0..).zip(captures).map(open).collect()
}

/// Sequence, capture, number, and what the packet says.
fn seen(packets: &[Kept]) -> Vec<(u64, u16, u64, &str)> {
    let text = |packet: &Kept| str::from_utf8(&packet.octets).unwrap().to_owned().leak() as &str;
    packets.iter().map(|it| (it.sequence, it.capture, it.number, text(it))).collect()
}

#[test]
fn captures_are_merged_by_time_and_ties_go_to_the_first() {
    let captures = [
        pcap(&[(2, b"b"), (2, b"c"), (7, b"g")]),
        pcap(&[]),
        pcap(&[(1, b"a"), (2, b"d"), (9, b"h")]),
        pcap(&[(2, b"e"), (3, b"f")]),
    ];
    let folder = Folder::new();
    let mut merged = Merged::new(open(&folder, &captures));
    let packets = drain(&mut merged);
    let expected = [
        (1, 2, 1, "a"),
        (2, 0, 1, "b"),
        (3, 0, 2, "c"),
        (4, 2, 2, "d"),
        (5, 3, 1, "e"),
        (6, 3, 2, "f"),
        (7, 0, 3, "g"),
        (8, 2, 3, "h"),
    ];
    assert_eq!(seen(&packets), expected);
    assert_eq!(merged.advance(), Step::End);
    assert_eq!(merged.warnings().count(), 0);

    let progress = merged.progress();
    let octets = captures.iter().map(|capture| capture.len() as u64).sum();
    assert_eq!((progress.octets_read, progress.octets_total), (octets, Some(octets)));
    assert_eq!(progress.packets, 8);
}

#[test]
fn times_that_go_back_keep_their_place_in_the_file() {
    let captures = [pcap(&[(5, b"a"), (1, b"b"), (6, b"d")]), pcap(&[(5, b"c"), (7, b"e")])];
    let packets = drain(&mut Merged::new(open(&Folder::new(), &captures)));
    let texts: Vec<_> = seen(&packets).into_iter().map(|(.., text)| text).collect();
    assert_eq!(texts, ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_capture_that_is_cut_off_leaves_the_others_whole() {
    let whole = pcap(&[(1, b"a"), (3, b"c")]);
    let cut = pcap(&[(2, b"b"), (4, b"lost")]);
    let captures = [cut[..cut.len() - 1].to_vec(), whole];
    let mut merged = Merged::new(open(&Folder::new(), &captures));
    assert_eq!(drain(&mut merged).len(), 3);
    let warnings: Vec<_> = merged.warnings().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].ends_with("0: cut off behind packet 1 (octet 41)"), "{warnings:?}");
}

#[test]
fn nothing_merged_is_nothing() {
    let mut merged = Merged::new(Vec::new());
    assert_eq!(merged.advance(), Step::End);
    assert_eq!(merged.packet().octets, b"");
}

#[cfg(feature = "pcap")]
mod filters {
    use crate::source::format::Order;
    use crate::source::tests::samples::{ETHERNET, RAW_IP, enhanced, interface, pcap, section};
    use crate::source::tests::{Folder, drain};
    use crate::source::{LinkType, Merged, SourceError, WarningKind};

    use super::open;

    /// An IPv4 packet of UDP to `port`.
    fn udp(port: u16) -> Vec<u8> {
        let [high, low] = port.to_be_bytes();
        #[rustfmt::skip]
        let octets = vec![
            0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, // IPv4: 28 octets, UDP
            10, 0, 0, 1,                              // source
            10, 0, 0, 2,                              // destination
            0x04, 0xd2, high, low, 0, 8, 0, 0,        // UDP
        ];
        octets
    }

    fn ethernet(packet: &[u8]) -> Vec<u8> {
        [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0], packet].concat()
    }

    /// A capture with an Ethernet and a raw IP interface, and ports 20000, 502, 502, 20000.
    fn mixed() -> Vec<u8> {
        let order = Order::Little;
        let packet = |interface, octets: &[u8]| {
            enhanced(order, interface, 1, u32::try_from(octets.len()).unwrap(), octets, &[])
        };
        [
            section(order),
            interface(order, ETHERNET, 0, &[]),
            interface(order, RAW_IP, 0, &[]),
            packet(0, &ethernet(&udp(20_000))),
            packet(0, &ethernet(&udp(502))),
            packet(1, &udp(502)),
            packet(1, &udp(20_000)),
        ]
        .concat()
    }

    #[test]
    fn packets_left_out_still_count_on_every_link_type() {
        let folder = Folder::new();
        let files = open(&folder, &[mixed()]);
        let mut merged = Merged::new(files).with_filter("udp dst port 502").unwrap();
        let packets = drain(&mut merged);
        let seen: Vec<_> = packets.iter().map(|it| (it.sequence, it.number, it.link.0)).collect();
        assert_eq!(seen, [(2, 2, ETHERNET), (3, 3, RAW_IP)]);
        assert_eq!(merged.progress().packets, 4);
        assert_eq!(merged.warnings().count(), 0);
    }

    #[test]
    fn a_filter_with_no_meaning_for_a_later_link_type_is_warned_of_once() {
        let folder = Folder::new();
        let files = open(&folder, &[mixed()]);
        let mut merged = Merged::new(files).with_filter("ether src 02:00:00:00:00:01").unwrap();
        assert_eq!(drain(&mut merged).len(), 2);
        let warnings: Vec<_> = merged.warnings().collect();
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].kind, WarningKind::NotFiltered(LinkType(RAW_IP)));
        assert_eq!(warnings[0].packet, 3);
    }

    #[test]
    fn a_filter_that_does_not_compile_is_refused_by_name() {
        for captures in [vec![mixed()], vec![pcap(&[])], vec![]] {
            let merged = Merged::new(open(&Folder::new(), &captures));
            let error = merged.with_filter("port fivehundredtwo and").unwrap_err();
            assert!(matches!(error, SourceError::BadFilter { .. }));
            let text = error.to_string();
            assert!(text.starts_with("filter `port fivehundredtwo and`: "), "{text}");
        }
    }
}

#[cfg(not(feature = "pcap"))]
#[test]
fn a_build_without_libpcap_says_that_it_has_no_filters() {
    let error = Merged::new(Vec::new()).with_filter("udp").unwrap_err();
    assert!(error.to_string().contains("build it with the feature `pcap`"));
}
