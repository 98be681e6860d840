//! `conversation`: who never spoke to whom.
//!
//! *Sees*: a client or a device that is not in the baseline; a known client that turns to another
//! device; a host that serves and starts to ask (`role-inversion`, hard, once for each host: learning
//! does not make it silent). The kind is `new-writer` where the act changes something and
//! `new-conversation` where it does not. Surprise is by the chain rule: a new conversation, times
//! this client, times this device, each estimated over all acts of the baseline.
//! A new client that only reads what a client of the baseline reads, which has been silent for longer than
//! its period, took its place: one notice `standby-takeover` of [`TAKEOVER`], and none for the other
//! devices of that client.
//! *Blind to*: a known client's address used by somebody else; what is said; a server that the
//! baseline never saw serving.
//! *State*: the hosts whose inversion was reported; each is a server of the ledger, so they are as
//! bounded as it is. When each client asked last, and who stands in for whom (`standby.rs`).

mod standby;

use std::net::IpAddr;

use foldhash::HashSet;

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Conversation, Event, Intent, Stage};
use crate::ledger::Ledger;
use crate::surprise::{self, Context, FLOOR};
use crate::words::{counted, lasting};
use standby::{Standby, Stands};

pub(crate) const NAME: &str = "conversation";

/// The surprise of a takeover: worth one notice, whatever was learned.
const TAKEOVER: Bits = Bits(10.0);

/// Judges who speaks to whom.
#[derive(Debug, Default)]
pub(crate) struct NewConversation {
    inverted: HashSet<IpAddr>,
    standby: Standby,
}

impl Detector for NewConversation {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested {
            return;
        }
        if ledger.serves(&event.conversation.client) {
            self.judge_role(ledger, event, found);
        }
        if ledger.conversation(&event.conversation).is_some() {
            self.standby.note(event);
            return;
        }
        match self.standby.stands(ledger, event) {
            Stands::Not => judge_novelty(ledger, event, found),
            Stands::First(client, silent_ns) => found(takeover(event, client, silent_ns)),
            Stands::Again => {}
        }
    }
}

impl NewConversation {
    fn judge_role(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let client = event.conversation.client;
        if !self.inverted.insert(client) {
            return;
        }
        let acts = ledger.client(&client).map_or(0, |sum| sum.acts);
        let site = Context { distinct: 1, ..ledger.clients_context() };
        let asked = match acts {
            0 => "never asked".to_owned(),
            acts => format!("asked {}", counted(acts, "time")),
        };
        found(Finding {
            detector: NAME,
            kind: "role-inversion",
            surprise: surprise::bits(site.share(acts, 1.0)),
            hard: true,
            actor: None,
            about: None,
            because: format!(
                "{client} answers others in the baseline, where it {asked} in {}; now it asks {}",
                counted(site.events, "request"),
                event.conversation.device(),
            ),
            normal_if: format!("{client} is known to be both client and server"),
        });
    }
}

fn takeover(event: &Event, client: IpAddr, silent_ns: u64) -> Finding {
    let conversation = event.conversation;
    Finding {
        detector: NAME,
        kind: "standby-takeover",
        surprise: TAKEOVER,
        hard: false,
        actor: None,
        about: None,
        because: format!(
            "{} is new to {} and reads what {client} reads of it, which asked nobody for {}",
            conversation.asker(),
            conversation.device(),
            lasting(silent_ns),
        ),
        normal_if: format!("baseline lists conversation {conversation}"),
    }
}

/// How odd a conversation is that the baseline does not have.
pub(super) fn novelty(ledger: &Ledger, conversation: &Conversation) -> Bits {
    let client = ledger.client(&conversation.client).map_or(0, |sum| sum.acts);
    let device = ledger.device(&conversation.device()).map_or(0, |sum| sum.acts);
    let p = ledger.conversations_context().novel()
        * ledger.clients_context().share(client, 1.0)
        * ledger.devices_context().share(device, 1.0);
    surprise::bits(p)
}

fn judge_novelty(ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
    let conversation = event.conversation;
    let surprise = novelty(ledger, &conversation);
    if surprise < FLOOR {
        return;
    }
    let client = ledger.client(&conversation.client);
    let device = ledger.device(&conversation.device());
    let elsewhere = match client {
        Some(sum) => format!("it spoke to {}", counted(sum.conversations, "other device")),
        None => "it spoke to nobody".to_owned(),
    };
    let others = match device.map_or(0, |sum| sum.conversations) {
        0 => "nobody spoke to that device".to_owned(),
        others => format!("{} spoke to that device", counted(others, "other client")),
    };
    found(Finding {
        detector: NAME,
        kind: if changes(event.intent) { "new-writer" } else { "new-conversation" },
        surprise,
        hard: false,
        actor: None,
        about: None,
        because: format!(
            "{} never spoke to {} in {} of the baseline; {elsewhere}; {others}",
            conversation.asker(),
            conversation.device(),
            counted(ledger.counts().acts, "request"),
        ),
        normal_if: format!("baseline lists conversation {conversation}"),
    });
}

/// Whether an act of this intent leaves a device other than it was.
const fn changes(intent: Intent) -> bool {
    match intent {
        Intent::Select
        | Intent::Write
        | Intent::Operate
        | Intent::SetTime
        | Intent::Configure
        | Intent::Mute
        | Intent::Unmute
        | Intent::Restart
        | Intent::File
        | Intent::StoreFile
        | Intent::Program => true,
        Intent::Read
        | Intent::Diagnose
        | Intent::Freeze
        | Intent::Authenticate
        | Intent::Session
        | Intent::Report
        | Intent::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;
    use crate::samples::{judged, learned, request, write};

    /// Two clients polling three devices each, 25 times: 150 acts of 6 conversations.
    fn site() -> Ledger {
        let pairs = [(5, 21), (5, 22), (5, 23), (6, 24), (6, 25), (6, 26)];
        learned(pairs.iter().cycle().take(150).map(|&(client, server)| request(client, server)))
    }

    #[test]
    fn a_known_conversation_is_routine() {
        assert_eq!(judged(NAME, &site(), &request(5, 21)), []);
    }

    #[test]
    fn an_unknown_client_is_very_odd_and_a_known_one_elsewhere_less() {
        let [unknown] = &judged(NAME, &site(), &request(66, 21))[..] else { panic!() };
        let [known] = &judged(NAME, &site(), &request(5, 24))[..] else { panic!() };
        assert!(unknown.surprise.0 >= 10.0, "{unknown:?}");
        assert!((5.0..9.0).contains(&known.surprise.0), "{known:?}");
        assert_eq!(
            unknown.because,
            "10.0.0.66 never spoke to 10.0.0.21 unit 1 in 150 requests of the baseline; it \
             spoke to nobody; 1 other client spoke to that device"
        );
        assert_eq!(
            unknown.normal_if,
            "baseline lists conversation modbus 10.0.0.66 -> 10.0.0.21 unit 1"
        );
        assert!(known.because.contains("it spoke to 3 other devices"), "{known:?}");
    }

    #[test]
    fn an_unknown_device_is_odder_than_a_known_one() {
        let [nowhere] = &judged(NAME, &site(), &request(5, 99))[..] else { panic!() };
        let [known] = &judged(NAME, &site(), &request(5, 24))[..] else { panic!() };
        assert!(
            nowhere.surprise > known.surprise
                && nowhere.because.ends_with("nobody spoke to that device")
        );
    }

    #[test]
    fn a_new_client_that_writes_is_a_new_writer() {
        let poll = judged(NAME, &site(), &request(66, 21));
        let command = judged(NAME, &site(), &write(&request(66, 21), 40, Value::Number(1.0)));
        assert_eq!((poll[0].kind, command[0].kind), ("new-conversation", "new-writer"));
    }

    #[test]
    fn a_server_that_asks_is_reported_once_even_if_that_was_learned() {
        let mut ledger = site();
        ledger.learn(&request(21, 22));
        let mut detector = NewConversation::default();
        let mut findings = Vec::new();
        for _ in 0..2 {
            detector.judge(&ledger, &request(21, 22), &mut |finding| findings.push(finding));
        }
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.hard), ("role-inversion", true));
        assert_eq!(
            finding.because,
            "10.0.0.21 answers others in the baseline, where it asked 1 time in 151 requests; now \
             it asks 10.0.0.22 unit 1"
        );
    }

    #[test]
    fn a_host_that_asks_itself_inverts_no_role() {
        let ledger = learned([request(9, 9), request(9, 9)]);
        assert_eq!(judged(NAME, &ledger, &request(9, 9)), []);
    }
}
