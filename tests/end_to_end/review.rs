//! A baseline that learned attacks lists them itself; what is learned well is said.

use std::fs;
use std::path::Path;

use gridtap_captures::scene::Scene;
use serde_json::Value;

use crate::files::{START_NS, exchanges, poll, write, write_of};
use crate::run::{Ended, end, gridtap};

fn run(folder: &Path, command: &str) -> Ended {
    let ended = end(gridtap(command).current_dir(folder));
    assert_eq!(ended.status, 0, "{command}: {}", ended.stderr);
    ended
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A client that commands and never reads, learned as if it were normal.
fn write_intruder(folder: &Path) {
    let day = Scene { minutes: 6, start_ns: START_NS, ..Scene::default() }.capture();
    write(&folder.join("day.pcap"), &day);
    write(&folder.join("odd.pcap"), &exchanges(66, 9, 0, (0..5).map(|_| write_of(40))));
}

#[test]
fn what_is_odd_is_listed_settled_and_raised_if_it_was_forbidden() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_intruder(folder);
    run(folder, "learn -q -o site day.pcap odd.pcap");

    let listed = records(&run(folder, "baseline review --format jsonl site").stdout);
    let intruder = &listed[0];
    assert_eq!((&intruder["schema"], &intruder["number"]), (&"gridtap.oddity/1".into(), &1.into()));
    assert_eq!(intruder["actor_ip"], "10.0.0.66");
    let evidence = &intruder["evidence"][0];
    assert_eq!(
        (&evidence["kind"], &evidence["flag"]),
        (&"writer-never-reads".into(), &true.into())
    );
    let baseline = fs::read_to_string(folder.join("site")).unwrap();
    assert!(baseline.contains(evidence["line"].as_str().unwrap()), "{evidence}");

    let text = run(folder, "baseline review --format text site").stdout;
    assert!(text.contains("\n1. 10.0.0.66"), "{text}");
    assert!(text.contains("gridtap baseline approve --review N --by NAME site"), "{text}");

    run(folder, "baseline approve -q --review 1 --by Ada -o approved site");
    let after = records(&run(folder, "baseline review --format jsonl approved").stdout);
    assert!(after.iter().all(|oddity| oddity["actor_ip"] != "10.0.0.66"), "{after:?}");
    let alerts = run(folder, "replay -q --baseline approved odd.pcap").stdout;
    assert!(!alerts.contains("writer-never-reads"), "{alerts}");
}

#[test]
fn a_number_that_the_review_does_not_list_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_intruder(folder);
    run(folder, "learn -q -o site day.pcap odd.pcap");
    for flags in ["--review 99", "--review 0"] {
        let command = format!("baseline approve {flags} --by Ada site");
        let ended = end(gridtap(&command).current_dir(folder));
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("baseline review site"), "{}", ended.stderr);
    }
    for flags in ["", "--alert 4c", "--review 1 --alerts x"] {
        let command = format!("baseline approve {flags} --by Ada site");
        assert_eq!(end(gridtap(&command).current_dir(folder)).status, 2, "{flags}");
    }
}

#[test]
fn learning_ends_with_what_is_learned_well_and_what_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_intruder(folder);
    let said = run(folder, "learn -o site day.pcap odd.pcap").stderr;
    assert!(said.contains("\nReadiness: "), "{said}");
    assert!(said.contains("gridtap baseline review"), "{said}");
    let shown = run(folder, "baseline show --readiness site").stdout;
    assert!(shown.starts_with("Readiness: 0 conversations learned well"), "{shown}");
    assert!(shown.contains("cannot tell: too little was seen"), "{shown}");
}

#[test]
fn a_replay_says_what_was_promised_and_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let acts = (0..600).map(|act| if act == 500 { write_of(40) } else { poll() });
    write(&folder.join("minute.pcap"), &exchanges(7, 9, 0, acts));
    let said = run(folder, "replay --learn-for 30s minute.pcap").stderr;
    assert!(said.contains("\nPromised: no rate"), "{said}");
    let realised = said.lines().find(|line| line.starts_with("Realised: ")).unwrap();
    // Half a minute was judged, of which no day's rate can be told but by its bound.
    assert!(realised.contains(" soft alert"), "{realised}");
    assert!(realised.contains("(95 %: below "), "{realised}");
}

/// Attacks among the commands of the learned time: each is listed, and near the top.
#[cfg(feature = "simulate")]
#[test]
fn attacks_in_the_learned_time_stand_near_the_top_of_the_review() {
    const ATTACKS: &str = "rogue-write:count=1,brute-force-io:count=4,cold-restart,no-ack:count=1,\
        setpoint-out-of-range:count=1,time-tampering";
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, attacks) in [("usual", ""), ("attacked", ATTACKS)] {
        let more = if attacks.is_empty() { String::new() } else { format!("--attack {attacks}") };
        run(
            folder,
            &format!("simulate -q --site feeder --for 8h --attack-after 2h --out {name} {more}"),
        );
        run(folder, &format!("learn -q -o {name}.baseline {name}/feeder-1.pcap"));
    }
    let review = |name: &str| {
        records(&run(folder, &format!("baseline review --format jsonl {name}.baseline")).stdout)
    };
    let usual = review("usual");
    assert!(usual.len() <= 6, "{}", usual.len());
    let attacked = review("attacked");
    let windows = fs::read_to_string(folder.join("attacked/feeder-1.windows.csv")).unwrap();
    for window in windows.lines().skip(1) {
        let fields: Vec<&str> = window.split(',').collect();
        let (name, actor, target) = (fields[2], fields[3], fields[4]);
        // Whoever did it, with what it was done to.
        let rank = attacked.iter().position(|oddity| {
            oddity["actor_ip"] == actor
                && oddity["evidence"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|evidence| evidence["because"].as_str().unwrap().contains(target))
        });
        // What a master does that it is to do, with a usual value, leaves nothing in counts.
        let seen = !matches!(name, "setpoint-out-of-range" | "time-tampering");
        assert!(
            !seen || rank.is_some_and(|rank| rank < 10),
            "{name}: {rank:?} of {}",
            attacked.len()
        );
    }
}
