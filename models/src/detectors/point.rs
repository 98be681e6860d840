//! `point`: what was never commanded.
//!
//! *Sees*: a write, operate or select of a point that this client never commanded, that nobody
//! commanded (`new-point`), or that nobody even reads where all that is known of the device is what
//! addresses are read of it (`write-outside-polled-map`). All acts of the conversation count, polls
//! too: after long polling the first command is properly odd, and who commanded many points may
//! command another. What is nobody's way ([`Ledger::is_stray`]) counts as never given, the first time:
//! somebody may have tried it while learning; an operator who seldom does something is told of once. The
//! chain is the conversation, then the device, then the site, then the polled map; a conversation that is
//! new is judged by the acts of the device.
//! *Blind to*: values; a point of a space nobody reads by address, and of a device polled by class
//! (DNP3), as far as the polled map goes; points beyond the first 2,000 of an act; what is nobody's way
//! after it was told of.
//! *State*: the commands that are nobody's way and were reported, at most 65,536; beyond, all are
//! forgotten and reported anew.

use foldhash::HashSet;

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Conversation, Event, Stage};
use crate::ledger::{Command, CommandRecord, CommandSum, ConversationRecord, DeviceSum, Ledger};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "point";

/// Commands that are remembered.
const REMEMBERED: usize = 65_536;

/// Judges which points are commanded.
#[derive(Debug, Default)]
pub(crate) struct NewPoint {
    /// What is nobody's way and was reported.
    told: HashSet<(Conversation, Command)>,
}

impl Detector for NewPoint {
    fn go_live(&mut self) {
        self.told.clear();
    }

    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested || !event.intent.commands() {
            return;
        }
        let record = ledger.conversation(&event.conversation);
        let given = |command| record.is_some_and(|record| record.command(command).is_some());
        let told = |command| self.told.contains(&(event.conversation, command));
        let known = |command| {
            given(command) && (!ledger.is_stray(&event.conversation, command) || told(command))
        };
        let new: Vec<Command> = event.commands().map(|it| it.0).filter(|it| !known(*it)).collect();
        if new.is_empty() {
            return;
        }
        let device = ledger.device(&event.conversation.device());
        let talk = &event.conversation;
        let chain = Chain { ledger, record, device, talk };
        let mut oddest: Option<(Bits, Command)> = None;
        for command in &new {
            let surprise = surprise::bits(chain.p(*command));
            if oddest.is_none_or(|(most, _)| surprise > most) {
                oddest = Some((surprise, *command));
            }
        }
        if let Some((surprise, command)) = oddest.filter(|(surprise, _)| *surprise >= FLOOR) {
            found(chain.finding(event, command, new.len(), surprise));
            for command in new.into_iter().filter(|it| given(*it)) {
                if self.told.len() >= REMEMBERED {
                    self.told.clear();
                }
                self.told.insert((event.conversation, command));
            }
        }
    }
}

/// What is known about the points of an event, from near to far.
struct Chain<'a> {
    ledger: &'a Ledger,
    record: Option<&'a ConversationRecord>,
    device: Option<&'a DeviceSum>,
    talk: &'a Conversation,
}

impl Chain<'_> {
    /// How probable a command is that this client never gave here.
    fn p(&self, command: Command) -> f64 {
        let outside = self.is_outside(command);
        let map = self.device.filter(|_| outside).map_or(1.0, |sum| sum.reads_context().novel());
        let site = self.ledger.commands();
        let stray = u64::from(self.is_stray(command));
        let p = site.context().share(site.count(&command).saturating_sub(stray), map);
        let Some(device) = self.device else { return p };
        let known = self.given(command);
        let Some(record) = self.record else {
            return device.acts_context().share(known.map_or(0, |sum| sum.acts), p);
        };
        let acts = record.tally().count();
        let here = Context { events: acts, distinct: 1 + record.distinct_commands() };
        let p = device.kinds_context().share(known.map_or(0, |sum| sum.conversations), p);
        here.share(0, p)
    }

    fn is_outside(&self, command: Command) -> bool {
        let polled = self.device.and_then(|device| device.polls(command.space, command.address));
        polled == Some(false) && self.given(command).is_none()
    }

    /// What the device was given, if that does not count for nothing.
    fn given(&self, command: Command) -> Option<&CommandSum> {
        let given = self.device.and_then(|device| device.command(command));
        given.filter(|_| !self.is_stray(command))
    }

    fn is_stray(&self, command: Command) -> bool {
        self.ledger.is_stray(self.talk, command)
    }

    fn finding(&self, event: &Event, command: Command, new: usize, surprise: Bits) -> Finding {
        let conversation = event.conversation;
        let device = conversation.device();
        let outside = self.is_outside(command);
        let acts = match (self.record, self.device) {
            (Some(record), _) => counted(record.tally().count(), "request"),
            (None, Some(sum)) => format!("{} of all clients", counted(sum.acts, "request")),
            (None, None) => "0 requests".to_owned(),
        };
        let stray = self.record.and_then(|record| record.command(command));
        let stray = stray.filter(|_| self.is_stray(command)).map(CommandRecord::tally);
        let others = match self.given(command) {
            None if stray.is_some() => "nobody did who was there for longer".to_owned(),
            Some(sum) => format!("others did {}", counted(sum.acts, "time")),
            None if outside => "nobody did, and nobody reads that address".to_owned(),
            None => "nobody did".to_owned(),
        };
        let more = match new {
            0 | 1 => String::new(),
            new => format!(
                "; with it {}",
                counted(u64::try_from(new - 1).unwrap_or(u64::MAX), "more new point")
            ),
        };
        Finding {
            detector: NAME,
            kind: if outside { "write-outside-polled-map" } else { "new-point" },
            surprise,
            hard: false,
            actor: None,
            about: None,
            because: format!(
                "{} {} in {acts} of the baseline; {others}{more}",
                conversation.asker(),
                match stray {
                    None => format!("never gave {device} the command {command}"),
                    Some(tally) => format!(
                        "gave {device} the command {command} {}, too seldom to be its way,",
                        counted(tally.count(), "time"),
                    ),
                },
            ),
            normal_if: format!(
                "baseline lists command {command} under conversation {conversation}{}",
                match stray {
                    None => "",
                    Some(_) if self.ledger.is_shared(command) => " in eight segments",
                    Some(_) => " in two segments",
                },
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Space, Target, Value};
    use crate::panel::Panel;
    use crate::samples::{judged, later, learned, request, write};

    fn command(client: u8, address: u32) -> Event {
        write(&request(client, 21), address, Value::Number(1.0))
    }

    /// Holding registers 0 to 9 polled a thousand times; the client wrote registers 0 to 2.
    fn site() -> Ledger {
        let polls = (0..1_000).map(|_| request(5, 21));
        learned(polls.chain((0..3).map(|address| command(5, address))))
    }

    #[test]
    fn what_this_client_commanded_before_is_routine() {
        assert_eq!(judged(NAME, &site(), &command(5, 1)), []);
        assert_eq!(judged(NAME, &site(), &request(5, 21)), []);
    }

    #[test]
    fn the_first_command_to_a_point_is_odd_after_long_polling() {
        let [finding] = &judged(NAME, &site(), &command(5, 7))[..] else { panic!() };
        assert_eq!(finding.kind, "new-point");
        assert!((8.0..12.0).contains(&finding.surprise.0), "{finding:?}");
        assert_eq!(
            finding.because,
            "10.0.0.5 never gave 10.0.0.21 unit 1 the command write holding-register 7 in 1,003 \
             requests of the baseline; nobody did"
        );
    }

    #[test]
    fn what_was_given_once_in_days_is_as_odd_as_ever() {
        let polls = (0..3 * 144).map(|segment| later(request(5, 21), segment * 10));
        let tried = later(command(5, 7), 30);
        let twice = [later(command(5, 8), 30), later(command(5, 8), 60)];
        let ledger = learned(polls.chain([tried]).chain(twice));
        let [finding] = &judged(NAME, &ledger, &command(5, 7))[..] else { panic!() };
        let [never] = &judged(NAME, &ledger, &command(5, 9))[..] else { panic!() };
        assert!((finding.surprise.0 - never.surprise.0).abs() < 0.5, "{finding:?} {never:?}");
        assert_eq!(
            finding.because,
            "10.0.0.5 gave 10.0.0.21 unit 1 the command write holding-register 7 1 time, too seldom to be its way, in \
             435 requests of the baseline; nobody did who was there for longer"
        );
        assert!(finding.normal_if.ends_with("unit 1 in two segments"), "{finding:?}");
        assert_eq!(judged(NAME, &ledger, &command(5, 8)), []);
        let mut panel = Panel::new(&[NAME]).unwrap();
        let mut findings = || [7, 7, 9, 9].map(|nth| panel.judge(&ledger, &command(5, nth)).len());
        assert_eq!(findings(), [1, 0, 1, 1], "what is seldom is told of once");
        assert_eq!(findings(), [0, 0, 1, 1]);
        panel.go_live();
        let again = panel.judge(&ledger, &command(5, 7)).len();
        assert_eq!(again, 1, "what was judged while learning was told to nobody");
        // Where all are given the same, a few times are no way either.
        let polls = (0..3 * 144).map(|segment| later(request(5, 21), segment * 10));
        let same = (20..30).flat_map(|server| {
            (0..3).map(move |point| write(&request(5, server), point, Value::Number(1.0)))
        });
        let tried = (0..7).map(|nth| later(command(5, 7), nth * 60));
        let ledger = learned(polls.chain(same).chain(tried));
        let [finding] = &judged(NAME, &ledger, &command(5, 7))[..] else { panic!() };
        assert!(finding.because.contains("7 times, too seldom"), "{finding:?}");
        assert!(finding.normal_if.ends_with("unit 1 in eight segments"), "{finding:?}");
    }

    #[test]
    fn outside_what_anybody_reads_it_is_far_odder() {
        let [inside] = &judged(NAME, &site(), &command(5, 7))[..] else { panic!() };
        let [outside] = &judged(NAME, &site(), &command(5, 4_000))[..] else { panic!() };
        assert_eq!(outside.kind, "write-outside-polled-map");
        assert!(outside.surprise.0 > inside.surprise.0 + 8.0, "{outside:?}");
        assert!(outside.because.ends_with("nobody did, and nobody reads that address"));
    }

    #[test]
    fn the_polled_map_says_nothing_of_a_device_that_is_polled_by_class() {
        let mut ledger = site();
        let class = Target { space: Space::Class, start: 1, count: 1, values: Vec::new() };
        ledger.learn(&Event { targets: vec![class], ..request(5, 21) });
        assert_eq!(judged(NAME, &ledger, &command(5, 4_000))[0].kind, "new-point");
    }

    #[test]
    fn what_another_client_commands_is_less_odd_than_what_nobody_does() {
        let mut ledger = site();
        (0..500).for_each(|_| ledger.learn(&request(6, 21)));
        let [known] = &judged(NAME, &ledger, &command(6, 1))[..] else { panic!() };
        let [new] = &judged(NAME, &ledger, &command(6, 7))[..] else { panic!() };
        assert!(known.surprise < new.surprise);
        assert!(known.because.ends_with("others did 1 time"), "{known:?}");
    }

    #[test]
    fn a_client_that_was_never_seen_is_judged_by_the_device() {
        let [finding] = &judged(NAME, &site(), &command(66, 7))[..] else { panic!() };
        assert!(finding.surprise.0 > 8.0, "{finding:?}");
        assert!(finding.because.contains("in 1,003 requests of all clients of the baseline"));
    }

    #[test]
    fn who_commanded_many_points_may_command_another() {
        let mut ledger = site();
        (100..400).for_each(|address| ledger.learn(&command(5, address)));
        let [many] = &judged(NAME, &ledger, &command(5, 7))[..] else { panic!() };
        let [few] = &judged(NAME, &site(), &command(5, 7))[..] else { panic!() };
        assert!(many.surprise.0 + 4.0 < few.surprise.0, "{many:?} {few:?}");
    }

    #[test]
    fn of_many_new_points_the_oddest_is_named_and_the_rest_counted() {
        let values = vec![Value::Number(0.0); 12];
        let target = Target { space: Space::HoldingRegister, start: 0, count: 12, values };
        let event = Event { targets: vec![target], ..command(5, 0) };
        let [finding] = &judged(NAME, &site(), &event)[..] else { panic!() };
        assert_eq!(finding.kind, "write-outside-polled-map");
        assert!(finding.because.ends_with("with it 8 more new points"), "{finding:?}");
        assert!(finding.because.contains("holding-register 10 "), "{finding:?}");
    }
}
