//! Alerts, read back from a file: the last revision of each, and what in the file is no alert.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use serde_json::Value;

use super::record::Alert;

/// Octets of a line, at most: an alert has some thousands.
const LINE_OCTETS: usize = 1 << 20;
/// Octets of all lines that are kept, at most.
const KEPT_OCTETS: usize = 1 << 26;
/// Lines that are said to be no alerts; more are counted.
const SAID: usize = 10;
/// What the schemas of all alerts begin with.
const FAMILY: &str = "gridtap.alert/";
/// The schema that is read.
const SCHEMA: &str = "gridtap.alert/1";

/// An alert, and its line in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadAlert {
    /// The alert, fit for a terminal: without control characters.
    pub alert: Alert,
    /// Its line as it was read, without its end: with all fields, also those that are not known
    /// here.
    pub line: String,
}

/// What an alerts file holds.
#[derive(Clone, Debug, Default)]
pub struct ReadAlerts {
    /// The last revision of each alert, in the order in which they were raised.
    pub alerts: Vec<ReadAlert>,
    /// How many lines are alerts, wanted or not.
    pub lines: u64,
    /// Lines that are no alerts, with their number (from 1) and why; the first ten.
    pub foreign: Vec<(u64, String)>,
    /// How many lines are no alerts.
    pub foreign_total: u64,
    /// Whether there were more alerts than are kept: then those raised first are missing.
    pub more: bool,
}

/// Reads alerts, a JSON object a line, and keeps the latest `most` of those whose id is `wanted`.
///
/// A line that is no alert of schema `gridtap.alert/1` costs itself only. Of more than 64 MiB of
/// lines the latest are kept as well.
///
/// # Errors
///
/// If `input` cannot be read.
pub fn read(
    mut input: impl BufRead,
    most: usize,
    wanted: impl Fn(&str) -> bool,
) -> io::Result<ReadAlerts> {
    let mut kept = Kept { most, ..Kept::default() };
    let mut read = ReadAlerts::default();
    let mut octets = Vec::new();
    let mut number = 0_u64;
    while let Some(line) = next_line(&mut input, &mut octets)? {
        number = number.saturating_add(1);
        match line.and_then(|(line, whole)| parse(line, whole)) {
            Ok(Some(alert)) => {
                read.lines = read.lines.saturating_add(1);
                if wanted(&alert.alert.id) {
                    kept.take(alert);
                }
            }
            Ok(None) => {}
            Err(why) => {
                read.foreign_total = read.foreign_total.saturating_add(1);
                if read.foreign.len() < SAID {
                    read.foreign.push((number, why));
                }
            }
        }
    }
    read.more = kept.more;
    read.alerts = kept.alerts.into_values().collect();
    Ok(read)
}

/// The last revisions so far.
#[derive(Debug, Default)]
struct Kept {
    most: usize,
    /// By the order in which they were raised.
    alerts: BTreeMap<u64, ReadAlert>,
    places: HashMap<String, u64>,
    raised: u64,
    octets: usize,
    more: bool,
}

impl Kept {
    fn take(&mut self, alert: ReadAlert) {
        let octets = alert.line.len();
        let place = self.places.get(&alert.alert.id);
        if let Some(known) = place.and_then(|place| self.alerts.get_mut(place)) {
            if alert.alert.revision >= known.alert.revision {
                self.octets = self.octets.saturating_sub(known.line.len()).saturating_add(octets);
                *known = alert;
            }
        } else {
            self.raised = self.raised.saturating_add(1);
            self.octets = self.octets.saturating_add(octets);
            self.places.insert(alert.alert.id.clone(), self.raised);
            self.alerts.insert(self.raised, alert);
        }
        while (self.alerts.len() > self.most || self.octets > KEPT_OCTETS)
            && let Some((_, oldest)) = self.alerts.pop_first()
        {
            self.octets = self.octets.saturating_sub(oldest.line.len());
            self.places.remove(&oldest.alert.id);
            self.more = true;
        }
    }
}

/// A line, and whether it has its end.
type Line<'o> = Result<(&'o [u8], bool), String>;

/// The next line, if there is one. One that is too long is passed over.
fn next_line<'o>(
    input: &mut impl BufRead,
    octets: &'o mut Vec<u8>,
) -> io::Result<Option<Line<'o>>> {
    octets.clear();
    let most = u64::try_from(LINE_OCTETS).unwrap_or(u64::MAX);
    if io::Read::take(&mut *input, most).read_until(b'\n', octets)? == 0 {
        return Ok(None);
    }
    if octets.len() >= LINE_OCTETS && octets.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!("longer than {LINE_OCTETS} octets"))));
    }
    Ok(Some(Ok(match octets.strip_suffix(b"\n") {
        Some(line) => (line, true),
        None => (octets, false),
    })))
}

/// The alert in a line; nothing in one that is empty.
fn parse(line: &[u8], whole: bool) -> Result<Option<ReadAlert>, String> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let foreign = |what: String| if whole { what } else { format!("cut off: {what}") };
    let line = str::from_utf8(line).map_err(|_| foreign("no text".to_owned()))?;
    let mut record: Value =
        serde_json::from_str(line).map_err(|error| foreign(format!("no JSON: {error}")))?;
    match record.get("schema").and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) if other.starts_with(FAMILY) => {
            let other = printable(other);
            return Err(format!("`{other}`: this version of gridtap reads `{SCHEMA}`"));
        }
        _ => return Err("no alert: it has no `schema` of that name".to_owned()),
    }
    fit_for_a_terminal(&mut record);
    let alert = serde_json::from_value(record)
        .map_err(|error| format!("no whole alert: {}", printable(&error.to_string())))?;
    Ok(Some(ReadAlert { alert, line: line.to_owned() }))
}

/// Takes control characters out of all strings: a file may come from anywhere, and a terminal obeys.
fn fit_for_a_terminal(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(char::is_control) => *text = printable(text),
        Value::Array(values) => values.iter_mut().for_each(fit_for_a_terminal),
        Value::Object(fields) => fields.values_mut().for_each(fit_for_a_terminal),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text with another letter for each control character, and no more of it than a message takes.
fn printable(text: &str) -> String {
    const LETTERS: usize = 4_096;
    let shown = text.chars().take(LETTERS);
    shown.map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Severity, sample};

    fn line(alert: &Alert) -> String {
        serde_json::to_string(alert).unwrap() + "\n"
    }

    fn named(id: &str, revision: u32) -> Alert {
        Alert { id: id.to_owned(), revision, ..sample() }
    }

    fn all(text: &str) -> ReadAlerts {
        read(text.as_bytes(), 10, |_| true).unwrap()
    }

    #[test]
    fn an_alert_reads_back_as_it_was_written() {
        let text = line(&sample());
        let read = all(&text);
        assert_eq!(read.alerts[0].alert, sample());
        assert_eq!(read.alerts[0].line, text.trim_end());
        assert_eq!((read.alerts.len(), read.foreign_total, read.more), (1, 0, false));
    }

    #[test]
    fn the_last_revision_of_each_counts_in_the_order_in_which_they_were_raised() {
        let lines = [named("b", 0), named("a", 0), named("b", 2), named("b", 1), named("a", 0)];
        let read = all(&lines.map(|alert| line(&alert)).concat());
        let seen: Vec<_> =
            read.alerts.iter().map(|read| (read.alert.id.as_str(), read.alert.revision)).collect();
        assert_eq!(seen, [("b", 2), ("a", 0)]);
    }

    #[test]
    fn what_is_no_alert_costs_its_line_only() {
        let good = line(&sample());
        let cut = &good[..good.len() / 2];
        let newer = good.replace("gridtap.alert/1", "gridtap.alert/2");
        let lacking = good.replace("\"because\":", "\"\\u001b[31m\":");
        let table: &[(&str, &str)] = &[
            ("hello\n", "no JSON: expected value at line 1 column 1"),
            ("[1]\n", "no alert: it has no `schema` of that name"),
            ("{\"schema\":\"gridtap.message/1\"}\n", "no alert: it has no `schema` of that name"),
            ("\u{0}\n", "no JSON: expected value at line 1 column 1"),
            (&newer, "`gridtap.alert/2`: this version of gridtap reads `gridtap.alert/1`"),
            (&lacking, "no whole alert: missing field `because`"),
        ];
        for (text, why) in table {
            let read = all(&format!("{good}\n{text}{good}"));
            assert_eq!(read.alerts.len(), 1, "{text}");
            assert_eq!(read.foreign, [(3, (*why).to_owned())], "{text}");
        }
        let read = all(&format!("{good}{cut}"));
        assert!(read.foreign[0].1.starts_with("cut off: no JSON: EOF"), "{:?}", read.foreign);
        let many = all(&"x\n".repeat(50));
        assert_eq!((many.foreign.len(), many.foreign_total), (SAID, 50));
    }

    #[test]
    fn a_line_without_an_end_is_passed_over_whatever_its_length() {
        let good = line(&sample());
        let endless = "x".repeat(3 * LINE_OCTETS);
        let read = all(&format!("{endless}\n{good}{endless}"));
        assert_eq!((read.alerts.len(), read.foreign_total), (1, 2));
        // An alert without its line's end is whole nevertheless.
        assert_eq!(all(good.trim_end()).alerts.len(), 1);
    }

    #[test]
    fn of_more_than_are_kept_the_latest_remain() {
        let lines: String = (0..30).map(|n| line(&named(&n.to_string(), 0))).collect();
        let read = all(&lines);
        assert!(read.more);
        assert_eq!(read.alerts.len(), 10);
        assert_eq!(read.alerts[0].alert.id, "20");
    }

    #[test]
    fn long_alerts_are_kept_as_far_as_there_is_room() {
        let line = "x".repeat(LINE_OCTETS);
        let mut kept = Kept { most: 1_000, ..Kept::default() };
        for n in 0..70 {
            kept.take(ReadAlert { alert: named(&n.to_string(), 0), line: line.clone() });
        }
        let first = kept.alerts.values().next().unwrap();
        assert_eq!((kept.alerts.len(), &*first.alert.id, kept.more), (64, "6", true));
        kept.take(ReadAlert { alert: named("69", 1), line: String::new() });
        assert_eq!((kept.alerts.len(), kept.octets), (64, KEPT_OCTETS - LINE_OCTETS));
    }

    #[test]
    fn a_terminal_gets_no_control_characters_from_a_file() {
        let alert = Alert { what: "a\u{1b}]0;b\u{7}".to_owned(), ..sample() };
        let read = all(&line(&alert));
        assert_eq!(read.alerts[0].alert.what, "a\u{fffd}]0;b\u{fffd}");
        assert!(!read.alerts[0].line.contains('\u{1b}'));
        assert_eq!(read.alerts[0].alert.severity, Severity::Critical);
    }
}
