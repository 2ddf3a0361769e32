//! Certificates by ACME (RFC 8555), proven by TLS-ALPN-01 (RFC 8737) on the HTTPS port itself.
//!
//! The protocol is `rustls-acme`'s. Here is what it keeps in the data directory, how often it may try, and
//! what the host is told when it fails. Nothing here decides which names are asked for.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_acme::{
    AccountCache, AcmeConfig, AcmeState, CertCache, EventError, EventOk, OrderError,
};
use sha2::{Digest as _, Sha256};

use super::certificate::{Pair, PairError};
use super::held::Held;
use super::{TlsError, provider};
use crate::clock::Clock;
use crate::{config, files};

/// Pauses after failures in a row; the last one is for all further ones. Let's Encrypt forgives five
/// failures of a name at once and one more every 12 minutes (letsencrypt.org/docs/rate-limits).
const PAUSES: [Duration; 4] = [
    Duration::from_secs(10),
    Duration::from_mins(2),
    Duration::from_mins(5),
    Duration::from_mins(15),
];

/// The names under which the ACME server knows nothing yet, or something already.
pub(super) struct Acme {
    state: AcmeState<io::Error>,
    names: String,
}

impl Acme {
    /// Prepares; the network is not touched before [`Acme::run`].
    pub(super) fn open(
        settings: &config::Tls,
        folder: &Path,
        held: Arc<Held>,
    ) -> Result<Self, TlsError> {
        let names: Vec<String> = settings.domains.iter().map(ToString::to_string).collect();
        let contact = settings.acme_contact.iter();
        let kept = Kept {
            folder: folder.to_owned(),
            held,
        };
        kept.hold_kept(&names, &settings.acme_directory);
        let client = client(settings.acme_roots.as_deref())?;
        let acme = AcmeConfig::new_with_client_config(&names, Arc::new(client))
            .directory(&settings.acme_directory)
            .contact(contact.map(|address| format!("mailto:{address}")))
            .cache(kept);
        Ok(Self {
            state: acme.state(),
            names: names.join(", "),
        })
    }

    /// What the ACME server is shown.
    pub(super) fn challenge_config(&self) -> Result<ServerConfig, TlsError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.state.resolver());
        config.alpn_protocols = vec![rustls_acme::acme::ACME_TLS_ALPN_NAME.to_vec()];
        Ok(config)
    }

    /// Gets the first certificate and every next one, for ever.
    pub(super) async fn run(mut self, clock: &Clock) {
        let mut failures = 0;
        while let Some(event) = self.state.next().await {
            match event {
                Ok(EventOk::DeployedNewCert) => {
                    failures = 0;
                    tracing::info!(certificate.names = self.names, "a certificate was obtained");
                }
                Ok(EventOk::DeployedCachedCert) => {
                    tracing::debug!("the certificate of the data directory is used");
                }
                Ok(EventOk::CertCacheStore | EventOk::AccountCacheStore) => {}
                Err(EventError::Order(error)) => {
                    let pause = pause(failures);
                    failures += 1;
                    self.tell(&error, pause);
                    tokio::time::sleep_until(clock.instant() + pause).await;
                }
                Err(error) => tracing::error!(%error, "a certificate could not be kept or read"),
            }
        }
    }

    fn tell(&self, error: &OrderError, pause: Duration) {
        let again = pause.as_secs();
        let names = &self.names;
        let reason = reason(error);
        let remedy = if was_refused(error) {
            "the name must lead to this machine, and TCP port 443 of it must reach Ahoy: look at the \
             DNS, at the firewall and at the forwarding of your router"
        } else {
            "this machine must reach the ACME server by HTTPS"
        };
        tracing::error!("no certificate for {names}: {reason}; {remedy}; next try in {again} s");
    }
}

impl std::fmt::Debug for Acme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acme")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

fn pause(failures: usize) -> Duration {
    let last = PAUSES[PAUSES.len() - 1];
    PAUSES.get(failures).copied().unwrap_or(last)
}

/// Whether the ACME server looked at this one and did not find what it should.
fn was_refused(error: &OrderError) -> bool {
    matches!(
        error,
        OrderError::BadAuth(_) | OrderError::BadOrder(_) | OrderError::TooManyAttemptsAuth(_)
    )
}

/// In the words of the ACME server, where it has said anything.
fn reason(error: &OrderError) -> String {
    let problem = match error {
        OrderError::BadAuth(auth) => auth
            .challenges
            .iter()
            .find_map(|challenge| challenge.error.as_ref()),
        OrderError::BadOrder(order) => order.error.as_ref(),
        _ => None,
    };
    match problem.and_then(|problem| problem.detail.as_ref()) {
        Some(detail) => format!("the ACME server says {detail:?}"),
        None => error.to_string(),
    }
}

/// How the ACME server is known: by the public certificates, or by those of a file.
fn client(roots: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let mut store = RootCertStore::empty();
    match roots {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let unusable = |error: &dyn std::fmt::Display| {
                let path = path.display();
                TlsError::Acme(format!("tls.acme_roots: {path} cannot be used: {error}"))
            };
            let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
            for root in CertificateDer::pem_slice_iter(&pem) {
                let root = root.map_err(|error| unusable(&error))?;
                store.add(root).map_err(|error| unusable(&error))?;
            }
            if store.is_empty() {
                return Err(unusable(&PairError::NoCertificate));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(config)
}

/// Account and certificates in the data directory. What is loaded or stored is what clients get.
struct Kept {
    folder: PathBuf,
    held: Arc<Held>,
}

impl Kept {
    /// Other names, or another ACME server, are another file.
    fn path(&self, kind: &str, of: &[String], directory: &str) -> PathBuf {
        let mut hash = Sha256::new();
        for part in of.iter().map(String::as_str).chain([directory]) {
            hash.update(part);
            hash.update([0]);
        }
        let hash = URL_SAFE_NO_PAD.encode(hash.finalize());
        self.folder.join(format!("{kind}-{hash}"))
    }

    /// From the first client on, where there is one. What is wrong with it is told when it is loaded.
    fn hold_kept(&self, domains: &[String], directory: &str) {
        let pem = std::fs::read(self.path("certificate", domains, directory));
        let held = pem.ok().map(|pem| self.hold(&pem));
        tracing::debug!(
            found = matches!(held, Some(Ok(()))),
            "looked for a kept certificate"
        );
    }

    fn hold(&self, pem: &[u8]) -> Result<(), PairError> {
        Pair::from_pem(pem, pem).map(|pair| self.held.put(pair))
    }
}

#[async_trait]
impl CertCache for Kept {
    type EC = io::Error;

    async fn load_cert(&self, domains: &[String], directory: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(pem) = read(&self.path("certificate", domains, directory)).await? else {
            return Ok(None);
        };
        match self.hold(&pem) {
            Ok(()) => Ok(Some(pem)),
            Err(error) => {
                tracing::warn!(%error, "the kept certificate is damaged; another is asked for");
                Ok(None)
            }
        }
    }

    async fn store_cert(&self, domains: &[String], directory: &str, pem: &[u8]) -> io::Result<()> {
        self.hold(pem).map_err(io::Error::other)?;
        files::write_private(&self.path("certificate", domains, directory), pem)
    }
}

#[async_trait]
impl AccountCache for Kept {
    type EA = io::Error;

    async fn load_account(
        &self,
        contact: &[String],
        directory: &str,
    ) -> io::Result<Option<Vec<u8>>> {
        read(&self.path("account", contact, directory)).await
    }

    async fn store_account(
        &self,
        contact: &[String],
        directory: &str,
        key: &[u8],
    ) -> io::Result<()> {
        files::write_private(&self.path("account", contact, directory), key)
    }
}

async fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match tokio::fs::read(path).await {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_failures_stays_within_what_lets_encrypt_forgives() {
        let hour = Duration::from_hours(1);
        let mut at = Duration::ZERO;
        let mut tries = 0;
        while at < hour {
            tries += 1;
            at += pause(tries - 1);
        }
        assert!(tries <= 5 + 60 / 12, "{tries} tries in an hour");
        assert_eq!(pause(1_000), Duration::from_mins(15));
    }

    #[tokio::test]
    async fn what_is_kept_is_for_its_names_and_its_server_alone() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept {
            folder: folder.path().join("tls"),
            held: Arc::default(),
        };
        let (a, b) = (["a".to_owned()], ["b".to_owned()]);
        kept.store_account(&a, "https://x", b"key").await.unwrap();
        let load = |contact, directory| kept.load_account(contact, directory);
        assert_eq!(load(&a, "https://x").await.unwrap().unwrap(), b"key");
        assert_eq!(load(&b, "https://x").await.unwrap(), None);
        assert_eq!(load(&a, "https://y").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_damaged_certificate_is_asked_for_anew() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept {
            folder: folder.path().to_owned(),
            held: Arc::default(),
        };
        let names = ["a.example".to_owned()];
        std::fs::write(kept.path("certificate", &names, "https://x"), "nonsense").unwrap();
        assert_eq!(kept.load_cert(&names, "https://x").await.unwrap(), None);
        assert_eq!(kept.held.facts(), None);
    }
}
