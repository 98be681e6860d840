//! What hosts, units and points are called on this site, shown beside their addresses.
//!
//! A file of names is TOML, with addresses as Gridtap prints them:
//!
//! ```toml
//! [hosts]
//! "10.20.0.21" = "RTU north"
//! [units]
//! "10.20.0.21 unit 1" = "feeder 3 relay"
//! "10.20.0.31 outstation 10" = "bay 4"
//! [points]
//! "10.20.0.21 unit 1 holding-register 10" = "voltage setpoint"
//! ```

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use gridtap_models::event::Space;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::alert::Alert;
use crate::config::ConfigError;

/// Octets of a file of names, at most.
const FILE_OCTETS: u64 = 16 << 20;
/// Letters of a name, at most.
const NAME_LETTERS: usize = 80;

/// Names, by the addresses that they stand beside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(BTreeMap<String, String>);

/// A file of names, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Draft {
    hosts: Section,
    units: Section,
    points: Section,
}

type Section = BTreeMap<Spanned<String>, Spanned<String>>;

impl Names {
    /// Reads the file at `path`; without one there are no names.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unreadable`], and [`ConfigError::NotSettings`] with the line of what is no
    /// address, no name, unknown, or there twice.
    pub fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(FILE_OCTETS.saturating_add(1)).read_to_string(&mut text))
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let bad = |reason| ConfigError::NotSettings { origin: path.display().to_string(), reason };
        if u64::try_from(text.len()).is_ok_and(|octets| octets > FILE_OCTETS) {
            return Err(bad(format!("has more than {FILE_OCTETS} octets")));
        }
        Self::parse(&text).map_err(bad)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let at = |span: Range<usize>, what: &str| {
            let before = text.get(..span.start).unwrap_or("");
            format!("line {}: {what}", before.matches('\n').count().saturating_add(1))
        };
        let draft: Draft = toml::from_str(text).map_err(|error| {
            at(error.span().unwrap_or(0..0), &error.message().replace('\n', ", "))
        })?;
        let mut names = BTreeMap::new();
        let sections: [(Section, usize, &str); 3] = [
            (draft.hosts, 1, "an IP address"),
            (draft.units, 3, "an IP address and a unit or outstation, as in `10.0.0.9 unit 1`"),
            (
                draft.points,
                5,
                "a device, a kind of point and its address, as in \
                 `10.0.0.9 unit 1 holding-register 40`",
            ),
        ];
        for (section, words, wanted) in sections {
            for (key, name) in section {
                let (key_at, name_at) = (key.span(), name.span());
                let (key, name) = (key.into_inner(), name.into_inner());
                let address =
                    address(&key)
                        .filter(|address| address.split(' ').count() == words)
                        .ok_or_else(|| at(key_at.clone(), &format!("`{key}`: want {wanted}")))?;
                if name.trim().is_empty()
                    || name.chars().count() > NAME_LETTERS
                    || name.contains(char::is_control)
                {
                    let want = format!("`{key}`: want a name of 1 to {NAME_LETTERS} letters");
                    return Err(at(name_at, &want));
                }
                if names.insert(address, name).is_some() {
                    return Err(at(key_at, &format!("`{key}`: is named twice")));
                }
            }
        }
        Ok(Self(names))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` with names in brackets behind the addresses that have one, each once.
    ///
    /// `device` is the device that points are of until the text names another; it is left at the
    /// one named last. A device is as in `10.0.0.9 unit 1`.
    #[must_use]
    pub fn beside(&self, text: &str, device: &mut Option<String>) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let (mut named, mut done) = (String::with_capacity(text.len()), 0);
        let mut told = BTreeSet::new();
        each_address(text, device, |end, address| {
            if let Some(name) = self.0.get(address)
                && told.insert(address.to_owned())
            {
                named.push_str(text.get(done..end).unwrap_or_default());
                named.push_str(" (");
                named.push_str(name);
                named.push(')');
                done = end;
            }
        });
        named.push_str(text.get(done..).unwrap_or_default());
        named
    }

    /// Notes in an alert the names of whatever it mentions.
    pub fn note(&self, alert: &mut Alert) {
        if self.is_empty() {
            return;
        }
        let mut found = BTreeMap::new();
        let device = alert.device();
        let mut look = |text: &str| {
            each_address(text, &mut Some(device.clone()), |_, address| {
                if let Some(name) = self.0.get(address) {
                    found.insert(address.to_owned(), name.clone());
                }
            });
        };
        for text in [&alert.what, &alert.because, &alert.normal_if] {
            look(text);
        }
        alert.findings.iter().for_each(|finding| look(&finding.because));
        alert.points.iter().for_each(|point| look(&point.to_string()));
        alert.devices().for_each(|device| look(&device));
        look(&device);
        look(&alert.actor.to_string());
        look(&alert.client_ip.to_string());
        alert.names.0.extend(found);
    }
}

/// An address in the one way it is written: a host, a device, or a point.
fn address(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ip: IpAddr = words.first()?.parse().ok()?;
    let mut address = ip.to_string();
    if let Some(word @ ("unit" | "outstation")) = words.get(1).copied() {
        let unit: u16 = words.get(2)?.parse().ok()?;
        address = format!("{address} {word} {unit}");
        if let Some(space) = words.get(3) {
            let number: u32 = words.get(4)?.parse().ok()?;
            address = format!("{address} {} {number}", Space::from_word(space)?);
        }
    }
    (address.split(' ').count() == words.len()).then_some(address)
}

/// Finds the addresses in a text, and hands each to `found` with where it ends.
fn each_address(text: &str, device: &mut Option<String>, mut found: impl FnMut(usize, &str)) {
    let mut words = Words { text, at: 0 };
    while let Some(word) = words.next() {
        let (ip, end) = (text.get(word.clone()).unwrap_or_default(), word.end);
        if let Ok(ip) = ip.parse::<IpAddr>() {
            found(end, &ip.to_string());
            if let Some((kind @ ("unit" | "outstation"), unit, end)) = words.number_behind(end) {
                let named = format!("{ip} {kind} {unit}");
                found(end, &named);
                *device = Some(named);
            }
        } else if Space::from_word(ip).is_some()
            && let Some(device) = device
            && let Some((number, end)) = words.number(end)
        {
            found(end, &format!("{device} {ip} {number}"));
        }
    }
}

/// The words of a text, where addresses are words.
struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    /// Where the next word is.
    fn next(&mut self) -> Option<Range<usize>> {
        let word = self.word(self.at)?;
        self.at = word.end;
        Some(word)
    }

    fn word(&self, from: usize) -> Option<Range<usize>> {
        let in_word = |letter: char| letter.is_ascii_alphanumeric() || ".:-_".contains(letter);
        let rest = self.text.get(from..)?;
        let start = from.saturating_add(rest.find(in_word)?);
        let rest = self.text.get(start..)?;
        let octets = rest.find(|letter| !in_word(letter)).unwrap_or(rest.len());
        // A full stop or colon ends a sentence.
        let word = rest.get(..octets)?.trim_end_matches(['.', ':', '-']);
        // What is all stops is passed over.
        let octets = if word.is_empty() { octets } else { word.len() };
        Some(start..start.saturating_add(octets))
    }

    /// The number right behind `end`, and where it ends.
    fn number(&self, end: usize) -> Option<(u32, usize)> {
        let word = self.word(end)?;
        let between = self.text.get(end..word.start)?;
        let number = self.text.get(word.clone())?.parse().ok()?;
        (between == " ").then_some((number, word.end))
    }

    /// The word right behind `end` with the number right behind it, and where that ends.
    fn number_behind(&self, end: usize) -> Option<(&'t str, u32, usize)> {
        let word = self.word(end)?;
        let between = self.text.get(end..word.start)?;
        let (number, number_end) = self.number(word.end)?;
        (between == " ").then_some((self.text.get(word)?, number, number_end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::sample;

    const FILE: &str = "\
# ours
[hosts]
\"10.0.0.21\" = \"RTU north\"
\"fd00::9\" = \"front end\"
[units]
\"10.0.0.21 unit 1\" = \"feeder 3\"
[points]
\"10.0.0.21 unit 1 holding-register 10\" = \"setpoint\"
\"10.0.0.31  outstation 10 binary-output 4\" = \"breaker Q0\"
";

    fn beside(text: &str) -> String {
        Names::parse(FILE).unwrap().beside(text, &mut None)
    }

    #[test]
    fn names_stand_behind_addresses_once_in_a_text() {
        let table = [
            (
                "10.0.0.66 asked 10.0.0.21 unit 1 for x: holding-register 10 = 7, holding-register 11",
                "10.0.0.66 asked 10.0.0.21 (RTU north) unit 1 (feeder 3) for x: holding-register 10 \
                 (setpoint) = 7, holding-register 11",
            ),
            (
                "10.0.0.31 outstation 10 was given the command operate binary-output 4 9 times; \
                 10.0.0.21, too. 10.0.0.21.",
                "10.0.0.31 outstation 10 was given the command operate binary-output 4 (breaker Q0) \
                 9 times; 10.0.0.21 (RTU north), too. 10.0.0.21.",
            ),
            ("from fd00::9: to FD00:0::9", "from fd00::9 (front end): to FD00:0::9"),
            ("10.0.0.21", "10.0.0.21 (RTU north)"),
            ("holding-register 10 of nobody", "holding-register 10 of nobody"),
            (
                "10.0.0.21 unit 12 holding-register 10",
                "10.0.0.21 (RTU north) unit 12 holding-register 10",
            ),
            ("110.0.0.21 10.0.0.211 v10.0.0.21", "110.0.0.21 10.0.0.211 v10.0.0.21"),
            ("... :: - é", "... :: - é"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(beside(text), expected);
        }
    }

    #[test]
    fn a_range_of_points_has_no_name() {
        for text in
            ["10.0.0.21 unit 1 holding-register 10-19", "10.0.0.21 unit 1 holding-register 10.5"]
        {
            assert!(!beside(text).contains("setpoint"), "{text}");
        }
    }

    #[test]
    fn points_are_those_of_the_device_that_was_named_last() {
        let names = Names::parse(FILE).unwrap();
        let mut device = None;
        let rows =
            ["  10.0.0.21 unit 1", "    command write holding-register 10", "  10.0.0.22 unit 1"];
        let shown: Vec<String> = rows.iter().map(|row| names.beside(row, &mut device)).collect();
        assert_eq!(shown[1], "    command write holding-register 10 (setpoint)");
        assert_eq!(names.beside("holding-register 10", &mut device), "holding-register 10");
    }

    #[test]
    fn an_alert_carries_the_names_of_what_it_mentions_and_keeps_its_id() {
        let mut alert = sample();
        Names::parse(FILE).unwrap().note(&mut alert);
        let keys: Vec<_> = alert.names.0.keys().map(String::as_str).collect();
        let device = "10.0.0.21 unit 1";
        assert_eq!(keys, ["10.0.0.21", device, &format!("{device} holding-register 10")]);
        assert_eq!(alert.id, sample().id);
        assert!(alert.named(&alert.what).contains("holding-register 10 (setpoint) = 7"));
        let json = serde_json::to_value(&alert).unwrap();
        assert_eq!(json["names"]["10.0.0.21"], "RTU north");
        assert!(serde_json::to_value(sample()).unwrap().get("names").is_none());
    }

    #[test]
    fn every_refusal_names_the_line_and_what_it_is_about() {
        let long = format!("[hosts]\n\"10.0.0.1\" = \"{}\"", "x".repeat(81));
        let table = [
            ("[host]\n", "line 1: unknown field `host`"),
            ("[hosts]\n\n\"10.0.0.300\" = \"x\"", "line 3: `10.0.0.300`: want an IP address"),
            (
                "[hosts]\n\"10.0.0.1 unit 1\" = \"x\"",
                "line 2: `10.0.0.1 unit 1`: want an IP address",
            ),
            ("[units]\n\"10.0.0.1\" = \"x\"", "line 2: `10.0.0.1`: want an IP address and a unit"),
            ("[units]\n\"10.0.0.1 unit 70000\" = \"x\"", "line 2: `10.0.0.1 unit 70000`: want"),
            ("[units]\n\"10.0.0.1 rack 1\" = \"x\"", "line 2: `10.0.0.1 rack 1`: want"),
            ("[points]\n\"10.0.0.1 unit 1 coil\" = \"x\"", "line 2: `10.0.0.1 unit 1 coil`: want"),
            (
                "[points]\n\"10.0.0.1 unit 1 coal 7\" = \"x\"",
                "line 2: `10.0.0.1 unit 1 coal 7`: want",
            ),
            ("[hosts]\n\"10.0.0.1\" = \" \"", "line 2: `10.0.0.1`: want a name"),
            ("[hosts]\n\"10.0.0.1\" = \"\\u001b[2J\"", "line 2: `10.0.0.1`: want a name"),
            (&long, "line 2: `10.0.0.1`: want a name of 1 to 80 letters"),
            ("[hosts]\n\"10.0.0.1\" = 5", "line 2: invalid type: integer `5`"),
            ("[hosts]\n\"fd00::9\" = \"x\"\n\"fd00:0::9\" = \"y\"", "is named twice"),
            ("[hosts]\n\"10.0.0.1\" = \"x\"\n\"10.0.0.1\" = \"y\"", "line 3: duplicate key"),
            ("[hosts\n", "line 1: "),
        ];
        for (text, said) in table {
            let error = Names::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        use proptest::prelude::*;
        proptest!(|(text in "[ .:0-9a-f\\-é]{0,40}|(10\\.0\\.0\\.21|unit|1|holding-register|10| |:|é){0,20}")| {
            let named = beside(&text);
            let bare = named.replace(" (RTU north)", "").replace(" (feeder 3)", "");
            prop_assert_eq!(bare.replace(" (setpoint)", ""), text);
        });
    }
}
