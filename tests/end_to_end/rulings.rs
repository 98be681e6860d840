//! `gridtap baseline approve`, `forbid` and `undo`: what people rule is kept, does what it says, and can be taken back.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::refusals::{Row, assert_refused};
use crate::run::{DEMO, Ended, end, gridtap, workspace};

/// Who sends one set-point that is far out of range, and nothing else that is odd.
const OPERATOR: &str = "10.20.0.10";

/// A folder with a baseline of the demo's first five minutes and the alerts that it raises.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        site.run("learn -q --for 5m -o site.baseline DEMO");
        site.run("replay -q --baseline site.baseline --alerts alerts.jsonl DEMO");
        site
    }

    /// Runs the program in the folder, which has to end well.
    fn run(&self, arguments: &str) -> Ended {
        let demo = workspace().join(DEMO).display().to_string();
        let mut command = gridtap(&arguments.replace("DEMO", &demo));
        let ended = end(command.current_dir(self.0.path()));
        assert_eq!(ended.status, 0, "{arguments}: {}", ended.stderr);
        ended
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The last revision of each alert that the baseline raises now.
    fn alerts(&self) -> Vec<Value> {
        let lines = self.run("replay -q --baseline site.baseline --format jsonl DEMO").stdout;
        let last = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        last.filter(|alert| alert["final"] == true).collect()
    }

    /// The id of the alert about this host in the alerts file.
    fn id_of(&self, actor: &str) -> String {
        let lines = fs::read_to_string(self.path().join("alerts.jsonl")).unwrap();
        let mut alerts = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        alerts.find(|alert| alert["actor"] == actor).unwrap()["id"].as_str().unwrap().to_owned()
    }
}

fn actors(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().map(|alert| alert["actor"].as_str().unwrap()).collect()
}

#[test]
fn what_was_approved_is_raised_no_more_until_it_is_taken_back() {
    let site = Site::new();
    let (before, learned) = (site.alerts(), fs::read(site.path().join("site.baseline")).unwrap());
    assert!(actors(&before).contains(&OPERATOR));
    let approve = format!(
        "baseline approve --alert {} --alerts alerts.jsonl --by Ada site.baseline",
        &site.id_of(OPERATOR)[..6]
    );

    // A preview changes nothing.
    let shown = site.run(&format!("{approve} --preview DEMO")).stdout;
    assert!(shown.starts_with("Not raised any more, of 4:\n"), "{shown}");
    assert!(shown.contains("= 2500") && shown.contains("1 alert."), "{shown}");
    assert!(!shown.contains("in their place"), "{shown}");
    assert_eq!(fs::read(site.path().join("site.baseline")).unwrap(), learned);

    let said = site.run(&approve).stderr;
    assert!(said.starts_with("1. normal \"baseline lists value 2500 of"), "{said}");
    let after = site.alerts();
    assert!(!actors(&after).contains(&OPERATOR));
    assert_eq!(after.len() + 1, before.len());
    let shown = site.run("baseline show site.baseline").stdout;
    assert!(shown.contains("ruling 1: normal \"baseline lists value 2500 of"), "{shown}");
    assert!(shown.contains("by \"Ada\" at 20"), "{shown}");

    site.run("baseline undo --ruling 1 site.baseline");
    assert_eq!(fs::read(site.path().join("site.baseline")).unwrap(), learned);
}

#[test]
fn a_window_is_for_its_actor_and_its_time() {
    let site = Site::new();
    let approve = format!(
        "baseline approve --alert {} --alerts alerts.jsonl --by Ada site.baseline",
        site.id_of("10.20.0.66")
    );
    site.run(&format!("{approve} -o early --during 2026-11-21T20:00:00Z..2026-11-21T20:43:00Z"));
    site.run(&format!("{approve} --during 2026-11-21T20:43:00Z..2026-11-21T20:50:00Z"));
    assert!(!actors(&site.alerts()).contains(&"10.20.0.66"));
    assert_eq!(site.alerts().len(), 3, "the others are");
    fs::rename(site.path().join("early"), site.path().join("site.baseline")).unwrap();
    assert!(actors(&site.alerts()).contains(&"10.20.0.66"), "it had ended");
}

#[test]
fn what_was_forbidden_is_raised_although_it_was_learned() {
    let site = Site::new();
    let id = site.id_of(OPERATOR);
    site.run(&format!("baseline forbid --alert {id} --alerts alerts.jsonl --by Ada site.baseline"));
    let alerts = site.alerts();
    let alert = alerts.iter().find(|alert| alert["actor"] == OPERATOR).unwrap();
    // The set-point was given before, with usual values.
    let kinds: Vec<_> = alert["findings"].as_array().unwrap().iter().map(|f| &f["kind"]).collect();
    assert!(kinds.contains(&&Value::from("forbidden")), "{kinds:?}");
    assert!(alert["count"].as_u64().unwrap() > 1, "{alert}");
    assert!(alert["hard"] == true && alert["severity"] == "critical", "{alert}");
}

#[test]
fn rulings_that_cannot_be_given_are_refused() {
    let table: &[Row] = &[
        ("baseline undo --ruling 1 good.baseline", 2, &["--ruling 1", "has 0 of them"]),
        (
            "baseline approve --alert zz --alerts alerts.jsonl --by Ada good.baseline",
            2,
            &["--alert `zz`", "no alert in alerts.jsonl"],
        ),
        (
            "baseline approve --alert a1 --alerts alerts.jsonl --by é good.baseline",
            2,
            &["by `é`", "printable ASCII"],
        ),
        (
            "baseline approve --alert a1 --alerts alerts.jsonl --by Ada good.baseline --preview -",
            2,
            &["--preview", "twice"],
        ),
        (
            "baseline forbid --alert a1 --alerts alerts.jsonl --by Ada damaged",
            2,
            &["damaged: line "],
        ),
    ];
    for (arguments, status, parts) in table {
        assert_refused(arguments, *status, parts);
    }
}
