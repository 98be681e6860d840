//! `replay` of the bundled capture, byte for byte.

use std::fs;

use crate::run::{DEMO, assert_golden, end, gridtap};

#[test]
fn alerts_of_the_demo_are_those_of_the_golden_file_wherever_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let ended = end(gridtap("replay --alerts").arg(&path).arg(DEMO));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_golden("demo.alerts.jsonl", &ended.stdout);
    assert_eq!(fs::read_to_string(&path).unwrap(), ended.stdout);
    assert_golden("demo.summary.txt", &ended.stderr);
}

#[test]
fn the_demo_for_people_is_the_summary_and_a_table() {
    let ended = end(&mut gridtap("replay --format text captures/demo.pcap.zst"));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_golden("demo.txt", &ended.stdout);
    assert!(ended.stdout.ends_with("4 alerts.\n"));
}

#[test]
fn quiet_leaves_the_alerts_alone_on_the_screen() {
    let ended = end(&mut gridtap("replay -q --format text captures/demo.pcap.zst"));
    let whole = end(&mut gridtap("replay --format text captures/demo.pcap.zst"));
    assert!(whole.stdout.ends_with(&ended.stdout));
    assert!(!ended.stdout.contains("Learned from"));
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_baseline_learned_from_the_first_part_finds_the_same_as_learning_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("site.baseline");
    let learned = end(gridtap("learn --for 5m -o").arg(&baseline).arg(DEMO));
    assert_eq!(learned.status, 0, "{}", learned.stderr);

    let judged = end(gridtap("replay --baseline").arg(&baseline).arg(DEMO));
    let on_the_way = end(gridtap("replay --learn-for 5m").arg(DEMO));
    let what = |alerts: &str| -> Vec<String> {
        let alerts = alerts.lines().map(|line| serde_json::from_str(line).unwrap());
        let last = alerts.filter(|alert: &serde_json::Value| alert["final"] == true);
        last.map(|alert| format!("{} {} {}", alert["time"], alert["count"], alert["what"]))
            .collect()
    };
    assert_eq!(what(&judged.stdout), what(&on_the_way.stdout));
}
