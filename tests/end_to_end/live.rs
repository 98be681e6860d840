//! Live: a conversation over TCP between two network namespaces, and the sensor beside it.
#![expect(
    clippy::disallowed_methods,
    reason = "what is promised in seconds is measured in seconds"
)]

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::files::{exchanges, poll, write, write_of};
use crate::namespaces::{IFACE, Link, Running};
use crate::run::{Ended, PATIENCE, end, gridtap, sheltered, wait_until};

/// Makes a link, or ends the test with a line that says why there is none.
macro_rules! link_or_skip {
    () => {
        match Link::new() {
            Ok(link) => link,
            Err(why) => return println!("skipped: {why}"),
        }
    };
}

#[test]
fn polls_raise_nothing_and_a_write_is_raised_within_two_seconds() {
    let (link, site) = (link_or_skip!(), Site::learned());
    let mut talk = Talk::between(&link);
    let mut watch = Sensor::start(&link, &site.watch());
    for _ in 0..50 {
        talk.poll();
    }
    // Nothing follows that would push the act out of a queue.
    talk.write(2_500);
    let since = Instant::now();
    wait_until("the alert", || !site.alerts().is_empty());
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    let first = site.alerts().remove(0);
    assert_eq!(
        (&first["function"], &first["revision"]),
        (&"write_single_register".into(), &0.into())
    );
    assert_eq!(
        (&first["client_ip"], &first["server_ip"]),
        (&"10.0.0.1".into(), &"10.0.0.2".into())
    );

    talk.write(2_501);
    wait_until("the second act", || site.alerts().len() >= 2);
    let ended = watch.end_by(Signal::TERM);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let alerts = site.alerts();
    assert!(alerts.iter().all(|alert| alert["id"] == first["id"]), "{alerts:?}");
    let last = alerts.last().unwrap();
    assert_eq!((&last["final"], &last["count"]), (&true.into(), &2.into()));
    assert_eq!(fs::read_to_string(site.path("alerts.jsonl")).unwrap(), ended.stdout);
    assert!(received(&ended) > 100, "{}", ended.stderr);
}

#[test]
fn an_alert_under_way_is_closed_and_written_on_ctrl_c() {
    let (link, site) = (link_or_skip!(), Site::learned());
    let mut talk = Talk::between(&link);
    let mut watch = Sensor::start(&link, &format!("{} --fail-on low", site.watch()));
    talk.write(2_500);
    wait_until("the alert", || !site.alerts().is_empty());
    let ended = watch.end_by(Signal::INT);
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    assert_eq!(site.alerts().last().unwrap()["final"], true);
}

#[test]
fn a_quiet_link_hangs_nothing_and_either_signal_ends_it() {
    for signal in [Signal::TERM, Signal::INT] {
        let (link, site) = (link_or_skip!(), Site::learned());
        let mut watch = Sensor::start(&link, &site.watch());
        let ended = watch.end_by(signal);
        assert_eq!((ended.status, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
        received(&ended);
        assert_eq!(site.alerts(), Vec::<Value>::new());
    }
}

#[test]
fn learning_from_a_quiet_link_ends_by_itself() {
    let (link, site) = (link_or_skip!(), Site::new());
    let baseline = site.path("quiet.baseline");
    let since = Instant::now();
    let arguments = format!("learn -i {IFACE} --for 3s -o {}", baseline.display());
    let ended = Sensor::spawn(&link, &arguments).end();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!((3..8).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
    received(&ended);
    assert_eq!(end(gridtap("baseline check").arg(baseline)).status, 0);
}

#[test]
fn what_was_learned_live_is_judged_by_live() {
    let (link, site) = (link_or_skip!(), Site::new());
    let mut talk = Talk::between(&link);
    let baseline = site.path("site.baseline");
    let arguments = format!("learn -i {IFACE} --for 2s -o {}", baseline.display());
    let mut learn = Sensor::spawn(&link, &arguments);
    wait_until("the baseline", || {
        talk.poll();
        baseline.exists()
    });
    let ended = learn.end();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let shown = end(gridtap("baseline show").arg(&baseline)).stdout;
    assert!(shown.contains("10.0.0.1") && shown.contains("10.0.0.2"), "{shown}");

    let mut watch = Sensor::start(&link, &site.watch());
    talk.poll();
    talk.write(2_500);
    wait_until("the alert", || !site.alerts().is_empty());
    assert_eq!(site.alerts()[0]["function"], "write_single_register");
    assert_eq!(watch.end_by(Signal::TERM).status, 0);
}

#[test]
fn without_a_baseline_it_learns_first_and_says_so() {
    let (link, site) = (link_or_skip!(), Site::new());
    let mut talk = Talk::between(&link);
    let alerts = site.path("alerts.jsonl");
    let arguments = format!("-v watch -i {IFACE} --learn-for 2s --alerts {}", alerts.display());
    let mut watch = Sensor::start(&link, &arguments);
    assert!(watch.said.contains("No baseline: learning for 2s"), "{}", watch.said);
    wait_until("judging", || {
        talk.poll();
        watch.listen();
        watch.said.contains("judging from here on")
    });
    assert_eq!(site.alerts(), Vec::<Value>::new());
    talk.write(2_500);
    wait_until("the alert", || !site.alerts().is_empty());
    assert_eq!(watch.end_by(Signal::TERM).status, 0);
}

#[test]
fn an_interface_that_goes_away_is_named_and_ends_it_with_status_3() {
    let (link, site) = (link_or_skip!(), Site::learned());
    let mut watch = Sensor::start(&link, &site.watch());
    link.ip(&format!("link delete {IFACE}")).unwrap();
    let ended = watch.end();
    assert_eq!(ended.status, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("gridtap: warning: {IFACE}: ")), "{}", ended.stderr);
}

#[test]
fn a_filter_of_the_kernel_keeps_the_rest_away() {
    let (link, site) = (link_or_skip!(), Site::learned());
    let mut talk = Talk::between(&link);
    let mut watch = Sensor::start(&link, &format!("{} --filter udp", site.watch()));
    talk.write(2_500);
    let ended = watch.end_by(Signal::TERM);
    assert_eq!((ended.status, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("No message of Modbus or DNP3."), "{}", ended.stderr);
}

/// The figure in the line of packets received, of which none may have been dropped.
fn received(ended: &Ended) -> u64 {
    let line = ended.stderr.lines().find_map(|line| line.strip_prefix("Received ")).unwrap();
    let none = " packets; dropped: 0 by the kernel, 0 by the interface, 0 by queues.";
    line.strip_suffix(none).unwrap_or_else(|| panic!("{line}")).parse().unwrap()
}

/// A folder with a baseline and alerts.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One whose baseline is learned from a capture of the conversation: 600 polls.
    fn learned() -> Self {
        let site = Self::new();
        let capture = site.path("polls.pcap");
        write(&capture, &exchanges(1, 2, 0, (0..600).map(|_| poll())));
        let learned = end(gridtap("learn -q -o").arg(site.path("site.baseline")).arg(capture));
        assert_eq!(learned.status, 0, "{}", learned.stderr);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Arguments to watch it.
    fn watch(&self) -> String {
        let (baseline, alerts) = (self.path("site.baseline"), self.path("alerts.jsonl"));
        format!("watch -i {IFACE} --baseline {} --alerts {}", baseline.display(), alerts.display())
    }

    /// The whole lines of the alerts file.
    fn alerts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("alerts.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program on the link.
struct Sensor {
    running: Running,
    lines: Receiver<String>,
    /// What it said on standard error so far.
    said: String,
}

impl Sensor {
    /// Starts it, and waits until it watches.
    fn start(link: &Link, arguments: &str) -> Self {
        let mut sensor = Self::spawn(link, arguments);
        let watching = format!("Watching {IFACE}.\n");
        while !sensor.said.contains(&watching) {
            let next = sensor.lines.recv_timeout(PATIENCE);
            sensor.said.push_str(&next.unwrap_or_else(|_| panic!("{}", sensor.said)));
        }
        sensor
    }

    fn spawn(link: &Link, arguments: &str) -> Self {
        let mut command = link.at_client(env!("CARGO_BIN_EXE_gridtap-under-test"));
        sheltered(&mut command);
        command.args(arguments.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stderr.lines() {
                if sender.send(line.unwrap() + "\n").is_err() {
                    break;
                }
            }
        });
        Self { running: Running(child), lines, said: String::new() }
    }

    /// Takes in what it said meanwhile.
    fn listen(&mut self) {
        self.said.extend(self.lines.try_iter());
    }

    /// Sends `signal`, upon which it has to end within a second.
    fn end_by(&mut self, signal: Signal) -> Ended {
        let since = Instant::now();
        kill_process(Pid::from_child(&self.running.0), signal).unwrap();
        let ended = self.end();
        assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        ended
    }

    /// Waits until it ends.
    fn end(&mut self) -> Ended {
        let mut status = None;
        wait_until("the end", || {
            status = self.running.0.try_wait().unwrap();
            status.is_some()
        });
        self.said.extend(self.lines.iter());
        let mut stdout = String::new();
        self.running.0.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let status = status.and_then(|status| status.code()).unwrap();
        Ended { status, stdout, stderr: self.said.clone() }
    }
}

/// A Modbus client and its server, at the ends of the link.
struct Talk {
    client: Running,
    answers: Lines<BufReader<ChildStdout>>,
    _server: Running,
}

impl Talk {
    fn between(link: &Link) -> Self {
        let station = env!("CARGO_BIN_EXE_station");
        let (server, _) = Self::station(link.at_server(station).args(["server", "10.0.0.2:502"]));
        let (client, answers) =
            Self::station(link.at_client(station).args(["client", "10.0.0.2:502"]));
        Self { client, answers, _server: server }
    }

    /// Starts a station, and waits until it is ready.
    fn station(command: &mut Command) -> (Running, Lines<BufReader<ChildStdout>>) {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Running(child);
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        (running, lines)
    }

    fn poll(&mut self) {
        self.exchange(poll());
    }

    fn write(&mut self, value: u16) {
        self.exchange(write_of(value));
    }

    /// Sends a request, and waits for the answer it has to have.
    fn exchange(&mut self, (asked, answered): (Vec<u8>, Vec<u8>)) {
        writeln!(self.client.0.stdin.as_mut().unwrap(), "{asked:02x?}").unwrap();
        assert_eq!(self.answers.next().unwrap().unwrap(), format!("{answered:02x?}"));
    }
}
