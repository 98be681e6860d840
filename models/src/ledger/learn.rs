//! How an event becomes counts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::attempts::Pair;
use super::index::Spells;
use super::mac::Mac;
use super::records::{
    Command, CommandRecord, ConversationRecord, FunctionKey, FunctionRecord, Outcomes, Point,
    PointRecord, Span,
};
use super::store::Ledger;
use super::tally::Tally;
use super::values::Values;
use crate::event::{
    Attempt, Conversation, Device, Event, Intent, Outcome, Space, Stage, Target, Value,
};
use crate::limits::{
    CONVERSATIONS, FUNCTIONS, FUNCTIONS_A_CONVERSATION, Limit, MACS, MACS_A_HOST, POINTS,
    POINTS_A_DEVICE, POINTS_AN_ACT, READS, READS_A_DEVICE, REPORTED, REPORTED_A_DEVICE,
};
use crate::surprise::real;

impl Event {
    /// The function as it is told apart.
    #[must_use]
    pub const fn function_key(&self) -> FunctionKey {
        FunctionKey { intent: self.intent, code: self.function.code, sub: self.function.sub }
    }

    /// What the act commands, point by point with the value if there is one, the first
    /// [`POINTS_AN_ACT`] of them.
    ///
    /// Where some targets of a command carry values, those without are its reading half (Modbus
    /// function 23).
    pub fn commands(&self) -> impl Iterator<Item = (Command, Option<Value>)> {
        let intent = self.intent;
        let points = self.commanded().flat_map(move |target| {
            let addresses = target.start..=target.span().last();
            let values = target.values.iter().copied().map(Some).chain(core::iter::repeat(None));
            let command = move |address| Command { intent, space: target.space, address };
            addresses.map(command).zip(values)
        });
        points.take(POINTS_AN_ACT)
    }

    /// The spans the act reads.
    pub fn reads(&self) -> impl Iterator<Item = Span> {
        let halves = self.intent.commands() && self.carries_values();
        let reads = self.intent == Intent::Read || halves;
        let read = move |target: &&Target| reads && target.values.is_empty();
        self.targets.iter().filter(read).map(Target::span)
    }

    /// The values that the device reports, point by point; clocks are left out.
    pub fn reports(&self) -> impl Iterator<Item = (Point, Value)> {
        let targets = self.reported.iter().filter(|target| target.space != Space::Time);
        targets.flat_map(|target| {
            let point = move |address| Point { space: target.space, address };
            (target.start..=u32::MAX).map(point).zip(target.values.iter().copied())
        })
    }

    /// The two hosts with their addresses of the link layer, where it has any; groups have none.
    pub fn hosts(&self) -> impl Iterator<Item = (IpAddr, Mac)> {
        let ends = [
            (self.conversation.client, self.client_mac),
            (self.conversation.server, self.server_mac),
        ];
        let hosts = ends.into_iter().filter_map(|(host, mac)| Some((host, Mac(mac?))));
        hosts.filter(|(_, mac)| !mac.is_group())
    }

    fn commanded(&self) -> impl Iterator<Item = &Target> {
        let commands = self.intent.commands();
        let carries = commands && self.carries_values();
        self.targets
            .iter()
            .filter(move |target| commands && (!carries || !target.values.is_empty()))
    }

    fn carries_values(&self) -> bool {
        self.targets.iter().any(|target| !target.values.is_empty())
    }

    fn commands_too_many(&self) -> bool {
        let points = self.commanded().map(|target| u64::from(target.count.max(1))).sum::<u64>();
        usize::try_from(points).unwrap_or(usize::MAX) > POINTS_AN_ACT
    }
}

impl Target {
    /// Where it is, without values.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { space: self.space, start: self.start, count: self.count.max(1) }
    }
}

impl Ledger {
    /// Takes an event as normal: the only thing that learns.
    ///
    /// A request counts for its conversation, its function, the spans it reads and the points it
    /// commands; an end counts for the function it was asked with.
    pub fn learn(&mut self, event: &Event) {
        if !event.marks.is_empty() {
            self.learn_quirks(event);
        }
        match event.stage {
            Stage::Requested => self.learn_request(event),
            Stage::Ended { outcome, after_ns } => {
                self.learn_end(event, outcome);
                if outcome != Outcome::Unanswered {
                    self.learn_hosts(event);
                    self.learn_delay(event, after_ns);
                }
                self.learn_reported(event);
            }
            Stage::Reported => {
                self.learn_hosts(event);
                self.learn_report(event);
                self.learn_reported(event);
            }
            Stage::Noticed => {}
            Stage::Attempted(Attempt::Link) => self.learn_link(event),
            Stage::Attempted(attempt) => self.learn_attempt(event, attempt),
        }
    }

    /// Takes what a detector saw in the run of events, and no event shows by itself.
    pub fn note(&mut self, observation: &Observation) {
        let (device, point, saw) = match observation {
            Observation::OfPoint { device, point, saw } => (device, point, saw),
            Observation::AtOnce { pair, connections, time_ns } => {
                return self.learn_at_once((*pair, *connections), *time_ns);
            }
        };
        let known = self.facts.devices.get_mut(device);
        let Some(record) = known.and_then(|record| record.points.get_mut(point)) else { return };
        let count = match saw {
            Saw::Step(by) => return record.steps.add(*by),
            Saw::Stood(reports) => {
                record.stood = record.stood.max(*reports);
                return;
            }
            Saw::Followed => &mut record.effects.followed,
            Saw::Ignored => &mut record.effects.ignored,
            Saw::Unexplained => &mut record.effects.unexplained,
        };
        *count = count.saturating_add(1);
    }

    fn learn_quirks(&mut self, event: &Event) {
        if self.facts.conversations.len() >= CONVERSATIONS {
            return;
        }
        let record = self.facts.devices.entry(event.conversation.device()).or_default();
        for mark in event.marks.iter() {
            let quirk = record.quirks.entry(mark);
            quirk
                .and_modify(|tally| tally.add(event.time_ns))
                .or_insert_with(|| Tally::once(event.time_ns));
        }
    }

    fn learn_delay(&mut self, event: &Event, after_ns: u64) {
        if !self.facts.conversations.contains_key(&event.conversation) {
            return;
        }
        let record = self.facts.devices.entry(event.conversation.device()).or_default();
        record.delays.add(real(after_ns / 1_000));
    }

    fn learn_report(&mut self, event: &Event) {
        if self.facts.conversations.contains_key(&event.conversation) {
            let record = self.facts.devices.entry(event.conversation.device()).or_default();
            let before = Spells::of(record.reports.as_ref());
            Tally::count_in(&mut record.reports, event.time_ns);
            self.index.reports.change(before, Spells::of(record.reports.as_ref()));
        }
    }

    /// The addresses of the link layer that the hosts of a conversation have, and their packets' hops.
    fn learn_hosts(&mut self, event: &Event) {
        if !self.facts.conversations.contains_key(&event.conversation) {
            return;
        }
        self.learn_hops(event);
        for (host, mac) in event.hosts() {
            let known = self.facts.hosts.get_mut(&host).and_then(|macs| macs.get_mut(&mac));
            if let Some(tally) = known {
                tally.add(event.time_ns);
                continue;
            }
            let macs = self.facts.hosts.get(&host).map_or(0, BTreeMap::len);
            if macs >= MACS_A_HOST || self.index.macs_learned >= MACS {
                self.facts.refuse(Limit::Macs, 1);
                continue;
            }
            self.index.macs_learned += 1;
            let macs = self.facts.hosts.entry(host).or_default();
            macs.insert(mac, Tally::once(event.time_ns));
        }
    }

    fn learn_reported(&mut self, event: &Event) {
        // An answer that tells nothing but a time is none.
        if event.reports().next().is_none()
            || !self.facts.conversations.contains_key(&event.conversation)
        {
            return;
        }
        let record = self.facts.devices.entry(event.conversation.device()).or_default();
        let mut refused = 0;
        for (point, value) in event.reports() {
            if !record.points.contains_key(&point) {
                if record.points.len() >= REPORTED_A_DEVICE || self.index.points_learned >= REPORTED
                {
                    refused += 1;
                    continue;
                }
                self.index.points_learned += 1;
            }
            let new = PointRecord { first_ns: event.time_ns, ..PointRecord::default() };
            let known = record.points.entry(point).or_insert(new);
            known.first_ns = known.first_ns.min(event.time_ns);
            known.values.add(value);
        }
        self.facts.refuse(Limit::Reported, refused);
    }

    fn learn_request(&mut self, event: &Event) {
        if !self.learn_act(&event.conversation, event.time_ns) {
            return;
        }
        self.learn_hosts(event);
        self.learn_function(event);
        let device = event.conversation.device();
        for span in event.reads() {
            self.learn_read(device, span, event.time_ns);
        }
        if event.intent.commands() {
            self.learn_commands(event, device);
        }
    }

    /// False if the conversation is new and there is no room for it.
    fn learn_act(&mut self, conversation: &Conversation, time_ns: u64) -> bool {
        if let Some(record) = self.facts.conversations.get_mut(conversation) {
            record.tally.add(time_ns);
        } else if self.facts.conversations.len() < CONVERSATIONS {
            let record = ConversationRecord::new(Tally::once(time_ns));
            self.facts.conversations.insert(*conversation, record);
            self.index.add_conversation(conversation);
        } else {
            self.facts.refuse(Limit::Conversations, 1);
            return false;
        }
        self.index.add_acts(conversation, 1);
        self.index.each_pace(conversation, |pace| pace.add_act(time_ns));
        true
    }

    fn learn_function(&mut self, event: &Event) {
        let Some(record) = self.facts.conversations.get_mut(&event.conversation) else { return };
        let key = event.function_key();
        if let Some((_, known)) = record.functions.iter_mut().find(|(known, _)| *known == key) {
            known.tally.add(event.time_ns);
            known.rename(&event.function);
        } else if record.functions.len() < FUNCTIONS_A_CONVERSATION
            && self.index.functions_learned < FUNCTIONS
        {
            let at = record.functions.partition_point(|(known, _)| *known < key);
            let new = FunctionRecord::once(&event.function, event.time_ns);
            record.functions.insert(at, (key, new));
            self.index.add_function(event.conversation.client, key);
        } else {
            self.facts.refuse(Limit::Functions, 1);
            return;
        }
        if key.intent.commands() {
            self.index.count_command(&event.conversation, event.time_ns);
        }
    }

    fn learn_read(&mut self, device: Device, span: Span, time_ns: u64) {
        let spans = &mut self.facts.devices.entry(device).or_default().reads;
        if let Some(tally) = spans.get_mut(&span) {
            tally.add(time_ns);
            self.index.add_reads(device, span, false, 1);
        } else if spans.len() < READS_A_DEVICE && self.index.spans_learned < READS {
            spans.insert(span, Tally::once(time_ns));
            self.index.add_reads(device, span, true, 1);
        } else {
            self.facts.refuse(Limit::Reads, 1);
        }
    }

    fn learn_commands(&mut self, event: &Event, device: Device) {
        let Some(record) = self.facts.conversations.get_mut(&event.conversation) else { return };
        let mut refused = u64::from(event.commands_too_many());
        let per_device = u64::try_from(POINTS_A_DEVICE).unwrap_or(u64::MAX);
        for (command, value) in event.commands() {
            let new = !record.commands.contains_key(&command);
            let given = self.index.devices.get(&device).map_or(0, |device| device.given);
            if new && (given >= per_device || self.index.commands_learned >= POINTS) {
                refused += 1;
                continue;
            }
            self.index.add_given(event.conversation.client, command, 1);
            let sum = self.index.add_command(device, command, new);
            let known = record
                .commands
                .entry(command)
                .and_modify(|known| known.tally.add(event.time_ns))
                .or_insert_with(|| CommandRecord::once(event.time_ns));
            sum.acts = sum.acts.saturating_add(1);
            if let Some(value) = value {
                known.values.add(value);
                sum.values.add(value);
            }
        }
        self.facts.refuse(Limit::Points, refused);
    }

    fn learn_end(&mut self, event: &Event, outcome: Outcome) {
        let Some(record) = self.facts.conversations.get_mut(&event.conversation) else { return };
        let key = event.function_key();
        if let Some((_, known)) = record.functions.iter_mut().find(|(known, _)| *known == key) {
            known.outcomes.add(outcome);
            if outcome == Outcome::Done {
                let proved = u64::from(event.proved);
                known.proved = known.proved.saturating_add(proved);
                self.index.add_done(event.conversation.device(), key, 1, proved);
            }
            let mut once = Outcomes::default();
            once.add(outcome);
            self.index.each_pace(&event.conversation, |pace| pace.add_outcomes(once));
        }
    }
}

/// What a detector saw in the run of events, for the ledger to count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Observation {
    /// Something of a point.
    OfPoint {
        /// The device.
        device: Device,
        /// The point, of which the device reports values.
        point: Point,
        /// What was seen.
        saw: Saw,
    },
    /// A client used several connections to a server at once.
    AtOnce {
        /// Who asks whom.
        pair: Pair,
        /// How many.
        connections: u8,
        /// When that showed, in nanoseconds since 1970 UTC.
        time_ns: u64,
    },
}

/// What was seen of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Saw {
    /// Its value changed by so much from one report to the next; 0 where it did not.
    Step(f64),
    /// It has not changed in so many reports in a row.
    Stood(u64),
    /// What was commanded was reported soon after.
    Followed,
    /// What was commanded was not reported.
    Ignored,
    /// It changed, and no command was seen.
    Unexplained,
}

impl CommandRecord {
    fn once(time_ns: u64) -> Self {
        Self { tally: Tally::once(time_ns), values: Values::default() }
    }
}
