//! `conversation`: who never spoke to whom.
//!
//! *Sees*: a client or a device that is not in the baseline; a known client that turns to another
//! device; a host that serves and starts to ask (`role-inversion`, hard, once for each host: learning
//! does not make it silent). The kind is `new-writer` where the act changes something and
//! `new-conversation` where it does not. Surprise is by the chain rule: a new conversation, times
//! this client, times this device, each estimated over all acts of the baseline.
//! *Blind to*: a known client's address used by somebody else; what is said; a server that the
//! baseline never saw serving.
//! *State*: the hosts whose inversion was reported; each is a server of the ledger, so they are as
//! bounded as it is.

use std::net::IpAddr;

use foldhash::HashSet;

use crate::detector::{Detector, Finding};
use crate::event::{Event, Intent, Stage};
use crate::ledger::Ledger;
use crate::surprise::{self, Context, FLOOR};
use crate::words::{counted, grouped};

pub(crate) const NAME: &str = "conversation";

/// Judges who speaks to whom.
#[derive(Debug, Default)]
pub(crate) struct NewConversation {
    inverted: HashSet<IpAddr>,
}

impl Detector for NewConversation {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested {
            return;
        }
        if ledger.serves(&event.conversation.client) {
            self.judge_role(ledger, event, found);
        }
        if ledger.conversation(&event.conversation).is_none() {
            judge_novelty(ledger, event, found);
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
            because: format!(
                "{client} answers others in the baseline, where it {asked} in {}; now it asks {}",
                counted(site.events, "request"),
                event.conversation.device(),
            ),
            normal_if: format!("{client} is known to be both client and server"),
        });
    }
}

fn judge_novelty(ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
    let conversation = event.conversation;
    let client = ledger.client(&conversation.client);
    let device = ledger.device(&conversation.device());
    let p = ledger.conversations_context().novel()
        * ledger.clients_context().share(client.map_or(0, |sum| sum.acts), 1.0)
        * ledger.devices_context().share(device.map_or(0, |sum| sum.acts), 1.0);
    let surprise = surprise::bits(p);
    if surprise < FLOOR {
        return;
    }
    let elsewhere = match client {
        Some(sum) => format!("it has {} there", counted(sum.conversations, "other conversation")),
        None => "it is not in it at all".to_owned(),
    };
    let others = match device.map_or(0, |sum| sum.conversations) {
        0 => "nobody does".to_owned(),
        1 => "1 other does".to_owned(),
        others => format!("{} others do", grouped(others)),
    };
    found(Finding {
        detector: NAME,
        kind: if changes(event.intent) { "new-writer" } else { "new-conversation" },
        surprise,
        hard: false,
        actor: None,
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
        | Intent::Restart
        | Intent::File
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
