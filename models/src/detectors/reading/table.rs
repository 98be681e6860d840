//! What is known of the points of one device: a matrix, points x statistics.

use ndarray::Array2;

use crate::event::Space;
use crate::ledger::{DeviceRecord, Point, PointRecord};
use crate::limits::REPORTED_A_DEVICE;
use crate::surprise::real;

/// Statistics of a point.
const COLUMNS: usize = 14;
/// Reports, and changes, that make a point known.
const ENOUGH: u64 = 20;
/// Changes that show whether a point only ever rises.
const CHANGES: u64 = 8;

/// What a point is, by what the baseline has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not known well enough to be judged.
    Unknown,
    /// Binary, and seldom changes: a breaker, a switch.
    Switch,
    /// At most 16 values; one, where it is constant.
    Enumerated,
    /// Only ever rises, until it starts again from 0.
    Counter,
    /// Anything else.
    Analog,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Unknown, Self::Switch, Self::Enumerated, Self::Counter, Self::Analog];

    /// Its place in the matrix's column.
    fn number(self) -> f64 {
        match self {
            Self::Unknown => 0.0,
            Self::Switch => 1.0,
            Self::Enumerated => 2.0,
            Self::Counter => 3.0,
            Self::Analog => 4.0,
        }
    }

    fn of(number: f64) -> Self {
        let same = |kind: &Self| kind.number().total_cmp(&number).is_eq();
        Self::ALL.into_iter().find(same).unwrap_or(Self::Unknown)
    }

    /// What a point of this record is.
    pub(super) fn of_record(space: Space, record: &PointRecord) -> Self {
        let (values, steps) = (record.values(), record.steps());
        // Events are no point's value: the `events` detector's.
        if values.total() < ENOUGH || space == Space::Event {
            return Self::Unknown;
        }
        let changes = changes(record);
        if is_binary(space) {
            let seldom = changes.saturating_mul(100) < steps.total();
            return if seldom { Self::Switch } else { Self::Unknown };
        }
        if changes >= CHANGES && only_rises(record) {
            return Self::Counter;
        }
        match (values.many(), space) {
            // A new value is what counters are for.
            (_, Space::Counter | Space::FrozenCounter) => Self::Unknown,
            (true, _) if changes >= ENOUGH => Self::Analog,
            (true, _) => Self::Unknown,
            (false, _) => Self::Enumerated,
        }
    }
}

/// One point's statistics.
pub(super) struct Row<'a> {
    /// The last value; NaN where none is known.
    pub(super) last: &'a mut f64,
    /// Reports since then that did not change it.
    pub(super) stood: &'a mut f64,
    /// Sum and number of the reports of this ten-minute segment.
    pub(super) sum: &'a mut f64,
    pub(super) count: &'a mut f64,
    pub(super) kind: Kind,
    /// Least and greatest value learned.
    pub(super) range: (f64, f64),
    /// Greatest step learned; of a counter, the steps that are usual.
    pub(super) step: f64,
    /// How odd one more report without a change is, in bits; 0 where that is all that is known.
    pub(super) still_bits: f64,
    /// Longest run of reports without a change that was learned.
    pub(super) longest: f64,
}

/// The points of one device.
#[derive(Debug)]
pub(super) struct Table {
    /// Each point and its row, sorted by point.
    index: Vec<(Point, usize)>,
    rows: Array2<f64>,
    /// Whether the rows are those of the ledger, with what was learned; then none is added.
    pub(super) learned: bool,
}

impl Default for Table {
    fn default() -> Self {
        Self { index: Vec::new(), rows: Array2::zeros((0, COLUMNS)), learned: false }
    }
}

impl Table {
    /// How many points it has.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// The rows of neighbouring points from `start` on that take these values, as far as they are
    /// known; new points get a row while there is `room`.
    pub(super) fn walk(
        &mut self,
        (space, start): (Space, u32),
        values: impl Iterator<Item = f64>,
        room: &mut usize,
        visit: &mut dyn FnMut(Point, Row<'_>, f64),
    ) {
        let first = Point { space, address: start };
        let mut at = self.index.partition_point(|(known, _)| *known < first);
        for (address, value) in (start..=u32::MAX).zip(values) {
            let point = Point { space, address };
            let known = self.index.get(at).filter(|(known, _)| *known == point);
            let row = match known {
                Some((_, row)) => *row,
                None if !self.learned && *room > 0 && self.len() < REPORTED_A_DEVICE => {
                    let row = self.rows.nrows();
                    if self.rows.push_row(ndarray::ArrayView1::from(&UNKNOWN)).is_err() {
                        return;
                    }
                    self.index.insert(at, (point, row));
                    *room -= 1;
                    row
                }
                None => continue,
            };
            at += 1;
            if let Some(row) = self.rows.row_mut(row).into_slice().and_then(Row::of) {
                visit(point, row, value);
            }
        }
    }

    /// Makes the rows anew from the ledger, and keeps what runs.
    pub(super) fn learn(&mut self, record: Option<&DeviceRecord>) {
        let mut points: Vec<_> = record.into_iter().flat_map(DeviceRecord::points).collect();
        points.sort_unstable_by_key(|(point, _)| **point);
        let mut rows = Array2::zeros((points.len(), COLUMNS));
        for ((point, record), mut row) in points.iter().zip(rows.rows_mut()) {
            let before = self.index.binary_search_by_key(point, |(known, _)| known);
            let before = before.ok().and_then(|at| self.index.get(at));
            let (last, stood) = before.map_or((f64::NAN, 0.0), |(_, at)| {
                let row = self.rows.row(*at);
                (row.first().copied().unwrap_or(f64::NAN), row.get(1).copied().unwrap_or(0.0))
            });
            let made = ndarray::arr1(&learned_row(**point, record, last, stood));
            row.assign(&made);
        }
        self.index = points.iter().enumerate().map(|(at, (point, _))| (**point, at)).collect();
        (self.rows, self.learned) = (rows, true);
    }

    /// Forgets the last values: what comes next is no step from them.
    pub(super) fn lose_sight(&mut self) {
        self.rows.column_mut(0).fill(f64::NAN);
        self.rows.column_mut(1).fill(0.0);
    }

    /// Ends a segment of ten minutes: each analog point's average, in learned deviations from the
    /// learned mean, is added up beyond `slack` to either side; those whose sum passes `limit` are
    /// handed to `found` with it.
    pub(super) fn end_segment(
        &mut self,
        slack: f64,
        limit: f64,
        found: &mut dyn FnMut(Point, f64),
    ) {
        for (point, at) in &self.index {
            let Some([_, _, sum, count, up, down, kind, low, high, step, _, _, mean, deviation]) =
                self.rows.row_mut(*at).into_slice()
            else {
                continue;
            };
            let average = core::mem::take(sum) / *count;
            let few = core::mem::take(count) < 3.0;
            if Kind::of(*kind) != Kind::Analog || few || *deviation <= 0.0 {
                continue;
            }
            // What left the range did so in another way.
            if average < *low - *step || average > *high + *step {
                continue;
            }
            // One wild average is no drift.
            let z = ((average - *mean) / *deviation).clamp(-4.0, 4.0);
            *up = (*up + z - slack).clamp(0.0, 2.0 * limit);
            *down = (*down - z - slack).clamp(0.0, 2.0 * limit);
            if up.max(*down) > limit {
                found(*point, z);
            }
        }
    }
}

/// A point of which nothing is known.
const UNKNOWN: [f64; COLUMNS] =
    [f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

fn learned_row(point: Point, record: &PointRecord, last: f64, stood: f64) -> [f64; COLUMNS] {
    let (values, steps) = (record.values(), record.steps());
    let kind = Kind::of_record(point.space, record);
    let (low, high) = values.range().unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let step = match kind {
        Kind::Counter => usual_step(record),
        Kind::Unknown | Kind::Switch | Kind::Enumerated | Kind::Analog => steps.greatest(),
    };
    // One more of each than was seen, so that a share is never all or nothing.
    let share = real(changes(record)) / (real(steps.total()) + 1.0);
    let still_bits = 0.0 - (1.0 - share).log2();
    let (mean, deviation) = values.spread().mean_and_deviation().unwrap_or((0.0, 0.0));
    let longest = real(record.stood());
    let [sum, count, up, down] = [0.0; 4];
    [
        last,
        stood,
        sum,
        count,
        up,
        down,
        kind.number(),
        low,
        high,
        step,
        still_bits,
        longest,
        mean,
        deviation,
    ]
}

impl<'a> Row<'a> {
    fn of(row: &'a mut [f64]) -> Option<Self> {
        let [last, stood, sum, count, _, _, kind, low, high, step, still_bits, longest, _, _] = row
        else {
            return None;
        };
        let kind = Kind::of(*kind);
        let (range, step, still_bits, longest) = ((*low, *high), *step, *still_bits, *longest);
        Some(Self { last, stood, sum, count, kind, range, step, still_bits, longest })
    }
}

pub(super) const fn is_binary(space: Space) -> bool {
    matches!(
        space,
        Space::Coil
            | Space::DiscreteInput
            | Space::BinaryInput
            | Space::DoubleBitInput
            | Space::BinaryOutput
    )
}

/// How often its reports changed.
pub(super) fn changes(record: &PointRecord) -> u64 {
    record.steps().total().saturating_sub(record.steps().count(0.0))
}

/// Whether its steps add up to the way from the least value to the greatest, once or, for what
/// starts again from 0 after 2^16, as often as it did.
fn only_rises(record: &PointRecord) -> bool {
    const WORD: f64 = 65_536.0;
    let Some((least, greatest)) = record.values().range() else { return false };
    let (way, wraps) = record.steps().sum_below(WORD / 2.0);
    let wraps = real(wraps);
    let span = greatest - least;
    if wraps < 1.0 {
        return (0.75..1.33).contains(&(way / span));
    }
    let fits = least >= 0.0 && greatest < WORD;
    fits && way > WORD * (wraps - 1.0) * 0.75 && way < WORD * (wraps + 1.0) * 1.33
}

/// The steps that a counter usually makes, at most: without those where it starts again.
fn usual_step(record: &PointRecord) -> f64 {
    let steps = record.steps();
    let usual = steps.quantile(0.95).unwrap_or(0.0);
    if usual > 0.0 { usual } else { steps.greatest() }
}
