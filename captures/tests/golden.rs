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
            "8ffac6efbcef963d930587dcb1b1ba89ff6336c5a356e438e7568cf6711c7301",
        ),
        ("substation", 1, true, "761a002d7be1941dd77275a5c598748b8b8c89725f4b0ea6065048ff8dc13e23"),
        ("feeder", 2, false, "b08d12b300670fa7add23b8dda93a8cdbc0a1671ac8ad967bad2ae6c934bdf82"),
        ("plant", 3, false, "54ec0f834acc5119fc904ef0eab1b98821e4f8c4b1be7b25b317e8e967116838"),
    ];
    let found = table.map(|(name, seed, as_master, _)| digest(name, seed, as_master));
    let known = table.map(|(.., known)| known.to_owned());
    assert_eq!(found, known);
}
