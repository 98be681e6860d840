//! `selection`: what is selected and never operated.
//!
//! *Sees*: a select that the device accepted and that no operate follows (`select-without-operate`): at the next
//! select of the same points, or when the conversation goes on [`KEPT_NS`] later. How odd it is says how often
//! that happened in the conversation, and in how many conversations of the site, brief ones left out; those that follow
//! each other without any that is operated are a run, and multiply. Where a conversation had few selects, or most were
//! operated, those of the same client elsewhere decide: they are the same people's, and somebody may have selected
//! here while learning.
//! *Blind to*: selects that the device refused or left unanswered; an operate that the sensor may have missed (one side
//! seen alone, octets lost, a number skipped, a new connection in between); operators who often change their
//! minds.
//! *State*: for each conversation with selects, at most [`CONVERSATIONS`] (all is forgotten then), the last
//! [`SELECTED`] selects that may be operated, and the run.

use std::collections::VecDeque;
use std::net::IpAddr;

use foldhash::HashMap;

use super::run::{Rate, Run, Site, entry, in_a_row};
use crate::detector::{Detector, Finding};
use crate::event::{Attempt, Conversation, Event, Intent, Mark, Outcome, Stage};
use crate::ledger::{ConversationRecord, Ledger};
use crate::surprise::FLOOR;
use crate::words::{counted, grouped};

pub(crate) const NAME: &str = "selection";

/// For how long a select may be operated: devices keep it for seconds, few for a minute.
const KEPT_NS: u64 = 60 * 1_000_000_000;

/// Selects of one conversation that wait: a device keeps one, as the standard has it.
const SELECTED: usize = 8;

/// Conversations that are watched.
const CONVERSATIONS: usize = 1_024;

/// Selects of a conversation, at least, that show a way of its own.
const FEW: u64 = 8;

/// DNP3's function code of the operate that needs a select. No other protocol here has selects.
const OPERATE: u8 = 4;

/// Judges what is never operated.
#[derive(Debug, Default)]
pub(crate) struct Unoperated {
    talks: HashMap<Conversation, Talk>,
    site: Site<Common>,
}

/// What the conversations of the site have in common.
#[derive(Debug, Default)]
struct Common {
    /// In how many of them there are selects, and in how many some were not operated.
    conversations: Rate,
    /// The selects of each client.
    clients: HashMap<IpAddr, Rate>,
}

#[derive(Debug, Default)]
struct Talk {
    selected: VecDeque<Event>,
    run: Run,
}

impl Detector for Unoperated {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let accepted = event.intent == Intent::Select
            && matches!(event.stage, Stage::Ended { outcome: Outcome::Done, .. });
        if accepted {
            let talk = entry(&mut self.talks, event.conversation, CONVERSATIONS);
            // Selected once more, or sent again: either way the earlier one is settled.
            talk.selected.retain(|select| select.targets != event.targets);
            if talk.selected.len() >= SELECTED {
                talk.selected.pop_front();
            }
            talk.selected.push_back(event.clone());
            return;
        }
        if self.talks.is_empty() {
            return;
        }
        if event.stage == Stage::Attempted(Attempt::Opening) {
            let pair = event.conversation.pair();
            let talks =
                self.talks.iter_mut().filter(|(conversation, _)| conversation.pair() == pair);
            talks.for_each(|(_, talk)| talk.selected.clear());
            return;
        }
        let Some(talk) = self.talks.get_mut(&event.conversation) else { return };
        for (select, again) in talk.take(event) {
            let run = talk.run.add(event.time_ns);
            let common = self.site.common(ledger, Common::of);
            judge(ledger, (select, again), run, common, found);
        }
    }
}

impl Talk {
    /// The selects of which this event tells that they will not be operated, each with whether it
    /// selects the same again.
    fn take(&mut self, event: &Event) -> Vec<(Event, bool)> {
        let asks = event.stage == Stage::Requested;
        // What was missed may have been an operate.
        let missed = event.marks.contains(Mark::SequenceJump);
        let lost_octets = event.unseen.lost_octets;
        if (asks && missed) || event.unseen.one_way {
            self.selected.clear();
        }
        self.selected.retain(|select| select.unseen.lost_octets == lost_octets);
        if self.selected.is_empty() {
            return Vec::new();
        }
        if asks && event.intent == Intent::Operate && event.function.code == OPERATE {
            self.operated(event);
        }
        let mut never = Vec::new();
        let selects = asks && event.intent == Intent::Select;
        self.selected.retain(|select| {
            // Under the same number it is the same select, sent again.
            let again =
                selects && select.targets == event.targets && select.sequence != event.sequence;
            let over = event.time_ns > select.time_ns.saturating_add(KEPT_NS);
            if again || over {
                never.push((select.clone(), again));
            }
            !again && !over
        });
        never
    }

    /// Takes an operate: of what was selected last, should it be of nothing that was.
    fn operated(&mut self, event: &Event) {
        let same = self.selected.iter().rposition(|select| select.targets == event.targets);
        match same {
            Some(at) => drop(self.selected.remove(at)),
            None => drop(self.selected.pop_back()),
        }
        self.run = Run::default();
    }
}

/// How many selects of a conversation were done, and how many more they were than operates.
fn rate(record: &ConversationRecord) -> Rate {
    let (mut selects, mut operates) = (0_u64, 0_u64);
    for (key, function) in record.functions() {
        if key.intent == Intent::Select {
            selects = selects.saturating_add(function.outcomes().done);
        } else if key.intent == Intent::Operate && key.code == OPERATE {
            operates = operates.saturating_add(function.tally().count());
        }
    }
    Rate { acts: selects, lacked: selects.saturating_sub(operates) }
}

impl Common {
    fn of(ledger: &Ledger) -> Self {
        let mut site = Self::default();
        for (conversation, record) in ledger.conversations() {
            let rate = rate(record);
            if !ledger.is_brief(record) {
                site.conversations.add_context(rate);
            }
            let client = site.clients.entry(conversation.client).or_default();
            client.acts = client.acts.saturating_add(rate.acts);
            client.lacked = client.lacked.saturating_add(rate.lacked);
        }
        site
    }

    /// What is usual in a conversation: what its client does elsewhere, unless most of some selects are left here.
    fn usual(&self, conversation: &Conversation, here: Rate) -> Rate {
        let all = self.clients.get(&conversation.client).copied().unwrap_or_default();
        let others = all.acts.saturating_sub(here.acts);
        let way = here.acts >= FEW && here.lacked.saturating_mul(2) > here.acts;
        if way || others < here.acts {
            return here;
        }
        let lacked = all.lacked.saturating_sub(here.lacked).saturating_mul(here.acts);
        // To the nearest whole.
        let lacked = lacked.saturating_add(others / 2) / others.max(1);
        Rate { lacked: here.lacked.min(lacked), ..here }
    }
}

fn judge(
    ledger: &Ledger,
    (select, again): (Event, bool),
    run: u64,
    site: &Common,
    found: &mut dyn FnMut(Finding),
) {
    let conversation = select.conversation;
    let here = ledger.conversation(&conversation).map(rate).unwrap_or_default();
    let usual = site.usual(&conversation, here);
    let surprise = usual.surprise(run, site.conversations);
    if surprise < FLOOR {
        return;
    }
    let how = if again { "and selected the same again" } else { "and went on with something else" };
    let row = in_a_row(run);
    let elsewhere = if usual == here {
        ""
    } else {
        ", which is outvoted by what the client does with its other devices"
    };
    found(Finding {
        detector: NAME,
        kind: "select-without-operate",
        surprise,
        hard: false,
        actor: None,
        because: format!(
            "{} did not operate what {} had accepted as selected {how}{row}; in the baseline {} of {} \
             of this conversation were not operated{elsewhere}, and in {} of {} on the site any",
            conversation.asker(),
            conversation.device(),
            grouped(here.lacked),
            counted(here.acts, "select"),
            grouped(site.conversations.lacked),
            counted(site.conversations.acts, "conversation"),
        ),
        normal_if: format!(
            "baseline counts more selects than operates under conversation {conversation}"
        ),
        about: (!again).then(|| Box::new(select)),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Switch, Unseen};
    use crate::samples::{breaker, ended, learned};

    const SECOND: u64 = 1_000_000_000;

    fn act(intent: Intent, code: u8, at_s: u64, sequence: u16) -> Event {
        let event = breaker(Switch::Close, intent, code, "Some");
        Event { time_ns: event.time_ns + at_s * SECOND, sequence: Some(sequence), ..event }
    }

    fn done(event: Event) -> [Event; 2] {
        [event.clone(), ended(event, Outcome::Done)]
    }

    fn select(at_s: u64) -> [Event; 2] {
        done(act(Intent::Select, 3, at_s, u16::try_from(at_s % 16).unwrap()))
    }

    fn operate(at_s: u64) -> [Event; 2] {
        done(act(Intent::Operate, 4, at_s, u16::try_from(at_s % 16).unwrap()))
    }

    fn poll(at_s: u64) -> [Event; 2] {
        let [asked, end] = done(act(Intent::Read, 1, at_s, 0));
        [asked, end].map(|event| Event { targets: Vec::new(), ..event })
    }

    /// Forty selects, of which so many are not operated.
    fn site(unoperated: u64) -> Ledger {
        let selects = (0..40).flat_map(|n| select(n * 100));
        learned(selects.chain((unoperated..40).flat_map(|n| operate(n * 100 + 1))))
    }

    fn found(ledger: &Ledger, events: impl IntoIterator<Item = Event>) -> Vec<Finding> {
        let (mut detector, mut findings) = (Unoperated::default(), Vec::new());
        for event in events {
            detector.judge(ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn the_second_select_tells_of_the_first_and_more_of_them_are_odder() {
        let findings = found(&site(0), [select(1), select(2), select(3)].concat());
        let [first, second] = &findings[..] else { panic!("{findings:?}") };
        assert!(first.surprise.0 > 4.0 && second.surprise.0 > first.surprise.0 + 2.0);
        assert_eq!(
            second.because,
            "10.0.0.5 (master 1) did not operate what 10.0.0.20 outstation 10 had accepted as selected \
             and selected the same again, 2 times in a row; in the baseline 0 of 40 selects of this \
             conversation were not operated, and in 0 of 1 conversation on the site any"
        );
        assert!(second.about.is_none());
    }

    #[test]
    fn one_that_is_left_is_told_when_the_conversation_goes_on_later() {
        let early = found(&site(0), [select(1), poll(30)].concat());
        assert_eq!(early, [], "it may still be operated");
        let findings = found(&site(0), [select(1), poll(30), poll(90), poll(120)].concat());
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.about.as_ref().is_some_and(|about| about.intent == Intent::Select));
    }

    #[test]
    fn an_operate_ends_a_run_of_selects_that_are_left() {
        let acts = [select(1), select(2), select(4), operate(5), select(6), select(7)];
        let findings = found(&site(0), acts.concat());
        // What is selected at 2 s is settled by the same select at 4 s.
        let [_, second, after] = &findings[..] else { panic!("{findings:?}") };
        assert!(second.because.contains("2 times in a row"), "{second:?}");
        assert!(!after.because.contains("in a row"), "{after:?}");
    }

    #[test]
    fn what_is_operated_refused_or_sent_again_is_in_order() {
        let ledger = site(0);
        let usual = (0..20).flat_map(|n| [select(n * 10), operate(n * 10 + 3)].concat());
        assert_eq!(found(&ledger, usual), []);
        let [asked, _] = select(1);
        let refused = ended(asked.clone(), Outcome::Refused(4));
        let silent = ended(asked.clone(), Outcome::Unanswered);
        let tried = [asked.clone(), refused, asked.clone(), silent];
        assert_eq!(found(&ledger, tried.into_iter().chain(poll(90))), []);
        let again = [select(1), select(1), operate(2), poll(90)].concat();
        assert_eq!(found(&ledger, again), [], "one select, sent twice");
        let late = [select(1), operate(80), poll(200)].concat();
        assert_eq!(found(&ledger, late), [], "an operator who takes his time");
    }

    #[test]
    fn what_may_have_been_missed_tells_nothing() {
        let ledger = site(0);
        let lost = Unseen { lost_octets: 7, one_way: false };
        let later = poll(90).map(|event| Event { unseen: lost, ..event });
        assert_eq!(found(&ledger, select(1).into_iter().chain(later)), [], "octets");
        let one_way = Unseen { lost_octets: 0, one_way: true };
        let later = poll(90).map(|event| Event { unseen: one_way, ..event });
        assert_eq!(found(&ledger, select(1).into_iter().chain(later)), [], "one side");
        let mut jumps = select(5);
        jumps[0].marks = Mark::SequenceJump.into();
        assert_eq!(found(&ledger, select(1).into_iter().chain(jumps)), [], "a number");
        let opens = Event { stage: Stage::Attempted(Attempt::Opening), ..poll(3)[0].clone() };
        let broken = select(1).into_iter().chain([opens]).chain(poll(90));
        assert_eq!(found(&ledger, broken), [], "the connection broke");
    }

    #[test]
    fn where_selects_are_often_left_nothing_is_odd() {
        let findings = found(&site(20), [select(1), select(2), select(3)].concat());
        assert_eq!(findings, []);
        assert_eq!(found(&Ledger::default(), [select(1), select(2)].concat()), []);
    }

    #[test]
    fn what_is_left_at_one_device_alone_is_outvoted_by_the_others() {
        let at = |unit: u16, mut event: Event| {
            event.conversation.unit = unit;
            event
        };
        let elsewhere = |unoperated: u64| {
            let selects = (0..40).flat_map(|n| select(n * 100));
            let operates = (unoperated..40).flat_map(|n| operate(n * 100 + 1));
            selects.chain(operates).map(move |event| at(11, event))
        };
        let here = |unoperated: u64| {
            let selects = (0..20).flat_map(|n| select(n * 100));
            selects.chain((unoperated..20).flat_map(|n| operate(n * 100 + 1)))
        };
        let odd = |unoperated: u64, others: u64| {
            let ledger = learned(elsewhere(others).chain(here(unoperated)));
            found(&ledger, [select(1), select(2)].concat()).first().map_or(0.0, |it| it.surprise.0)
        };
        assert!(odd(0, 0) > 4.5 && odd(10, 0) > odd(0, 0) - 1.5, "{} {}", odd(0, 0), odd(10, 0));
        assert!(odd(11, 0) < 3.1, "its way: {}", odd(11, 0));
        assert!(odd(10, 20) < 3.1, "as elsewhere: {}", odd(10, 20));
    }

    #[test]
    fn who_came_by_while_it_was_learned_says_nothing_of_what_is_usual() {
        let of = |client: u8, event: Event| {
            let client = [10, 0, 0, client].into();
            Event { conversation: Conversation { client, ..event.conversation }, ..event }
        };
        let odd = |segments: u64| {
            let days = (0..288).flat_map(|n| poll(n * 600));
            let usual = (0..10).flat_map(|n| [select(n * 600), operate(n * 600 + 1)].concat());
            let others = (60..90).flat_map(|client| {
                (0..segments).flat_map(move |n| select(n * 600)).map(move |event| of(client, event))
            });
            let ledger = learned(days.chain(usual).chain(others));
            found(&ledger, [select(1), select(2)].concat()).first().map_or(0.0, |it| it.surprise.0)
        };
        assert!(odd(7) > odd(8) + 0.5, "{} {}", odd(7), odd(8));
    }

    #[test]
    fn a_flood_of_conversations_stays_within_bounds() {
        let (ledger, mut detector) = (site(0), Unoperated::default());
        for unit in 0..5_000 {
            let [_, mut end] = select(1);
            end.conversation.unit = unit;
            for _ in 0..20 {
                detector.judge(&ledger, &end, &mut |_| {});
            }
        }
        assert!(detector.talks.len() <= CONVERSATIONS);
        assert!(detector.talks.values().all(|talk| talk.selected.len() <= SELECTED));
    }
}
