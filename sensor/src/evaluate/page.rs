//! The result as one page with plots, which needs nothing from elsewhere: no script, no font, no image.

mod latency;
mod recall;
mod svg;
mod timeline;

use core::fmt::{self, Write};

use super::figures::{Figures, KindFigures, Limit};
use super::report::{Pass, Report};
use super::text::{between, few, of, rate, share, short};

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Gridtap: detection measured</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n\
         <h1>Detection, measured against labels</h1>\n",
        include_str!("page/style.css")
    );
    inputs(report, &mut page);
    for pass in &report.passes {
        section(report, pass, &mut page);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// What was read and how, for whoever repeats it.
fn inputs(report: &Report, page: &mut String) {
    let (inputs, settings) = (&report.inputs, &report.settings);
    let learned = match settings.learn_s {
        Some(seconds) => format!("Learned from the first {} s.", short(seconds)),
        None if inputs.baseline_sha256.is_some() => "Judged by a baseline.".to_owned(),
        None => "Learned from the first part of each capture.".to_owned(),
    };
    let tolerance = if settings.tolerance_s > 0.0 {
        let seconds = short(settings.tolerance_s);
        format!(
            "What lies within {seconds} s of an attack, between its hosts, counts as part of it. "
        )
    } else {
        String::new()
    };
    let _ = writeln!(
        page,
        "<p class=\"lead\">Gridtap {}, {}. {learned} An attack is found when a revision of an alert covers \
         one of its acts. {tolerance}Intervals and bounds are at 95 %.</p>",
        Text(report.gridtap),
        counted(inputs.captures.len(), "capture"),
    );
    page.push_str("<details><summary>What was read, to repeat it</summary>\n");
    let mut table = Table::begin(&["file", "packets", "SHA-256"], page);
    for (nth, capture) in (1_usize..).zip(&inputs.captures) {
        let name = capture.name.clone().unwrap_or_else(|| format!("capture {nth}"));
        table.row(&[&name, &capture.packets.to_string(), &capture.sha256]);
        for file in &capture.labels {
            let name = file.name.clone().unwrap_or_else(|| format!("its labels: {}", file.rows));
            table.row(&[&name, "", &file.sha256]);
        }
    }
    if let Some(digest) = &inputs.baseline_sha256 {
        table.row(&["baseline", "", digest]);
    }
    table.row(&["configuration", "", &inputs.configuration_sha256]);
    table.end();
    let _ = writeln!(
        page,
        "<p>Raised from {} bits on, commands from {}; {} alerts a day wanted; an episode ends after {} s \
         of quiet. Seed {}.{}</p></details>",
        short(settings.at_bits),
        short(settings.command_at_bits),
        short(settings.episodes_a_day),
        short(settings.quiet_s),
        settings.seed,
        settings.filter.as_ref().map_or(String::new(), |it| format!(" Filter: {}.", Text(it))),
    );
}

fn section(report: &Report, pass: &Pass, page: &mut String) {
    let it = &pass.figures;
    let _ = writeln!(page, "<section>\n<h2>{}</h2>", Text(&pass.name));
    let changed: Vec<String> =
        pass.changed.iter().map(|(what, count)| format!("{what}: {count}")).collect();
    let _ = writeln!(
        page,
        "<p>{}Learned {} acts, judged {} in {} days, {} of them without attacks.{}</p>",
        if changed.is_empty() { String::new() } else { format!("{}. ", changed.join(", ")) },
        it.learned_acts,
        it.judged_acts,
        short(it.judged_days),
        short(it.benign_days),
        if it.unjudged_attacks > 0 {
            format!(" Attacks in the learned time, left out: {}.", it.unjudged_attacks)
        } else {
            String::new()
        }
    );
    tiles(it, page);
    let parts = if report.settings.each { pass.parts.len().clamp(1, TIMELINES) } else { 0 };
    if parts > 1 {
        for part in 1..=parts {
            let open = if part == 1 { " open" } else { "" };
            let _ = writeln!(
                page,
                "<details{open}><summary>Alerts and attacks of part {part}</summary>"
            );
            timeline::plot(pass, Some(part), page);
            page.push_str("</details>\n");
        }
    } else {
        timeline::plot(pass, None, page);
    }
    kinds(it, page);
    page.push_str("<div class=\"pair\">\n");
    recall::plot(it, page);
    latency::plot(pass, page);
    page.push_str("</div>\n");
    tables(pass, page);
    page.push_str("</section>\n");
}

/// Captures measured apart of which the alerts are drawn.
const TIMELINES: usize = 8;

/// The main figures, large.
fn tiles(it: &Figures, page: &mut String) {
    let percent =
        |part: Option<f64>| part.map_or("–".to_owned(), |part| format!("{:.0} %", 100.0 * part));
    let seconds =
        it.latency.seconds.map_or("–".to_owned(), |it| format!("{} s", short(it.median)));
    let a_day = it.wrong_episodes.a_day.map_or("–".to_owned(), short);
    let tiles = [
        (
            percent(it.recall.share),
            "attacks found",
            format!("{}, {}", of(it.recall), between(it.recall)),
        ),
        (a_day, "wrong episodes a day", rate(it.wrong_episodes)),
        (percent(it.commands.precision.share), "precision of commands", of(it.commands.precision)),
        (percent(it.commands.recall.share), "recall of commands", of(it.commands.recall)),
        (
            percent(it.commands.operators.share),
            "operators' commands alarmed",
            of(it.commands.operators),
        ),
        (seconds, "until told, the middle one", latency_acts(it)),
    ];
    page.push_str("<div class=\"tiles\">\n");
    for (figure, what, more) in tiles {
        let _ = writeln!(
            page,
            "<div class=\"tile\"><b>{figure}</b><span>{what}</span><small>{}</small></div>",
            Text(&more)
        );
    }
    page.push_str("</div>\n");
}

fn latency_acts(it: &Figures) -> String {
    let act = it.latency.act;
    act.map_or(String::new(), |act| {
        format!("at act {}, 9 of 10 by act {}", short(act.median), short(act.p90))
    })
}

fn kinds(it: &Figures, page: &mut String) {
    if it.kinds.is_empty() {
        return;
    }
    page.push_str("<h3>By kind of attack</h3>\n");
    let head =
        ["attack", "found", "95 %", "at act", "after", "names actor", "target", "point", "alerts"];
    let mut table = Table::begin(&head, page);
    for KindFigures { kind, recall, unseen, latency, naming, alerts } in &it.kinds {
        let kind = if kind.is_empty() { "(not said)" } else { kind };
        let unseen = if *unseen > 0 { format!(" ({unseen} unseen)") } else { String::new() };
        let act = latency.act.map_or(String::new(), |act| short(act.median));
        let seconds = latency.seconds.map_or(String::new(), |it| format!("{} s", short(it.median)));
        table.row(&[
            &format!("{kind}{unseen}"),
            &of(*recall),
            &between(*recall),
            &act,
            &seconds,
            &of(naming.actor),
            &of(naming.target),
            &of(naming.point),
            &few(alerts),
        ]);
    }
    table.end();
}

fn tables(pass: &Pass, page: &mut String) {
    let it = &pass.figures;
    page.push_str("<h3>Where other numbers of alerts are wanted</h3>\n");
    let mut table =
        Table::begin(&["wanted a day", "wrong ones", "attacks found", "95 %", "limit"], page);
    for budget in &it.budgets {
        table.row(&[
            &short(budget.episodes_a_day),
            &format!("{} of {} accepted here", budget.wrong, budget.accepted),
            &of(budget.recall),
            &between(budget.recall),
            &budget.limit.map_or("none".to_owned(), limit),
        ]);
    }
    table.end();
    page.push_str("<h3>Beside detectors that know nothing</h3>\n");
    let head = ["", "attacks found", "wrong a day", "precision of commands", "recall of commands"];
    let mut table = Table::begin(&head, page);
    let own = ("gridtap", it.recall, it.wrong_episodes, it.commands.precision, it.commands.recall);
    let others = it.trivial.iter();
    let others =
        others.map(|it| (it.name, it.recall, it.wrong_episodes, it.precision, it.command_recall));
    for (name, recall, wrong, precision, commands) in [own].into_iter().chain(others) {
        let wrong = wrong.a_day.map_or("–".to_owned(), short);
        table.row(&[name, &of(recall), &wrong, &share(precision), &share(commands)]);
    }
    table.end();
    if !it.wrong_kinds.is_empty() || !it.lookalikes.is_empty() {
        page.push_str("<h3>What was wrong, and what looks like an attack</h3>\n");
        let mut table = Table::begin(&["", ""], page);
        for (kind, count) in &it.wrong_kinds {
            table.row(&[&format!("wrong: {kind}"), &count.to_string()]);
        }
        for alike in &it.lookalikes {
            table.row(&[
                &format!("alike: {}", alike.kind),
                &format!("{} alarmed", of(alike.alarmed)),
            ]);
        }
        table.end();
    }
    if !pass.parts.is_empty() {
        page.push_str("<h3>Part by part</h3>\n");
        let mut table = Table::begin(&["part", "attacks found", "95 %", "wrong episodes"], page);
        for part in &pass.parts {
            let (found, wrong) = (part.recall, rate(part.wrong_episodes));
            table.row(&[&part.part.to_string(), &of(found), &between(found), &wrong]);
        }
        table.end();
    }
}

/// A limit in words.
pub(super) fn limit(limit: Limit) -> String {
    match (limit.hard_only, limit.bits) {
        (true, _) => "only what needs no learning".to_owned(),
        (false, bits) => format!("{bits:+.1} bits"),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A table that is being written.
struct Table<'p> {
    page: &'p mut String,
}

impl<'p> Table<'p> {
    fn begin(head: &[&str], page: &'p mut String) -> Self {
        page.push_str("<div class=\"wide\"><table>\n<thead><tr>");
        for cell in head {
            let _ = write!(page, "<th>{}</th>", Text(cell));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        Self { page }
    }

    fn row(&mut self, cells: &[&str]) {
        self.page.push_str("<tr>");
        for cell in cells {
            let _ = write!(self.page, "<td>{}</td>", Text(cell));
        }
        self.page.push_str("</tr>\n");
    }

    fn end(self) {
        self.page.push_str("</tbody></table></div>\n");
    }
}

/// Text in a page, whatever it holds: labels come from anywhere.
struct Text<'t>(&'t str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter if letter.is_control() => f.write_char('\u{fffd}')?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_put_anything_into_a_page() {
        let text = Text("<script>alert('x')</script>&\"\u{1b}").to_string();
        assert_eq!(text, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{fffd}");
    }
}
