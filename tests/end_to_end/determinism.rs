//! The same input gives the same output, to the octet: on every run, at any number of shards, whole or in parts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gridtap_captures::capture::Capture;
use gridtap_captures::frame::Endpoint;
use gridtap_captures::modbus::{mbap, request, response};
use gridtap_captures::scene::Scene;
use gridtap_captures::session::Session;
use serde_json::Value;

use crate::files::{MS, SECOND, START_NS, cut_behind, demo, write};
use crate::run::{DEMO, end, gridtap, printed, workspace};

/// Of shards; 8 twice, as a second run.
const SHARDS: [u16; 4] = [1, 2, 8, 8];

#[test]
fn the_demo_raises_the_same_at_any_number_of_shards_and_again() {
    let alerts = same_at_any_number_of_shards("replay", &workspace().join(DEMO));
    assert_eq!(alerts.lines().count(), 24);
}

#[test]
fn the_demo_has_the_same_messages_at_any_number_of_shards_and_again() {
    let messages = same_at_any_number_of_shards("messages", &workspace().join(DEMO));
    assert!(messages.lines().count() > 20_000);
}

#[test]
fn a_damaged_capture_of_many_raises_the_same_at_any_number_of_shards_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.pcap");
    write(&path, &damaged(scene()));
    let alerts = same_at_any_number_of_shards("replay", &path);
    let ids: BTreeSet<String> =
        alerts.lines().map(|line| value(line)["id"].as_str().unwrap().to_owned()).collect();
    assert!(ids.len() >= 4, "{alerts}");
    let messages = same_at_any_number_of_shards("messages", &path);
    assert!(messages.contains("\"lost\":"), "nothing was lost");
}

#[test]
fn a_capture_in_two_files_has_the_acts_of_the_whole() {
    // The cut is in the middle of an attack, so that one alert has packets in both.
    const BEFORE: usize = 19_020;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = cut_behind(&demo(), BEFORE);
    fs::write(folder.path().join("1.pcap"), first).unwrap();
    fs::write(folder.path().join("2.pcap"), second).unwrap();
    let whole = printed(&format!("replay -q {DEMO}"));
    let in_order = end(gridtap("replay -q 1.pcap 2.pcap").current_dir(folder.path()));
    let reversed = end(gridtap("replay -q 2.pcap 1.pcap").current_dir(folder.path()));
    assert_eq!((in_order.status, in_order.stderr.as_str()), (0, ""));

    let acts = |alerts: &str| -> Vec<Value> {
        alerts.lines().map(|line| in_whole(value(line), BEFORE)).collect()
    };
    let (whole, in_order, reversed) =
        (acts(&whole), acts(&in_order.stdout), acts(&reversed.stdout));
    for ((whole, in_order), reversed) in whole.iter().zip(&in_order).zip(&reversed) {
        assert_eq!(whole, in_order);
        assert_eq!(whole, reversed);
    }
    assert_eq!((whole.len(), whole.len()), (in_order.len(), reversed.len()));
}

#[test]
fn the_messages_of_a_capture_in_two_files_are_those_of_the_whole() {
    const BEFORE: usize = 25_001;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = cut_behind(&demo(), BEFORE);
    fs::write(folder.path().join("1.pcap"), first).unwrap();
    fs::write(folder.path().join("2.pcap"), second).unwrap();
    let merged = end(gridtap("messages -q 1.pcap 2.pcap").current_dir(folder.path()));
    let whole = printed(&format!("messages -q {DEMO}"));
    assert_eq!(merged.stdout.lines().count(), whole.lines().count());
    for (merged, whole) in merged.stdout.lines().zip(whole.lines()) {
        if merged.contains(r#""capture":"1.pcap","#) {
            assert_eq!(merged.replacen(r#""capture":"1.pcap","#, "", 1), whole);
        } else {
            assert_eq!(numberless(merged, 0), numberless(whole, BEFORE));
        }
    }
}

/// A record without what depends on the file it is in, but with its packet's number less `before`.
fn numberless(line: &str, before: usize) -> (u64, Value) {
    let mut record = value(line);
    let packet = record["packet"].as_u64().unwrap() - u64::try_from(before).unwrap();
    // Other packets are named by fields that end so.
    let fields = record.as_object_mut().unwrap();
    fields.retain(|key, _| !["capture", "packet", "packets"].contains(&key.as_str()));
    fields.retain(|key, _| !key.ends_with("_packet"));
    (packet, record)
}

/// What `command` prints about `capture`; for `replay`, what it writes to the alerts file.
fn same_at_any_number_of_shards(command: &str, capture: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let mut outputs = SHARDS.iter().map(|shards| {
        let mut run = gridtap(&format!("{command} -q --shards {shards}"));
        if command == "replay" {
            run.arg("--alerts").arg(&path);
        }
        let ended = end(run.arg(capture));
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
        if command == "replay" {
            assert_eq!(fs::read_to_string(&path).unwrap(), ended.stdout);
        }
        ended.stdout
    });
    let first = outputs.next().unwrap();
    for (shards, other) in SHARDS.iter().skip(1).zip(outputs) {
        let mut lines = (1..).zip(first.lines().zip(other.lines()));
        let differs = lines.find(|(_, (one, other))| one != other);
        assert_eq!(differs, None, "{command} at {shards} shards");
        assert_eq!(first.len(), other.len(), "{command} at {shards} shards");
    }
    first
}

/// Six minutes of four pairs of devices. From the fifth on, four hosts write what nobody did before.
fn scene() -> Capture {
    let quiet = Scene { minutes: 6, pairs: 4, ..Scene::default() }.capture();
    (1..=4).fold(quiet, |capture, host| {
        let place = Endpoint::v4(100 + host, 49_152);
        let server = Endpoint { ip: [10, 0, 1, host].into(), ..Endpoint::v4(host, 502) };
        let mut session = Session::new(place, server);
        let mut at_ns = START_NS + 240 * SECOND + u64::from(host) * 20 * SECOND;
        session.open(at_ns);
        for act in 0..20 {
            at_ns += 3 * SECOND;
            let asked = request::write_single_register(200 + act % 4, 9_000 + act);
            let answered = response::write_single_register(200 + act % 4, 9_000 + act);
            session.client_sends(at_ns, &mbap(act, host, &asked));
            session.server_sends(at_ns + MS, &mbap(act, host, &answered));
        }
        capture.with(session.into_capture())
    })
}

/// Some packets are lost, some come twice, some change places with the next.
fn damaged(mut capture: Capture) -> Capture {
    let mut kept = Vec::new();
    for (number, packet) in (1..).zip(capture.packets) {
        if number % 97 != 0 {
            kept.push(packet.clone());
        }
        if number % 71 == 0 {
            kept.push(packet);
        }
    }
    for place in (0..kept.len() - 1).step_by(53) {
        let (first, second) = (kept[place].time_ns, kept[place + 1].time_ns);
        kept.swap(place, place + 1);
        (kept[place].time_ns, kept[place + 1].time_ns) = (first, second);
    }
    capture.packets = kept;
    capture
}

/// An alert, with packet numbers as in the whole, of which `1.pcap` has the first `before`.
fn in_whole(mut alert: Value, before: usize) -> Value {
    let before = u64::try_from(before).unwrap();
    let fields = alert.as_object_mut().unwrap();
    let capture = fields.remove("capture").unwrap();
    let further = fields.remove("further_packets");
    let mut all = BTreeSet::new();
    let further = further.iter().flat_map(|list| list.as_array().unwrap());
    let named = further.map(|one| (one["capture"].clone(), one["packets"].clone()));
    for (capture, packets) in named.chain([(capture, fields["packets"].clone())]) {
        let offset = if capture == "2.pcap" { before } else { 0 };
        all.extend(packets.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() + offset));
    }
    fields.insert("packets".to_owned(), all.into_iter().collect());
    alert
}

fn value(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}
