//! How much an alert matters: evidence times consequence.

use core::fmt;
use core::str::FromStr;

use gridtap_models::detector::Finding;
use gridtap_models::event::Intent;
use serde::{Deserialize, Serialize};

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Look at it when there is time.
    Low,
    /// Look at it today.
    Medium,
    /// Look at it now.
    High,
    /// Act now.
    Critical,
}

/// Surprise from which the evidence counts as strong, in bits: once in 65,536 acts.
const STRONG_BITS: f64 = 16.0;

/// What an act can do to the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Consequence {
    /// Nothing: it asks.
    Observes,
    /// It changes how devices report, keep time or store, or arms what may follow.
    Adjusts,
    /// It moves outputs, or stops what moves them.
    Acts,
}

impl Consequence {
    pub(crate) const fn of(intent: Intent) -> Self {
        match intent {
            Intent::Write | Intent::Operate | Intent::Restart | Intent::Program => Self::Acts,
            Intent::Select
            | Intent::Configure
            | Intent::Mute
            | Intent::Unmute
            | Intent::SetTime
            | Intent::Freeze
            | Intent::File
            | Intent::StoreFile
            | Intent::Unknown => Self::Adjusts,
            Intent::Read
            | Intent::Diagnose
            | Intent::Authenticate
            | Intent::Session
            | Intent::Report => Self::Observes,
        }
    }
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Of a finding about an act of `intent`: what the act can do, and how surely it is out of the
    /// ordinary. Findings that need no learning are strong evidence by themselves.
    #[must_use]
    pub fn of(finding: &Finding, intent: Intent) -> Self {
        let strong = finding.hard || finding.surprise.0 >= STRONG_BITS;
        match (Consequence::of(intent), strong) {
            (Consequence::Observes, false) => Self::Low,
            (Consequence::Observes, true) | (Consequence::Adjusts, false) => Self::Medium,
            (Consequence::Adjusts, true) | (Consequence::Acts, false) => Self::High,
            (Consequence::Acts, true) => Self::Critical,
        }
    }

    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .ok_or_else(|| format!("`{text}`: want info, low, medium, high or critical"))
    }
}

#[cfg(test)]
mod tests {
    use gridtap_models::detector::Bits;

    use super::*;

    fn finding(bits: f64, hard: bool) -> Finding {
        Finding {
            detector: "d",
            kind: "k",
            surprise: Bits(bits),
            hard,
            actor: None,
            about: None,
            because: String::new(),
            normal_if: String::new(),
        }
    }

    #[test]
    fn a_surer_finding_and_a_graver_act_weigh_more() {
        assert_eq!(Severity::of(&finding(11.0, false), Intent::Read), Severity::Low);
        assert_eq!(Severity::of(&finding(11.0, true), Intent::Read), Severity::Medium);
        assert_eq!(Severity::of(&finding(11.0, false), Intent::Operate), Severity::High);
        assert_eq!(Severity::of(&finding(20.0, false), Intent::Operate), Severity::Critical);
    }

    #[test]
    fn names_read_back() {
        for severity in Severity::ALL {
            assert_eq!(severity.name().parse(), Ok(severity));
        }
        assert!("grave".parse::<Severity>().is_err());
    }
}
