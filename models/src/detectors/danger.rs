//! `danger`: what must never become routine by itself.
//!
//! *Sees*: acts that stop, blind or rewrite a device (`restart`, `mute`, `store-file`, `program`), commands to
//! all devices at once (`broadcast-command`; of Modbus over TCP to unit 0 where there are others and it answers
//! nothing) or without an answer (`unacknowledged-command`), and a clock that is set by another master than the one
//! that did so most while learning (`second-time-master`). Hard: what was learned of them counts for nothing; only a
//! person's ruling makes them normal. So an attack in the learned time does not teach its own repetition. One thing
//! has a minute's grace: a DNP3 master that starts tells its outstation to be silent, polls all there is, and lets it
//! report again. Who did so while learning, here always or with nearly all devices, is reported when the minute is
//! over and it did not.
//! *Blind to*: an act that was ruled normal, done by somebody in the same client's name. Unit 0 of a
//! server of which no other unit is known. A device that is silenced for less than a minute in the name of a master
//! that starts that way.
//! *State*: the conversations and kinds that were reported in the last five minutes, at most 65,536; beyond,
//! all are forgotten and reported anew. The devices that are silent for less than a minute, at most 1,024; beyond,
//! they are reported at once.

use std::collections::VecDeque;

use foldhash::HashMap;

use super::GOES_ON_NS;
use crate::detector::{Detector, Finding};
use crate::event::{Conversation, Event, Intent, Protocol, Stage};
use crate::ledger::{ConversationRecord, FunctionKey, Ledger};
use crate::surprise::{self, Context};
use crate::words::counted;

pub(crate) const NAME: &str = "danger";

/// Conversations and kinds that are remembered.
const REMEMBERED: usize = 65_536;

/// Capture time in which a master that starts lets its outstation report again: a minute. An integrity
/// poll, which comes between, takes seconds.
const START_NS: u64 = 60 * 1_000_000_000;

/// Nearly always: nine of ten times.
const NEARLY: (u64, u64) = (9, 10);

/// Devices that may be silent at a time because a master starts.
const STARTING: usize = 1_024;

/// The least of DNP3's link addresses that stand for all outstations (IEEE 1815, 9.2.4.1.5).
const FIRST_BROADCAST: u16 = 0xfffd;

/// DNP3's function Direct Operate without Acknowledgement.
const DIRECT_OPERATE_NO_ACK: u8 = 6;

/// Judges what is dangerous by itself.
#[derive(Debug, Default)]
pub(crate) struct Danger {
    reported_ns: HashMap<(Conversation, &'static str), u64>,
    /// Acts that silenced a device, the oldest first; each may be the beginning of a start.
    starting: VecDeque<Event>,
}

impl Detector for Danger {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        while let Some(silenced) = self
            .starting
            .pop_front_if(|silenced| event.time_ns.abs_diff(silenced.time_ns) >= START_NS)
        {
            self.report(ledger, &silenced, "mute", true, found);
        }
        if event.stage != Stage::Requested {
            return;
        }
        if event.intent == Intent::Unmute {
            self.starting.retain(|silenced| silenced.conversation != event.conversation);
        }
        let Some(kind) = kind(ledger, event) else { return };
        if kind == "mute" && self.starting.len() < STARTING && starts_so(ledger, event) {
            self.starting.push_back(event.clone());
        } else {
            self.report(ledger, event, kind, false, found);
        }
    }
}

impl Danger {
    /// Reports an act; one of before if it was `held`.
    fn report(
        &mut self,
        ledger: &Ledger,
        event: &Event,
        kind: &'static str,
        held: bool,
        found: &mut dyn FnMut(Finding),
    ) {
        let conversation = event.conversation;
        let since = self.reported_ns.get(&(conversation, kind));
        if since.is_some_and(|at| event.time_ns.abs_diff(*at) < GOES_ON_NS) {
            return;
        }
        if self.reported_ns.len() >= REMEMBERED {
            self.reported_ns.clear();
        }
        self.reported_ns.insert((conversation, kind), event.time_ns);
        let key = event.function_key();
        let record = ledger.conversation(&conversation);
        let acts = record.map_or(0, |record| record.tally().count());
        let times = record.and_then(|record| record.function(key));
        let times = times.map_or(0, |function| function.tally().count());
        let here = Context { events: acts, distinct: 1 + u64::from(times > 0) };
        found(Finding {
            detector: NAME,
            kind,
            surprise: surprise::bits(here.share(times, 1.0)),
            hard: true,
            actor: None,
            about: held.then(|| Box::new(event.clone())),
            because: format!(
                "{}{}; {} sent {} a {} ({key}) {} in {} of the baseline, and nobody ruled that this is normal",
                says(kind),
                if held { ", and this one may not for a minute" } else { "" },
                conversation.asker(),
                conversation.device(),
                event.function.name,
                counted(times, "time"),
                counted(acts, "request"),
            ),
            normal_if: normal_if(kind, key, &conversation),
        });
    }
}

/// Whether this master let the device report again when it silenced it while learning, and nearly always did so with
/// all its devices: somebody may have silenced this one in its name.
fn starts_so(ledger: &Ledger, event: &Event) -> bool {
    let times = |record: &ConversationRecord, intent: Intent| -> u64 {
        let functions = record.functions().filter(|(key, _)| key.intent == intent);
        functions.map(|(_, function)| function.tally().count()).sum()
    };
    let both = |record| (times(record, Intent::Mute), times(record, Intent::Unmute));
    let here = ledger.conversation(&event.conversation).map_or((0, 0), both);
    if here.0 == 0 || here.1 == 0 || here.1 >= here.0 {
        return here.0 > 0 && here.1 > 0;
    }
    let client = event.conversation.client;
    let ours = ledger.conversations().into_iter().filter(|(talk, _)| talk.client == client);
    let all = ours.map(|(_, record)| both(record));
    let (silenced, let_report) = all.fold((0_u64, 0_u64), |sum, one| {
        (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
    });
    let_report.saturating_mul(NEARLY.1) >= silenced.saturating_mul(NEARLY.0)
}

fn kind(ledger: &Ledger, event: &Event) -> Option<&'static str> {
    // Polls, which are nearly all, need not be looked up.
    let commands = event.intent.commands();
    let to_all = event.broadcast || commands && is_to_all(ledger, &event.conversation);
    of(ledger, &event.conversation, event.intent, to_all, event.unacknowledged)
}

/// Whether it is spoken to all devices behind an address: an address for all of DNP3, or unit 0 of a Modbus server
/// that has other units, as far as nothing was ever done there with an answer.
fn is_to_all(ledger: &Ledger, conversation: &Conversation) -> bool {
    let answers = |conversation: &Conversation| {
        let functions =
            ledger.conversation(conversation).into_iter().flat_map(ConversationRecord::functions);
        // A gateway may refuse in the name of a unit that is not there.
        functions.map(|(_, function)| function.outcomes()).any(|outcomes| outcomes.done > 0)
    };
    let device = conversation.device();
    match conversation.protocol {
        Protocol::Dnp3 => conversation.unit >= FIRST_BROADCAST,
        Protocol::Modbus => {
            conversation.unit == 0
                && ledger.has_other_units(&device)
                && !ledger.conversations_with(&device).iter().any(answers)
        }
    }
}

fn of(
    ledger: &Ledger,
    conversation: &Conversation,
    intent: Intent,
    to_all: bool,
    silent: bool,
) -> Option<&'static str> {
    if intent.commands() && to_all {
        Some("broadcast-command")
    } else if intent.commands() && silent {
        Some("unacknowledged-command")
    } else if intent == Intent::SetTime && sets_less(ledger, conversation) {
        Some("second-time-master")
    } else {
        always(intent)
    }
}

/// What is dangerous whoever does it, and however.
const fn always(intent: Intent) -> Option<&'static str> {
    match intent {
        Intent::Restart => Some("restart"),
        Intent::Mute => Some("mute"),
        Intent::StoreFile => Some("store-file"),
        Intent::Program => Some("program"),
        Intent::SetTime
        | Intent::Read
        | Intent::Diagnose
        | Intent::Select
        | Intent::Write
        | Intent::Operate
        | Intent::Freeze
        | Intent::Configure
        | Intent::Unmute
        | Intent::File
        | Intent::Authenticate
        | Intent::Session
        | Intent::Report
        | Intent::Unknown => None,
    }
}

/// What makes it ordinary.
pub(crate) fn normal_if(kind: &str, key: FunctionKey, conversation: &Conversation) -> String {
    format!("{kind} by {key} is normal in {conversation}")
}

/// What is dangerous about a function that a ledger has learned.
pub(crate) fn learned(
    ledger: &Ledger,
    conversation: &Conversation,
    key: FunctionKey,
) -> Option<&'static str> {
    let to_all = is_to_all(ledger, conversation);
    let silent = conversation.protocol == Protocol::Dnp3 && key.code == DIRECT_OPERATE_NO_ACK;
    of(ledger, conversation, key.intent, to_all, silent)
}

/// Whether another client sets the clock of the device more often.
fn sets_less(ledger: &Ledger, conversation: &Conversation) -> bool {
    let times = |conversation: &Conversation| {
        let functions =
            ledger.conversation(conversation).into_iter().flat_map(ConversationRecord::functions);
        let sets = functions.filter(|(key, _)| key.intent == Intent::SetTime);
        sets.fold(0_u64, |sum, (_, record)| sum.saturating_add(record.tally().count()))
    };
    let ours = times(conversation);
    ledger.conversations_with(&conversation.device()).iter().any(|other| times(other) > ours)
}

/// Why it is dangerous.
pub(crate) fn says(kind: &str) -> &'static str {
    match kind {
        "restart" => "a device that restarts, stops or only listens does not protect",
        "mute" => "a device that may not report by itself is seen at the next poll at the earliest",
        "store-file" => "files are a device's settings and programs",
        "program" => "programs and firmware are what a device does",
        "broadcast-command" => "one command moves every device that hears it",
        "unacknowledged-command" => "no answer tells whether the command was done",
        _ => "another master set this device's clock while learning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Function, Outcome, Value};
    use crate::samples::{judged, later, learned, request, write};

    fn act(client: u8, intent: Intent) -> Event {
        let function = Function { code: 8, sub: Some(1), name: "Poke" };
        Event { intent, function, ..request(client, 21) }
    }

    #[test]
    fn what_was_learned_a_thousand_times_is_still_raised() {
        for (intent, kind) in [
            (Intent::Restart, "restart"),
            (Intent::Mute, "mute"),
            (Intent::StoreFile, "store-file"),
            (Intent::Program, "program"),
        ] {
            let ledger = learned((0..1_000).map(|_| act(5, intent)));
            let [finding] = &judged(NAME, &ledger, &act(5, intent))[..] else { panic!() };
            assert_eq!((finding.kind, finding.hard), (kind, true));
            assert!(finding.because.contains("1,000 times in 1,000 requests"), "{finding:?}");
        }
    }

    #[test]
    fn a_command_to_all_or_without_an_answer_is_raised_and_any_other_is_not() {
        let command = write(&request(5, 21), 40, Value::Number(1.0));
        let ledger = learned((0..100).map(|_| command.clone()));
        assert_eq!(judged(NAME, &ledger, &command), []);
        let broadcast = Event { broadcast: true, ..command.clone() };
        assert_eq!(judged(NAME, &ledger, &broadcast)[0].kind, "broadcast-command");
        let silent = Event { unacknowledged: true, ..command };
        assert_eq!(judged(NAME, &ledger, &silent)[0].kind, "unacknowledged-command");
    }

    #[test]
    fn unit_0_beside_other_units_is_all_of_them_unless_it_answers() {
        let unit = |unit, outcome| {
            let poll = write(&request(5, 21), 40, Value::Number(1.0));
            let poll = Event { conversation: Conversation { unit, ..poll.conversation }, ..poll };
            [poll.clone(), Event { stage: Stage::Ended { outcome, after_ns: 0 }, ..poll }]
        };
        let [to_all, unanswered] = unit(0, Outcome::Unanswered);
        let kinds = |learned_too: &[Event]| {
            let ledger = learned(unit(7, Outcome::Done).into_iter().chain(learned_too.to_vec()));
            judged(NAME, &ledger, &to_all).iter().map(|finding| finding.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&[]), ["broadcast-command"]);
        assert_eq!(kinds(&[to_all.clone(), unanswered]), ["broadcast-command"], "learned or not");
        assert_eq!(kinds(&unit(0, Outcome::Done)), [""; 0], "a unit of its own");
        assert_eq!(
            judged(NAME, &learned(unit(0, Outcome::Unanswered)), &to_all),
            [],
            "the only one"
        );
    }

    #[test]
    fn only_another_master_than_the_one_that_keeps_time_is_raised() {
        let ledger = learned((0..10).map(|_| act(5, Intent::SetTime)));
        assert_eq!(judged(NAME, &ledger, &act(5, Intent::SetTime)), []);
        assert_eq!(judged(NAME, &ledger, &act(6, Intent::SetTime))[0].kind, "second-time-master");
        // Nor does learning make it silent.
        let both = learned((0..10).map(|n| act(if n < 3 { 6 } else { 5 }, Intent::SetTime)));
        assert_eq!(judged(NAME, &both, &act(6, Intent::SetTime))[0].kind, "second-time-master");
        assert_eq!(judged(NAME, &both, &act(5, Intent::SetTime)), []);
        assert_eq!(judged(NAME, &Ledger::default(), &act(6, Intent::SetTime)), []);
    }

    #[test]
    fn a_master_that_starts_has_a_minute_to_let_the_device_report_again() {
        let mute = act(5, Intent::Mute);
        let unmute = later(act(5, Intent::Unmute), 0);
        let starts = learned([mute.clone(), unmute.clone()]);
        let seconds = |event: &Event, seconds: u64| Event {
            time_ns: event.time_ns + seconds * 1_000_000_000,
            ..event.clone()
        };
        let found = |ledger: &Ledger, acts: &[Event]| {
            let (mut detector, mut found) = (Danger::default(), Vec::new());
            for act in acts {
                detector.judge(ledger, act, &mut |finding| found.push(finding));
            }
            found
        };
        let poll = |at| seconds(&request(5, 21), at);
        assert_eq!(found(&starts, &[mute.clone(), seconds(&unmute, 59), poll(300)]), []);
        assert_eq!(found(&starts, &[mute.clone(), poll(59)]), []);
        let [late] = &found(&starts, &[mute.clone(), poll(60), poll(61)])[..] else { panic!() };
        assert_eq!(late.about.as_deref(), Some(&mute));
        assert!(late.because.contains("may not for a minute"), "{}", late.because);
        // Another device's reports are not this one's, and who once did not has no grace.
        let other = Event { conversation: request(5, 22).conversation, ..unmute.clone() };
        assert_eq!(found(&starts, &[mute.clone(), other, poll(60)]).len(), 1);
        let once_not = learned([mute.clone(), unmute.clone(), mute.clone()]);
        assert_eq!(found(&once_not, &[mute.clone(), unmute.clone()]).len(), 1);
        // Unless it did at so many others that somebody else may have silenced this one.
        let elsewhere = (22..40).flat_map(|server| {
            [&mute, &unmute]
                .map(|act| Event { conversation: request(5, server).conversation, ..act.clone() })
        });
        let never = learned(elsewhere.clone().chain([mute.clone()]));
        assert_eq!(found(&never, &[mute.clone(), seconds(&unmute, 59)]).len(), 1);
        let all = learned(elsewhere.chain([mute.clone(), unmute.clone(), mute.clone()]));
        assert_eq!(found(&all, &[mute.clone(), seconds(&unmute, 59), poll(300)]), []);
        assert_eq!(found(&all, &[mute.clone(), poll(60)]).len(), 1);
    }

    #[test]
    fn what_goes_on_is_raised_once_in_five_minutes() {
        let (ledger, mut detector, mut found) = (Ledger::default(), Danger::default(), 0);
        for minute in 0..30 {
            let event = later(act(5, Intent::Restart), minute);
            detector.judge(&ledger, &event, &mut |_| found += 1);
        }
        assert_eq!(found, 6);
    }
}
