//! `unanswered`: a command that a device leaves unanswered while it answers what is asked after it.
//!
//! *Sees*: a select, an operation or a write without an answer, though a later request to the device has one within
//! [`AFTER_NS`] (`unanswered-command`): somebody in the middle keeps commands back and lets polls pass. It
//! is as odd as the conversation makes it: by how many of its commands were left unanswered, and by how many
//! of all its requests.
//! *Blind to*: what asks for no answer; a device that leaves a poll unanswered as well, which is away
//! (`silence`); conversations that are new; flows of which one side was not seen, or in which octets were lost less
//! than [`WHOLE_NS`] before the command.
//! *State*: for each device of the ledger, when the latest request was asked that it answered, and the last command
//! that it did not answer; for each of its conversations, how many octets were lost, and when that was noticed.

use foldhash::HashMap;

use crate::detector::{Detector, Finding};
use crate::event::{Conversation, Device, Event, Outcome, Stage};
use crate::ledger::{ConversationRecord, Ledger};
use crate::surprise::{self, Context, FLOOR};
use crate::words::{counted, grouped, lasting};

pub(crate) const NAME: &str = "unanswered";

/// For how long after a command a later request tells that the device was there: a minute and a half.
/// Who restarts is away for longer, or leaves polls unanswered too.
const AFTER_NS: u64 = 90 * 1_000_000_000;

/// For how long nothing more was lost of a flow that is whole again: what is lost is counted when the gap is given
/// up, and nothing here is waited for any longer.
const WHOLE_NS: u64 = AFTER_NS;

/// Judges what is left unanswered.
#[derive(Debug, Default)]
pub(crate) struct Unanswered {
    devices: HashMap<Device, Heard>,
    /// Octets that a conversation's flow has lost, where it has, and when so many were first told.
    lost: HashMap<Conversation, (u64, u64)>,
}

/// What is known of a device.
#[derive(Debug, Default)]
struct Heard {
    /// When the latest request was asked that it answered.
    asked_ns: u64,
    /// When the last command was given that it did not answer, and its end.
    ignored: Option<(u64, Box<Event>)>,
}

impl Detector for Unanswered {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        let Stage::Ended { outcome, after_ns } = event.stage else { return };
        let device = event.conversation.device();
        let Some(record) = ledger.conversation(&event.conversation) else { return };
        let asked_ns = event.time_ns.saturating_sub(after_ns);
        let whole = self.is_whole(event, asked_ns);
        let heard = self.devices.entry(device).or_default();
        if outcome != Outcome::Unanswered {
            heard.asked_ns = heard.asked_ns.max(asked_ns);
            let later = |(given_ns, _): &mut (u64, Box<Event>)| asked_ns > *given_ns;
            if let Some((given_ns, command)) = heard.ignored.take_if(later)
                && event.time_ns.saturating_sub(given_ns) <= AFTER_NS
                && let Some(record) = ledger.conversation(&command.conversation)
            {
                let waited_ns = event.time_ns.saturating_sub(given_ns);
                judge(record, *command, waited_ns, found);
            }
        } else if !whole || !counts(event) {
            // A poll without an answer: it is away.
            heard.ignored.take_if(|(given_ns, _)| asked_ns > *given_ns);
        } else if heard.asked_ns > asked_ns {
            judge(record, event.clone(), after_ns, found);
        } else {
            heard.ignored = Some((asked_ns, Box::new(event.clone())));
        }
    }
}

impl Unanswered {
    /// Whether nothing was lost of the flow of an act since it was asked for, and for long before.
    fn is_whole(&mut self, event: &Event, asked_ns: u64) -> bool {
        let (conversation, octets) = (event.conversation, event.unseen.lost_octets);
        if octets == 0 {
            self.lost.remove(&conversation);
            return true;
        }
        let now_ns = event.time_ns;
        let (known, since_ns) = self.lost.entry(conversation).or_insert((octets, now_ns));
        // More was lost, it is another flow, or the clock went back.
        if *known != octets || now_ns < *since_ns {
            (*known, *since_ns) = (octets, now_ns);
        }
        asked_ns >= since_ns.saturating_add(WHOLE_NS)
    }
}

/// Whether it is a command whose answer would have been seen, if nothing was lost.
fn counts(event: &Event) -> bool {
    let awaited = !event.broadcast && !event.unacknowledged;
    event.intent.commands() && awaited && !event.unseen.one_way
}

fn judge(
    record: &ConversationRecord,
    command: Event,
    waited_ns: u64,
    found: &mut dyn FnMut(Finding),
) {
    let (mut commands, mut requests) = (Ended::default(), Ended::default());
    for (key, function) in record.functions() {
        let outcomes = function.outcomes();
        let answered = outcomes.done.saturating_add(outcomes.refused);
        requests.add(answered, outcomes.unanswered);
        if key.intent.commands() {
            commands.add(answered, outcomes.unanswered);
        }
    }
    let surprise = surprise::bits(commands.share(requests.share(1.0)));
    if surprise < FLOOR {
        return;
    }
    let conversation = command.conversation;
    let device = conversation.device();
    found(Finding {
        detector: NAME,
        kind: "unanswered-command",
        surprise,
        hard: false,
        actor: Some(device.server),
        because: format!(
            "{device} did not answer a {} of {} within {}, and answered what was asked after it; in the \
             baseline it left {} of {} unanswered, and {} of {}",
            command.function.name,
            conversation.asker(),
            lasting(waited_ns),
            grouped(commands.unanswered),
            counted(commands.all, "command"),
            grouped(requests.unanswered),
            counted(requests.all, "request"),
        ),
        normal_if: format!("baseline counts unanswered commands under conversation {conversation}"),
        about: Some(Box::new(command)),
    });
}

/// How many requests of a kind ended, and how many without an answer.
#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    all: u64,
    unanswered: u64,
}

impl Ended {
    fn add(&mut self, answered: u64, unanswered: u64) {
        self.all = self.all.saturating_add(answered).saturating_add(unanswered);
        self.unanswered = self.unanswered.saturating_add(unanswered);
    }

    /// How probable it is that another one has no answer.
    fn share(self, parent: f64) -> f64 {
        let distinct = 1 + u64::from(self.unanswered > 0);
        Context { events: self.all, distinct }.share(self.unanswered, parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;
    use crate::samples::{ended, learned, request, write};

    /// An act of the client, asked this many seconds on, that took this long to end.
    fn act(event: &Event, asked_s: u64, took_s: u64, outcome: Outcome) -> Event {
        let second = 1_000_000_000;
        Event {
            time_ns: event.time_ns + (asked_s + took_s) * second,
            stage: Stage::Ended { outcome, after_ns: took_s * second },
            ..event.clone()
        }
    }

    fn command() -> Event {
        write(&request(5, 21), 40, Value::Number(1.0))
    }

    /// Two thousand polls and twenty commands, all answered.
    fn site() -> Ledger {
        let polls = (0..2_000).map(|_| request(5, 21));
        let asked = polls.chain((0..20).map(|_| command()));
        learned(asked.flat_map(|event| [event.clone(), ended(event, Outcome::Done)]))
    }

    fn found(events: &[Event]) -> Vec<Finding> {
        let (ledger, mut detector, mut findings) = (site(), Unanswered::default(), Vec::new());
        for event in events {
            detector.judge(&ledger, event, &mut |finding| findings.push(finding));
        }
        findings
    }

    #[test]
    fn a_command_that_is_kept_back_while_polls_pass_is_found() {
        let poll = request(5, 21);
        let kept = act(&command(), 0, 10, Outcome::Unanswered);
        let before = found(&[act(&poll, 2, 0, Outcome::Done), kept.clone()]);
        let after = found(&[kept, act(&poll, 60, 0, Outcome::Done)]);
        for findings in [before, after] {
            let [finding] = &findings[..] else { panic!("{findings:?}") };
            assert!(finding.surprise.0 > 10.0, "{finding:?}");
            assert!(finding.about.as_ref().is_some_and(|about| about.intent.commands()));
            assert!(
                finding
                    .because
                    .ends_with("it left 0 of 20 commands unanswered, and 0 of 2,020 requests"),
                "{finding:?}"
            );
        }
    }

    #[test]
    fn who_is_away_leaves_commands_unanswered_as_well() {
        let poll = request(5, 21);
        let kept = act(&command(), 0, 10, Outcome::Unanswered);
        assert_eq!(
            found(&[act(&poll, 0, 0, Outcome::Done), kept.clone()]),
            [],
            "the poll was before"
        );
        let lost = act(&poll, 20, 10, Outcome::Unanswered);
        let back = act(&poll, 40, 0, Outcome::Done);
        assert_eq!(found(&[kept.clone(), lost, back]), [], "a poll was lost too");
        assert_eq!(found(&[kept, act(&poll, 600, 0, Outcome::Done)]), [], "it was away for long");
    }

    #[test]
    fn a_flow_that_lost_octets_is_judged_when_it_was_whole_for_long() {
        let lossy = |event: Event, lost_octets| Event {
            unseen: crate::event::Unseen { lost_octets, one_way: false },
            ..event
        };
        // Octets are lost by the answer at 10 s; the command is given at 100 s, or ever earlier.
        let found_at = |asked_s, lost_later: u64| {
            found(&[
                lossy(act(&request(5, 21), 9, 1, Outcome::Done), 7),
                lossy(act(&request(5, 21), asked_s + 2, 0, Outcome::Done), 7),
                lossy(act(&command(), asked_s, 10, Outcome::Unanswered), 7 + lost_later),
            ])
            .len()
        };
        assert_eq!([99, 100, 5_000].map(|asked_s| found_at(asked_s, 0)), [0, 1, 1]);
        assert_eq!(found_at(5_000, 1), 0, "more is lost before its end");
        let another = [
            lossy(act(&request(5, 21), 9, 1, Outcome::Done), 7),
            act(&request(5, 21), 22, 0, Outcome::Done),
            act(&command(), 20, 10, Outcome::Unanswered),
        ];
        assert_eq!(found(&another).len(), 1, "a new connection, of which nothing was lost");
    }

    #[test]
    fn what_wants_no_answer_or_was_not_seen_is_left_alone() {
        let poll = act(&request(5, 21), 2, 0, Outcome::Done);
        let kept = act(&command(), 0, 10, Outcome::Unanswered);
        let silent = Event { unacknowledged: true, ..kept.clone() };
        let lossy = Event {
            unseen: crate::event::Unseen { lost_octets: 7, one_way: false },
            ..kept.clone()
        };
        for command in [silent, lossy] {
            assert_eq!(found(&[poll.clone(), command]), []);
        }
    }
}
