//! One response looked at, point by point.

use super::oddity::Odd;
use super::table::{Kind, Row, is_binary};
use crate::event::{Event, Protocol, Space, Stage};
use crate::ledger::{Point, Saw};

/// A step so many times the greatest learned is a jump.
const JUMP: f64 = 1.5;
/// How odd a standstill must be by chance alone, in bits.
const STILL_BITS: f64 = 20.0;
/// How many of the longest standstills learned one must last: of one point, of many at once.
const ALONE: f64 = 4.0;
const TOGETHER: f64 = 1.5;
/// Points that stand still together, at least.
const VIEW: usize = 3;

/// One response looked at.
pub(super) struct Look<'a> {
    /// Whether it says how points are, changed or not: an answer to a read by address or of DNP3's
    /// class 0. Of events it is known beforehand that something changed.
    sampled: bool,
    /// Whether a change of the process explains steps: they are then not learned.
    pub(super) shifted: bool,
    odd: &'a mut Vec<Odd>,
    /// What moved of what is binary.
    pub(super) binary: Binary,
    /// Points that change now and then, those of them that stand still for too long, and one of them.
    lively: usize,
    still: usize,
    stillest: Option<Point>,
}

/// What moved of the binary points of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binary {
    Still,
    /// One of which it is not known how seldom it does.
    Flipped,
    /// A switch that seldom moves.
    Switched,
}

/// Whether a response says how points are, and not only what became of them.
pub(super) fn is_sampled(event: &Event) -> bool {
    let by_state =
        event.targets.iter().any(|target| target.space != Space::Class || target.start == 0);
    let ended = matches!(event.stage, Stage::Ended { .. });
    ended && (event.conversation.protocol == Protocol::Modbus || by_state)
}

impl<'a> Look<'a> {
    pub(super) fn new(event: &Event, odd: &'a mut Vec<Odd>) -> Self {
        Self {
            sampled: is_sampled(event),
            shifted: false,
            odd,
            binary: Binary::Still,
            lively: 0,
            still: 0,
            stillest: None,
        }
    }

    /// Takes the next value of a point.
    pub(super) fn at(
        &mut self,
        point: Point,
        row: &mut Row<'_>,
        value: f64,
        note: &mut dyn FnMut(Point, Saw),
    ) {
        let was = core::mem::replace(row.last, value);
        let step = (value - was).abs();
        let moved = step > 0.0;
        // An event says so by itself.
        let changed = moved || !self.sampled && was.is_nan();
        if moved {
            if *row.stood > 0.0 {
                note(point, Saw::Stood(whole(*row.stood)));
            }
            *row.stood = 0.0;
        } else if self.sampled && step <= 0.0 {
            *row.stood += 1.0;
            // One that never ends counts too.
            if whole(*row.stood).is_power_of_two() {
                note(point, Saw::Stood(whole(*row.stood)));
            }
        }
        // An event tells of a change: one without is no report of a standstill.
        // What a counter counts is no less true after a switch moved, and all its steps show that it only rises.
        let counts = matches!(point.space, Space::Counter | Space::FrozenCounter);
        if step.is_finite() && (counts || !self.shifted) && (self.sampled || moved) {
            note(point, Saw::Step(step));
        }
        match row.kind {
            Kind::Unknown if changed && is_binary(point.space) => {
                self.binary = self.binary.max(Binary::Flipped);
            }
            Kind::Switch if changed => self.binary = Binary::Switched,
            Kind::Unknown | Kind::Switch => {}
            Kind::Enumerated => {
                let (low, high) = row.range;
                // The next value of what goes step by step is no news.
                let beyond = (low - value).max(value - high);
                if (moved || was.is_nan()) && (beyond <= 0.0 || beyond > row.step) {
                    self.odd.push(Odd::Other { point, value });
                }
            }
            Kind::Counter => {
                if value < was && !starts_again(was, value, row.step) {
                    self.odd.push(Odd::Back { point, was, value });
                }
                self.stands(point, row, value);
            }
            Kind::Analog => {
                *row.sum += value;
                *row.count += 1.0;
                let (low, high) = row.range;
                if (low - value).max(value - high) > row.step {
                    self.odd.push(Odd::Range { point, value });
                }
                if step > row.step * JUMP {
                    self.odd.push(Odd::Jump { point, was, value });
                }
                if value.abs() > 0.0 {
                    self.stands(point, row, value);
                }
            }
        }
    }

    fn stands(&mut self, point: Point, row: &Row<'_>, value: f64) {
        if !self.sampled || row.still_bits <= 0.0 {
            return;
        }
        self.lively += 1;
        let reports = *row.stood;
        let chance = reports * row.still_bits;
        if chance < STILL_BITS {
            return;
        }
        let longest = row.longest.max(1.0);
        if reports >= longest * TOGETHER {
            self.still += 1;
            self.stillest = self.stillest.or(Some(point));
        }
        if reports >= longest * ALONE {
            self.odd.push(Odd::Frozen { point, value, reports, still_bits: row.still_bits });
        }
    }

    /// Many points that stand still at once are one thing.
    pub(super) fn together(&mut self) {
        let Some(point) = self.stillest else { return };
        if self.still >= VIEW && self.still.saturating_mul(2) >= self.lively {
            self.odd.retain(|odd| !matches!(odd, Odd::Frozen { .. }));
            self.odd.push(Odd::View { point, still: self.still, lively: self.lively });
        }
    }
}

/// Whether a counter went on over its end, at 2^16, 2^32 or a power of ten, or was set to 0: it is
/// then where some of its usual steps lead.
fn starts_again(was: f64, value: f64, step: f64) -> bool {
    const ENDS: [f64; 9] = [65_536.0, 4_294_967_296.0, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
    let few = step * 4.0;
    let over = |end: &f64| was < *end && end - was + value <= few;
    value.abs() <= few || ENDS.iter().any(over)
}

/// A count of reports as a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of reports")]
fn whole(reports: f64) -> u64 {
    reports.max(0.0) as u64
}
