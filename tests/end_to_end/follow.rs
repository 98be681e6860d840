//! A folder that captures come into is watched, and learned from, like an interface.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::files::{cut_behind, exchanges, octets, odd, poll, write};
use crate::run::{Ended, end, gridtap, wait_until};

#[test]
fn an_alert_names_the_file_and_its_packet_and_a_signal_ends_the_watch() {
    for signal in [Signal::TERM, Signal::INT] {
        let site = Site::learned();
        // The odd act is in the second file, which is still written when it is found.
        let (before, behind) = cut_behind(&octets(&odd()), 1_000);
        fs::write(site.spool().join("ring0.pcap"), before).unwrap();
        let watch = site.watch();
        let path = site.spool().join("ring1.pcap");
        let mut out = File::create(&path).unwrap();
        for piece in behind.chunks(1_000) {
            out.write_all(piece).unwrap();
        }
        wait_until("the alert", || !site.alerts().is_empty());
        let ended = end_by(watch, signal);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(ended.stderr.contains("Read 2 files; nothing lost."), "{}", ended.stderr);

        let alerts = site.alerts();
        let last = alerts.last().unwrap();
        assert_eq!(
            (&last["final"], &last["function"]),
            (&true.into(), &"write_single_register".into())
        );
        assert_eq!(last["capture"], path.to_str().unwrap());
        assert_eq!(fs::read_to_string(site.path("alerts.jsonl")).unwrap(), ended.stdout);
        // The same packet as the messages of that file have.
        let messages = end(gridtap("messages -q --format jsonl").arg(&path)).stdout;
        let write = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let write = write.into_iter().find(|message| message["function"] == 6).unwrap();
        assert_eq!(last["packets"][0], write["packet"]);
    }
}

#[test]
fn a_ring_of_damaged_files_and_others_is_read_as_far_as_it_goes() {
    let site = Site::learned();
    let (before, behind) = cut_behind(&octets(&odd()), 1_000);
    let put = |name: &str, octets: &[u8]| fs::write(site.spool().join(name), octets).unwrap();
    put("ring0", &before[..before.len() - 7]);
    let watch = site.watch();
    put("ring1", b"This is no capture at all.");
    put("ring2", &behind);
    wait_until("the alert", || !site.alerts().is_empty());
    let ended = end_by(watch, Signal::TERM);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for said in [
        "ring0: cut off behind packet 999",
        "ring1: is not a capture",
        "Read 2 files; 1 damaged, 1 not readable.",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

#[test]
fn learning_from_a_folder_ends_with_its_capture_time() {
    let site = Site::new();
    write(&site.spool().join("polls.pcap"), &exchanges(1, 2, 0, (0..3_000).map(|_| poll())));
    let (spool, baseline) = (site.spool(), site.path("site.baseline"));
    let ended = end(gridtap("learn --for 1m --follow").arg(spool).arg("-o").arg(&baseline));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("Read 1 files; nothing lost."), "{}", ended.stderr);
    assert_eq!(end(gridtap("baseline check").arg(baseline)).status, 0);
}

#[test]
fn messages_of_a_folder_are_shown_as_they_come() {
    let site = Site::new();
    let capture = octets(&odd());
    let (before, behind) = cut_behind(&capture, 1_000);
    fs::write(site.spool().join("ring0.pcap"), before).unwrap();
    let mut command = gridtap("messages --format jsonl --follow");
    command.arg(site.spool()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The last message of the first file is out before there is a second file.
    let mut shown = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        shown.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let first = site.spool().join("ring0.pcap");
    let in_first = end(gridtap("messages -q --format jsonl").arg(&first)).stdout.lines().count();
    for _ in 0..in_first {
        assert_eq!(next()["capture"], first.to_str().unwrap());
    }
    fs::write(site.spool().join("ring1.pcap"), behind).unwrap();
    assert_eq!(next()["capture"], site.spool().join("ring1.pcap").to_str().unwrap());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    drop(shown);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(child.wait().unwrap().success(), "{stderr}");
}

/// A folder with a baseline and alerts, and one that captures come into.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        fs::create_dir(site.spool()).unwrap();
        site
    }

    /// One whose baseline is learned from polls.
    fn learned() -> Self {
        let site = Self::new();
        let capture = site.path("polls.pcap");
        write(&capture, &exchanges(7, 9, 0, (0..600).map(|_| poll())));
        let learned = end(gridtap("learn -q -o").arg(site.path("site.baseline")).arg(capture));
        assert_eq!(learned.status, 0, "{}", learned.stderr);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn spool(&self) -> PathBuf {
        self.path("spool")
    }

    /// Starts the program, and waits until it watches.
    fn watch(&self) -> Watching {
        let mut command = gridtap("watch --format jsonl --follow");
        command.arg(self.spool()).arg("--baseline").arg(self.path("site.baseline"));
        command.arg("--alerts").arg(self.path("alerts.jsonl"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        assert!(said.starts_with("Watching "), "{said}");
        Watching { child, stderr }
    }

    /// The whole lines of the alerts file.
    fn alerts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("alerts.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

struct Watching {
    child: std::process::Child,
    stderr: BufReader<std::process::ChildStderr>,
}

/// Sends `signal`, upon which it has to end.
fn end_by(mut watching: Watching, signal: Signal) -> Ended {
    kill_process(Pid::from_child(&watching.child), signal).unwrap();
    let (mut stdout, mut stderr) = (String::new(), String::new());
    watching.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    watching.stderr.read_to_string(&mut stderr).unwrap();
    let status = watching.child.wait().unwrap();
    Ended { status: status.code().unwrap(), stdout, stderr }
}
