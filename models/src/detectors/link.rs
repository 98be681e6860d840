//! `link`: who speaks on the link to whom it never spoke.
//!
//! *Sees*: link frames (DNP3: status, test, reset) of a host to one that it neither spoke to nor connected
//! to in the baseline, at the first of them (`new-conversation`): that is how addresses are sought
//! without asking for anything. Surprise as in `conversation`: a new conversation, times this
//! client, times this device.
//! *Blind to*: hosts that know each other: of more addresses between them, `fanout` judges how many are
//! new. A standby that takes over and opens its links with a reset is told as well.
//! *State*: the pairs of hosts that were told, at most [`TOLD`] (all are forgotten then, and told once
//! more).

use foldhash::HashSet;

use super::conversation;
use crate::detector::{Detector, Finding};
use crate::event::{Attempt, Event, Intent, Stage};
use crate::ledger::{Ledger, Pair};
use crate::surprise::FLOOR;
use crate::words::counted;

pub(crate) const NAME: &str = "link";

/// Pairs of hosts that are remembered.
const TOLD: usize = 16_384;

/// Judges who speaks on the link.
#[derive(Debug, Default)]
pub(crate) struct NewLink {
    told: HashSet<Pair>,
}

impl Detector for NewLink {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Attempted(Attempt::Link) || ledger.is_empty() {
            return;
        }
        let pair = event.conversation.pair();
        if ledger.connects(&pair) {
            return;
        }
        if self.told.len() >= TOLD {
            self.told.clear();
        }
        if self.told.insert(pair) {
            judge(ledger, event, found);
        }
    }
}

fn judge(ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
    let conversation = event.conversation;
    let surprise = conversation::novelty(ledger, &conversation);
    if surprise < FLOOR {
        return;
    }
    let client = ledger.client(&conversation.client);
    let (asker, device) = (conversation.asker(), conversation.device());
    let by_device = event.intent == Intent::Report;
    let (who, whom) =
        if by_device { (device.to_string(), asker) } else { (asker, device.to_string()) };
    let sender = if by_device { conversation.server } else { conversation.client };
    let elsewhere = match client.filter(|_| !by_device) {
        Some(sum) => format!("it spoke to {}", counted(sum.conversations, "other device")),
        None if ledger.knows(&sender) => "it answers others".to_owned(),
        None => "it spoke to nobody".to_owned(),
    };
    found(Finding {
        detector: NAME,
        kind: "new-conversation",
        surprise,
        hard: false,
        actor: by_device.then_some(sender),
        about: None,
        because: format!(
            "{who} asks {whom} for {}, in a link frame that carries no request; the two hosts had \
             nothing to do with each other in {} of the baseline; {elsewhere}",
            event.function.name,
            counted(ledger.counts().acts, "request"),
        ),
        normal_if: format!("baseline lists link {conversation}"),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Conversation, Protocol, Switch};
    use crate::samples::{breaker, judged, learned};

    /// A host of 10.0.0 speaks on the link to an outstation of 10.0.0.20.
    fn link(client: u8, unit: u16) -> Event {
        let event = breaker(Switch::Nul, Intent::Session, 9, "the link status");
        let client = [10, 0, 0, client].into();
        let stage = Stage::Attempted(Attempt::Link);
        let conversation = Conversation { client, unit, ..event.conversation };
        Event { stage, conversation, targets: Vec::new(), ..event }
    }

    /// A master that polled two hundred times.
    fn site() -> Ledger {
        learned((0..200).map(|_| breaker(Switch::Nul, Intent::Read, 1, "Read")))
    }

    #[test]
    fn a_host_that_never_spoke_is_told_at_its_first_frame_and_once() {
        let (ledger, mut detector, mut findings) = (site(), NewLink::default(), Vec::new());
        for unit in 10..20 {
            detector.judge(&ledger, &link(66, unit), &mut |finding| findings.push(finding));
        }
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.surprise.0 > 10.0, "{finding:?}");
        assert_eq!(
            finding.because,
            "10.0.0.66 (master 1) asks 10.0.0.20 outstation 10 for the link status, in a link frame \
             that carries no request; the two hosts had nothing to do with each other in 200 \
             requests of the baseline; it spoke to nobody"
        );
    }

    #[test]
    fn links_of_those_who_know_each_other_are_kept_alive_in_silence() {
        let ledger = site();
        assert_eq!(judged(NAME, &ledger, &link(5, 10)), [], "a master");
        let kept = Event { intent: Intent::Report, ..link(5, 10) };
        assert_eq!(judged(NAME, &ledger, &kept), [], "an outstation");
        assert_eq!(judged(NAME, &ledger, &link(5, 77)), [], "fanout counts addresses");
        let mut ledger = ledger;
        ledger.learn(&link(66, 10));
        assert_eq!(judged(NAME, &ledger, &link(66, 10)), [], "it was learned");
        assert_eq!(judged(NAME, &Ledger::default(), &link(66, 10)), [], "nothing was");
    }

    #[test]
    fn an_outstation_that_is_new_is_who_did_it() {
        let mut event = Event { intent: Intent::Report, ..link(5, 10) };
        event.conversation.server = [10, 0, 0, 99].into();
        let [finding] = &judged(NAME, &site(), &event)[..] else { panic!() };
        assert_eq!(finding.actor, Some(event.conversation.server));
        assert!(
            finding.because.starts_with("10.0.0.99 outstation 10 asks 10.0.0.5"),
            "{finding:?}"
        );
        assert_eq!(event.conversation.protocol, Protocol::Dnp3);
    }
}
