//! `gridtap doctor`: what could make a live sensor blind.

use core::fmt::Write;
use std::path::Path;

use super::{Ended, Failure, Terminal};
use crate::cli;
use crate::doctor::{examine, interfaces};
use crate::source::SourceError;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn doctor(args: &cli::Doctor, terminal: Terminal) -> Result<Ended, Failure> {
    let root = Path::new("/");
    let available = interfaces(root);
    if let Some(name) = args.interface.iter().find(|name| !available.contains(name)) {
        return Err(SourceError::NoSuchInterface { name: name.clone(), available }.into());
    }
    let mut text = String::new();
    for interface in &args.interface {
        for check in examine(root, interface) {
            // Writing to memory cannot fail.
            let _ = writeln!(text, "{interface}  {check}");
        }
    }
    terminal.print(&text)?;
    Ok(Ended::Well)
}
