//! The command line, as promised in the documentation: names here are API.

mod evaluate;
mod export;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::alert::Severity;
pub use crate::cli::export::Export;
use crate::view::View;
use crate::when::{During, Span};

pub use evaluate::Evaluate;

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

/// `gridtap simulate`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags, one by one")]
pub struct Simulate {
    /// Folder to write to: a capture, SITE-SEED.pcap, and its labels beside it, of packets in
    /// SITE-SEED.labels.csv and of windows in SITE-SEED.windows.csv; windows of look-alikes, which
    /// are no attacks, in SITE-SEED.lookalikes.csv. How all of it was made, and the digests of the
    /// files, stands in SITE-SEED.json.
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// A site that ships, by name, or one of your own in a file that ends in .toml.
    #[arg(long, value_name = "NAME|FILE", default_value = "substation")]
    pub site: String,
    /// All chance comes from it: the same seed and options give the same octets.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Capture time, as in 90s, 30m, 2h, 7d [default: 24h].
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: Option<Span>,
    /// The same in hours.
    #[arg(long, value_name = "H", conflicts_with = "duration")]
    pub hours: Option<u32>,
    /// Attacks and look-alikes, as in cold-restart,rogue-write:count=3; `all` or `look-alikes` is
    /// each kind that the site has devices for.
    #[arg(long, value_name = "NAME[:KEY=VALUE…]", value_delimiter = ',')]
    pub attack: Vec<String>,
    /// How often each of them happens.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub repeat: u32,
    /// Capture time before which none of them happens [default: half of it].
    #[arg(long, value_name = "DURATION")]
    pub attack_after: Option<Span>,
    /// Attackers have the addresses of the master, IP and Ethernet: they cannot be told by who they
    /// are.
    #[arg(long)]
    pub as_master: bool,
    /// See only what devices send, as a SPAN of one direction does.
    #[arg(long)]
    pub one_way: bool,
    /// See every frame twice, tagged by HSR.
    #[arg(long)]
    pub hsr: bool,
    /// Requests in a million that are lost on the way and sent again [default: as the site says].
    #[arg(long, value_name = "N", value_parser = ppm())]
    pub lost_ppm: Option<u32>,
    /// Packets in a million that the monitor port does not see [default: as the site says].
    #[arg(long, value_name = "N", value_parser = ppm())]
    pub missed_ppm: Option<u32>,
    /// Packets in a million that it sees twice [default: as the site says].
    #[arg(long, value_name = "N", value_parser = ppm())]
    pub doubled_ppm: Option<u32>,
    /// Packets in a million that it sees later than the next [default: as the site says].
    #[arg(long, value_name = "N", value_parser = ppm())]
    pub late_ppm: Option<u32>,
    /// Write pcapng, with times in nanoseconds, instead of pcap.
    #[arg(long)]
    pub pcapng: bool,
    /// Compress the capture with zstd.
    #[arg(long)]
    pub zstd: bool,
    /// Name the sites, attacks and look-alikes, and do nothing.
    #[arg(long)]
    pub list: bool,
}

fn ppm() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=1_000_000)
}

/// What a ruling is about, and whose it is.
#[derive(Debug, Args)]
pub struct Ruling {
    /// The alert; the beginning of its id is enough if no other alert has it. Again for more.
    #[arg(long, value_name = "ID", required_unless_present = "review", requires = "alerts")]
    pub alert: Vec<String>,
    /// Alerts as `--alerts` wrote them.
    #[arg(long, value_name = "FILE", conflicts_with = "review")]
    pub alerts: Option<PathBuf>,
    /// Instead of an alert, what `baseline review` lists under this number. Again for more.
    #[arg(long, value_name = "N", conflicts_with = "alert")]
    pub review: Vec<u32>,
    /// Who rules so [default: $USER].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Where to write the baseline [default: in its place].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The baseline.
    #[arg(value_name = "BASELINE")]
    pub baseline: PathBuf,
}

/// `gridtap baseline approve`.
#[derive(Debug, Args)]
pub struct Approve {
    /// What is ruled.
    #[command(flatten)]
    pub ruling: Ruling,
    /// Only in this time, and then whatever the alert's actor does: a maintenance window.
    #[arg(long, value_name = "START..END", conflicts_with = "review")]
    pub during: Option<During>,
    /// Change nothing, and say which alerts over this capture would not be raised any more. Again
    /// for more.
    #[arg(long, value_name = "CAPTURE", conflicts_with = "output")]
    pub preview: Vec<PathBuf>,
}

/// `gridtap baseline forbid`.
#[derive(Debug, Args)]
pub struct Forbid {
    /// What is ruled.
    #[command(flatten)]
    pub ruling: Ruling,
}

/// `gridtap baseline undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The ruling's number, as `baseline show` gives it.
    #[arg(long, value_name = "N")]
    pub ruling: u16,
    /// The baseline.
    #[arg(value_name = "BASELINE")]
    pub baseline: PathBuf,
}

/// `gridtap doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Interface to look at; again for more.
    #[arg(short, long, required = true, value_name = "IFACE")]
    pub interface: Vec<String>,
}

/// `gridtap baseline`.
#[derive(Debug, Subcommand)]
pub enum Baseline {
    /// Print a baseline as text for people.
    #[command(after_help = "Examples:
  gridtap baseline show site.baseline
  gridtap baseline show --readiness site.baseline")]
    Show {
        /// Say instead how much of what goes on it has learned, and how long the rest would take.
        #[arg(long)]
        readiness: bool,
        /// What hosts, units and points are called here, to be shown beside their addresses.
        #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
        names: Option<PathBuf>,
        /// The baseline.
        file: PathBuf,
    },
    /// List what is odd about a baseline itself, most suspicious first: read it before the baseline
    /// judges anything, as attacks may have been learned.
    #[command(after_help = "Examples:
  gridtap baseline review site.baseline
  gridtap baseline approve --review 3 --by Ada site.baseline
  gridtap baseline forbid --review 1 --by Ada site.baseline")]
    Review {
        /// What hosts, units and points are called here, to be shown beside their addresses.
        #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
        names: Option<PathBuf>,
        /// Form of what is printed: text on a terminal, jsonl in a pipe.
        #[arg(long, value_name = "FORM")]
        format: Option<Format>,
        /// The baseline.
        file: PathBuf,
    },
    /// Say what changed between two baselines: conversations, functions, commands, values and reads
    /// that are new or gone, or come at least twice or at most half as often in the same time.
    #[command(after_help = "Example:
  gridtap baseline diff spring.baseline autumn.baseline")]
    Diff {
        /// What hosts, units and points are called here, to be shown beside their addresses.
        #[arg(long, value_name = "FILE", long_help = NAMES_HELP)]
        names: Option<PathBuf>,
        /// Form of what is printed: text on a terminal, jsonl in a pipe.
        #[arg(long, value_name = "FORM")]
        format: Option<Format>,
        /// The baseline before.
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The baseline after.
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
    /// Say whether baselines are whole and can be used.
    #[command(after_help = "Example:
  gridtap baseline check site.baseline")]
    Check {
        /// The baselines.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Rule that what alerts are about is normal, for ever or for a while.
    ///
    /// The baseline keeps who ruled so and when; `baseline undo` takes it back.
    #[command(after_help = "Examples:
  gridtap baseline approve --alert 4c1b --alerts alerts.jsonl --by Ada site.baseline
  gridtap baseline approve --alert 4c1b --alerts alerts.jsonl --by Ada site.baseline \\
    --during 2026-05-04T06:00:00Z..2026-05-04T14:00:00Z
  gridtap baseline approve --alert 4c1b --alerts alerts.jsonl --by Ada site.baseline \\
    --preview monday.pcap")]
    Approve(Approve),
    /// Rule that what alerts are about is never normal, whatever is learned.
    #[command(after_help = "Example:
  gridtap baseline forbid --alert 4c1b --alerts alerts.jsonl --by Ada site.baseline")]
    Forbid(Forbid),
    /// Take a ruling back.
    #[command(after_help = "Example:
  gridtap baseline undo --ruling 2 site.baseline")]
    Undo(Undo),
    /// Merge baselines into one, as if all had been learned together.
    #[command(after_help = "Example:
  gridtap baseline merge -o site.baseline north.baseline south.baseline")]
    Merge {
        /// Where to write the merged baseline.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// The baselines.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}
