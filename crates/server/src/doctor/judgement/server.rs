//! Whether a server runs, and whether its name and its port lead to it.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::words::open_port;
use crate::doctor::findings::{Place, Target, WebFinding};
use crate::doctor::report::{Check, Line};

pub(in crate::doctor) fn running(target: &Target, place: &Place) -> Option<Line> {
    let data = target.data.display();
    if place.here {
        return Some(Line::ok(
            Check::Running,
            format!("Ahoy runs on the data directory {data}."),
        ));
    }
    if target.given {
        return None;
    }
    Some(Line::fault(
        Check::Running,
        format!("No ahoy runs on the data directory {data}."),
        "Start it, or give the same --config and --data as the one that runs. To test a server on another \
         machine, give its address: --url https://chat.example.org.",
    ))
}

pub(in crate::doctor) fn name(target: &Target, place: &Place) -> Line {
    let host = &target.host;
    if place.addresses.is_empty() {
        return Line::fault(
            Check::Name,
            format!("The name {host} leads nowhere."),
            "Make a DNS record of type A (IPv4) or AAAA (IPv6) for it that leads to the server, or correct the \
             spelling.",
        );
    }
    let addresses = list(&place.addresses);
    let is_local_name = host == "localhost" || host.parse::<IpAddr>().is_ok();
    if place.addresses.iter().all(IpAddr::is_loopback) && !is_local_name {
        return Line::fault(
            Check::Name,
            format!("The name {host} leads to this machine alone ({addresses})."),
            "Other devices find nothing there. Have its DNS record lead to the server's public address, and look \
             into /etc/hosts.",
        );
    }
    Line::ok(Check::Name, format!("{host} leads to {addresses}."))
}

pub(in crate::doctor) fn server(target: &Target, place: &Place, web: &WebFinding) -> Line {
    let (check, port, host) = (Check::Server, target.port, &target.host);
    match web {
        WebFinding::Answered { .. } => {
            Line::ok(check, format!("The server answers at TCP {port}."))
        }
        WebFinding::Status(status) => Line::fault(
            check,
            format!(
                "TCP {port} of {host} answers with HTTP {status} where Ahoy says that it lives."
            ),
            "If a proxy stands before Ahoy, it does not reach it, or passes another path on: look at its settings \
             and its log. Else another program has the port.",
        ),
        WebFinding::NotUnderstood(why) => Line::fault(
            check,
            format!(
                "TCP {port} of {host} answers, but does not speak {}: {why}.",
                spoken(target)
            ),
            "Another program may have the port, or HTTPS is not set up: see docs/install.md.",
        ),
        WebFinding::Silent => Line::fault(
            check,
            format!("TCP {port} of {host} does not answer."),
            open_port(&format!("TCP {port}"), target, place),
        ),
    }
}

/// Whether browsers give pages of it a microphone; nothing to say where they do.
pub(in crate::doctor) fn secure(target: &Target, place: &Place) -> Option<Line> {
    let is_local = place.addresses.iter().all(IpAddr::is_loopback);
    (!target.secure && !is_local).then(|| {
        Line::fault(
            Check::Secure,
            format!("{} is reached by http://, where browsers give no microphone.", target.host),
            "Set HTTPS up: --domain NAME where the server has a public name, --tls self-signed inside one network, or a \
             proxy and --public-url.",
        )
    })
}

fn spoken(target: &Target) -> &'static str {
    if target.secure { "HTTPS" } else { "HTTP" }
}

fn list(addresses: &[IpAddr]) -> String {
    let mut text = String::new();
    for (i, address) in addresses.iter().enumerate() {
        let separator = if i == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _written = write!(text, "{separator}{address}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample::{leading_to, place, target};
    use super::*;
    use crate::doctor::report::Level;

    #[test]
    fn a_server_that_does_not_run_is_told_unless_it_may_be_elsewhere() {
        let line = running(&target(), &place()).unwrap();
        assert_eq!(line.level, Level::Ok);
        let away = Place {
            here: false,
            ..place()
        };
        let line = running(&target(), &away).unwrap();
        assert_eq!(line.level, Level::Fault);
        assert!(line.remedy.unwrap().contains("--data"));
        let given = Target {
            given: true,
            ..target()
        };
        assert_eq!(running(&given, &away), None);
    }

    #[test]
    fn a_name_must_lead_somewhere_that_others_reach() {
        for (host, addresses, level) in [
            ("chat.example.org", &["203.0.113.5"][..], Level::Ok),
            ("chat.example.org", &[], Level::Fault),
            ("chat.example.org", &["127.0.1.1"], Level::Fault),
            ("localhost", &["127.0.0.1", "::1"], Level::Ok),
            ("127.0.0.1", &["127.0.0.1"], Level::Ok),
        ] {
            let target = Target {
                host: host.to_owned(),
                ..target()
            };
            let line = name(&target, &leading_to(addresses));
            assert_eq!(line.level, level, "{line:?}");
        }
    }

    #[test]
    fn a_closed_port_says_what_to_forward_and_where_to() {
        let behind_router = server(&target(), &place(), &WebFinding::Silent);
        assert_eq!(
            behind_router.says,
            "TCP 443 of chat.example.org does not answer."
        );
        let remedy = behind_router.remedy.unwrap();
        assert!(
            remedy.contains("Forward TCP 443 on your router to 192.0.2.10"),
            "{remedy}"
        );
        let public = Place {
            own: vec!["203.0.113.5".parse().unwrap()],
            ..place()
        };
        let remedy = server(&target(), &public, &WebFinding::Silent)
            .remedy
            .unwrap();
        assert_eq!(remedy, "Open TCP 443 in the firewall of this machine.");
        let away = Place {
            here: false,
            ..place()
        };
        let remedy = server(&target(), &away, &WebFinding::Silent)
            .remedy
            .unwrap();
        assert!(remedy.contains("ahoy doctor on the server"), "{remedy}");
    }

    #[test]
    fn http_is_enough_on_this_machine_alone() {
        let plain = Target {
            secure: false,
            ..target()
        };
        assert_eq!(secure(&plain, &leading_to(&["127.0.0.1"])), None);
        assert_eq!(secure(&target(), &place()), None);
        let line = secure(&plain, &place()).unwrap();
        assert_eq!(line.level, Level::Fault);
    }
}
