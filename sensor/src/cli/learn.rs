//! The arguments of `gridtap learn`.

use std::path::PathBuf;

use clap::Args;

use super::{Common, NAMES_HELP};
use crate::when::Span;

/// `gridtap learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// Where to write the baseline.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// How long to learn, as in 90s, 30m, 2h, 7d: capture time from the first packet on.
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<Span>,
    /// Learn from this interface instead of captures; again for more.
    #[arg(short, long, value_name = "IFACE", requires = "duration", conflicts_with = "captures")]
    pub interface: Vec<String>,
    /// What hosts, units and points are called here, to be shown beside their addresses.
    #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
    pub names: Option<PathBuf>,
    /// Learn from the captures in this folder and from those that come, as `watch --follow` does.
    #[arg(
        long,
        value_name = "DIR",
        requires = "duration",
        conflicts_with_all = ["captures", "interface"]
    )]
    pub follow: Option<PathBuf>,
    /// Options of all commands.
    #[command(flatten)]
    pub common: Common,
    /// Captures: pcap or pcapng, plain, gzip or zstd; `-` for standard input.
    #[arg(required_unless_present_any = ["interface", "follow"], value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
}
