//! `gridtap extract`: cut an alert's packets out of captures.

use std::fs;
use std::io::BufWriter;
use std::path::Path;

use super::{Ended, Failure, Terminal, alerts};
use crate::cli;
use crate::extract::{ExtractError, Plan};
use crate::sink::{self, SinkError};

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn extract(args: &cli::Extract, terminal: Terminal) -> Result<Ended, Failure> {
    for capture in &args.captures {
        refuse(capture, &args.output)?;
    }
    let alert = alerts::one(&args.alerts, "--alert", &args.alert, terminal)?.alert;
    let failed = |error| match error {
        ExtractError::Source(error) => Failure::Source(error),
        ExtractError::Output(source) => {
            SinkError { name: args.output.display().to_string(), source }.into()
        }
        ExtractError::NoPackets
        | ExtractError::NotGiven(_)
        | ExtractError::Ambiguous(_)
        | ExtractError::OtherCapture { .. } => Failure::Usage(error.to_string()),
    };
    let plan = Plan::new(&alert, &args.captures, args.context.as_ns()).map_err(failed)?;
    let (file, finished) =
        sink::begin(&args.output).map_err(|error| failed(ExtractError::Output(error)))?;
    let extracted = plan.cut(BufWriter::new(file)).map_err(failed)?;
    finished.commit().map_err(|error| failed(ExtractError::Output(error)))?;
    for warning in &extracted.warnings {
        terminal.say(format_args!("gridtap: warning: {warning}"));
    }
    if !terminal.quiet {
        terminal.say(format_args!(
            "Written to {}: {} packets, {} of them of alert {}, which has {} acts.",
            args.output.display(),
            extracted.packets,
            extracted.of_the_alert,
            alert.id,
            alert.count,
        ));
    }
    Ok(Ended::Well)
}

/// Refuses what cannot be read twice, and to write over what is read.
fn refuse(capture: &Path, output: &Path) -> Result<(), Failure> {
    let name = capture.display();
    let read_once = capture == Path::new("-")
        || fs::metadata(capture).is_ok_and(|about| !about.is_file() && !about.is_dir());
    if read_once {
        return Err(Failure::Usage(format!(
            "`{name}`: can be read only once, and extracting reads captures twice: write it to a file"
        )));
    }
    let same = fs::canonicalize(capture).ok().zip(fs::canonicalize(output).ok());
    if same.is_some_and(|(capture, output)| capture == output) {
        return Err(Failure::Usage(format!("--output `{name}`: is one of the captures")));
    }
    Ok(())
}
