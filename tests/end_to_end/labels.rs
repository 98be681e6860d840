//! What was done to the substation of the demo, by its labels, against the alerts that were raised.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::run::{DEMO, printed, workspace};

#[test]
fn every_attack_is_found_and_its_alert_names_who_did_it_to_whom() {
    let (labels, times, alerts) = (labels(), times(), alerts());
    let attacks: BTreeSet<&str> = labels.iter().filter_map(|label| label.attack()).collect();
    assert_eq!(attacks.len(), 5);
    for attack in attacks {
        let acts: Vec<&Label> =
            labels.iter().filter(|label| label.attack() == Some(attack)).collect();
        let covers = |alert: &&Value| {
            acts.iter().any(|act| {
                packets(alert).contains(&act.packet)
                    && alert["actor"] == act.actor
                    && times.get(&act.packet).is_some_and(|time| {
                        (text(&alert["time"])..=text(&alert["last_time"])).contains(&time.as_str())
                    })
            })
        };
        let alert = alerts.iter().find(covers).unwrap_or_else(|| panic!("{attack}: not found"));
        let targets = alert["targets"].as_array().unwrap();
        let named = |target: &Value| target["server_ip"] == acts[0].target;
        assert!(targets.iter().any(named), "{attack}: {alert}");
    }
}

#[test]
fn no_alert_covers_a_command_of_an_operator_and_there_are_four() {
    let (labels, alerts) = (labels(), alerts());
    let commands: BTreeSet<u64> =
        labels.iter().filter(|label| !label.odd).map(|label| label.packet).collect();
    assert_eq!(commands.len(), 83);
    for alert in &alerts {
        let hit: Vec<_> = packets(alert).intersection(&commands).copied().collect();
        assert!(hit.is_empty(), "packets {hit:?} are ordinary: {alert}");
    }
    let ids: BTreeSet<&str> = alerts.iter().map(|alert| text(&alert["id"])).collect();
    assert_eq!(ids.len(), 4);
}

/// A row of the labels.
struct Label {
    packet: u64,
    odd: bool,
    name: String,
    actor: String,
    target: String,
}

impl Label {
    fn attack(&self) -> Option<&str> {
        self.odd.then_some(self.name.as_str())
    }
}

fn labels() -> Vec<Label> {
    let table = fs::read_to_string(workspace().join("captures/demo.labels.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("packet,label,attack,actor,target,points"));
    let row = |line: &str| match line.split(',').collect::<Vec<_>>()[..] {
        [packet, label, name, actor, target, _points] => Label {
            packet: packet.parse().unwrap(),
            odd: label == "1",
            name: name.to_owned(),
            actor: actor.to_owned(),
            target: target.to_owned(),
        },
        _ => panic!("{line}"),
    };
    lines.map(row).collect()
}

/// When each packet was captured that completes a message.
fn times() -> BTreeMap<u64, String> {
    let mut times = BTreeMap::new();
    for line in printed(&format!("messages -q {DEMO}")).lines() {
        times.insert(field(line, "packet").parse().unwrap(), field(line, "time").to_owned());
    }
    times
}

/// A field of a record that has neither commas nor quotes in it: to read twenty thousand whole records takes long.
fn field<'l>(line: &'l str, name: &str) -> &'l str {
    let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap();
    rest.split(',').next().unwrap().trim_matches('"')
}

/// All revisions of all alerts.
fn alerts() -> Vec<Value> {
    let lines = printed(&format!("replay -q {DEMO}"));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn packets(alert: &Value) -> BTreeSet<u64> {
    alert["packets"].as_array().unwrap().iter().map(|packet| packet.as_u64().unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
