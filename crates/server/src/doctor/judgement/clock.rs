//! The clocks of the server and of this machine.

use super::words::counted;
use crate::doctor::findings::WebFinding;
use crate::doctor::report::{Check, Line};

/// From this difference on certificates and relay credentials go wrong, in milliseconds.
const CLOCK_TOLERANCE_MS: u64 = 120_000;

pub(in crate::doctor) fn clock(web: &WebFinding) -> Line {
    let check = Check::Clock;
    let WebFinding::Answered {
        clock_ahead: Some(ahead),
    } = web
    else {
        return Line::skipped(
            check,
            "The clock was not compared: the server did not tell its time.",
        );
    };
    if ahead.unsigned_abs() < CLOCK_TOLERANCE_MS {
        return Line::ok(check, "The server and this machine agree on the time.");
    }
    let direction = if *ahead > 0 { "ahead of" } else { "behind" };
    Line::fault(
        check,
        format!(
            "The server's clock is {} {direction} this machine's.",
            length(ahead.unsigned_abs())
        ),
        "Find out which of the two is wrong, and have it set by NTP (timedatectl set-ntp true): with a wrong clock \
         certificates and access to the relay count as expired.",
    )
}

fn length(milliseconds: u64) -> String {
    match milliseconds / 60_000 {
        minutes @ 0..120 => counted(minutes, "minute"),
        minutes @ 120..2_880 => counted(minutes / 60, "hour"),
        minutes => counted(minutes / 1_440, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Level;

    #[test]
    fn clocks_may_differ_by_less_than_two_minutes() {
        for (ahead, level, words) in [
            (Some(0), Level::Ok, "agree"),
            (Some(-119_000), Level::Ok, "agree"),
            (Some(3 * 60_000), Level::Fault, "3 minutes ahead of"),
            (Some(-5 * 3_600_000), Level::Fault, "5 hours behind"),
            (Some(9 * 86_400_000), Level::Fault, "9 days ahead of"),
            (None, Level::Skipped, "not compared"),
        ] {
            let line = clock(&WebFinding::Answered { clock_ahead: ahead });
            assert_eq!(line.level, level, "{line:?}");
            assert!(line.says.contains(words), "{line:?}");
        }
    }
}
