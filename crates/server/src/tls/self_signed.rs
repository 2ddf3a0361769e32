//! A certificate that the server makes for itself, for networks where nobody can certify a name.
//!
//! It is made once and kept, because every new one brings back the browsers' warning. A new one is made when
//! a name is added in the config or the end is near. Addresses of this machine go into it when it is
//! made; that one is missing later is no reason for another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::{Milliseconds, Timestamp};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use super::addresses::addresses;
use super::certificate::Pair;
use super::held::Held;
use super::{DAY, TlsError};
use crate::clock::Clock;
use crate::config::Domain;
use crate::files;

/// Key and certificate, in the folder.
const FILE: &str = "self-signed.pem";
/// Apple's systems take no longer ones (support.apple.com/103769).
const LIFE: Milliseconds = Milliseconds::from_seconds(825 * 24 * 3600);
/// A new one is made so long before the end.
const RENEW_BEFORE: Milliseconds = Milliseconds::from_seconds(30 * 24 * 3600);
/// It counts from so long before it was made, for clients whose clocks are slow.
const CLOCK_SLACK: Milliseconds = Milliseconds::from_seconds(24 * 3600);

/// Where it is kept, and for which names.
#[derive(Debug)]
pub(super) struct SelfSigned {
    path: PathBuf,
    domains: Vec<Domain>,
}

impl SelfSigned {
    pub(super) fn new(folder: &Path, domains: &[Domain]) -> Self {
        Self {
            path: folder.join(FILE),
            domains: domains.to_owned(),
        }
    }

    /// Takes the kept one, or makes another where there is none that will do.
    pub(super) fn refresh(&self, held: &Held, now: Timestamp) -> Result<(), TlsError> {
        if let Some(pair) = self.kept(now)? {
            held.put(pair);
            return Ok(());
        }
        let pem = self.make(now)?;
        let unwritable = |source| self.folder_error(source);
        files::write_private(&self.path, pem.as_bytes()).map_err(unwritable)?;
        if let Ok(pair) = Pair::from_pem(pem.as_bytes(), pem.as_bytes()) {
            let fingerprint = &pair.facts.fingerprint;
            tracing::info!(
                certificate.fingerprint = fingerprint,
                "a certificate was made"
            );
            held.put(pair);
        }
        Ok(())
    }

    /// Makes a new one in time, for ever.
    pub(super) async fn renew(&self, held: &Held, clock: &Clock) {
        let mut day = tokio::time::interval(DAY);
        loop {
            day.tick().await;
            if let Err(error) = self.refresh(held, clock.now()) {
                tracing::error!(%error, "the certificate could not be renewed");
            }
        }
    }

    fn kept(&self, now: Timestamp) -> Result<Option<Pair>, TlsError> {
        let pem = match std::fs::read(&self.path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.folder_error(error)),
        };
        let pair = match Pair::from_pem(&pem, &pem) {
            Ok(pair) => pair,
            Err(error) => {
                tracing::warn!(%error, "the kept certificate is damaged; another is made");
                return Ok(None);
            }
        };
        let renew_at = Timestamp(pair.facts.not_after.0 - signed(RENEW_BEFORE));
        let has = |domain: &Domain| pair.facts.names.iter().any(|name| name == domain.as_str());
        let will_do = now < renew_at && self.domains.iter().all(has);
        Ok(will_do.then_some(pair))
    }

    /// Key and certificate as PEM.
    fn make(&self, now: Timestamp) -> Result<String, TlsError> {
        let mut names: Vec<String> = self.domains.iter().map(ToString::to_string).collect();
        names.push("localhost".to_owned());
        names.extend(addresses().iter().map(ToString::to_string));
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Ahoy, self-signed");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let start = Timestamp(now.0 - signed(CLOCK_SLACK));
        let since_1970 = |at: Timestamp| Duration::from_millis(u64::try_from(at.0).unwrap_or(0));
        params.not_before = date_time_ymd(1970, 1, 1) + since_1970(start);
        params.not_after = params.not_before + LIFE.as_duration();
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
    }

    fn folder_error(&self, source: std::io::Error) -> TlsError {
        TlsError::Folder {
            path: self.path.display().to_string(),
            source,
        }
    }
}

fn signed(length: Milliseconds) -> i64 {
    i64::try_from(length.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn it_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let first = fingerprint(&folder, &[], NOW);
        assert_eq!(fingerprint(&folder, &[], NOW), first);
    }

    #[test]
    fn it_is_made_anew_for_a_new_name_and_before_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let first = fingerprint(&folder, &[], NOW);
        let named = fingerprint(&folder, &["chat.lan"], NOW);
        assert_ne!(named, first);
        assert_eq!(fingerprint(&folder, &[], NOW), named, "a name less is none");
        let late = Timestamp(NOW.0 + signed(LIFE) - signed(RENEW_BEFORE));
        assert_ne!(fingerprint(&folder, &[], late), named);
    }

    #[test]
    fn a_damaged_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "nonsense").unwrap();
        let made = fingerprint(&folder, &[], NOW);
        assert_eq!(fingerprint(&folder, &[], NOW), made);
    }

    #[test]
    fn it_is_for_this_machine_by_every_name_and_address() {
        let folder = tempfile::tempdir().unwrap();
        let held = refreshed(&folder, &["chat.lan"], NOW);
        let names = held.facts().unwrap().names;
        for name in ["chat.lan", "localhost", "127.0.0.1"] {
            assert!(
                names.iter().any(|known| known == name),
                "{name} in {names:?}"
            );
        }
    }

    fn fingerprint(folder: &tempfile::TempDir, domains: &[&str], now: Timestamp) -> String {
        refreshed(folder, domains, now).facts().unwrap().fingerprint
    }

    fn refreshed(folder: &tempfile::TempDir, domains: &[&str], now: Timestamp) -> Held {
        let domains: Vec<Domain> = domains.iter().map(|name| name.parse().unwrap()).collect();
        let held = Held::default();
        let own = SelfSigned::new(folder.path(), &domains);
        own.refresh(&held, now).unwrap();
        held
    }
}
