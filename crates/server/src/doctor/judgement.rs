//! From findings to words, for all that comes before the relay: name, server, certificate, socket, clock.
//!
//! Pure: no clock, no network. Every fault says what to do, with the port and, where a router must be told, the
//! address to forward to.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::findings::{CertificateFinding, Life, Place, SocketFinding, Target, WebFinding};
use super::report::{Check, Line};

/// From this difference on certificates and relay credentials go wrong, in milliseconds.
const CLOCK_TOLERANCE_MS: u64 = 120_000;
/// A certificate that renews itself is renewed earlier, in days.
const SOON_DAYS: u64 = 14;

pub(super) fn running(target: &Target, place: &Place) -> Option<Line> {
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

pub(super) fn name(target: &Target, place: &Place) -> Line {
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

pub(super) fn server(target: &Target, place: &Place, web: &WebFinding) -> Line {
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
pub(super) fn secure(target: &Target, place: &Place) -> Option<Line> {
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

pub(super) fn certificate(target: &Target, found: &CertificateFinding) -> Line {
    let check = Check::Certificate;
    let host = &target.host;
    let renew =
        "Renew it. With --domain Ahoy does that by itself: then look for the reason in its log.";
    match found.life {
        Life::Over(days) => {
            return Line::fault(
                check,
                format!("The certificate expired {} ago.", counted(days, "day")),
                renew,
            );
        }
        Life::NotYet(hours) => {
            return Line::fault(
                check,
                format!("The certificate counts only in {}.", counted(hours, "hour")),
                "Most likely the clock of this machine or of the server is wrong: have it set by NTP.",
            );
        }
        Life::Days(_) => {}
    }
    if !found.fits {
        let names = found.names.join(", ");
        return Line::fault(
            check,
            format!("The certificate is for {names}, not for {host}."),
            format!("Get one for {host}, or use the address that it is for."),
        );
    }
    if !found.trusted && found.self_issued {
        let says =
            "The certificate is self-signed: each browser warns until somebody lets it pass.";
        return if target.self_signed {
            Line::warning(
                check,
                says,
                "That is right inside one network. For everybody else use --domain.",
            )
        } else {
            Line::fault(
                check,
                says,
                "Use --domain, or the certificate of an issuer that browsers know.",
            )
        };
    }
    if !found.trusted {
        return Line::fault(
            check,
            "No issuer that browsers know vouches for the certificate.",
            "Most often the certificates between it and its issuer are missing: give the whole chain (fullchain.pem). An \
             issuer of your own must be installed on every device.",
        );
    }
    match found.life {
        Life::Days(days) if days < SOON_DAYS => Line::warning(
            check,
            format!("The certificate expires in {}.", counted(days, "day")),
            renew,
        ),
        Life::Days(days) => Line::ok(
            check,
            format!(
                "The certificate is good for another {}.",
                counted(days, "day")
            ),
        ),
        Life::NotYet(_) | Life::Over(_) => {
            Line::skipped(check, "The certificate was judged before.")
        }
    }
}

pub(super) fn socket(url: &str, found: SocketFinding) -> Line {
    let check = Check::Socket;
    match found {
        SocketFinding::Open => Line::ok(check, "The socket of messages and calls opens."),
        SocketFinding::Status(403) => Line::fault(
            check,
            "The server refuses pages of this address the socket.",
            format!("Set public_url = \"{url}\", or give --public-url {url}."),
        ),
        SocketFinding::Status(status) => Line::fault(
            check,
            format!("The socket does not open: HTTP {status} where 101 should come."),
            "A proxy does not pass WebSockets on: have it pass the headers Upgrade and Connection, by HTTP/1.1 \
             (docs/operate.md).",
        ),
        SocketFinding::Silent => Line::fault(
            check,
            "The socket gets no answer.",
            "A proxy does not pass WebSockets on, or the server is overloaded: look into both logs.",
        ),
    }
}

pub(super) fn clock(web: &WebFinding) -> Line {
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
pub(super) fn url(target: &Target, host: &str) -> String {
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

fn length(milliseconds: u64) -> String {
    match milliseconds / 60_000 {
        minutes @ 0..120 => counted(minutes, "minute"),
        minutes @ 120..2_880 => counted(minutes / 60, "hour"),
        minutes => counted(minutes / 1_440, "day"),
    }
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use protocol::relay::RelayMode;

    use super::super::report::Level;
    use super::*;

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

    #[test]
    fn certificates_are_judged_by_life_name_and_issuer() {
        let good = CertificateFinding {
            names: vec!["chat.example.org".to_owned()],
            fits: true,
            life: Life::Days(60),
            trusted: true,
            self_issued: false,
        };
        let own = CertificateFinding {
            trusted: false,
            self_issued: true,
            ..good.clone()
        };
        for (found, self_signed, level, words) in [
            (good.clone(), false, Level::Ok, "another 60 days"),
            (
                CertificateFinding {
                    life: Life::Days(1),
                    ..good.clone()
                },
                false,
                Level::Warning,
                "in 1 day.",
            ),
            (
                CertificateFinding {
                    life: Life::Over(3),
                    ..good.clone()
                },
                false,
                Level::Fault,
                "expired 3 days ago",
            ),
            (
                CertificateFinding {
                    life: Life::NotYet(5),
                    ..good.clone()
                },
                false,
                Level::Fault,
                "only in 5 hours",
            ),
            (
                CertificateFinding {
                    fits: false,
                    ..good.clone()
                },
                false,
                Level::Fault,
                "for chat.example.org, not for",
            ),
            (
                CertificateFinding {
                    trusted: false,
                    ..good
                },
                false,
                Level::Fault,
                "No issuer",
            ),
            (own.clone(), true, Level::Warning, "self-signed"),
            (own, false, Level::Fault, "self-signed"),
        ] {
            let line = certificate(
                &Target {
                    self_signed,
                    ..target()
                },
                &found,
            );
            assert_eq!(line.level, level, "{line:?}");
            assert!(line.says.contains(words), "{line:?}");
        }
    }

    #[test]
    fn a_socket_that_does_not_open_blames_the_setting_or_the_proxy() {
        let says = |found| socket("https://chat.example.org", found);
        assert_eq!(says(SocketFinding::Open).level, Level::Ok);
        let refused = says(SocketFinding::Status(403)).remedy.unwrap();
        assert!(
            refused.contains("--public-url https://chat.example.org"),
            "{refused}"
        );
        for found in [SocketFinding::Status(426), SocketFinding::Silent] {
            assert!(says(found).remedy.unwrap().contains("proxy"));
        }
    }

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

    fn target() -> Target {
        Target {
            secure: true,
            host: "chat.example.org".to_owned(),
            port: 443,
            relay: Some("127.0.0.1:3478".parse().unwrap()),
            mode: RelayMode::Fallback,
            relay_tls_port: Some(443),
            self_signed: false,
            data: PathBuf::from("/var/lib/ahoy"),
            given: false,
        }
    }

    fn place() -> Place {
        leading_to(&["203.0.113.5"])
    }

    fn leading_to(addresses: &[&str]) -> Place {
        Place {
            here: true,
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            own: vec!["127.0.0.1".parse().unwrap(), "192.0.2.10".parse().unwrap()],
            lan: Some("192.0.2.10".parse().unwrap()),
        }
    }
}
