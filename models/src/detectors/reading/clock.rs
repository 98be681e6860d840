//! What a device's clock says beside the capture's.

/// Messages with times that make a clock known.
const ENOUGH: u64 = 16;
/// How far beyond all that was seen a time may be, in milliseconds.
const MARGIN_MS: f64 = 60_000.0;

/// By how much the times of a device's events are ahead of the capture, in milliseconds: least and
/// most so far. A clock that was always wrong is as good as any; events that waited are behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    messages: u64,
    least_ms: f64,
    most_ms: f64,
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
}

impl Clock {
    /// Takes the latest event time of a message, and says whether it is out of the ordinary: beyond
    /// what was seen by more than a minute and as much as the times ever differed. It is ordinary
    /// from then on.
    pub(super) fn take(&mut self, clock_ms: f64, capture_ms: f64) -> Option<Skew> {
        let ahead_ms = clock_ms - capture_ms;
        if !ahead_ms.is_finite() {
            return None;
        }
        let before = *self;
        *self = Self {
            messages: before.messages.saturating_add(1),
            least_ms: if before.messages == 0 { ahead_ms } else { before.least_ms.min(ahead_ms) },
            most_ms: if before.messages == 0 { ahead_ms } else { before.most_ms.max(ahead_ms) },
        };
        let margin = MARGIN_MS + (before.most_ms - before.least_ms);
        let beyond = ahead_ms > before.most_ms + margin || ahead_ms < before.least_ms - margin;
        (before.messages >= ENOUGH && beyond).then_some(Skew {
            ahead_ms,
            seen_ms: (before.least_ms, before.most_ms),
            messages: before.messages,
        })
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
            assert_eq!(clock.take(now - 2.0 * HOUR_MS - f64::from(n % 10) * 1_000.0, now), None);
        }
        clock
    }

    #[test]
    fn a_clock_that_was_always_wrong_is_no_news_and_one_that_jumps_is() {
        assert_eq!(slow().take(200_000.0 - 2.0 * HOUR_MS, 200_000.0), None);
        let set_right = slow().take(200_000.0, 200_000.0).unwrap();
        assert_eq!((set_right.ahead_ms, set_right.messages), (0.0, 100));
        assert!(slow().take(200_000.0 - 30.0 * HOUR_MS, 200_000.0).is_some());
    }

    #[test]
    fn a_jump_is_told_once() {
        let mut clock = slow();
        assert!(clock.take(200_000.0, 200_000.0).is_some());
        assert_eq!(clock.take(201_000.0, 201_000.0), None);
    }

    #[test]
    fn times_that_are_no_numbers_are_left_alone() {
        let mut clock = slow();
        assert_eq!(clock.take(f64::NAN, 0.0), None);
        assert_eq!(clock.take(f64::INFINITY, 0.0), None);
    }
}
