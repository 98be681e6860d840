//! `gridtap alerts`: read an alerts file, as a table or one alert in full.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::judged::{self, Raised};
use super::{Ended, Failure, Terminal};
use crate::alert::read::{ReadAlert, ReadAlerts, read};
use crate::cli::{self, Format};
use crate::names::Names;
use crate::sink;

/// Alerts of which one might have been meant, that are named.
const CANDIDATES: usize = 8;

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn alerts(args: &cli::Alerts, terminal: Terminal) -> Result<Ended, Failure> {
    let format = terminal.form(args.format);
    let names = Names::read(args.names.as_deref())?;
    let text = if let Some(id) = &args.id {
        let ReadAlert { mut alert, line } = one(&args.file, "--id", id, terminal)?;
        names.note(&mut alert);
        match format {
            Format::Text => sink::full(&alert, terminal.width()),
            Format::Jsonl => format!("{line}\n"),
        }
    } else {
        let mut found = open(&args.file, Raised::SHOWN, |_| true, terminal)?;
        found.alerts.iter_mut().for_each(|read| names.note(&mut read.alert));
        if found.more {
            terminal.say(format_args!(
                "gridtap: warning: {}: too many alerts to show: those raised first are left out",
                args.file.display(),
            ));
        }
        match format {
            Format::Text => {
                let alerts: Vec<_> = found.alerts.iter().map(|read| &read.alert).collect();
                let count = u64::try_from(alerts.len()).unwrap_or(u64::MAX);
                judged::table(alerts, count, terminal)
            }
            Format::Jsonl => {
                let lines = found.alerts.iter().flat_map(|read| [read.line.as_str(), "\n"]);
                lines.collect()
            }
        }
    };
    terminal.print(&text)?;
    Ok(Ended::Well)
}

/// The alert of which the id begins with `id`, which `flag` gave, from the alerts file at `path`.
pub(super) fn one(
    path: &Path,
    flag: &str,
    id: &str,
    terminal: Terminal,
) -> Result<ReadAlert, Failure> {
    let wanted = |found: &str| found.starts_with(id);
    let mut found = open(path, CANDIDATES, wanted, terminal)?;
    // The whole id of one may be the beginning of another.
    if let Some(place) = found.alerts.iter().position(|read| read.alert.id == id) {
        return Ok(found.alerts.swap_remove(place));
    }
    let ids: Vec<&str> = found.alerts.iter().map(|read| read.alert.id.as_str()).collect();
    let refuse = |what: String| Failure::Usage(format!("{flag} `{id}`: {what}"));
    match ids.len() {
        0 => Err(refuse(format!("no alert in {} has such an id", path.display()))),
        1 => Ok(found.alerts.swap_remove(0)),
        _ => {
            let more = if found.more { ", and more" } else { "" };
            Err(refuse(format!("several alerts begin so: {}{more}", ids.join(", "))))
        }
    }
}

/// Reads the alerts file at `path`, or standard input if that is `-`, and says what in it is none.
fn open(
    path: &Path,
    most: usize,
    wanted: impl Fn(&str) -> bool,
    terminal: Terminal,
) -> Result<ReadAlerts, Failure> {
    let name = path.display();
    let unreadable =
        |error: io::Error| Failure::Alerts { path: path.to_owned(), what: error.to_string() };
    let input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    let found = read(input, most, wanted).map_err(unreadable)?;
    if let Some((line, why)) = found.foreign.first().filter(|_| found.lines == 0) {
        let what = format!("holds no alerts: line {line}: {why}");
        return Err(Failure::Alerts { path: path.to_owned(), what });
    }
    for (line, why) in &found.foreign {
        terminal.say(format_args!("gridtap: warning: {name}: line {line}: {why}"));
    }
    let said = u64::try_from(found.foreign.len()).unwrap_or(u64::MAX);
    let more = found.foreign_total.saturating_sub(said);
    if more > 0 {
        terminal.say(format_args!("gridtap: warning: {name}: {more} more lines are no alerts"));
    }
    Ok(found)
}
