//! Times, and what is said of many of them.

use std::time::Duration;

/// Times of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many of a hundred did not exceed, in milliseconds; 0 where there is none.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted
            .get(at)
            .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    }

    /// Mean and variance, in milliseconds.
    fn moments(&self) -> (f64, f64) {
        let times: Vec<f64> = self.0.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let squares = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>();
        (mean, squares / (count - 1.0))
    }
}

/// The middle one of some figures; 0 where there is none.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Welch's t of two samples: how many standard errors their means are apart. Beyond 2.6 chance alone explains it once in a
/// hundred times.
pub(crate) fn welch(one: &Samples, other: &Samples) -> f64 {
    let ((mean, variance), (other_mean, other_variance)) = (one.moments(), other.moments());
    let error = variance / one.count() as f64 + other_variance / other.count() as f64;
    (mean - other_mean) / error.sqrt()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "whole milliseconds have exact values")]
mod tests {
    use super::*;

    fn samples(times: &[u64]) -> Samples {
        Samples(times.iter().copied().map(Duration::from_millis).collect())
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(samples(&hundred).percentile(50), 50.0);
        assert_eq!(samples(&hundred).percentile(99), 99.0);
        assert_eq!(samples(&[7]).percentile(99), 7.0);
        assert_eq!(samples(&[]).percentile(50), 0.0);
    }

    #[test]
    fn one_that_is_out_of_all_measure_does_not_move_the_median() {
        assert_eq!(median([3.0, 100.0, 1.0].into_iter()), 3.0);
        assert_eq!(median(std::iter::empty()), 0.0);
    }

    #[test]
    fn welch_tells_samples_apart_that_differ() {
        let (low, high) = (
            samples(&[10, 11, 12, 10, 11]),
            samples(&[20, 21, 22, 20, 21]),
        );
        assert!(welch(&high, &low) > 10.0);
        assert_eq!(welch(&low, &low), 0.0);
    }
}
