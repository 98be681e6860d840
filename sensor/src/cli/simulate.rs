//! The arguments of `gridtap simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::when::Span;

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
