//! Why a baseline file is refused.

use core::fmt;

use super::write::{MAGIC, VERSION};

/// Why a baseline file cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is something else.
    NotABaseline,
    /// It is of a later version than this program knows.
    Newer {
        /// Its version.
        found: u32,
        /// The latest version this program knows.
        known: u32,
    },
    /// It is not what was written: cut short, damaged, or edited.
    Checksum {
        /// The line the checksum stands on, or should, from 1.
        number: usize,
    },
    /// A line says what no baseline says.
    Line {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABaseline => {
                write!(f, "line 1: not a baseline: want `{MAGIC} {VERSION}`")
            }
            Self::Newer { found, known } => {
                write!(f, "line 1: baseline of version {found}, this program knows {known}")
            }
            Self::Checksum { number } => {
                write!(
                    f,
                    "line {number}: checksum is missing or wrong: cut short, damaged or edited"
                )
            }
            Self::Line { number, reason } => write!(f, "line {number}: {reason}"),
        }
    }
}

impl core::error::Error for LoadError {}
