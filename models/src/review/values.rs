//! Values of a point that stand apart from its others.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::event::{Device, Space};
use crate::ledger::{Command, Ledger, Values};

/// Values of which it can be told whether some stand apart.
const ENOUGH: u64 = 5;

/// At most one in so many values stands apart.
const ONE_IN: u64 = 4;

/// Values that stand apart from the others of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Apart {
    /// How many.
    pub(super) count: u64,
    /// The least and the greatest of them.
    pub(super) values: (f64, f64),
    /// How many others.
    pub(super) others: u64,
    /// The least and the greatest of those.
    pub(super) range: (f64, f64),
    /// How far they are from the others, in widths of those; above 1.
    pub(super) distance: f64,
}

impl Apart {
    /// Whether values from the least to the greatest have some of these among them.
    pub(super) fn is_in(&self, (least, greatest): (f64, f64)) -> bool {
        if self.values.0 > self.range.1 {
            greatest > f64::midpoint(self.range.1, self.values.0)
        } else {
            least < f64::midpoint(self.values.1, self.range.0)
        }
    }
}

/// What devices are given that are alike: they report as many points of the same kinds.
pub(super) struct Siblings {
    makes: HashMap<Device, usize>,
    values: HashMap<(usize, Command), Values>,
}

impl Siblings {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut known: BTreeMap<BTreeMap<Space, u64>, usize> = BTreeMap::new();
        let mut makes = HashMap::default();
        for (device, record) in ledger.devices() {
            let mut points: BTreeMap<Space, u64> = BTreeMap::new();
            record.points().for_each(|(point, _)| *points.entry(point.space).or_insert(0) += 1);
            let next = known.len();
            makes.insert(*device, *known.entry(points).or_insert(next));
        }
        let mut values: HashMap<(usize, Command), Values> = HashMap::default();
        for (conversation, record) in ledger.conversations() {
            let Some(make) = makes.get(&conversation.device()) else { continue };
            for (command, given) in record.commands() {
                values.entry((*make, *command)).or_default().merge(given.values());
            }
        }
        Self { makes, values }
    }

    /// The values of a command of a device and of those that are like it.
    pub(super) fn values(&self, device: &Device, command: Command) -> Option<&Values> {
        self.values.get(&(*self.makes.get(device)?, command))
    }
}

/// The values beyond the widest gap, if it is wider than the others are apart, and they are few.
pub(super) fn apart(values: &Values) -> Option<Apart> {
    let numbers = values.each_number();
    let total = numbers.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    if total < ENOUGH {
        return None;
    }
    let mut widest: Option<Apart> = None;
    for at in 1..numbers.len() {
        let (low, high) = numbers.split_at_checked(at)?;
        for (few, many) in [(low, high), (high, low)] {
            let Some(found) = beyond(few, many, total) else { continue };
            if widest.is_none_or(|known| found.distance > known.distance) {
                widest = Some(found);
            }
        }
    }
    widest
}

fn beyond(few: &[(f64, u64)], many: &[(f64, u64)], total: u64) -> Option<Apart> {
    let count = few.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let (values, range) = (ends(few)?, ends(many)?);
    if count > total / ONE_IN {
        return None;
    }
    let gap = if values.0 > range.1 { values.0 - range.1 } else { range.0 - values.1 };
    // A range of one value counts as wide as that value is large, and at least 1.
    let width = if range.1 > range.0 { range.1 - range.0 } else { range.1.abs().max(1.0) };
    let distance = gap / width;
    (distance > 1.0).then_some(Apart {
        count,
        values,
        others: total.saturating_sub(count),
        range,
        distance,
    })
}

fn ends(numbers: &[(f64, u64)]) -> Option<(f64, f64)> {
    Some((numbers.first()?.0, numbers.last()?.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::values;

    #[test]
    fn a_value_farther_from_the_others_than_they_are_from_each_other_stands_apart() {
        let found = apart(&values(&[180.0, 190.0, 200.0, 210.0, 220.0, 352.0])).unwrap();
        assert_eq!((found.count, found.others), (1, 5));
        assert_eq!((found.values, found.range), ((352.0, 352.0), (180.0, 220.0)));
        assert!((found.distance - 3.3).abs() < 1e-9, "{found:?}");
        let below = apart(&values(&[-900.0, 190.0, 200.0, 210.0, 220.0, 200.0, 200.0])).unwrap();
        assert_eq!(below.values, (-900.0, -900.0));
    }

    #[test]
    fn so_it_does_where_values_are_too_many_to_list() {
        let usual = (0..60).map(|n| 1_000.0 + f64::from(n));
        let numbers: Vec<f64> = usual.chain([9_000.0]).collect();
        let found = apart(&values(&numbers)).unwrap();
        assert_eq!(found.count, 1);
        assert!((found.values.0 - 9_000.0).abs() < 500.0, "{found:?}");
    }

    #[test]
    fn what_is_even_or_seldom_or_half_of_all_does_not_stand_apart() {
        for numbers in [
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..],
            &[1.0, 1.0, 1.0, 900.0],
            &[1.0, 1.0, 1.0, 900.0, 900.0, 900.0],
            &[7.0; 20],
            &[f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN, 1.0],
        ] {
            assert_eq!(apart(&values(numbers)), None, "{numbers:?}");
        }
    }
}
