//! How often a client does something new: what an alarm budget can be held to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::HashMap;

use super::records::{Command, ConversationRecord};
use super::store::Ledger;
use super::tally::{SEGMENT_NS, Tally, WAY};
use crate::event::{Conversation, Intent};
use crate::surprise::real;

/// A day, in segments.
const DAY: u64 = 86_400 * 1_000_000_000 / SEGMENT_NS;

/// Other conversations in which a command is looked for.
const OTHERS: usize = 256;

/// New things that come within this time of each other are one: fifteen minutes.
const QUIET_NS: u64 = 900 * 1_000_000_000;

/// How often a day a client does something new.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Habit {
    /// What is new in the conversation: a command that it gives to one device more.
    pub here: f64,
    /// Commands of points that no device was given before, or one device once. What is nobody's way is left
    /// out of both where most is given to many ([`Ledger::is_stray`]).
    pub anywhere: f64,
}

impl Ledger {
    /// How often a day each client gave a command, or sent a function that gives one, for the first
    /// time in a conversation that was known; counted over the second half of the learned time, when
    /// the common things are learned. Time is that of the segments in which anything was heard, so that a
    /// clock that jumps or a sensor that was off makes no days.
    ///
    /// `None` where that half is shorter than a day: then nothing can be said of days.
    #[must_use]
    pub fn habits(&self) -> Option<BTreeMap<IpAddr, Habit>> {
        let (from_ns, half) = self.second_half()?;
        let mut here: BTreeMap<IpAddr, Vec<u64>> = BTreeMap::new();
        let mut given: HashMap<Command, Vec<(u64, Option<IpAddr>)>> = HashMap::default();
        for (conversation, record) in &self.facts.conversations {
            let client = conversation.client;
            let known = record.tally.first_ns < from_ns;
            // What few are given alone is nobody's habit where most is given to many.
            let counts =
                |command| !self.is_shared(command) || !self.is_stray(conversation, command);
            let commands: Vec<_> = record.commands.iter().filter(|it| counts(*it.0)).collect();
            for (command, record) in &commands {
                let again_ns = record.tally.segments.start_ns(1);
                let times_ns = core::iter::once(record.tally.first_ns).chain(again_ns);
                given
                    .entry(**command)
                    .or_default()
                    .extend(times_ns.map(|ns| (ns, known.then_some(client))));
            }
            if !known {
                continue;
            }
            let functions = record.functions.iter().filter(|(key, _)| key.intent.commands());
            let functions = functions.map(|(_, record)| record.tally.first_ns);
            let commands = commands.iter().map(|(_, record)| record.tally.first_ns);
            let new = commands.chain(functions).filter(|time_ns| *time_ns >= from_ns);
            here.entry(client).or_default().extend(new);
        }
        // What was given once is nobody's way: it is new the second time as well.
        let mut anywhere: BTreeMap<IpAddr, Vec<u64>> = BTreeMap::new();
        for mut times in given.into_values() {
            times.sort_unstable();
            for (time_ns, client) in times.into_iter().take(2).filter(|it| it.0 >= from_ns) {
                if let Some(client) = client {
                    anywhere.entry(client).or_default().push(time_ns);
                }
            }
        }
        let days = real(half) / real(DAY);
        let rates = here.into_iter().map(|(client, here)| {
            let anywhere = episodes(anywhere.remove(&client).unwrap_or_default());
            // One tells of no rate.
            let anywhere = if anywhere < 2.0 { 0.0 } else { anywhere };
            (client, Habit { here: episodes(here) / days, anywhere: anywhere / days })
        });
        Some(rates.collect())
    }

    /// Whether a command is nobody's way, so that somebody may have tried it while learning: it was given in
    /// a conversation once, or in fewer than eight segments where most commands like it are given to more
    /// devices than one; and nowhere else but in conversations that are brief. With less than two days
    /// learned nothing is known of that.
    #[must_use]
    pub fn is_stray(&self, conversation: &Conversation, command: Command) -> bool {
        let record = self.conversation(conversation);
        let Some(given) = record.and_then(|record| record.command(command)) else { return false };
        let segments = given.tally.segments.count();
        let few = segments == 1 || segments < WAY && self.is_shared(command);
        few && self.second_half().is_some() && !self.is_given_elsewhere(conversation, command)
    }

    /// Whether most commands like this one are given to more devices than one: of its intent, to its kind of
    /// point.
    #[must_use]
    pub fn is_shared(&self, command: Command) -> bool {
        self.index.is_shared(command)
    }

    /// Whether a command was given in another conversation that is not brief, among the first [`OTHERS`] with
    /// the devices that got it: who came by everywhere does not make each of his commands cost as much as
    /// the site is large.
    fn is_given_elsewhere(&self, conversation: &Conversation, command: Command) -> bool {
        let others = self.given(command).flat_map(|(_, sum, _)| &sum.with);
        others.filter(|other| *other != conversation).take(OTHERS).any(|other| {
            let record = self.conversation(other);
            record.is_some_and(|it| it.command(command).is_some() && !self.is_brief(it))
        })
    }

    /// Whether there was so little of a conversation in days that it is nobody's way either.
    pub(crate) fn is_brief(&self, record: &ConversationRecord) -> bool {
        record.tally.segments.count() < WAY && self.second_half().is_some()
    }

    /// All that was commanded, but for what is stray.
    #[must_use]
    pub fn commanded(&self) -> BTreeSet<Command> {
        let all = self.facts.conversations.iter();
        let all = all.flat_map(|(talk, record)| record.commands.keys().map(move |it| (talk, it)));
        all.filter(|(talk, it)| !self.is_stray(talk, **it)).map(|(_, it)| *it).collect()
    }

    /// The conversations in which commands were given time and again in the second half of the
    /// learned time, and none was new: what a client does daily elsewhere explains no new one here.
    #[must_use]
    pub fn settled(&self) -> BTreeSet<Conversation> {
        let Some((from_ns, _)) = self.second_half() else { return BTreeSet::new() };
        let all = self.facts.conversations.iter();
        let settled = all.filter(|(_, record)| is_settled(record, from_ns));
        settled.map(|(conversation, _)| *conversation).collect()
    }

    /// The clients that go from device to device: that spoke to two or more, began to on two days or more, and were
    /// with each for a small part of the learned time. One more device is what is to be expected of them.
    #[must_use]
    pub fn visitors(&self) -> BTreeSet<IpAddr> {
        let learned = self.pace().requests.as_ref().map_or(0, |all| all.segments().count());
        let mut days: BTreeMap<IpAddr, Option<BTreeSet<u64>>> = BTreeMap::new();
        for (conversation, record) in &self.facts.conversations {
            let begun = days.entry(conversation.client).or_insert_with(|| Some(BTreeSet::new()));
            let segments = &record.tally.segments;
            let stays = segments.more() || segments.count().saturating_mul(VISIT) > learned;
            if stays {
                *begun = None;
            } else if let Some(begun) = begun {
                begun.insert(record.tally.first_ns / SEGMENT_NS / DAY);
            }
        }
        let often = |begun: &Option<BTreeSet<u64>>| begun.as_ref().is_some_and(|it| it.len() >= 2);
        days.into_iter().filter(|(_, begun)| often(begun)).map(|(client, _)| client).collect()
    }

    /// When the second half of the learned time began, and how many segments it has; `None` where
    /// that is shorter than a day.
    fn second_half(&self) -> Option<(u64, u64)> {
        let segments = self.pace().requests.as_ref()?.segments();
        let half = segments.count() / 2;
        let from_ns = segments.start_ns(half)?;
        (half >= DAY).then_some((from_ns, half))
    }
}

/// One part in so many of the learned time is all that a visit takes.
const VISIT: u64 = 8;

/// Stretches of ten minutes with commands that show that no new ones are to be expected.
const VISITS: u64 = 8;

/// Whether a conversation was commanded in often since then, and nothing new.
fn is_settled(record: &ConversationRecord, from_ns: u64) -> bool {
    let new = |tally: &Tally| tally.first_ns >= from_ns;
    let functions = record.functions.iter().filter(|(key, _)| key.intent.commands());
    let tallies = functions.map(|(_, function)| &function.tally);
    let visits = tallies.clone().map(|tally| tally.segments.since(from_ns)).max().unwrap_or(0);
    visits >= VISITS
        && !tallies.chain(record.commands.values().map(|record| &record.tally)).any(new)
}

/// How many runs of times there are with no more than [`QUIET_NS`] between.
fn episodes(mut times_ns: Vec<u64>) -> f64 {
    times_ns.sort_unstable();
    let apart = |pair: &[u64]| matches!(pair, [one, next] if next - one > QUIET_NS);
    let more = times_ns.windows(2).filter(|pair| apart(pair)).count();
    real(u64::from(!times_ns.is_empty()).saturating_add(super::index::size(more)))
}

/// Whether a habit of doing new things may explain a finding of this kind about an act of `intent`.
#[must_use]
pub fn may_be_habit(kind: &str, intent: Intent) -> bool {
    intent.commands() && matches!(kind, "new-point" | "new-function" | "new-intent")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Function, Space, Value};
    use crate::samples::{later, learned, request, write};

    const DAY: u64 = 24 * 60;

    /// A client that polls for ten days and writes to `points` new points in the last five.
    fn site(points: u32) -> Ledger {
        let polls = (0..10 * 144).map(|segment| later(request(5, 21), segment * 10));
        let new = (0..points).map(|point| {
            let event = write(&request(5, 21), point, Value::Number(1.0));
            later(event, 5 * DAY + u64::from(point) * 20)
        });
        learned(polls.chain(new))
    }

    #[test]
    fn new_things_are_counted_by_the_day_of_the_second_half() {
        let rate = |points| site(points).habits().unwrap()[&IpAddr::from([10, 0, 0, 5])];
        assert_eq!(rate(0), Habit::default());
        assert!((1.9..2.2).contains(&rate(10).here), "{:?}", rate(10));
        assert_eq!(rate(10).here.to_bits(), rate(10).anywhere.to_bits());
    }

    #[test]
    fn a_new_function_that_commands_a_known_point_counts_too() {
        let mut ledger = site(0);
        let known = write(&request(5, 21), 1, Value::Number(1.0));
        ledger.learn(&later(known.clone(), DAY));
        let function = Function { code: 22, sub: None, name: "Mask Write Register" };
        ledger.learn(&later(Event { function, ..known }, 8 * DAY));
        let habit = ledger.habits().unwrap()[&IpAddr::from([10, 0, 0, 5])];
        assert!((0.1..0.3).contains(&habit.here), "{habit:?}");
        assert!(habit.anywhere.abs() < f64::EPSILON, "{habit:?}");
    }

    #[test]
    fn what_another_device_was_given_is_new_here_and_not_anywhere() {
        let mut ledger = site(10);
        let mut anywhere = |points, segment: u64| {
            for point in 0..points {
                let event = write(&request(6, 22), point, Value::Number(1.0));
                ledger.learn(&later(event, segment * 10));
            }
            let habit = ledger.habits().unwrap()[&IpAddr::from([10, 0, 0, 5])];
            assert!((1.9..2.2).contains(&habit.here), "{habit:?}");
            habit.anywhere
        };
        let once = anywhere(8, 0);
        assert!((1.9..2.2).contains(&once), "once is nobody's way: {once}");
        let twice = anywhere(8, 1);
        assert!((0.3..0.5).contains(&twice), "{twice}");
        assert!(anywhere(9, 2).abs() > 0.3);
        assert!(anywhere(9, 3).abs() < f64::EPSILON, "one tells of no rate");
    }

    #[test]
    fn what_was_given_once_in_days_and_by_nobody_else_is_stray() {
        let strays = |more: &[Event], days: u64| {
            let polls = (0..days * 144).map(|segment| later(request(5, 21), segment * 10));
            let once = write(&request(5, 21), 1, Value::Number(1.0));
            let ledger = learned(polls.chain([later(once, 30)]).chain(more.to_vec()));
            let command =
                Command { intent: Intent::Write, space: Space::HoldingRegister, address: 1 };
            let stray = ledger.is_stray(&request(5, 21).conversation, command);
            assert!(stray || ledger.commanded().contains(&command));
            assert!(!stray || !more.is_empty() || ledger.commanded().is_empty());
            stray
        };
        let give = |client, server, minute| {
            later(write(&request(client, server), 1, Value::Number(1.0)), minute)
        };
        assert!(strays(&[], 2) && strays(&[give(5, 21, 31)], 2), "in one segment");
        assert!(!strays(&[], 1), "nothing is known of days");
        assert!(!strays(&[give(5, 21, 60)], 2), "twice");
        let polled = |client, server| {
            (0..8).map(move |segment| later(request(client, server), segment * 10))
        };
        for (client, server) in [(6, 21), (5, 22)] {
            let brief: Vec<_> =
                polled(client, server).take(7).chain([give(client, server, 30)]).collect();
            assert!(strays(&brief, 2), "who came by says nothing");
            let known: Vec<_> = polled(client, server).chain([give(client, server, 30)]).collect();
            assert!(!strays(&known, 2), "another client, or device");
        }
    }

    /// Two days of a client's polls of six devices, which it gives four commands each, and one of them another `times`.
    fn shared(times: u64) -> Ledger {
        let polls = (0..288).flat_map(|segment| {
            (21..27).map(move |server| later(request(5, server), segment * 10))
        });
        let give = |server, point| write(&request(5, server), point, Value::Number(1.0));
        let usual = (21..27).flat_map(|server| (0..4).map(move |point| give(server, point)));
        let tried = (0..times).map(|nth| later(give(21, 9), 1_500 + nth * 20));
        learned(polls.chain(usual).chain(tried))
    }

    #[test]
    fn where_all_are_given_the_same_what_one_is_given_now_and_then_is_stray() {
        let stray = |ledger: &Ledger, address| {
            let command = Command { intent: Intent::Write, space: Space::HoldingRegister, address };
            ledger.is_stray(&request(5, 21).conversation, command)
        };
        assert!([1, 7].iter().all(|times| stray(&shared(*times), 9)));
        assert!(!stray(&shared(8), 9), "its way");
        assert!(!stray(&shared(7), 1), "as the others");
        let habit = shared(7).habits().unwrap()[&IpAddr::from([10, 0, 0, 5])];
        assert_eq!(habit, Habit::default(), "nobody's way is nobody's habit");
        // Where each is given its own, nothing can be told by that.
        let mut own = shared(7);
        for point in 0..9 {
            own.learn(&write(&request(5, 22), 100 + point, Value::Number(1.0)));
        }
        assert!(!stray(&own, 9));
        // Nor by what others are given of another kind: one device alone may have a coil.
        let mut coil = shared(0);
        for nth in 0..6 {
            let mut event = later(write(&request(5, 21), 9, Value::Number(1.0)), 1_500 + nth * 20);
            event.targets[0].space = Space::Coil;
            coil.learn(&event);
        }
        let command = Command { intent: Intent::Write, space: Space::Coil, address: 9 };
        assert!(!coil.is_stray(&request(5, 21).conversation, command));
    }

    #[test]
    fn what_is_new_in_a_new_conversation_is_no_habit() {
        let mut ledger = site(0);
        for hour in 0..24 {
            let event = write(&request(5, 22), hour, Value::Number(1.0));
            ledger.learn(&later(event, 8 * DAY + u64::from(hour) * 60));
        }
        assert_eq!(ledger.habits().unwrap()[&IpAddr::from([10, 0, 0, 5])], Habit::default());
    }

    #[test]
    fn a_conversation_is_settled_by_many_visits_without_anything_new() {
        let settled = |visits: u64, new: bool| {
            let mut ledger = site(0);
            let command = |point| write(&request(5, 21), point, Value::Number(1.0));
            ledger.learn(&later(command(1), DAY));
            for visit in 0..visits {
                ledger.learn(&later(command(1), 6 * DAY + visit * 60));
            }
            if new {
                ledger.learn(&later(command(2), 7 * DAY));
            }
            ledger.settled().len()
        };
        assert_eq!([settled(7, false), settled(8, false), settled(8, true)], [0, 1, 0]);
        assert_eq!(Ledger::default().settled().len(), 0);
    }

    #[test]
    fn who_goes_from_device_to_device_is_a_visitor() {
        let visits = |at: &[(u8, u64)]| {
            let visits = at.iter().map(|(server, hour)| later(request(66, *server), hour * 60));
            let mut ledger = site(0);
            visits.for_each(|visit| ledger.learn(&visit));
            ledger.visitors().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(visits(&[(22, 10), (23, 34)]), [IpAddr::from([10, 0, 0, 66])]);
        assert_eq!(visits(&[(22, 10), (23, 11)]), Vec::<IpAddr>::new(), "one day");
        assert_eq!(visits(&[(22, 10), (22, 34)]), Vec::<IpAddr>::new(), "one device");
        let stays: Vec<_> = (0..400).map(|n| (22, n / 2)).chain([(23, 34), (24, 60)]).collect();
        assert_eq!(visits(&stays), Vec::<IpAddr>::new(), "it stays with one");
    }

    #[test]
    fn what_comes_together_is_one() {
        assert!((episodes(vec![0, QUIET_NS, 3 * QUIET_NS]) - 2.0).abs() < f64::EPSILON);
        assert!(episodes(Vec::new()).abs() < f64::EPSILON);
    }

    #[test]
    fn a_short_time_says_nothing_of_days() {
        assert_eq!(learned((0..100).map(|n| later(request(5, 21), n))).habits(), None);
        assert_eq!(Ledger::default().habits(), None);
    }
}
