//! `verb`: a way of commanding that a client never used.
//!
//! *Sees*: a client that commands as it commands nothing else, at any device (`new-verb`): a select, operation or
//! write of a kind of point that it never gave to any point of that kind; or an operation without its selection
//! of a kind of point that it always selects first, here and elsewhere. What was learned in less than one of eight
//! commands to such points, or fewer than four times and in at most a third, counts for nothing: somebody may have
//! tried it while learning. All acts of the conversation count, polls too. Who does new things daily does them to new
//! points in known ways, so that habit never mutes this.
//! *Blind to*: which point it is (the `point` detector's); clients that never commanded anything, and new
//! conversations (`function`, `conversation`).
//! *State*: the last selection of each conversation of the ledger.

use std::collections::BTreeSet;

use foldhash::HashMap;

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Conversation, Event, Intent, Space, Stage};
use crate::ledger::{ClientSum, Command, ConversationRecord, Ledger};
use crate::surprise::{self, Context, FLOOR};
use crate::words::{counted, grouped};

pub(crate) const NAME: &str = "verb";

/// Selections that make a habit of selecting.
const SELECTED: u64 = 5;

/// One in so many commands, at least, is a way of commanding: more than the tenth that somebody may have tried.
const MOST: u64 = 8;
/// Fewer than so many are no way either, where most are given otherwise.
const TRIALS: u64 = 4;

/// Judges how is commanded.
#[derive(Debug, Default)]
pub(crate) struct NewVerb {
    selected: HashMap<Conversation, Selected>,
}

/// The first point of a selection, and the digest of the operation that used it, if one did.
#[derive(Debug)]
struct Selected {
    point: (Space, u32),
    used: Option<u64>,
}

impl Detector for NewVerb {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested || !event.intent.commands() {
            return;
        }
        let conversation = event.conversation;
        let Some(record) = ledger.conversation(&conversation) else { return };
        let Some((Command { space, address, .. }, _)) = event.commands().next() else { return };
        let point = (space, address);
        let selected = if event.intent == Intent::Select {
            self.selected.insert(conversation, Selected { point, used: None });
            true
        } else {
            // The same operation sent again is none of its own.
            self.selected.get_mut(&conversation).is_some_and(|last| {
                last.point == point && *last.used.get_or_insert(event.digest) == event.digest
            })
        };
        let Some(client) = ledger.client(&conversation.client) else { return };
        let Some(verb) = Verb::new_to(client, record, event.intent, space, selected) else {
            return;
        };
        let context = client.given_context();
        let acts = record.tally().count();
        let surprise = verb.surprise(client, record);
        if surprise < FLOOR {
            return;
        }
        found(Finding {
            detector: NAME,
            kind: "new-verb",
            surprise,
            hard: false,
            actor: None,
            about: None,
            because: format!(
                "{} {}, in {} to all devices of the baseline; to {} it sent {}",
                conversation.asker(),
                verb.says,
                counted(context.events, "command"),
                conversation.device(),
                counted(acts, "request"),
            ),
            normal_if: format!(
                "baseline lists {} under a conversation of {}",
                verb.normal, conversation.client
            ),
        });
    }
}

/// The ways in which a client commanded in a conversation and that count for nothing: for a review.
pub(crate) fn tried(
    client: &ClientSum,
    record: &ConversationRecord,
) -> impl Iterator<Item = (Intent, Space, Verb)> {
    let ways = record.commands().map(|(command, _)| (command.intent, command.space));
    let ways: BTreeSet<(Intent, Space)> = ways.collect();
    ways.into_iter().filter_map(move |(intent, space)| {
        let given = |intent| given_here(record, Some(intent), space);
        let selected = given(Intent::Operate) <= given(Intent::Select);
        Some((intent, space, Verb::new_to(client, record, intent, space, selected)?))
    })
}

/// A way of commanding.
pub(crate) struct Verb {
    /// How often the client used it.
    given: u64,
    pub(crate) says: String,
    normal: String,
}

impl Verb {
    /// The way of this command, if it is new to a client that commands.
    fn new_to(
        client: &ClientSum,
        record: &ConversationRecord,
        intent: Intent,
        space: Space,
        selected: bool,
    ) -> Option<Self> {
        let given = client.given(intent, space);
        if client.given_context().events == 0 {
            return None;
        }
        let all = client.given_to(space);
        let here = |intent| given_here(record, intent, space);
        let seldom = |given: u64, all: u64| {
            given.saturating_mul(MOST) < all || given < TRIALS && given.saturating_mul(3) <= all
        };
        if given == 0 || seldom(given, all) && seldom(here(Some(intent)), here(None)) {
            let says = match given {
                0 => format!("never gave the command {intent} to a {space}"),
                given => format!(
                    "gave the command {intent} to a {space} in {} of {} to such points, too seldom to be its way",
                    grouped(given),
                    counted(all, "command"),
                ),
            };
            return Some(Self { given, says, normal: format!("a command {intent} {space}") });
        }
        let selections = client.given(Intent::Select, space);
        let direct = given.saturating_sub(selections);
        let always = selections >= SELECTED && direct.saturating_mul(MOST) < given;
        if intent != Intent::Operate || selected || !always || is_direct_here(record, space) {
            return None;
        }
        Some(Self {
            given: direct,
            says: format!(
                "operates a {space} that it did not select, and selected {} of {} before",
                grouped(selections.min(given)),
                grouped(given),
            ),
            normal: format!("more operations than selections of a {space}"),
        })
    }
    /// How odd one more is.
    pub(crate) fn surprise(&self, client: &ClientSum, record: &ConversationRecord) -> Bits {
        let acts = record.tally().count();
        let here = Context { events: acts, distinct: 1 + record.distinct_commands() };
        surprise::bits(here.share(0, client.given_context().share(self.given, 1.0)))
    }
}

/// How many commands of an intent, or of any, a conversation has to points of a kind.
fn given_here(record: &ConversationRecord, intent: Option<Intent>, space: Space) -> u64 {
    let commands = record.commands().filter(|(command, _)| command.space == space);
    let commands = commands.filter(|(it, _)| intent.is_none_or(|intent| it.intent == intent));
    commands.map(|(_, record)| record.tally().count()).fold(0, u64::saturating_add)
}

/// Whether most of what was operated in a conversation was not selected: fewer may be somebody's trials.
fn is_direct_here(record: &ConversationRecord, space: Space) -> bool {
    let given = |intent| given_here(record, Some(intent), space);
    let (operated, selected) = (given(Intent::Operate), given(Intent::Select));
    let direct = operated.saturating_sub(selected);
    direct >= SELECTED && selected.saturating_mul(2) < operated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Switch;
    use crate::samples::{breaker, learned};

    const OPERATE: u8 = 4;
    const DIRECT: u8 = 5;

    fn select() -> Event {
        breaker(Switch::Trip, Intent::Select, 3, "Select")
    }

    fn operate(code: u8) -> Event {
        Event { digest: u64::from(code), ..breaker(Switch::Trip, Intent::Operate, code, "Operate") }
    }

    fn set(intent: Intent) -> Event {
        let mut event = breaker(Switch::Nul, intent, DIRECT, "Direct Operate");
        event.targets[0].space = Space::AnalogOutput;
        event
    }

    /// A master that polls, selects breakers before it operates them, and sets set-points directly.
    fn site() -> Ledger {
        let polls = (0..2_000).map(|_| breaker(Switch::Nul, Intent::Read, 1, "Read"));
        let commands = (0..20).flat_map(|_| [select(), operate(OPERATE), set(Intent::Operate)]);
        learned(polls.chain(commands))
    }

    fn found(events: &[Event]) -> Vec<Finding> {
        let (ledger, mut detector, mut findings) = (site(), NewVerb::default(), Vec::new());
        for event in events {
            detector.judge(&ledger, event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn usual_ways_are_left_alone() {
        let again = [select(), operate(OPERATE), operate(OPERATE), set(Intent::Operate)];
        assert_eq!(found(&again), []);
    }

    #[test]
    fn a_selection_of_what_is_set_directly_is_a_new_verb() {
        let findings = found(&[set(Intent::Select)]);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.surprise.0 > 10.0, "{finding:?}");
        assert_eq!(
            finding.because,
            "10.0.0.5 (master 1) never gave the command select to a analog-output, in 60 commands to \
             all devices of the baseline; to 10.0.0.20 outstation 10 it sent 2,060 requests"
        );
    }

    #[test]
    fn a_breaker_that_is_operated_without_its_usual_selection_is_one() {
        let findings = found(&[operate(DIRECT)]);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.surprise.0 > 10.0, "{finding:?}");
        assert!(finding.because.contains("selected 20 of 20 before"), "{finding:?}");
        let used = found(&[select(), operate(OPERATE), operate(DIRECT)]);
        assert_eq!(used.len(), 1, "its selection was used");
    }

    #[test]
    fn what_is_seldom_of_a_client_and_usual_in_a_conversation_is_its_way() {
        let at = |unit: u16, mut event: Event| {
            event.conversation.unit = unit;
            event
        };
        let polls = (0..2_000).map(|_| breaker(Switch::Nul, Intent::Read, 1, "Read"));
        let direct = (0..1_000).map(|_| at(11, operate(DIRECT)));
        let selected = (0..40).flat_map(|_| [select(), operate(OPERATE)]);
        let ledger = learned(polls.chain(direct).chain(selected));
        let found = |unit| {
            let mut findings = Vec::new();
            let mut detector = NewVerb::default();
            detector.judge(&ledger, &at(unit, select()), &mut |found| findings.push(found));
            findings.len()
        };
        assert_eq!([found(select().conversation.unit), found(11)], [0, 1]);
    }

    #[test]
    fn what_was_tried_while_learning_is_no_way() {
        let at = |unit: u16, mut event: Event| {
            event.conversation.unit = unit;
            event
        };
        // The usual, at another outstation; and here what may have been tried.
        let found = |tried: &[Event], event: Event| {
            let polls = (0..2_000).map(|_| breaker(Switch::Nul, Intent::Read, 1, "Read"));
            let usual = (0..20).flat_map(|_| [select(), operate(OPERATE), set(Intent::Operate)]);
            let ledger =
                learned(polls.chain(usual.map(|event| at(11, event))).chain(tried.to_vec()));
            let mut findings = Vec::new();
            NewVerb::default().judge(&ledger, &event, &mut |finding| findings.push(finding));
            !findings.is_empty()
        };
        for (times, odd) in [(1, true), (3, true), (4, false)] {
            let here = [vec![set(Intent::Operate); 9], vec![set(Intent::Select); times]].concat();
            assert_eq!(found(&here, set(Intent::Select)), odd, "{times} selections");
        }
        for (times, odd) in [(2, true), (5, false)] {
            assert_eq!(
                found(&vec![operate(DIRECT); times], operate(DIRECT)),
                odd,
                "{times} without"
            );
        }
    }

    #[test]
    fn who_never_commanded_is_the_business_of_others() {
        let ledger = learned((0..500).map(|_| breaker(Switch::Nul, Intent::Read, 1, "Read")));
        let mut detector = NewVerb::default();
        detector.judge(&ledger, &operate(DIRECT), &mut |finding| panic!("{finding:?}"));
    }
}
