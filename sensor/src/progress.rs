//! The progress bar: packets, octets and time left, on a terminal only.

use std::io::IsTerminal;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar over the octets of the captures, or nothing where nobody looks.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar on standard error, if that is a terminal and `wanted`.
    ///
    /// `octets` is the size of all captures, where it is known.
    #[must_use]
    pub fn new(wanted: bool, octets: Option<u64>) -> Self {
        if !wanted || !std::io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar = ProgressBar::with_draw_target(octets, ProgressDrawTarget::stderr_with_hz(10));
        let template = match octets {
            Some(_) => "{bar:24} {percent:>3} %  {binary_bytes}  {msg}  {eta} left",
            None => "{spinner} {binary_bytes}  {msg}  {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar: Some(bar) }
    }

    /// Shows how far the reading is.
    pub fn show(&self, octets: u64, packets: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(octets);
            bar.set_message(format!("{} packets", HumanCount(packets)));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
