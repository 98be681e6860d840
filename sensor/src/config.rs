//! Settings: as written in a file and in the environment, and as checked.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::alert;
use crate::limits::Limits;

/// The settings as an operator writes them: every key optional, none checked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// How the line runs.
    pub line: LineDraft,
    /// When findings become alerts.
    pub alerts: AlertsDraft,
    /// How much is kept, and for how long.
    pub limits: Limits,
}

/// `[line]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineDraft {
    /// Threads that reassemble and parse; 1 if left out.
    pub shards: Option<u16>,
}

/// `[alerts]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsDraft {
    /// Least surprise that raises an alert about an act that only asks, in bits; 10 if left out:
    /// once in a thousand acts.
    pub at_bits: Option<f64>,
    /// Least surprise that raises an alert about an act that can change something, in bits; 6.6 if
    /// left out: once in a hundred acts, as such acts are rare and matter more.
    pub command_at_bits: Option<f64>,
    /// Alerts a day that you want to read; 1 if left out. Two fifths of them may be for new commands alone: a
    /// client that does more new things a day, as the baseline shows, raises nothing by them.
    pub episodes_a_day: Option<f64>,
    /// Quiet time that ends an episode, in seconds; 900 if left out.
    pub quiet_seconds: Option<u64>,
}

/// The settings that the sensor runs on. Having them means that they were checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Threads that reassemble and parse.
    pub shards: u16,
    /// When findings become alerts.
    pub alerts: alert::Settings,
    /// How much is kept, and for how long.
    pub limits: Limits,
}

/// Settings that cannot be run on.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not what a settings file looks like, or has a key that does not exist.
    #[error("{origin}: {reason}")]
    NotSettings {
        /// The file, or the variable of the environment.
        origin: String,
        /// What is wrong, with its line where there is one.
        reason: String,
    },
    /// A value that will not do.
    #[error("`{key}`: want {wanted}")]
    BadValue {
        /// The key, with its section.
        key: &'static str,
        /// What would do.
        wanted: &'static str,
    },
}

/// Variables of the environment that hold settings: `GRIDTAP_SECTION__KEY`.
const PREFIX: &str = "GRIDTAP_";

impl Config {
    /// Reads `file`, if there is one, puts the variables of the environment over it, and checks.
    ///
    /// # Errors
    ///
    /// Any of [`ConfigError`]; the text names the file, variable or key.
    pub fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
            // Read as settings first: an error then has its line.
            let bad = |error: toml::de::Error| {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
                let line = before.matches('\n').count().saturating_add(1);
                ConfigError::NotSettings {
                    origin: path.display().to_string(),
                    reason: format!("line {line}: {}", error.message().replace('\n', ", ")),
                }
            };
            toml::from_str::<Draft>(&text).map_err(bad)?;
            table = toml::from_str(&text).map_err(bad)?;
        }
        for (name, value) in environment {
            override_key(&mut table, &name, &value)?;
        }
        let draft: Draft = table.try_into().map_err(|error| ConfigError::NotSettings {
            origin: format!("settings in {PREFIX}… variables"),
            reason: error.message().replace('\n', ", "),
        })?;
        Self::try_from(draft)
    }
}

fn override_key(table: &mut toml::Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let Some((section, key)) = name.strip_prefix(PREFIX).and_then(|name| name.split_once("__"))
    else {
        return Ok(());
    };
    // A number or a truth value as such, anything else as a string.
    let value = toml::from_str::<toml::Table>(&format!("v = {value}"))
        .ok()
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| toml::Value::from(value));
    let section = table
        .entry(section.to_lowercase())
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let Some(section) = section.as_table_mut() else {
        return Err(ConfigError::NotSettings {
            origin: name.to_owned(),
            reason: "its section is no section in the file".to_owned(),
        });
    };
    section.insert(key.to_lowercase(), value);
    Ok(())
}

impl TryFrom<Draft> for Config {
    type Error = ConfigError;

    fn try_from(draft: Draft) -> Result<Self, ConfigError> {
        let bad = |key, wanted| ConfigError::BadValue { key, wanted };
        let at_bits = draft.alerts.at_bits.unwrap_or(10.0);
        let command_at_bits = draft.alerts.command_at_bits.unwrap_or(6.6);
        for (key, bits) in
            [("alerts.at_bits", at_bits), ("alerts.command_at_bits", command_at_bits)]
        {
            if !(0.0..=64.0).contains(&bits) {
                return Err(bad(key, "a number from 0 to 64"));
            }
        }
        let a_day = draft.alerts.episodes_a_day.unwrap_or(1.0);
        if !(0.0..=10_000.0).contains(&a_day) {
            return Err(bad("alerts.episodes_a_day", "a number from 0 to 10000"));
        }
        let shards = draft.line.shards.unwrap_or(1);
        if !(1..=64).contains(&shards) {
            return Err(bad("line.shards", "1 to 64"));
        }
        let quiet_seconds = draft.alerts.quiet_seconds.unwrap_or(900);
        if quiet_seconds == 0 {
            return Err(bad("alerts.quiet_seconds", "1 or more"));
        }
        let limits = draft.limits;
        if let Some((key, wanted)) = limits.fault() {
            return Err(bad(key, wanted));
        }
        Ok(Self {
            shards,
            alerts: alert::Settings {
                at_bits,
                command_at_bits,
                a_day,
                quiet_ns: quiet_seconds.saturating_mul(1_000_000_000),
                episodes: limits.episodes,
                awaited: limits.awaited_acts,
            },
            limits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::read(Some(file.path()), variables).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_is_a_good_configuration() {
        let config = read("", &[]).unwrap();
        assert_eq!(config.shards, 1);
        assert_eq!(config.limits, Limits::default());
        assert_eq!(Config::read(None, core::iter::empty()).unwrap(), config);
    }

    #[test]
    fn every_refusal_names_the_key() {
        let table = [
            ("[line]\nshards = 0", "`line.shards`: want 1 to 64"),
            ("[alerts]\nat_bits = 99.0", "`alerts.at_bits`: want a number from 0 to 64"),
            ("[limits]\nflows = 0", "`limits.flows`: want 1 to 1073741824"),
            (
                "[alerts]\nepisodes_a_day = -1.0",
                "`alerts.episodes_a_day`: want a number from 0 to 10000",
            ),
            ("[limits]\nqueue_alerts = 65537", "`limits.queue_alerts`: want 1 to 65536"),
            ("[limits]\nidle_seconds = 0", "`limits.idle_seconds`: want 1 or more"),
        ];
        for (text, message) in table {
            assert_eq!(read(text, &[]).unwrap_err(), message, "{text}");
        }
        let unknown = read("[line]\nshard = 1", &[]).unwrap_err();
        assert!(unknown.contains("unknown field `shard`"), "{unknown}");
        assert!(unknown.contains("line 2"), "{unknown}");
    }

    #[test]
    fn every_limit_is_a_key() {
        let usual = Limits::default();
        let keys = toml::Table::try_from(usual).unwrap();
        assert!(keys.len() > 20);
        for (key, value) in keys {
            let more = value.as_integer().unwrap() + 1;
            let limits = read(&format!("limits.{key} = {more}"), &[]).unwrap().limits;
            let mut expected = toml::Table::try_from(usual).unwrap();
            expected.insert(key.clone(), more.into());
            assert_eq!(toml::Table::try_from(limits).unwrap(), expected, "{key}");
        }
        let config = read("[limits]\nepisodes = 3\nawaited_acts = 4\n", &[]).unwrap();
        assert_eq!((config.alerts.episodes, config.alerts.awaited), (3, 4));
    }

    #[test]
    fn a_variable_of_the_environment_wins_over_the_file() {
        let config = read("[line]\nshards = 2", &[("GRIDTAP_LINE__SHARDS", "8")]).unwrap();
        assert_eq!(config.shards, 8);
        let config = read("", &[("GRIDTAP_ALERTS__AT_BITS", "7.5"), ("PATH", "/bin")]).unwrap();
        assert!((config.alerts.at_bits - 7.5).abs() < f64::EPSILON);
        assert!(read("", &[("GRIDTAP_LINE__SHARD", "8")]).unwrap_err().contains("shard"));
        assert!(read("", &[("GRIDTAP_LINE__SHARDS", "many")]).is_err());
    }
}
