//! All detectors asked at once.

use core::fmt;

use crate::detector::{Detector, Finding};
use crate::detectors::{DETECTORS, Entry};
use crate::event::Event;
use crate::ledger::{Ledger, Observation};

/// A choice of detectors, with their running state.
#[derive(Debug)]
pub struct Panel {
    detectors: Vec<Box<dyn Detector>>,
}

impl Panel {
    /// The detectors of these names; they are asked in the order of [`DETECTORS`], each once.
    ///
    /// # Errors
    ///
    /// [`UnknownDetector`] with the first name that none has.
    pub fn new<N: AsRef<str>>(names: &[N]) -> Result<Self, UnknownDetector> {
        let known = |name: &str| DETECTORS.iter().any(|entry| entry.name == name);
        if let Some(name) = names.iter().map(AsRef::as_ref).find(|name| !known(name)) {
            return Err(UnknownDetector(name.to_owned()));
        }
        let chosen = |entry: &&Entry| names.iter().any(|name| name.as_ref() == entry.name);
        Ok(Self {
            detectors: DETECTORS.iter().filter(chosen).map(|entry| (entry.make)()).collect(),
        })
    }

    /// All detectors.
    #[must_use]
    pub fn all() -> Self {
        Self { detectors: DETECTORS.iter().map(|entry| (entry.make)()).collect() }
    }

    /// Lets the detectors take note of an event, before it is judged or learned.
    pub fn observe(&mut self, event: &Event, note: &mut dyn FnMut(Observation)) {
        for detector in &mut self.detectors {
            detector.observe(event, note);
        }
    }

    /// Tells the detectors that the learning is over.
    pub fn go_live(&mut self) {
        for detector in &mut self.detectors {
            detector.go_live();
        }
    }

    /// What the detectors find odd about an event; most find nothing.
    #[must_use]
    pub fn judge(&mut self, ledger: &Ledger, event: &Event) -> Vec<Finding> {
        let mut findings = Vec::new();
        for detector in &mut self.detectors {
            detector.judge(ledger, event, &mut |finding| findings.push(finding));
        }
        findings
    }
}

/// A detector that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDetector(pub String);

impl fmt::Display for UnknownDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no detector `{}`: want", self.0)?;
        for (nth, entry) in DETECTORS.iter().enumerate() {
            write!(f, "{} `{}`", if nth > 0 { "," } else { "" }, entry.name)?;
        }
        Ok(())
    }
}

impl core::error::Error for UnknownDetector {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detectors_are_chosen_by_name_and_asked_in_the_order_of_the_table() {
        let panel = Panel::new(&["value", "conversation", "value"]).unwrap();
        let text = format!("{panel:?}");
        assert_eq!(panel.detectors.len(), 2);
        assert!(text.find("NewConversation").unwrap() < text.find("OddValue").unwrap());
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_that_would_do() {
        let error = Panel::new(&["value", "valeu"]).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("no detector `valeu`: want `conformance`, `danger`"), "{text}");
        assert_eq!(text.matches('`').count(), 2 + 2 * DETECTORS.len(), "{text}");
    }
}
