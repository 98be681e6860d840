//! `alerts`: what `replay` wrote, read again.

use std::fs;

use serde_json::Value;

use crate::refusals::{Row, assert_refused};
use crate::run::{DEMO, Ended, assert_golden, end, end_with_input, gridtap, printed};

/// Lines of all revisions, and of the last of each alert.
fn demo() -> (String, Vec<String>) {
    let all = printed(&format!("replay -q {DEMO}"));
    let mut last: Vec<(String, String)> = Vec::new();
    for line in all.lines() {
        let alert: Value = serde_json::from_str(line).unwrap();
        let id = alert["id"].as_str().unwrap().to_owned();
        match last.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => line.clone_into(known),
            None => last.push((id, line.to_owned())),
        }
    }
    (all, last.into_iter().map(|(_, line)| line).collect())
}

fn read(arguments: &str, alerts: &str) -> Ended {
    end_with_input(&mut gridtap(&format!("alerts - {arguments}")), alerts.into())
}

#[test]
fn an_alerts_file_is_the_table_that_the_replay_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let replayed = end(gridtap("replay -q --format text --alerts").arg(&path).arg(DEMO));
    let read = end(gridtap("alerts --format text").arg(&path));
    assert_eq!((read.status, read.stderr.as_str()), (0, ""));
    assert_eq!(read.stdout, replayed.stdout);
}

#[test]
fn scripts_get_the_line_of_the_last_revision_of_each_alert_as_it_was() {
    let (all, last) = demo();
    // What is not known here, a later version may have written.
    let later = all.replace("{\"schema\"", "{\"later\" : [1, 2.50],\"schema\"");
    let ended = read("", &later);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let expected: Vec<String> = last
        .iter()
        .map(|line| line.replace("{\"schema\"", "{\"later\" : [1, 2.50],\"schema\""))
        .collect();
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), expected);

    let one = read(&format!("--id {}", begin(&last[0])), &all);
    assert_eq!(one.stdout.trim_end(), last[0]);
}

/// Enough of an alert's id to name it.
fn begin(line: &str) -> String {
    let alert: Value = serde_json::from_str(line).unwrap();
    alert["id"].as_str().unwrap()[..6].to_owned()
}

#[test]
fn one_alert_is_shown_in_full() {
    let (all, last) = demo();
    let ended = read(&format!("--id {} --format text", begin(&last[0])), &all);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    assert_golden("demo.alert.txt", &ended.stdout);
}

#[test]
fn what_is_no_alert_is_said_with_its_line_and_the_rest_is_shown() {
    let (all, last) = demo();
    let newer = last[0].replacen("gridtap.alert/1", "gridtap.alert/2", 1);
    let cut = &last[1][..last[1].len() / 2];
    let ended = read("", &format!("{newer}\nNov 21 host gridtap: hello\n{all}{cut}"));
    assert_eq!(ended.status, 0);
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), last);
    let said: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    let cut_off = format!("gridtap: warning: -: line {}: cut off: ", all.lines().count() + 3);
    for (said, begin) in said.iter().zip([
        "gridtap: warning: -: line 1: `gridtap.alert/2`: ",
        "gridtap: warning: -: line 2: no JSON: ",
        &cut_off,
    ]) {
        assert!(said.starts_with(begin), "{said}");
    }
}

#[test]
fn a_file_without_alerts_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    fs::write(&path, "\n").unwrap();
    let ended = end(gridtap("alerts --format text").arg(&path));
    assert_eq!(
        (ended.status, ended.stdout.as_str(), ended.stderr.as_str()),
        (0, "No alerts.\n", "")
    );
    assert_eq!(end(gridtap("alerts").arg(&path)).stdout, "");
}

#[test]
fn alerts_that_cannot_be_read_or_are_not_there_are_refused() {
    let table: &[Row] = &[
        ("alerts missing", 3, &["missing: No such file"]),
        ("alerts folder", 3, &["folder: Is a directory"]),
        ("alerts good.pcap", 3, &["good.pcap: holds no alerts: line 1: no text"]),
        ("alerts good.baseline", 3, &["good.baseline: holds no alerts: line 1: no JSON"]),
        ("alerts --id 77 empty.pcap", 2, &["--id `77`", "no alert in empty.pcap"]),
        ("alerts --id 77 alerts.jsonl", 2, &["--id `77`", "no alert in alerts.jsonl"]),
        ("alerts --id a alerts.jsonl", 2, &["--id `a`", "several", "a1, a2"]),
    ];
    for (arguments, status, parts) in table {
        assert_refused(arguments, *status, parts);
    }
}
