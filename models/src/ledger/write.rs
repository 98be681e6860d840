//! The ledger as text: one fact a line, sorted, with a checksum at the end.

use core::fmt;

use super::provenance::Digest;
use super::records::{
    Command, CommandRecord, ConversationRecord, DeviceRecord, Effects, FunctionKey, FunctionRecord,
    Outcomes, PointRecord,
};
use super::store::{Facts, Ledger, sorted};
use super::tally::{SEGMENT_NS, Tally};
use super::time::Time;

/// First word of the first line.
pub(crate) const MAGIC: &str = "gridtap-baseline";

/// Version of the format: the second word of the first line.
pub(crate) const VERSION: u32 = 1;

/// First words of the last line.
pub(crate) const CHECKSUM: &str = "checksum sha256:";

impl Ledger {
    /// The baseline file: the same for the same events, whatever their order.
    #[must_use]
    pub fn to_text(&self) -> String {
        let body = self.facts.to_string();
        format!("{body}{CHECKSUM}{}\n", Digest::of(&body))
    }

    /// SHA-256 of the baseline file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_text())
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MAGIC} {VERSION}")?;
        for capture in self.captures.values() {
            let (first, last) = (Time(capture.first_ns), Time(capture.last_ns));
            write!(f, "capture sha256:{} packets {}", capture.digest, capture.packets)?;
            writeln!(f, " from {first:.9} to {last:.9}")?;
        }
        for (limit, times) in &self.refused {
            writeln!(f, "limit {} refused {times}", limit.word())?;
        }
        for (ruling, ruled) in &self.rulings {
            writeln!(f, "ruling {ruling} {ruled}")?;
        }
        for (conversation, record) in sorted(&self.conversations) {
            writeln!(f, "conversation {conversation} {}", record.tally)?;
            write_conversation(f, record)?;
        }
        for (device, record) in sorted(&self.devices) {
            writeln!(f, "device {} {device}", device.protocol)?;
            write_device(f, record)?;
        }
        for (host, macs) in &self.hosts {
            for (mac, tally) in macs {
                writeln!(f, "host {host} mac {mac} {tally}")?;
            }
        }
        for (host, known) in &self.hops {
            for (hops, tally) in known {
                writeln!(f, "hops {host} {hops} {tally}")?;
            }
        }
        for (pair, record) in sorted(&self.attempts) {
            writeln!(f, "attempts {pair} {record}")?;
        }
        for (conversation, tally) in sorted(&self.links) {
            writeln!(f, "link {conversation} {tally}")?;
        }
        for ((pair, connections), tally) in sorted(&self.at_once) {
            writeln!(f, "at_once {pair} connections {connections} {tally}")?;
        }
        Ok(())
    }
}

fn write_conversation(f: &mut fmt::Formatter<'_>, record: &ConversationRecord) -> fmt::Result {
    for (key, function) in &record.functions {
        write_function(f, *key, function)?;
    }
    for (command, record) in sorted(&record.commands) {
        write_command(f, *command, record)?;
    }
    Ok(())
}

fn write_device(f: &mut fmt::Formatter<'_>, record: &DeviceRecord) -> fmt::Result {
    if !record.delays.bins.is_empty() {
        writeln!(f, "  delay {}", record.delays)?;
    }
    if let Some(reports) = &record.reports {
        writeln!(f, "  reports {reports}")?;
    }
    for (mark, tally) in &record.quirks {
        writeln!(f, "  quirk {mark} {tally}")?;
    }
    for (span, tally) in sorted(&record.reads) {
        writeln!(f, "  read {} {} count {} {tally}", span.space, span.start, span.count)?;
    }
    for (point, record) in sorted(&record.points) {
        let PointRecord { first_ns, values, steps, stood, effects } = record;
        let Effects { followed, ignored, unexplained } = effects;
        write!(f, "  point {point} first {:.9} values {values} steps {steps}", Time(*first_ns))?;
        writeln!(
            f,
            " stood {stood} followed {followed} ignored {ignored} unexplained {unexplained}"
        )?;
    }
    Ok(())
}

fn write_function(
    f: &mut fmt::Formatter<'_>,
    key: FunctionKey,
    record: &FunctionRecord,
) -> fmt::Result {
    let Outcomes { done, refused, unanswered } = record.outcomes;
    write!(f, "  function {key} \"{}\"", record.name)?;
    write!(f, " done {done} refused {refused} unanswered {unanswered}")?;
    if record.proved > 0 {
        write!(f, " proved {}", record.proved)?;
    }
    writeln!(f, " {}", record.tally)
}

fn write_command(
    f: &mut fmt::Formatter<'_>,
    command: Command,
    record: &CommandRecord,
) -> fmt::Result {
    writeln!(f, "  command {command} values {} {}", record.values, record.tally)
}

/// `acts 3 first <time> last <time> segments <ranges>`, and of the ranges
/// `2023-11-14T22:10:00Z/4x17,2023-11-15T06:00:00Z/1x2`: the start of each, how many segments it has, and how
/// often it happened in them, unless that is as if all acts were spread evenly; `more,` before them if older ones
/// were dropped.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (Time(self.first_ns), Time(self.last_ns));
        write!(f, "acts {} first {first:.9} last {last:.9} segments ", self.count)?;
        f.write_str(if self.segments.earlier { "more," } else { "" })?;
        let even = self.segments.is_spread(self.count);
        for (nth, range) in self.segments.ranges.iter().enumerate() {
            let start = Time(u64::from(range.first).saturating_mul(SEGMENT_NS));
            write!(f, "{}{start:.0}/{}", if nth > 0 { "," } else { "" }, range.count())?;
            if !even {
                write!(f, "x{}", range.acts)?;
            }
        }
        Ok(())
    }
}
