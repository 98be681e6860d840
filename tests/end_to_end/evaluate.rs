//! `gridtap evaluate`: detection measured against labels, as people run it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

use crate::run::{DEMO, end, gridtap, printed, workspace};

fn evaluated(arguments: &str) -> Value {
    serde_json::from_str(&printed(&format!("evaluate -q {arguments}"))).unwrap()
}

/// The figures of a pass.
fn figures(report: &Value, pass: usize) -> &Value {
    &report["passes"][pass]["figures"]
}

/// A simulated site with labels beside it.
fn simulated(folder: &Path, arguments: &str) {
    let ended = end(&mut gridtap(&format!("simulate -q --out {} {arguments}", folder.display())));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
}

#[test]
fn the_demo_is_measured_as_its_labels_say() {
    let report = evaluated(&format!("--labels captures/demo.labels.csv {DEMO}"));
    assert_eq!(report["schema"], "gridtap.evaluation/1");
    let it = figures(&report, 0);
    assert_eq!((&it["recall"]["count"], &it["recall"]["of"]), (&5.into(), &5.into()));
    assert_eq!((&it["episodes"], &it["wrong_episodes"]["count"]), (&4.into(), &0.into()));
    assert_eq!(it["judged_acts"], 6921);
    let commands = &it["commands"];
    assert_eq!(commands["operators"]["count"], 0);
    // One is no attack's: after the restart the master keeps its outstation silent until it has polled it.
    let precision = (&commands["precision"]["count"], &commands["precision"]["of"]);
    assert_eq!(precision, (&125.into(), &126.into()));
    assert_eq!(commands["recall"]["share"], 1.0);
    // The connection that a new host asks for is its first act.
    assert_eq!(it["latency"]["act"]["greatest"], 2.0);
    let trivial: Vec<&Value> =
        it["trivial"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(trivial, ["every write", "every new pair", "random"]);
    // Those beside the capture are the same, and the digests are those of the files.
    assert_eq!(evaluated(DEMO)["passes"], report["passes"]);
    let manifest = fs::read_to_string(workspace().join("captures/MANIFEST.toml")).unwrap();
    assert!(manifest.contains(report["inputs"]["captures"][0]["sha256"].as_str().unwrap()));
}

#[test]
fn the_same_input_gives_the_same_result_at_any_number_of_shards() {
    let one = printed(&format!("evaluate -q --shards 1 {DEMO}"));
    assert_eq!(one, printed(&format!("evaluate -q --shards 4 {DEMO}")));
}

#[test]
fn a_simulated_site_is_measured_by_windows_and_packets() {
    let folder = tempfile::tempdir().unwrap();
    let attacks = "--attack rogue-write,cold-restart,new-laptop";
    simulated(folder.path(), &format!("--for 2h --attack-after 1h --seed 4 {attacks}"));
    let capture = folder.path().join("substation-4.pcap");
    let report = evaluated(&format!("--learn-for 55m {}", capture.display()));
    let it = figures(&report, 0);
    let kinds: Vec<&Value> =
        it["kinds"].as_array().unwrap().iter().map(|kind| &kind["kind"]).collect();
    assert_eq!(kinds, ["cold-restart", "rogue-write"]);
    assert_eq!(it["recall"]["share"], 1.0, "{it:#}");
    assert_eq!(it["lookalikes"][0]["kind"], "new-laptop");
    assert_eq!(it["naming"]["actor"]["share"], 1.0);
    let rows: Vec<&Value> = report["inputs"]["captures"][0]["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["rows"])
        .collect();
    assert_eq!(rows, ["packets", "windows", "lookalikes"]);

    // By windows alone the same attacks are found.
    let windows = folder.path().join("substation-4.windows.csv");
    let by_time = format!("--learn-for 55m --labels {} {}", windows.display(), capture.display());
    assert_eq!(figures(&evaluated(&by_time), 0)["recall"], it["recall"]);
}

#[test]
fn what_is_done_to_events_is_measured_beside_what_was_captured() {
    let folder = tempfile::tempdir().unwrap();
    let html = folder.path().join("result.html");
    let command = "evaluate -q --as-master --contaminate 10% --contaminate 1% --contaminate-all 10% --leave-out 2 --html";
    let ended = end(gridtap(command).arg(&html).arg(DEMO));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let pass = |nth: usize| &report["passes"][nth];
    let names: Vec<&str> = report["passes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pass| pass["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "as captured",
            "attackers with the master's addresses",
            "contaminated by 10 %",
            "contaminated by 1 %",
            "contaminated by 10 % of all acts",
            "each segment judged by the others",
        ]
    );
    assert!(pass(0)["figures"]["trivial"][1]["recall"]["count"].as_u64().unwrap() > 0);
    // The attackers of the demo are one host, which nobody is new to any more.
    assert_eq!(pass(1)["changed"]["attackers"], 1.0);
    assert_eq!(pass(1)["figures"]["trivial"][1]["recall"]["count"], 0);

    // Copies that only ask are a share of the commands, or of what only asks.
    for (mixed, asking) in [(pass(2), "commands learned"), (pass(4), "others learned")] {
        let number = |name: &str| mixed["changed"][name].as_f64().unwrap();
        for (copies, learned) in [("commands", "commands learned"), ("others", asking)] {
            let wanted = (number(learned) / 9.0).ceil();
            assert!((number(copies) - wanted).abs() < 0.5, "{copies}: {mixed}");
        }
    }
    let learned = |nth: usize| figures(&report, nth)["learned_acts"].as_u64().unwrap();
    assert!(learned(4) > learned(2) && learned(2) > learned(3) && learned(3) > learned(0));

    let parts = pass(5)["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(figures(&report, 5)["recall"]["of"], 5);
    // Each half is judged, and taught the other but for its attacks.
    assert!(learned(5) > 2 * learned(0), "{}", learned(5));

    let page = fs::read_to_string(&html).unwrap();
    for from_elsewhere in ["http:", "https:", "<script", "src=", "url(", "@import", "<link"] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    assert_eq!(page.matches("<section>").count(), 6);
    assert!(page.matches("<svg").count() >= 12);
}

#[test]
fn captures_that_are_measured_apart_are_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let options = "--for 30m --attack-after 15m --attack cold-restart --seed";
    for seed in [1, 2] {
        simulated(folder.path(), &format!("{options} {seed}"));
    }
    let captures = [1, 2].map(|seed| format!("{}/substation-{seed}.pcap", folder.path().display()));
    let report = evaluated(&format!("--each --learn-for 15m {}", captures.join(" ")));
    let it = figures(&report, 0);
    assert_eq!(it["recall"]["of"], 2);
    let parts = report["passes"][0]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part["recall"]["of"] == 1));
    let parts_of: Vec<&Value> = report["passes"][0]["attacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attack| &attack["part"])
        .collect();
    assert_eq!(parts_of, [1, 2]);
}

#[test]
fn an_anonymous_result_names_nobody_and_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("result.json");
    let ended = end(gridtap("evaluate -q --anonymous --json").arg(&json).arg(DEMO));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let kept = fs::read_to_string(&json).unwrap();
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), report);
    for text in [&ended.stdout, &kept] {
        for word in ["10.20.", "demo", "rogue", "coil", "2026", "csv", "restart\",\"recall"] {
            assert!(!text.contains(word), "{word}");
        }
    }
    assert_eq!(figures(&report, 0)["recall"]["of"], 5);
    assert_eq!(
        report["passes"][0]["attacks"][0]["kind"].as_str().unwrap().split(' ').next(),
        Some("attack")
    );
}

#[test]
fn public_captures_are_measured_by_the_labels_that_came_with_them() {
    let beside = || workspace().join("../shared");
    let shared = env::var_os("GRIDTAP_SHARED").map_or_else(beside, PathBuf::from);
    let labelled = shared.join("captures/labelled");
    // Attacks as their labels count them.
    let table = [
        ("lemay/characterization_modbus_6RTU_with_operate.pcap", 1),
        ("qut-dnp3/injection-training-frequent.pcap", 72),
        ("qut-dnp3/control-training-frequent.pcap", 0),
    ];
    for (name, attacks) in table {
        let capture = labelled.join(name);
        if !capture.is_file() {
            println!("skipped: no labelled captures; set GRIDTAP_SHARED to a folder that has some");
            return;
        }
        let report = evaluated(&capture.display().to_string());
        let it = figures(&report, 0);
        let judged = it["recall"]["of"].as_u64().unwrap();
        assert_eq!(judged + it["unjudged_attacks"].as_u64().unwrap(), attacks, "{name}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let wrong = put("wrong.csv", "packet,label\n1,1\n2,yes\n");
    let beyond = put("beyond.csv", "packet,label\n99999999,1\n");
    let alone = put("alone.pcap", "");
    fs::copy(workspace().join(DEMO), &alone).unwrap();
    let good = "captures/demo.labels.csv";
    let table = [
        (
            format!("--labels {wrong} {DEMO}"),
            2,
            "wrong.csv: line 3: label `yes`: want 0 or 1".to_owned(),
        ),
        (
            format!("--labels {beyond} {DEMO}"),
            2,
            "beyond.csv: line 2: packet 99999999: the capture has".to_owned(),
        ),
        (format!("--labels {good} --labels {good} {DEMO}"), 2, "2 times for 1 captures".to_owned()),
        (format!("--labels nowhere.csv {DEMO}"), 2, "nowhere.csv: ".to_owned()),
        (alone.clone(), 2, "no labels beside it".to_owned()),
        ("-".to_owned(), 2, "read once".to_owned()),
        (format!("--labels {good} nowhere.pcap"), 3, "nowhere.pcap".to_owned()),
        (format!("--tolerance 5 {DEMO}"), 2, "--tolerance".to_owned()),
        (format!("--contaminate 100% {DEMO}"), 2, "--contaminate".to_owned()),
        (format!("--leave-out 1 {DEMO}"), 2, "--leave-out".to_owned()),
        (format!("--json /no/such/folder/x {DEMO}"), 4, "/no/such/folder/x".to_owned()),
    ];
    for (arguments, status, said) in table {
        let ended = end(&mut gridtap(&format!("evaluate -q {arguments}")));
        assert_eq!(ended.status, status, "{arguments}: {}", ended.stderr);
        assert!(ended.stderr.contains(&said), "{arguments}: {}", ended.stderr);
    }
    let benign = evaluated(&format!("--benign {alone}"));
    assert_eq!(figures(&benign, 0)["recall"]["of"], 0);
    assert_eq!(figures(&benign, 0)["wrong_episodes"]["count"], 4);
}
