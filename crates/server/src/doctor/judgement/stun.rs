//! STUN, by which devices learn their own address.

use super::words::closed;
use crate::doctor::findings::{Place, PortFinding, Target};
use crate::doctor::report::{Check, Line};

pub(in crate::doctor) fn stun(target: &Target, place: &Place, found: Option<PortFinding>) -> Line {
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

#[cfg(test)]
mod tests {
    use super::super::sample::{place, target};
    use super::*;
    use crate::doctor::report::Level;

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
}
