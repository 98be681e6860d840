//! The result as tables for people.

use core::fmt::Write;
use std::collections::BTreeMap;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::bounds::{Rate, Share};
use super::figures::{Figures, Latency, NamingFigures, Spread};
use super::measured::PRACTICE;
use super::page::limit;
use super::report::{Pass, Report};

/// Wrong kinds of alerts and alerts of a kind of attack that a line names.
const NAMED: usize = 4;

/// The result as text, `width` columns wide where that is known.
#[must_use]
pub fn text(report: &Report, width: Option<u16>) -> String {
    let mut text = String::new();
    for (nth, pass) in report.passes.iter().enumerate() {
        if nth > 0 {
            text.push('\n');
        }
        let figures = &pass.figures;
        heading(pass, &mut text);
        kinds(figures, width, &mut text);
        sentences(figures, &mut text);
        budgets(figures, width, &mut text);
        beside(figures, width, &mut text);
        parts(pass, width, &mut text);
    }
    text
}

fn heading(pass: &Pass, text: &mut String) {
    let it = &pass.figures;
    let changed: Vec<String> =
        pass.changed.iter().map(|(what, count)| format!("{what} {count}")).collect();
    let changed =
        if changed.is_empty() { String::new() } else { format!(" ({})", changed.join(", ")) };
    let _ = writeln!(
        text,
        "{}{changed}: learned {} acts, judged {} in {:.2} days, {:.2} of them without attacks.",
        capital(&pass.name),
        it.learned_acts,
        it.judged_acts,
        it.judged_days,
        it.benign_days
    );
    if it.unjudged_attacks > 0 {
        let _ = writeln!(
            text,
            "Left out: attacks in the learned time: {}, and alerts there: {}.",
            it.unjudged_attacks, it.unjudged_episodes
        );
    }
    text.push('\n');
}

fn kinds(it: &Figures, width: Option<u16>, text: &mut String) {
    if it.kinds.is_empty() {
        text.push_str("No attack in the judged time.\n\n");
        return;
    }
    let mut table = plain(width);
    table.set_header([
        "attack",
        "found",
        "95 %",
        "at act",
        "after",
        "names actor",
        "target",
        "point",
        "alerts",
    ]);
    for kind in &it.kinds {
        let name = if kind.kind.is_empty() { "(not said)" } else { &kind.kind };
        let unseen =
            if kind.unseen > 0 { format!(" ({} unseen)", kind.unseen) } else { String::new() };
        let name = format!("{name}{unseen}");
        table.add_row(row(name, kind.recall, &kind.latency, &kind.naming, few(&kind.alerts)));
    }
    table.add_row(row("all".to_owned(), it.recall, &it.latency, &it.naming, String::new()));
    let _ = writeln!(text, "{}\n", table.trim_fmt());
}

fn row(
    name: String,
    recall: Share,
    latency: &Latency,
    naming: &NamingFigures,
    alerts: String,
) -> [String; 9] {
    let median = |spread: Option<Spread>, unit: &str| {
        spread.map_or(String::new(), |spread| format!("{}{unit}", short(spread.median)))
    };
    [
        name,
        of(recall),
        between(recall),
        median(latency.act, ""),
        median(latency.seconds, " s"),
        of(naming.actor),
        of(naming.target),
        of(naming.point),
        alerts,
    ]
}

fn sentences(it: &Figures, text: &mut String) {
    let wrong = few(&it.wrong_kinds);
    let wrong = if wrong.is_empty() { String::new() } else { format!(": {wrong}") };
    let _ = writeln!(
        text,
        "Episodes: {}. Without an act of an attack: {}{wrong}.",
        it.episodes,
        rate(it.wrong_episodes)
    );
    let commands = &it.commands;
    let _ = writeln!(
        text,
        "Commands: {} judged. Alarmed and part of an attack (precision): {}. Part of an attack and \
         alarmed (recall): {}. Of operators and alarmed: {}; of those who gave {PRACTICE} commands or more while \
         learning: {}.",
        commands.judged,
        share(commands.precision),
        share(commands.recall),
        share(commands.operators),
        share(commands.practised_operators)
    );
    if it.muted_findings > 0 {
        let _ = writeln!(
            text,
            "Findings not raised to keep to the alerts a day: {}.",
            it.muted_findings
        );
    }
    for it in &it.lookalikes {
        let _ = writeln!(text, "Looks like an attack: {}, alarmed {}.", it.kind, of(it.alarmed));
    }
    text.push('\n');
}

fn budgets(it: &Figures, width: Option<u16>, text: &mut String) {
    if it.recall.of == 0 {
        return;
    }
    let mut table = plain(width);
    table.set_header(["wanted a day", "accepted here", "found", "95 %", "limit"]);
    for budget in &it.budgets {
        table.add_row([
            short(budget.episodes_a_day),
            format!("{} wrong", budget.accepted),
            of(budget.recall),
            between(budget.recall),
            budget.limit.map_or("none".to_owned(), limit),
        ]);
    }
    let _ = writeln!(text, "{}\n", table.trim_fmt());
}

fn beside(it: &Figures, width: Option<u16>, text: &mut String) {
    let mut table = plain(width);
    table.set_header([
        "beside it",
        "attacks found",
        "wrong a day",
        "precision",
        "recall of commands",
    ]);
    let mine = it.commands;
    let own = ("gridtap", it.recall, it.wrong_episodes, mine.precision, mine.recall);
    let others = it.trivial.iter();
    let others =
        others.map(|it| (it.name, it.recall, it.wrong_episodes, it.precision, it.command_recall));
    for (name, recall, wrong, precision, commands) in [own].into_iter().chain(others) {
        let wrong = wrong.a_day.map_or("no time".to_owned(), short);
        table.add_row([name.to_owned(), of(recall), wrong, share(precision), share(commands)]);
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
}

fn parts(pass: &Pass, width: Option<u16>, text: &mut String) {
    if pass.parts.is_empty() {
        return;
    }
    let mut table = plain(width);
    table.set_header(["part", "attacks found", "95 %", "wrong episodes"]);
    for it in &pass.parts {
        let name = it.part.to_string();
        table.add_row([name, of(it.recall), between(it.recall), rate(it.wrong_episodes)]);
    }
    let _ = writeln!(text, "\n{}", table.trim_fmt());
}

fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// `3 of 4`.
pub(super) fn of(share: Share) -> String {
    if share.of == 0 { String::new() } else { format!("{} of {}", share.count, share.of) }
}

/// `3 of 4 (75.0 %)`.
pub(super) fn share(it: Share) -> String {
    it.share.map_or("none".to_owned(), |part| format!("{} ({:.1} %)", of(it), 100.0 * part))
}

/// The interval, in percent.
pub(super) fn between(share: Share) -> String {
    share
        .low
        .zip(share.high)
        .map_or(String::new(), |(low, high)| format!("{:.0}–{:.0} %", 100.0 * low, 100.0 * high))
}

/// `2 (0.40 a day, at most 1.26)`.
pub(super) fn rate(it: Rate) -> String {
    it.a_day.zip(it.at_most).map_or(format!("{} in no time", it.count), |(a_day, most)| {
        format!(
            "{} in {} days ({} a day, at most {} at 95 %)",
            it.count,
            short(it.days),
            short(a_day),
            short(most)
        )
    })
}

/// The most frequent, with their counts.
pub(super) fn few(counts: &BTreeMap<String, u64>) -> String {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(name, count)| (core::cmp::Reverse(**count), *name));
    let named: Vec<String> =
        counts.iter().take(NAMED).map(|(name, count)| format!("{name} {count}")).collect();
    let more = if counts.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

/// A number with as many decimals as matter.
pub(super) fn short(number: f64) -> String {
    if number == 0.0 || number.abs() >= 100.0 {
        format!("{number:.0}")
    } else if number.abs() >= 0.095 {
        let text = format!("{number:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{number:.4}")
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
