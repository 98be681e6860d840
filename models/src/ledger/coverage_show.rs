//! Readiness as people read it: a line a conversation.

use super::coverage::{Counted, Coverage, Readiness, Ready, WELL};
use super::show::Table;
use crate::words::{counted, lasting};

impl Readiness {
    /// What is learned well and what not yet: a few sentences, and a line for each of the first `lines`
    /// conversations that are not learned well.
    #[must_use]
    pub fn show(&self, lines: usize) -> String {
        self.show_named(lines, str::to_owned)
    }

    /// The same, with what `name` makes of each row's name.
    pub fn show_named(&self, lines: usize, mut name: impl FnMut(&str) -> String) -> String {
        let (well, not_yet, unknown) = self.counts();
        let mut table = Table::default();
        table.line(format!(
            "Readiness: {} learned well, {not_yet} not yet, {unknown} too little seen to tell.",
            counted(well, "conversation"),
        ));
        if let Some(coverage) = self.commanded.coverage() {
            let a_day = self.new_commands_a_day();
            let a_day = a_day.map_or(String::new(), |rate| {
                format!(": about {rate:.1} new ones a day, at the rate of the learned time")
            });
            table.line(format!(
                "Of commands {:.0} % is known ({} of {} pairs of command and ten-minute segment were once \
                 only){a_day}.",
                percent(coverage),
                self.commanded.once,
                self.commanded.pairs,
            ));
        }
        let open = || self.conversations.iter().filter(|it| it.ready != Ready::Well);
        if open().next().is_some() {
            table.cells(
                [
                    "not learned well",
                    "segments",
                    "requests",
                    "commands",
                    "what is not known halves in",
                ]
                .map(str::to_owned),
            );
        }
        for coverage in open().take(lines) {
            table.cells(row(coverage));
        }
        let more = u64::try_from(open().count().saturating_sub(lines)).unwrap_or(u64::MAX);
        if more > 0 {
            table.line(format!("  and {}", counted(more, "more conversation")));
        }
        table.aligned(&mut name)
    }
}

fn row(it: &Coverage) -> [String; 5] {
    [
        format!("  {}", it.conversation),
        it.segments.to_string(),
        known(it.asked),
        known(it.commanded),
        match it.ready {
            Ready::CannotTell => "cannot tell: too little was seen".to_owned(),
            Ready::NotYet { half_ns: Some(half_ns), until_ns } => {
                let until = until_ns.map_or_else(
                    || "cannot tell when".to_owned(),
                    |ns| format!("in {}", lasting(ns)),
                );
                format!("{}; {:.0} % known {until}", lasting(half_ns), WELL * 100.0)
            }
            Ready::NotYet { .. } => "cannot tell".to_owned(),
            Ready::Well => String::new(),
        },
    ]
}

/// `63 % (6 of 16 once)`.
fn known(counted: Counted) -> String {
    let Some(coverage) = counted.coverage() else { return "none".to_owned() };
    format!("{:.0} % ({} of {} once)", percent(coverage), counted.once, counted.pairs)
}

/// Rounded down: what is not all known is never said to be.
fn percent(coverage: f64) -> f64 {
    (coverage * 100.0).floor()
}

#[cfg(test)]
mod tests {
    use crate::event::Value;
    use crate::samples::{later, learned, request, write};

    #[test]
    fn what_is_not_learned_well_has_a_line_until_there_are_too_many() {
        let polls =
            (0..200).flat_map(|at| [21, 22, 23].map(|server| later(request(5, server), at * 10)));
        let commands = (0..18_u32).map(|n| {
            let server = if n < 12 { 21 } else { 22 };
            let point = if n < 12 { n % 8 } else { 1 };
            later(write(&request(5, server), point, Value::Number(1.0)), u64::from(n) * 100)
        });
        let shown = learned(polls.chain(commands)).readiness().show(10);
        let expected = "\
Readiness: 2 conversations learned well, 1 not yet, 0 too little seen to tell.
Of commands 77 % is known (4 of 18 pairs of command and ten-minute segment were once only): about 2.9 new ones a day, at the rate of the learned time.
not learned well                       segments  requests               commands             what is not known halves in
  modbus 10.0.0.5 -> 10.0.0.21 unit 1       200  100 % (0 of 212 once)  66 % (4 of 12 once)  11 h; 95 % known in 31 h
";
        assert_eq!(shown, expected, "\n{shown}");
    }
}
