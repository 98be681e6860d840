//! What a device's clock says beside the capture's.
//!
//! A master that sets a clock to what it says anyway changes nothing; any other setting begins anew. Events may wait
//! while a device cannot be reached: what is late by no more than its silence was is no news, for as long again: who forwards all of it late is told of then.

use crate::event::Value;

/// Messages with times that make a clock known.
const ENOUGH: u64 = 16;
/// How far beyond all that was seen a time may be, in milliseconds.
const MARGIN_MS: f64 = 60_000.0;

/// By how much the times of a device's events are ahead of the capture, in milliseconds: least and
/// most so far. A clock that was always wrong is as good as any; events that waited are behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Clock {
    messages: u64,
    least_ms: f64,
    most_ms: f64,
    /// How long events may have waited that are still told of, and until when of the capture: for as long again as
    /// the device was silent.
    backlog_ms: f64,
    until_ms: f64,
    /// Whether it ever said something out of the ordinary.
    pub(super) jumped: bool,
}

/// A time that is beyond all that was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Skew {
    /// How far ahead of the capture it is, in milliseconds.
    pub(super) ahead_ms: f64,
    /// The least and the most that was seen.
    pub(super) seen_ms: (f64, f64),
    /// In how many messages.
    pub(super) messages: u64,
    /// Other clocks that are known, and those of them that ever did the same.
    pub(super) others: u64,
    pub(super) others_jumped: u64,
}

impl Clock {
    /// Takes the latest event time of a message that comes after so long a silence, and says whether it is out of
    /// the ordinary: beyond what was seen by more than a minute and as much as the times ever differed. It is
    /// ordinary from then on.
    pub(super) fn take(&mut self, clock_ms: f64, capture_ms: f64, waited_ms: f64) -> Option<Skew> {
        let ahead_ms = clock_ms - capture_ms;
        if !ahead_ms.is_finite() {
            return None;
        }
        let before = *self;
        let late_ms = before.least_ms - MARGIN_MS - ahead_ms;
        if capture_ms > before.until_ms {
            self.backlog_ms = 0.0;
        }
        if waited_ms > self.backlog_ms {
            self.backlog_ms = waited_ms;
            self.until_ms = capture_ms + waited_ms;
        }
        if before.messages > 0 && late_ms > 0.0 && late_ms <= self.backlog_ms {
            return None;
        }
        if ahead_ms >= before.most_ms - MARGIN_MS {
            self.backlog_ms = 0.0;
        }
        self.messages = before.messages.saturating_add(1);
        self.least_ms = if before.messages == 0 { ahead_ms } else { before.least_ms.min(ahead_ms) };
        self.most_ms = if before.messages == 0 { ahead_ms } else { before.most_ms.max(ahead_ms) };
        let margin = MARGIN_MS + (before.most_ms - before.least_ms);
        let beyond = ahead_ms > before.most_ms + margin || ahead_ms < before.least_ms - margin;
        let jumps = before.is_known() && beyond;
        self.jumped |= jumps;
        jumps.then_some(Skew {
            ahead_ms,
            seen_ms: (before.least_ms, before.most_ms),
            messages: before.messages,
            others: 0,
            others_jumped: 0,
        })
    }

    /// Whether enough was seen of it.
    pub(super) const fn is_known(&self) -> bool {
        self.messages >= ENOUGH
    }

    /// Somebody sets it to this at this time of the capture.
    pub(super) fn set(&mut self, to: Option<Value>, capture_ms: f64) {
        let ahead_ms = match to {
            Some(Value::Number(clock_ms)) => clock_ms - capture_ms,
            Some(Value::Switch(_)) | None => f64::NAN,
        };
        // The latest events of a clock show how it goes; those before waited for longer.
        let same = (ahead_ms - self.most_ms).abs() <= MARGIN_MS;
        if self.messages == 0 || !same {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: f64 = 3_600_000.0;

    /// A clock two hours slow, whose events are reported up to ten seconds late.
    fn slow() -> Clock {
        let mut clock = Clock::default();
        for n in 0..100 {
            let now = f64::from(n) * 1_000.0;
            assert_eq!(
                clock.take(now - 2.0 * HOUR_MS - f64::from(n % 10) * 1_000.0, now, 0.0),
                None
            );
        }
        clock
    }

    #[test]
    fn a_clock_that_was_always_wrong_is_no_news_and_one_that_jumps_is() {
        assert_eq!(slow().take(200_000.0 - 2.0 * HOUR_MS, 200_000.0, 0.0), None);
        let set_right = slow().take(200_000.0, 200_000.0, 0.0).unwrap();
        assert_eq!((set_right.ahead_ms, set_right.messages), (0.0, 100));
        assert!(slow().take(200_000.0 - 30.0 * HOUR_MS, 200_000.0, 0.0).is_some());
    }

    #[test]
    fn a_jump_is_told_once() {
        let mut clock = slow();
        assert!(clock.take(200_000.0, 200_000.0, 0.0).is_some());
        assert_eq!(clock.take(201_000.0, 201_000.0, 0.0), None);
    }

    #[test]
    fn times_that_are_no_numbers_are_left_alone() {
        let mut clock = slow();
        assert_eq!(clock.take(f64::NAN, 0.0, 0.0), None);
        assert_eq!(clock.take(f64::INFINITY, 0.0, 0.0), None);
    }

    #[test]
    fn a_clock_that_is_set_to_what_it_says_is_as_well_known_as_before() {
        let set = |to_ms: f64| {
            let mut clock = slow();
            clock.set(Some(Value::Number(to_ms)), 200_000.0);
            clock.take(200_000.0 - 3.0 * HOUR_MS, 200_500.0, 500.0)
        };
        assert_eq!(set(200_000.0 - 2.0 * HOUR_MS).map(|skew| skew.messages), Some(100));
        assert_eq!(set(200_000.0), None, "set right");
        let mut clock = slow();
        clock.set(None, 200_000.0);
        assert_eq!(clock, Clock::default(), "to nobody knows what");
    }

    #[test]
    fn events_that_waited_while_the_device_was_silent_are_no_news_and_later_ones_are() {
        let mut clock = slow();
        let away = 40.0 * 60_000.0;
        let now = 200_000.0 + away;
        let late = |ms: f64| now - 2.0 * HOUR_MS - ms;
        assert_eq!(clock.take(late(39.0 * 60_000.0), now, away), None);
        assert_eq!(clock.take(late(20.0 * 60_000.0), now + 500.0, 500.0), None, "the rest of them");
        assert_eq!(clock.take(late(0.0), now + 1_000.0, 500.0), None, "up to date");
        let skew = clock.take(late(39.0 * 60_000.0), now + 2_000.0, 1_000.0);
        assert_eq!(skew.map(|skew| skew.messages), Some(101), "shown again");
        let mut forwarded = slow();
        let told = (0..90).filter(|minute| {
            let later = now + f64::from(*minute) * 60_000.0;
            let times = later - 2.0 * HOUR_MS - 39.0 * 60_000.0;
            forwarded.take(times, later, if *minute == 0 { away } else { 500.0 }).is_some()
        });
        assert_eq!(told.collect::<Vec<_>>(), [41], "all of it late, for longer than it was silent");
    }
}
