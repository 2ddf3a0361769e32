//! A token bucket in one number.

use std::time::Duration;

/// When everything that was let through would have passed at the steady rate (the generic cell rate algorithm): it
/// loses nothing to rounding, however often it is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rate {
    paid_until: Duration,
}

/// How much a [`Rate`] lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// What one unit takes at the steady rate.
    nanoseconds_per_unit: u64,
    /// How far ahead of the steady rate is allowed.
    ahead: Duration,
}

impl Limit {
    /// So many units a second, and so many at once. Neither is 0: the configuration is checked for it.
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let nanoseconds_per_unit = 1_000_000_000 / u64::from(per_second.max(1));
        Self {
            nanoseconds_per_unit,
            ahead: Duration::from_nanos(nanoseconds_per_unit * u64::from(burst)),
        }
    }
}

impl Rate {
    /// Takes so many units if that many are there; nothing otherwise.
    pub(crate) fn take(&mut self, limit: Limit, now: Duration, units: usize) -> bool {
        let cost = Duration::from_nanos(limit.nanoseconds_per_unit.saturating_mul(units as u64));
        let paid_until = self.paid_until.max(now).saturating_add(cost);
        let allowed = paid_until <= now.saturating_add(limit.ahead);
        if allowed {
            self.paid_until = paid_until;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_the_burst_through_and_then_the_rate() {
        let limit = Limit::new(100, 300);
        let mut rate = Rate::default();
        let start = Duration::from_secs(7);
        let at_once = (0..1_000).filter(|_| rate.take(limit, start, 1)).count();
        assert_eq!(at_once, 300);
        let later: usize = (1..=10_000)
            .map(|millisecond| start + Duration::from_millis(millisecond))
            .filter(|&now| rate.take(limit, now, 1))
            .count();
        assert_eq!(later, 1_000, "ten seconds");
    }

    #[test]
    fn rests_to_the_full_burst_and_no_further() {
        let limit = Limit::new(1_000, 50);
        let mut rate = Rate::default();
        assert!(rate.take(limit, Duration::ZERO, 50));
        assert!(!rate.take(limit, Duration::ZERO, 1));
        let later = Duration::from_hours(1);
        assert!(!rate.take(limit, later, 51));
        assert!(rate.take(limit, later, 50));
    }
}
