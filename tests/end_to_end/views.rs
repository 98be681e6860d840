//! The views of `messages`: byte for byte from captures of our own, and where they are written to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gridtap_captures::capture::Capture;
use gridtap_captures::frame::Endpoint;
use gridtap_captures::modbus::{mbap, request, response};
use gridtap_captures::scene::Scene;
use gridtap_captures::session::Session;
use serde_json::Value;

use crate::files::{MS, SECOND, START_NS, octets, write};
use crate::messages::{dnp3, modbus};
use crate::run::{Ended, assert_golden, end, end_with_input, gridtap};

#[test]
fn modbus_messages_are_the_same_in_every_view_byte_for_byte() {
    assert_golden("modbus.messages.zeek", &zeek(&modbus()));
    assert_golden("modbus.messages.zeek.json", &messages("zeek-json", &modbus()).stdout);
    assert_golden("modbus.messages.eve.json", &messages("eve", &modbus()).stdout);
    assert_golden("modbus.messages.csv", &messages("csv", &modbus()).stdout);
}

#[test]
fn dnp3_messages_are_the_same_in_every_view_byte_for_byte() {
    assert_golden("dnp3.messages.zeek", &zeek(&dnp3()));
    assert_golden("dnp3.messages.zeek.json", &messages("zeek-json", &dnp3()).stdout);
    assert_golden("dnp3.messages.eve.json", &messages("eve", &dnp3()).stdout);
    assert_golden("dnp3.messages.csv", &messages("csv", &dnp3()).stdout);
}

#[test]
fn every_line_of_a_log_has_the_fields_of_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = 0;
    for capture in [modbus(), dnp3(), uneven()] {
        for (name, text) in logs_of(&capture, folder.path().join(logs.to_string()).as_path(), "") {
            let columns = |line: &str| line.split('\t').count();
            let header = text.lines().find(|line| line.starts_with("#fields")).unwrap();
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(!lines.is_empty(), "{name}: a log without a line");
            for line in lines {
                assert_eq!(columns(line), columns(header) - 1, "{name}: {line}");
            }
            assert!(text.lines().last().unwrap().starts_with("#close\t"), "{name}");
            logs += 1;
        }
    }
    assert_eq!(logs, 5 + 3 + 2);
}

#[test]
fn a_request_without_an_answer_and_an_answer_without_a_request_are_shown_alone() {
    let lines = objects(&messages("zeek-json", &uneven()));
    let detailed: Vec<_> = lines.iter().filter(|line| line["_path"] == "modbus_detailed").collect();
    let shown: Vec<_> = detailed
        .iter()
        .map(|line| (line["tid"].as_u64(), line["unit"].as_u64(), line["matched"].as_bool()))
        .collect();
    let (yes, no) = (Some(true), Some(false));
    let expected = [
        // An answer that nobody asked for.
        (Some(40), Some(1), no),
        // One transaction identifier for two units at a time: each finds its own request.
        (Some(7), Some(2), yes),
        (Some(7), Some(1), yes),
        // Never answered: shown when it is given up.
        (Some(8), Some(1), no),
    ];
    assert_eq!(shown, expected);
    assert_eq!(detailed[1]["address"], 200);
    assert_eq!(detailed[1]["response_values"], serde_json::json!([2]));
    assert_eq!(detailed[3]["request_values"], serde_json::json!([55]));

    let events = objects(&messages("eve", &uneven()));
    let ids: Vec<_> = events.iter().map(|event| event["modbus"]["id"].as_u64()).collect();
    assert_eq!(ids, [Some(1), Some(3), Some(2), Some(4)]);
    assert!(events[0]["modbus"]["request"].is_null() && events[3]["modbus"]["response"].is_null());
    // All are of one flow, and the flow is the same in both views' own way.
    assert!(events.iter().all(|event| event["flow_id"] == events[0]["flow_id"]));
    assert!(lines.iter().all(|line| line["uid"] == lines[0]["uid"]));
}

#[test]
fn views_are_the_same_at_any_number_of_shards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.pcap");
    write(&path, &Scene { minutes: 1, ..Scene::default() }.capture());
    for view in ["zeek-json", "eve", "csv"] {
        let at = |shards: u16| {
            let mut command = gridtap(&format!("messages -q --format {view} --shards {shards}"));
            end(command.arg(&path)).stdout
        };
        let one = at(1);
        assert!(one.lines().count() > 100, "{view}");
        assert!(one == at(8), "{view}");
    }
}

#[test]
fn files_hold_what_standard_output_does() {
    let folder = tempfile::tempdir().unwrap();
    for (view, file) in [
        ("jsonl", "messages.jsonl"),
        ("text", "messages.txt"),
        ("csv", "messages.csv"),
        ("eve", "eve.json"),
    ] {
        let out = folder.path().join(view);
        let files = logs_of_view(&modbus(), &out, view);
        assert_eq!(files.keys().collect::<Vec<_>>(), [file]);
        assert_eq!(files[file], messages(view, &modbus()).stdout, "{view}");
    }
    // In files of their own, lines need not name their log.
    let files = logs_of_view(&modbus(), &folder.path().join("zeek-json"), "zeek-json");
    let named = messages("zeek-json", &modbus()).stdout;
    assert_eq!(
        files.values().map(|text| text.lines().count()).sum::<usize>(),
        named.lines().count()
    );
    assert!(files.values().all(|text| !text.contains("_path")));
}

#[test]
fn a_file_that_is_there_already_is_kept_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("logs");
    fs::create_dir(&out).unwrap();
    // What is not of the view does not matter; a log of an earlier run does, even one that this would not write.
    fs::write(out.join("notes.txt"), "mine").unwrap();
    fs::write(out.join("dnp3.log"), "earlier").unwrap();
    let mut command = gridtap("messages -q - --format zeek --out");
    let ended = end_with_input(command.arg(&out), octets(&modbus()));
    assert_eq!((ended.status, ended.stdout.as_str()), (4, ""));
    let path = out.join("dnp3.log");
    assert!(
        ended.stderr.contains(&format!("{}: is there already", path.display())),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "earlier");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    fs::remove_file(path).unwrap();
    assert_eq!(logs_of(&modbus(), &out, "").len(), 6);
}

#[test]
fn a_capture_without_messages_has_a_header_in_csv_and_no_log() {
    let mut silent = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    silent.open(START_NS);
    silent.close(START_NS + SECOND);
    let silent = silent.into_capture();
    let csv = messages("csv", &silent).stdout;
    assert!(csv.starts_with("capture,packet,") && csv.lines().count() == 1, "{csv}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(logs_of(&silent, &folder.path().join("logs"), "").len(), 0);
    assert_eq!(logs_of_view(&silent, &folder.path().join("eve"), "eve")["eve.json"], "");
}

#[test]
fn rows_of_csv_have_the_same_cells_whatever_the_message() {
    let csv = messages("csv", &modbus().with(dnp3())).stdout;
    // No cell of these captures holds a line's end; quotes stand around lists.
    let cells = |line: &str| {
        let (mut count, mut quoted) = (1, false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => count += 1,
                _ => {}
            }
        }
        count
    };
    let columns = cells(csv.lines().next().unwrap());
    assert!(csv.lines().count() > 80);
    assert!(csv.lines().all(|line| cells(line) == columns));
    assert!(csv.ends_with("\r\n"));
}

#[test]
fn a_view_of_several_captures_names_them() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("one.pcap"), &modbus());
    write(&folder.path().join("two.pcap"), &dnp3());
    for (view, of) in [("zeek-json", "gridtap_capture"), ("eve", "/gridtap/capture")] {
        let mut command = gridtap(&format!("messages -q --format {view} one.pcap two.pcap"));
        let ended = end(command.current_dir(folder.path()));
        let named = objects(&ended).into_iter().filter(|line| {
            let name = if of.starts_with('/') { line.pointer(of) } else { line.get(of) };
            name.is_some_and(|name| name == "two.pcap")
        });
        assert!(named.count() > 20, "{view}");
    }
}

/// A server answers what was not asked, two units share a transaction identifier, and a write stays without an answer.
fn uneven() -> Capture {
    let mut session = Session::new(Endpoint::v4(1, 49_152), Endpoint::v4(2, 502));
    session.open(START_NS);
    let at = |n: u64| START_NS + n * 100 * MS;
    let read = |unit: u8, address| mbap(7, unit, &request::read_holding_registers(address, 1));
    let answer = |unit: u8, value| mbap(7, unit, &response::read_holding_registers(&[value]));
    session.server_sends(at(1), &mbap(40, 1, &response::read_holding_registers(&[9])));
    session.client_sends(at(2), &read(1, 100));
    session.client_sends(at(3), &read(2, 200));
    session.server_sends(at(4), &answer(2, 2));
    session.server_sends(at(5), &answer(1, 1));
    session.client_sends(at(6), &mbap(8, 1, &request::write_single_register(3, 55)));
    session.close(at(7));
    session.into_capture()
}

/// Runs `messages` on a capture, which is its standard input.
fn messages(view: &str, capture: &Capture) -> Ended {
    let command = &mut gridtap(&format!("messages -q --format {view} -"));
    let ended = end_with_input(command, octets(capture));
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{view}");
    ended
}

fn objects(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The logs of a capture, one after the other.
fn zeek(capture: &Capture) -> String {
    let folder = tempfile::tempdir().unwrap();
    logs_of(capture, &folder.path().join("logs"), "").into_values().collect()
}

fn logs_of(capture: &Capture, folder: &Path, flags: &str) -> BTreeMap<String, String> {
    logs_of_view(capture, folder, &format!("zeek {flags}"))
}

/// The files that a view writes into `folder`, which it makes.
fn logs_of_view(capture: &Capture, folder: &Path, view: &str) -> BTreeMap<String, String> {
    let mut command = gridtap(&format!("messages -q - --format {view} --out"));
    let ended = end_with_input(command.arg(folder), octets(capture));
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
    let entries = fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    entries.collect()
}
