//! The one trait a detector implements, and what it returns.

use core::fmt;
use std::net::IpAddr;

use crate::event::Event;
use crate::ledger::{Ledger, Observation};

/// Surprise in bits: −log₂ of how often the baseline expects something this odd.
///
/// 0 is routine; 10 is about once in a thousand events; 20 once in a million.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Bits(pub f64);

impl Bits {
    /// So many bits, rounded to 0.1 before anything is compared with them: no platform's last digit
    /// then matters.
    #[must_use]
    pub fn rounded(bits: f64) -> Self {
        Self((bits * 10.0).round() / 10.0)
    }
}

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
    /// How odd; [rounded](Bits::rounded).
    pub surprise: Bits,
    /// Whether it needs no learning (conformance, structure) and is raised whatever the limits.
    pub hard: bool,
    /// Who did it, where that is not the event's client.
    pub actor: Option<IpAddr>,
    /// The act it is about, where that is not the one judged: silence is noticed by what others say.
    pub about: Option<Box<Event>>,
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
    /// Takes note of `event`, before it is judged or learned, and hands what no event shows by
    /// itself to `note`: the ledger counts it while it learns.
    ///
    /// Called once for every event, in order, also while nothing is judged.
    fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        let _ = (event, note);
    }

    /// The learning is over, or was before: from here on all is judged. What was told once while learning is told
    /// once more.
    ///
    /// Whoever reads alerts may begin to read them now, and nothing of an intruder who was there while
    /// learning may be lost for it.
    fn go_live(&mut self) {}

    /// Judges `event`, and hands what it finds to `found`.
    ///
    /// The answer depends on the ledger, on the running state, and on the event alone.
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding));
}
