//! The arguments of `gridtap extract`.

use std::path::PathBuf;

use clap::Args;

use crate::when::Span;

/// `gridtap extract`.
#[derive(Debug, Args)]
pub struct Extract {
    /// The alert; the beginning of its id is enough if no other alert has it.
    #[arg(long, value_name = "ID")]
    pub alert: String,
    /// Alerts as `--alerts` wrote them; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub alerts: PathBuf,
    /// Where to write the packets, as pcapng. Those of the alert have its id as a comment.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Write what the same hosts said to each other this long before and after each packet of the
    /// alert as well, as in 90s, 30m, 2h, 7d.
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub context: Span,
    /// The captures that the alert came from: pcap or pcapng, plain, gzip or zstd.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
}
