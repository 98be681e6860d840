//! `session`: what a flow shows of somebody else in it.
//!
//! *Sees*: other octets for a place of a TCP stream than came there first (`conflicting-segment`,
//! hard): who guesses a session's numbers can put a message into it, and then the true sender's next
//! one comes for the same place.
//! *Blind to*: what was put in where the true sender's copy never passed the sensor, or came later
//! than the first is remembered; which of the two copies is the true one, and which the receiver took.
//! *State*: none.

use crate::detector::{Bits, Detector, Finding};
use crate::event::Event;
use crate::ledger::Ledger;
use crate::sign::{Shown, Sign};
use crate::words::counted;

pub(crate) const NAME: &str = "session";

/// Judges signs of flows.
#[derive(Debug)]
pub(crate) struct OddSession;

impl Detector for OddSession {
    fn judge(&mut self, _: &Ledger, _: &Event, _: &mut dyn FnMut(Finding)) {}

    fn notice(&mut self, _: &Ledger, sign: &Sign, found: &mut dyn FnMut(Finding)) {
        let sender = sign.actor();
        let Shown::ConflictingSegment { octets } = sign.shown;
        found(Finding {
            detector: NAME,
            kind: "conflicting-segment",
            // Nothing was counted: that it can be at all is what is odd.
            surprise: Bits::default(),
            hard: true,
            actor: Some(sender),
            because: format!(
                "what TCP sends again is what it sent before, but here {} {}; so {sender} sent only \
                 one of the two, or makes up anew what it repeats; the one that came first was read",
                counted(octets, "octet"),
                if octets == 1 { "differs" } else { "differ" },
            ),
            normal_if: format!("{sender} is known to make up anew what it repeats"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Panel;
    use crate::samples::conflict;

    #[test]
    fn a_conflicting_segment_is_found_without_a_baseline() {
        let mut panel = Panel::new(&[NAME]).unwrap();
        let findings = panel.notice(&Ledger::default(), &conflict(12));
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.hard), ("conflicting-segment", true));
        assert_eq!(finding.actor, Some([10, 0, 0, 5].into()));
        assert!(finding.because.contains("12 octets differ; so 10.0.0.5 sent"), "{finding:?}");
    }
}
