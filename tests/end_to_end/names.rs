//! `--names`: what the site calls things, wherever people read addresses.

use std::fs;

use serde_json::Value;

use crate::run::{DEMO, assert_golden, end, gridtap};

const NAMES: &str = "--names captures/demo.names.toml";

#[test]
fn the_demo_with_names_has_them_in_every_view_and_the_same_ids() {
    let folder = tempfile::tempdir().unwrap();
    let [named, plain, baseline] =
        ["named.jsonl", "plain.jsonl", "site.baseline"].map(|name| folder.path().join(name));
    let run = |arguments: &str, path: &std::path::Path, rest: &str| {
        let mut command = gridtap(arguments);
        let ended = end(command.arg(path).args(rest.split_whitespace()));
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{arguments}");
        ended.stdout
    };
    let table = run(&format!("replay -q --format text {NAMES} --alerts"), &named, DEMO);
    assert_golden("demo.named.txt", &table);
    run("replay -q --alerts", &plain, DEMO);

    // An alerts file that has names needs no file of names; one that has none takes them from it.
    assert_eq!(run("alerts --format text", &named, ""), table);
    assert_eq!(run(&format!("alerts --format text {NAMES}"), &plain, ""), table);
    let records = fs::read_to_string(&named).unwrap();
    let stranger = records.lines().find(|line| line.contains("\"actor\":\"10.20.0.66\"")).unwrap();
    let stranger: Value = serde_json::from_str(stranger).unwrap();
    let id = stranger["id"].as_str().unwrap();
    let full = run(&format!("alerts --format text --id {id}"), &named, "");
    assert!(full.contains("server      10.20.0.21 (transformer) unit 1 (tap changer)"), "{full}");
    assert!(full.contains("points      holding-register 10 (voltage set-point) = 228"), "{full}");

    // All that differs in the records is the names.
    let (named, plain) = (fs::read_to_string(named).unwrap(), fs::read_to_string(plain).unwrap());
    assert_eq!(named.lines().count(), plain.lines().count());
    for (named, plain) in named.lines().zip(plain.lines()) {
        let mut named: Value = serde_json::from_str(named).unwrap();
        let added = named.as_object_mut().unwrap().remove("names").unwrap();
        assert!(added.as_object().unwrap().keys().any(|key| key.contains("10.20.0.")), "{added}");
        assert_eq!(named, serde_json::from_str::<Value>(plain).unwrap());
    }

    run("learn -q --for 5m -o", &baseline, DEMO);
    let shown = run(&format!("baseline show {NAMES}"), &baseline, "");
    for part in [
        "\n10.20.0.10 (SCADA) (modbus, ",
        "\n  10.20.0.21 (transformer) unit 1 (tap changer)  ",
        "\n    command write holding-register 10 (voltage set-point)  ",
    ] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
}
