//! The same site, seed and options make the same octets on every machine and in every release: their digests.
//!
//! A change that moves one is a change of every capture that was ever made again from a manifest: it says so in the
//! change log.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use gridtap_captures::file::Pcap;
use gridtap_captures::simulate::labels::packet_line;
use gridtap_captures::simulate::{Options, Plan, Simulation, Site, kinds};
use sha2::{Digest, Sha256};

/// Minutes of a site with everything that can happen there, and the digest of packets and labels.
fn digest(name: &str, seed: u64, as_master: bool) -> String {
    let site = Site::named(name).unwrap();
    let fitting = kinds().iter().filter(|kind| kind.fits(&site));
    let attacks: Vec<Plan> = fitting.map(|kind| kind.name.parse().unwrap()).collect();
    let options =
        Options { seed, lasts_s: 1_500, attacks, attacks_after_s: 300, repeat: 1, as_master };
    let mut simulation = Simulation::new(&site, &options).unwrap();
    let (format, mut file) = (Pcap::default(), Vec::new());
    format.write_header(Simulation::LINK, &mut file).unwrap();
    let mut labels = String::new();
    let mut number = 0;
    while let Some(it) = simulation.next() {
        number += 1;
        format.write_packet(&it.packet, &mut file).unwrap();
        if let Some(mark) = it.mark {
            labels.push_str(&packet_line(number, &simulation.acts()[mark.act], &mark));
        }
    }
    let hash = Sha256::new().chain_update(&file).chain_update(&labels).finalize();
    let digits = hash.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[test]
fn packets_and_labels_have_the_digests_they_always_had() {
    let table = [
        (
            "substation",
            1,
            false,
            "d87be06504ad0318226c951808ba77243d6838f724de45f638dff6f23917bbd6",
        ),
        ("substation", 1, true, "94504aec03b8b39ed9e610f6ec22c0f2c62bc29e1ea28a1a34d9c9c598119d31"),
        ("feeder", 2, false, "407d94cc193e04fd793a552a96a825b15dd907b63f05915faae0bd96acc26229"),
        ("plant", 3, false, "f91a853b40963880e342bdeef834226c375d62f63bf0ded3f43ed66c66ffcc36"),
    ];
    let found = table.map(|(name, seed, as_master, _)| digest(name, seed, as_master));
    let known = table.map(|(.., known)| known.to_owned());
    assert_eq!(found, known);
}
