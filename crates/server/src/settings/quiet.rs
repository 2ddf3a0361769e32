//! Quiet hours: what the time of the day is where somebody lives.
//!
//! The time zone data are part of the program, so that it answers alike on every machine.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use protocol::Timestamp;
use protocol::settings::QuietHours;

/// Whether a moment lies in somebody's quiet hours.
///
/// Where the time zone is not known (any more), nothing is quiet: better a call too many than one too few.
pub fn is_quiet(quiet_hours: &QuietHours, now: Timestamp) -> bool {
    let Some(zone) = time_zone(&quiet_hours.time_zone) else {
        tracing::warn!(
            zone = quiet_hours.time_zone,
            "a time zone is not known any more"
        );
        return false;
    };
    let Ok(now) = jiff::Timestamp::from_millisecond(now.0) else {
        return false;
    };
    let there = now.to_zoned(zone).time();
    // Neither is ever negative.
    let [hour, minute] = [there.hour(), there.minute()].map(|part| u16::from(part.unsigned_abs()));
    quiet_hours.contains(hour * 60 + minute)
}

/// The zone of a name of the IANA database.
pub(super) fn time_zone(name: &str) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    let zone = ZONES.get(name).ok()?;
    (!zone.is_unknown()).then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_go_by_the_clock_on_the_wall_there() {
        let night = (22 * 60, 7 * 60);
        let noon = (12 * 60, 13 * 60);
        for ((from, to), zone, at, quiet) in [
            // Over midnight, in UTC: both edges.
            (night, "UTC", "2026-01-10T21:59:59Z", false),
            (night, "UTC", "2026-01-10T22:00:00Z", true),
            (night, "UTC", "2026-01-11T00:00:00Z", true),
            (night, "UTC", "2026-01-11T06:59:59Z", true),
            (night, "UTC", "2026-01-11T07:00:00Z", false),
            // Within a day.
            (noon, "UTC", "2026-01-10T11:59:59Z", false),
            (noon, "UTC", "2026-01-10T12:00:00Z", true),
            (noon, "UTC", "2026-01-10T13:00:00Z", false),
            // Other zones: whole hours, halves, quarters, across the date line.
            (night, "Europe/Berlin", "2026-01-10T20:59:59Z", false),
            (night, "Europe/Berlin", "2026-01-10T21:00:00Z", true),
            (night, "Asia/Kolkata", "2026-01-10T16:29:59Z", false),
            (night, "Asia/Kolkata", "2026-01-10T16:30:00Z", true),
            (night, "Asia/Kathmandu", "2026-01-10T16:15:00Z", true),
            (night, "Asia/Kathmandu", "2026-01-10T16:14:59Z", false),
            (night, "Pacific/Kiritimati", "2026-01-10T08:00:00Z", true),
            (night, "America/New_York", "2026-01-11T03:00:00Z", true),
            (night, "America/New_York", "2026-01-11T12:00:00Z", false),
            // The same minute of the world's day is quiet in winter and loud in summer.
            (night, "Europe/Berlin", "2026-07-10T05:30:00Z", false),
            (night, "Europe/Berlin", "2026-01-10T05:30:00Z", true),
            // The night in which clocks go forward, 02:00 to 03:00: it ends at 07:00 on the wall all the same.
            (night, "Europe/Berlin", "2026-03-29T04:59:59Z", true),
            (night, "Europe/Berlin", "2026-03-29T05:00:00Z", false),
            // The night in which they go back: 02:30 comes twice and is quiet both times.
            (night, "Europe/Berlin", "2026-10-25T00:30:00Z", true),
            (night, "Europe/Berlin", "2026-10-25T01:30:00Z", true),
            (night, "Europe/Berlin", "2026-10-25T05:59:59Z", true),
            (night, "Europe/Berlin", "2026-10-25T06:00:00Z", false),
            // Nobody knows what time it is there.
            (night, "Europe/Atlantis", "2026-01-10T23:00:00Z", false),
        ] {
            let quiet_hours = QuietHours {
                from,
                to,
                time_zone: zone.to_owned(),
            };
            let now: jiff::Timestamp = at.parse().unwrap();
            let now = Timestamp(now.as_millisecond());
            assert_eq!(is_quiet(&quiet_hours, now), quiet, "{zone} {at}");
        }
    }

    #[test]
    fn no_moment_is_too_far_away() {
        let quiet_hours = QuietHours {
            from: 0,
            to: 1,
            time_zone: "UTC".to_owned(),
        };
        for at in [i64::MIN, i64::MAX] {
            assert!(!is_quiet(&quiet_hours, Timestamp(at)));
        }
    }
}
