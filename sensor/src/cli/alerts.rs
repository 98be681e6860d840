//! The arguments of `gridtap alerts`.

use std::path::PathBuf;

use clap::Args;

use super::{Format, NAMES_HELP};

/// `gridtap alerts`.
#[derive(Debug, Args)]
pub struct Alerts {
    /// Show the alert with this id in full; the beginning of an id is enough if no other alert has
    /// it.
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// What hosts, units and points are called here, to be shown beside their addresses.
    #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
    pub names: Option<PathBuf>,
    /// Form of what is printed: text on a terminal, jsonl in a pipe. In jsonl, lines are as they are
    /// in the file.
    #[arg(long, value_name = "FORM")]
    pub format: Option<Format>,
    /// Alerts as `--alerts` wrote them; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
