//! The packets of the first so much capture time.

use super::{Packet, Source, Step};

/// A source without the packets that came later than some time after the first.
///
/// They are passed over one by one, and not the end: one packet with a wrong time does not cost
/// those behind it.
#[derive(Debug)]
pub struct Within<S> {
    source: S,
    span_ns: u64,
    first_ns: Option<u64>,
}

impl<S: Source> Within<S> {
    /// The packets of `source` from the first on, until `span_ns` nanoseconds after it.
    pub fn new(source: S, span_ns: u64) -> Self {
        Self { source, span_ns, first_ns: None }
    }

    /// The source behind it.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The source behind it, again.
    pub fn into_source(self) -> S {
        self.source
    }
}

impl<S: Source> Source for Within<S> {
    fn advance(&mut self) -> Step {
        loop {
            let step = self.source.advance();
            if step != Step::Packet {
                return step;
            }
            let time_ns = self.source.packet().time_ns;
            let first_ns = *self.first_ns.get_or_insert(time_ns);
            if time_ns < first_ns.saturating_add(self.span_ns) {
                return step;
            }
        }
    }

    fn packet(&self) -> Packet<'_> {
        self.source.packet()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::LinkType;

    #[derive(Debug)]
    struct Times(Vec<u64>, usize);

    impl Source for Times {
        fn advance(&mut self) -> Step {
            self.1 += 1;
            if self.1 <= self.0.len() { Step::Packet } else { Step::End }
        }

        fn packet(&self) -> Packet<'_> {
            Packet {
                sequence: self.1 as u64,
                capture: 0,
                number: self.1 as u64,
                time_ns: self.0[self.1 - 1],
                link: LinkType(1),
                wire_octets: 0,
                octets: &[],
            }
        }
    }

    #[test]
    fn later_packets_are_passed_over_and_a_wrong_clock_costs_one() {
        let mut within = Within::new(Times(vec![100, 149, 9_000, 120, 150, 99], 0), 50);
        let mut times = Vec::new();
        while within.advance() == Step::Packet {
            times.push(within.packet().time_ns);
        }
        assert_eq!(times, [100, 149, 120, 99]);
    }
}
