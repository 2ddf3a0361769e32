//! From findings to words, for STUN and the relay. Pure, like `judgement`.

use std::net::{IpAddr, Ipv4Addr};

use protocol::relay::{RelayMode, RelayTransport};

use super::findings::{Place, PortFinding, Target, Through, Way};
use super::judgement::open_port;
use super::report::{Check, Line};

/// The address of every allocation of a relay with one port (RFC 7600): it leads nowhere and need not.
const ONE_PORT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8));

pub(super) fn stun(target: &Target, place: &Place, found: Option<PortFinding>) -> Line {
    let check = Check::Stun;
    let (Some(port), Some(found)) = (target.relay.map(|at| at.port()), found) else {
        return Line::fault(
            check,
            "STUN and the relay are off.",
            "Calls work inside one network only. Set relay.listen = \"*:3478\", and forward UDP and TCP 3478.",
        );
    };
    let host = &target.host;
    match found {
        PortFinding::Answered => Line::ok(check, format!("STUN answers at UDP {port}.")),
        PortFinding::Refused(code) => Line::fault(
            check,
            format!("UDP {port} of {host} answers STUN with error {code}."),
            "Another program has the port: look which one with ss -lunp, and choose another with --relay.",
        ),
        PortFinding::OnlyHere | PortFinding::Silent => {
            closed(check, "UDP", port, found, target, place)
        }
    }
}

/// Whether there is anything to test of the relay; the line says why not.
pub(super) fn relay(target: &Target, has_key: bool, place: &Place) -> Option<Line> {
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

pub(super) fn ways(target: &Target, place: &Place, ways: &[Way]) -> Vec<Line> {
    let is_open = |way: &&Way| way.finding == PortFinding::Answered;
    let any_open = ways.iter().any(|way| is_open(&way));
    ways.iter()
        .map(|way| judge_way(target, place, way, any_open))
        .collect()
}

fn judge_way(target: &Target, place: &Place, way: &Way, any_open: bool) -> Line {
    let (check, name, protocol) = match way.transport {
        RelayTransport::Udp => (Check::RelayUdp, "UDP", "UDP"),
        RelayTransport::Tcp => (Check::RelayTcp, "TCP", "TCP"),
        RelayTransport::Tls => (Check::RelayTls, "TLS", "TCP"),
    };
    let port = way.port;
    match way.finding {
        PortFinding::Answered => Line::ok(
            check,
            format!("The relay answers over {name} at {protocol} {port}."),
        ),
        PortFinding::Refused(401 | 441) => Line::fault(
            check,
            format!(
                "The relay at {protocol} {port} does not take an access made with the key of this data directory."
            ),
            "Another server answers there, or ahoy was started anew meanwhile: test again.",
        ),
        PortFinding::Refused(486 | 508) => Line::warning(
            check,
            format!("The relay at {protocol} {port} is full."),
            "Wait for calls to end, or raise relay.allocations.",
        ),
        PortFinding::Refused(code) => Line::fault(
            check,
            format!("The relay at {protocol} {port} answers with error {code}."),
            "Look into the log of ahoy, with log = \"info,server::relay=debug\".",
        ),
        PortFinding::OnlyHere | PortFinding::Silent if way.transport == RelayTransport::Tls => {
            Line::warning(
                check,
                format!("The relay does not answer over TLS at TCP {port}."),
                "Devices in networks that let only HTTPS through cannot call. If a proxy has the port, it passes only HTTP on; \
             let ahoy have the port itself (--domain), or accept it.",
            )
        }
        PortFinding::OnlyHere | PortFinding::Silent => {
            let line = closed(check, protocol, port, way.finding, target, place);
            if any_open && way.transport == RelayTransport::Tcp {
                let remedy = line.remedy.unwrap_or_default();
                return Line::warning(
                    check,
                    line.says,
                    format!("Networks that block UDP need it. {remedy}"),
                );
            }
            line
        }
    }
}

fn closed(
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

pub(super) fn through(found: Option<Through>) -> Line {
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

/// The address that the relay gives out; nothing to say where none was given out.
pub(super) fn external_address(target: &Target, place: &Place, ways: &[Way]) -> Option<Line> {
    let check = Check::ExternalAddress;
    let relayed = ways.iter().find_map(|way| way.relayed)?;
    if relayed == ONE_PORT {
        return Some(Line::ok(
            check,
            "The relay needs no address of its own: devices meet inside of it.",
        ));
    }
    let host = &target.host;
    let same_family = |address: &&IpAddr| address.is_ipv4() == relayed.is_ipv4();
    let expected: Vec<_> = place.addresses.iter().filter(same_family).collect();
    if expected.contains(&&relayed) || (expected.is_empty() && !is_unreachable(relayed)) {
        return Some(Line::ok(
            check,
            format!("The relay gives out {relayed}, where the server is."),
        ));
    }
    let Some(right) = expected.first() else {
        return Some(Line::fault(
            check,
            format!("The relay gives out {relayed}, which leads nowhere."),
            "Set relay.external_addresses to the address by which others reach this server.",
        ));
    };
    Some(Line::fault(
        check,
        format!("The relay gives out {relayed}, but {host} leads to {right}."),
        format!(
            "Set relay.external_addresses = [\"{right}\"]; if the relay is right, correct the DNS record of {host}."
        ),
    ))
}

fn is_unreachable(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::report::Level;
    use super::*;

    #[test]
    fn stun_behind_a_router_says_what_to_forward() {
        let line = stun(&target(), &place(), Some(PortFinding::OnlyHere));
        assert_eq!(line.level, Level::Fault);
        assert_eq!(
            line.says,
            "UDP 3478 of chat.example.org does not answer from outside."
        );
        let remedy = line.remedy.unwrap();
        assert!(
            remedy.contains("Forward UDP 3478 on your router to 192.0.2.10"),
            "{remedy}"
        );
    }

    #[test]
    fn stun_that_is_silent_here_is_a_matter_of_settings() {
        let line = stun(&target(), &place(), Some(PortFinding::Silent));
        assert!(line.says.contains("not even on this machine"), "{line:?}");
        let away = Place {
            here: false,
            ..place()
        };
        let line = stun(&target(), &away, Some(PortFinding::Silent));
        assert_eq!(line.says, "UDP 3478 of chat.example.org does not answer.");
        let off = Target {
            relay: None,
            ..target()
        };
        assert!(
            stun(&off, &place(), None)
                .remedy
                .unwrap()
                .contains("relay.listen")
        );
        assert_eq!(
            stun(&target(), &place(), Some(PortFinding::Answered)).level,
            Level::Ok
        );
    }

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

    #[test]
    fn closed_tcp_is_a_warning_while_udp_is_open() {
        use PortFinding::{Answered, OnlyHere};
        let both = |udp, tcp| {
            let way = |transport, finding| Way {
                transport,
                port: 3478,
                finding,
                relayed: None,
            };
            ways(
                &target(),
                &place(),
                &[way(RelayTransport::Udp, udp), way(RelayTransport::Tcp, tcp)],
            )
        };
        assert!(
            both(Answered, Answered)
                .iter()
                .all(|line| line.level == Level::Ok)
        );
        let lines = both(Answered, OnlyHere);
        assert_eq!(lines[1].level, Level::Warning);
        assert!(
            lines[1]
                .remedy
                .as_ref()
                .unwrap()
                .contains("Forward TCP 3478"),
            "{lines:?}"
        );
        let lines = both(OnlyHere, Answered);
        assert_eq!(lines[0].level, Level::Fault);
        assert!(
            lines[0]
                .remedy
                .as_ref()
                .unwrap()
                .contains("Forward UDP 3478"),
            "{lines:?}"
        );
        assert_eq!(both(OnlyHere, OnlyHere)[1].level, Level::Fault);
    }

    #[test]
    fn errors_of_the_relay_are_told_apart() {
        for (code, level, words) in [
            (401, Level::Fault, "does not take"),
            (486, Level::Warning, "full"),
            (508, Level::Warning, "full"),
            (500, Level::Fault, "error 500"),
        ] {
            let way = Way {
                transport: RelayTransport::Udp,
                port: 3478,
                finding: PortFinding::Refused(code),
                relayed: None,
            };
            let [line] = &ways(&target(), &place(), &[way])[..] else {
                panic!("one line")
            };
            assert_eq!(line.level, level);
            assert!(line.says.contains(words), "{line:?}");
        }
    }

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

    #[test]
    fn the_address_that_is_given_out_must_be_where_the_name_leads() {
        for (relayed, level, words) in [
            ("203.0.113.5", Level::Ok, "where the server is"),
            ("192.0.0.8", Level::Ok, "needs no address"),
            (
                "10.0.0.5",
                Level::Fault,
                "relay.external_addresses = [\"203.0.113.5\"]",
            ),
            (
                "198.51.100.1",
                Level::Fault,
                "relay.external_addresses = [\"203.0.113.5\"]",
            ),
            ("2001:db8::5", Level::Ok, "where the server is"),
            ("::1", Level::Fault, "relay.external_addresses"),
        ] {
            let way = Way {
                transport: RelayTransport::Udp,
                port: 3478,
                finding: PortFinding::Answered,
                relayed: Some(relayed.parse().unwrap()),
            };
            let line = external_address(&target(), &place(), &[way]).unwrap();
            assert_eq!(line.level, level, "{line:?}");
            let all = format!("{} {}", line.says, line.remedy.unwrap_or_default());
            assert!(all.contains(words), "{all}");
        }
        assert_eq!(external_address(&target(), &place(), &[]), None);
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
        Place {
            here: true,
            addresses: vec!["203.0.113.5".parse().unwrap()],
            own: vec!["127.0.0.1".parse().unwrap(), "192.0.2.10".parse().unwrap()],
            lan: Some("192.0.2.10".parse().unwrap()),
        }
    }
}
