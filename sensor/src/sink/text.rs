//! Alerts as people read them on a terminal.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, Color, ContentArrangement, Table};

use crate::alert::{Alert, Severity};
use crate::when::Moment;

/// Packet numbers that a cell names before it says how many more there are.
const NAMED_PACKETS: usize = 3;

/// An alert as a paragraph, with colours if `colours`.
#[must_use]
pub fn paragraph(alert: &Alert, colours: bool) -> String {
    let (on, off) = if colours { (colour(alert.severity), "\u{1b}[0m") } else { ("", "") };
    let state = match (alert.last, alert.revision) {
        (true, _) => " (closed)".to_owned(),
        (false, 0) => String::new(),
        (false, revision) => format!(" (revision {revision})"),
    };
    format!(
        "{time} {on}{severity}{off} {kind} ×{count}{state}  [{id}]\n    {what}\n    because \
         {because}\n    packets {packets}\n",
        time = short(alert.time),
        severity = alert.severity,
        kind = alert.kind,
        count = alert.count,
        id = alert.id,
        what = alert.named(&alert.what),
        because = alert.named(&alert.because),
        packets = packets(alert),
    )
}

/// Alerts as a table, `width` columns wide where that is known; with colours if `colours`.
#[must_use]
pub fn table<'a>(
    alerts: impl IntoIterator<Item = &'a Alert>,
    width: Option<u16>,
    colours: bool,
) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["alert", "what and why", "packets"]);
    if let Some(width) = width {
        table.set_width(width);
    }
    if colours {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for alert in alerts {
        let mut head = Cell::new(heading(alert));
        if colours {
            head = head.fg(cell_colour(alert.severity));
        }
        table.add_row([
            head,
            Cell::new(format!(
                "{}\nbecause {}\noutcome: {}",
                alert.named(&alert.what),
                alert.named(&alert.because),
                outcomes(alert)
            )),
            Cell::new(packets(alert)),
        ]);
    }
    // Colours may stand at the end of a line, where trimming would cut them.
    if colours { table.to_string() } else { table.trim_fmt() }
}

/// How the acts ended, as far as that was seen.
pub(super) fn outcomes(alert: &Alert) -> String {
    let ended = alert.outcomes;
    let counts =
        [(ended.done, "done"), (ended.refused, "refused"), (ended.unanswered, "unanswered")];
    let named: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if named.is_empty() { "not known yet".to_owned() } else { named.join(", ") }
}

/// Severity and how many acts, time, id, then the kinds, the gravest first.
fn heading(alert: &Alert) -> String {
    let mut kinds = vec![alert.kind.as_ref()];
    for finding in &alert.findings {
        if !kinds.contains(&finding.kind.as_ref()) {
            kinds.push(&finding.kind);
        }
    }
    let count = if alert.count > 1 { format!(" ×{}", alert.count) } else { String::new() };
    let (severity, time) = (alert.severity.name().to_uppercase(), short(alert.time));
    format!("{severity}{count}\n{time}\n{}\n{}", alert.id, kinds.join("\n"))
}

/// Date and time to the millisecond: enough to find it, short enough for a column.
pub(super) fn short(time: Moment) -> String {
    let text = time.to_string();
    text.get(..23).unwrap_or(&text).replace('T', " ")
}

fn packets(alert: &Alert) -> String {
    let named: Vec<String> =
        alert.packets.iter().take(NAMED_PACKETS).map(ToString::to_string).collect();
    let more = if alert.packets.len() > NAMED_PACKETS { " …" } else { "" };
    format!("{}{more}", named.join(" "))
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "\u{1b}[1;31m",
        Severity::High => "\u{1b}[31m",
        Severity::Medium => "\u{1b}[33m",
        Severity::Low => "\u{1b}[36m",
        Severity::Info => "\u{1b}[2m",
    }
}

fn cell_colour(severity: Severity) -> Color {
    match severity {
        Severity::Critical | Severity::High => Color::Red,
        Severity::Medium => Color::Yellow,
        Severity::Low => Color::Cyan,
        Severity::Info => Color::Grey,
    }
}
