//! What several verdicts say.

use crate::doctor::findings::{Place, PortFinding, Target};
use crate::doctor::report::{Check, Line};

/// A port of STUN or the relay that does not answer where the name leads.
pub(super) fn closed(
    check: Check,
    protocol: &str,
    port: u16,
    found: PortFinding,
    target: &Target,
    place: &Place,
) -> Line {
    let host = &target.host;
    if place.here && found == PortFinding::Silent {
        return Line::fault(
            check,
            format!("{protocol} {port} does not answer, not even on this machine."),
            format!(
                "Look whether ahoy was started with these settings (relay.listen), and whether a firewall on this machine drops \
                 {protocol} {port}."
            ),
        );
    }
    let from = if place.here { " from outside" } else { "" };
    Line::fault(
        check,
        format!("{protocol} {port} of {host} does not answer{from}."),
        open_port(&format!("{protocol} {port}"), target, place),
    )
}

/// What to do about a port that does not answer where the name leads.
pub(super) fn open_port(port: &str, target: &Target, place: &Place) -> String {
    let host = &target.host;
    let is_own = place
        .addresses
        .iter()
        .any(|address| place.own.contains(address));
    if !place.here {
        return format!(
            "Forward {port} on the server's router, and open it in its firewall: ahoy doctor on the server says to \
             which address. If other networks reach it, the network here blocks it."
        );
    }
    if is_own {
        return format!("Open {port} in the firewall of this machine.");
    }
    let to = place.lan.map_or("this machine".to_owned(), |lan| {
        format!("{lan} (this machine)")
    });
    format!(
        "Forward {port} on your router to {to}, and open it in its firewall. If it is forwarded, your router may not \
         let its own network in from outside: then test from another network with ahoy doctor --url {}.",
        url(target, host)
    )
}

/// The address as people type it.
pub(in crate::doctor) fn url(target: &Target, host: &str) -> String {
    let scheme = if target.secure { "https" } else { "http" };
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    match (target.secure, target.port) {
        (true, 443) | (false, 80) => format!("{scheme}://{host}"),
        (_, port) => format!("{scheme}://{host}:{port}"),
    }
}

/// A number of things in words: `1 day`, `2 days`.
pub(super) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
