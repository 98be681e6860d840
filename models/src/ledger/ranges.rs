//! Sets of numbers as sorted ranges that never touch.

/// Sorts ranges (first and last of each) and joins those that overlap or touch.
pub(crate) fn settle(ranges: &mut Vec<(u32, u32)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touch = next.0 <= kept.1.saturating_add(1);
        if touch {
            kept.1 = kept.1.max(next.1);
        }
        touch
    });
}

/// Whether settled ranges hold `number`.
pub(crate) fn hold(ranges: &[(u32, u32)], number: u32) -> bool {
    let after = ranges.partition_point(|&(first, _)| first <= number);
    let before = after.checked_sub(1).and_then(|at| ranges.get(at));
    before.is_some_and(|&(_, last)| number <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_and_touching_ranges_become_one() {
        let mut ranges = vec![(10, 19), (0, 4), (20, 29), (3, 5), (u32::MAX, u32::MAX), (40, 40)];
        settle(&mut ranges);
        assert_eq!(ranges, [(0, 5), (10, 29), (40, 40), (u32::MAX, u32::MAX)]);
    }

    #[test]
    fn a_number_is_held_from_first_to_last() {
        let ranges = [(2, 4), (9, 9), (u32::MAX, u32::MAX)];
        let held: Vec<u32> = (0..12).filter(|&number| hold(&ranges, number)).collect();
        assert_eq!(held, [2, 3, 4, 9]);
        assert!(hold(&ranges, u32::MAX) && !hold(&[], 0));
    }
}
