//! The arguments of `gridtap export`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::when::Span;

/// `gridtap export`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("form").required(true).args(["parquet", "ipal"])))]
pub struct Export {
    /// Write Parquet tables to this folder, which is made if it is not there: a folder for each
    /// capture, named like it without its endings, with messages.parquet, events.parquet,
    /// points.parquet and alerts.parquet. None of them may be there yet. Needs a build with the
    /// feature `parquet`.
    #[arg(long, value_name = "DIR")]
    pub parquet: Option<PathBuf>,
    /// Write messages to this file in the JSON form of IPAL, an object a line; compressed if the
    /// name ends in .gz, to standard output for `-`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "learn_for"])]
    pub ipal: Option<PathBuf>,
    /// Labels of a capture, as `evaluate` reads them: they fill the field `malicious` of IPAL. Again for
    /// each further capture, in the order of the captures.
    #[arg(long, value_name = "FILE", conflicts_with = "parquet")]
    pub labels: Vec<PathBuf>,
    /// What is normal, for the table of alerts, as `gridtap learn` wrote it. Without it, the first
    /// part is learned from.
    #[arg(long, value_name = "FILE", conflicts_with = "learn_for")]
    pub baseline: Option<PathBuf>,
    /// Capture time to learn from, as in 90s, 30m, 2h, 7d [default: a third of the captures' span].
    #[arg(long, value_name = "DURATION")]
    pub learn_for: Option<Span>,
    /// Threads that reassemble and parse. The files are the same at any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub shards: Option<u16>,
    /// Settings; every key has a default.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read only packets that match, in the language of tcpdump.
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Captures: pcap or pcapng, plain, gzip or zstd; `-` for standard input.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
}
