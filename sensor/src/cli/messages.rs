//! The arguments of `gridtap messages`.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use crate::view::View;

/// `gridtap messages`.
#[derive(Debug, Args)]
pub struct Messages {
    /// Write to files in this folder instead of standard output. It is made if it is not there; of
    /// the files that the view may have, none may be there yet.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Options of all commands.
    #[command(flatten)]
    pub common: Common<View>,
    /// Show what this interface hears, as it comes; again for more.
    #[arg(short, long, value_name = "IFACE", conflicts_with_all = ["captures", "follow"])]
    pub interface: Vec<String>,
    /// Show what is in the captures in this folder, oldest first, and in those that come, as
    /// `watch --follow` does.
    #[arg(long, value_name = "DIR", conflicts_with = "captures")]
    pub follow: Option<PathBuf>,
    /// Captures: pcap or pcapng, plain, gzip or zstd; `-` for standard input.
    #[arg(required_unless_present_any = ["interface", "follow"], value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
}
