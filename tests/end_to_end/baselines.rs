//! Baselines: the same from the same, whatever the way to them.

use std::fs;
use std::path::Path;

use gridtap_captures::scene::Scene;

use crate::files::{SECOND, START_NS, exchanges, poll, write, write_of};
use crate::run::{DEMO, Ended, end, gridtap, workspace};

#[test]
fn learning_twice_at_any_number_of_shards_gives_the_same_octets() {
    let folder = tempfile::tempdir().unwrap();
    for way in ["", "--for 5m"] {
        let mut baselines = [1, 1, 2, 8].iter().map(|shards| {
            let command = format!("learn {way} --shards {shards} -o site.baseline");
            let capture = workspace().join(DEMO);
            let ended = end(gridtap(&command).arg(capture).current_dir(folder.path()));
            assert_eq!(ended.status, 0, "{}", ended.stderr);
            assert_eq!(ended.stdout, "");
            assert!(ended.stderr.ends_with("Written to site.baseline.\n"), "{}", ended.stderr);
            fs::read_to_string(folder.path().join("site.baseline")).unwrap()
        });
        let first = baselines.next().unwrap();
        assert!(first.starts_with("gridtap-baseline "));
        for other in baselines {
            let differs = first.lines().zip(other.lines()).find(|(one, other)| one != other);
            assert_eq!(differs, None, "{way}");
            assert_eq!(first.len(), other.len(), "{way}");
        }
    }
}

#[test]
fn merging_the_baselines_of_captures_equals_learning_them_at_once_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    write_captures(folder.path());
    let run = |command: &str| well(end(gridtap(command).current_dir(folder.path())));
    run("learn -q -o all monday.pcap tuesday.pcap odd.pcap");
    run("learn -q -o reversed odd.pcap tuesday.pcap monday.pcap");
    for day in ["monday", "tuesday", "odd"] {
        run(&format!("learn -q -o {day} {day}.pcap"));
    }
    run("baseline merge -o merged monday tuesday odd");
    run("baseline merge -o turned odd monday tuesday");
    run("baseline merge -o two tuesday odd");
    run("baseline merge -o nested monday two");

    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let all = text("all");
    assert!(all.contains("10.0.0.7 -> 10.0.0.9"), "{all}");
    for name in ["reversed", "merged", "turned", "nested"] {
        let (all, other) = (all.lines(), text(name));
        let differs = all.zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{name}");
        assert_eq!(text("all").len(), other.len(), "{name}");
    }
}

#[test]
fn a_capture_is_learned_once_only() {
    let folder = tempfile::tempdir().unwrap();
    write_captures(folder.path());
    let run = |command: &str| end(gridtap(command).current_dir(folder.path()));
    fs::copy(folder.path().join("monday.pcap"), folder.path().join("copy.pcap")).unwrap();

    refused(&run("learn -q -o out monday.pcap copy.pcap"), "copy.pcap: ");
    well(run("learn -q -o monday monday.pcap"));
    well(run("learn -q -o copy copy.pcap"));
    refused(&run("baseline merge -o out monday copy"), "copy: ");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_baseline_is_checked_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    write_captures(folder.path());
    let run = |command: &str| well(end(gridtap(command).current_dir(folder.path()))).stdout;
    run("learn -q -o site odd.pcap");
    let checked = run("baseline check site");
    let digest = checked.strip_prefix("site: whole, sha256 ").unwrap().trim_end();
    assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{checked}");

    let shown = run("baseline show site");
    for part in ["10.0.0.7", "10.0.0.9", "write_single_register", "read_holding_registers"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // The digest that alerts name is the one that is shown by `check`.
    let alerts = run("replay --baseline site monday.pcap");
    assert!(alerts.contains(&format!("\"baseline\":\"{digest}\"")), "{alerts}");
}

#[test]
fn what_changed_between_two_baselines_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write_captures(folder.path());
    let names = folder.path().join("names.toml");
    fs::write(names, "[units]\n\"10.0.0.9 unit 1\" = \"relay\"\n").unwrap();
    let run = |command: &str| well(end(gridtap(command).current_dir(folder.path()))).stdout;
    run("learn -q -o old monday.pcap");
    run("learn -q -o new tuesday.pcap odd.pcap");

    let text = run("baseline diff --format text --names names.toml old new");
    for part in [
        "\n10.0.0.7 (modbus)\n+   10.0.0.9 unit 1 (relay)  ",
        "\n+     command write holding-register 1  ",
        "\n    10.0.0.9 unit 1 (relay) (modbus)\n+     holding-register 0-1  ",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    // The days are alike, and what is new is one client's.
    let records = run("baseline diff old new");
    for line in records.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&record["change"], &record["server_ip"]), (&"new".into(), &"10.0.0.9".into()));
    }
    let gone = run("baseline diff new old");
    assert_eq!(gone.replace("gone", "new").lines().count(), records.lines().count());
    assert!(!gone.contains("\"new\""), "{gone}");

    assert_eq!(run("baseline diff new new"), "");
    assert!(run("baseline diff --format text new new").ends_with("\nnothing changed\n"));
}

#[test]
fn learning_for_a_time_takes_no_packet_from_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let capture = exchanges(7, 9, 0, (0..600).map(|_| poll()));
    write(&folder.path().join("minute.pcap"), &capture);
    let run = |command: &str| well(end(gridtap(command).current_dir(folder.path())));
    run("learn -q --for 30s -o half minute.pcap");
    let half = fs::read_to_string(folder.path().join("half")).unwrap();
    // Three packets open the session; from 100 ms on an exchange of three packets every 100 ms.
    assert!(half.contains(" packets 900 from 2023-11-14T22:13:20.000000000Z"), "{half}");
    assert!(half.contains("done 299 "), "{half}");
}

/// Two days of a plant, and a client of its own that was there meanwhile.
fn write_captures(folder: &Path) {
    let day = |start_ns| Scene { minutes: 6, start_ns, ..Scene::default() }.capture();
    write(&folder.join("monday.pcap"), &day(START_NS));
    write(&folder.join("tuesday.pcap"), &day(START_NS + 86_400 * SECOND));
    let acts = (0..300).map(|act| if act % 20 == 7 { write_of(200 + act) } else { poll() });
    write(&folder.join("odd.pcap"), &exchanges(7, 9, 100 * SECOND, acts));
}

fn well(ended: Ended) -> Ended {
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    ended
}

fn refused(ended: &Ended, begins: &str) {
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(ended.stderr.starts_with(&format!("gridtap: {begins}")), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}
