//! The address that the relay gives out.

use std::net::{IpAddr, Ipv4Addr};

use crate::doctor::findings::{Place, Target, Way};
use crate::doctor::report::{Check, Line};

/// The address of every allocation of a relay with one port (RFC 7600): it leads nowhere and need not.
const ONE_PORT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8));

/// The address that the relay gives out; nothing to say where none was given out.
pub(in crate::doctor) fn external_address(
    target: &Target,
    place: &Place,
    ways: &[Way],
) -> Option<Line> {
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
    use super::super::sample::{place, target};
    use super::*;
    use crate::doctor::findings::PortFinding;
    use crate::doctor::report::Level;
    use protocol::relay::RelayTransport;

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
}
