//! Which values were commanded of a point: one by one while they are few, as a range beyond.

use core::cmp::Ordering;
use core::fmt;

use super::spread::Spread;
use crate::event::{Switch, Value};
use crate::limits::VALUES_A_POINT;
use crate::words::counted;

/// A number as the ledger keeps it: in a total order, with one zero and one NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(f64);

impl Number {
    pub(crate) fn new(number: f64) -> Self {
        // Adding 0 turns −0 into 0.
        Self(if number.is_nan() { f64::NAN } else { number + 0.0 })
    }

    pub(crate) const fn real(self) -> f64 {
        self.0
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size.is_finite() && size != 0.0 && !(1e-6..1e16).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Exact::from(*self).fmt(f)
    }
}

/// A value as the ledger keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exact {
    Number(Number),
    Switch(Switch),
}

impl From<Value> for Exact {
    fn from(value: Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(Number::new(number)),
            Value::Switch(switch) => Self::Switch(switch),
        }
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Switch(switch) => switch.fmt(f),
        }
    }
}

/// The values commanded of a point.
///
/// Up to [`VALUES_A_POINT`] distinct values are counted one by one. With one more the list is given
/// up for good, and the count of numbers and their range remain. So adding up is the same in any
/// order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Sorted by value; empty when `many`.
    pub(crate) exact: Vec<(Exact, u64)>,
    pub(crate) many: bool,
    pub(crate) numbers: u64,
    /// Least and greatest number; NaN is in no range.
    pub(crate) range: Option<(Number, Number)>,
    /// How the numbers spread; told only where there are too `many` to list.
    pub(crate) spread: Spread,
}

impl Values {
    /// Whether any value is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.exact.is_empty() && !self.many
    }

    /// Whether there were more distinct values than are kept one by one.
    #[must_use]
    pub const fn many(&self) -> bool {
        self.many
    }

    /// How many distinct values there were, unless there were too [`many`](Self::many).
    #[must_use]
    pub const fn distinct(&self) -> Option<usize> {
        if self.many { None } else { Some(self.exact.len()) }
    }

    /// How often this value was commanded, unless there were too [`many`](Self::many) to tell.
    #[must_use]
    pub fn count(&self, value: Value) -> Option<u64> {
        let at = |exact| self.exact.binary_search_by_key(&exact, |(known, _)| *known).ok();
        let count = at(Exact::from(value)).and_then(|at| self.exact.get(at));
        if self.many { None } else { Some(count.map_or(0, |(_, count)| *count)) }
    }

    /// How many values were counted: all, or the numbers where there were too [`many`](Self::many).
    #[must_use]
    pub fn total(&self) -> u64 {
        if self.many {
            return self.numbers;
        }
        self.exact.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The least and the greatest number.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range.map(|(least, greatest)| (least.real(), greatest.real()))
    }

    /// Each number and how often it was counted, sorted; to the width of the bins where there were too
    /// [`many`](Self::many). NaN is left out.
    #[must_use]
    pub fn each_number(&self) -> Vec<(f64, u64)> {
        if self.many {
            return self.spread.each().filter(|(number, _)| !number.is_nan()).collect();
        }
        let number = |(value, count): &(Exact, u64)| match value {
            Exact::Number(number) if !number.real().is_nan() => Some((number.real(), *count)),
            Exact::Number(_) | Exact::Switch(_) => None,
        };
        self.exact.iter().filter_map(number).collect()
    }

    /// How the numbers spread.
    #[must_use]
    pub const fn spread(&self) -> &Spread {
        &self.spread
    }

    /// The values for people: `0 (12 times), 1 (3 times)`, or their range.
    #[must_use]
    pub fn list(&self) -> String {
        if self.many {
            let range = self.range.map(|(least, greatest)| format!(" from {least} to {greatest}"));
            return format!("many values{}", range.unwrap_or_default());
        }
        let times = |(value, count): &(_, u64)| format!("{value} ({})", counted(*count, "time"));
        self.exact.iter().map(times).collect::<Vec<_>>().join(", ")
    }

    /// The values that `other` does not have; where either has too many to tell, all that there are
    /// if they go beyond the other's range.
    pub(crate) fn beyond(&self, other: &Self) -> Option<Self> {
        if self.many || other.many {
            let inside = match (self.range, other.range) {
                (Some(ours), Some(theirs)) => theirs.0 <= ours.0 && ours.1 <= theirs.1,
                (ours, _) => ours.is_none(),
            };
            return (!inside).then(|| self.clone());
        }
        let known = |value: &Exact| other.exact.binary_search_by_key(value, |(v, _)| *v).is_ok();
        let mut rest = Self::default();
        for &(value, count) in self.exact.iter().filter(|(value, _)| !known(value)) {
            rest.add_exact(value, count);
        }
        (!rest.is_empty()).then_some(rest)
    }

    pub(crate) fn add(&mut self, value: Value) {
        self.add_exact(Exact::from(value), 1);
    }

    pub(crate) fn add_exact(&mut self, value: Exact, times: u64) {
        if let Exact::Number(number) = value {
            self.numbers = self.numbers.saturating_add(times);
            self.spread.add_times(number.real(), times);
            if !number.real().is_nan() {
                self.widen((number, number));
            }
        }
        if self.many {
            return;
        }
        match self.exact.binary_search_by_key(&value, |(known, _)| *known) {
            Ok(at) => {
                if let Some((_, count)) = self.exact.get_mut(at) {
                    *count = count.saturating_add(times);
                }
            }
            Err(at) if self.exact.len() < VALUES_A_POINT => self.exact.insert(at, (value, times)),
            Err(_) => self.give_up(),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.many {
            self.give_up();
            self.numbers = self.numbers.saturating_add(other.numbers);
            self.spread.merge(&other.spread);
            if let Some(range) = other.range {
                self.widen(range);
            }
        }
        for &(value, count) in &other.exact {
            self.add_exact(value, count);
        }
    }

    fn give_up(&mut self) {
        self.many = true;
        self.exact = Vec::new();
    }

    fn widen(&mut self, (least, greatest): (Number, Number)) {
        self.range = Some(match self.range {
            Some(range) => (range.0.min(least), range.1.max(greatest)),
            None => (least, greatest),
        });
    }
}

/// As it stands in the baseline file: `none`, `0:12,1:3`, or `many 55 from 100 to 230`.
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        if self.many {
            write!(f, "many {}", self.numbers)?;
            if let Some((least, greatest)) = self.range {
                write!(f, " from {least} to {greatest}")?;
            }
            return write!(f, " spread {}", self.spread);
        }
        for (nth, (value, count)) in self.exact.iter().enumerate() {
            write!(f, "{}{value}:{count}", if nth > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::values;

    #[test]
    fn few_values_are_counted_one_by_one() {
        let mut values = values(&[1.0, 0.0, 1.0, -0.0]);
        values.add(Value::Switch(Switch::Trip));
        assert_eq!(values.to_string(), "0:2,1:2,trip:1");
        assert_eq!(values.count(Value::Number(0.0)), Some(2));
        assert_eq!(values.count(Value::Number(7.0)), Some(0));
        assert_eq!((values.distinct(), values.total()), (Some(3), 5));
    }

    #[test]
    fn of_many_values_the_range_remains() {
        let numbers: Vec<f64> = (0..=16).map(f64::from).collect();
        let values = values(&numbers);
        assert_eq!(
            values.to_string(),
            "many 17 from 0 to 16 spread 0 0:1,4190209:1,4194305:1,4196353:1,4198401:1,4199425:1,4200449:1,\
             4201473:1,4202497:1,4203009:1,4203521:1,4204033:1,4204545:1,4205057:1,4205569:1,4206081:1,\
             4206593:1"
        );
        assert_eq!((values.count(Value::Number(3.0)), values.distinct()), (None, None));
    }

    #[test]
    fn odd_numbers_are_kept_apart_and_out_of_the_range() {
        let values = values(&[f64::NAN, -f64::NAN, 1e300, f64::NEG_INFINITY, 1e-9]);
        assert_eq!(values.to_string(), "-inf:1,1e-9:1,1e300:1,NaN:2");
        assert_eq!(values.range(), Some((f64::NEG_INFINITY, 1e300)));
    }

    proptest! {
        #[test]
        fn merging_values_equals_adding_them_all(
            ours in prop::collection::vec((-3_i8..12).prop_map(f64::from), 0..30),
            theirs in prop::collection::vec((5_i8..25).prop_map(f64::from), 0..30),
        ) {
            let mut merged = values(&ours);
            merged.merge(&values(&theirs));
            let mut swapped = values(&theirs);
            swapped.merge(&values(&ours));
            prop_assert_eq!(&merged, &values(&[ours, theirs].concat()));
            prop_assert_eq!(merged, swapped);
        }
    }
}
