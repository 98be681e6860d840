//! `authentication`: what a device does without the proof that it wanted so far.
//!
//! *Sees*: an act that is done and for which nobody proved who he is, though the device had its like proved
//! in the baseline (DNP3 Secure Authentication): `authentication-downgrade`, at its answer. How odd it is says
//! how many such acts of the conversation went without proof, and in how many conversations of the site
//! any did; those that follow each other without any that is proved are a run, and multiply.
//! *Blind to*: functions that the device never had proved, or nobody where it never did them; whether a proof is any good; a proof that the
//! sensor may have missed (one side seen alone, octets lost since the request).
//! *State*: for each conversation with a device that wants proof, at most [`CONVERSATIONS`] (all is forgotten
//! then), the octets lost at its last request, and the run.

use foldhash::HashMap;

use super::run::{Rate, Run, Site, entry, in_a_row};
use crate::detector::{Detector, Finding};
use crate::event::{Conversation, Event, Outcome, Stage};
use crate::ledger::Ledger;
use crate::surprise::FLOOR;
use crate::words::{counted, grouped};

pub(crate) const NAME: &str = "authentication";

/// Conversations that are watched.
const CONVERSATIONS: usize = 4_096;

/// Judges what is done without proof.
#[derive(Debug, Default)]
pub(crate) struct WithoutProof {
    talks: HashMap<Conversation, Talk>,
    site: Site<Rate>,
}

#[derive(Debug, Default)]
struct Talk {
    lost_octets: u64,
    run: Run,
}

impl Detector for WithoutProof {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let conversation = event.conversation;
        if !ledger.wants_proof(&conversation.device()) {
            return;
        }
        match event.stage {
            Stage::Requested => {
                let talk = entry(&mut self.talks, conversation, CONVERSATIONS);
                talk.lost_octets = event.unseen.lost_octets;
            }
            Stage::Ended { outcome: Outcome::Done, .. } => {
                let Some(talk) = self.talks.get_mut(&conversation) else { return };
                if event.proved {
                    talk.run = Run::default();
                } else if talk.lost_octets == event.unseen.lost_octets
                    && !event.unseen.one_way
                    && ledger.wants_proof_of(event)
                {
                    let run = talk.run.add(event.time_ns);
                    judge(ledger, event, run, *self.site.common(ledger, site), found);
                }
            }
            Stage::Ended { .. } | Stage::Reported | Stage::Noticed | Stage::Attempted(_) => {}
        }
    }
}

/// How many acts of a conversation want proof, and how many of them went without.
fn rate(ledger: &Ledger, conversation: &Conversation) -> Rate {
    let (acts, proved) = ledger.proved(conversation);
    Rate { acts, lacked: acts.saturating_sub(proved) }
}

/// In how many conversations acts want proof, and in how many of them some went without.
fn site(ledger: &Ledger) -> Rate {
    let mut site = Rate::default();
    ledger.conversations_that_prove().for_each(|other| site.add_context(rate(ledger, other)));
    site
}

fn judge(ledger: &Ledger, event: &Event, run: u64, site: Rate, found: &mut dyn FnMut(Finding)) {
    let conversation = event.conversation;
    let here = rate(ledger, &conversation);
    let surprise = here.surprise(run, site);
    if surprise < FLOOR {
        return;
    }
    let row = in_a_row(run);
    let device = conversation.device();
    found(Finding {
        detector: NAME,
        kind: "authentication-downgrade",
        surprise,
        hard: false,
        actor: Some(device.server),
        about: None,
        because: format!(
            "{device} did a {} of {} and wanted no proof of who asked{row}; in the baseline it went \
             without for {} of {}",
            event.function.name,
            conversation.asker(),
            grouped(here.lacked),
            counted(here.acts, "such act"),
        ),
        normal_if: format!("baseline counts acts without proof under conversation {conversation}"),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Intent, Switch, Unseen};
    use crate::samples::{breaker, ended, learned};

    fn command() -> Event {
        breaker(Switch::Close, Intent::Operate, 5, "DirectOperate")
    }

    fn poll() -> Event {
        Event { targets: Vec::new(), ..breaker(Switch::Close, Intent::Read, 1, "Read") }
    }

    fn act(event: Event, proved: bool) -> [Event; 2] {
        let end = ended(event.clone(), Outcome::Done);
        [event, Event { proved, ..end }]
    }

    /// Polls, and commands of which all but so many were proved.
    fn site(bare: usize) -> Ledger {
        let commands = (0..30).flat_map(|nth| act(command(), nth >= bare));
        learned((0..500).flat_map(|_| act(poll(), false)).chain(commands))
    }

    fn found(ledger: &Ledger, events: impl IntoIterator<Item = Event>) -> Vec<Finding> {
        let (mut detector, mut findings) = (WithoutProof::default(), Vec::new());
        for event in events {
            detector.judge(ledger, &event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn a_command_without_proof_is_told_where_all_were_proved_and_a_second_is_odder() {
        let ledger = site(0);
        let findings = found(&ledger, [act(command(), false), act(command(), false)].concat());
        let [first, second] = &findings[..] else { panic!("{findings:?}") };
        assert!(first.surprise.0 > 4.0 && second.surprise.0 > first.surprise.0 + 2.0);
        assert_eq!(
            second.because,
            "10.0.0.20 outstation 10 did a DirectOperate of 10.0.0.5 (master 1) and wanted no proof of \
             who asked, 2 times in a row; in the baseline it went without for 0 of 30 such acts"
        );
        let saved = Ledger::from_text(&ledger.to_text()).unwrap();
        assert_eq!(found(&saved, act(command(), false)), found(&ledger, act(command(), false)));
    }

    #[test]
    fn a_proof_ends_a_run_without_any() {
        let acts = [act(command(), false), act(command(), true), act(command(), false)];
        let findings = found(&site(0), acts.concat());
        let [first, after] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(first.because, after.because);
    }

    #[test]
    fn what_is_proved_and_what_never_was_raises_nothing() {
        assert_eq!(found(&site(0), act(command(), true)), []);
        assert_eq!(found(&site(0), (0..50).flat_map(|_| act(poll(), false))), []);
        assert_eq!(found(&site(30), act(command(), false)), [], "nothing was ever proved");
        assert_eq!(found(&site(15), act(command(), false)), [], "half of them went without");
        let refused = ended(command(), Outcome::Refused(4));
        assert_eq!(found(&site(0), [command(), refused]), []);
    }

    #[test]
    fn of_a_function_that_a_device_never_did_the_others_tell() {
        let mut ledger = site(0);
        let elsewhere = |event: Event| {
            let conversation = Conversation { unit: 11, ..event.conversation };
            Event { conversation, ..event }
        };
        let set = Event { function: poll().function, intent: Intent::SetTime, ..poll() };
        for _ in 0..30 {
            act(set.clone(), true).map(elsewhere).iter().for_each(|event| ledger.learn(event));
        }
        assert_eq!(found(&ledger, act(command(), false).map(elsewhere)).len(), 1);
        assert_eq!(
            found(&ledger, act(poll(), false).map(elsewhere)),
            [],
            "nobody has polls proved"
        );
    }

    #[test]
    fn a_proof_that_may_have_been_missed_tells_nothing() {
        let [asked, end] = act(command(), false);
        for unseen in [(7, false), (0, true)] {
            let unseen = Unseen { lost_octets: unseen.0, one_way: unseen.1 };
            let end = Event { unseen, ..end.clone() };
            assert_eq!(found(&site(0), [asked.clone(), end]), []);
        }
        let before = Unseen { lost_octets: 7, one_way: false };
        let both = [asked, end].map(|event| Event { unseen: before, ..event });
        assert_eq!(found(&site(0), both).len(), 1, "what was lost before does not matter");
    }

    #[test]
    fn proofs_are_counted_written_and_merged() {
        let text = site(0).to_text();
        assert!(text.contains("done 30 refused 0 unanswered 0 proved 30 acts 30 first"), "{text}");
        let mut half = learned(act(command(), true));
        half.merge(&learned(act(command(), false))).unwrap();
        assert_eq!(half, learned([act(command(), false), act(command(), true)].concat()));
        assert_eq!(half.proved(&command().conversation), (2, 1));
    }
}
