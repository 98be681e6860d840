//! The arguments of `gridtap replay`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, NAMES_HELP};
use crate::alert::Severity;
use crate::when::Span;

/// `gridtap replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// What is normal, as `gridtap learn` wrote it. Without it, the first part is learned from.
    #[arg(long, value_name = "FILE", conflicts_with = "learn_for")]
    pub baseline: Option<PathBuf>,
    /// Capture time to learn from, as in 90s, 30m, 2h, 7d [default: a third of the captures' span].
    #[arg(long, value_name = "DURATION")]
    pub learn_for: Option<Span>,
    /// Write alerts to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub alerts: Option<PathBuf>,
    /// Write how odd each judged act is to this file: CSV, a row an act, a column a detector.
    #[arg(long, value_name = "FILE")]
    pub scores: Option<PathBuf>,
    /// End with status 1 if an alert of this severity or above was raised.
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Severity>,
    /// What hosts, units and points are called here, to be shown beside their addresses.
    #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
    pub names: Option<PathBuf>,
    /// Options of all commands.
    #[command(flatten)]
    pub common: Common,
    /// Captures: pcap or pcapng, plain, gzip or zstd; `-` for standard input.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
}
