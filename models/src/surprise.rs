//! How odd something is, given how often things happened: one estimate, used everywhere.
//!
//! A Pitman-Yor (Kneser-Ney) estimate with back-off. In a context of `n` events and `u` distinct
//! symbols, with discount `d` and strength `t`,
//!
//! ```text
//! p(new) = (t + d·u) / (n + t)
//! p(x)   = max(c(x) − d, 0) / (n + t) + p(new) · p(x | parent)
//! ```
//!
//! and surprise is −log₂ p. The deepest context that knows anything counts events; its parents count
//! kinds ([`Kinds`](crate::ledger::Kinds): in how many children a symbol was met), or the same events would be charged for twice.
//! Addresses and values are open alphabets: which new name it is costs nothing, so that the chain
//! ends in a probability of 1, and a score says how often something *this odd* is to be expected.

use crate::detector::Bits;

/// Discount `d`: how much of each symbol's count is kept back for symbols not met yet.
pub const DISCOUNT: f64 = 0.5;

/// Strength `t`: how many events the parent's opinion is worth.
pub const STRENGTH: f64 = 1.0;

/// Findings below this are not worth reporting: once in eight acts.
pub const FLOOR: Bits = Bits(3.0);

/// What was counted in one context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Events.
    pub events: u64,
    /// Distinct symbols among them.
    pub distinct: u64,
}

impl Context {
    /// The probability that the next event has a symbol never met here: from above 0 to 1.
    #[must_use]
    pub fn novel(self) -> f64 {
        let mass = STRENGTH + DISCOUNT * real(self.distinct);
        (mass / (real(self.events) + STRENGTH)).min(1.0)
    }

    /// The probability of a symbol met `count` times here, and of probability `parent` elsewhere.
    #[must_use]
    pub fn share(self, count: u64, parent: f64) -> f64 {
        let here = (real(count) - DISCOUNT).max(0.0) / (real(self.events) + STRENGTH);
        (here + self.novel() * parent).min(1.0)
    }
}

/// The surprise of something of probability `p`: 0 for 1, always finite, and rounded.
#[must_use]
pub fn bits(p: f64) -> Bits {
    part_of_bits(p, 1.0)
}

/// This part, from 0 to 1, of the surprise of something of probability `p`; rounded once.
#[must_use]
pub(crate) fn part_of_bits(p: f64, part: f64) -> Bits {
    Bits::rounded(part * (0.0 - p.clamp(f64::MIN_POSITIVE, 1.0).log2()))
}

/// A count as a real number.
#[expect(clippy::cast_precision_loss, reason = "the last bits of counts above 2^53 do not matter")]
#[must_use]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_surprising_where_nothing_was_learned() {
        assert_eq!(bits(Context::default().novel()), Bits(0.0));
        assert_eq!(bits(Context::default().share(0, 1.0)), Bits(0.0));
    }

    #[test]
    fn a_first_command_after_a_thousand_polls_is_more_than_nine_bits_odd() {
        let polls = Context { events: 1_022, distinct: 1 };
        assert!((1_023.0_f64 / 1.5).log2() > 9.41);
        assert_eq!(bits(polls.novel()), Bits(9.4));
    }

    #[test]
    fn who_did_many_new_things_may_do_another() {
        let [seldom, often] = [2, 200].map(|distinct| Context { events: 1_000, distinct }.novel());
        assert!(often > 50.0 * seldom);
    }

    #[test]
    fn what_was_met_is_never_odder_than_what_was_not() {
        for events in [2, 10, 1_000, u64::MAX] {
            for distinct in [1, 2, 10] {
                let context = Context { events, distinct };
                for parent in [1e-9, 0.5, 1.0] {
                    let p = [0, 1, 2, events].map(|count| context.share(count, parent));
                    assert!(p.is_sorted() && p.iter().all(|p| (0.0..=1.0).contains(p)), "{p:?}");
                }
            }
        }
    }

    #[test]
    fn surprise_is_finite_even_for_the_impossible() {
        assert_eq!(bits(0.0), Bits(1_022.0));
        assert_eq!(bits(2.0), Bits(0.0));
    }
}
