//! The threat catalogue: each attack that Modbus or DNP3 can show is found, by the detector and within the messages
//! that its row says, and so says the page; its benign twin is not.
//!
//! All rows share the baseline of six hours of one small site. Attacks run in the hours after, on the part of the site
//! that speaks their protocol, a few minutes each.

mod rows;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gridtap_captures::capture::Capture;
use gridtap_captures::frame::LinkType;
use gridtap_captures::simulate::{Act, Options, Protocol, Simulation, Site};
use serde_json::Value;

use crate::files::{SECOND, write};
use crate::run::{end, gridtap, workspace};
use rows::{ROWS, Row, Twin};

/// What is learned, in seconds.
const LEARNED_S: u64 = 6 * 3_600;
/// All devices and what is usual come from it: with another, it would be another site.
const SEED: u64 = 7;
/// When attacks begin, at the earliest.
const QUIET_S: u64 = 150;
/// When what is usual begins: after the sessions have.
const BEGIN_S: u64 = 60;

#[test]
fn every_row_is_found_as_it_says_and_its_twin_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let study = Study::begin(folder.path());
    let usual = kinds(&study.usual());
    assert!(usual.is_empty(), "what is usual raises {usual:?}");
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(row) = ROWS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = study.find(row).and_then(|()| study.is_twin_quiet(row));
                    if let Err(why) = found {
                        wrong.lock().unwrap().push(format!("{row}: {why}"));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}

#[test]
fn the_page_has_the_rows_of_the_table() {
    let page = fs::read_to_string(workspace().join("docs/threat-catalogue.md")).unwrap();
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for row in ROWS {
        let cells = row.to_string();
        assert!(lines.iter().any(|line| line.starts_with(&cells)), "no line begins: {cells}");
    }
    // A row of the page that is tested names its twin in the last cell but one; the others say so.
    let tested = lines.iter().filter(|line| line.contains('`') && !line.contains("| - |")).count();
    assert_eq!(tested, ROWS.len(), "lines of the page");
}

/// The site, or its part that speaks a protocol, so many seconds on.
fn site(speaks: Option<Protocol>, later_s: u64) -> Site {
    let mut site = Site::from_toml(include_str!("catalogue/site.toml")).unwrap();
    site.start_unix_s += later_s;
    if let Some(speaks) = speaks {
        let models = site.models.clone();
        site.devices.retain(|devices| models[&devices.model].protocol == speaks);
        let kept: BTreeSet<String> = site.devices.iter().map(|it| it.name.clone()).collect();
        site.polls.retain(|poll| kept.contains(&poll.devices));
        site.operators.retain(|operator| kept.contains(&operator.devices));
        site.upkeep.retain(|upkeep| kept.contains(&upkeep.devices));
    }
    site
}

/// The same with outstations that ask for proof of who commands.
fn secured(mut site: Site) -> Site {
    let models = site.models.clone();
    for devices in &mut site.devices {
        devices.authenticates = models[&devices.model].protocol == Protocol::Dnp3;
    }
    site
}

/// Packets, and what is known of them.
struct Scene {
    capture: Capture,
    /// Numbers of the packets with messages that are part of an attack or look-alike.
    acted: Vec<u64>,
    acts: Vec<Act>,
}

impl Scene {
    fn new(site: &Site, options: &Options, begin_s: u64) -> Self {
        let mut simulation = Simulation::new(site, options).unwrap();
        let mut capture = Capture::new(LinkType::ETHERNET);
        let mut acted = Vec::new();
        let first_ns = (site.start_unix_s + begin_s) * SECOND;
        while let Some(marked) = simulation.next() {
            if marked.packet.time_ns < first_ns {
                continue;
            }
            let number = u64::try_from(capture.packets.len()).unwrap() + 1;
            let named = |act: usize| !simulation.acts()[act].name.is_empty();
            if marked.mark.is_some_and(|mark| named(mark.act)) && says(&marked.packet.octets) {
                acted.push(number);
            }
            capture.packets.push(marked.packet);
        }
        Self { capture, acted, acts: simulation.acts().to_vec() }
    }

    /// The attack or look-alike of a row.
    fn of(row: &Row, plan: &str) -> Self {
        let options = Options {
            seed: SEED,
            lasts_s: row.minutes * 60,
            attacks: vec![plan.parse().unwrap()],
            attacks_after_s: QUIET_S,
            as_master: row.as_master,
            ..Options::default()
        };
        let site = site(Some(row.speaks), LEARNED_S);
        let site = if row.secure { secured(site) } else { site };
        Self::new(&site, &options, row.begin_s)
    }
}

/// Whether a TCP segment over IPv4 and Ethernet has octets to say.
fn says(frame: &[u8]) -> bool {
    const ETHERNET: usize = 14;
    let word = |at: usize| usize::from(u16::from_be_bytes([frame[at], frame[at + 1]]));
    let header = usize::from(frame[ETHERNET] & 0x0f) * 4;
    let data = usize::from(frame[ETHERNET + header + 12] >> 4) * 4;
    word(ETHERNET + 2) > header + data
}

/// A folder with the baseline that all rows share, but for those of a site that asks for proof.
struct Study {
    folder: PathBuf,
    baseline: PathBuf,
    secure: PathBuf,
}

impl Study {
    fn begin(folder: &Path) -> Self {
        let (baseline, secure) = (folder.join("site.baseline"), folder.join("secure.baseline"));
        let study = Self { folder: folder.to_owned(), baseline, secure };
        let learned = study.path("learned.pcap");
        let options = Options { seed: SEED, lasts_s: LEARNED_S, ..Options::default() };
        let sites = [
            (site(None, 0), &study.baseline),
            (secured(site(Some(Protocol::Dnp3), 0)), &study.secure),
        ];
        for (site, baseline) in sites {
            write(&learned, &Scene::new(&site, &options, 0).capture);
            let (baseline, learned) = (baseline.display(), learned.display());
            study.run(&format!("learn -q --for 1d -o {baseline} {learned}"));
        }
        study
    }

    fn baseline_of(&self, row: &Row) -> &Path {
        if row.secure { &self.secure } else { &self.baseline }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn run(&self, arguments: &str) -> String {
        let ended = end(gridtap(arguments).current_dir(&self.folder));
        assert_eq!(ended.status, 0, "{arguments}: {}", ended.stderr);
        ended.stdout
    }

    /// All revisions of all alerts.
    fn alerts(&self, capture: &Path, baseline: &Path) -> Vec<Value> {
        let (baseline, capture) = (baseline.display(), capture.display());
        let lines = self.run(&format!("replay -q --baseline {baseline} --format jsonl {capture}"));
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What an hour of the usual raises.
    fn usual(&self) -> Vec<Value> {
        let capture = self.path("usual.pcap");
        let options = Options { seed: SEED, lasts_s: 3_600, ..Options::default() };
        write(&capture, &Scene::new(&site(None, LEARNED_S), &options, BEGIN_S).capture);
        self.alerts(&capture, &self.baseline)
    }

    /// Finds the attack of a row.
    fn find(&self, row: &Row) -> Result<(), String> {
        let scene = Scene::of(row, row.plan);
        if scene.acts.iter().all(|act| act.name.is_empty()) {
            return Err("it did not happen".into());
        }
        let capture = self.path(&row.file("pcap"));
        write(&capture, &scene.capture);
        let alerts = self.alerts(&capture, self.baseline_of(row));
        let lines: Vec<String> = alerts.iter().map(Value::to_string).collect();
        fs::write(self.path(&row.file("jsonl")), lines.join("\n")).unwrap();
        let by =
            |finding: &Value| finding["kind"] == row.kind && finding["detector"] == row.detector;
        let has = |alert: &&Value| alert["findings"].as_array().unwrap().iter().any(by);
        let Some(alert) = alerts.iter().find(has) else {
            return Err(format!("found as {:?} only", kinds(&alerts)));
        };
        let Some(most) = row.messages else { return Ok(()) };
        // The packets of the revision that first has it end with the one that raised it.
        let packets = alert["packets"].as_array().unwrap().iter();
        let raised = packets.filter_map(Value::as_u64).max().unwrap_or(0);
        let messages = scene.acted.iter().filter(|number| **number <= raised).count();
        if (1..=most).contains(&messages) {
            return Ok(());
        }
        Err(format!("found at message {messages}"))
    }

    /// Looks whether the twin of a row, which is benign, raises nothing of its kind.
    fn is_twin_quiet(&self, row: &Row) -> Result<(), String> {
        let capture = self.path(&row.file("pcap"));
        let alerts = match row.twin {
            Twin::Usual if row.secure => {
                let options = Options { seed: SEED, lasts_s: 3_600, ..Options::default() };
                let site = secured(site(Some(row.speaks), LEARNED_S));
                let capture = self.path(&row.file("twin.pcap"));
                write(&capture, &Scene::new(&site, &options, BEGIN_S).capture);
                self.alerts(&capture, &self.secure)
            }
            Twin::Usual => return Ok(()),
            Twin::Like(plan) => {
                let scene = Scene::of(row, plan);
                assert!(scene.acts.iter().any(|act| !act.name.is_empty()), "{plan}");
                let capture = self.path(&row.file("twin.pcap"));
                write(&capture, &scene.capture);
                self.alerts(&capture, &self.baseline)
            }
            Twin::Learned => {
                let (its, both) = (self.path(&row.file("own")), self.path(&row.file("both")));
                let (own, all) = (its.display(), both.display());
                self.run(&format!("learn -q --for 1d -o {own} {}", capture.display()));
                self.run(&format!("baseline merge -q -o {all} {} {own}", self.baseline.display()));
                self.alerts(&capture, &both)
            }
            Twin::Approved => {
                let ruled = self.path(&row.file("ruled"));
                let alerts = self.alerts(&capture, &self.baseline);
                let ids: BTreeSet<&str> =
                    alerts.iter().filter_map(|it| it["id"].as_str()).collect();
                let ids: Vec<String> = ids.iter().map(|id| format!("--alert {id}")).collect();
                self.run(&format!(
                    "baseline approve -q {} --alerts {} --by test -o {} {}",
                    ids.join(" "),
                    self.path(&row.file("jsonl")).display(),
                    ruled.display(),
                    self.baseline.display()
                ));
                self.alerts(&capture, &ruled)
            }
        };
        let kinds = kinds(&alerts);
        if kinds.contains(row.kind) { Err(format!("its twin is found: {kinds:?}")) } else { Ok(()) }
    }
}

fn kinds(alerts: &[Value]) -> BTreeSet<String> {
    let findings = alerts.iter().flat_map(|alert| alert["findings"].as_array().unwrap());
    findings.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
}
