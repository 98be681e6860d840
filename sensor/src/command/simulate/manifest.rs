//! What stands beside a simulated capture: how it was made, so that it can be made again.

use core::fmt::Write;
use std::path::Path;

use gridtap_captures::simulate::{Network, Options, Plan, Site};
use serde::Serialize;

use super::out::sha256;
use crate::cli;

/// The manifest, SITE-SEED.json.
#[derive(Debug, Serialize)]
pub(super) struct Manifest<'a> {
    schema: &'static str,
    gridtap: &'static str,
    site: SiteOf<'a>,
    options: OptionsOf<'a>,
    /// The command that makes it again, given the same site.
    again: String,
    counts: Counts,
    files: Vec<Written>,
}

#[derive(Debug, Serialize)]
struct SiteOf<'a> {
    name: &'a str,
    /// Of its TOML text.
    sha256: String,
    /// The file it was read from; none if it ships.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct OptionsOf<'a> {
    seed: u64,
    lasts_s: u64,
    attacks: Vec<String>,
    attacks_after_s: u64,
    repeat: u32,
    as_master: bool,
    network: &'a Network,
    form: &'static str,
    zstd: bool,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Counts {
    pub(super) packets: u64,
    pub(super) modbus_messages: u64,
    pub(super) dnp3_messages: u64,
    pub(super) attacks: usize,
    pub(super) lookalikes: usize,
}

/// A file that was written beside the manifest.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    name: String,
    octets: u64,
    sha256: String,
    /// Of what was compressed: releases of zstd may compress the same octets otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_sha256: Option<String>,
}

impl Written {
    pub(super) fn new(path: &Path, octets: u64, sha256: String, content: Option<String>) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, octets, sha256, content_sha256: content }
    }
}

impl<'a> Manifest<'a> {
    pub(super) fn new(
        args: &'a cli::Simulate,
        (site, text): (&'a Site, &str),
        options: &Options,
        counts: Counts,
        files: Vec<Written>,
    ) -> Self {
        let file = super::is_file(&args.site).then_some(args.site.as_str());
        Self {
            schema: "gridtap.simulation/1",
            gridtap: env!("CARGO_PKG_VERSION"),
            site: SiteOf { name: &site.name, sha256: sha256(text.as_bytes()), file },
            options: OptionsOf {
                seed: options.seed,
                lasts_s: options.lasts_s,
                attacks: options.attacks.iter().map(Plan::to_string).collect(),
                attacks_after_s: options.attacks_after_s,
                repeat: options.repeat,
                as_master: options.as_master,
                network: &site.network,
                form: if args.pcapng { "pcapng" } else { "pcap" },
                zstd: args.zstd,
            },
            again: again(args, options, &site.network),
            counts,
            files,
        }
    }

    /// As text.
    pub(super) fn text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The command line, with all that has a default said.
fn again(args: &cli::Simulate, options: &Options, network: &Network) -> String {
    let Options { seed, lasts_s, attacks_after_s, repeat, .. } = options;
    let mut line =
        format!("gridtap simulate --out . --site {} --seed {seed} --for {lasts_s}s", args.site);
    if !options.attacks.is_empty() {
        let attacks: Vec<String> = options.attacks.iter().map(Plan::to_string).collect();
        let attacks = attacks.join(",");
        let _ =
            write!(line, " --attack {attacks} --attack-after {attacks_after_s}s --repeat {repeat}");
    }
    let flags = [
        (options.as_master, " --as-master"),
        (network.one_way, " --one-way"),
        (network.hsr, " --hsr"),
        (args.pcapng, " --pcapng"),
        (args.zstd, " --zstd"),
    ];
    line.extend(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag));
    let rates = [
        ("lost", network.lost_ppm),
        ("missed", network.missed_ppm),
        ("doubled", network.doubled_ppm),
        ("late", network.late_ppm),
    ];
    for (name, ppm) in rates.iter().filter(|(_, ppm)| *ppm > 0) {
        let _ = write!(line, " --{name}-ppm {ppm}");
    }
    line
}
