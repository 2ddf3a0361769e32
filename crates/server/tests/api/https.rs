//! HTTPS as a client meets it: certificates, what is spoken inside, and what comes instead of TLS.

use std::path::Path;

use hyper::StatusCode;
use protocol::Milliseconds;
use serde_json::json;
use server::clock::Clock;
use server::config::{Config, TlsMode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::app::{PASSWORD, TestApp};
use crate::command::{Running, ahoy, one_line};
use crate::secure::{Client, Made};

#[tokio::test]
async fn pages_come_by_http_2_and_by_http_1_and_browsers_are_told_to_insist_on_https() {
    let site = Site::start(|_| {}).await;
    for protocol in ["h2", "http/1.1"] {
        let answer = site.client.get(&site.app, protocol, "/healthz").await;
        assert_eq!(answer.status, StatusCode::OK, "{protocol}");
        let strict = answer.header("strict-transport-security");
        assert_eq!(strict, "max-age=31536000", "{protocol}");
    }
    assert!(site.app.server.url().starts_with("https://127.0.0.1:"));
}

#[tokio::test]
async fn a_browser_signs_in_over_http_2_with_a_cookie_for_https_alone() {
    let site = Site::start(|_| {}).await;
    let body = json!({
        "username": "ada", "display_name": "Ada", "password": PASSWORD,
        "device": { "name": "Laptop", "refresh_by": "cookie" },
    });
    let register = |origin: String| {
        let request = Client::request("POST", &site.app, "/api/v1/accounts")
            .header("content-type", "application/json")
            .header("origin", origin)
            .body(body.to_string().into())
            .unwrap();
        site.client.send(&site.app, "h2", request)
    };
    let foreign = register(format!("http://{}", site.app.address)).await;
    assert_eq!(
        foreign.status,
        StatusCode::FORBIDDEN,
        "the scheme is not ours"
    );
    let own = register(format!("https://{}", site.app.address)).await;
    assert_eq!(own.status, StatusCode::CREATED, "{own:?}");
    let cookie = own.header("set-cookie");
    assert!(cookie.starts_with("__Host-ahoy="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
async fn the_socket_opens_over_https() {
    let site = Site::start(|_| {}).await;
    let stream = site.client.connect(site.app.address, &["http/1.1"]).await;
    let url = format!("wss://{}/api/v1/socket", site.app.address);
    let request = url.into_client_request().unwrap();
    let (_, response) = tokio_tungstenite::client_async(request, stream.unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let site = Site::start(|_| {}).await;
    let mut before = site
        .client
        .connect(site.app.address, &["http/1.1"])
        .await
        .unwrap();
    let renewed = Made::new(&["127.0.0.1"], -1, 90);
    // The certificate first, so that for a moment the two do not go together.
    std::fs::write(site.folder().join("cert.pem"), &renewed.cert).unwrap();
    std::fs::write(site.folder().join("key.pem"), &renewed.key).unwrap();
    let client = Client::trusting(&renewed);
    while client.connect(site.app.address, &[]).await.is_err() {}
    assert_eq!(
        site.app.server.certificate().unwrap().fingerprint,
        renewed.fingerprint()
    );
    before
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 12];
    before.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200", "who was connected stays so");
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_certificate_as_it_was_and_the_log_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let made = Made::new(&["127.0.0.1"], -1, 90);
    let arguments = made.write(folder.path());
    let config = folder.path().join("ahoy.toml");
    std::fs::write(&config, "[tls]\nreload_interval_ms = 20").unwrap();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--config", config.to_str().unwrap()]);
    let mut running = Running::start(&folder, &arguments);
    std::fs::write(folder.path().join("cert.pem"), "nonsense").unwrap();
    running.wait_for_log("stays as it was");
    let client = Client::trusting(&made);
    let address = running.address().parse().unwrap();
    client.connect(address, &[]).await.unwrap();
    std::fs::remove_file(folder.path().join("cert.pem")).unwrap();
    running.wait_for_log("cannot read");
    client.connect(address, &[]).await.unwrap();
}

#[test]
fn the_end_of_a_certificate_is_told_ahead_of_time() {
    for (from, to, words) in [
        (-85, 5, "expires in 4 days"),
        (-90, -1, "has expired"),
        (1, 90, "not valid yet"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let arguments = Made::new(&["a.example"], from, to).write(folder.path());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut running = Running::start(&folder, &arguments);
        running.wait_for_log(words);
    }
}

#[test]
fn files_that_are_no_pair_end_the_start_with_their_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (one, other) = (Made::new(&["a"], -1, 1), Made::new(&["a"], -1, 1));
    std::fs::write(path("cert.pem"), &one.cert).unwrap();
    std::fs::write(path("key.pem"), &one.key).unwrap();
    std::fs::write(path("other.pem"), &other.key).unwrap();
    for (cert, key, words) in [
        ("cert.pem", "none.pem", &["cannot read", "none.pem"][..]),
        ("key.pem", "key.pem", &["key.pem", "no certificate"]),
        ("cert.pem", "cert.pem", &["cert.pem", "no private key"]),
        ("cert.pem", "other.pem", &["other.pem", "does not go with"]),
    ] {
        let (cert, key, data) = (path(cert), path(key), path("data"));
        let output = ahoy(&[
            "--tls-cert",
            &cert,
            "--tls-key",
            &key,
            "--data",
            &data,
            "--listen",
            "127.0.0.1:0",
        ]);
        one_line(&output, words);
    }
    let output = ahoy(&["--tls-cert", &path("cert.pem")]);
    one_line(&output, &["--tls-key"]);
    let output = ahoy(&["--domain", "nas.local"]);
    one_line(&output, &["nas.local", "--tls self-signed"]);
}

#[tokio::test]
async fn a_self_signed_certificate_is_kept_and_nobody_is_made_to_insist_on_it() {
    let app = TestApp::start_with_clock(Clock::default(), |config| {
        config.tls.mode = TlsMode::SelfSigned;
    })
    .await;
    let shown = app.server.certificate().unwrap();
    let client = Client::trusting_nobody();
    let answer = client.get(&app, "h2", "/").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.headers.contains_key("strict-transport-security"));
    assert_eq!(client.fingerprint(app.address).await, shown.fingerprint);
    let app = app.restart().await;
    assert_eq!(client.fingerprint(app.address).await, shown.fingerprint);
}

#[tokio::test]
async fn who_comes_by_http_to_a_self_signed_server_is_told_of_the_warning_first() {
    let app = TestApp::start_with(|config| config.tls.mode = TlsMode::SelfSigned).await;
    let answer = app.get("/conversations/1").send().await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    let page = String::from_utf8(answer.body.to_vec()).unwrap();
    let page = page.replace("<wbr>", "");
    let fingerprint = app.server.certificate().unwrap().fingerprint;
    let link = format!("href=\"https://{}/\"", app.address);
    for words in ["will warn you", &fingerprint, &link] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let style = app.get("/ahoy-certificate.css").send().await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn plain_http_is_sent_on_and_what_writes_is_refused() {
    let site = Site::start(|config| {
        config.tls.redirect = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let redirect = site.app.server.redirect_addresses()[0];
    // On the port of HTTPS itself as well, for those who type an address with a port.
    for plain in [redirect, site.app.address] {
        let get = crate::app::Asking::new(plain, hyper::Method::GET, "/a?b=c");
        let answer = get.send().await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
        let to = format!("https://{}/a?b=c", site.app.address);
        assert_eq!(answer.header("location"), to);
        let post = crate::app::Asking::new(plain, hyper::Method::POST, "/api/v1/sessions");
        let answer = post.json(&json!({})).send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn stun_and_turn_are_served_inside_tls_beside_http() {
    let site = Site::start(|_| {}).await;
    // Browsers agree on no protocol and are known by their first byte; others name it.
    for protocols in [&[][..], &["stun.turn"], &["stun.nat-discovery"]] {
        let mut stream = site
            .client
            .connect(site.app.address, protocols)
            .await
            .unwrap();
        let here = stream.get_ref().0.local_addr().unwrap();
        for transaction in [*b"transaction1", *b"transaction2"] {
            stream.write_all(&binding(transaction)).await.unwrap();
            let mut header = [0; 20];
            stream.read_exact(&mut header).await.unwrap();
            assert_eq!(header[..2], [1, 1], "a Binding success: {protocols:?}");
            assert_eq!(header[8..], transaction);
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let mut attributes = vec![0; length];
            stream.read_exact(&mut attributes).await.unwrap();
            // XOR-MAPPED-ADDRESS (RFC 8489 §14.2): the port comes XORed with the magic cookie's first half.
            assert_eq!(attributes[..2], [0, 0x20]);
            let port = u16::from_be_bytes([attributes[6], attributes[7]]) ^ 0x2112;
            assert_eq!(port, here.port());
        }
    }
    let answer = site.client.get(&site.app, "http/1.1", "/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn where_the_relay_is_off_its_streams_are_closed() {
    let site = Site::start(|config| config.relay.listen = "off".parse().unwrap()).await;
    let mut stream = site.client.connect(site.app.address, &[]).await.unwrap();
    stream.write_all(&binding(*b"transaction1")).await.unwrap();
    let mut answer = Vec::new();
    let _closed_or_reset = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{answer:?}");
}

/// A Binding request without attributes (RFC 8489 §5).
fn binding(transaction: [u8; 12]) -> Vec<u8> {
    let header = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    [&header[..], &transaction].concat()
}

#[tokio::test]
async fn a_client_that_dribbles_its_handshake_or_its_first_byte_is_cut_off() {
    let site = Site::start(|config| {
        config.limits.handshake_deadline_ms = Milliseconds(50);
        config.limits.header_deadline_ms = Milliseconds(50);
    })
    .await;
    let silent = TcpStream::connect(site.app.address).await.unwrap();
    let mut half = TcpStream::connect(site.app.address).await.unwrap();
    half.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    for mut slow in [silent, half] {
        // Ends when the server closes; one that waits for ever fails the test by its own time limit.
        let _closed_or_reset = slow.read_to_end(&mut Vec::new()).await;
    }
    for protocol in ["http/1.1", "h2"] {
        let stream = site.client.connect(site.app.address, &[protocol]).await;
        let _closed_or_reset = stream.unwrap().read_to_end(&mut Vec::new()).await;
    }
}

#[tokio::test]
async fn what_is_neither_tls_nor_http_gets_no_answer() {
    let site = Site::start(|_| {}).await;
    for first in [0_u8, 1, 0x40, 0x80, 0xff] {
        let mut stream = TcpStream::connect(site.app.address).await.unwrap();
        stream.write_all(&[first; 32]).await.unwrap();
        let mut answer = Vec::new();
        let _closed_or_reset = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{first}: {answer:?}");
    }
    let answer = site.client.get(&site.app, "h2", "/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn headers_beyond_all_measure_are_refused_by_http_2_too() {
    let site = Site::start(|_| {}).await;
    let request = Client::request("GET", &site.app, "/healthz")
        .header("x", "x".repeat(64 * 1024))
        .body(hyper::body::Bytes::new().into())
        .unwrap();
    let answer = site.client.try_send(&site.app, "h2", request).await;
    let is_refused = answer
        .as_ref()
        .map_or(true, |answer| answer.status.as_u16() == 431);
    assert!(is_refused, "{answer:?}");
    let answer = site.client.get(&site.app, "h2", "/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_http_2_clients_that_say_nothing() {
    let site = Site::start(|_| {}).await;
    let mut idle = site
        .client
        .connect(site.app.address, &["h2"])
        .await
        .unwrap();
    idle.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut settings = [0; 9];
    idle.read_exact(&mut settings).await.unwrap();
    assert!(
        site.app.server.shutdown().await,
        "everything ended by itself"
    );
}

/// A server with a certificate from files, and a client that trusts it.
struct Site {
    app: TestApp,
    client: Client,
    files: tempfile::TempDir,
}

impl Site {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let made = Made::new(&["127.0.0.1"], -1, 90);
        made.write(files.path());
        let app = TestApp::start_with(|config| {
            config.tls.cert = Some(files.path().join("cert.pem"));
            config.tls.key = Some(files.path().join("key.pem"));
            config.tls.reload_interval_ms = Milliseconds(20);
            change(config);
        })
        .await;
        Self {
            app,
            client: Client::trusting(&made),
            files,
        }
    }

    fn folder(&self) -> &Path {
        self.files.path()
    }
}
