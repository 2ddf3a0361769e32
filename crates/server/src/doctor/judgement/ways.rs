//! The ways to the relay: UDP, TCP and TLS.

use protocol::relay::RelayTransport;

use super::words::closed;
use crate::doctor::findings::{Place, PortFinding, Target, Way};
use crate::doctor::report::{Check, Line};

pub(in crate::doctor) fn ways(target: &Target, place: &Place, ways: &[Way]) -> Vec<Line> {
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

#[cfg(test)]
mod tests {
    use super::super::sample::{place, target};
    use super::*;
    use crate::doctor::report::Level;

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
}
