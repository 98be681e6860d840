//! A run that is interrupted leaves nothing half done.

use std::fs;
use std::io::Write;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::files::{octets, odd};
use crate::refusals::names;
use crate::run::{Ended, gridtap, wait_until};

#[test]
fn an_interrupted_replay_leaves_no_part_of_its_alerts() {
    let half = octets(&odd())[..50_000].to_vec();
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = gridtap("replay --learn-for 5m --format text --alerts out.jsonl -");
        command.current_dir(folder.path()).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It waits for the other half: only a signal ends it.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&half).unwrap();
        let part = format!("out.jsonl.part-{}", child.id());
        wait_until("the part", || names(folder.path()) == [part.clone()]);
        // The part is there a moment before signals are caught.
        wait_until("the signals", || catches(&child, signal));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended: Ended = child.wait_with_output().unwrap().into();
        let said = format!("gridtap: interrupted: {part} is not finished: removed\n");
        assert_eq!((ended.status, ended.stderr, ended.stdout), (status, said, String::new()));
        assert_eq!(names(folder.path()), Vec::<String>::new());
        drop(stdin);
    }
}

/// Whether the program catches `signal` by now, as Linux tells; elsewhere one hopes so.
fn catches(child: &Child, signal: Signal) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{}/status", child.id())) else {
        return true;
    };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    caught >> (signal.as_raw() - 1) & 1 == 1
}
