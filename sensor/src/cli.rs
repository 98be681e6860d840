//! The command line, as promised in the documentation: names here are API.

mod alerts;
mod baseline;
mod doctor;
mod evaluate;
mod export;
mod extract;
mod learn;
mod messages;
mod replay;
mod simulate;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::alerts::Alerts;
pub use self::baseline::{Approve, Baseline, Forbid, Ruling, Undo};
pub use self::doctor::Doctor;
pub use self::evaluate::Evaluate;
pub use self::export::Export;
pub use self::extract::Extract;
pub use self::learn::Learn;
pub use self::messages::Messages;
pub use self::replay::Replay;
pub use self::simulate::Simulate;
pub use self::watch::Watch;

/// A passive network sensor for the control networks of electric grids.
///
/// Reads Modbus and DNP3 from captures or from a SPAN port, learns who commands what, and says
/// which control commands are out of the ordinary, and why. It never sends a packet.
#[derive(Debug, Parser)]
#[command(
    name = "gridtap",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Example:\n  gridtap replay captures/demo.pcap.zst"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say less: no progress bar, no summary, warnings only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice, for even more. `RUST_LOG` has the last word.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colours in the output.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Learn from the first part of captures, and raise alerts on the rest.
    #[command(after_help = "Example:
  gridtap replay --learn-for 5m --alerts alerts.jsonl captures/demo.pcap.zst")]
    Replay(Replay),
    /// Write a baseline: what is normal.
    #[command(after_help = "Example:
  gridtap learn -o site.baseline monday.pcap tuesday.pcap")]
    Learn(Learn),
    /// Watch an interface and raise alerts as things happen.
    #[command(after_help = "Example:
  gridtap watch -i span0 --baseline site.baseline --alerts /var/log/gridtap/alerts.jsonl

Example, where tcpdump or dumpcap captures into a folder and deletes the oldest files there:
  tcpdump -i span0 -U -C 100 -W 50 -w /var/spool/span/ring.pcap
  gridtap watch --follow /var/spool/span --baseline site.baseline")]
    Watch(Watch),
    /// Print every message, without judgement, in the form that you or another tool reads.
    ///
    /// Addresses of points are those of the wire, from 0, in every form. What Zeek, ICSNPP and
    /// Suricata have no field for stands in fields that begin with `gridtap`. Link frames and what
    /// could not be read are in text, jsonl and csv alone.
    #[command(after_help = "Examples:
  gridtap messages --format text capture.pcapng | less
  gridtap messages --format jsonl capture.pcapng | jq 'select(.function == 5)'
  gridtap messages --format csv capture.pcapng > messages.csv
  gridtap messages --format zeek --out logs capture.pcapng
  gridtap messages --format zeek-json capture.pcapng | jq 'select(._path == \"dnp3_control\")'
  gridtap messages --format eve capture.pcapng > eve.json
  gridtap messages --format zeek-json --follow /var/spool/span | log-shipper")]
    Messages(Messages),
    /// Read an alerts file: all alerts as a table, or one in full.
    #[command(after_help = "Example:
  gridtap alerts alerts.jsonl
  gridtap alerts alerts.jsonl --id 4c1b")]
    Alerts(Alerts),
    /// Cut an alert's packets out of the captures that it came from.
    #[command(after_help = "Example:
  gridtap extract --alert 4c1b --alerts alerts.jsonl captures/demo.pcap.zst -o alert.pcapng")]
    Extract(Extract),
    /// Write what captures hold as tables for data frames, or as messages for other detectors.
    #[command(after_help = "Examples:
  gridtap export --parquet tables captures/demo.pcap.zst
  gridtap export --ipal demo.ipal.gz captures/demo.pcap.zst")]
    Export(Export),
    /// Make labelled captures of a simulated grid.
    #[command(after_help = "Examples:
  gridtap simulate --list
  gridtap simulate --out days --site feeder --for 7d --seed 3 --zstd
  gridtap simulate --out days --for 24h --attack rogue-write,setpoint-drift:step=2 --repeat 5")]
    Simulate(Simulate),
    /// Measure detection against labels.
    #[command(after_help = evaluate::HELP)]
    Evaluate(Evaluate),
    /// Read, compare and merge baselines, and rule what is normal.
    #[command(
        subcommand,
        after_help = "Examples:
  gridtap baseline show site.baseline
  gridtap baseline diff spring.baseline autumn.baseline"
    )]
    Baseline(Baseline),
    /// Say what could make a live sensor blind on an interface; changes nothing.
    #[command(after_help = "Example:
  gridtap doctor -i span0")]
    Doctor(Doctor),
    /// Print a completion script for a shell.
    #[command(after_help = "Example:
  gridtap completions bash > /etc/bash_completion.d/gridtap")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write a page for each command.
    #[command(after_help = "Examples:
  gridtap man | man -l -
  gridtap man --out /usr/local/share/man/man1")]
    Man {
        /// Write gridtap.1, gridtap-replay.1 and so on to this folder.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// How a file of names is written.
const NAMES_HELP: &str = "\
What hosts, units and points are called here, to be shown beside their addresses; a name changes no \
alert's id. The file is TOML, with addresses as Gridtap prints them:

  [hosts]
  \"10.20.0.21\" = \"RTU north\"
  [units]
  \"10.20.0.21 unit 1\" = \"feeder 3 relay\"
  \"10.20.0.31 outstation 10\" = \"bay 4\"
  [points]
  \"10.20.0.21 unit 1 holding-register 10\" = \"voltage setpoint\"";

/// Options of all commands that run the line.
#[derive(Debug, Args)]
pub struct Common<F: ValueEnum + Send + Sync + 'static = Format> {
    /// Threads that reassemble and parse. The alerts are the same at any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub shards: Option<u16>,
    /// Form of what is printed: text on a terminal, jsonl in a pipe.
    #[arg(long, value_name = "FORM")]
    pub format: Option<F>,
    /// Settings; every key has a default.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read only packets that match, in the language of tcpdump.
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Jsonl,
}
