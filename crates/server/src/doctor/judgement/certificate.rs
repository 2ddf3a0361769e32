//! The certificate that the server showed.

use super::words::counted;
use crate::doctor::findings::{CertificateFinding, Life, Target};
use crate::doctor::report::{Check, Line};

/// A certificate that renews itself is renewed earlier, in days.
const SOON_DAYS: u64 = 14;

pub(in crate::doctor) fn certificate(target: &Target, found: &CertificateFinding) -> Line {
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

#[cfg(test)]
mod tests {
    use super::super::sample::target;
    use super::*;
    use crate::doctor::report::Level;

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
}
