//! Sums over what was learned, kept beside it for quick judging; never written, always derivable.

use core::hash::Hash;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};

use super::attempts::Pair;
use super::pace::Pace;
use super::ranges;
use super::records::{Command, FunctionKey, Span};
use super::store::Facts;
use super::tally::Tally;
use super::values::Values;
use crate::event::{Conversation, Device, Intent, Protocol, Space};
use crate::surprise::Context;

/// Pairs of device and command of which it can be told whether devices share commands.
const SHARED: u64 = 20;

/// In how many children of a context each symbol was met: what a parent counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds<K: Eq + Hash> {
    children: HashMap<K, u64>,
    total: u64,
}

impl<K: Eq + Hash> Kinds<K> {
    /// In how many children it was met.
    #[must_use]
    pub fn count(&self, key: &K) -> u64 {
        self.children.get(key).copied().unwrap_or(0)
    }

    /// The context for estimates: events are pairs of child and symbol.
    #[must_use]
    pub fn context(&self) -> Context {
        Context { events: self.total, distinct: size(self.children.len()) }
    }

    /// Counts one more child; true if it is the first.
    fn add(&mut self, key: K) -> bool {
        let count = self.children.entry(key).or_insert(0);
        *count += 1;
        self.total += 1;
        *count == 1
    }
}

impl<K: Eq + Hash> Default for Kinds<K> {
    fn default() -> Self {
        Self { children: HashMap::default(), total: 0 }
    }
}

/// All conversations of one client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientSum {
    /// Its acts.
    pub acts: u64,
    /// Its conversations.
    pub conversations: u64,
    /// In how many of them each function was sent.
    pub functions: Kinds<FunctionKey>,
    /// How often its acts came.
    pub pace: Pace,
    given: BTreeMap<(Intent, Space), u64>,
}

impl ClientSum {
    /// How many points it gave such a command, counted for each time.
    #[must_use]
    pub fn given(&self, intent: Intent, space: Space) -> u64 {
        self.given.get(&(intent, space)).copied().unwrap_or(0)
    }

    /// How many points of a kind it gave any command, counted for each time.
    #[must_use]
    pub fn given_to(&self, space: Space) -> u64 {
        let to = self.given.iter().filter(|((_, to), _)| *to == space);
        to.map(|(_, times)| *times).fold(0, u64::saturating_add)
    }

    /// Commands as events, counted for each point and time; intent and kind of point as symbols.
    #[must_use]
    pub fn given_context(&self) -> Context {
        let events = self.given.values().copied().fold(0, u64::saturating_add);
        Context { events, distinct: size(self.given.len()) }
    }
}

/// All conversations with one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceSum {
    /// Acts of all clients.
    pub acts: u64,
    /// Conversations with it.
    pub conversations: u64,
    /// Reads of spans.
    pub reads: u64,
    /// Distinct spans read.
    pub spans: u64,
    /// Commands, counted for each conversation they were given in.
    pub given: u64,
    /// The conversations, sorted.
    pub(crate) with: Vec<Conversation>,
    /// How often acts came to it.
    pub pace: Pace,
    commands: HashMap<Command, CommandSum>,
    polled: BTreeMap<Space, Vec<(u32, u32)>>,
    /// How often it did each function, whoever asked, and how often of that with proof.
    proofs: HashMap<FunctionKey, (u64, u64)>,
}

/// A command to a device, whoever gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandSum {
    /// Acts that gave it.
    pub acts: u64,
    /// Conversations it was given in.
    pub conversations: u64,
    /// The values it was given with.
    pub values: Values,
}

impl DeviceSum {
    /// What was learned of a command, whoever gave it.
    #[must_use]
    pub fn command(&self, command: Command) -> Option<&CommandSum> {
        self.commands.get(&command)
    }

    /// Acts as events; the symbols are the commands, and one that stands for all that commands
    /// nothing.
    #[must_use]
    pub fn acts_context(&self) -> Context {
        Context { events: self.acts, distinct: 1 + size(self.commands.len()) }
    }

    /// Commands as events, counted for each conversation they were given in.
    #[must_use]
    pub fn kinds_context(&self) -> Context {
        Context { events: self.given, distinct: size(self.commands.len()) }
    }

    /// Reads as events, spans as symbols.
    #[must_use]
    pub fn reads_context(&self) -> Context {
        Context { events: self.reads, distinct: self.spans }
    }

    /// How often it did a function, whoever asked, and how often of that with proof.
    pub(crate) fn proofs(&self, key: FunctionKey) -> (u64, u64) {
        self.proofs.get(&key).copied().unwrap_or_default()
    }

    /// The ranges (first and last address) that are read of each space, sorted.
    pub fn polled(&self) -> impl Iterator<Item = (Space, &[(u32, u32)])> {
        self.polled.iter().map(|(space, ranges)| (*space, ranges.as_slice()))
    }

    /// Whether somebody reads this point, as far as reads tell.
    ///
    /// `None` where they do not: nobody reads this space by address, or somebody reads the device
    /// by class, where the device decides what it answers.
    #[must_use]
    pub fn polls(&self, space: Space, address: u32) -> Option<bool> {
        if self.polled.contains_key(&Space::Class) {
            return None;
        }
        self.polled.get(&space).map(|ranges| ranges::hold(ranges, address))
    }
}

/// How often something happened to devices, and in how many ten-minute segments, counted for each device: the
/// quotient is how often it happens where it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spells {
    /// How often.
    pub count: u64,
    /// In how many segments.
    pub segments: u64,
}

impl Spells {
    /// Those of one device, in the segments that are kept.
    pub(crate) fn of(tally: Option<&Tally>) -> Self {
        tally.map_or(Self::default(), |tally| Self {
            count: tally.recent(),
            segments: tally.segments().count(),
        })
    }

    /// Takes those of one device out as they were, and in as they are.
    pub(crate) fn change(&mut self, before: Self, now: Self) {
        self.count = self.count.saturating_sub(before.count).saturating_add(now.count);
        self.segments = self.segments.saturating_sub(before.segments).saturating_add(now.segments);
    }
}

/// All sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) acts: u64,
    pub(crate) pace: Pace,
    pub(crate) clients: HashMap<IpAddr, ClientSum>,
    pub(crate) servers: HashSet<IpAddr>,
    /// The units behind each address.
    pub(crate) units: HashMap<(Protocol, IpAddr), BTreeSet<u16>>,
    /// Commands to devices.
    pub(crate) visits: Spells,
    /// Reports of devices.
    pub(crate) reports: Spells,
    /// Hosts that have conversations, be it on the link alone.
    pub(crate) pairs: HashSet<Pair>,
    pub(crate) devices: HashMap<Device, DeviceSum>,
    /// Devices that had anybody prove who he is.
    pub(crate) proving: HashSet<Device>,
    /// Functions that anybody had to prove himself for.
    pub(crate) proved: HashSet<FunctionKey>,
    /// In how many clients' conversations each function was sent.
    pub(crate) functions: Kinds<FunctionKey>,
    /// To how many devices each command was given.
    pub(crate) commands: Kinds<Command>,
    /// Of the commands of an intent to a kind of point: pairs with the devices that were given one, and
    /// commands that one device alone was.
    sharing: HashMap<(Intent, Space), (u64, u64)>,
    /// Those devices, sorted.
    pub(crate) given: HashMap<Command, Vec<Device>>,
    /// Functions of all conversations.
    pub(crate) functions_learned: usize,
    /// Commands of all conversations.
    pub(crate) commands_learned: usize,
    /// Spans of all devices.
    pub(crate) spans_learned: usize,
    /// Reported points of all devices.
    pub(crate) points_learned: usize,
    /// Addresses of the link layer of all hosts.
    pub(crate) macs_learned: usize,
    /// Counts of hops of all hosts.
    pub(crate) hops_learned: usize,
}

impl Index {
    /// The sums of all that was learned.
    pub(crate) fn of(facts: &Facts) -> Self {
        let mut index = Self::default();
        for (conversation, record) in &facts.conversations {
            index.add_conversation(conversation);
            index.add_acts(conversation, record.tally.count);
            index.each_pace(conversation, |pace| pace.add_acts(&record.tally));
            for (key, function) in &record.functions {
                index.add_function(conversation.client, *key);
                let (done, proved) = (function.outcomes.done, function.proved);
                index.add_done(conversation.device(), *key, done, proved);
                index.each_pace(conversation, |pace| {
                    pace.add_function(*key, &function.tally, function.outcomes);
                });
            }
            for (command, record) in &record.commands {
                index.add_given(conversation.client, *command, record.tally.count);
                let sum = index.add_command(conversation.device(), *command, true);
                sum.acts = sum.acts.saturating_add(record.tally.count);
                sum.values.merge(&record.values);
            }
        }
        for sum in index.devices.values() {
            index.visits.change(Spells::default(), Spells::of(sum.pace.commands.as_ref()));
        }
        for (device, record) in &facts.devices {
            index.reports.change(Spells::default(), Spells::of(record.reports.as_ref()));
            for (span, tally) in &record.reads {
                index.add_reads(*device, *span, true, tally.count);
            }
            index.points_learned += record.points.len();
        }
        index.pairs.extend(facts.links.keys().map(Conversation::pair));
        index.hops_learned = facts.hops.values().map(BTreeMap::len).sum();
        index.macs_learned = facts.hosts.values().map(BTreeMap::len).sum();
        index
    }

    pub(crate) fn add_conversation(&mut self, conversation: &Conversation) {
        self.clients.entry(conversation.client).or_default().conversations += 1;
        let device = self.devices.entry(conversation.device()).or_default();
        device.conversations += 1;
        let at = device.with.partition_point(|known| known < conversation);
        device.with.insert(at, *conversation);
        self.pairs.insert(conversation.pair());
        let server = (conversation.protocol, conversation.server);
        self.units.entry(server).or_default().insert(conversation.unit);
        // A host that only asks itself (a simulation on one machine) serves nobody.
        if conversation.server != conversation.client {
            self.servers.insert(conversation.server);
        }
    }

    pub(crate) fn add_acts(&mut self, conversation: &Conversation, count: u64) {
        let client = self.clients.entry(conversation.client).or_default();
        let device = self.devices.entry(conversation.device()).or_default();
        for acts in [&mut self.acts, &mut client.acts, &mut device.acts] {
            *acts = acts.saturating_add(count);
        }
    }

    /// The paces that an act of this conversation belongs to: of the site, client and device.
    pub(crate) fn each_pace(
        &mut self,
        conversation: &Conversation,
        mut add: impl FnMut(&mut Pace),
    ) {
        let client = self.clients.entry(conversation.client).or_default();
        let device = self.devices.entry(conversation.device()).or_default();
        for pace in [&mut self.pace, &mut client.pace, &mut device.pace] {
            add(pace);
        }
    }

    /// A command that was given in a conversation.
    pub(crate) fn count_command(&mut self, conversation: &Conversation, time_ns: u64) {
        let device = conversation.device();
        let spells = |index: &Self| {
            Spells::of(index.devices.get(&device).and_then(|sum| sum.pace.commands.as_ref()))
        };
        let before = spells(self);
        self.each_pace(conversation, |pace| pace.add_command(time_ns));
        let now = spells(self);
        self.visits.change(before, now);
    }

    /// A function that is new in a conversation of this client.
    pub(crate) fn add_function(&mut self, client: IpAddr, key: FunctionKey) {
        self.functions_learned += 1;
        if self.clients.entry(client).or_default().functions.add(key) {
            self.functions.add(key);
        }
    }

    /// A function that a device did so often, and so often of that with proof.
    pub(crate) fn add_done(&mut self, device: Device, key: FunctionKey, done: u64, proved: u64) {
        if done == 0 && proved == 0 {
            return;
        }
        let sums = self.devices.entry(device).or_default().proofs.entry(key).or_default();
        *sums = (sums.0.saturating_add(done), sums.1.saturating_add(proved));
        if proved > 0 {
            self.proving.insert(device);
            self.proved.insert(key);
        }
    }

    /// Whether what a device is given of commands like this one, others are given too: of what devices are
    /// given of them, less than a quarter is given to one alone.
    pub(crate) fn is_shared(&self, command: Command) -> bool {
        let of = self.sharing.get(&(command.intent, command.space)).copied();
        of.is_some_and(|(pairs, alone)| pairs >= SHARED && alone.saturating_mul(4) < pairs)
    }

    /// A command that a client gave so often.
    pub(crate) fn add_given(&mut self, client: IpAddr, command: Command, times: u64) {
        let client = self.clients.entry(client).or_default();
        let given = client.given.entry((command.intent, command.space)).or_insert(0);
        *given = given.saturating_add(times);
    }

    /// The sum for a command, which may be new in its conversation.
    pub(crate) fn add_command(
        &mut self,
        device: Device,
        command: Command,
        new: bool,
    ) -> &mut CommandSum {
        let known = self.devices.entry(device).or_default();
        let sum = known.commands.entry(command).or_default();
        if new {
            self.commands_learned += 1;
            known.given += 1;
            sum.conversations += 1;
            if sum.conversations == 1 {
                self.commands.add(command);
                let (pairs, alone) =
                    self.sharing.entry((command.intent, command.space)).or_default();
                *pairs += 1;
                match self.commands.count(&command) {
                    1 => *alone += 1,
                    2 => *alone -= 1,
                    _ => {}
                }
                let devices = self.given.entry(command).or_default();
                let at = devices.partition_point(|other| *other < device);
                devices.insert(at, device);
            }
        }
        sum
    }

    /// Reads of a span, which may be new for its device.
    pub(crate) fn add_reads(&mut self, device: Device, span: Span, new: bool, count: u64) {
        let device = self.devices.entry(device).or_default();
        device.reads = device.reads.saturating_add(count);
        if new {
            self.spans_learned += 1;
            device.spans += 1;
            let ranges = device.polled.entry(span.space).or_default();
            ranges::add(ranges, (span.start, span.last()));
        }
    }
}

/// A number of things in memory as a count.
pub(crate) fn size(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
