//! How odd a reading is, and why, in words.

use super::clock::Skew;
use super::table::changes;
use super::{DAY, NAME};
use crate::detector::{Bits, Finding};
use crate::event::{Event, Value};
use crate::ledger::{DeviceRecord, Ledger, Point, PointRecord};
use crate::surprise::{self, Context, FLOOR};
use crate::words::counted;

/// The kind of a step beyond all.
pub(super) const JUMP: &str = "reading-jump";

/// Something odd, as it was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Odd {
    Range { point: Point, value: f64 },
    Jump { point: Point, was: f64, value: f64 },
    Other { point: Point, value: f64 },
    Back { point: Point, was: f64, value: f64 },
    Frozen { point: Point, value: f64, reports: f64, still_bits: f64 },
    View { point: Point, still: usize, lively: usize },
    Drift { point: Point, z: f64 },
    Clock(Skew),
}

impl Odd {
    pub(super) const fn point(self) -> Option<Point> {
        match self {
            Self::Range { point, .. }
            | Self::Jump { point, .. }
            | Self::Other { point, .. }
            | Self::Back { point, .. }
            | Self::Frozen { point, .. }
            | Self::Drift { point, .. } => Some(point),
            Self::View { .. } | Self::Clock(_) => None,
        }
    }

    /// Whether a change of the process explains it.
    pub(super) const fn is_shift(self) -> bool {
        matches!(self, Self::Range { .. } | Self::Jump { .. } | Self::Other { .. })
    }
}

/// The oddest of those that begin now, with a count of the others.
pub(super) fn oddest(
    ledger: &Ledger,
    event: &Event,
    odd: &[Odd],
    mut begins: impl FnMut(Odd, &'static str) -> bool,
) -> Option<Finding> {
    // Most often nothing is odd, or only a known one of few values.
    let record = odd.first().and_then(|_| ledger.record(&event.conversation.device()))?;
    let mut oddest: Option<Finding> = None;
    let mut more: u64 = 0;
    for odd in odd {
        let Some(finding) = finding(ledger, record, event, *odd) else { continue };
        if finding.surprise < FLOOR || !begins(*odd, finding.kind) {
            continue;
        }
        more += u64::from(oddest.is_some());
        if oddest.as_ref().is_none_or(|most| finding.surprise > most.surprise) {
            oddest = Some(finding);
        }
    }
    let mut finding = oddest?;
    if more > 0 {
        finding.because += &["; with it ", &counted(more, "more odd reading")].concat();
    }
    Some(finding)
}

/// What was judged of a point: its kind of oddity, how odd, and the rest of the sentence.
struct Judged {
    kind: &'static str,
    surprise: Bits,
    says: String,
}

fn finding(ledger: &Ledger, record: &DeviceRecord, event: &Event, odd: Odd) -> Option<Finding> {
    let device = event.conversation.device();
    let of = |point: Point| record.point(point);
    let segments = || ledger.segments(&event.conversation);
    let judged = match odd {
        Odd::Range { point, value } => range(of(point)?, segments(), value),
        Odd::Jump { point, was, value } => jump(of(point)?, was, value),
        Odd::Other { point, value } => other(of(point)?, segments, value)?,
        Odd::Back { point, was, value } => back(of(point)?, was, value),
        Odd::Frozen { point, value, reports, still_bits } => {
            frozen(of(point)?, value, reports, still_bits)
        }
        Odd::View { point, still, lively } => view(of(point)?, still, lively),
        Odd::Drift { point, z } => drift(of(point)?, segments(), z)?,
        Odd::Clock(skew) => clock(skew),
    };
    let Judged { kind, surprise, says } = judged;
    let whose = odd.point().map(|point| format!("{point} of ")).unwrap_or_default();
    Some(Finding {
        detector: NAME,
        kind,
        surprise,
        hard: false,
        actor: Some(device.server),
        about: None,
        because: format!("{whose}{device} {says}"),
        normal_if: format!("baseline learns {whose}{device} as it reports now"),
    })
}

/// Never in so many.
fn never(events: u64) -> Bits {
    surprise::bits(Context { events, distinct: 1 }.novel())
}

/// The tail that a jump is granted: beyond [`FAR`] times the greatest step learned, one twice as great is at least
/// four times rarer. A heavier tail has no variance, and what is measured has one.
const TAIL: f64 = 2.0;
const FAR: f64 = 3.0;
/// What that is worth at most, in bits: how far away it is, is no better known than in a thousand steps.
const TAIL_BITS: f64 = 10.0;

/// The part of it that something `x` times beyond all that was is worth.
fn part(most: Bits, x: f64) -> Bits {
    Bits::rounded(most.0 / (1.0 + 1.0 / x.max(0.0)))
}

fn range(record: &PointRecord, segments: u64, value: f64) -> Judged {
    let (least, greatest) = record.values().range().unwrap_or_default();
    let width = greatest - least;
    let x = (least - value).max(value - greatest) / width;
    let x = if x.is_nan() { f64::INFINITY } else { x };
    Judged {
        kind: "reading-out-of-range",
        surprise: part(never(segments), x),
        says: format!(
            "is {}; in {} of the baseline, over {} of ten minutes, it was from {} to {}, and that is \
             {x:.1} widths of that range outside",
            Value::Number(value),
            counted(record.values().total(), "report"),
            counted(segments, "segment"),
            Value::Number(least),
            Value::Number(greatest),
        ),
    }
}

fn jump(record: &PointRecord, was: f64, value: f64) -> Judged {
    let steps = record.steps();
    let greatest = steps.greatest();
    let x = (value - was).abs() / greatest;
    let tail = (TAIL * (x / FAR).max(1.0).log2()).min(TAIL_BITS);
    Judged {
        kind: JUMP,
        surprise: Bits::rounded(part(never(steps.total()), x - 1.0).0 + tail),
        says: format!(
            "went from {} to {}: {x:.1} times the greatest of {} of the baseline",
            Value::Number(was),
            Value::Number(value),
            counted(steps.total(), "step"),
        ),
    }
}

fn other(record: &PointRecord, segments: impl Fn() -> u64, value: f64) -> Option<Judged> {
    let values = record.values();
    if values.count(Value::Number(value))? > 0 {
        return None;
    }
    let segments = segments();
    let distinct = u64::try_from(values.distinct()?).unwrap_or(u64::MAX);
    let context = Context { events: segments.min(values.total()), distinct };
    Some(Judged {
        kind: "new-reading",
        surprise: surprise::bits(context.novel()),
        says: format!(
            "is {}; in {} of the baseline, over {} of ten minutes, it was {}",
            Value::Number(value),
            counted(values.total(), "report"),
            counted(segments, "segment"),
            values.list(),
        ),
    })
}

fn back(record: &PointRecord, was: f64, value: f64) -> Judged {
    let changes = changes(record);
    Judged {
        kind: "counter-back",
        surprise: never(changes),
        says: format!(
            "went back from {} to {}; in {} of the baseline it only rose",
            Value::Number(was),
            Value::Number(value),
            counted(changes, "change"),
        ),
    }
}

fn frozen(record: &PointRecord, value: f64, reports: f64, still_bits: f64) -> Judged {
    let (changes, chance) = (changes(record), Bits::rounded(reports * still_bits));
    let most = never(changes);
    Judged {
        kind: "reading-frozen",
        surprise: if chance < most { chance } else { most },
        says: format!(
            "stands at {} for {reports} reports; in the baseline it changed in {changes} of {}, and \
             never stood still for more than {}",
            Value::Number(value),
            counted(record.steps().total(), "report"),
            counted(record.stood(), "report"),
        ),
    }
}

fn view(record: &PointRecord, still: usize, lively: usize) -> Judged {
    Judged {
        kind: "frozen-view",
        surprise: never(changes(record)),
        says: format!(
            "reports the same values of {still} points, of {lively} in one answer that used to change, for \
             longer than ever in the baseline, where the first of them changed in {} of {}",
            changes(record),
            counted(record.steps().total(), "report"),
        ),
    }
}

fn drift(record: &PointRecord, segments: u64, z: f64) -> Option<Judged> {
    let (mean, deviation) = record.values().spread().mean_and_deviation()?;
    (segments >= DAY).then(|| Judged {
        kind: "reading-drift",
        surprise: never(segments),
        says: format!(
            "keeps to one side: its averages of ten minutes add up to a drift, the last {z:+.1} deviations \
             from the mean of the baseline, {mean:.4} with deviation {deviation:.4} over {}",
            counted(segments, "segment"),
        ),
    })
}

fn clock(skew: Skew) -> Judged {
    let Skew { ahead_ms, seen_ms: (least, most), messages, others, others_jumped } = skew;
    // Clocks of one site are set by one master: what none of them does is the odder of this one.
    let others_share = Context { events: others, distinct: 1 }.share(others_jumped, 1.0);
    let share = Context { events: messages, distinct: 1 }.share(0, others_share);
    Judged {
        kind: "time-skew",
        surprise: surprise::bits(share),
        says: format!(
            "gives an event time {:.1} s ahead of the capture; in {} before, its times were from {:.1} s \
             to {:.1} s ahead, and {others_jumped} of {} ever left their run",
            ahead_ms / 1_000.0,
            counted(messages, "message"),
            least / 1_000.0,
            most / 1_000.0,
            counted(others, "other clock"),
        ),
    }
}
