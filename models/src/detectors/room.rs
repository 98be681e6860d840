//! Room for more, where what matters least is forgotten.

use core::hash::{BuildHasher, Hash};
use std::collections::HashMap;

/// Drops the half with the lowest levels, ties in the order of the keys.
pub(super) fn drop_lower_half<K: Copy + Ord + Hash, V, S: BuildHasher>(
    map: &mut HashMap<K, V, S>,
    level: impl Fn(&V) -> f64,
) {
    let mut all: Vec<_> = map.iter().map(|(key, value)| (level(value), *key)).collect();
    let half = all.len() / 2;
    if half == 0 {
        return;
    }
    all.select_nth_unstable_by(half, |ours, theirs| {
        ours.0.total_cmp(&theirs.0).then_with(|| ours.1.cmp(&theirs.1))
    });
    for (_, key) in all.iter().take(half) {
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_half_goes_and_of_equals_the_first() {
        let left = |levels: &[f64]| {
            let mut map: HashMap<usize, f64> = levels.iter().copied().enumerate().collect();
            drop_lower_half(&mut map, |level| *level);
            let mut keys: Vec<usize> = map.into_keys().collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(left(&[3.0, 1.0, 2.0, 9.0]), [0, 3]);
        assert_eq!(left(&[1.0; 5]), [2, 3, 4]);
        assert_eq!((left(&[]), left(&[1.0])), (vec![], vec![0]));
    }
}
