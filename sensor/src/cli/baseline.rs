//! The arguments of `gridtap baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, NAMES_HELP};
use crate::when::During;

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
