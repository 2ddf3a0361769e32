//! Points in time and lengths of time, which are never mixed up.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time by the server's clock: integer milliseconds since 1970-01-01 UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = i64))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "number"))]
pub struct Timestamp(pub i64);

/// A length of time in whole milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = u64))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "number"))]
pub struct Milliseconds(pub u64);

impl Timestamp {
    /// Time passed since `earlier`; zero where `earlier` is later (a clock was set back).
    pub fn since(self, earlier: Self) -> Milliseconds {
        Milliseconds(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Milliseconds {
    /// So many whole seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    /// Whether it is no time at all.
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// The same length as the standard library's type.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl Add<Milliseconds> for Timestamp {
    type Output = Self;

    fn add(self, length: Milliseconds) -> Self {
        Self(self.0.saturating_add_unsigned(length.0))
    }
}

impl Sub<Milliseconds> for Timestamp {
    type Output = Self;

    fn sub(self, length: Milliseconds) -> Self {
        Self(self.0.saturating_sub_unsigned(length.0))
    }
}
