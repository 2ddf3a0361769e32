//! A second of packets from one device to another, through the relay.

use crate::doctor::findings::Through;
use crate::doctor::report::{Check, Line};

pub(in crate::doctor) fn through(found: Option<Through>) -> Line {
    let check = Check::Through;
    match found {
        None => Line::skipped(
            check,
            "No packet was sent through the relay: no way to it is open to the doctor.",
        ),
        Some(Through { arrived: 0, .. }) => Line::fault(
            check,
            "Packets go into the relay and none comes out.",
            "Look into the log of ahoy for dropped packets and why.",
        ),
        Some(Through { sent, arrived }) if arrived < sent => Line::warning(
            check,
            format!("Of {sent} packets through the relay {arrived} arrived."),
            "The machine or its network is overloaded; sound stutters.",
        ),
        Some(Through { sent, .. }) => Line::ok(
            check,
            format!("All of {sent} packets went through the relay."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Level;

    #[test]
    fn packets_through_the_relay_are_counted() {
        for (found, level) in [
            (None, Level::Skipped),
            (Some((50, 0)), Level::Fault),
            (Some((50, 40)), Level::Warning),
            (Some((50, 50)), Level::Ok),
        ] {
            let found = found.map(|(sent, arrived)| Through { sent, arrived });
            assert_eq!(through(found).level, level, "{found:?}");
        }
    }
}
