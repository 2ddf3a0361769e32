//! Whether a call rings at its callee's.
//!
//! The rule kept here: whoever blocks is not found out, and whoever does not want to be disturbed is not rung.

use call::switchboard::Reach;
use protocol::Timestamp;
use protocol::limits::SECOND_CALL_WITHIN;
use protocol::settings::{DoNotDisturb, Settings};

use crate::settings::is_quiet;

/// What is known of a callee when a call begins.
#[derive(Debug, Clone)]
pub(super) struct Callee {
    /// Whether they block the caller.
    pub blocks: bool,
    /// Whether they muted the conversation with the caller.
    pub muted: bool,
    /// Whether a device of theirs is connected.
    pub connected: bool,
    /// When the newest call ended that they missed of the caller.
    pub missed_at: Option<Timestamp>,
    /// What they decided about being called.
    pub settings: Settings,
}

/// Decides whether a call rings.
pub(super) fn reach(callee: &Callee, now: Timestamp) -> Reach {
    if callee.blocks {
        Reach::Silent
    } else if callee.muted || (wants_quiet(&callee.settings, now) && !passes(callee, now)) {
        Reach::Quiet
    } else if callee.connected {
        Reach::Devices
    } else {
        Reach::Nobody
    }
}

fn wants_quiet(settings: &Settings, now: Timestamp) -> bool {
    let undisturbed = match settings.do_not_disturb {
        Some(DoNotDisturb { until: Some(until) }) => now < until,
        Some(DoNotDisturb { until: None }) => true,
        None => false,
    };
    let quiet_hours = settings.quiet_hours.as_ref();
    undisturbed || quiet_hours.is_some_and(|quiet_hours| is_quiet(quiet_hours, now))
}

/// Whether it is the second call in a short time, and those pass.
fn passes(callee: &Callee, now: Timestamp) -> bool {
    let soon = |missed_at| now.since(missed_at) <= SECOND_CALL_WITHIN;
    callee.settings.second_call_passes && callee.missed_at.is_some_and(soon)
}

#[cfg(test)]
mod tests {
    use protocol::settings::QuietHours;

    use super::*;

    /// 2026-01-10 23:00 UTC.
    const NOW: Timestamp = Timestamp(1_768_086_000_000);

    #[test]
    fn nothing_that_rings_is_held_back() {
        for (what, callee) in [
            ("nothing", callee()),
            ("dnd until now", with(Some(until(0)), None, false)),
            ("day there", with(None, Some(night("Asia/Tokyo")), false)),
            (
                "the second call within three minutes",
                missed(180_000, with(ALWAYS, Some(night("UTC")), true)),
            ),
            (
                "missed in a moment to come, as after the clock was set back",
                missed(-5_000, with(ALWAYS, None, true)),
            ),
        ] {
            assert_reach(what, callee, Reach::Devices, Reach::Nobody);
        }
    }

    #[test]
    fn who_wants_quiet_gets_it() {
        for (what, callee) in [
            ("muted", muted(callee())),
            (
                "muted: no second call passes",
                missed(1, muted(with(None, None, true))),
            ),
            ("dnd", with(ALWAYS, None, false)),
            ("dnd until later", with(Some(until(1)), None, false)),
            (
                "dnd is over, quiet hours are not",
                with(Some(until(-1)), Some(night("UTC")), false),
            ),
            (
                "night there",
                with(None, Some(night("Europe/Berlin")), false),
            ),
            (
                "the second call, too late",
                missed(180_001, with(ALWAYS, None, true)),
            ),
            (
                "the second call, where it does not pass",
                missed(1, with(ALWAYS, None, false)),
            ),
            ("the first call", with(ALWAYS, None, true)),
        ] {
            assert_reach(what, callee, Reach::Quiet, Reach::Quiet);
        }
    }

    #[test]
    fn a_block_comes_before_everything() {
        for callee in [
            callee(),
            muted(callee()),
            missed(1, with(ALWAYS, Some(night("UTC")), true)),
        ] {
            let callee = Callee {
                blocks: true,
                ..callee
            };
            assert_reach("blocked", callee, Reach::Silent, Reach::Silent);
        }
    }

    #[track_caller]
    fn assert_reach(what: &str, callee: Callee, connected: Reach, away: Reach) {
        assert_eq!(reach(&callee, NOW), connected, "{what}");
        let callee = Callee {
            connected: false,
            ..callee
        };
        assert_eq!(reach(&callee, NOW), away, "{what}, nobody connected");
    }

    const ALWAYS: Option<DoNotDisturb> = Some(DoNotDisturb { until: None });

    fn until(milliseconds: i64) -> DoNotDisturb {
        let until = Some(Timestamp(NOW.0 + milliseconds));
        DoNotDisturb { until }
    }

    fn night(zone: &str) -> QuietHours {
        QuietHours {
            from: 22 * 60,
            to: 7 * 60,
            time_zone: zone.to_owned(),
        }
    }

    fn muted(callee: Callee) -> Callee {
        Callee {
            muted: true,
            ..callee
        }
    }

    fn missed(ago: i64, callee: Callee) -> Callee {
        Callee {
            missed_at: Some(Timestamp(NOW.0 - ago)),
            ..callee
        }
    }

    fn callee() -> Callee {
        Callee {
            blocks: false,
            muted: false,
            connected: true,
            missed_at: None,
            settings: Settings::default(),
        }
    }

    fn with(
        do_not_disturb: Option<DoNotDisturb>,
        quiet_hours: Option<QuietHours>,
        second_call_passes: bool,
    ) -> Callee {
        Callee {
            settings: Settings {
                do_not_disturb,
                quiet_hours,
                second_call_passes,
                ..Settings::default()
            },
            ..callee()
        }
    }
}
