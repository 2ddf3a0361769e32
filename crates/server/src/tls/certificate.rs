//! A certificate with its key, what people want to know of it, and how near its end is.
//!
//! Reading is pure: bytes in, [`Pair`] or a reason out. Whether anybody trusts the certificate is not
//! judged here; that is the client's affair.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use protocol::{Milliseconds, Timestamp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The end is told from so long before it on, or from the last quarter of a shorter life on. ACME
/// renews when a third of the life is left, so by then it has failed for a while.
const SOON: Milliseconds = Milliseconds::from_seconds(14 * DAY_SECONDS);
const DAY_SECONDS: u64 = 24 * 3600;

/// Why there is no pair in the files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// No `BEGIN CERTIFICATE`.
    #[error("there is no certificate in it; it must be PEM, with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// No key that can be read without a password.
    #[error(
        "there is no private key in it; it must be PEM, with -----BEGIN PRIVATE KEY-----, and \
         not encrypted"
    )]
    NoKey,
    /// The certificate is damaged.
    #[error("the certificate cannot be read: {0}")]
    Damaged(String),
    /// Key and certificate are not of one pair, or the key is of a kind that nobody uses.
    #[error("the key does not go with the certificate: {0}")]
    Mismatch(String),
}

/// A certificate, those that lead to its issuer, and its key.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) facts: Facts,
}

/// What people want to know of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// It counts from then on.
    pub not_before: Timestamp,
    /// And no longer than to then.
    pub not_after: Timestamp,
    /// SHA-256 of it, as browsers show it: `AB:CD:…`.
    pub fingerprint: String,
}

/// How near the end of a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It does not count yet: it, or this machine's clock, is wrong.
    NotYet,
    /// Far enough.
    Fine,
    /// It ends in so many whole days.
    Soon(u64),
    /// It has ended.
    Over,
}

impl Pair {
    /// Reads a certificate with those that lead to its issuer, and the key.
    pub(super) fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| PairError::Damaged(error.to_string()))?;
        let facts = Facts::read(chain.first().ok_or(PairError::NoCertificate)?)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| PairError::NoKey)?;
        let key = CertifiedKey::from_der(chain, key, &super::provider());
        let key = key.map_err(|error| PairError::Mismatch(error.to_string()))?;
        Ok(Self {
            key: Arc::new(key),
            facts,
        })
    }
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`PairError::Damaged`].
    pub fn read(certificate: &CertificateDer<'_>) -> Result<Self, PairError> {
        let damaged = |error: &dyn std::fmt::Display| PairError::Damaged(error.to_string());
        let (_, parsed) =
            X509Certificate::from_der(certificate).map_err(|error| damaged(&error))?;
        let names = parsed.subject_alternative_name();
        let names = names.map_err(|error| damaged(&error))?;
        let names = names.map_or(&[][..], |names| &names.value.general_names);
        let validity = parsed.validity();
        Ok(Self {
            names: names.iter().filter_map(name).collect(),
            not_before: Timestamp(validity.not_before.timestamp().saturating_mul(1000)),
            not_after: Timestamp(validity.not_after.timestamp().saturating_mul(1000)),
            fingerprint: fingerprint(certificate),
        })
    }

    /// How near the end is.
    pub fn expiry(&self, now: Timestamp) -> Expiry {
        let life = milliseconds(self.not_before, self.not_after);
        let left = milliseconds(now, self.not_after);
        if now < self.not_before {
            Expiry::NotYet
        } else if now >= self.not_after {
            Expiry::Over
        } else if left < SOON.0.min(life / 4) {
            Expiry::Soon(left / 1000 / DAY_SECONDS)
        } else {
            Expiry::Fine
        }
    }

    /// Logs that the end is near or past, or the beginning still to come.
    pub(super) fn tell_end(&self, now: Timestamp) {
        let names = self.names.join(", ");
        match self.expiry(now) {
            Expiry::Fine => {}
            Expiry::Soon(days) => tracing::warn!(
                certificate.names = names,
                "the certificate expires in {days} days; then browsers refuse this server: renew it"
            ),
            Expiry::Over => tracing::error!(
                certificate.names = names,
                "the certificate has expired; browsers refuse this server until it is renewed"
            ),
            Expiry::NotYet => tracing::error!(
                certificate.names = names,
                "the certificate is not valid yet; is this machine's clock right?"
            ),
        }
    }
}

/// From one time to another; nought where it is over.
fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0)
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into());
    v4.or_else(|_| v6()).ok()
}

fn fingerprint(certificate: &[u8]) -> String {
    let mut text = String::with_capacity(32 * 3);
    for (i, byte) in Sha256::digest(certificate).iter().enumerate() {
        let separator = if i == 0 { "" } else { ":" };
        // Writing to a String cannot fail.
        let _written = write!(text, "{separator}{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    const DAY: i64 = DAY_SECONDS.cast_signed() * 1000;

    #[test]
    fn a_certificate_tells_names_life_and_fingerprint() {
        let (chain, key) = made(&["a.example", "192.0.2.1", "2001:db8::1"]);
        let facts = Pair::from_pem(chain.as_bytes(), key.as_bytes())
            .unwrap()
            .facts;
        assert_eq!(facts.names, ["a.example", "192.0.2.1", "2001:db8::1"]);
        assert_eq!(facts.not_before, Timestamp(1_767_225_600_000));
        assert_eq!(facts.not_after, Timestamp(1_767_225_600_000 + 90 * DAY));
        assert_eq!(facts.fingerprint.len(), 32 * 3 - 1);
        assert!(facts.fingerprint.split(':').all(|byte| byte.len() == 2));
    }

    #[test]
    fn what_is_no_pair_is_told_by_its_reason() {
        let (chain, key) = made(&["a.example"]);
        let (_, other) = made(&["a.example"]);
        let pair =
            |chain: &str, key: &str| Pair::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(pair("", &key), PairError::NoCertificate);
        assert_eq!(pair(&key, &key), PairError::NoCertificate);
        assert_eq!(pair(&chain, &chain), PairError::NoKey);
        assert!(matches!(pair(&chain, &other), PairError::Mismatch(_)));
        let broken = chain.replace("MII", "AAA");
        assert!(matches!(pair(&broken, &key), PairError::Damaged(_)));
        let cut = &chain[..chain.len() / 2];
        assert!(matches!(pair(cut, &key), PairError::Damaged(_)));
    }

    #[test]
    fn the_end_is_told_two_weeks_ahead_and_sooner_for_a_short_life() {
        let facts = |days| Facts {
            names: Vec::new(),
            not_before: Timestamp(0),
            not_after: Timestamp(days * DAY),
            fingerprint: String::new(),
        };
        for (days, at, expiry) in [
            (90, -1, Expiry::NotYet),
            (90, 0, Expiry::Fine),
            (90, 76 * DAY, Expiry::Fine),
            (90, 76 * DAY + 1, Expiry::Soon(13)),
            (90, 90 * DAY - 1, Expiry::Soon(0)),
            (90, 90 * DAY, Expiry::Over),
            (8, 6 * DAY, Expiry::Fine),
            (8, 6 * DAY + 1, Expiry::Soon(1)),
        ] {
            assert_eq!(facts(days).expiry(Timestamp(at)), expiry, "{days} {at}");
        }
    }

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 4, 1);
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }
}
