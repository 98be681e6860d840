//! `conformance`: what breaks the rules of the protocol.
//!
//! *Sees*: the marks of an event ([`Mark`]): malformed messages, wrong CRCs, other octets at a place of a stream
//! that were delivered already, octets of a stream that their sender knows nothing of, another protocol on a port
//! of this one, answers to nobody, second and other answers, echoes that differ, operations without or beside their
//! selection, numbers that do not follow, of requests and of reports, a restart that is cleared and was none, and
//! what a device newly tells of: a restart, lost events, local control, trouble, a corrupt configuration. Each
//! finding's kind is its mark. A rule that needs somebody's intent to be broken ([`is_hard`]) is raised whatever
//! was learned, unless the device was seen to break it while learning: then it is a quirk of that device, and as
//! odd as it was rare. What it did in fewer than eight segments, and in less than one of twenty, is no quirk: it
//! counts as never done, or an attack in the learned time would make its own repetition normal.
//! *Blind to*: what a loss could explain (nothing is marked then); a device that was attacked in this
//! way all through the learning.
//! *State*: conversations and marks that were reported in the last 24 hours, other protocols by their names, at most
//! 65,536: a sloppy device is one finding a day, not a hundred thousand. What no device's way explains, octets that
//! their sender knows nothing of, is told each time, once in five minutes.

use foldhash::HashMap;

use super::GOES_ON_NS;
use crate::detector::{Detector, Finding};
use crate::event::{Conversation, Event, Intent, Mark, Stage};
use crate::ledger::{Ledger, Tally};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "conformance";

/// Capture time for which the same mark of the same conversation is not reported again.
const AGAIN_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// Conversations and marks that are remembered; beyond, all is forgotten and reported anew.
const REMEMBERED: usize = 65_536;

/// Judges what breaks the rules.
#[derive(Debug, Default)]
pub(crate) struct Conformance {
    /// When each was reported last: of a conversation a mark, and which other protocol it was.
    reported_ns: HashMap<(Conversation, Mark, &'static str), u64>,
}

impl Detector for Conformance {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        for mark in event.marks.iter() {
            self.judge_mark(ledger, event, mark, found);
        }
    }
}

impl Conformance {
    fn judge_mark(
        &mut self,
        ledger: &Ledger,
        event: &Event,
        mark: Mark,
        found: &mut dyn FnMut(Finding),
    ) {
        let other = if mark == Mark::OtherProtocol { event.function.name } else { "" };
        let key = (event.conversation, mark, other);
        let since = self.reported_ns.get(&key).map(|at| event.time_ns.abs_diff(*at));
        let again_ns = if mark == Mark::DisownedSegment { GOES_ON_NS } else { AGAIN_NS };
        if since.is_some_and(|since| since < again_ns) {
            return;
        }
        let device = event.conversation.device();
        // What no unit is meant by is measured by the whole site.
        let (whose, acts, pace) = if mark == Mark::OtherProtocol {
            (device.server.to_string(), ledger.counts().acts, Some(ledger.pace()))
        } else {
            let sum = ledger.device(&device);
            (device.to_string(), sum.map_or(0, |sum| sum.acts), sum.map(|sum| &sum.pace))
        };
        let asked = pace.and_then(|pace| pace.requests.as_ref());
        let learned = ledger.record(&device).and_then(|record| record.quirk(mark));
        let no_way = |tally: &Tally| {
            asked.is_some_and(|asked| tally.segments().are_no_way(asked.segments()))
        };
        let quirk = learned.filter(|tally| !no_way(tally));
        let quirk = quirk.map_or(0, Tally::count);
        let context = Context { events: acts.max(quirk), distinct: 1 + u64::from(quirk > 0) };
        let surprise = surprise::bits(context.share(quirk, 1.0));
        let hard = is_hard(mark) && quirk == 0;
        if !hard && surprise < FLOOR {
            return;
        }
        if self.reported_ns.len() >= REMEMBERED {
            self.reported_ns.clear();
        }
        self.reported_ns.insert(key, event.time_ns);
        let times = match learned {
            None => "never".to_owned(),
            Some(tally) if quirk > 0 => counted(tally.count(), "time"),
            Some(tally) => format!(
                "{}, too seldom to be its way ({} of {}),",
                counted(tally.count(), "time"),
                tally.segments().count(),
                counted(asked.map_or(0, |asked| asked.segments().count()), "segment"),
            ),
        };
        found(Finding {
            detector: NAME,
            kind: mark.word(),
            surprise,
            hard,
            // Who sent it: a device that answers, or the client that asks.
            actor: by_device(event).then_some(event.conversation.server),
            about: None,
            because: format!(
                "{}; in {whose}'s conversations that was so {times} in {} of the baseline",
                says(mark),
                counted(acts, "request"),
            ),
            normal_if: format!(
                "baseline lists quirk {mark} of {} {device}{}",
                device.protocol,
                if learned.is_some() && quirk == 0 { " in eight segments" } else { "" },
            ),
        });
    }
}

/// Whether the device sent it, and not who asks it.
fn by_device(event: &Event) -> bool {
    match event.stage {
        Stage::Requested | Stage::Attempted(_) => false,
        Stage::Ended { .. } | Stage::Reported => true,
        Stage::Noticed => event.intent == Intent::Report,
    }
}

/// Whether nobody breaks this rule but by intent or a fault.
pub(crate) const fn is_hard(mark: Mark) -> bool {
    match mark {
        Mark::Foreign
        | Mark::OtherProtocol
        | Mark::ConflictingSegment
        | Mark::DisownedSegment
        | Mark::ConflictingAnswer
        | Mark::EchoDiffers
        | Mark::OperateWithoutSelect
        | Mark::OperateDiffers => true,
        Mark::Malformed
        | Mark::BadChecksum
        | Mark::UnaskedAnswer
        | Mark::AnswerDiffers
        | Mark::SequenceJump
        | Mark::Restarted
        | Mark::EventsLost
        | Mark::ReportOutOfTurn
        | Mark::ClearWithoutRestart
        | Mark::LocalControl
        | Mark::DeviceTrouble
        | Mark::ConfigCorrupt => false,
    }
}

/// The rule, in a sentence.
const fn says(mark: Mark) -> &'static str {
    match mark {
        Mark::Malformed => "the message breaks the standard",
        Mark::BadChecksum => "a frame has a wrong CRC",
        Mark::Foreign => "the octets are no message of the protocol",
        Mark::OtherProtocol => "something else is spoken on a port of the protocol",
        Mark::ConflictingSegment => {
            "other octets were sent for a place of the stream that was delivered already"
        }
        Mark::DisownedSegment => {
            "the other end acknowledged octets that their sender knows nothing of: somebody else sent them"
        }
        Mark::UnaskedAnswer => "an answer to a request that nobody made",
        Mark::ConflictingAnswer => "a second answer to one request says something else",
        Mark::EchoDiffers => "the answer repeats another command than was given",
        Mark::AnswerDiffers => "the answer has another size than was asked for",
        Mark::OperateWithoutSelect => "the operation was not selected before",
        Mark::OperateDiffers => "what is operated is not what was selected",
        Mark::SequenceJump => "the number of the request does not follow the last one",
        Mark::Restarted => "the device says that it has restarted",
        Mark::EventsLost => "the device says that it lost events",
        Mark::ReportOutOfTurn => {
            "the unsolicited response does not follow the last one: one is missing, or not the device's"
        }
        Mark::ClearWithoutRestart => {
            "the indication of a restart is cleared though the device did not give it"
        }
        Mark::LocalControl => "the device says that points are under local control",
        Mark::DeviceTrouble => "the device says that something is wrong with it",
        Mark::ConfigCorrupt => "the device says that its configuration is corrupt",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Marks, Outcome};
    use crate::samples::{ended, judged, later, learned, request};

    fn marked(mark: Mark) -> Event {
        Event { marks: Marks::from(mark), ..request(5, 21) }
    }

    fn site() -> Ledger {
        learned((0..1_000).map(|_| request(5, 21)))
    }

    #[test]
    fn a_broken_rule_of_intent_is_hard_and_says_which() {
        let [finding] = &judged(NAME, &site(), &marked(Mark::OperateWithoutSelect))[..] else {
            panic!()
        };
        assert_eq!((finding.kind, finding.hard), ("operate-without-select", true));
        assert_eq!(
            finding.because,
            "the operation was not selected before; in 10.0.0.21 unit 1's conversations that was so never \
             in 1,000 requests of the baseline"
        );
        assert_eq!(
            finding.normal_if,
            "baseline lists quirk operate-without-select of modbus 10.0.0.21 unit 1"
        );
    }

    #[test]
    fn another_protocol_is_told_once_a_day_for_each() {
        let mut detector = Conformance::default();
        let mut told = |name: &'static str, minute: u64| {
            let event = marked(Mark::OtherProtocol);
            let function = crate::event::Function { name, ..event.function };
            let (mut found, event) = (0, later(Event { function, ..event }, minute));
            detector.judge(&site(), &event, &mut |_| found += 1);
            found
        };
        let found = [told("HTTP", 0), told("HTTP", 60), told("SSH", 61), told("HTTP", 24 * 60)];
        assert_eq!(found, [1, 0, 1, 1]);
    }

    #[test]
    fn a_quirk_that_was_learned_is_as_odd_as_it_was_rare() {
        let odd = |times: u64| {
            let quirks = (0..times).map(|_| marked(Mark::EchoDiffers));
            let ledger = learned((times..1_000).map(|_| request(5, 21)).chain(quirks));
            judged(NAME, &ledger, &marked(Mark::EchoDiffers))
        };
        assert_eq!(odd(900), []);
        let [rare] = &odd(2)[..] else { panic!() };
        assert!(!rare.hard && (8.0..10.0).contains(&rare.surprise.0), "{rare:?}");
    }

    #[test]
    fn what_was_done_in_few_segments_is_no_quirk() {
        let found = |seldom: u64| {
            let polls = (0..100).map(|nth| later(request(5, 21), nth * 10));
            let quirks = (0..seldom).map(|nth| later(marked(Mark::EchoDiffers), nth * 10));
            judged(NAME, &learned(polls.chain(quirks)), &marked(Mark::EchoDiffers))
        };
        let [finding] = &found(4)[..] else { panic!() };
        assert!(finding.hard, "{finding:?}");
        assert!(
            finding.because.ends_with(
                "that was so 4 times, too seldom to be its way (4 of 100 segments), in 104 requests of the baseline"
            ),
            "{}",
            finding.because
        );
        assert!(found(5).iter().all(|finding| !finding.hard), "its way");
    }

    #[test]
    fn a_sloppy_device_is_one_finding_a_day_and_an_intruder_each_time() {
        let found = |mark, minutes: [u64; 4]| {
            let (ledger, mut detector, mut found) = (site(), Conformance::default(), Vec::new());
            for minute in minutes {
                let event = later(marked(mark), minute);
                detector.judge(&ledger, &event, &mut |_| found.push(minute));
            }
            found
        };
        assert_eq!(found(Mark::Malformed, [0, 60, 23 * 60, 24 * 60]), [0, 24 * 60]);
        assert_eq!(found(Mark::DisownedSegment, [0, 4, 5, 60]), [0, 5, 60]);
    }

    #[test]
    fn what_is_noticed_of_who_asks_is_not_the_device_s() {
        let noticed = |intent| {
            let event = Event { stage: Stage::Noticed, intent, ..marked(Mark::ConflictingSegment) };
            judged(NAME, &site(), &event)[0].actor
        };
        assert_eq!(noticed(Intent::Unknown), None);
        assert_eq!(noticed(Intent::Report), Some([10, 0, 0, 21].into()));
    }

    #[test]
    fn what_a_device_does_is_the_device_s() {
        let event =
            Event { marks: Mark::EchoDiffers.into(), ..ended(request(5, 21), Outcome::Done) };
        assert!(matches!(event.stage, Stage::Ended { .. }));
        let [finding] = &judged(NAME, &site(), &event)[..] else { panic!() };
        assert_eq!(finding.actor, Some(event.conversation.server));
    }
}
