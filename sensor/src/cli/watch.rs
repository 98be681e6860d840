//! The arguments of `gridtap watch`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, NAMES_HELP};
use crate::alert::Severity;
use crate::when::Span;

/// `gridtap watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Interface to listen on; again for more.
    #[arg(short, long, required_unless_present = "follow", value_name = "IFACE")]
    pub interface: Vec<String>,
    /// Instead of an interface, read the captures in this folder, oldest first, and go on with those
    /// that come: a ring buffer of tcpdump (-C, -G, -W) or dumpcap (-b).
    #[arg(long, value_name = "DIR", conflicts_with = "interface")]
    pub follow: Option<PathBuf>,
    /// What is normal, as `gridtap learn` wrote it. Without it, `--learn-for` says how long to learn
    /// first.
    #[arg(long, value_name = "FILE", conflicts_with = "learn_for")]
    pub baseline: Option<PathBuf>,
    /// Learn this long before judging, where there is no baseline [default: 7d].
    #[arg(long, value_name = "DURATION")]
    pub learn_for: Option<Span>,
    /// Append alerts to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub alerts: Option<PathBuf>,
    /// End with status 1 if an alert of this severity or above was raised.
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Severity>,
    /// What hosts, units and points are called here, to be shown beside their addresses.
    #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
    pub names: Option<PathBuf>,
    /// Options of all commands.
    #[command(flatten)]
    pub common: Common,
}
