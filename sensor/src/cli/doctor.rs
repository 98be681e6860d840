//! The arguments of `gridtap doctor`.

use clap::Args;

/// `gridtap doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Interface to look at; again for more.
    #[arg(short, long, required = true, value_name = "IFACE")]
    pub interface: Vec<String>,
}
