//! Conditions that last: each is told when it begins, and not again until it was over for a while.

use core::hash::Hash;

use foldhash::HashMap;

/// Capture time without a condition after which it is a new one: an hour.
pub(super) const OVER_NS: u64 = 3_600 * 1_000_000_000;

/// Conditions that are remembered; beyond, all are forgotten and told anew.
const REMEMBERED: usize = 65_536;

/// The conditions that hold, or held less than [`OVER_NS`] ago.
#[derive(Debug)]
pub(super) struct Lasting<K> {
    held_ns: HashMap<K, u64>,
}

impl<K> Default for Lasting<K> {
    fn default() -> Self {
        Self { held_ns: HashMap::default() }
    }
}

impl<K: Eq + Hash> Lasting<K> {
    /// Notes that a condition holds; true where it begins. A clock that jumps by an hour, ahead or back, ends
    /// all.
    pub(super) fn begins(&mut self, condition: K, time_ns: u64) -> bool {
        if let Some(held_ns) = self.held_ns.get_mut(&condition) {
            let over = time_ns.abs_diff(*held_ns) >= OVER_NS;
            *held_ns = time_ns;
            return over;
        }
        if self.held_ns.len() >= REMEMBERED {
            self.held_ns.clear();
        }
        self.held_ns.insert(condition, time_ns);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_once_and_again_when_it_was_over_for_an_hour() {
        let mut lasting = Lasting::default();
        let minute_ns = 60_000_000_000;
        let told: Vec<u64> = [0, 1, 50, 100, 90, 149, 209]
            .into_iter()
            .filter(|at| lasting.begins("jam", at * minute_ns))
            .collect();
        assert_eq!(told, [0, 209]);
        assert!(lasting.begins("other", 0));
    }

    #[test]
    fn conditions_beyond_the_limit_are_forgotten() {
        let mut lasting = Lasting::default();
        assert!((0..2 * REMEMBERED).all(|n| lasting.begins(n, 0)));
        assert!(lasting.held_ns.len() <= REMEMBERED);
    }
}
