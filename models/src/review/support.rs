//! How surprising a thing is to a ledger that did not learn one of the times it was met.
//!
//! The unit is the ten-minute segment: a thousand times within one are one. With a thing met in `s` of the
//! `n` segments of its conversation, and `u` kinds of things there,
//!
//! ```text
//! p = share(s − 1 of n − 1 segments, u' kinds, parent)      bits = −log2 p
//! ```
//!
//! where `share` is the estimate of [`crate::surprise`], `u'` is `u` less one if `s` is 1, and the parents
//! (the client's other conversations, the device's other clients, the site) are counted without this one as
//! well. That is leave-one-segment-out: the ledger keeps the segments of each thing and not what each
//! segment held, so that for `s` = 1 it is exact, and for more it is the same for any segment left out.
//! Which point of a device an unheard-of command goes to is one of as many as the device reports.

use foldhash::HashMap;

use crate::detector::Bits;
use crate::event::{Conversation, Device, Space};
use crate::ledger::{
    Command, CommandRecord, ConversationRecord, FunctionKey, FunctionRecord, Ledger, Tally,
    is_seldom,
};
use crate::surprise::{Context, bits, real};

/// In how many separate segments something was met: two that touch are one, as a minute may be in both.
pub(super) fn occasions(tally: &Tally) -> u64 {
    let segments = tally.segments();
    let count = segments.count();
    if burst(tally).is_some() { 1 } else { count }
}

/// The first of one segment, or of two that touch, if something was met in no others.
pub(super) fn burst(tally: &Tally) -> Option<u32> {
    let segments = tally.segments();
    match segments.ranges[..] {
        [range] if !segments.more() && range.count() <= 2 => Some(range.first),
        _ => None,
    }
}

/// Whether something was met in one burst, of enough segments that this says something.
fn is_once(tally: &Tally, of: u64) -> bool {
    burst(tally).is_some() && is_seldom(tally.segments().count(), of)
}

/// How seldom something is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seldom {
    pub(super) surprise: Bits,
    /// Whether it was met in one burst only, and nothing like it in any other conversation.
    pub(super) alone: bool,
}

/// The estimates over one ledger.
pub(super) struct Support<'l> {
    ledger: &'l Ledger,
    /// How many points of each space a device reports.
    points: HashMap<(Device, Space), u64>,
    /// Below this, one such thing is to be expected in all segments of all conversations.
    least: Bits,
}

impl<'l> Support<'l> {
    pub(super) fn of(ledger: &'l Ledger) -> Self {
        let mut points = HashMap::default();
        for (device, record) in ledger.devices() {
            for (point, _) in record.points() {
                let count = points.entry((*device, point.space)).or_insert(0_u64);
                *count = count.saturating_add(1);
            }
        }
        let conversations = ledger.conversations();
        let segments = conversations.iter().map(|(_, record)| record.tally().segments().count());
        let trials = segments.fold(0, u64::saturating_add);
        Self { ledger, points, least: bits(1.0 / real(trials.max(1))) }
    }

    /// Whether less than one thing this odd is to be expected, or there is no other like it on the site.
    pub(super) fn is_odd(&self, seldom: Seldom) -> bool {
        seldom.surprise > self.least || seldom.alone
    }

    /// A function of a conversation.
    pub(super) fn function(
        &self,
        conversation: &Conversation,
        record: &ConversationRecord,
        key: FunctionKey,
        function: &FunctionRecord,
    ) -> Seldom {
        let site = self.ledger.functions();
        let p = without(site.context(), site.count(&key), 1.0);
        let client = self.ledger.client(&conversation.client);
        let p =
            client.map_or(p, |sum| without(sum.functions.context(), sum.functions.count(&key), p));
        let events = record.tally().segments().count();
        let here = Context { events, distinct: record.distinct_functions() };
        let others = client.map_or(0, |sum| sum.functions.count(&key));
        let alone = others <= 1 && site.count(&key) <= 1 && is_once(function.tally(), events);
        Seldom { surprise: bits(without(here, occasions(function.tally()), p)), alone }
    }

    /// A command of a conversation.
    pub(super) fn command(
        &self,
        conversation: &Conversation,
        record: &ConversationRecord,
        command: Command,
        given: &CommandRecord,
    ) -> Seldom {
        let device = conversation.device();
        let points = self.points.get(&(device, command.space)).copied().unwrap_or(1);
        let site = self.ledger.commands();
        let p = without(site.context(), site.count(&command), 1.0 / real(points.max(1)));
        let sum = self.ledger.device(&device);
        let p = sum.map_or(p, |sum| {
            let clients = sum.command(command).map_or(0, |sum| sum.conversations);
            without(sum.kinds_context(), clients, p)
        });
        let events = record.tally().segments().count();
        // One more symbol stands for all that commands nothing.
        let here = Context { events, distinct: 1 + record.distinct_commands() };
        let others = sum.and_then(|sum| sum.command(command)).map_or(0, |sum| sum.conversations);
        let alone = others <= 1 && site.count(&command) <= 1 && is_once(given.tally(), events);
        Seldom { surprise: bits(without(here, occasions(given.tally()), p)), alone }
    }
}

/// A client, among the segments of all clients.
pub(super) fn of_client(clients: Context, segments: u64) -> Bits {
    bits(without(clients, segments, 1.0))
}

/// The probability of a symbol that was met `count` times, to a context without one of them.
fn without(context: Context, count: u64, parent: f64) -> f64 {
    let last = u64::from(count <= 1);
    let rest = Context {
        events: context.events.saturating_sub(1),
        distinct: context.distinct.saturating_sub(last),
    };
    rest.share(count.saturating_sub(1), parent)
}
