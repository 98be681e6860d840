//! How late attacks were told of.

use std::collections::BTreeMap;

use super::svg::{Figure, Scale};
use crate::evaluate::bounds::rounded;
use crate::evaluate::report::{Attack, Pass};
use crate::evaluate::text::short;

/// Kinds of attack that are drawn.
const ROWS: usize = 60;
/// Attacks that are drawn of each kind.
const DOTS: usize = 200;

const WIDTH: f64 = 500.0;
const LEFT: f64 = 150.0;
const ROW: f64 = 15.0;

/// Draws it.
pub(super) fn plot(pass: &Pass, page: &mut String) {
    let mut kinds: BTreeMap<&str, Vec<&Attack>> = BTreeMap::new();
    for attack in pass.attacks.iter().filter(|it| it.found) {
        kinds.entry(&attack.kind).or_default().push(attack);
    }
    if kinds.is_empty() {
        return;
    }
    let latest = pass.attacks.iter().filter_map(|it| it.told_after_s).fold(10.0, f64::max);
    let latest = 10_f64.powf(latest.log10().ceil());
    let seconds = Scale::ratios(0.01, latest, LEFT + 8.0, WIDTH - 16.0);
    let rows = f64::from(u32::try_from(kinds.len().min(ROWS)).unwrap_or(0));
    let bottom = 14.0 + rows * ROW;
    let mut figure = Figure::new(WIDTH, bottom + 36.0);
    figure.across(&seconds, (8.0, bottom), |tick| rounded(tick).to_string());
    figure.text("soft end", (WIDTH - 16.0, bottom + 30.0), "seconds");
    let mut y = 14.0 + ROW / 2.0;
    for (kind, attacks) in kinds.iter().take(ROWS) {
        let name = if kind.is_empty() { "attack" } else { kind };
        figure.text("end", (LEFT - 8.0, y + 4.0), name);
        for it in attacks.iter().take(DOTS) {
            let after_s = it.told_after_s.unwrap_or(0.0);
            let act = it.told_at_act.unwrap_or(1);
            let title = format!("{kind}: after {} s, at act {act}", short(after_s));
            figure.dot("good", (seconds.at(after_s), y), 3.5, &title);
        }
        y += ROW;
    }
    let caption = "Capture time from the first act of an attack to the revision that tells of it, of those that \
                   were found.";
    figure.put("How late attacks were told of", caption, page);
}
