//! A client of HTTPS, and certificates for tests.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::http::request::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use server::clock::Clock;
use server::tls::Facts;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::app::{Answer, TestApp};

const DAY: Duration = Duration::from_hours(24);

/// A certificate of nobody's, with its key.
pub(crate) struct Made {
    pub(crate) cert: String,
    pub(crate) key: String,
    der: CertificateDer<'static>,
}

impl Made {
    /// For these names, from so many days after now to so many, by this machine's clock.
    pub(crate) fn new(names: &[&str], from: i32, to: i32) -> Self {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let now = u64::try_from(Clock::default().now().0).unwrap();
        let now = date_time_ymd(1970, 1, 1) + Duration::from_millis(now);
        let day = |days: i32| {
            let length = DAY * days.unsigned_abs();
            if days < 0 { now - length } else { now + length }
        };
        params.not_before = day(from);
        params.not_after = day(to);
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        Self {
            cert: cert.pem(),
            key: key.serialize_pem(),
            der: cert.der().clone(),
        }
    }

    /// Writes `cert.pem` and `key.pem` and tells the flags that name them.
    pub(crate) fn write(&self, folder: &Path) -> [String; 4] {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (cert, key) = (path("cert.pem"), path("key.pem"));
        std::fs::write(&cert, &self.cert).unwrap();
        std::fs::write(&key, &self.key).unwrap();
        ["--tls-cert".to_owned(), cert, "--tls-key".to_owned(), key]
    }

    pub(crate) fn fingerprint(&self) -> String {
        Facts::read(&self.der).unwrap().fingerprint
    }
}

/// Somebody who speaks TLS.
pub(crate) struct Client(ClientConfig);

impl Client {
    /// A browser that knows one certificate and checks it as browsers do.
    pub(crate) fn trusting(made: &Made) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(made.der.clone()).unwrap();
        Self(
            builder()
                .with_root_certificates(roots)
                .with_no_client_auth(),
        )
    }

    /// A person who goes on whatever the browser says.
    pub(crate) fn trusting_nobody() -> Self {
        let careless = Arc::new(Careless(Arc::new(ring::default_provider())));
        let builder = builder()
            .dangerous()
            .with_custom_certificate_verifier(careless);
        Self(builder.with_no_client_auth())
    }

    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        protocols: &[&str],
    ) -> io::Result<TlsStream<TcpStream>> {
        self.connect_as(&address.ip().to_string(), address, protocols)
            .await
    }

    /// Asks for a name.
    pub(crate) async fn connect_as(
        &self,
        name: &str,
        address: SocketAddr,
        protocols: &[&str],
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut config = self.0.clone();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    /// What the certificate that is served looks like.
    pub(crate) async fn fingerprint(&self, address: SocketAddr) -> String {
        let stream = self.connect(address, &[]).await.unwrap();
        let certificates = stream.get_ref().1.peer_certificates().unwrap();
        Facts::read(&certificates[0]).unwrap().fingerprint
    }

    pub(crate) fn request(method: &str, app: &TestApp, path: &str) -> Builder {
        let url = format!("https://{}{path}", app.address);
        Request::builder().method(method).uri(url)
    }

    pub(crate) async fn get(&self, app: &TestApp, protocol: &str, path: &str) -> Answer {
        let request = Self::request("GET", app, path)
            .body(Full::default())
            .unwrap();
        self.send(app, protocol, request).await
    }

    pub(crate) async fn send(
        &self,
        app: &TestApp,
        protocol: &str,
        request: Request<Full<Bytes>>,
    ) -> Answer {
        self.try_send(app, protocol, request).await.unwrap()
    }

    /// Speaks `h2` or `http/1.1`, after the server has agreed to it.
    pub(crate) async fn try_send(
        &self,
        app: &TestApp,
        protocol: &str,
        mut request: Request<Full<Bytes>>,
    ) -> hyper::Result<Answer> {
        let stream = self.connect(app.address, &[protocol]).await.unwrap();
        let agreed = stream.get_ref().1.alpn_protocol();
        assert_eq!(agreed, Some(protocol.as_bytes()));
        let stream = TokioIo::new(stream);
        let response = if protocol == "h2" {
            let executor = TokioExecutor::new();
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(executor, stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?
        } else {
            let host = app.address.to_string().parse().unwrap();
            request.headers_mut().insert("host", host);
            let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await?
        };
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await?.to_bytes(),
        })
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

#[derive(Debug)]
struct Careless(Arc<CryptoProvider>);

impl ServerCertVerifier for Careless {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
