//! Values of a point that stand apart from its others: somebody may have set them while it was learned.

use super::values::{Exact, Number, Values};

/// Values of which it can be told whether some stand apart.
const ENOUGH: u64 = 5;

/// At most one in so many values stands apart.
const ONE_IN: u64 = 4;

/// Values that stand apart from the others of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Apart {
    /// How many.
    pub(crate) count: u64,
    /// The least and the greatest of them.
    pub(crate) values: (f64, f64),
    /// How many others.
    pub(crate) others: u64,
    /// The least and the greatest of those.
    pub(crate) range: (f64, f64),
    /// How far they are from the others, in widths of those; above 1.
    pub(crate) distance: f64,
}

impl Apart {
    /// Whether values from the least to the greatest have some of these among them.
    pub(crate) fn is_in(&self, (least, greatest): (f64, f64)) -> bool {
        if self.is_above() {
            greatest > f64::midpoint(self.range.1, self.values.0)
        } else {
            least < f64::midpoint(self.values.1, self.range.0)
        }
    }

    fn is_above(&self) -> bool {
        self.values.0 > self.range.1
    }

    fn holds(&self, number: f64) -> bool {
        // Bins are told by their middle, beyond which half of what is in them is.
        if self.is_above() {
            number > f64::midpoint(self.range.1, self.values.0)
        } else {
            number < f64::midpoint(self.values.1, self.range.0)
        }
    }
}

impl Values {
    /// The values beyond the widest gap, if it is wider than the others are apart, and they are few.
    pub(crate) fn apart(&self) -> Option<Apart> {
        let mut numbers = self.each_number();
        // Bins are told by their middle, but the ends are known.
        if let (true, Some((least, greatest))) = (self.many(), self.range()) {
            for (number, _) in &mut numbers {
                *number = number.max(least).min(greatest);
            }
        }
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

    /// The values without those that stand `apart`, of this point or of others like it.
    pub(crate) fn without(&self, apart: &Apart) -> Self {
        let mut rest = Self::default();
        if self.many {
            rest.many = true;
            rest.spread = self.spread.only(|number| !apart.holds(number));
            rest.numbers = rest.spread.total();
            rest.range = self.range.map(|(least, greatest)| {
                if apart.is_above() {
                    (least, greatest.min(Number::new(apart.range.1)))
                } else {
                    (least.max(Number::new(apart.range.0)), greatest)
                }
            });
            return rest;
        }
        for &(value, count) in &self.exact {
            let away = matches!(value, Exact::Number(number) if apart.holds(number.real()));
            if !away {
                rest.add_exact(value, count);
            }
        }
        rest
    }
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
    use crate::event::Value;
    use crate::samples::values;

    #[test]
    fn a_value_farther_from_the_others_than_they_are_from_each_other_stands_apart() {
        let found = values(&[180.0, 190.0, 200.0, 210.0, 220.0, 352.0]).apart().unwrap();
        assert_eq!((found.count, found.others), (1, 5));
        assert_eq!((found.values, found.range), ((352.0, 352.0), (180.0, 220.0)));
        assert!((found.distance - 3.3).abs() < 1e-9, "{found:?}");
        let below = values(&[-900.0, 190.0, 200.0, 210.0, 220.0, 200.0, 200.0]).apart().unwrap();
        assert_eq!(below.values, (-900.0, -900.0));
    }

    #[test]
    fn so_it_does_where_values_are_too_many_to_list() {
        let usual = (0..60).map(|n| 1_000.0 + f64::from(n));
        let numbers: Vec<f64> = usual.chain([9_000.0]).collect();
        let found = values(&numbers).apart().unwrap();
        assert_eq!(found.count, 1);
        assert!((found.values.0 - 9_000.0).abs() < 500.0, "{found:?}");
    }

    #[test]
    fn what_is_in_a_bin_with_what_stands_apart_does_so_too() {
        let usual = (0..30).map(|n| 360.0 + f64::from(n) * 2.7);
        let all = values(&usual.chain([704.0, 704.0, 705.0]).collect::<Vec<_>>());
        let found = all.apart().unwrap();
        assert_eq!(found.count, 3);
        assert!(values(&[704.0, 704.0, 705.0]).without(&found).is_empty(), "{found:?}");
        let low = values(&[1.0, 1.1, 1.2, 1.3, 1.4, -0.9]);
        let found = low.apart().unwrap();
        assert!(values(&[-0.9, -0.8]).without(&found).is_empty(), "{found:?}");
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
            assert_eq!(values(numbers).apart(), None, "{numbers:?}");
        }
    }

    #[test]
    fn the_rest_is_what_would_have_been_learned_without() {
        let few = values(&[180.0, 190.0, 200.0, 210.0, 220.0, 352.0]);
        let rest = few.without(&few.apart().unwrap());
        assert_eq!(rest, values(&[180.0, 190.0, 200.0, 210.0, 220.0]));
        let numbers = (0..60).map(|n| 1_000.0 + f64::from(n));
        let many = values(&numbers.clone().chain([-9_000.0; 3]).collect::<Vec<_>>());
        let rest = many.without(&many.apart().unwrap());
        let (least, greatest) = rest.range().unwrap();
        assert!((least - 1_000.0).abs() < 2.0 && (greatest - 1_059.0).abs() < 1e-9);
        assert_eq!((rest.total(), rest.count(Value::Number(-9_000.0))), (60, None));
    }
}
