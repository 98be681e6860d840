//! `gridtap baseline review`: what is odd about a baseline itself, before it goes live.

use core::fmt::Write;
use std::net::IpAddr;
use std::path::Path;

use gridtap_models::review::{Evidence, Oddity};
use serde::Serialize;

use super::{Ended, Failure, Terminal, baseline};
use crate::cli::Format;
use crate::names::Names;
use crate::when::Moment;

/// Oddities that the text shows; JSON lines have all.
const SHOWN: usize = 30;

/// Evidence of one kind and oddity that the text shows.
const EVIDENCE: usize = 2;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn review(
    file: &Path,
    names: &Names,
    format: Option<Format>,
    terminal: Terminal,
) -> Result<Ended, Failure> {
    let oddities = baseline::read(file)?.review();
    terminal.print(&match terminal.form(format) {
        Format::Text => text(&oddities, file, names),
        Format::Jsonl => records(&oddities),
    })?;
    Ok(Ended::Well)
}

fn text(oddities: &[Oddity], file: &Path, names: &Names) -> String {
    let name = file.display();
    if oddities.is_empty() {
        return format!("Nothing in {name} is odd by itself.\n");
    }
    let mut text = format!("{} in {name}, most suspicious first.\n", counted(oddities.len()));
    for (number, oddity) in (1_usize..).zip(oddities).take(SHOWN) {
        show(number, oddity, names, &mut text);
    }
    if oddities.len() > SHOWN {
        // Writing to memory cannot fail.
        let _ = writeln!(text, "\nand {} more: --format jsonl has all", oddities.len() - SHOWN);
    }
    let _ = writeln!(
        text,
        "\nTo settle number N:\n  \
         gridtap baseline approve --review N --by NAME {name}   it is normal\n  \
         gridtap baseline forbid --review N --by NAME {name}    raise it whenever it is done\n\
         or learn again without it."
    );
    text
}

fn counted(oddities: usize) -> String {
    if oddities == 1 { "1 oddity".to_owned() } else { format!("{oddities} oddities") }
}

fn show(number: usize, oddity: &Oddity, names: &Names, text: &mut String) {
    let named = |line: &str| names.beside(line, &mut None);
    let actor = named(&oddity.actor.to_string());
    let at = oddity.at_ns.map_or(String::new(), |ns| format!(", {}", minutes(ns)));
    let _ = writeln!(text, "\n{number}. {actor}{at} ({})", oddity.suspicion);
    let mut kinds: Vec<(&str, Vec<&Evidence>)> = Vec::new();
    for one in &oddity.evidence {
        match kinds.iter_mut().find(|(kind, _)| *kind == one.kind) {
            Some((_, evidence)) => evidence.push(one),
            None => kinds.push((one.kind, vec![one])),
        }
    }
    for (kind, evidence) in kinds {
        for one in evidence.iter().take(EVIDENCE) {
            let _ = writeln!(text, "   {kind}: {}", named(&one.because));
            let _ = writeln!(text, "     {}", named(one.line.trim_start()));
        }
        let more = evidence.len().saturating_sub(EVIDENCE);
        if more > 0 {
            let _ = writeln!(text, "   and {more} more of {kind}");
        }
    }
}

/// The ten minutes that begin at a time: `2026-03-04 11:20 to 11:30 UTC`.
fn minutes(from_ns: u64) -> String {
    const TEN_NS: u64 = 600_000_000_000;
    let text = |ns: u64| Moment(ns).to_string().replace('T', " ");
    let (from, to) = (text(from_ns), text(from_ns.saturating_add(TEN_NS)));
    let part = |text: &str, from, to| text.get(from..to).unwrap_or_default().to_owned();
    format!("{} to {} UTC", part(&from, 0, 16), part(&to, 11, 16))
}

/// A JSON object a line for each oddity.
fn records(oddities: &[Oddity]) -> String {
    let mut text = String::new();
    for (number, oddity) in (1_usize..).zip(oddities) {
        let record = Record {
            schema: "gridtap.oddity/1",
            number,
            suspicion_bits: oddity.suspicion.0,
            actor_ip: oddity.actor,
            time: oddity.at_ns.map(Moment),
            evidence: oddity.evidence.iter().map(EvidenceRecord::of).collect(),
        };
        // Made of numbers and names, it has no way to fail.
        text.push_str(&serde_json::to_string(&record).unwrap_or_default());
        text.push('\n');
    }
    text
}

/// One oddity. Fields that do not apply are left out.
#[derive(Debug, Serialize)]
struct Record<'o> {
    schema: &'static str,
    /// What `--review` calls it, from 1.
    number: usize,
    suspicion_bits: f64,
    actor_ip: IpAddr,
    /// The start of the ten minutes in which all of it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Moment>,
    evidence: Vec<EvidenceRecord<'o>>,
}

#[derive(Debug, Serialize)]
struct EvidenceRecord<'o> {
    kind: &'static str,
    /// Whether it holds however often it was seen.
    flag: bool,
    surprise_bits: f64,
    because: &'o str,
    /// What the line of the baseline begins with, and in brackets what it stands under.
    line: &'o str,
    normal_if: &'o str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    acts: &'o [String],
}

impl<'o> EvidenceRecord<'o> {
    fn of(evidence: &'o Evidence) -> Self {
        Self {
            kind: evidence.kind,
            flag: evidence.flag,
            surprise_bits: evidence.surprise.0,
            because: &evidence.because,
            line: &evidence.line,
            normal_if: &evidence.normal_if,
            acts: &evidence.acts,
        }
    }
}
