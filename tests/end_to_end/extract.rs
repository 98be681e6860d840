//! `extract`: an alert's packets, cut out of the captures that it came from.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use gridtap_captures::capture::Capture;
use serde_json::Value;

use crate::files::{cut_behind, demo, gzip, octets, odd, write};
use crate::run::{DEMO, Ended, end, gridtap, workspace};

/// Replays captures in `folder`, and returns the last revision of the first alert.
fn replayed(folder: &Path, captures: &str) -> Value {
    let command = format!("replay -q --alerts alerts.jsonl --learn-for 30s {captures}");
    let ended = end(gridtap(&command).current_dir(folder));
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let alerts: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    alerts.iter().rfind(|alert| alert["id"] == alerts[0]["id"]).unwrap().clone()
}

fn extract(folder: &Path, alert: &Value, arguments: &str) -> Ended {
    let id = &alert["id"].as_str().unwrap()[..6];
    let command = format!("extract --alert {id} --alerts alerts.jsonl {arguments}");
    end(gridtap(&command).current_dir(folder))
}

/// What each packet of `capture` is, in the words of tshark, if there is one: time, hosts, and comment.
fn tshark(capture: &Path) -> Option<Vec<[String; 3]>> {
    let fields = ["frame.time_epoch", "ip.src", "ip.dst", "frame.comment"];
    let mut command = Command::new("tshark");
    command.arg("-r").arg(capture).args(["-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().ok()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !stderr.contains("appears"), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let mut hosts = [cells[1], cells[2]];
        hosts.sort_unstable();
        [cells[0].to_owned(), hosts.join(" "), cells[3].to_owned()]
    };
    Some(text.lines().map(row).collect())
}

#[test]
fn an_alert_of_the_demo_is_cut_out_with_what_its_hosts_said_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let capture = workspace().join(DEMO);
    let alert = replayed(folder.path(), capture.to_str().unwrap());
    let run = |output: &str, context: &str| {
        let arguments = format!("{} -o {output} --context {context}", capture.display());
        let ended = extract(folder.path(), &alert, &arguments);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("Written to {output}: ")), "{}", ended.stderr);
        folder.path().join(output)
    };
    let (bare, around) = (run("bare.pcapng", "0s"), run("around.pcapng", "2s"));
    // Again gives the same octets.
    assert_eq!(fs::read(&around).unwrap(), fs::read(run("again.pcapng", "2s")).unwrap());

    let whole = capture_as_pcap(folder.path());
    let [Some(bare), Some(around), Some(whole)] = [&bare, &around, &whole].map(|path| tshark(path))
    else {
        return println!("skipped: no tshark");
    };
    let mark = format!("gridtap alert {}", alert["id"].as_str().unwrap());
    let numbers: Vec<usize> = numbers(&alert).collect();
    let marked = |rows: &[[String; 3]]| -> Vec<(String, String)> {
        let rows = rows.iter().filter(|row| row[2] == mark);
        rows.map(|row| (row[0].clone(), row[1].clone())).collect()
    };
    let expected: Vec<_> = numbers
        .iter()
        .map(|number| (whole[number - 1][0].clone(), whole[number - 1][1].clone()))
        .collect();
    assert_eq!(marked(&bare), expected);
    assert_eq!(marked(&around), expected);
    assert!(around.len() > bare.len() + 20, "{} and {}", around.len(), bare.len());

    // Just what the same hosts said within two seconds.
    let seconds = |row: &[String; 3]| row[0].parse::<f64>().unwrap();
    let near = |row: &&[String; 3]| {
        numbers.iter().any(|number| {
            let act = &whole[number - 1];
            act[1] == row[1] && (seconds(act) - seconds(row)).abs() < 2.000_000_1
        })
    };
    let near: Vec<_> = whole.iter().filter(near).map(|row| &row[0]).collect();
    assert_eq!(around.iter().map(|row| &row[0]).collect::<Vec<_>>(), near);
}

#[test]
fn an_alert_of_several_captures_is_cut_out_of_all_under_any_of_their_names() {
    const BEFORE: usize = 19_020;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = cut_behind(&demo(), BEFORE);
    fs::write(folder.path().join("1.pcap"), &first).unwrap();
    fs::write(folder.path().join("2.pcap"), &second).unwrap();
    let alert = replayed(folder.path(), "1.pcap 2.pcap");
    assert_eq!(alert["further_packets"].as_array().unwrap().len(), 1);

    let both = extract(folder.path(), &alert, "2.pcap 1.pcap -o out.pcapng");
    assert_eq!(both.status, 0, "{}", both.stderr);
    // Moved and compressed, they are the same captures.
    fs::create_dir(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("old/1.pcap.gz"), gzip(&first)).unwrap();
    fs::rename(folder.path().join("2.pcap"), folder.path().join("old/2.pcap")).unwrap();
    let moved = extract(folder.path(), &alert, "old/2.pcap old/1.pcap.gz -o moved.pcapng");
    assert_eq!(moved.status, 0, "{}", moved.stderr);
    assert_eq!(moved.stderr.replace("moved", "out"), both.stderr);
    let count = alert["packets"].as_array().unwrap().len()
        + alert["further_packets"][0]["packets"].as_array().unwrap().len();
    assert!(
        both.stderr.contains(&format!(" packets, {count} of them of alert")),
        "{}",
        both.stderr
    );

    let one = extract(folder.path(), &alert, "1.pcap -o one.pcapng");
    assert_eq!(one.status, 2, "{}", one.stderr);
    assert!(one.stderr.contains("`2.pcap`, which is not among"), "{}", one.stderr);
    assert!(!folder.path().join("one.pcapng").exists());
}

#[test]
fn what_is_cut_out_raises_the_alert_again() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("odd.pcap"), &odd());
    let alert = replayed(folder.path(), "odd.pcap");
    let learn = "learn -q -o site.baseline --for 30s odd.pcap";
    assert_eq!(end(gridtap(learn).current_dir(folder.path())).status, 0);
    let ended = extract(folder.path(), &alert, "odd.pcap -o out.pcapng");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let again =
        end(gridtap("replay -q --baseline site.baseline out.pcapng").current_dir(folder.path()));
    let again: Value = serde_json::from_str(again.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&again["what"], &again["time"]), (&alert["what"], &alert["time"]));
}

#[test]
fn a_capture_that_is_cut_off_behind_the_alert_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let capture: Capture = odd();
    write(&folder.path().join("odd.pcap"), &capture);
    let alert = replayed(folder.path(), "odd.pcap");
    let whole = octets(&capture);
    fs::write(folder.path().join("odd.pcap"), &whole[..whole.len() - 5]).unwrap();
    let ended = extract(folder.path(), &alert, "odd.pcap -q -o out.pcapng");
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("gridtap: warning: odd.pcap: cut off"), "{}", ended.stderr);
}

fn numbers(alert: &Value) -> impl Iterator<Item = usize> {
    let numbers: BTreeSet<u64> = alert["packets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_u64().unwrap())
        .collect();
    numbers.into_iter().map(|number| usize::try_from(number).unwrap())
}

fn capture_as_pcap(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("demo.pcap");
    fs::write(&path, demo()).unwrap();
    path
}
