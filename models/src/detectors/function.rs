//! `function`: what a client never asked of a device.
//!
//! *Sees*: a poller that starts to write, a known master that restarts, configures or loads. The
//! kind is `new-function`; `new-intent` where the intent is new to the conversation as well;
//! `first-command` where the client never commanded any device with it; and for
//! the intents that should never be routine `first-restart`, `first-program`, `first-file`,
//! `first-configure`, `first-set-time` in its place. The chain is the conversation, then the client
//! over all its conversations, then the site. What was learned of a function that was sent seldom, and to this device
//! alone of many, counts for nothing ([`is_stray`]): somebody may have tried it while learning.
//! *Blind to*: conversations that are new (the `conversation` detector's), points and values; a
//! function that was learned of several devices, or often.
//! *State*: none.

use crate::detector::{Detector, Finding};
use crate::event::{Event, Intent, Stage};
use crate::ledger::{ConversationRecord, FunctionKey, FunctionRecord, Ledger};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "function";

/// Judges what is asked.
#[derive(Debug)]
pub(crate) struct NewFunction;

impl Detector for NewFunction {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested {
            return;
        }
        let Some(record) = ledger.conversation(&event.conversation) else { return };
        let key = event.function_key();
        let known = record.function(key);
        if known.is_none_or(|known| is_stray(ledger, event, record, known)) {
            judge_novelty(ledger, event, record, key, found);
        }
    }
}

/// Conversations of a client that can outvote one.
const ENOUGH: u64 = 5;

/// Whether what was learned of a function is no more than somebody's trial: one of many devices was sent it, in
/// fewer than eight segments and less than one of twenty, and if it commands in at most half of the device's commands.
fn is_stray(
    ledger: &Ledger,
    event: &Event,
    record: &ConversationRecord,
    known: &FunctionRecord,
) -> bool {
    let key = event.function_key();
    let Some(client) = ledger.client(&event.conversation.client) else { return false };
    let alone = client.functions.count(&key) <= 1 && ledger.functions().count(&key) <= 1;
    if !alone || client.conversations < ENOUGH {
        return false;
    }
    let commands = record.functions().filter(|(key, _)| key.intent.commands());
    let commands: u64 = commands.map(|(_, function)| function.tally().count()).sum();
    let few = known.tally().count().saturating_mul(2) <= commands;
    known.tally().segments().are_no_way(record.tally().segments())
        && (few || !key.intent.commands())
}

fn judge_novelty(
    ledger: &Ledger,
    event: &Event,
    record: &ConversationRecord,
    key: FunctionKey,
    found: &mut dyn FnMut(Finding),
) {
    let conversation = event.conversation;
    let acts = record.tally().count();
    let here = Context { events: acts, distinct: record.distinct_functions() };
    let client = ledger.client(&conversation.client);
    let known = record.function(key);
    let stray = u64::from(known.is_some());
    let (by_client, in_client) = client.map_or((0, Context::default()), |sum| {
        (sum.functions.count(&key).saturating_sub(stray), sum.functions.context())
    });
    let by_site = ledger.functions().count(&key).saturating_sub(stray);
    let at_site = ledger.functions().context().share(by_site, 1.0);
    let surprise = surprise::bits(here.share(0, in_client.share(by_client, at_site)));
    if surprise < FLOOR {
        return;
    }
    let elsewhere = match (by_client, by_site) {
        (0, 0) if stray > 0 => "no other device got it".to_owned(),
        (0, 0) => "no client in it did".to_owned(),
        (0, clients) => format!("{} did", counted(clients, "other client")),
        (devices, _) => format!("it sent it in {}", counted(devices, "other conversation")),
    };
    let name = event.function.name;
    let learned = match known {
        None => format!("never sent {} a {name} ({key})", conversation.device()),
        Some(known) => format!(
            "sent {} a {name} ({key}) {} in {} of {}, too seldom to be its way,",
            conversation.device(),
            counted(known.tally().count(), "time"),
            known.tally().segments().count(),
            counted(record.tally().segments().count(), "segment"),
        ),
    };
    let others = || record.functions().filter(|(other, _)| **other != key);
    found(Finding {
        detector: NAME,
        kind: if event.intent.commands() && by_client == 0 {
            "first-command"
        } else {
            kind(event.intent, others().any(|(other, _)| other.intent == event.intent))
        },
        surprise,
        hard: false,
        actor: None,
        about: None,
        because: format!(
            "{} {learned} in {} of the baseline; {elsewhere}",
            conversation.asker(),
            counted(acts, "request"),
        ),
        normal_if: format!(
            "baseline lists function {key} under conversation {conversation}{}",
            if known.is_some() { " in eight segments" } else { "" },
        ),
    });
}

const fn kind(intent: Intent, known: bool) -> &'static str {
    if known {
        return "new-function";
    }
    match intent {
        Intent::Restart => "first-restart",
        Intent::Program => "first-program",
        Intent::File => "first-file",
        Intent::Configure | Intent::Unmute => "first-configure",
        Intent::Mute => "first-mute",
        Intent::StoreFile => "first-store-file",
        Intent::SetTime => "first-set-time",
        Intent::Read
        | Intent::Diagnose
        | Intent::Select
        | Intent::Write
        | Intent::Operate
        | Intent::Freeze
        | Intent::Authenticate
        | Intent::Session
        | Intent::Report
        | Intent::Unknown => "new-intent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Function, Value};
    use crate::ledger::Ledger;
    use crate::samples::{judged, later, learned, request, write};

    fn restart(event: Event) -> Event {
        let function = Function { code: 8, sub: Some(1), name: "Restart Communications" };
        Event { intent: Intent::Restart, function, ..event }
    }

    /// A client that polls two devices and writes to one.
    fn site() -> Ledger {
        let polls = (0..2_000).map(|n| request(5, if n % 2 == 0 { 21 } else { 22 }));
        let writes = (0..20).map(|_| write(&request(5, 22), 40, Value::Number(1.0)));
        learned(polls.chain(writes))
    }

    #[test]
    fn a_poller_that_starts_to_write_is_odd() {
        let event = write(&request(5, 21), 40, Value::Number(1.0));
        let [finding] = &judged(NAME, &site(), &event)[..] else { panic!() };
        assert_eq!(finding.kind, "new-intent");
        assert!(finding.surprise.0 > 9.0, "{finding:?}");
        assert_eq!(
            finding.because,
            "10.0.0.5 never sent 10.0.0.21 unit 1 a Write Single Register (write 6) in 1,000 \
             requests of the baseline; it sent it in 1 other conversation"
        );
        assert_eq!(
            finding.normal_if,
            "baseline lists function write 6 under conversation modbus 10.0.0.5 -> 10.0.0.21 unit 1"
        );
    }

    #[test]
    fn what_nobody_sends_is_odder_than_what_is_sent_elsewhere() {
        let [write] = &judged(NAME, &site(), &write(&request(5, 21), 40, Value::Number(1.0)))[..]
        else {
            panic!()
        };
        let [restart] = &judged(NAME, &site(), &restart(request(5, 21)))[..] else { panic!() };
        assert!(restart.surprise > write.surprise);
        assert_eq!(restart.kind, "first-restart");
        assert!(
            restart.because.contains("(restart 8.1)") && restart.because.ends_with("in it did")
        );
    }

    #[test]
    fn another_function_of_a_known_intent_is_a_new_function() {
        let function = Function { code: 4, sub: None, name: "Read Input Registers" };
        let event = Event { function, ..request(5, 21) };
        assert_eq!(judged(NAME, &site(), &event)[0].kind, "new-function");
    }

    #[test]
    fn known_functions_and_new_conversations_are_left_alone() {
        assert_eq!(judged(NAME, &site(), &request(5, 21)), []);
        assert_eq!(judged(NAME, &site(), &write(&request(66, 21), 40, Value::Number(1.0))), []);
    }

    #[test]
    fn what_was_tried_on_one_of_many_devices_is_odd_again() {
        let mask = |server: u8| {
            let function = Function { code: 22, sub: None, name: "Mask Write Register" };
            Event { function, ..write(&request(5, server), 40, Value::Number(1.0)) }
        };
        let site = |servers: u8, tried: u64, on: u8, writes: u64| {
            let polls = (0..100).flat_map(|nth| {
                (21..21 + servers).map(move |server| later(request(5, server), nth * 10))
            });
            let writes = (0..writes)
                .map(|nth| later(write(&request(5, 21), 40, Value::Number(1.0)), nth * 60));
            let trials =
                (0..tried).flat_map(|nth| (21..21 + on).map(move |to| later(mask(to), nth * 100)));
            judged(NAME, &learned(polls.chain(writes).chain(trials)), &mask(21))
        };
        let [finding] = &site(5, 4, 1, 16)[..] else { panic!() };
        assert_eq!(finding.kind, "first-command");
        assert_eq!(
            finding.because,
            "10.0.0.5 sent 10.0.0.21 unit 1 a Mask Write Register (write 22) 4 times in 4 of 100 segments, too \
             seldom to be its way, in 120 requests of the baseline; no other device got it"
        );
        assert_eq!(site(4, 4, 1, 16), [], "few devices outvote nothing");
        assert_eq!(site(5, 5, 1, 16), [], "one of twenty segments");
        assert_eq!(site(5, 4, 2, 16), [], "two devices");
        assert_eq!(site(5, 4, 1, 3), [], "most of its commands");
    }
}
