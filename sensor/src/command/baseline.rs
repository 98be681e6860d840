//! `gridtap baseline`: read, check and merge what was learned.

use std::path::Path;

use gridtap_models::ledger::Ledger;

use super::{Ended, Failure, Terminal};
use crate::cli;
use crate::names::Names;
use crate::sink::{SinkError, write_whole};

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn baseline(command: &cli::Baseline, terminal: Terminal) -> Result<Ended, Failure> {
    match command {
        cli::Baseline::Show { names, file } => {
            let names = Names::read(names.as_deref())?;
            let mut device = None;
            let shown = read(file)?.show_named(|text| names.beside(text, &mut device));
            terminal.print(&shown)?;
        }
        cli::Baseline::Check { files } => {
            for file in files {
                let ledger = read(file)?;
                terminal.print(&format!(
                    "{}: whole, sha256 {}\n",
                    file.display(),
                    ledger.digest()
                ))?;
            }
        }
        cli::Baseline::Merge { output, files } => {
            let mut merged = Ledger::default();
            for file in files {
                merged
                    .merge(&read(file)?)
                    .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
            }
            write(output, &merged)?;
        }
    }
    Ok(Ended::Well)
}

/// Reads the baseline in `path`.
pub(super) fn read(path: &Path) -> Result<Ledger, Failure> {
    let unreadable = |source| Failure::BaselineUnreadable { path: path.to_owned(), source };
    let octets = std::fs::read(path).map_err(unreadable)?;
    // What is no text cannot be a baseline, and is refused as such below.
    let text = String::from_utf8_lossy(&octets);
    Ledger::from_text(&text).map_err(|reason| Failure::Baseline { path: path.to_owned(), reason })
}

/// Writes `ledger` to `path`, whole or not at all.
pub(super) fn write(path: &Path, ledger: &Ledger) -> Result<(), Failure> {
    write_whole(path, ledger.to_text().as_bytes())
        .map_err(|source| SinkError { name: path.display().to_string(), source }.into())
}
