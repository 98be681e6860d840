//! The commands, one file each.

pub mod alerts;
pub mod baseline;
mod diff;
pub mod doctor;
#[cfg(unix)]
mod endless;
pub mod evaluate;
pub mod export;
pub mod extract;
mod inputs;
mod judged;
pub mod learn;
pub mod messages;
pub mod replay;
mod review;
mod rule;
#[cfg(feature = "simulate")]
pub mod simulate;
#[cfg(unix)]
pub mod watch;

use core::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use gridtap_models::ledger::LoadError;
use thiserror::Error;

use crate::cli::{Color, Common, Format};
use crate::config::{Config, ConfigError};
use crate::sink::SinkError;
use crate::source::SourceError;

/// How a command ended that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Well,
    /// With an alert of the level that `--fail-on` named, or above.
    Alerted,
    /// With some of the inputs unread.
    InputsMissing,
}

/// Why a command could not go on.
#[derive(Debug, Error)]
pub enum Failure {
    /// Flags that do not go together.
    #[error("{0}")]
    Usage(String),
    /// Settings that cannot be run on.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A baseline that cannot be used.
    #[error("{}: {reason}", path.display())]
    Baseline {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: LoadError,
    },
    /// A baseline that cannot be read.
    #[error("{}: {source}", path.display())]
    BaselineUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A capture or an interface that cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No input could be read, and what is wrong with each was said already.
    #[error("no input could be read")]
    AlreadySaid,
    /// A file of alerts that cannot be read.
    #[error("{}: {what}", path.display())]
    Alerts {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// An output that cannot be written.
    #[error(transparent)]
    Output(#[from] SinkError),
}

impl Failure {
    /// What a build without libpcap says of interfaces.
    #[cfg(not(all(feature = "pcap", unix)))]
    #[must_use]
    pub fn no_live_capture() -> Self {
        Self::Usage("this build has no live capture: build it with the feature `pcap`".to_owned())
    }

    /// What a build without the simulator says.
    #[cfg(not(feature = "simulate"))]
    #[must_use]
    pub fn no_simulator() -> Self {
        Self::Usage("this build has no simulator: build it with the feature `simulate`".to_owned())
    }

    /// What a build without Parquet says.
    #[cfg(not(feature = "parquet"))]
    #[must_use]
    pub fn no_parquet() -> Self {
        Self::Usage("this build writes no Parquet: build it with the feature `parquet`".to_owned())
    }

    /// The exit status.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Config(_)
            | Self::Baseline { .. }
            | Self::BaselineUnreadable { .. }
            | Self::Source(
                SourceError::BadFilter { .. }
                | SourceError::NoFilters { .. }
                | SourceError::ReadOnce { .. },
            ) => 2,
            Self::Source(_) | Self::Alerts { .. } | Self::AlreadySaid => 3,
            Self::Output(_) => 4,
        }
    }
}

impl Ended {
    /// The exit status.
    #[must_use]
    pub const fn status(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Alerted => 1,
            Self::InputsMissing => 3,
        }
    }
}

/// How the commands speak with whoever runs them.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether to leave out progress and summary.
    pub quiet: bool,
    /// Whether standard output is a terminal.
    pub stdout: bool,
    /// Whether standard output gets colours.
    pub colours: bool,
}

impl Terminal {
    /// What the flags and the environment make of it.
    #[must_use]
    pub fn new(quiet: bool, color: Color) -> Self {
        let stdout = io::stdout().is_terminal();
        let colours = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                stdout && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self { quiet, stdout, colours }
    }

    /// Says something to whoever runs it: on standard error, and nobody has to read it.
    pub fn say(self, text: fmt::Arguments<'_>) {
        // Standard error may be closed; there is no better place to complain.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Prints a result to standard output. A closed pipe ends quietly.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn print(self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(SinkError { name: "standard output".to_owned(), source: error }.into())
            }
            _ => Ok(()),
        }
    }

    /// Columns for a table that goes to no terminal, which would say itself how wide it is.
    #[must_use]
    pub fn width(self) -> Option<u16> {
        const READABLE: u16 = 120;
        (!self.stdout).then_some(READABLE)
    }

    /// The form of results: as asked for, else text on a terminal and JSON lines in a pipe.
    #[must_use]
    pub fn format(self, common: &Common) -> Format {
        self.form(common.format)
    }

    /// The same for a command that does not run the line.
    #[must_use]
    pub fn form(self, asked: Option<Format>) -> Format {
        asked.unwrap_or(if self.stdout { Format::Text } else { Format::Jsonl })
    }
}

/// Clears unfinished files away when the command is interrupted: each is whole or not there.
#[cfg(unix)]
fn leave_no_part(parts: Vec<PathBuf>, terminal: Terminal) -> Result<(), Failure> {
    crate::signals::end_on(move || {
        for part in parts {
            // It is not there if it just got its name.
            if std::fs::remove_file(&part).is_ok() {
                let part = part.display();
                terminal.say(format_args!("gridtap: interrupted: {part} is not finished: removed"));
            }
        }
    })?;
    Ok(())
}

/// The settings of a command: file, environment, flags.
fn config<F: ValueEnum + Send + Sync>(common: &Common<F>) -> Result<Config, Failure> {
    let mut config = Config::read(common.config.as_deref(), std::env::vars())?;
    if let Some(shards) = common.shards {
        config.shards = shards;
    }
    Ok(config)
}
