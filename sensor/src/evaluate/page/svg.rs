//! Drawing: a figure with axes, in numbers of the data.

use core::fmt::Write;

use super::Text;

/// A figure that is being drawn. Its places are in units of the drawing, from the upper left.
pub(super) struct Figure {
    body: String,
    width: f64,
    height: f64,
}

/// From numbers of the data to places along an axis.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    /// The least and the greatest number.
    from: f64,
    to: f64,
    /// Their places.
    begin: f64,
    end: f64,
    /// Whether equal steps are equal ratios; what is less than the least number, as 0 is, then has a
    /// place of its own at the begin.
    ratios: bool,
}

/// Places kept at the begin of a scale of ratios for what is less than its least number.
const ZERO: f64 = 26.0;

impl Scale {
    pub(super) fn even(from: f64, to: f64, begin: f64, end: f64) -> Self {
        Self { from, to: to.max(from + f64::EPSILON), begin, end, ratios: false }
    }

    pub(super) fn ratios(from: f64, to: f64, begin: f64, end: f64) -> Self {
        Self { from, to: to.max(from * 10.0), begin, end, ratios: true }
    }

    pub(super) fn at(&self, number: f64) -> f64 {
        if !self.ratios {
            let part = (number - self.from) / (self.to - self.from);
            return self.begin + part.clamp(0.0, 1.0) * (self.end - self.begin);
        }
        if number < self.from {
            return self.begin;
        }
        let part = (number / self.from).log10() / (self.to / self.from).log10();
        let begin = self.begin + ZERO;
        begin + part.clamp(0.0, 1.0) * (self.end - begin)
    }

    /// Numbers to be named along the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.ratios {
            let mut ticks = vec![0.0];
            let mut tick = self.from;
            while tick <= self.to * 1.000_001 {
                ticks.push(tick);
                tick *= 10.0;
            }
            return ticks;
        }
        let rough = (self.to - self.from) / 8.0;
        let size = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|it| it * size).into_iter().find(|it| *it >= rough);
        let step = step.unwrap_or(size * 10.0);
        let mut ticks = Vec::new();
        let mut tick = (self.from / step).ceil() * step;
        while tick <= self.to && ticks.len() < 20 {
            ticks.push(tick);
            tick += step;
        }
        ticks
    }
}

impl Figure {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { body: String::new(), width, height }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64), title: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = write!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\">"
        );
        self.title(title);
        self.body.push_str("</line>\n");
    }

    pub(super) fn bar(&mut self, class: &str, from: (f64, f64), size: (f64, f64), title: &str) {
        let ((x, y), (width, height)) = (from, size);
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\" rx=\"1.5\">"
        );
        self.title(title);
        self.body.push_str("</rect>\n");
    }

    pub(super) fn dot(&mut self, class: &str, at: (f64, f64), radius: f64, title: &str) {
        let (x, y) = at;
        let _ = write!(
            self.body,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" \
             fill-opacity=\"0.75\">"
        );
        self.title(title);
        self.body.push_str("</circle>\n");
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ =
            writeln!(self.body, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), text: &str) {
        let (x, y) = at;
        let text = Text(text);
        let _ =
            writeln!(self.body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
    }

    /// Lines and numbers across the figure for each tick, from `top` to `bottom`.
    pub(super) fn across(
        &mut self,
        scale: &Scale,
        (top, bottom): (f64, f64),
        name: impl Fn(f64) -> String,
    ) {
        for tick in scale.ticks() {
            let x = scale.at(tick);
            self.line("axis", (x, top), (x, bottom), "");
            self.text("soft mid", (x, bottom + 14.0), &name(tick));
        }
    }

    fn title(&mut self, title: &str) {
        if !title.is_empty() {
            let _ = write!(self.body, "<title>{}</title>", Text(title));
        }
    }

    /// Puts it on the page, with words below.
    pub(super) fn put(self, label: &str, caption: &str, page: &mut String) {
        let _ = writeln!(
            page,
            "<figure>\n<svg viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n\
             <figcaption>{}</figcaption>\n</figure>",
            self.width,
            self.height,
            Text(label),
            self.body,
            Text(caption)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_where_their_numbers_do() {
        let even = Scale::even(0.0, 10.0, 100.0, 200.0);
        let places = [-1.0, 0.0, 5.0, 10.0, 11.0].map(|it| even.at(it));
        assert_eq!(format!("{places:.0?}"), "[100, 100, 150, 200, 200]");
        let ratios = Scale::ratios(0.1, 10.0, 0.0, 126.0);
        let places = [0.0, 0.1, 1.0, 10.0].map(|it| ratios.at(it));
        assert_eq!(format!("{places:.0?}"), "[0, 26, 76, 126]");
    }

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(
            Scale::even(0.0, 40.0, 0.0, 1.0).ticks(),
            [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0]
        );
        assert_eq!(Scale::ratios(1.0, 100.0, 0.0, 1.0).ticks(), [0.0, 1.0, 10.0, 100.0]);
        assert!(Scale::even(0.0, 0.0, 0.0, 1.0).ticks().len() < 21);
    }
}
