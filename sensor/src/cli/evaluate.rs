//! The arguments of `gridtap evaluate`.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use crate::when::{Percent, Span};

/// What stands below the help.
pub(super) const HELP: &str = "\
Labels are CSV with a header: packet,label[,attack,actor,target,points] (numbers from 1; label 1 is an \
attack) or start,end,attack[,actor,target,points] (Unix seconds; start_epoch, end_epoch, host_a and host_b \
are read as well), or rows packet;label without one. Hosts and points of a cell stand apart by spaces; \
host_a and host_b are hosts of which one takes part, where labels do not say who did it to whom.

An attack is one window, or one run of packets of the same label with no more than 60 s between them; it is \
found when a revision of an alert covers one of its acts. Of an attack with labelled packets, acts are the \
messages in them; of one that has only a window, all that is of its hosts in that time. Where labels name a \
target and no actor, as of somebody in the middle, an alert on the target in the window finds it as well.

Examples:
  gridtap evaluate --labels captures/demo.labels.csv captures/demo.pcap.zst
  gridtap evaluate --html result.html --json result.json days/substation-1.pcap.zst";

/// `gridtap evaluate`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags, one by one")]
pub struct Evaluate {
    /// Labels of a capture; again for each further one, in the order of the captures. Without it, of a
    /// capture NAME.pcap those in `NAME.labels.csv` or `NAME_labeled.csv`, `NAME.windows.csv`
    /// and `NAME.lookalikes.csv`, as `simulate` writes them.
    #[arg(long, value_name = "FILE")]
    pub labels: Vec<PathBuf>,
    /// Windows beside labels of packets, in the same way: an attack is then a window, with the packets
    /// of its name in it.
    #[arg(long, value_name = "FILE", requires = "labels")]
    pub windows: Vec<PathBuf>,
    /// Captures for which there are no labels have no attacks.
    #[arg(long)]
    pub benign: bool,
    /// What is normal, as `gridtap learn` wrote it. Without it, the first part is learned from.
    #[arg(long, value_name = "FILE", conflicts_with = "learn_for")]
    pub baseline: Option<PathBuf>,
    /// Capture time to learn from, as in 90s, 30m, 2h, 7d [default: a third of the captures' span].
    #[arg(long, value_name = "DURATION")]
    pub learn_for: Option<Span>,
    /// Learn and judge each capture by itself, and put the figures together; otherwise captures are
    /// merged by time.
    #[arg(long)]
    pub each: bool,
    /// What happens within this time of an attack, between its hosts, counts as part of it.
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    pub tolerance: Span,
    /// All chance comes from it: the acts that the random detector raises.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Measure again with acts of the attacks in the learned time, this share of the commands that are
    /// learned, as in 1%. Copies of each attack's acts in turn are spread evenly over that time: so many
    /// that can change something, and as many that only ask. Can be given again, for another share.
    #[arg(long, value_name = "SHARE", conflicts_with = "baseline")]
    pub contaminate: Vec<Percent>,
    /// The same, but with this share of all acts: of those that only ask as well, polls among them. The
    /// intruder is there all the time, and asks as often as a master. Can be given again as well.
    #[arg(long, value_name = "SHARE", conflicts_with = "baseline")]
    pub contaminate_all: Vec<Percent>,
    /// Measure again with the attackers' addresses, IP, MAC and DNP3, rewritten to those of the master
    /// that each device is used to. Attackers are the hosts that take part in attacks and were not
    /// learned.
    #[arg(long)]
    pub as_master: bool,
    /// Measure again by segments: the captured time in so many equal parts, of which each is judged by
    /// what the others teach. Attacks are not learned.
    #[arg(long, value_name = "N", conflicts_with = "baseline", value_parser = clap::value_parser!(u32).range(2..=64))]
    pub leave_out: Option<u32>,
    /// Write no address, name, value or date: numbers alone, to be shared. Kinds of attack are numbered.
    #[arg(long)]
    pub anonymous: bool,
    /// Write the result to this file as JSON, indented.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the result to this file as a page with plots, which needs nothing from elsewhere.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Options of all commands.
    #[command(flatten)]
    pub common: Common,
    /// Captures: pcap or pcapng, plain, gzip or zstd. They are read more than once.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
}
