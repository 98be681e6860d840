//! Text as the ledger, read strictly: what is not as it would be written is refused.

use core::cmp::Ordering;
use std::net::IpAddr;

use foldhash::HashMap;

use super::attempts::{AttemptRecord, Pair};
use super::error::LoadError;
use super::fields::{Fields, Read};
use super::mac::Mac;
use super::provenance::{Capture, Digest};
use super::records::{
    Command, CommandRecord, ConversationRecord, DeviceRecord, Effects, FunctionKey, FunctionRecord,
    Outcomes, Point, PointRecord, Span,
};
use super::rulings::{Ruled, Ruling, TEXT_OCTETS, check_text};
use super::store::{Facts, Ledger};
use super::time::Time;
use super::write::{CHECKSUM, MAGIC, VERSION};
use crate::event::{Conversation, Device, Intent, Mark, Protocol, Space};
use crate::limits::{
    AT_ONCE, ATTEMPTS, CONNECTIONS_AT_ONCE, CONVERSATIONS, FUNCTIONS, FUNCTIONS_A_CONVERSATION,
    HOPS, HOPS_A_HOST, LINKS, Limit, MACS, MACS_A_HOST, POINTS, POINTS_A_DEVICE, READS,
    READS_A_DEVICE, REPORTED, REPORTED_A_DEVICE, RULINGS,
};

impl Ledger {
    /// Loads a baseline file.
    ///
    /// # Errors
    ///
    /// [`LoadError`], with the line and the reason.
    pub fn from_text(text: &str) -> Result<Self, LoadError> {
        version(text)?;
        let body = unsealed(text)?;
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(body.split_terminator('\n')).skip(1) {
            reader.line(line).map_err(|reason| LoadError::Line { number, reason })?;
        }
        let ledger = Self::from_facts(reader.facts);
        same(body, &ledger.facts.to_string())?;
        Ok(ledger)
    }
}

fn version(text: &str) -> Result<(), LoadError> {
    let first = text.lines().next().unwrap_or_default();
    let version = first.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(' '));
    match version.and_then(|version| version.parse().ok()) {
        Some(VERSION) => Ok(()),
        Some(found) if found > VERSION => Err(LoadError::Newer { found, known: VERSION }),
        Some(_) | None => Err(LoadError::NotABaseline),
    }
}

/// The text without its last line, if that is the right checksum.
fn unsealed(text: &str) -> Result<&str, LoadError> {
    let wrong = || LoadError::Checksum { number: text.lines().count() };
    let lines = text.strip_suffix('\n').ok_or_else(wrong)?;
    let at = lines.rfind('\n').ok_or_else(wrong)?.saturating_add(1);
    let (body, last) = lines.split_at_checked(at).ok_or_else(wrong)?;
    let digest: Option<Digest> = last.strip_prefix(CHECKSUM).and_then(|hex| hex.parse().ok());
    if digest == Some(Digest::of(body)) { Ok(body) } else { Err(wrong()) }
}

/// Refuses the first line that would be written otherwise: `007`, two spaces, a time in another
/// zone.
fn same(body: &str, written: &str) -> Result<(), LoadError> {
    // Each ends in a line feed, so that past the shorter one an empty line is compared as well.
    let mut pairs = (1..).zip(body.split('\n').zip(written.split('\n')));
    match pairs.find(|(_, (found, wanted))| found != wanted) {
        Some((number, (_, wanted))) => {
            Err(LoadError::Line { number, reason: format!("want it written as `{wanted}`") })
        }
        None => Ok(()),
    }
}

/// Where a line stands among all: each must be greater than the one before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Capture(Digest),
    Limit(Limit),
    Ruling(Ruling),
    Conversation(Conversation, Fact),
    Device(Device, Trait),
    Host(IpAddr, Mac),
    Hops(IpAddr, u8),
    Attempts(Pair),
    Link(Conversation),
    AtOnce(Pair, u8),
}

/// Where a line stands within its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Itself,
    Delay,
    Reports,
    Quirk(Mark),
    Read(Span),
    Point(Point),
}

/// Where a line stands within its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Tally,
    Function(FunctionKey),
    Command(Command),
}

#[derive(Default)]
struct Reader {
    facts: Facts,
    last: Option<Key>,
    functions: usize,
    commands: HashMap<Device, usize>,
    all_commands: usize,
    reads: usize,
    points: usize,
    macs: usize,
    hops: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Read<()> {
        let mut fields = Fields(line.strip_prefix("  ").unwrap_or(line));
        let indented = fields.0.len() < line.len();
        match (fields.next("a word")?, indented) {
            ("capture", false) => self.capture(fields),
            ("limit", false) => self.limit(fields),
            ("ruling", false) => self.ruling(fields),
            ("conversation", false) => self.conversation(fields),
            ("device", false) => self.device(fields),
            ("function", true) => self.function(fields),
            ("command", true) => self.command(fields),
            ("host", false) => self.host(fields),
            ("hops", false) => self.hops(fields),
            ("attempts", false) => self.attempts(fields),
            ("link", false) => self.link(fields),
            ("at_once", false) => self.at_once(fields),
            ("reports", true) => self.reports(fields),
            ("delay", true) => self.delay(fields),
            ("quirk", true) => self.quirk(fields),
            ("read", true) => self.read(fields),
            ("point", true) => self.point(fields),
            (word, true) => Err(format!("unknown word `{word}` after two spaces")),
            (word, false) => Err(format!("unknown word `{word}`")),
        }
    }

    fn capture(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let digest = fields.digest()?;
        fields.word("packets")?;
        let packets = fields.number("a count")?;
        fields.word("from")?;
        let Time(first_ns) = fields.time()?;
        fields.word("to")?;
        let Time(last_ns) = fields.time()?;
        fields.end()?;
        self.follow(Key::Capture(digest))?;
        self.facts.captures.insert(digest, Capture { digest, first_ns, last_ns, packets });
        Ok(())
    }

    fn limit(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let limit = fields.known("limit", Limit::from_word)?;
        fields.word("refused")?;
        let times = fields.number("a count")?;
        fields.end()?;
        if times == 0 {
            return Err("a limit that was not reached".to_owned());
        }
        self.follow(Key::Limit(limit))?;
        self.facts.refuse(limit, times);
        Ok(())
    }

    fn ruling(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let ruling = match fields.next("a ruling")? {
            "normal" => Ruling::Normal(fields.quoted(TEXT_OCTETS)?.to_owned()),
            "never" => Ruling::Never(fields.quoted(TEXT_OCTETS)?.to_owned()),
            "window" => {
                let Time(from_ns) = fields.time()?;
                fields.word("to")?;
                let Time(to_ns) = fields.time()?;
                fields.word("actor")?;
                Ruling::Window { from_ns, to_ns, actor: fields.number("an address")? }
            }
            word => return Err(format!("`{word}` is no ruling")),
        };
        fields.word("by")?;
        let by = fields.quoted(TEXT_OCTETS)?.to_owned();
        fields.word("at")?;
        let Time(at_ns) = fields.time()?;
        fields.end()?;
        ruling.check().and_then(|()| check_text(&by)).map_err(|bad| bad.to_string())?;
        self.follow(Key::Ruling(ruling.clone()))?;
        room(self.facts.rulings.len() < RULINGS, "rulings")?;
        self.facts.rulings.insert(ruling, Ruled { at_ns, by });
        Ok(())
    }

    fn conversation(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let key = conversation(&mut fields)?;
        let record = ConversationRecord::new(fields.tally()?);
        fields.end()?;
        self.follow(Key::Conversation(key, Fact::Tally))?;
        room(self.facts.conversations.len() < CONVERSATIONS, "conversations")?;
        self.facts.conversations.insert(key, record);
        Ok(())
    }

    fn function(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let intent = fields.known("intent", Intent::from_word)?;
        let code = fields.next("a function code")?;
        let (code, sub) = match code.split_once('.') {
            Some((code, sub)) => (code, Some(Fields(sub).number("a sub-function")?)),
            None => (code, None),
        };
        let key = FunctionKey { intent, code: Fields(code).number("a function code")?, sub };
        let name = fields.name()?.into();
        fields.word("done")?;
        let done = fields.number("a count")?;
        fields.word("refused")?;
        let refused = fields.number("a count")?;
        fields.word("unanswered")?;
        let outcomes = Outcomes { done, refused, unanswered: fields.number("a count")? };
        let proved = if fields.has("proved") { fields.number("a count")? } else { 0 };
        let tally = fields.tally()?;
        fields.end()?;

        let conversation = self.within()?;
        self.follow(Key::Conversation(conversation, Fact::Function(key)))?;
        self.functions += 1;
        room(self.functions <= FUNCTIONS, "functions")?;
        let record = self.facts.conversations.get_mut(&conversation).ok_or(ALONE)?;
        record.functions.push((key, FunctionRecord { name, tally, outcomes, proved }));
        room(record.functions.len() <= FUNCTIONS_A_CONVERSATION, "functions in a conversation")
    }

    fn command(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let intent = fields.known("intent", Intent::from_word)?;
        let space = fields.known("space", Space::from_word)?;
        let command = Command { intent, space, address: fields.number("an address")? };
        fields.word("values")?;
        let values = fields.values()?;
        let record = CommandRecord { values, tally: fields.tally()? };
        fields.end()?;
        if !intent.commands() {
            return Err(format!("`{intent}` commands nothing"));
        }

        let conversation = self.within()?;
        self.follow(Key::Conversation(conversation, Fact::Command(command)))?;
        let given = self.commands.entry(conversation.device()).or_insert(0);
        *given += 1;
        self.all_commands += 1;
        room(*given <= POINTS_A_DEVICE, "commands to a device")?;
        room(self.all_commands <= POINTS, "commands")?;
        let known = self.facts.conversations.get_mut(&conversation).ok_or(ALONE)?;
        known.commands.insert(command, record);
        Ok(())
    }

    fn device(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let protocol = fields.known("protocol", Protocol::from_word)?;
        let device = device(protocol, &mut fields)?;
        fields.end()?;
        self.follow(Key::Device(device, Trait::Itself))?;
        room(self.facts.devices.len() < CONVERSATIONS, "devices")?;
        self.facts.devices.insert(device, DeviceRecord::default());
        Ok(())
    }

    fn read(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let space = fields.known("space", Space::from_word)?;
        let start = fields.number("an address")?;
        fields.word("count")?;
        let span = Span { space, start, count: fields.number("a count")? };
        let tally = fields.tally()?;
        fields.end()?;
        if span.count == 0 {
            return Err("want a count of 1 or more".to_owned());
        }

        self.reads += 1;
        room(self.reads <= READS, "reads")?;
        let spans = &mut self.of_device(Trait::Read(span))?.reads;
        spans.insert(span, tally);
        room(spans.len() <= READS_A_DEVICE, "reads of a device")
    }

    fn delay(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let delays = fields.spread()?;
        fields.end()?;
        if delays.bins.is_empty() {
            return Err("a delay that was never seen".to_owned());
        }
        self.of_device(Trait::Delay)?.delays = delays;
        Ok(())
    }

    fn reports(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let tally = fields.tally()?;
        fields.end()?;
        self.of_device(Trait::Reports)?.reports = Some(tally);
        Ok(())
    }

    fn host(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let host = fields.number("an address")?;
        fields.word("mac")?;
        let mac = fields.number("a MAC address")?;
        let tally = fields.tally()?;
        fields.end()?;
        self.follow(Key::Host(host, mac))?;
        self.macs += 1;
        room(self.macs <= MACS, "MAC addresses")?;
        let macs = self.facts.hosts.entry(host).or_default();
        macs.insert(mac, tally);
        room(macs.len() <= MACS_A_HOST, "MAC addresses of a host")
    }

    fn hops(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let host = fields.number("an address")?;
        let hops = fields.number("a count of hops")?;
        let tally = fields.tally()?;
        fields.end()?;
        self.follow(Key::Hops(host, hops))?;
        self.hops += 1;
        room(self.hops <= HOPS, "counts of hops")?;
        let known = self.facts.hops.entry(host).or_default();
        known.insert(hops, tally);
        room(known.len() <= HOPS_A_HOST, "counts of hops of a host")
    }

    fn attempts(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let pair = pair(&mut fields)?;
        fields.word("refused")?;
        let refused = fields.number("a count")?;
        fields.word("silent")?;
        let silent = fields.number("a count")?;
        let tally = fields.tally()?;
        fields.end()?;
        self.follow(Key::Attempts(pair))?;
        room(self.facts.attempts.len() < ATTEMPTS, "pairs of hosts that connect")?;
        self.facts.attempts.insert(pair, AttemptRecord { tally, refused, silent });
        Ok(())
    }

    fn link(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let conversation = conversation(&mut fields)?;
        let tally = fields.tally()?;
        fields.end()?;
        self.follow(Key::Link(conversation))?;
        room(self.facts.links.len() < LINKS, "conversations on the link")?;
        self.facts.links.insert(conversation, tally);
        Ok(())
    }

    fn at_once(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let pair = pair(&mut fields)?;
        fields.word("connections")?;
        let connections = fields.number("a count")?;
        let tally = fields.tally()?;
        fields.end()?;
        if !(2..=CONNECTIONS_AT_ONCE).contains(&connections) {
            return Err(format!("want 2 to {CONNECTIONS_AT_ONCE} connections at once"));
        }
        self.follow(Key::AtOnce(pair, connections))?;
        room(self.facts.at_once.len() < AT_ONCE, "pairs of hosts with connections at once")?;
        self.facts.at_once.insert((pair, connections), tally);
        Ok(())
    }

    fn quirk(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let mark = fields.known("quirk", Mark::from_word)?;
        let tally = fields.tally()?;
        fields.end()?;
        self.of_device(Trait::Quirk(mark))?.quirks.insert(mark, tally);
        Ok(())
    }

    fn point(&mut self, mut fields: Fields<'_>) -> Read<()> {
        let space = fields.known("space", Space::from_word)?;
        let point = Point { space, address: fields.number("an address")? };
        fields.word("first")?;
        let Time(first_ns) = fields.time()?;
        fields.word("values")?;
        let values = fields.values()?;
        fields.word("steps")?;
        let steps = fields.spread()?;
        fields.word("stood")?;
        let stood = fields.number("a count")?;
        fields.word("followed")?;
        let followed = fields.number("a count")?;
        fields.word("ignored")?;
        let ignored = fields.number("a count")?;
        fields.word("unexplained")?;
        let effects = Effects { followed, ignored, unexplained: fields.number("a count")? };
        fields.end()?;

        self.points += 1;
        room(self.points <= REPORTED, "reported points")?;
        let points = &mut self.of_device(Trait::Point(point))?.points;
        points.insert(point, PointRecord { first_ns, values, steps, stood, effects });
        room(points.len() <= REPORTED_A_DEVICE, "reported points of a device")
    }

    /// The device that an indented line belongs to, which says this of it.
    fn of_device(&mut self, says: Trait) -> Read<&mut DeviceRecord> {
        let Some(Key::Device(device, _)) = self.last else { return Err(ALONE.to_owned()) };
        self.follow(Key::Device(device, says))?;
        Ok(self.facts.devices.get_mut(&device).ok_or(ALONE)?)
    }

    /// The conversation that an indented line belongs to.
    fn within(&self) -> Read<Conversation> {
        match self.last {
            Some(Key::Conversation(conversation, _)) => Ok(conversation),
            Some(
                Key::Capture(_)
                | Key::Limit(_)
                | Key::Ruling(_)
                | Key::Device(..)
                | Key::Host(..)
                | Key::Hops(..)
                | Key::Attempts(_)
                | Key::Link(_)
                | Key::AtOnce(..),
            )
            | None => Err(ALONE.to_owned()),
        }
    }

    fn follow(&mut self, key: Key) -> Read<()> {
        let order = self.last.as_ref().map(|last| last.cmp(&key));
        self.last = Some(key);
        match order {
            Some(Ordering::Equal) => Err("duplicate of the line above".to_owned()),
            Some(Ordering::Greater) => {
                Err("not sorted: belongs before the line above, or is a duplicate".to_owned())
            }
            Some(Ordering::Less) | None => Ok(()),
        }
    }
}

const ALONE: &str = "belongs under a conversation or device, and there is none above";

fn room(fits: bool, of_what: &str) -> Read<()> {
    if fits { Ok(()) } else { Err(format!("more {of_what} than this program takes")) }
}

/// `dnp3 10.0.0.5 master 1 -> 10.0.0.9 outstation 10`.
fn conversation(fields: &mut Fields<'_>) -> Read<Conversation> {
    let protocol = fields.known("protocol", Protocol::from_word)?;
    let client = fields.number("an address")?;
    let client_unit =
        if fields.has("master") { Some(fields.number("a link address")?) } else { None };
    fields.word("->")?;
    let Device { server, unit, .. } = device(protocol, fields)?;
    Ok(Conversation { protocol, client, server, unit, client_unit })
}

fn pair(fields: &mut Fields<'_>) -> Read<Pair> {
    let protocol = fields.known("protocol", Protocol::from_word)?;
    let client = fields.number("an address")?;
    fields.word("->")?;
    Ok(Pair { protocol, client, server: fields.number("an address")? })
}

fn device(protocol: Protocol, fields: &mut Fields<'_>) -> Read<Device> {
    let server = fields.number("an address")?;
    fields.word(protocol.unit_word())?;
    Ok(Device { protocol, server, unit: fields.number("a unit")? })
}
