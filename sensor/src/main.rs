//! The command line: reads arguments, and calls into the library.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use gridtap::cli::{Cli, Command};
use gridtap::command::{self, Ended, Failure, Terminal};
use gridtap::sink::SinkError;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.quiet, cli.color);
    log(&cli);
    match run(&cli.command, terminal) {
        Ok(ended) => ExitCode::from(ended.status()),
        Err(failure) => {
            if !matches!(failure, Failure::AlreadySaid) {
                terminal.say(format_args!("gridtap: {failure}"));
            }
            ExitCode::from(failure.status())
        }
    }
}

fn run(command: &Command, terminal: Terminal) -> Result<Ended, Failure> {
    match command {
        Command::Replay(args) => command::replay::replay(args, terminal),
        Command::Learn(args) => command::learn::learn(args, terminal),
        #[cfg(unix)]
        Command::Watch(args) => command::watch::watch(args, terminal),
        #[cfg(not(unix))]
        Command::Watch(_) => Err(Failure::no_live_capture()),
        Command::Messages(args) => command::messages::messages(args, terminal),
        Command::Alerts(args) => command::alerts::alerts(args, terminal),
        Command::Extract(args) => command::extract::extract(args, terminal),
        Command::Export(args) => command::export::export(args, terminal),
        #[cfg(feature = "simulate")]
        Command::Simulate(args) => command::simulate::simulate(args, terminal),
        #[cfg(not(feature = "simulate"))]
        Command::Simulate(_) => Err(Failure::no_simulator()),
        Command::Evaluate(args) => command::evaluate::evaluate(args, terminal),
        Command::Baseline(command) => command::baseline::baseline(command, terminal),
        Command::Doctor(args) => command::doctor::doctor(args, terminal),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "gridtap", &mut script);
            terminal.print(&String::from_utf8_lossy(&script))?;
            Ok(Ended::Well)
        }
        Command::Man { out: Some(folder) } => {
            let written = clap_mangen::generate_to(Cli::command(), folder);
            let name = folder.display().to_string();
            written.map_err(|source| SinkError { name, source })?;
            Ok(Ended::Well)
        }
        Command::Man { out: None } => {
            let mut page = Vec::new();
            // Writing to memory cannot fail.
            let _ = clap_mangen::Man::new(Cli::command()).render(&mut page);
            terminal.print(&String::from_utf8_lossy(&page))?;
            Ok(Ended::Well)
        }
    }
}

/// Logs go to standard error: results have standard output to themselves.
fn log(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
