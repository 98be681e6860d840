//! Recall against the wrong alerts that one accepts.

use super::svg::{Figure, Scale};
use crate::evaluate::bounds::{real, rounded};
use crate::evaluate::figures::Figures;

const WIDTH: f64 = 500.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 46.0;
const BOTTOM: f64 = HEIGHT - 50.0;
const TOP: f64 = 14.0;

/// Draws it.
pub(super) fn plot(it: &Figures, page: &mut String) {
    let of = it.recall.of;
    if of == 0 {
        return;
    }
    let others = it
        .trivial
        .iter()
        .filter_map(|it| Some((it.name, it.wrong_episodes.a_day?, it.recall.share?)));
    let others: Vec<_> = others.collect();
    let rates = it.curve.iter().filter_map(|it| it.wrong_a_day);
    let rates: Vec<f64> = rates.chain(others.iter().map(|other| other.1)).collect();
    let most = rates.iter().copied().fold(10.0, f64::max);
    let least = rates.iter().copied().filter(|rate| *rate > 0.0).fold(0.1, f64::min);
    let decade = |rate: f64, round: fn(f64) -> f64| 10_f64.powf(round(rate.log10()));
    let across =
        Scale::ratios(decade(least, f64::floor), decade(most, f64::ceil), LEFT + 6.0, WIDTH - 16.0);
    let up = Scale::even(0.0, 1.0, BOTTOM, TOP);
    let mut figure = Figure::new(WIDTH, HEIGHT);
    figure.across(&across, (TOP, BOTTOM), |tick| rounded(tick).to_string());
    figure.text("soft end", (WIDTH - 16.0, HEIGHT - 16.0), "wrong episodes a day");
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = up.at(part);
        figure.line("axis", (LEFT, y), (WIDTH - 16.0, y), "");
        figure.text("soft end", (LEFT - 6.0, y + 4.0), &format!("{:.0} %", 100.0 * part));
    }
    let mut points = Vec::new();
    for point in &it.curve {
        let Some(rate) = point.wrong_a_day else { continue };
        let at = (across.at(rate), up.at(real(point.found) / real(of)));
        // Nothing more is found until the limit is reached that finds it.
        if let Some((_, y)) = points.last() {
            points.push((at.0, *y));
        }
        points.push(at);
    }
    figure.path("line", &points);
    let own = it.wrong_episodes.a_day.zip(it.recall.share);
    let own = own.map(|(rate, part)| ("as it is set", rate, part));
    let mut named: Vec<(f64, f64)> = Vec::new();
    for (name, rate, part) in others.into_iter().chain(own) {
        let at = (across.at(rate), up.at(part));
        let (class, radius) =
            if Some(name) == own.map(|own| own.0) { ("good", 6.0) } else { ("other", 4.5) };
        figure.dot(class, at, radius, name);
        let mut y = (at.1 + 15.0).min(BOTTOM - 4.0);
        // Where several are in one place, their names stand below each other.
        while named.iter().any(|(x, other)| (x - at.0).abs() < 90.0 && (other - y).abs() < 12.0) {
            y += if at.1 < HEIGHT / 2.0 { 13.0 } else { -13.0 };
        }
        named.push((at.0, y));
        let end = at.0 > WIDTH * 0.6;
        let (class, x) = if end { ("soft end", at.0 - 9.0) } else { ("soft", at.0 + 9.0) };
        figure.text(class, (x, y), name);
    }
    let caption = "Attacks found where other limits are set (line), as it is set, and by detectors that know \
                   nothing.";
    figure.put("Recall against wrong episodes a day", caption, page);
}
