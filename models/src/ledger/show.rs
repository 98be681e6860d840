//! The ledger as people think of it: who commands what.

use std::collections::BTreeMap;

use super::index::DeviceSum;
use super::records::{ConversationRecord, FunctionRecord, Outcomes};
use super::store::{Ledger, sorted};
use super::tally::Tally;
use super::time::Time;
use crate::event::Conversation;
use crate::words::{counted, grouped};

/// Lines of commands shown for one conversation; of more, the rest is counted.
pub(super) const COMMANDS_SHOWN: usize = 40;

impl Ledger {
    /// What was learned, for reading in a terminal: by client, then what is polled.
    ///
    /// A row says what it is, how often, in how many ten-minute segments, and from when to when.
    #[must_use]
    pub fn show(&self) -> String {
        self.show_named(str::to_owned)
    }

    /// The same, with what `name` makes of each row's name, from the first to the last.
    pub fn show_named(&self, mut name: impl FnMut(&str) -> String) -> String {
        let mut table = Table::default();
        self.show_header(&mut table);
        let mut clients: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (conversation, record) in self.conversations() {
            let key = (conversation.client, conversation.client_unit, conversation.protocol);
            clients.entry(key).or_default().push((conversation, record));
        }
        for ((_, _, protocol), conversations) in &clients {
            table.line(String::new());
            if let Some((conversation, _)) = conversations.first() {
                let others = counted(conversations.len().try_into().unwrap_or(0), "conversation");
                table.line(format!("{} ({protocol}, {others})", conversation.asker()));
            }
            for (conversation, record) in conversations {
                show_conversation(&mut table, conversation, record);
            }
        }
        self.show_polled(&mut table);
        self.show_hosts(&mut table);
        self.show_attempts(&mut table);
        self.show_links(&mut table);
        self.show_at_once(&mut table);
        table.aligned(&mut name)
    }

    fn show_header(&self, table: &mut Table) {
        let counts = self.counts();
        table.line(format!(
            "{} between {} and {}, in {}",
            counted(counts.acts, "act"),
            counted(counts.clients, "client"),
            counted(counts.devices, "device"),
            counted(counts.conversations, "conversation"),
        ));
        for capture in self.captures() {
            let packets = counted(capture.packets, "packet");
            let (first, last) = (Time(capture.first_ns), Time(capture.last_ns));
            table.line(format!("learned from {packets}, {first:.0} to {last:.0}"));
            table.line(format!("  sha256:{}", capture.digest));
        }
        for (limit, times) in self.limits_reached() {
            let times = counted(times, "time");
            table.line(format!("limit of {} reached: not learned {times}", limit.word()));
        }
        for (nth, (ruling, ruled)) in (1_u64..).zip(self.rulings()) {
            table.line(format!("ruling {nth}: {ruling}, {ruled}"));
        }
        let legend = "rows: acts, ten-minute segments with any, first to last, outcomes or values";
        table.line(legend.to_owned());
    }

    fn show_hosts(&self, table: &mut Table) {
        if !self.facts.hosts.is_empty() || !self.facts.hops.is_empty() {
            table.line(String::new());
            table.line("hosts".to_owned());
        }
        for (host, macs) in &self.facts.hosts {
            for (mac, tally) in macs {
                table.row(format!("  {host} mac {mac}"), tally, String::new());
            }
        }
        for (host, known) in &self.facts.hops {
            for (hops, tally) in known {
                table.row(format!("  {host} hops {hops}"), tally, String::new());
            }
        }
    }

    fn show_attempts(&self, table: &mut Table) {
        if !self.facts.attempts.is_empty() {
            table.line(String::new());
            table.line("connections asked for".to_owned());
        }
        for (pair, record) in sorted(&self.facts.attempts) {
            let some = [(record.refused, "refused"), (record.silent, "without an answer")];
            let some = some.iter().filter(|(count, _)| *count > 0);
            let some = some.map(|(count, word)| format!("{} {word}", grouped(*count)));
            table.row(format!("  {pair}"), &record.tally, some.collect::<Vec<_>>().join(", "));
        }
    }

    fn show_links(&self, table: &mut Table) {
        if !self.facts.links.is_empty() {
            table.line(String::new());
            table.line("spoken on the link".to_owned());
        }
        for (conversation, tally) in sorted(&self.facts.links) {
            table.row(format!("  {conversation}"), tally, String::new());
        }
    }

    fn show_at_once(&self, table: &mut Table) {
        if !self.facts.at_once.is_empty() {
            table.line(String::new());
            table.line("connections used at once".to_owned());
        }
        for ((pair, connections), tally) in sorted(&self.facts.at_once) {
            table.row(format!("  {pair}, {connections} connections"), tally, String::new());
        }
    }

    fn show_polled(&self, table: &mut Table) {
        let mut devices: Vec<_> = sorted(&self.index.devices);
        devices.retain(|(_, sum)| sum.polled().next().is_some());
        if !devices.is_empty() {
            table.line(String::new());
            table.line("polled".to_owned());
        }
        for (device, sum) in devices {
            table.line(format!("  {device} ({})", device.protocol));
            show_spans(table, sum);
        }
    }
}

fn show_conversation(table: &mut Table, conversation: &Conversation, record: &ConversationRecord) {
    table.row(format!("  {}", conversation.device()), &record.tally, String::new());
    for (key, function) in &record.functions {
        let name = format!("    {key} {}", function.name);
        table.row(name, &function.tally, outcomes(function));
    }
    let commands = sorted(&record.commands);
    for (command, record) in commands.iter().take(COMMANDS_SHOWN) {
        let values = if record.values.is_empty() { String::new() } else { record.values.list() };
        table.row(format!("    command {command}"), &record.tally, values);
    }
    let hidden = commands.len().saturating_sub(COMMANDS_SHOWN);
    if hidden > 0 {
        let hidden = counted(hidden.try_into().unwrap_or(u64::MAX), "more command");
        table.line(format!("    {hidden}"));
    }
}

fn show_spans(table: &mut Table, sum: &DeviceSum) {
    for (space, ranges) in sum.polled() {
        let range = |&(first, last): &(u32, u32)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        let ranges: Vec<_> = ranges.iter().map(range).collect();
        table.line(format!("    {space} {}", ranges.join(", ")));
    }
}

/// `2023-11-14 22:13 to 22:43`, with the day again only where it is another.
fn span(tally: &Tally) -> String {
    let (first, last) = (Time(tally.first_ns).minute(), Time(tally.last_ns).minute());
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((day, _)), Some((same, minute))) if day == same => format!("{first} to {minute}"),
        _ => format!("{first} to {last}"),
    }
}

fn outcomes(function: &FunctionRecord) -> String {
    let Outcomes { done, refused, unanswered } = function.outcomes;
    let some = [
        (done, "done"),
        (refused, "refused"),
        (unanswered, "unanswered"),
        (function.proved, "proved"),
    ];
    let some = some.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, word)| format!("{} {word}", grouped(*count))).collect::<Vec<_>>().join(", ")
}

/// Rows whose columns line up, and lines between them that do not.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<[String; 5]>,
}

impl Table {
    pub(super) fn line(&mut self, text: String) {
        self.rows.push([text, String::new(), String::new(), String::new(), String::new()]);
    }

    /// A row of other cells.
    pub(super) fn cells(&mut self, cells: [String; 5]) {
        self.rows.push(cells);
    }

    fn row(&mut self, name: String, tally: &Tally, more: String) {
        let segments = &tally.segments;
        let least = if segments.more() { "at least " } else { "" };
        let count = format!("{least}{}", counted(segments.count(), "segment"));
        self.rows.push([name, grouped(tally.count), count, span(tally), more]);
    }

    pub(super) fn aligned(mut self, name: &mut dyn FnMut(&str) -> String) -> String {
        for [cell, ..] in &mut self.rows {
            *cell = name(cell);
        }
        let mut width = [0; 5];
        for row in self.rows.iter().filter(|row| row.iter().skip(1).any(|cell| !cell.is_empty())) {
            for (width, cell) in width.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let [name, count, segments, span, _] = width;
        let mut text = String::new();
        for [a, b, c, d, e] in &self.rows {
            let row = format!("{a:<name$}  {b:>count$}  {c:<segments$}  {d:<span$}  {e}");
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::event::Value;
    use crate::ledger::Ledger;
    use crate::samples::{polled_and_commanded, request, write};

    #[test]
    fn a_ledger_reads_as_who_commands_what() {
        let shown = polled_and_commanded().show();
        let expected = "\
36 acts between 1 client and 2 devices, in 2 conversations
learned from 40,210 packets, 2023-11-14T22:13:20Z to 2023-11-14T22:13:20Z
  sha256:53088c078b552adeee6b970cb61b1e52b9861ebcc87646785cbbb334d7efb48d
rows: acts, ten-minute segments with any, first to last, outcomes or values

10.0.0.5 (modbus, 1 conversation)
  10.0.0.9 unit 1                      32  5 segments  2023-11-14 22:13 to 23:14
    read 3 Read Holding Registers      30  4 segments  2023-11-14 22:13 to 22:42  30 done, 1 refused
    write 6 Write Single Register       2  2 segments  2023-11-14 22:14 to 23:14
    command write holding-register 40   2  2 segments  2023-11-14 22:14 to 23:14  100 (1 time), 230.5 (1 time)

10.0.0.5 (master 1) (dnp3, 1 conversation)
  10.0.0.20 outstation 10               4  1 segment   2023-11-14 22:13 to 22:13
    read 1 Read                         1  1 segment   2023-11-14 22:13 to 22:13
    select 3 Select                     1  1 segment   2023-11-14 22:13 to 22:13
    operate 4 Operate                   2  1 segment   2023-11-14 22:13 to 22:13
    command select binary-output 4      1  1 segment   2023-11-14 22:13 to 22:13  close (1 time)
    command operate binary-output 4     2  1 segment   2023-11-14 22:13 to 22:13  close (1 time), trip (1 time)

polled
  10.0.0.9 unit 1 (modbus)
    holding-register 0-9
  10.0.0.20 outstation 10 (dnp3)
    class 1-3
";
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn long_lists_of_commands_are_cut_and_counted() {
        let mut ledger = Ledger::default();
        for address in 0..50 {
            ledger.learn(&write(&request(5, 9), address, Value::Number(1.0)));
        }
        assert!(ledger.show().contains("10 more commands"), "{}", ledger.show());
        assert_eq!(ledger.show().matches("command write").count(), 40);
    }
}
