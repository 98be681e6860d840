//! `gridtap simulate` as people run it: captures that the program itself reads, with labels that are true.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::run::{Ended, end, gridtap, printed};

fn simulate(folder: &Path, arguments: &str) -> Ended {
    end(&mut gridtap(&format!("simulate --out {} {arguments}", folder.display())))
}

/// The rows of a CSV file below its header.
fn rows(path: &Path, header: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(header));
    lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn messages(path: &Path) -> Vec<Value> {
    let lines = printed(&format!("messages -q --format jsonl {}", path.display()));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_program_reads_what_it_made_and_finds_each_labelled_packet_where_the_label_says() {
    let folder = tempfile::tempdir().unwrap();
    let options = "--for 40m --attack-after 10m --attack rogue-write:count=3,frostygoop --zstd";
    let ended = simulate(folder.path(), options);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let all = messages(&folder.path().join("substation-1.pcap.zst"));
    assert!(all.len() > 10_000);
    assert!(all.iter().all(|message| message["status"] == "ok"));

    let header = "packet,label,attack,actor,target,points";
    let labels = rows(&folder.path().join("substation-1.labels.csv"), header);
    let attack: BTreeMap<u64, &Vec<String>> = labels
        .iter()
        .filter(|row| row[1] == "1")
        .map(|row| (row[0].parse().unwrap(), row))
        .collect();
    let intruders: BTreeSet<&str> = attack.values().map(|row| row[3].as_str()).collect();
    let mut found = 0;
    for message in &all {
        let ends = [message["src_ip"].as_str().unwrap(), message["dst_ip"].as_str().unwrap()];
        let row = attack.get(&message["packet"].as_u64().unwrap());
        assert_eq!(ends.iter().any(|ip| intruders.contains(ip)), row.is_some(), "{message}");
        if let Some(row) = row {
            assert!(ends.contains(&row[3].as_str()) && ends.contains(&row[4].as_str()), "{row:?}");
            found += 1;
        }
    }
    assert!(found > 20, "{found}");

    let header = "start,end,attack,actor,target,points";
    let windows = rows(&folder.path().join("substation-1.windows.csv"), header);
    let names: Vec<&str> = windows.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(names, ["rogue-write", "frostygoop"]);
}

#[test]
fn what_operators_set_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let ended = simulate(folder.path(), "--site plant --for 1h --seed 2");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    // Server, unit and register; what was written to it last.
    let mut set: BTreeMap<(String, u64, u64), u64> = BTreeMap::new();
    let mut read_back = 0;
    for message in messages(&folder.path().join("plant-2.pcap")) {
        let request = message["direction"] == "request";
        let server = &message[if request { "dst_ip" } else { "src_ip" }];
        let unit = message["unit"].as_u64().unwrap();
        let function = message["function"].as_u64().unwrap();
        let Some(address) = message["address"].as_u64() else { continue };
        let values = message["values"].as_array().cloned().unwrap_or_default();
        for (register, value) in (address..).zip(values) {
            let place = (server.as_str().unwrap().to_owned(), unit, register);
            match (function, request) {
                (6 | 16, true) => {
                    set.insert(place, value.as_u64().unwrap());
                }
                (3, false) => {
                    if let Some(written) = set.get(&place) {
                        assert_eq!(value.as_u64(), Some(*written), "{message}");
                        read_back += 1;
                    }
                }
                _ => {}
            }
        }
    }
    assert!(set.len() > 1 && read_back > 50, "{} {read_back}", set.len());
}

#[test]
fn the_same_options_make_the_same_files() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for folder in &folders {
        let options =
            "--site feeder --for 10m --seed 5 --attack cold-restart:hops=9 --pcapng --as-master";
        assert_eq!(simulate(folder.path(), options).status, 0);
    }
    let names = ["pcapng", "labels.csv", "windows.csv", "lookalikes.csv", "json"];
    for name in names.map(|ending| format!("feeder-5.{ending}")) {
        let [first, second] = [0, 1].map(|it| fs::read(folders[it].path().join(&name)).unwrap());
        assert!(first == second, "{name}");
    }
    assert_eq!(fs::read_dir(folders[0].path()).unwrap().count(), names.len());
}

#[test]
fn the_manifest_says_how_to_make_it_again_and_what_it_is() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let options = "--seed 6 --for 5m --attack rogue-write:count=1 --late-ppm 5000 --zstd --hsr";
    assert_eq!(simulate(folders[0].path(), options).status, 0);
    let manifest = |folder: &Path| -> Value {
        serde_json::from_slice(&fs::read(folder.join("substation-6.json")).unwrap()).unwrap()
    };
    let first = manifest(folders[0].path());
    assert_eq!(first["schema"], "gridtap.simulation/1");
    assert_eq!(first["options"]["attacks"][0], "rogue-write:count=1");
    assert_eq!(first["options"]["network"]["late_ppm"], 5000);
    assert_eq!(first["counts"]["attacks"], 1);
    for file in first["files"].as_array().unwrap() {
        let octets = fs::read(folders[0].path().join(file["name"].as_str().unwrap())).unwrap();
        assert_eq!(file["octets"], octets.len(), "{file}");
        assert_eq!(file["sha256"], sha256(&octets), "{file}");
        if let Some(content) = file["content_sha256"].as_str() {
            assert_eq!(content, sha256(&zstd::decode_all(octets.as_slice()).unwrap()));
        }
    }
    let again = first["again"].as_str().unwrap();
    let again = again.strip_prefix("gridtap simulate --out . ").unwrap();
    assert_eq!(simulate(folders[1].path(), again).status, 0);
    assert_eq!(first, manifest(folders[1].path()));
}

fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

#[test]
fn all_kinds_that_a_site_has_devices_for_are_asked_for_by_one_word() {
    let folder = tempfile::tempdir().unwrap();
    let names = |site: &str, word: &str| -> Vec<String> {
        let ended = simulate(folder.path(), &format!("--site {site} --for 1s --attack {word}"));
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let manifest = fs::read(folder.path().join(format!("{site}-1.json"))).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let attacks = manifest["options"]["attacks"].as_array().unwrap();
        attacks.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (feeder, plant) = (names("feeder", "all"), names("plant", "all"));
    let has = |names: &[String], name: &str| names.iter().any(|it| it == name);
    assert!(has(&feeder, "authentication-downgrade") && !has(&feeder, "umas"));
    assert!(has(&plant, "umas") && !has(&plant, "cold-restart"));
    assert!(has(&names("plant", "look-alikes"), "new-laptop"));
    assert!(!has(&plant, "new-laptop"));
}

#[test]
fn everything_has_its_line_in_the_list() {
    let list = printed("simulate --list");
    for name in ["substation", "feeder", "plant", "rogue-write", "frostygoop", "power-cut"] {
        assert!(list.lines().any(|line| line.trim_start().starts_with(name)), "{name}");
    }
}

#[test]
fn what_cannot_be_simulated_is_refused_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let table = [
        ("--site nowhere", 2, "nowhere"),
        ("--site missing.toml", 2, "missing.toml"),
        ("--attack rouge-write", 2, "rouge-write"),
        ("--site feeder --attack umas", 2, "umas"),
        ("--attack drift:x=1", 2, "drift"),
        ("--late-ppm 2000000", 2, "late-ppm"),
        ("--for 5", 2, "5"),
    ];
    for (options, status, said) in table {
        let ended = simulate(&folder.path().join("out"), options);
        assert_eq!(ended.status, status, "{options}");
        assert!(ended.stderr.contains(said), "{options}: {}", ended.stderr);
        assert!(!folder.path().join("out").exists(), "{options}");
    }
    fs::write(folder.path().join("file"), "").unwrap();
    let ended = simulate(&folder.path().join("file"), "--for 1m");
    assert_eq!(ended.status, 4, "{}", ended.stderr);
}
