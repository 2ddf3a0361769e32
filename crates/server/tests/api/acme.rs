//! Certificates by ACME, from Pebble, the small ACME server of Let's Encrypt for tests, and its name server.
//!
//! Both come with Debian's package `pebble`; without them these tests fail and say so.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;
use server::clock::Clock;
use server::config::Config;
use server::tls::Facts;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::secure::{Client, Made};

const NAME: &str = "chat.example.org";

#[tokio::test]
async fn a_certificate_is_obtained_for_the_name_kept_and_renewed() {
    let pebble = Pebble::start();
    let app = start(&pebble).await;
    assert_eq!(app.server.certificate(), None, "nothing is kept yet");
    let first = served(&app).await;
    assert!(first.starts_with(&[NAME.to_owned()]), "{first:?}");
    let client = Client::trusting_nobody();
    let stream = client.connect_as(NAME, app.address, &["h2"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let answer = client.get(&app, "http/1.1", "/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.headers.contains_key("strict-transport-security"));

    let fingerprint = app.server.certificate().unwrap().fingerprint;
    let kept = certificate_file(app.directory.path());
    until(|| kept().is_some()).await;
    let app = app.restart().await;
    let kept_one = app.server.certificate().expect("served from the start");
    assert_eq!(kept_one.fingerprint, fingerprint);

    // The same server a season later: what it kept is near its end.
    let old = Made::new(&[NAME], -89, 1);
    std::fs::write(kept().unwrap(), format!("{}{}", old.key, old.cert)).unwrap();
    let app = app.restart().await;
    let is_renewed = |facts: Facts| facts.fingerprint != old.fingerprint();
    until(|| app.server.certificate().is_some_and(is_renewed)).await;
    let renewed = app.server.certificate().unwrap().fingerprint;
    assert_ne!(renewed, fingerprint);
    assert_eq!(client.fingerprint(app.address).await, renewed);
}

#[tokio::test]
async fn what_is_kept_for_acme_is_the_owners_alone() {
    let pebble = Pebble::start();
    let app = start(&pebble).await;
    served(&app).await;
    let kept = certificate_file(app.directory.path());
    until(|| kept().is_some()).await;
    let folder = app.directory.path().join("tls");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(files.len(), 2, "the account and the certificate: {files:?}");
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
    }
}

#[test]
fn a_name_that_does_not_lead_here_is_told_with_what_to_look_at() {
    let pebble = Pebble::start();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("ahoy.toml");
    let settings = format!(
        "[tls]\nacme_directory = \"{}\"\nacme_roots = \"{}\"",
        pebble.directory_url(),
        pebble.roots().display()
    );
    std::fs::write(&config, settings).unwrap();
    // It serves on a port of the system's choice, and Pebble looks at another, where nobody is.
    let arguments = ["--domain", NAME, "--config", config.to_str().unwrap()];
    let mut running = crate::command::Running::start(&folder, &arguments);
    let line = running.wait_for_log("no certificate for chat.example.org");
    for words in [
        "TCP port 443",
        "DNS",
        "firewall",
        "router",
        "next try in 10 s",
    ] {
        assert!(line.contains(words), "{words} in {line}");
    }
}

/// A server that Pebble finds under every name.
async fn start(pebble: &Pebble) -> TestApp {
    let change = |config: &mut Config| {
        config.listen = Some(format!("127.0.0.1:{}", pebble.looks_at).parse().unwrap());
        config.tls.domains = vec![NAME.parse().unwrap()];
        config.tls.acme_directory = pebble.directory_url();
        config.tls.acme_roots = Some(pebble.roots());
        config.tls.acme_contact = Some("host@example.org".to_owned());
    };
    TestApp::start_with_clock(Clock::default(), change).await
}

/// The names on the certificate that clients get, as soon as there is one.
async fn served(app: &TestApp) -> Vec<String> {
    until(|| app.server.certificate().is_some()).await;
    app.server.certificate().unwrap().names
}

/// Looks again and again; one that never comes fails the test by its own time limit.
async fn until(is_so: impl Fn() -> bool) {
    let mut next = tokio::time::interval(Duration::from_millis(10));
    while !is_so() {
        next.tick().await;
    }
}

/// Looks for the file of the certificate.
fn certificate_file(data: &Path) -> impl Fn() -> Option<std::path::PathBuf> + use<> {
    let folder = data.join("tls");
    move || {
        let entries = std::fs::read_dir(&folder).ok()?;
        let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
        paths.find(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("certificate-") && !name.ends_with(".new")
        })
    }
}

/// An ACME server and a name server, both on ports of their own.
struct Pebble {
    acme: Child,
    names: Child,
    /// Where it serves ACME.
    address: SocketAddr,
    /// The port at which it looks for proofs.
    looks_at: u16,
    folder: TempDir,
}

impl Pebble {
    /// Returns when both can be connected to.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [acme, management, http, looks_at, dns, dns_management] = free_ports();
        Made::new(&["127.0.0.1"], -1, 1).write(folder.path());
        let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let config = json!({ "pebble": {
            "listenAddress": here(acme), "managementListenAddress": here(management),
            "certificate": path("cert.pem"), "privateKey": path("key.pem"),
            "httpPort": http, "tlsPort": looks_at,
        }});
        std::fs::write(path("pebble.json"), config.to_string()).unwrap();
        let names = run(Command::new("pebble-challtestsrv").args([
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
            "-dns01",
            &here(dns).to_string(),
            "-management",
            &here(dns_management).to_string(),
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
        ]));
        let pebble = run(Command::new("pebble")
            .args([
                "-strict",
                "-config",
                &path("pebble.json"),
                "-dnsserver",
                &here(dns).to_string(),
            ])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0"));
        for port in [acme, dns] {
            while std::net::TcpStream::connect(here(port)).is_err() {
                std::thread::yield_now();
            }
        }
        Self {
            acme: pebble,
            names,
            address: here(acme),
            looks_at,
            folder,
        }
    }

    fn directory_url(&self) -> String {
        format!("https://{}/dir", self.address)
    }

    /// What its own HTTPS is known by.
    fn roots(&self) -> std::path::PathBuf {
        self.folder.path().join("cert.pem")
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in [&mut self.acme, &mut self.names] {
            // One that has ended already is fine.
            let _over = child.kill();
            let _reaped = child.wait();
        }
    }
}

fn run(command: &mut Command) -> Child {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let started = quiet.spawn();
    started.unwrap_or_else(|error| {
        panic!("{command:?}: {error}; it comes with Debian's package pebble")
    })
}

/// Ports that nobody listens on, each another.
fn free_ports<const N: usize>() -> [u16; N] {
    let probes = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    probes.map(|probe| probe.local_addr().unwrap().port())
}
