//! `structure`: what is odd about who commands, however often it was seen.
//!
//! *Sees*: a client that commands a device and never reads from it (`writer-never-reads`); the lesser of two clients
//! that command one point (`second-writer`); a client that commands, from its first command on, and that appeared
//! when the device had been known for an hour (`late-writer`). All of it is in the baseline itself, so that an attack
//! in the learned time is raised all the same, and is listed by `baseline review`. Hard; each is raised once for a
//! conversation, once more when the learning is over, and a person's ruling makes it normal. (A server that acts as a client is the
//! `conversation` detector's.)
//! *Blind to*: an intruder in the name of the client that commands most.
//! *State*: the conversations and kinds that were reported, at most 65,536; beyond, all are forgotten and
//! reported anew.

use foldhash::HashSet;

use crate::detector::{Detector, Finding};
use crate::event::{Conversation, Event, Intent, Stage};
use crate::ledger::{ConversationRecord, DeviceSum, Ledger};
use crate::surprise;
use crate::words::counted;

pub(crate) const NAME: &str = "structure";

/// A client is late that appears when a device was asked by others in so many segments: an hour.
const LATE: u64 = 6;

/// Acts of a conversation below which it is too early to say what a client never does.
const FEW: u64 = 3;

/// Conversations and kinds that are remembered.
const REMEMBERED: usize = 65_536;

/// Judges who commands.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    reported: HashSet<(Conversation, &'static str)>,
}

impl Detector for Structure {
    fn go_live(&mut self) {
        self.reported.clear();
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested || !event.intent.commands() {
            return;
        }
        let conversation = event.conversation;
        let record = ledger.conversation(&conversation);
        let flags = match record.filter(|record| record.distinct_commands() > 0) {
            Some(record) => flags(ledger, &conversation, record, Some(event)),
            None => first(ledger, event, record).into_iter().collect(),
        };
        for (kind, because) in flags {
            if self.reported.len() >= REMEMBERED {
                self.reported.clear();
            }
            if self.reported.insert((conversation, kind)) {
                found(Finding {
                    detector: NAME,
                    kind,
                    // It is in the baseline: how odd it is cannot be counted there.
                    surprise: surprise::FLOOR,
                    hard: true,
                    actor: None,
                    about: None,
                    because,
                    normal_if: normal_if(kind, &conversation),
                });
            }
        }
    }
}

/// What is odd about a conversation in the baseline: a kind and a sentence each.
///
/// With an event, a second writer is looked for among its points only.
pub(crate) fn flags(
    ledger: &Ledger,
    conversation: &Conversation,
    record: &ConversationRecord,
    event: Option<&Event>,
) -> Vec<(&'static str, String)> {
    let mut flags = Vec::new();
    if record.distinct_commands() == 0 {
        return flags;
    }
    let device = conversation.device();
    let asker = conversation.asker();
    let seldom = record.tally().count() < FEW;
    if !seldom && !record.functions().any(|(key, _)| reads(key.intent)) {
        let acts = counted(record.tally().count(), "request");
        flags.push((
            "writer-never-reads",
            format!("{asker} commands {device} and never read from it in {acts} of the baseline"),
        ));
    }
    let Some(sum) = ledger.device(&device) else { return flags };
    let given = |command| record.command(command).map_or(0, |given| given.tally().count());
    let lesser = |command: &_| {
        let all = sum.command(*command).map_or(0, |sum| sum.acts);
        let ours = given(*command);
        ours > 0 && ours < all.saturating_sub(ours)
    };
    let second = match event {
        Some(event) => event.commands().map(|(command, _)| command).find(lesser),
        None => record.commands().map(|(command, _)| *command).filter(lesser).min(),
    };
    if let Some(command) = second {
        let all = sum.command(command).map_or(0, |sum| sum.acts);
        let (ours, others) = (given(command), all.saturating_sub(given(command)));
        flags.push((
            "second-writer",
            format!(
                "{asker} gave {device} the command {command} {} in the baseline, others {}",
                counted(ours, "time"),
                counted(others, "time"),
            ),
        ));
    }
    flags.extend(late(conversation, sum, record.tally().first_ns()));
    flags
}

/// What is odd about the first command of a conversation: also while learning it is not learned silently if
/// the host appeared late.
fn first(
    ledger: &Ledger,
    event: &Event,
    record: Option<&ConversationRecord>,
) -> Option<(&'static str, String)> {
    let conversation = event.conversation;
    let sum = ledger.device(&conversation.device())?;
    let began_ns = record.map_or(event.time_ns, |record| record.tally().first_ns());
    late(&conversation, sum, began_ns)
}

/// Counted in segments in which the device was asked anything: a clock that jumps makes nobody late.
fn late(
    conversation: &Conversation,
    sum: &DeviceSum,
    began_ns: u64,
) -> Option<(&'static str, String)> {
    let before = sum.pace.requests.as_ref().map_or(0, |tally| tally.segments().before(began_ns));
    let (asker, device) = (conversation.asker(), conversation.device());
    let segments = counted(before, "ten-minute segment");
    (before >= LATE).then(|| {
        let because =
            format!("{asker} commands {device} and first spoke to it {segments} after others did");
        ("late-writer", because)
    })
}

/// What makes a flag of a conversation ordinary.
pub(crate) fn normal_if(kind: &str, conversation: &Conversation) -> String {
    format!("{kind} is normal in {conversation}")
}

const fn reads(intent: Intent) -> bool {
    matches!(intent, Intent::Read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;
    use crate::samples::{judged, later, learned, request, write};

    fn command(client: u8) -> Event {
        write(&request(client, 21), 40, Value::Number(1.0))
    }

    /// A client that polls and commands, and whatever else.
    fn site(more: impl IntoIterator<Item = Event>) -> Ledger {
        let polls = (0..100).map(|n| later(request(5, 21), n * 2));
        learned(polls.chain((0..10).map(|_| command(5))).chain(more))
    }

    fn kinds(ledger: &Ledger, event: &Event) -> Vec<&'static str> {
        judged(NAME, ledger, event).iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn the_client_that_reads_and_commands_is_as_it_should_be() {
        assert!(kinds(&site([]), &command(5)).is_empty());
    }

    #[test]
    fn an_intruder_that_was_learned_is_raised_all_the_same() {
        let ledger = site((0..3).map(|_| later(command(66), 120)));
        let expected = ["writer-never-reads", "second-writer", "late-writer"];
        assert_eq!(kinds(&ledger, &command(66)), expected);
        assert!(kinds(&ledger, &command(5)).is_empty(), "the one who commands most");
        let finding = &judged(NAME, &ledger, &command(66))[1];
        assert_eq!(
            finding.because,
            "10.0.0.66 gave 10.0.0.21 unit 1 the command write holding-register 40 3 times in the \
             baseline, others 10 times"
        );
    }

    #[test]
    fn who_began_within_the_hour_is_not_late() {
        let began = |minutes| {
            let polls = (0..9).map(move |n| later(request(66, 21), minutes + n));
            let other = later(write(&request(66, 21), 41, Value::Number(1.0)), minutes);
            kinds(&site(polls.chain([other.clone()])), &other)
        };
        // The sixth ten-minute segment begins in between.
        assert_eq!(began(56), Vec::<&str>::new());
        assert_eq!(began(57), ["late-writer"]);
    }

    #[test]
    fn each_flag_is_raised_once() {
        let ledger = site([command(66), command(66), command(66)]);
        let (mut detector, mut found) = (Structure::default(), 0);
        for _ in 0..5 {
            detector.judge(&ledger, &command(66), &mut |_| found += 1);
        }
        assert_eq!(found, 2);
        detector.go_live();
        detector.judge(&ledger, &command(66), &mut |_| found += 1);
        assert_eq!(found, 4, "once more when the learning is over");
    }

    #[test]
    fn the_first_command_of_a_host_that_appeared_late_is_raised_while_learning_too() {
        // It read before, or the command is the first thing it asks.
        for ledger in [site([later(request(66, 21), 500)]), site([])] {
            assert_eq!(kinds(&ledger, &later(command(66), 501)), ["late-writer"]);
        }
        assert!(kinds(&site([]), &later(command(66), 56)).is_empty(), "within the hour");
        assert!(kinds(&site([]), &later(command(5), 501)).is_empty(), "it was always there");
        assert!(kinds(&Ledger::default(), &command(66)).is_empty(), "nothing is known yet");
    }

    #[test]
    fn who_only_reads_is_no_writer_however_late() {
        let ledger = site([later(request(66, 21), 500)]);
        assert!(kinds(&ledger, &later(request(66, 21), 501)).is_empty());
    }
}
