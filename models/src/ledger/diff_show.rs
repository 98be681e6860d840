//! The differences between two ledgers as people think of them, in the manner of a ledger shown.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::diff::{Change, Difference, Subject};
use super::show::{COMMANDS_SHOWN, Table};
use super::store::Ledger;
use crate::event::{Conversation, Device, Protocol};
use crate::words::{counted, grouped};

/// The differences between two ledgers, for reading in a terminal, with what `name` makes of each
/// row's name, from the first to the last.
///
/// A row says what it is about, the acts in the old and in the new ledger, and what changed. `+` is
/// new, `-` is gone, `>` comes more often and `<` less often.
#[must_use]
pub fn show_differences(
    old: &Ledger,
    new: &Ledger,
    mut name: impl FnMut(&str) -> String,
) -> String {
    let found = old.diff(new);
    let mut table = Table::default();
    header(&mut table, "old", old);
    header(&mut table, "new", new);
    if found.is_empty() {
        table.line("nothing changed".to_owned());
        return table.aligned(&mut name);
    }
    let hours = |ledger: &Ledger| ledger.covered_ns() > 0;
    if !(hours(old) && hours(new)) {
        table.line("how often is not compared: one of them covers no time".to_owned());
    }
    table.line("rows: acts in the old one, acts in the new one, what changed".to_owned());

    let mut clients: BTreeMap<Client, BTreeMap<&Conversation, Vec<&Difference<'_>>>> =
        BTreeMap::new();
    let mut devices: BTreeMap<&Device, Vec<&Difference<'_>>> = BTreeMap::new();
    for difference in &found {
        match &difference.subject {
            Subject::Conversation(talk)
            | Subject::Function(talk, ..)
            | Subject::Command(talk, ..)
            | Subject::Values(talk, ..) => {
                let client = (talk.client, talk.client_unit, talk.protocol);
                clients.entry(client).or_default().entry(talk).or_default().push(difference);
            }
            Subject::Read(device, _) => devices.entry(device).or_default().push(difference),
        }
    }
    for ((.., protocol), talks) in &clients {
        table.line(String::new());
        if let Some(talk) = talks.keys().next() {
            table.line(format!("{} ({protocol})", talk.asker()));
        }
        for (talk, differences) in talks {
            show_conversation(&mut table, talk, differences);
        }
    }
    if !devices.is_empty() {
        table.line(String::new());
        table.line("polled".to_owned());
    }
    for (device, differences) in &devices {
        table.line(format!("    {device} ({})", device.protocol));
        rows(&mut table, differences);
    }
    table.aligned(&mut name)
}

/// Who asks: the address, the link address, the protocol.
type Client = (IpAddr, Option<u16>, Protocol);

fn header(table: &mut Table, which: &str, ledger: &Ledger) {
    let counts = ledger.counts();
    table.line(format!(
        "{which}: {} in {} over {}",
        counted(counts.acts, "act"),
        counted(counts.conversations, "conversation"),
        counted(ledger.covered_ns() / 60_000_000_000, "minute"),
    ));
    for (limit, times) in ledger.limits_reached() {
        let times = counted(times, "time");
        table.line(format!("  limit of {} reached: not learned {times}", limit.word()));
    }
}

fn show_conversation(table: &mut Table, talk: &Conversation, differences: &[&Difference<'_>]) {
    let mut rest = differences;
    match differences {
        [first, behind @ ..] if matches!(first.subject, Subject::Conversation(_)) => {
            row(table, first);
            rest = behind;
        }
        // It is there in both, and says whose the next rows are.
        _ => table.line(format!("    {}", talk.device())),
    }
    rows(table, rest);
}

fn rows(table: &mut Table, differences: &[&Difference<'_>]) {
    for difference in differences.iter().take(COMMANDS_SHOWN) {
        row(table, difference);
    }
    let hidden = differences.len().saturating_sub(COMMANDS_SHOWN);
    if hidden > 0 {
        let hidden = counted(hidden.try_into().unwrap_or(u64::MAX), "more difference");
        table.line(format!("      {hidden}"));
    }
}

fn row(table: &mut Table, difference: &Difference<'_>) {
    let (sign, mut change) = match difference.change {
        Change::New => ('+', "new".to_owned()),
        Change::Gone => ('-', "gone".to_owned()),
        Change::Often(times) if times >= 1.0 => ('>', format!("{times:.1} times as often")),
        Change::Often(times) => ('<', format!("{times:.2} times as often")),
    };
    let name = match &difference.subject {
        Subject::Conversation(talk) => format!("  {}", talk.device()),
        Subject::Function(_, key, name) => format!("    {key} {name}"),
        Subject::Command(_, command, values) => {
            if !values.is_empty() {
                change = format!("{change}: {values}");
            }
            format!("    command {command}")
        }
        Subject::Values(_, command, values) => {
            change = format!("{change}: {values}");
            format!("    values of {command}")
        }
        Subject::Read(_, span) if span.count == 1 => format!("    {} {}", span.space, span.start),
        Subject::Read(_, span) => format!("    {} {}-{}", span.space, span.start, span.last()),
    };
    let acts = [difference.old_acts, difference.new_acts].map(grouped);
    let [old, new] = acts;
    table.cells([format!("{sign} {name}"), old, new, change, String::new()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Outcome, Value};
    use crate::ledger::{Capture, Digest};
    use crate::samples::{START_NS, ended, later, request, write};

    const HOUR_NS: u64 = 3_600_000_000_000;

    /// So many polls of each of the devices, in so many hours, and writes of values.
    fn ledger(polls: &[(u8, u64)], hours: u64, written: &[(u32, f64)]) -> Ledger {
        let mut ledger = Ledger::default();
        let digest = Digest::of(&format!("{polls:?} {hours} {written:?}"));
        let last_ns = START_NS + hours * HOUR_NS;
        let capture = Capture { digest, first_ns: START_NS, last_ns, packets: 9 };
        ledger.add_capture(capture).unwrap();
        for (server, polls) in polls {
            for poll in 0..*polls {
                ledger.learn(&later(request(5, *server), poll * hours * 60 / polls));
                ledger.learn(&ended(later(request(5, *server), poll), Outcome::Done));
            }
        }
        for (address, value) in written {
            ledger.learn(&write(&request(5, 9), *address, Value::Number(*value)));
        }
        ledger
    }

    fn shown(old: &Ledger, new: &Ledger) -> String {
        show_differences(old, new, str::to_owned)
    }

    #[test]
    fn differences_read_as_who_does_what_anew() {
        let old = ledger(&[(9, 200), (10, 50)], 1, &[(40, 100.0), (40, 230.0), (41, 1.0)]);
        let new = ledger(&[(9, 2_000), (11, 30)], 2, &[(40, 100.0), (40, 2_500.0), (42, 1.0)]);
        let expected = "\
old: 253 acts in 2 conversations over 60 minutes
new: 2,033 acts in 2 conversations over 120 minutes
rows: acts in the old one, acts in the new one, what changed

10.0.0.5 (modbus)
>   10.0.0.9 unit 1                        203  2,003  4.9 times as often
>     read 3 Read Holding Registers        200  2,000  5.0 times as often
+     values of write holding-register 40    0  1      new: 2500 (1 time)
-     values of write holding-register 40    1  0      gone: 230 (1 time)
-     command write holding-register 41      1  0      gone: 1 (1 time)
+     command write holding-register 42      0  1      new: 1 (1 time)
-   10.0.0.10 unit 1                        50  0      gone
-     read 3 Read Holding Registers         50  0      gone
+   10.0.0.11 unit 1                         0  30     new
+     read 3 Read Holding Registers          0  30     new

polled
    10.0.0.9 unit 1 (modbus)
>     holding-register 0-9                 200  2,000  5.0 times as often
    10.0.0.10 unit 1 (modbus)
-     holding-register 0-9                  50  0      gone
    10.0.0.11 unit 1 (modbus)
+     holding-register 0-9                   0  30     new
";
        let text = shown(&old, &new);
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn a_ledger_does_not_differ_from_itself_nor_from_the_same_in_another_time() {
        let hour = ledger(&[(9, 300)], 1, &[(40, 1.0)]);
        assert_eq!(hour.diff(&hour), []);
        assert!(shown(&hour, &hour).ends_with("\nnothing changed\n"));
        let longer = ledger(&[(9, 3_000)], 10, &[(40, 1.0)]);
        assert_eq!(hour.diff(&longer), []);
        assert_eq!(Ledger::default().diff(&Ledger::default()), []);
    }

    #[test]
    fn what_may_be_chance_is_not_told() {
        let few = ledger(&[(9, 3)], 1, &[]);
        let some = ledger(&[(9, 9)], 1, &[]);
        assert_eq!(few.diff(&some), []);
        let many = ledger(&[(9, 300)], 1, &[]);
        // The conversation, the function, the span.
        assert_eq!(few.diff(&many).len(), 3);
        assert_eq!(many.diff(&few).len(), 3);
        // Nobody knows how often anything was in no time.
        let never = ledger(&[(9, 3)], 0, &[]);
        assert_eq!(never.diff(&many), []);
    }

    #[test]
    fn many_values_are_told_when_they_leave_the_range() {
        let many = |from: u32| -> Vec<(u32, f64)> {
            (from..from + 20).map(|value| (40, f64::from(value))).collect()
        };
        let (low, high) = (ledger(&[], 1, &many(100)), ledger(&[], 1, &many(105)));
        let inside = ledger(&[], 1, &[(40, 107.0)]);
        assert!(shown(&low, &high).contains("new: many values from 105 to 124"));
        assert!(!shown(&low, &inside).contains("\n+"), "{}", shown(&low, &inside));
    }

    #[test]
    fn the_time_of_captures_at_the_same_time_counts_once() {
        let mut both = ledger(&[(9, 3)], 2, &[]);
        both.merge(&ledger(&[(9, 4)], 1, &[])).unwrap();
        assert_eq!(both.covered_ns(), 2 * HOUR_NS);
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let written: Vec<(u32, f64)> = (0..50).map(|address| (address, 1.0)).collect();
        let text = shown(&ledger(&[], 1, &[]), &ledger(&[], 1, &written));
        // Of the function, and 50 commands.
        assert!(text.contains("11 more differences"), "{text}");
    }
}
