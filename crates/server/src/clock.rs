//! The only place that reads the time.
//!
//! Everything else is handed a [`Clock`]; what decides is handed a [`Timestamp`]. A test holds the
//! clock still and moves it by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::{Milliseconds, Timestamp};
use tokio::time::Instant;

/// Tells the time. Clones tell the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    /// Milliseconds since 1970.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn fixed(at: Timestamp) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.0))))
    }

    /// The time of day, for everything that is kept or sent.
    #[expect(clippy::disallowed_methods, reason = "the home of the wall clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => {
                let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
                // A clock before 1970 is a broken clock; 0 keeps everything defined.
                let milliseconds = since_1970.map_or(0, |length| length.as_millis());
                Timestamp(i64::try_from(milliseconds).unwrap_or(i64::MAX))
            }
            Source::Fixed(at) => Timestamp(at.load(Ordering::Relaxed)),
        }
    }

    /// A point in monotonic time, for deadlines and silence. Runs on even where the clock is fixed.
    #[expect(clippy::disallowed_methods, reason = "the home of the monotonic clock")]
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// The point in monotonic time after so long.
    pub fn after(&self, length: Milliseconds) -> Instant {
        self.instant() + Duration::from_millis(length.0)
    }

    /// Moves a fixed clock forward. The system's clock stays as it is.
    pub fn advance(&self, length: Milliseconds) {
        if let Source::Fixed(at) = &self.0 {
            let length = i64::try_from(length.0).unwrap_or(i64::MAX);
            at.fetch_add(length, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_by_hand_and_for_all_clones() {
        let clock = Clock::fixed(Timestamp(1_000));
        let clone = clock.clone();
        assert_eq!(clone.now(), Timestamp(1_000));
        clock.advance(Milliseconds(500));
        assert_eq!(clone.now(), Timestamp(1_500));
    }
}
