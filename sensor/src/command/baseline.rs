//! `gridtap baseline`: read, check and merge what was learned.

use std::path::Path;

use gridtap_models::ledger::Ledger;

use super::{Ended, Failure, Terminal, diff, review, rule};
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
        cli::Baseline::Show { readiness, names, file } => {
            let names = Names::read(names.as_deref())?;
            let ledger = read(file)?;
            let mut device = None;
            let mut name = |text: &str| names.beside(text, &mut device);
            terminal.print(&if *readiness {
                ledger.readiness().show_named(usize::MAX, name)
            } else {
                ledger.show_named(&mut name)
            })?;
        }
        cli::Baseline::Review { names, format, file } => {
            let names = Names::read(names.as_deref())?;
            return review::review(file, &names, *format, terminal);
        }
        cli::Baseline::Diff { names, format, old, new } => {
            let names = Names::read(names.as_deref())?;
            return diff::diff(old, new, &names, *format, terminal);
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
        cli::Baseline::Approve(args) => return rule::approve(args, terminal),
        cli::Baseline::Forbid(args) => return rule::forbid(args, terminal),
        cli::Baseline::Undo(args) => return rule::undo(args, terminal),
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
