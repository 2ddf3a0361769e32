//! Whether the relay is on, and can be tested as devices use it.

use protocol::relay::RelayMode;

use crate::doctor::findings::{Place, Target};
use crate::doctor::report::{Check, Line};

/// Whether there is anything to test of the relay; the line says why not.
pub(in crate::doctor) fn relay(target: &Target, has_key: bool, place: &Place) -> Option<Line> {
    let check = Check::Relay;
    if target.relay.is_some() && target.mode == RelayMode::Off {
        return Some(Line::warning(
            check,
            "The relay is off.",
            "Calls fail between networks that let no direct path through, such as two mobile networks. Set relay.mode = \
             \"fallback\" to let it help there.",
        ));
    }
    (target.relay.is_some() && place.here && !has_key).then(|| {
        Line::warning(
            check,
            "There is no key in the data directory, so the relay is tested as a stranger sees it.",
            "Run ahoy doctor as the user that ahoy runs as.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{place, target};
    use super::*;
    use crate::doctor::report::Level;

    #[test]
    fn a_relay_that_is_off_is_told() {
        let off = Target {
            mode: RelayMode::Off,
            ..target()
        };
        let line = relay(&off, false, &place()).unwrap();
        assert_eq!(line.level, Level::Warning);
        assert!(line.remedy.unwrap().contains("relay.mode"));
        assert_eq!(relay(&target(), true, &place()), None);
        assert!(
            relay(&target(), false, &place())
                .unwrap()
                .remedy
                .unwrap()
                .contains("user")
        );
    }
}
