//! `replay --scores`: how odd each act is, for researchers.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::run::{DEMO, end, gridtap};

/// The scores of the demo, and its alerts.
fn scored(shards: u16) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let command = format!("replay --shards {shards} --scores");
    let ended = end(gridtap(&command).arg(&path).arg(DEMO));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("judged 6921.\n"), "{}", ended.stderr);
    (fs::read_to_string(path).unwrap(), ended.stdout)
}

#[test]
fn every_judged_act_has_its_score_whatever_the_number_of_shards() {
    let (scores, alerts) = scored(1);
    for shards in [2, 8] {
        let (other, _) = scored(shards);
        let differs = scores.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{shards} shards");
        assert_eq!(scores.len(), other.len(), "{shards} shards");
    }

    let mut rows = scores.lines();
    let header: Vec<&str> = rows.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (packet, stage, bits) = (column("packet"), column("stage"), column("score_bits"));
    // No cell of the demo has a comma in it.
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == header.len()));
    let asked: Vec<_> = rows.iter().filter(|row| row[stage] == "requested").collect();
    assert_eq!(asked.len(), 6921);

    // An alert's packets are those whose score reached the least that raises one.
    let least = |row: &[&str]| match row[column("intent")] {
        "read" | "diagnose" | "authenticate" | "session" | "report" => 10.0,
        _ => 6.6,
    };
    let mut raised: BTreeMap<&str, bool> = BTreeMap::new();
    let mut odd = 0_u64;
    for row in &rows {
        let reaches =
            row[bits].parse::<f64>().unwrap() >= least(row) || row[column("hard")] == "true";
        odd += u64::from(reaches);
        *raised.entry(row[packet]).or_default() |= reaches;
    }
    let (mut listed, mut learned, mut acts) = (0, 0, 0);
    for alert in alerts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let closed = alert["final"] == true;
        acts += if closed { alert["count"].as_u64().unwrap() } else { 0 };
        for packet in alert["packets"].as_array().unwrap() {
            // What was only learned has no score; hard findings are raised all the same.
            let Some(raised) = raised.get(packet.to_string().as_str()) else {
                learned += u64::from(closed);
                continue;
            };
            assert!(*raised, "packet {packet}");
            listed += 1;
        }
    }
    assert!(listed > 60, "{listed}");
    assert_eq!((odd, learned), (acts - learned, 2));
}

#[test]
fn a_closed_pipe_does_not_cut_the_scores() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let mut command = gridtap(&format!("replay -q {DEMO} --scores"));
    let mut child = command.arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), scored(1).0);
}
