//! Alerts over time against labels.

use core::fmt::Write;
use std::collections::BTreeMap;

use super::svg::{Figure, Scale};
use crate::evaluate::report::{Alerted, Attack, Pass};
use crate::evaluate::text::short;

/// Kinds of attack that have a row of their own; more share the last.
const ROWS: usize = 60;
/// Marks that are drawn of each sort; more would not be told apart.
const MARKS: usize = 4_000;

const WIDTH: f64 = 1_040.0;
const LEFT: f64 = 170.0;
const ROW: f64 = 17.0;

/// Draws one part, or all.
pub(super) fn plot(pass: &Pass, part: Option<usize>, page: &mut String) {
    let here = |of: usize| part.is_none_or(|part| part == of);
    let attacks: Vec<&Attack> = pass.attacks.iter().filter(|it| here(it.part)).collect();
    let alerts: Vec<&Alerted> = pass.alerts.iter().filter(|it| here(it.part)).collect();
    if attacks.is_empty() && alerts.is_empty() {
        page.push_str("<p>No attack and no alert.</p>\n");
        return;
    }
    let ends = attacks.iter().map(|it| it.end_s).chain(alerts.iter().map(|it| it.last_s));
    let until_s = ends.fold(1.0, f64::max);
    let (unit, unit_s) = if until_s > 7_200.0 { ("hours", 3_600.0) } else { ("minutes", 60.0) };
    let time = Scale::even(0.0, until_s / unit_s, LEFT, WIDTH - 14.0);
    let mut rows: BTreeMap<&str, f64> = BTreeMap::new();
    for attack in &attacks {
        rows.entry(&attack.kind).or_default();
    }
    let count = rows.len();
    let mut y = 8.0;
    for (nth, row) in rows.values_mut().enumerate() {
        *row = y;
        y += if nth < ROWS { ROW } else { 0.0 };
    }
    let (right_y, wrong_y) = (y + 10.0, y + 10.0 + ROW);
    let bottom = wrong_y + ROW + 4.0;
    let mut figure = Figure::new(WIDTH, bottom + 34.0);
    figure.across(&time, (4.0, bottom), short);
    figure.text(
        "soft end",
        (WIDTH - 14.0, bottom + 28.0),
        &format!("{unit} after the first packet"),
    );
    for (nth, (kind, row)) in rows.iter().enumerate() {
        let name = match nth {
            ROWS if count > ROWS + 1 => "further kinds",
            nth if nth > ROWS => continue,
            _ if kind.is_empty() => "attack",
            _ => kind,
        };
        figure.text("end", (LEFT - 8.0, row + 11.0), name);
    }
    figure.line("axis", (0.0, y + 5.0), (WIDTH - 14.0, y + 5.0), "");
    figure.text("end", (LEFT - 8.0, right_y + 11.0), "alerts on attacks");
    figure.text("end", (LEFT - 8.0, wrong_y + 11.0), "wrong alerts");
    for it in attacks.iter().take(MARKS) {
        let row = rows.get(it.kind.as_str()).copied().unwrap_or(y);
        let (from, to) = (time.at(it.start_s / unit_s), time.at(it.end_s / unit_s));
        let class = if it.found { "good" } else { "bad" };
        let mut title = format!("{}, {} acts: ", it.kind, it.acts);
        let _ = match it.told_after_s.filter(|_| it.found) {
            Some(after_s) => write!(title, "found after {} s", short(after_s)),
            None => write!(title, "missed"),
        };
        figure.bar(class, (from, row + 3.0), ((to - from).max(3.0), ROW - 6.0), &title);
    }
    for it in alerts.iter().take(MARKS) {
        let x = time.at(it.first_s / unit_s);
        let (class, y) =
            if it.attacks.is_empty() { ("tick bad", wrong_y) } else { ("tick good", right_y) };
        let title = format!("{} ({}), {} acts", it.kind, it.severity.name(), it.acts);
        figure.line(class, (x, y + 2.0), (x, y + ROW - 3.0), &title);
    }
    let caption = "Attacks as labelled, found (blue) or missed (orange), and alerts at the time of their first \
                   act. Point at a mark for more.";
    figure.put("Alerts over time against labels", caption, page);
}
