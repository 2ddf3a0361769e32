//! HTTPS: where the certificate comes from, and the handshake with a client.
//!
//! [`Tls::open`] takes the certificate from the host's files, from the data directory, or leaves it to ACME;
//! [`Keeper::keep`] renews, reloads and tells of its end for as long as the server runs. What is spoken inside
//! is known from the names that client and server agree on (ALPN), or from the first byte.
//! Which requests may come over plain HTTP is not decided here.

mod acme;
mod addresses;
mod certificate;
mod held;
mod reload;
mod self_signed;
mod stream;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use rustls::server::{Acceptor, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;

use crate::app::Shared;
use crate::clock::Clock;
use crate::config::{Config, Https};

pub use addresses::addresses;
pub use certificate::{Expiry, Facts, PairError};
pub use reload::FilesError;
pub use stream::{Inside, Stream};

use acme::Acme;
use held::Held;
use reload::Files;

/// The folder in the data directory.
const FOLDER: &str = "tls";
/// What can be spoken inside, the best first. TURN has names of its own (RFC 7443 §3).
const PROTOCOLS: [&[u8]; 4] = [b"h2", b"http/1.1", b"stun.turn", b"stun.nat-discovery"];
/// How often the end of the certificate is looked at.
const DAY: Duration = Duration::from_hours(24);

/// Why there is no HTTPS. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The host's files cannot be used.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The folder in the data directory cannot be used.
    #[error("cannot use {path}: {source}; give this user the right to write there")]
    Folder {
        /// The folder or file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// No certificate can be made.
    #[error("a self-signed certificate cannot be made: {0}")]
    SelfSigned(#[from] rcgen::Error),
    /// A setting of ACME cannot be used.
    #[error("{0}")]
    Acme(String),
    /// The library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// HTTPS, ready for clients. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Tls {
    ordinary: Arc<ServerConfig>,
    /// For the ACME server alone, which looks whether the name leads here (RFC 8737).
    challenge: Option<Arc<ServerConfig>>,
    held: Arc<Held>,
}

/// What must be done for the certificate while the server runs.
#[derive(Debug)]
pub struct Keeper {
    held: Arc<Held>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Files(Files),
    Acme(Box<Acme>),
    SelfSigned(self_signed::SelfSigned),
}

impl Tls {
    /// HTTPS as it is set; nothing where it is off.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn open(
        config: &Config,
        data: &Path,
        clock: &Clock,
    ) -> Result<Option<(Self, Keeper)>, TlsError> {
        let held = Arc::new(Held::default());
        let folder = data.join(FOLDER);
        let source = match config.tls.source() {
            Https::Off => return Ok(None),
            Https::Files { cert, key } => {
                Source::Files(Files::open(cert, key, &config.tls, &held)?)
            }
            Https::SelfSigned => {
                let own = self_signed::SelfSigned::new(&folder, &config.tls.domains);
                own.refresh(&held, clock.now())?;
                Source::SelfSigned(own)
            }
            Https::Acme => Source::Acme(Box::new(Acme::open(
                &config.tls,
                &folder,
                Arc::clone(&held),
            )?)),
        };
        let challenge = match &source {
            Source::Acme(acme) => Some(Arc::new(acme.challenge_config()?)),
            Source::Files(_) | Source::SelfSigned(_) => None,
        };
        let tls = Self {
            ordinary: Arc::new(ordinary(&held)?),
            challenge,
            held: Arc::clone(&held),
        };
        Ok(Some((tls, Keeper { held, source })))
    }

    /// The certificate that clients get now; nothing before the first one of ACME.
    pub fn facts(&self) -> Option<Facts> {
        self.held.facts()
    }

    /// The handshake, without a deadline of its own. Nothing where the client was the ACME server, which
    /// has then seen what it wanted to see.
    ///
    /// # Errors
    /// The client speaks no TLS, does not trust the certificate, or is gone.
    pub async fn accept<S>(&self, stream: S) -> io::Result<Option<Stream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if let Some(challenge) = &self.challenge
            && rustls_acme::is_tls_alpn_challenge(&start.client_hello())
        {
            tracing::debug!("the ACME server looks");
            start.into_stream(Arc::clone(challenge)).await?;
            return Ok(None);
        }
        let stream = start.into_stream(Arc::clone(&self.ordinary)).await?;
        Ok(Some(Stream::new(stream)))
    }
}

impl Keeper {
    /// Renews, reloads and tells of the end, until the server stops.
    pub async fn keep(self, app: Shared) {
        let stopping = app.stopping.clone();
        let Self { held, source } = self;
        let work = async {
            match source {
                Source::Files(files) => {
                    tokio::join!(files.watch(&held), watch_end(&held, &app.clock));
                }
                Source::Acme(acme) => {
                    tokio::join!(acme.run(&app.clock), watch_end(&held, &app.clock));
                }
                Source::SelfSigned(own) => own.renew(&held, &app.clock).await,
            }
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = work => {}
        }
    }
}

/// Says once a day that the certificate is near its end or past it.
async fn watch_end(held: &Held, clock: &Clock) {
    let mut day = tokio::time::interval(DAY);
    loop {
        day.tick().await;
        if let Some(facts) = held.facts() {
            facts.tell_end(clock.now());
        }
    }
}

fn ordinary(held: &Arc<Held>) -> Result<ServerConfig, rustls::Error> {
    let resolver = Arc::clone(held);
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    // A client that comes back resumes without our keeping anything for it.
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
