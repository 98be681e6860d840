//! Sets of numbers as sorted ranges that never touch.

/// Adds the numbers from `first` to `last`, joining the ranges that they overlap or touch.
pub(crate) fn add(ranges: &mut Vec<(u32, u32)>, (first, last): (u32, u32)) {
    let start = ranges.partition_point(|range| range.1.saturating_add(1) < first);
    let end = ranges.partition_point(|range| range.0 <= last.saturating_add(1)).max(start);
    let joined = ranges.get(start..end).unwrap_or_default();
    let first = joined.first().map_or(first, |range| range.0.min(first));
    let last = joined.last().map_or(last, |range| range.1.max(last));
    ranges.splice(start..end, [(first, last)]);
}

/// Whether the ranges hold `number`.
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
        let mut ranges = Vec::new();
        let added = [(10, 19), (0, 4), (20, 29), (3, 5), (u32::MAX, u32::MAX), (40, 40), (31, 31)];
        for range in added {
            add(&mut ranges, range);
        }
        assert_eq!(ranges, [(0, 5), (10, 29), (31, 31), (40, 40), (u32::MAX, u32::MAX)]);
        add(&mut ranges, (6, 39));
        assert_eq!(ranges, [(0, 40), (u32::MAX, u32::MAX)]);
        add(&mut ranges, (0, u32::MAX - 1));
        assert_eq!(ranges, [(0, u32::MAX)]);
    }

    #[test]
    fn a_number_is_held_from_first_to_last() {
        let ranges = [(2, 4), (9, 9), (u32::MAX, u32::MAX)];
        let held: Vec<u32> = (0..12).filter(|&number| hold(&ranges, number)).collect();
        assert_eq!(held, [2, 3, 4, 9]);
        assert!(hold(&ranges, u32::MAX) && !hold(&[], 0));
    }
}
