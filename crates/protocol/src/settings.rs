//! What a person decided about calls, kept by the server for all devices of the account.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::limits::{MINUTES_PER_DAY, TIME_ZONE_MAX_BYTES};

/// `GET` and `PUT /api/v1/me/settings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Settings {
    /// Whether a second call is offered during a call; without it, its caller hears busy. On by default.
    pub call_waiting: bool,
    /// Nothing rings while it is on. Off by default.
    pub do_not_disturb: Option<DoNotDisturb>,
    /// Nothing rings at these times of the day. None by default.
    pub quiet_hours: Option<QuietHours>,
    /// Whether somebody who was missed rings through *do not disturb* and quiet hours when they call again within
    /// [`crate::limits::SECOND_CALL_WITHIN`]. Off by default.
    pub second_call_passes: bool,
    /// Whether sound goes through the relay in every call, so that nobody who is talked to learns this account's IP address.
    /// Off by default.
    pub hide_address: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            call_waiting: true,
            do_not_disturb: None,
            quiet_hours: None,
            second_call_passes: false,
            hide_address: false,
        }
    }
}

/// *Do not disturb*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DoNotDisturb {
    /// Until when; nothing for as long as nobody switches it off.
    pub until: Option<Timestamp>,
}

/// Times of the day at which nothing rings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct QuietHours {
    /// From this minute of the day, 0 to 1439.
    pub from: u16,
    /// Up to this minute of the day, 0 to 1439; past midnight where it is before `from`. The two differ.
    pub to: u16,
    /// Where the day is: a name of the IANA time zone database, `Europe/Berlin` say.
    pub time_zone: String,
}

/// What is wrong with settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidSettings {
    /// Where, as a path into [`Settings`].
    pub field: &'static str,
    /// What, for people.
    pub message: &'static str,
}

impl InvalidSettings {
    /// There is no such time zone, as far as whoever checks knows.
    pub const NO_TIME_ZONE: Self = Self {
        field: "quiet_hours.time_zone",
        message: "there is no such time zone; name one of the IANA database, such as Europe/Berlin",
    };
}

impl Settings {
    /// Whether the values are of the allowed form. Whether there is such a time zone the server knows.
    ///
    /// # Errors
    ///
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        match &self.quiet_hours {
            Some(quiet_hours) => quiet_hours.check(),
            None => Ok(()),
        }
    }
}

impl QuietHours {
    fn check(&self) -> Result<(), InvalidSettings> {
        let wrong = |field, message| Err(InvalidSettings { field, message });
        if self.from >= MINUTES_PER_DAY {
            return wrong("quiet_hours.from", "minutes of the day go from 0 to 1439");
        }
        if self.to >= MINUTES_PER_DAY {
            return wrong("quiet_hours.to", "minutes of the day go from 0 to 1439");
        }
        if self.from == self.to {
            return wrong(
                "quiet_hours.to",
                "it is the same as the beginning; choose two times",
            );
        }
        if self.time_zone.is_empty() || self.time_zone.len() > TIME_ZONE_MAX_BYTES {
            return Err(InvalidSettings::NO_TIME_ZONE);
        }
        Ok(())
    }

    /// Whether a minute of the day lies in them.
    pub const fn contains(&self, minute: u16) -> bool {
        if self.from < self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }
}
