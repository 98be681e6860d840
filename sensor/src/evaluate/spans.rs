//! Stretches of capture time: joined, and without others.

/// Stretches of time in nanoseconds, from and to, apart and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans(Vec<(u64, u64)>);

impl Spans {
    /// The time in any of these.
    #[must_use]
    pub fn of(mut spans: Vec<(u64, u64)>) -> Self {
        spans.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    /// What of it lies between these times.
    #[must_use]
    pub fn within(&self, from: u64, to: u64) -> Self {
        let cut = self.0.iter().map(|span| (span.0.max(from), span.1.min(to)));
        Self(cut.filter(|(from, to)| from < to).collect())
    }

    /// What of it lies in none of `others`.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let mut left = Vec::new();
        for &(from, to) in &self.0 {
            let mut since = from;
            for other in others.0.iter().filter(|other| other.0 < to && other.1 > from) {
                if other.0 > since {
                    left.push((since, other.0));
                }
                since = since.max(other.1);
            }
            if since < to {
                left.push((since, to));
            }
        }
        Self(left)
    }

    /// How long it is in all, in nanoseconds.
    #[must_use]
    pub fn length_ns(&self) -> u64 {
        self.0.iter().fold(0, |sum, (from, to)| sum.saturating_add(to.saturating_sub(*from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_is_one_and_what_is_cut_out_is_gone() {
        let spans = Spans::of(vec![(50, 60), (0, 10), (10, 20), (15, 18), (90, 90)]);
        assert_eq!(spans, Spans(vec![(0, 20), (50, 60), (90, 90)]));
        assert_eq!(spans.length_ns(), 30);
        assert_eq!(spans.within(5, 55), Spans(vec![(5, 20), (50, 55)]));
        let others = Spans::of(vec![(2, 3), (19, 51), (58, 99)]);
        assert_eq!(spans.without(&others), Spans(vec![(0, 2), (3, 19), (51, 58)]));
        assert_eq!(spans.without(&Spans::of(vec![(0, 100)])).length_ns(), 0);
    }
}
