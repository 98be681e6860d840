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
            "968787d2d41d1c5db98193caf51782b4cbcac99eedf3d85877f3846bb645143f",
        ),
        ("substation", 1, true, "e0ca1b7f80cca2075298c55bec82a194923e69ad12da8c695204118c34c3287e"),
        ("feeder", 2, false, "83d936101f0a10bbb36acb070ab676c0ce44f0889197dad3e8a221ebd9e68193"),
        ("plant", 3, false, "54ec0f834acc5119fc904ef0eab1b98821e4f8c4b1be7b25b317e8e967116838"),
    ];
    let found = table.map(|(name, seed, as_master, _)| digest(name, seed, as_master));
    let known = table.map(|(.., known)| known.to_owned());
    assert_eq!(found, known);
}
