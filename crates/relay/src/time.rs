//! The time, as it is handed in.

use std::time::Duration;

/// The moment at which an input is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time since a moment that stays the same for one [`Relay`](crate::Relay); for lifetimes and rates.
    pub elapsed: Duration,
    /// The time of day; for credentials alone, so that a calendar set wrong ends no allocation.
    pub unix: UnixSeconds,
}

/// Whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);
