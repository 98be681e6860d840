//! `point`: what was never commanded.
//!
//! *Sees*: a write, operate or select of a point that this client never commanded, that nobody
//! commanded (`new-point`), or that nobody even reads where all that is known of the device is what
//! addresses are read of it (`write-outside-polled-map`). All acts of the conversation count, polls
//! too: after long polling the first command is properly odd, and who commanded many points may
//! command another. The chain is the conversation, then the device, then the site, then the polled
//! map; a conversation that is new is judged by the acts of the device.
//! *Blind to*: values; a point of a space nobody reads by address, and of a device polled by class
//! (DNP3), as far as the polled map goes; points beyond the first 2,000 of an act.
//! *State*: none.

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Event, Stage};
use crate::ledger::{Command, CommandSum, ConversationRecord, DeviceSum, Ledger};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

pub(crate) const NAME: &str = "point";

/// Judges which points are commanded.
#[derive(Debug)]
pub(crate) struct NewPoint;

impl Detector for NewPoint {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if event.stage != Stage::Requested || !event.intent.commands() {
            return;
        }
        let chain = Chain {
            ledger,
            record: ledger.conversation(&event.conversation),
            device: ledger.device(&event.conversation.device()),
        };
        let mut new: u64 = 0;
        let mut oddest: Option<(Bits, Command)> = None;
        for (command, _) in event.commands() {
            if chain.record.is_some_and(|record| record.command(command).is_some()) {
                continue;
            }
            new += 1;
            let surprise = surprise::bits(chain.p(command));
            if oddest.is_none_or(|(most, _)| surprise > most) {
                oddest = Some((surprise, command));
            }
        }
        if let Some((surprise, command)) = oddest.filter(|(surprise, _)| *surprise >= FLOOR) {
            found(chain.finding(event, command, new, surprise));
        }
    }
}

/// What is known about the points of an event, from near to far.
struct Chain<'a> {
    ledger: &'a Ledger,
    record: Option<&'a ConversationRecord>,
    device: Option<&'a DeviceSum>,
}

impl Chain<'_> {
    /// How probable a command is that this client never gave here.
    fn p(&self, command: Command) -> f64 {
        let outside = self.is_outside(command);
        let map = self.device.filter(|_| outside).map_or(1.0, |sum| sum.reads_context().novel());
        let site = self.ledger.commands();
        let p = site.context().share(site.count(&command), map);
        let Some(device) = self.device else { return p };
        let known = device.command(command);
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

    fn given(&self, command: Command) -> Option<&CommandSum> {
        self.device.and_then(|device| device.command(command))
    }

    fn finding(&self, event: &Event, command: Command, new: u64, surprise: Bits) -> Finding {
        let conversation = event.conversation;
        let device = conversation.device();
        let outside = self.is_outside(command);
        let acts = match (self.record, self.device) {
            (Some(record), _) => counted(record.tally().count(), "request"),
            (None, Some(sum)) => format!("{} of all clients", counted(sum.acts, "request")),
            (None, None) => "0 requests".to_owned(),
        };
        let others = match self.given(command) {
            Some(sum) => format!("others did {}", counted(sum.acts, "time")),
            None if outside => "nobody did, and nobody reads that address".to_owned(),
            None => "nobody did".to_owned(),
        };
        let more = match new {
            0 | 1 => String::new(),
            new => format!("; with it {}", counted(new - 1, "more such point")),
        };
        Finding {
            detector: NAME,
            kind: if outside { "write-outside-polled-map" } else { "new-point" },
            surprise,
            hard: false,
            actor: None,
            because: format!(
                "{} never gave {device} the command {command} in {acts} of the baseline; {others}{more}",
                conversation.asker(),
            ),
            normal_if: format!(
                "baseline lists command {command} under conversation {conversation}"
            ),
        }
    }
}
