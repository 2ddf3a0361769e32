//! TLS to a server whose certificate is to be looked at and not to be trusted.
//!
//! Nothing secret is sent over such a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::super::findings::{CertificateFinding, Life};
use crate::tls::Facts;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The issuers that browsers know.
pub fn known_issuers() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// A connection, and the certificate that was shown on it.
pub(in super::super) struct Shown {
    pub(in super::super) stream: TlsStream<TcpStream>,
    certificates: Vec<CertificateDer<'static>>,
}

/// Connects, whatever the certificate says.
pub(in super::super) async fn connect(address: SocketAddr, host: &str) -> Result<Shown, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let witness = Arc::new(Witness {
        provider: Arc::clone(&provider),
        seen: Mutex::default(),
    });
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    let stream = stream.map_err(|error| error.to_string())?;
    let certificates = std::mem::take(&mut *witness.seen());
    Ok(Shown {
        stream,
        certificates,
    })
}

impl Shown {
    /// What is to be said about the certificate; nothing where it cannot be read.
    pub(in super::super) fn certificate(
        &self,
        host: &str,
        issuers: &RootCertStore,
        now: Timestamp,
    ) -> Option<CertificateFinding> {
        let (first, rest) = self.certificates.split_first()?;
        let facts = Facts::read(first).ok()?;
        let parsed = ParsedCertificate::try_from(first).ok()?;
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let (_, bare) = X509Certificate::from_der(first).ok()?;
        // In the middle of its life: that it is over is told by itself.
        let middle = facts.not_before.0.midpoint(facts.not_after.0);
        let middle = Duration::from_millis(u64::try_from(middle).unwrap_or(0));
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let trusted = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            issuers,
            rest,
            UnixTime::since_unix_epoch(middle),
            algorithms.all,
        );
        Some(CertificateFinding {
            fits: verify_server_name(&parsed, &name).is_ok(),
            life: life(&facts, now),
            trusted: trusted.is_ok(),
            self_issued: bare.issuer() == bare.subject(),
            names: facts.names,
        })
    }
}

fn life(facts: &Facts, now: Timestamp) -> Life {
    let between = |from: Timestamp, to: Timestamp| u64::try_from(to.0 - from.0).unwrap_or(0);
    if now < facts.not_before {
        Life::NotYet(between(now, facts.not_before).div_ceil(HOUR_MS))
    } else if now >= facts.not_after {
        Life::Over(between(facts.not_after, now) / DAY_MS)
    } else {
        Life::Days(between(now, facts.not_after) / DAY_MS)
    }
}

/// Takes any certificate and writes it down.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl Witness {
    fn seen(&self) -> std::sync::MutexGuard<'_, Vec<CertificateDer<'static>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates);
        *self.seen() = all
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
