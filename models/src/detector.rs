//! The one trait a detector implements, and what it returns.

use core::fmt;
use std::net::IpAddr;

use crate::event::Event;
use crate::ledger::Ledger;
use crate::sign::Sign;

/// Surprise in bits: −log₂ of how often the baseline expects something this odd.
///
/// 0 is routine; 10 is about once in a thousand events; 20 once in a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Bits(pub f64);

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} bits", self.0)
    }
}

/// An event that a detector finds odd, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The detector's name.
    pub detector: &'static str,
    /// What kind of oddity: a short stable slug.
    pub kind: &'static str,
    /// How odd.
    pub surprise: Bits,
    /// Whether it needs no learning (conformance, structure) and is raised whatever the limits.
    pub hard: bool,
    /// Who did it, where that is not the event's client.
    pub actor: Option<IpAddr>,
    /// One sentence an operator can check against the capture, with the counts that decided.
    pub because: String,
    /// What would make it ordinary: the smallest edit of the baseline.
    pub normal_if: String,
}

/// Says what is odd about an event, given what was learned.
///
/// What was learned is the [`Ledger`] and only that; a detector keeps running state at most (what
/// is pending, how fast things go), so that judging cannot change what is normal.
pub trait Detector: fmt::Debug + Send {
    /// Judges `event`, and hands what it finds to `found`.
    ///
    /// The answer depends on the ledger, on the running state, and on the event alone.
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding));

    /// Judges what a flow shows of itself, in the same way; most detectors look at acts alone.
    fn notice(&mut self, ledger: &Ledger, sign: &Sign, found: &mut dyn FnMut(Finding)) {
        let _ = (ledger, sign, found);
    }
}
