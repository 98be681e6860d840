//! The ledger itself, and how it is looked into.

use core::fmt;
use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use super::attempts::{AttemptRecord, Pair};
use super::index::{ClientSum, CommandSum, DeviceSum, Index, Kinds, Spells, size};
use super::mac::Mac;
use super::pace::Pace;
use super::provenance::{Capture, Digest, SameCapture};
use super::records::{Command, ConversationRecord, DeviceRecord, FunctionKey, Span};
use super::rulings::{Ruled, Ruling};
use super::tally::Tally;
use crate::event::{Conversation, Device};
use crate::limits::Limit;
use crate::surprise::Context;

/// Everything that was learned: counts with provenance.
///
/// [`learn`](Self::learn) is the only thing that learns. The same events and captures in any order
/// make the same ledger, unless a limit was reached.
#[derive(Clone, Default)]
pub struct Ledger {
    pub(crate) facts: Facts,
    pub(crate) index: Index,
}

/// What is written to the file; the rest follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) captures: BTreeMap<Digest, Capture>,
    /// How often a new name was not learned because a limit was reached.
    pub(crate) refused: BTreeMap<Limit, u64>,
    pub(crate) rulings: BTreeMap<Ruling, Ruled>,
    pub(crate) conversations: HashMap<Conversation, ConversationRecord>,
    pub(crate) devices: HashMap<Device, DeviceRecord>,
    /// The addresses of the link layer that hosts had.
    pub(crate) hosts: BTreeMap<IpAddr, BTreeMap<Mac, Tally>>,
    /// How many hops the packets of hosts had left.
    pub(crate) hops: BTreeMap<IpAddr, BTreeMap<u8, Tally>>,
    /// Who asks whom for connections.
    pub(crate) attempts: HashMap<Pair, AttemptRecord>,
    /// Who speaks with what on the link.
    pub(crate) links: HashMap<Conversation, Tally>,
    /// Who used how many connections to whom at once.
    pub(crate) at_once: HashMap<(Pair, u8), Tally>,
}

impl Facts {
    pub(crate) fn refuse(&mut self, limit: Limit, times: u64) {
        if times > 0 {
            let count = self.refused.entry(limit).or_insert(0);
            *count = count.saturating_add(times);
        }
    }
}

impl Ledger {
    pub(crate) fn from_facts(facts: Facts) -> Self {
        Self { index: Index::of(&facts), facts }
    }

    /// Notes that what is learned comes from this capture.
    ///
    /// # Errors
    ///
    /// [`SameCapture`] if it was learned from already.
    pub fn add_capture(&mut self, capture: Capture) -> Result<(), SameCapture> {
        if self.facts.captures.contains_key(&capture.digest) {
            return Err(SameCapture(capture.digest));
        }
        self.facts.captures.insert(capture.digest, capture);
        Ok(())
    }

    /// The captures it was learned from, sorted by digest.
    pub fn captures(&self) -> impl Iterator<Item = &Capture> {
        self.facts.captures.values()
    }

    /// The limits that were reached, and how often a new name was not learned because of it.
    pub fn limits_reached(&self) -> impl Iterator<Item = (Limit, u64)> {
        self.facts.refused.iter().map(|(limit, times)| (*limit, *times))
    }

    /// Whether nothing was learned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.conversations.is_empty()
    }

    /// How much is in it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            acts: self.index.acts,
            conversations: size(self.facts.conversations.len()),
            clients: size(self.index.clients.len()),
            devices: size(self.index.devices.len()),
            functions: size(self.index.functions_learned),
            commands: size(self.index.commands_learned),
            reads: size(self.index.spans_learned),
            points: size(self.index.points_learned),
        }
    }

    /// All conversations, sorted.
    #[must_use]
    pub fn conversations(&self) -> Vec<(&Conversation, &ConversationRecord)> {
        sorted(&self.facts.conversations)
    }

    /// What was learned of a conversation.
    #[must_use]
    pub fn conversation(&self, conversation: &Conversation) -> Option<&ConversationRecord> {
        self.facts.conversations.get(conversation)
    }

    /// What was learned of a device, whoever asked.
    #[must_use]
    pub fn record(&self, device: &Device) -> Option<&DeviceRecord> {
        self.facts.devices.get(device)
    }

    /// What was learned of each device, sorted.
    #[must_use]
    pub fn devices(&self) -> Vec<(&Device, &DeviceRecord)> {
        sorted(&self.facts.devices)
    }

    /// In how many ten-minute segments the device of a conversation was heard, at least.
    #[must_use]
    pub fn segments(&self, conversation: &Conversation) -> u64 {
        let here = self.conversation(conversation).map(ConversationRecord::tally);
        let record = self.record(&conversation.device());
        let reads = record.into_iter().flat_map(|record| record.reads.values());
        here.into_iter().chain(reads).map(|tally| tally.segments().count()).max().unwrap_or(0)
    }

    /// All spans read of a device, sorted.
    #[must_use]
    pub fn reads(&self, device: &Device) -> Vec<(&Span, &Tally)> {
        self.record(device).map(|record| sorted(&record.reads)).unwrap_or_default()
    }

    /// The conversations with a device, sorted.
    #[must_use]
    pub fn conversations_with(&self, device: &Device) -> &[Conversation] {
        self.index.devices.get(device).map_or(&[], |sum| &sum.with)
    }

    /// All conversations of a client together.
    #[must_use]
    pub fn client(&self, client: &IpAddr) -> Option<&ClientSum> {
        self.index.clients.get(client)
    }

    /// Whether the server of a device has others behind its address.
    #[must_use]
    pub fn has_other_units(&self, device: &Device) -> bool {
        let units = self.index.units.get(&(device.protocol, device.server));
        units.is_some_and(|units| units.iter().any(|unit| *unit != device.unit))
    }

    /// All conversations with a device together.
    #[must_use]
    pub fn device(&self, device: &Device) -> Option<&DeviceSum> {
        self.index.devices.get(device)
    }

    /// The devices that a command was given to, sorted, and what was learned of it there.
    pub fn given(
        &self,
        command: Command,
    ) -> impl Iterator<Item = (&Device, &DeviceSum, &CommandSum)> {
        let devices = self.index.given.get(&command).into_iter().flatten();
        devices.filter_map(move |device| {
            let sum = self.index.devices.get(device)?;
            Some((device, sum, sum.command(command)?))
        })
    }

    /// Whether some other host asked something of this one.
    #[must_use]
    pub fn serves(&self, host: &IpAddr) -> bool {
        self.index.servers.contains(host)
    }

    /// Commands that devices got: somebody turned to them.
    #[must_use]
    pub const fn visits(&self) -> Spells {
        self.index.visits
    }

    /// Reports that devices gave unasked.
    #[must_use]
    pub const fn reports(&self) -> Spells {
        self.index.reports
    }

    /// How often the acts of the whole site came.
    #[must_use]
    pub const fn pace(&self) -> &Pace {
        &self.index.pace
    }

    /// The hosts of which an address of the link layer is known, sorted.
    pub fn hosts(&self) -> impl Iterator<Item = (&IpAddr, &BTreeMap<Mac, Tally>)> {
        self.facts.hosts.iter()
    }

    /// The addresses of the link layer that a host had, sorted.
    #[must_use]
    pub fn macs(&self, host: &IpAddr) -> Option<&BTreeMap<Mac, Tally>> {
        self.facts.hosts.get(host)
    }

    /// The hosts that had an address of the link layer, sorted.
    pub fn hosts_of(&self, mac: Mac) -> impl Iterator<Item = IpAddr> {
        let hosts = self.facts.hosts.iter();
        hosts.filter(move |(_, macs)| macs.contains_key(&mac)).map(|(host, _)| *host)
    }

    /// Acts of the whole site as events, conversations as symbols.
    #[must_use]
    pub fn conversations_context(&self) -> Context {
        Context { events: self.index.acts, distinct: size(self.facts.conversations.len()) }
    }

    /// Acts of the whole site as events, clients as symbols.
    #[must_use]
    pub fn clients_context(&self) -> Context {
        Context { events: self.index.acts, distinct: size(self.index.clients.len()) }
    }

    /// Acts of the whole site as events, devices as symbols.
    #[must_use]
    pub fn devices_context(&self) -> Context {
        Context { events: self.index.acts, distinct: size(self.index.devices.len()) }
    }

    /// By how many clients each function was sent.
    #[must_use]
    pub const fn functions(&self) -> &Kinds<FunctionKey> {
        &self.index.functions
    }

    /// To how many devices each command was given.
    #[must_use]
    pub const fn commands(&self) -> &Kinds<Command> {
        &self.index.commands
    }
}

/// Two ledgers are equal when their files are.
impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        self.facts == other.facts
    }
}

impl Eq for Ledger {}

/// How much, and not what: a ledger is too large to read this way.
impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// How much a ledger holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Acts learned.
    pub acts: u64,
    /// Conversations.
    pub conversations: u64,
    /// Clients among them.
    pub clients: u64,
    /// Devices among them.
    pub devices: u64,
    /// Functions of all conversations.
    pub functions: u64,
    /// Commands (intent and point) of all conversations.
    pub commands: u64,
    /// Spans read of all devices.
    pub reads: u64,
    /// Points that devices reported values of.
    pub points: u64,
}

/// What a hash map holds, in the order of its keys.
pub(crate) fn sorted<K: Ord, V>(map: &HashMap<K, V>) -> Vec<(&K, &V)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by(|ours, theirs| ours.0.cmp(theirs.0));
    entries
}
