//! The result of an evaluation, with all that is needed to repeat it (`gridtap.evaluation/1`).

use std::collections::BTreeMap;

use gridtap_models::ledger::Digest;
use serde::Serialize;

use super::bounds::{Rate, Share, real, rounded};
use super::figures::{Figures, size};
use super::labels::SECOND_NS;
use super::measured::{Episode, Measured, Outcome};
use crate::alert::{Severity, Word};
use crate::when::Moment;

/// The result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `gridtap.evaluation/1`.
    pub schema: &'static str,
    /// The version of Gridtap.
    pub gridtap: &'static str,
    /// What was read.
    pub inputs: Inputs,
    /// How it was measured.
    pub settings: Settings,
    /// What was measured: as captured first, then what else was asked for.
    pub passes: Vec<Pass>,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub struct Inputs {
    /// The captures.
    pub captures: Vec<Capture>,
    /// SHA-256 of the baseline, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_sha256: Option<String>,
    /// SHA-256 over the settings that judge and raise, as this version writes them.
    pub configuration_sha256: String,
}

/// A capture that was read.
#[derive(Clone, Debug, Serialize)]
pub struct Capture {
    /// Its name as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Packets in it.
    pub packets: u64,
    /// Time of its first packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Moment>,
    /// Capture time that it covers, in seconds.
    pub covers_s: f64,
    /// Its files of labels.
    pub labels: Vec<LabelFile>,
}

/// A file of labels that was read.
#[derive(Clone, Debug, Serialize)]
pub struct LabelFile {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its rows are: `packets`, `windows` or `lookalikes`.
    pub rows: &'static str,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// How it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Capture time learned from, in seconds; nothing with a baseline, or where it differs from capture to
    /// capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learn_s: Option<f64>,
    /// Time around an attack in which what is of its hosts counts as part of it, in seconds.
    pub tolerance_s: f64,
    /// Whether each capture was learned and judged by itself.
    pub each: bool,
    /// What the random detector's chance comes from.
    pub seed: u64,
    /// The filter on packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Least surprise that raises an alert about an act that only asks, in bits.
    pub at_bits: f64,
    /// The same about an act that can change something.
    pub command_at_bits: f64,
    /// Alerts a day that are wanted.
    pub episodes_a_day: f64,
    /// Quiet time that ends an episode, in seconds.
    pub quiet_s: f64,
}

/// One way over the captures.
#[derive(Clone, Debug, Serialize)]
pub struct Pass {
    /// What was done to the events before they were judged.
    pub name: String,
    /// What exactly, in numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changed: BTreeMap<&'static str, f64>,
    /// The figures.
    pub figures: Figures,
    /// The main ones for each capture or segment by itself, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The attacks, one by one.
    pub attacks: Vec<Attack>,
    /// The alerts, one by one.
    pub alerts: Vec<Alerted>,
}

/// The main figures of a capture or segment.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Which one, from 1.
    pub part: usize,
    /// Attacks found.
    pub recall: Share,
    /// Wrong episodes.
    pub wrong_episodes: Rate,
}

/// An attack.
#[derive(Clone, Debug, Serialize)]
pub struct Attack {
    /// The capture or segment, from 1.
    pub part: usize,
    /// Its kind.
    pub kind: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Moment>,
    /// The same in seconds after the first packet.
    pub start_s: f64,
    /// Its end in seconds after the first packet.
    pub end_s: f64,
    /// Its acts that were seen.
    pub acts: u64,
    /// Whether it was found.
    pub found: bool,
    /// The alert that found it: a place in [`Pass::alerts`], from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<usize>,
    /// At which of its acts, from 1, a revision told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at_act: Option<u64>,
    /// How long after its first act, in seconds of capture time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_after_s: Option<f64>,
    /// Whether the alert names the actor that labels name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names_actor: Option<bool>,
    /// Whether it names a target that labels name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names_target: Option<bool>,
    /// Whether it names a point that labels name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names_point: Option<bool>,
    /// The hosts that labels name as its actors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<String>,
    /// The hosts that labels name otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// The points that labels name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
}

/// An alert.
#[derive(Clone, Debug, Serialize)]
pub struct Alerted {
    /// The capture or segment, from 1.
    pub part: usize,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When its first act was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Moment>,
    /// The same in seconds after the first packet.
    pub first_s: f64,
    /// Its latest act, in seconds after the first packet.
    pub last_s: f64,
    /// Its odd acts.
    pub acts: u64,
    /// Kind of its gravest finding.
    pub kind: Word,
    /// How grave that is.
    pub severity: Severity,
    /// The attacks of which it has an act: places in [`Pass::attacks`], from 0.
    pub attacks: Vec<usize>,
}

/// What was measured of a capture or segment, and the time of its first packet.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// What was measured.
    pub measured: Measured,
    /// In nanoseconds since 1970 UTC.
    pub first_ns: u64,
}

impl Pass {
    /// The result of one way over captures or segments, which are counted from 1.
    #[must_use]
    pub fn new(name: &str, parts: Vec<Measurement>) -> Self {
        let (mut attacks, mut alerts, mut main) = (Vec::new(), Vec::new(), Vec::new());
        let mut whole = Measured::default();
        let several = parts.len() > 1;
        for (part, Measurement { measured, first_ns }) in (1_usize..).zip(parts) {
            let behind = (attacks.len(), alerts.len());
            attacks.extend(measured.attacks.iter().map(|it| attack(part, it, first_ns, behind.1)));
            alerts.extend(measured.episodes.iter().map(|it| alerted(part, it, first_ns, behind.0)));
            if several {
                let figures = Figures::of(&measured);
                let (recall, wrong_episodes) = (figures.recall, figures.wrong_episodes);
                main.push(Part { part, recall, wrong_episodes });
            }
            whole.join(measured);
        }
        let figures = Figures::of(&whole);
        let name = name.to_owned();
        Self { name, changed: BTreeMap::new(), figures, parts: main, attacks, alerts }
    }
}

fn attack(part: usize, it: &Outcome, first_ns: u64, alerts: usize) -> Attack {
    let said = &it.said;
    Attack {
        part,
        kind: it.kind.clone(),
        start: Some(Moment(it.start_ns)),
        start_s: after(it.start_ns, first_ns),
        end_s: after(it.end_ns, first_ns),
        acts: it.acts,
        found: it.told_at_act.is_some(),
        alert: it.episode.map(|place| place.saturating_add(alerts)),
        told_at_act: it.told_at_act,
        told_after_s: it.told_after_ns.map(|ns| rounded(real(ns) / real(SECOND_NS))),
        names_actor: it.naming.actor,
        names_target: it.naming.target,
        names_point: it.naming.point,
        actors: said.actors.iter().map(ToString::to_string).collect(),
        targets: said.targets.iter().chain(&said.hosts).map(ToString::to_string).collect(),
        points: said.points.iter().map(ToString::to_string).collect(),
    }
}

fn alerted(part: usize, it: &Episode, first_ns: u64, attacks: usize) -> Alerted {
    Alerted {
        part,
        id: Some(it.id.clone()),
        time: Some(Moment(it.first_ns)),
        first_s: after(it.first_ns, first_ns),
        last_s: after(it.last_ns, first_ns),
        acts: it.acts,
        kind: it.kind.clone(),
        severity: it.severity,
        attacks: it.attacks.iter().map(|place| place.saturating_add(attacks)).collect(),
    }
}

/// Seconds from one time to another, which may lie before it.
fn after(at_ns: u64, from_ns: u64) -> f64 {
    let seconds = |ns: u64| rounded(real(ns) / real(SECOND_NS));
    if at_ns >= from_ns {
        seconds(at_ns.saturating_sub(from_ns))
    } else {
        -seconds(from_ns.saturating_sub(at_ns))
    }
}

impl Report {
    /// The schema of its records.
    pub const SCHEMA: &'static str = "gridtap.evaluation/1";

    /// Takes every address, name, value and date out of it: kinds of attack are numbered.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        for capture in &mut self.inputs.captures {
            (capture.name, capture.first) = (None, None);
            for file in &mut capture.labels {
                file.name = None;
            }
        }
        self.settings.filter = None;
        let mut kinds: BTreeMap<String, String> = BTreeMap::new();
        let mut alike: BTreeMap<String, String> = BTreeMap::new();
        for pass in &mut self.passes {
            for it in &mut pass.figures.kinds {
                number(&mut it.kind, "attack", &mut kinds);
            }
            for it in &mut pass.figures.lookalikes {
                number(&mut it.kind, "look-alike", &mut alike);
            }
            for attack in &mut pass.attacks {
                number(&mut attack.kind, "attack", &mut kinds);
                attack.start = None;
                attack.actors.clear();
                attack.targets.clear();
                attack.points.clear();
            }
            for alert in &mut pass.alerts {
                (alert.id, alert.time) = (None, None);
            }
        }
        self
    }

    /// As one line of JSON.
    #[must_use]
    pub fn line(&self) -> String {
        // Nothing in it can fail: keys are strings, and numbers are finite.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// As JSON for people and for differences.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Puts a number in the place of a name, the same for the same name.
fn number(name: &mut String, word: &str, known: &mut BTreeMap<String, String>) {
    let next = size(known.len()).saturating_add(1);
    let numbered = known.entry(name.clone()).or_insert_with(|| format!("{word} {next}"));
    name.clone_from(numbered);
}

/// A digest in hex.
#[must_use]
pub fn hex(digest: [u8; 32]) -> String {
    Digest(digest).to_string()
}
