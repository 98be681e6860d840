//! Goes through a ledger and gathers what is odd in it.

use std::net::IpAddr;

use super::actor::Actors;
use super::support::{Support, burst, occasions, of_client};
use super::values::Siblings;
use super::{Evidence, FLAG, Group};
use crate::detector::Bits;
use crate::detectors::{danger, structure, verb};
use crate::event::{Conversation, Space};
use crate::ledger::{
    Command, CommandRecord, ConversationRecord, DeviceRecord, Ledger, Point, Tally, is_seldom,
    ranges,
};
use crate::surprise::{self, Context};
use crate::words::counted;

/// Hands over all evidence, and what to put it together with.
pub(super) fn evidence(ledger: &Ledger, found: &mut dyn FnMut(Group, Evidence)) {
    let mut collector = Collector {
        ledger,
        support: Support::of(ledger),
        siblings: Siblings::of(ledger),
        actors: Actors::of(ledger),
        found,
    };
    for (conversation, record) in ledger.conversations() {
        collector.conversation(conversation, record);
    }
    for (device, record) in ledger.devices() {
        collector.reads(device, record);
        collector.marks(device, record);
    }
    collector.clients();
    collector.hosts();
    collector.sessions();
}

pub(super) struct Collector<'a> {
    pub(super) ledger: &'a Ledger,
    support: Support<'a>,
    siblings: Siblings,
    pub(super) actors: Actors,
    found: &'a mut dyn FnMut(Group, Evidence),
}

/// A piece of evidence before it is known what it belongs to.
pub(super) struct Piece<'t> {
    pub(super) kind: &'static str,
    /// By support; a flag if there is none.
    pub(super) surprise: Option<Bits>,
    /// When it was seen.
    pub(super) tally: &'t Tally,
    pub(super) because: String,
    pub(super) line: String,
    pub(super) normal_if: String,
    pub(super) acts: Vec<String>,
}

impl Collector<'_> {
    pub(super) fn put(&mut self, actor: IpAddr, piece: Piece<'_>) {
        let group = match burst(piece.tally) {
            _ if self.actors.is_seldom(actor) => Group::Actor(actor),
            Some(segment) => Group::Burst(actor, segment),
            None => Group::Way(actor, piece.kind),
        };
        let Piece { kind, surprise, because, line, normal_if, acts, .. } = piece;
        let (surprise, flag) = (surprise.unwrap_or(FLAG), surprise.is_none());
        (self.found)(group, Evidence { kind, surprise, flag, because, line, normal_if, acts });
    }

    fn conversation(&mut self, conversation: &Conversation, record: &ConversationRecord) {
        let client = conversation.client;
        if self.actors.is_seldom(client) {
            self.seldom_client(conversation, record);
        } else if burst(record.tally()).is_some() {
            self.seldom_conversation(conversation, record);
        }
        for (kind, because) in structure::flags(self.ledger, conversation, record, None) {
            self.put(
                client,
                Piece {
                    kind,
                    surprise: None,
                    tally: record.tally(),
                    because,
                    line: format!("conversation {conversation}"),
                    normal_if: structure::normal_if(kind, conversation),
                    acts: Vec::new(),
                },
            );
        }
        self.functions(conversation, record);
        self.verbs(conversation, record);
        let mut commands: Vec<_> = record.commands().collect();
        commands.sort_unstable_by_key(|(command, _)| **command);
        for (command, given) in commands {
            self.command(conversation, record, *command, given);
            self.unread(conversation, *command, given);
            self.values(conversation, record, *command, given);
        }
    }

    fn seldom_client(&mut self, conversation: &Conversation, record: &ConversationRecord) {
        let client = conversation.client;
        let segments = self.actors.get(client).map_or(0, |actor| actor.segments);
        let asked: Vec<String> = record
            .functions()
            .take(LISTED)
            .map(|(key, function)| format!("{key} {}", counted(function.tally().count(), "time")))
            .collect();
        let mut acts: Vec<_> = record.commands().map(|(command, _)| *command).collect();
        acts.sort_unstable();
        self.put(
            client,
            Piece {
                kind: "seldom-client",
                surprise: Some(of_client(self.actors.context(), segments)),
                tally: record.tally(),
                because: format!(
                    "{client} was there in {segments} of {}; it asked {}: {}",
                    counted(self.actors.segments, "segment"),
                    conversation.device(),
                    asked.join(", "),
                ),
                line: format!("conversation {conversation}"),
                normal_if: format!("seldom-client is normal in {conversation}"),
                acts: acts.iter().map(|command| format!("{conversation}: {command}")).collect(),
            },
        );
    }

    fn seldom_conversation(&mut self, conversation: &Conversation, record: &ConversationRecord) {
        if !is_seldom(record.tally().segments().count(), self.actors.segments) {
            return;
        }
        let context = self.ledger.conversations_context();
        let segments = Context { events: self.actors.segments, ..context };
        self.put(
            conversation.client,
            Piece {
                kind: "seldom-conversation",
                surprise: Some(surprise::bits(segments.novel())),
                tally: record.tally(),
                because: format!(
                    "{} asked {} {}, and never but then in {} of the site",
                    conversation.asker(),
                    conversation.device(),
                    counted(record.tally().count(), "time"),
                    counted(self.actors.segments, "segment"),
                ),
                line: format!("conversation {conversation}"),
                normal_if: format!("seldom-conversation is normal in {conversation}"),
                acts: record.functions().map(|(key, _)| format!("{conversation}: {key}")).collect(),
            },
        );
    }

    fn functions(&mut self, conversation: &Conversation, record: &ConversationRecord) {
        let asker = conversation.asker();
        let device = conversation.device();
        for (key, function) in record.functions() {
            let tally = function.tally();
            let line = format!("  function {key} (conversation {conversation})");
            let acts = vec![format!("{conversation}: {key}")];
            let seen = format!(
                "{asker} sent {device} a {} ({key}) {} in {} of {}",
                function.name(),
                counted(tally.count(), "time"),
                tally.segments().count(),
                counted(record.tally().segments().count(), "segment"),
            );
            if let Some(kind) = danger::learned(self.ledger, conversation, *key) {
                self.put(
                    conversation.client,
                    Piece {
                        kind,
                        surprise: None,
                        tally,
                        because: format!("{}; {seen}", danger::says(kind)),
                        line: line.clone(),
                        normal_if: danger::normal_if(kind, *key, conversation),
                        acts: acts.clone(),
                    },
                );
            }
            let seldom = self.support.function(conversation, record, *key, function);
            if self.support.is_odd(seldom) {
                self.put(
                    conversation.client,
                    Piece {
                        kind: "seldom-function",
                        surprise: Some(seldom.surprise),
                        tally,
                        because: seen,
                        line,
                        normal_if: format!("seldom-function {key} is normal in {conversation}"),
                        acts,
                    },
                );
            }
        }
    }

    /// Ways of commanding that are too seldom to be anybody's.
    fn verbs(&mut self, conversation: &Conversation, record: &ConversationRecord) {
        let Some(client) = self.ledger.client(&conversation.client) else { return };
        for (intent, space, verb) in verb::tried(client, record) {
            let ours = |command: &Command| (command.intent, command.space) == (intent, space);
            let mut commands: Vec<_> = record.commands().filter(|(it, _)| ours(it)).collect();
            commands.sort_unstable_by_key(|(command, _)| **command);
            let tallies = commands.iter().map(|(_, given)| given.tally().clone());
            let Some(tally) = tallies.reduce(|mut all, one| {
                all.merge(&one);
                all
            }) else {
                continue;
            };
            let surprise = verb.surprise(client, record);
            if surprise < surprise::FLOOR {
                continue;
            }
            self.put(
                conversation.client,
                Piece {
                    kind: "seldom-verb",
                    surprise: Some(surprise),
                    tally: &tally,
                    because: format!(
                        "{} {}; here {}",
                        conversation.asker(),
                        verb.says,
                        counted(tally.count(), "time"),
                    ),
                    line: format!("  command {intent} {space} (conversation {conversation})"),
                    normal_if: format!("seldom-verb {intent} {space} is normal in {conversation}"),
                    acts: commands.iter().map(|(it, _)| format!("{conversation}: {it}")).collect(),
                },
            );
        }
    }

    fn command(
        &mut self,
        conversation: &Conversation,
        record: &ConversationRecord,
        command: Command,
        given: &CommandRecord,
    ) {
        let seldom = self.support.command(conversation, record, command, given);
        if !self.support.is_odd(seldom) {
            return;
        }
        let others = self.ledger.commands().count(&command).saturating_sub(1);
        self.put(
            conversation.client,
            Piece {
                kind: "seldom-command",
                surprise: Some(seldom.surprise),
                tally: given.tally(),
                because: format!(
                    "{} gave {} the command {command} {} in {} of {}; {} got it too",
                    conversation.asker(),
                    conversation.device(),
                    counted(given.tally().count(), "time"),
                    occasions(given.tally()),
                    counted(record.tally().segments().count(), "segment"),
                    counted(others, "other device"),
                ),
                line: line_of(conversation, command),
                normal_if: format!("seldom-command {command} is normal in {conversation}"),
                acts: vec![format!("{conversation}: {command}")],
            },
        );
    }

    /// A command to a point that nobody reads, and the device does not report.
    fn unread(&mut self, conversation: &Conversation, command: Command, given: &CommandRecord) {
        let device = conversation.device();
        let Some(sum) = self.ledger.device(&device) else { return };
        let by_class = sum.polled().any(|(space, _)| space == Space::Class);
        let read = sum
            .polled()
            .any(|(space, ranges)| space == command.space && ranges::hold(ranges, command.address));
        let record = self.ledger.record(&device);
        let mut points = record.into_iter().flat_map(DeviceRecord::points);
        let point = Point { space: command.space, address: command.address };
        let reported = record.is_some_and(|record| record.point(point).is_some());
        // Of a device that is asked by class it is known what it reports, and not what it was asked.
        let known = if by_class {
            points.any(|(point, _)| point.space == command.space)
        } else {
            sum.polled().next().is_some()
        };
        if read || reported || !known {
            return;
        }
        self.put(
            conversation.client,
            Piece {
                kind: "unread-point",
                surprise: None,
                tally: given.tally(),
                because: format!(
                    "{} gave {device} the command {command} {}, and nobody reads that point",
                    conversation.asker(),
                    counted(given.tally().count(), "time"),
                ),
                line: line_of(conversation, command),
                normal_if: format!("unread-point {command} is normal in {conversation}"),
                acts: vec![format!("{conversation}: {command}")],
            },
        );
    }

    fn values(
        &mut self,
        conversation: &Conversation,
        record: &ConversationRecord,
        command: Command,
        given: &CommandRecord,
    ) {
        if matches!(command.space, Space::Coil | Space::BinaryOutput) {
            return;
        }
        let device = conversation.device();
        let alike = || {
            let apart = self.siblings.values(&device, command)?.apart()?;
            let ours = given.values().range()?;
            apart.is_in(ours).then_some((apart, ", it and devices like it,"))
        };
        let own = given.values().apart().map(|apart| (apart, ""));
        let Some((apart, whose)) = own.or_else(alike) else { return };
        // As `value` judges it: all of a new command's surprise many widths away, half of it one away.
        let segments = record.tally().segments().count();
        let here = Context { events: segments, distinct: 1 + record.distinct_commands() };
        let part = 1.0 / (1.0 + 1.0 / apart.distance);
        self.put(
            conversation.client,
            Piece {
                kind: "value-apart",
                surprise: Some(surprise::part_of_bits(here.novel(), part)),
                tally: given.tally(),
                because: format!(
                    "{} gave {device}{whose} the command {command} {} with {}, and {} with {}",
                    conversation.asker(),
                    counted(apart.count, "time"),
                    between(apart.values),
                    counted(apart.others, "time"),
                    between(apart.range),
                ),
                line: line_of(conversation, command),
                normal_if: format!("value-apart {command} is normal in {conversation}"),
                acts: Vec::new(),
            },
        );
    }
}

/// How many of something a sentence names.
pub(super) const LISTED: usize = 8;

fn line_of(conversation: &Conversation, command: Command) -> String {
    format!("  command {command} (conversation {conversation})")
}

fn between((least, greatest): (f64, f64)) -> String {
    if least < greatest { format!("{least} to {greatest}") } else { format!("{least}") }
}
