//! What a simulated site promises: the same octets every time, frames that tshark finds sound, and true labels.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use gridtap_captures::file::Pcap;
use gridtap_captures::simulate::{Marked, Options, Plan, Simulation, Site, kinds};

/// What tshark calls wrong in any layer; 8388608 is the severity of an error.
const WRONG: &str = "_ws.malformed || _ws.short || _ws.expert.severity >= 8388608 \
    || ip.checksum.status == 0 || tcp.checksum.status == 0 \
    || dnp.hdr.CRC.status == 0 || dnp.data_chunk.CRC.status == 0 || tcp.analysis.flags";

fn site(name: &str) -> Site {
    Site::named(name).unwrap()
}

/// Short of time, a site where everything that happens now and then happens within an hour.
fn busy(name: &str) -> Site {
    let mut site = site(name);
    for upkeep in &mut site.upkeep {
        (upkeep.every_h, upkeep.hour) = (1, None);
        upkeep.lasts_min = upkeep.lasts_min.min(5);
    }
    for operator in &mut site.operators {
        (operator.acts_a_day, operator.from_hour, operator.to_hour) = (60, 0, 24);
        operator.back_after_min = operator.back_after_min.min(3);
    }
    site
}

fn options(seed: u64, lasts_s: u64) -> Options {
    Options { seed, lasts_s, ..Options::default() }
}

fn plans(names: &[&str]) -> Vec<Plan> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn pcap(packets: &[Marked]) -> Vec<u8> {
    let (format, mut file) = (Pcap::default(), Vec::new());
    format.write_header(Simulation::LINK, &mut file).unwrap();
    for it in packets {
        format.write_packet(&it.packet, &mut file).unwrap();
    }
    file
}

#[test]
fn every_shipped_site_is_sound() {
    let names: Vec<String> = Site::shipped().into_iter().map(|site| site.name).collect();
    assert_eq!(names, ["substation", "feeder", "plant"]);
}

#[test]
fn a_site_that_makes_no_sense_is_refused_by_name() {
    let text = include_str!("../src/simulate/sites/substation.toml");
    let table = [
        ("every_ms = 5000", "every_ms = 1", "every_ms"),
        ("model = \"bay\"", "model = \"bai\"", "bai"),
        ("count = 8\n\n[[polls]]", "count = 80\n\n[[polls]]", "no input-register:8"),
        ("ip = \"10.30.0.11\"", "ip = \"10.30.0.10\"", "twice"),
        ("points = [\"analog-output:0\"]", "points = [\"analog-input:0\"]", "cannot be set"),
        ("jitter_us = 500", "jitter_ms = 500", "jitter_ms"),
        ("how = \"direct\"", "how = \"single\"", "not a way"),
        ("of = \"analog-output:0\"", "of = \"analog-input:0\"", "not held"),
        ("address = 2\n", "authenticates = true\n", "does not authenticate"),
        ("standby_for = \"scada\"", "standby_for = \"skada\"", "skada"),
    ];
    for (sound, wrong, said) in table {
        assert!(text.contains(sound), "{sound}");
        let error = Site::from_toml(&text.replacen(sound, wrong, 1)).unwrap_err();
        assert!(error.contains(said), "{wrong}: {error}");
    }
}

#[test]
fn the_same_seed_gives_the_same_packets_and_another_gives_others() {
    let site = busy("substation");
    let run = |seed| {
        let attacks = plans(&["rogue-write", "changed-response", "new-laptop"]);
        let options = Options { attacks, attacks_after_s: 60, ..options(seed, 1_200) };
        let packets: Vec<Marked> = Simulation::new(&site, &options).unwrap().collect();
        pcap(&packets)
    };
    let first = run(1);
    assert!(first == run(1));
    assert!(first != run(2));
}

#[test]
fn packets_come_by_time_and_before_the_end() {
    for name in ["substation", "feeder", "plant"] {
        let site = busy(name);
        let start = site.start_unix_s * 1_000_000_000;
        let packets: Vec<Marked> = Simulation::new(&site, &options(1, 900)).unwrap().collect();
        assert!(packets.is_sorted_by_key(|it| it.packet.time_ns), "{name}");
        assert!(packets.len() > 1_000, "{name}: {}", packets.len());
        assert!(packets.iter().all(|it| it.packet.time_ns >= start), "{name}");
        // What was begun at the end is finished.
        let last = packets.last().unwrap().packet.time_ns;
        assert!(last < start + 910 * 1_000_000_000, "{name}");
    }
}

#[test]
fn tshark_finds_nothing_wrong_in_benign_traffic_and_every_message() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("skipped: no tshark");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["substation", "feeder", "plant"] {
        let mut simulation = Simulation::new(&busy(name), &options(4, 5_400)).unwrap();
        let packets: Vec<Marked> = simulation.by_ref().collect();
        let path = folder.path().join(name);
        std::fs::write(&path, pcap(&packets)).unwrap();
        assert_eq!(tshark(&path, &["-Y", WRONG]).lines().next(), None, "{name}");

        let fields = ["-T", "fields", "-e", "modbus.func_code", "-e", "dnp3.al.func"];
        let table = tshark(&path, &fields);
        let messages = |column| {
            let cells = table.lines().filter_map(|line| line.split('\t').nth(column));
            cells.flat_map(|cell| cell.split(',')).filter(|it| !it.is_empty()).count()
        };
        let counts = simulation.counts();
        let found = (messages(0), messages(1));
        assert_eq!(found, (counts.modbus.try_into().unwrap(), counts.dnp3.try_into().unwrap()));
    }
}

#[test]
fn a_network_that_loses_is_seen_to() {
    let mut lossy = site("substation");
    lossy.network.lost_ppm = 20_000;
    let mut twice = site("substation");
    twice.network.hsr = true;
    let mut one_way = site("substation");
    one_way.network.one_way = true;
    let mut doubling = site("substation");
    doubling.network.doubled_ppm = 50_000;
    let mut missing = site("substation");
    missing.network.missed_ppm = 50_000;
    let mut late = site("substation");
    late.network.late_ppm = 50_000;
    let count =
        |site: &Site| Simulation::new(site, &options(1, 300)).unwrap().collect::<Vec<_>>().len();
    let plain = count(&site("substation"));
    assert!(count(&lossy) > plain + 10);
    assert_eq!(count(&twice), 2 * plain);
    assert!(count(&one_way) < plain / 2);
    assert!((plain + plain / 40..plain + plain / 10).contains(&count(&doubling)));
    assert!((plain - plain / 10..plain - plain / 40).contains(&count(&missing)));
    assert_eq!(count(&late), plain);
    let order = |site: &Site| {
        let packets = Simulation::new(site, &options(1, 300)).unwrap();
        packets.map(|it| it.packet.octets).collect::<Vec<_>>()
    };
    assert!(order(&late) != order(&site("substation")));
}

#[test]
fn every_kind_happens_and_is_labelled() {
    let kinds: Vec<&str> = kinds().iter().map(|kind| kind.name).collect();
    assert!(kinds.iter().collect::<BTreeSet<_>>().len() == kinds.len());
    let mut left: BTreeSet<&str> = kinds.iter().copied().collect();
    for name in ["substation", "feeder", "plant"] {
        let possible: Vec<&str> = kinds
            .iter()
            .copied()
            .filter(|kind| {
                let attacks = plans(&[kind]);
                Simulation::new(&site(name), &Options { attacks, ..options(1, 1) }).is_ok()
            })
            .collect();
        let attacks = plans(&possible);
        // A slot of three minutes for each.
        let lasts_s = 900 + 180 * u64::try_from(possible.len()).unwrap();
        let options = Options { attacks, attacks_after_s: 900, ..options(3, lasts_s) };
        let mut simulation = Simulation::new(&site(name), &options).unwrap();
        let mut labelled: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for it in simulation.by_ref() {
            if let Some(mark) = it.mark {
                let time = it.packet.time_ns;
                let seen = labelled.entry(mark.act).or_insert((time, time));
                seen.1 = seen.1.max(time);
            }
        }
        for (number, act) in simulation.acts().iter().enumerate() {
            assert!(act.start_ns <= act.end_ns, "{act:?}");
            if let Some((first, last)) = labelled.get(&number) {
                assert!(act.start_ns <= *first && *last <= act.end_ns, "{act:?}");
            }
            let Some((_, kind)) = kinds.iter().enumerate().find(|(_, it)| **it == act.name) else {
                assert!(!act.attack && act.name.is_empty(), "{act:?}");
                continue;
            };
            // What is kept back has no packets, but lasts.
            assert!(labelled.contains_key(&number) || act.end_ns > act.start_ns, "{name} {act:?}");
            left.remove(kind);
        }
    }
    assert_eq!(left, BTreeSet::new(), "these never happened");
}

#[test]
fn an_attacker_has_the_addresses_of_the_master_when_asked() {
    let run = |as_master| {
        let attacks = plans(&["rogue-write", "point-scan", "changed-response"]);
        let options = Options { attacks, as_master, ..options(1, 3_600) };
        let packets: Vec<Marked> =
            Simulation::new(&site("substation"), &options).unwrap().collect();
        let hosts =
            packets.iter().flat_map(|it| [&it.packet.octets[0..6], &it.packet.octets[6..12]]);
        hosts.map(<[u8]>::to_vec).collect::<BTreeSet<_>>()
    };
    let (with, without) = (run(true), run(false));
    assert!(with.is_subset(&without));
    assert!(with.len() < without.len());
}

#[test]
fn a_plan_is_read_or_refused() {
    let plan: Plan = "rogue-write:count=7".parse().unwrap();
    assert_eq!((plan.name.as_str(), plan.parameters["count"]), ("rogue-write", 7));
    for wrong in ["", "rouge-write", "rogue-write:count", "rogue-write:count=x", "rogue-write:n=1"]
    {
        assert!(wrong.parse::<Plan>().is_err(), "{wrong}");
    }
    let attacks = plans(&["umas"]);
    let error = Simulation::new(&site("feeder"), &Options { attacks, ..options(1, 60) });
    assert!(error.unwrap_err().contains("umas"));
}

fn tshark(path: &Path, arguments: &[&str]) -> String {
    let output = Command::new("tshark")
        .arg("-nr")
        .arg(path)
        .args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
