//! How often a socket may ask: a token bucket that is given the time and reads no clock.

use std::time::Duration;

use protocol::Milliseconds;
use protocol::limits::{REFUSALS_BEFORE_CLOSE, REQUESTS_BURST, REQUESTS_PER_SECOND};

/// The rate of one socket's frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// Frames per second, sustained; at least 1.
    pub per_second: u32,
    /// Frames at once, after a pause; at least 1.
    pub burst: u32,
    /// Refused frames in a row after which the socket is closed.
    pub refusals_before_close: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            per_second: REQUESTS_PER_SECOND,
            burst: REQUESTS_BURST,
            refusals_before_close: REFUSALS_BEFORE_CLOSE,
        }
    }
}

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is carried out.
    Take,
    /// It is refused; the next is taken after so long.
    Refuse(Milliseconds),
    /// It is refused, as too many before it: the socket is closed.
    Close,
}

/// The bucket of one socket. Filled with time, emptied by frames.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// Thousandths of a frame, so that whole numbers are enough.
    level: u64,
    filled_at: Duration,
    refusals: u32,
}

const FRAME: u64 = 1000;

impl Bucket {
    /// A full bucket. `now` is any clock that never goes back, as all other times here.
    pub(super) fn new(rate: Rate, now: Duration) -> Self {
        Self {
            rate,
            level: u64::from(rate.burst) * FRAME,
            filled_at: now,
            refusals: 0,
        }
    }

    /// Counts a frame that came at `now`.
    pub(super) fn take(&mut self, now: Duration) -> Verdict {
        // Frames per second are thousandths of a frame per millisecond.
        let per_millisecond = u64::from(self.rate.per_second);
        let elapsed = now.saturating_sub(self.filled_at).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        self.filled_at += Duration::from_millis(elapsed);
        self.level = self
            .level
            .saturating_add(elapsed.saturating_mul(per_millisecond))
            .min(u64::from(self.rate.burst) * FRAME);
        if let Some(left) = self.level.checked_sub(FRAME) {
            self.level = left;
            self.refusals = 0;
            return Verdict::Take;
        }
        self.refusals += 1;
        if self.refusals >= self.rate.refusals_before_close {
            return Verdict::Close;
        }
        let missing = FRAME - self.level;
        Verdict::Refuse(Milliseconds(missing.div_ceil(per_millisecond.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 3,
        refusals_before_close: 4,
    };

    #[test]
    fn burst_is_taken_at_once_and_then_one_frame_per_interval() {
        let mut bucket = Bucket::new(RATE, at(0));
        for _ in 0..3 {
            assert_eq!(bucket.take(at(0)), Verdict::Take);
        }
        assert_eq!(bucket.take(at(0)), Verdict::Refuse(Milliseconds(100)));
        assert_eq!(bucket.take(at(60)), Verdict::Refuse(Milliseconds(40)));
        assert_eq!(bucket.take(at(100)), Verdict::Take);
        assert_eq!(bucket.take(at(199)), Verdict::Refuse(Milliseconds(1)));
        assert_eq!(bucket.take(at(200)), Verdict::Take);
    }

    #[test]
    fn pause_saves_up_no_more_than_the_burst() {
        let mut bucket = Bucket::new(RATE, at(0));
        for _ in 0..3 {
            assert_eq!(bucket.take(at(3_600_000)), Verdict::Take);
        }
        assert!(matches!(bucket.take(at(3_600_000)), Verdict::Refuse(_)));
    }

    #[test]
    fn refusals_in_a_row_close_and_a_taken_frame_forgives() {
        let mut bucket = Bucket::new(RATE, at(0));
        for _ in 0..3 {
            bucket.take(at(0));
        }
        for _ in 0..3 {
            assert!(matches!(bucket.take(at(0)), Verdict::Refuse(_)));
        }
        assert_eq!(bucket.take(at(100)), Verdict::Take);
        for _ in 0..3 {
            assert!(matches!(bucket.take(at(100)), Verdict::Refuse(_)));
        }
        assert_eq!(bucket.take(at(100)), Verdict::Close);
    }

    #[test]
    fn clock_that_stands_still_or_jumps_back_fills_nothing() {
        let mut bucket = Bucket::new(RATE, at(1000));
        for _ in 0..3 {
            bucket.take(at(1000));
        }
        assert_eq!(bucket.take(at(0)), Verdict::Refuse(Milliseconds(100)));
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }
}
