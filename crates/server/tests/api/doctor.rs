//! The call doctor against servers with one fault each, over real sockets.

use std::net::SocketAddr;

use protocol::relay::RelayMode;
use protocol::{Milliseconds, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use server::clock::Clock;
use server::config::{Config, Listen, RelayListen};
use server::doctor::findings::Target;
use server::doctor::{Check, Level, Line, Report, examine};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::app::TestApp;

/// The address of this machine that only the relay does not listen on: as if a router stood before it.
const OUTSIDE: &str = "127.0.0.2";

#[tokio::test]
async fn a_server_without_fault_is_well_in_every_line() {
    let app = start(|_| {}).await;
    let report = examine_app(&app, |_| {}).await;
    assert_eq!(report.level, Level::Ok, "{report}");
    let tested: Vec<_> = report.lines.iter().map(|line| line.check).collect();
    assert_eq!(
        tested,
        [
            Check::Running,
            Check::Name,
            Check::Server,
            Check::Socket,
            Check::Client,
            Check::Clock,
            Check::Stun,
            Check::RelayUdp,
            Check::RelayTcp,
            Check::Through,
            Check::ExternalAddress,
        ]
    );
}

/// Threat T4: who changes one byte of the web client between the server and the browser is found out.
#[tokio::test]
async fn a_web_client_that_was_changed_is_recognised() {
    let app = start(|_| {}).await;
    let (near, _proxy) = change_a_byte(app.address, b"</title>").await;
    let report = examine_app(&app, |target| target.port = near.port()).await;
    let line = line(&report, Check::Client);
    assert_eq!(line.level, Level::Fault, "{report}");
    assert!(line.says.contains("1 file changed"), "{report}");
    assert!(line.says.contains("/index.html"), "{report}");
}

#[tokio::test]
async fn a_server_that_does_not_run_is_told() {
    let empty = tempfile::tempdir().unwrap();
    let app = start(|_| {}).await;
    let report = examine_app(&app, |target| target.data = empty.path().to_owned()).await;
    let [line] = &report.lines[..] else {
        panic!("one fault, and nothing that follows from it: {report}");
    };
    assert_eq!((line.check, line.level), (Check::Running, Level::Fault));
}

#[tokio::test]
async fn a_stranger_sees_that_the_relay_answers_and_no_more() {
    let app = start(|_| {}).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let report = examine_app(&app, |target| {
        target.data = elsewhere.path().to_owned();
        target.given = true;
    })
    .await;
    assert_eq!(line(&report, Check::RelayUdp).level, Level::Ok, "{report}");
    assert_eq!(line(&report, Check::RelayTcp).level, Level::Ok, "{report}");
    assert!(report.lines.iter().all(|line| line.check != Check::Through));
}

#[tokio::test]
async fn closed_udp_is_recognised() {
    let app = start(everywhere).await;
    let report = examine_app(&app, |_| {}).await;
    let open_outside = forward_tcp(relay_address(&app)).await;
    let report_with_tcp = examine_app(&app, |target| target.host = OUTSIDE.to_owned()).await;
    drop(open_outside);
    assert_eq!(line(&report, Check::Stun).level, Level::Ok, "{report}");
    let port = relay_address(&app).port();
    for check in [Check::Stun, Check::RelayUdp] {
        let line = line(&report_with_tcp, check);
        assert_eq!(line.level, Level::Fault);
        let says = format!("UDP {port} of {OUTSIDE} does not answer from outside.");
        assert_eq!(line.says, says);
        let remedy = line.remedy.as_ref().unwrap();
        assert!(
            remedy.starts_with(&format!("Forward UDP {port} on your router to ")),
            "{remedy}"
        );
    }
    let tcp = line(&report_with_tcp, Check::RelayTcp);
    assert_eq!(tcp.level, Level::Ok, "{report_with_tcp}");
}

#[tokio::test]
async fn closed_tcp_is_recognised() {
    let app = start(everywhere).await;
    let report = examine_app(&app, |target| target.host = OUTSIDE.to_owned()).await;
    let line = line(&report, Check::RelayTcp);
    assert_eq!(line.level, Level::Fault);
    let port = relay_address(&app).port();
    assert!(
        line.remedy
            .as_ref()
            .unwrap()
            .starts_with(&format!("Forward TCP {port} on your router to ")),
        "{report}"
    );
}

#[tokio::test]
async fn a_relay_that_is_off_is_recognised() {
    let app = start(|config| config.relay.mode = RelayMode::Off).await;
    let report = examine_app(&app, |target| target.mode = RelayMode::Off).await;
    assert_eq!(line(&report, Check::Relay).level, Level::Warning);
    assert_eq!(line(&report, Check::Stun).level, Level::Ok);
    let app = start(|config| config.relay.listen = RelayListen::Off).await;
    let report = examine_app(&app, |_| {}).await;
    let line = line(&report, Check::Stun);
    assert_eq!(line.level, Level::Fault);
    assert!(
        line.remedy.as_ref().unwrap().contains("relay.listen"),
        "{report}"
    );
}

#[tokio::test]
async fn a_wrong_external_address_is_recognised() {
    for (external, level) in [("127.0.0.1", Level::Ok), ("203.0.113.77", Level::Fault)] {
        let app = start(|config| {
            config.relay.ports = "49152-49999".parse().unwrap();
            config.relay.external_addresses = vec![external.parse().unwrap()];
        })
        .await;
        let report = examine_app(&app, |_| {}).await;
        let line = line(&report, Check::ExternalAddress);
        assert_eq!(line.level, level, "{report}");
        assert!(line.says.contains(external), "{report}");
        if level == Level::Fault {
            let remedy = line.remedy.as_ref().unwrap();
            assert!(
                remedy.contains("relay.external_addresses = [\"127.0.0.1\"]"),
                "{remedy}"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_clock_is_recognised() {
    let app = start(|_| {}).await;
    let now = Clock::default().now();
    let clock = Clock::fixed(now + Milliseconds::from_seconds(5 * 3600));
    let report = examine(&target(&app), &RootCertStore::empty(), &clock).await;
    let line = line(&report, Check::Clock);
    assert_eq!(line.level, Level::Fault);
    assert!(line.says.contains("hours behind"), "{report}");
}

#[tokio::test]
async fn certificates_are_recognised_by_what_is_wrong_with_them() {
    let now = Clock::default().now();
    for (host, issued_by_known, ends, level, words) in [
        ("localhost", true, 60, Level::Ok, "good for another 59 days"),
        ("localhost", true, 3, Level::Warning, "expires in 2 days"),
        ("localhost", true, -2, Level::Fault, "expired 2 days ago"),
        (
            "127.0.0.1",
            true,
            60,
            Level::Fault,
            "is for localhost, not for 127.0.0.1",
        ),
        ("localhost", false, 60, Level::Fault, "No issuer"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let (known, stranger) = (issuer("Known"), issuer("Stranger"));
        let by = if issued_by_known { &known } else { &stranger };
        let (cert, key) = issue(&directory, by, now, ends);
        let app = start(|config| {
            config.tls.cert = Some(cert);
            config.tls.key = Some(key);
        })
        .await;
        let mut roots = RootCertStore::empty();
        roots.add(known.der().clone()).unwrap();
        let target = Target {
            secure: true,
            host: host.to_owned(),
            ..target(&app)
        };
        let report = examine(&target, &roots, &Clock::default()).await;
        let line = line(&report, Check::Certificate);
        assert_eq!(line.level, level, "{report}");
        assert!(line.says.contains(words), "{report}");
        // What lies behind a certificate that browsers refuse is tested all the same.
        assert_eq!(line_level(&report, Check::Socket), Level::Ok, "{report}");
        assert_eq!(line_level(&report, Check::RelayTls), Level::Ok, "{report}");
    }
}

#[tokio::test]
async fn plain_http_where_https_is_expected_is_told() {
    let app = start(|_| {}).await;
    let report = examine_app(&app, |target| target.secure = true).await;
    let line = line(&report, Check::Server);
    assert_eq!(line.level, Level::Fault);
    assert!(line.says.contains("does not speak HTTPS"), "{report}");
}

#[tokio::test]
async fn a_port_that_is_not_open_and_a_name_that_leads_nowhere_are_told() {
    let app = start(|_| {}).await;
    let closed = {
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
        unused.local_addr().unwrap().port()
    };
    let report = examine_app(&app, |target| target.port = closed).await;
    assert!(
        line(&report, Check::Server)
            .says
            .ends_with("does not answer."),
        "{report}"
    );
    let report = examine_app(&app, |target| target.host = "nowhere.invalid".to_owned()).await;
    assert_eq!(line_level(&report, Check::Name), Level::Fault);
}

async fn start(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::start_with_clock(Clock::default(), change).await
}

/// HTTP at every address of this machine, the relay at one.
fn everywhere(config: &mut Config) {
    config.listen = Some(Listen::Address("0.0.0.0:0".parse().unwrap()));
}

fn relay_address(app: &TestApp) -> SocketAddr {
    app.server.relay_address().unwrap()
}

fn target(app: &TestApp) -> Target {
    Target {
        secure: false,
        host: "127.0.0.1".to_owned(),
        port: app.address.port(),
        relay: app.server.relay_address(),
        mode: RelayMode::Fallback,
        relay_tls_port: app.server.certificate().map(|_| app.address.port()),
        self_signed: false,
        data: app.directory.path().to_owned(),
        given: false,
    }
}

async fn examine_app(app: &TestApp, change: impl FnOnce(&mut Target)) -> Report {
    let mut target = target(app);
    change(&mut target);
    examine(&target, &RootCertStore::empty(), &Clock::default()).await
}

#[track_caller]
fn line(report: &Report, check: Check) -> &Line {
    let found = report.lines.iter().find(|line| line.check == check);
    found.unwrap_or_else(|| panic!("{check:?} in {report}"))
}

#[track_caller]
fn line_level(report: &Report, check: Check) -> Level {
    line(report, check).level
}

/// Hands TCP on from outside to an address, as a router does that was told of TCP alone, until it is dropped.
async fn forward_tcp(to: SocketAddr) -> tokio::task::JoinSet<()> {
    let outside: SocketAddr = format!("{OUTSIDE}:{}", to.port()).parse().unwrap();
    let listener = TcpListener::bind(outside).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut streams = tokio::task::JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            streams.spawn(async move {
                let mut far = TcpStream::connect(to).await.unwrap();
                let _ended = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    tasks
}

/// A proxy that changes the first byte of `mark` wherever an answer has it, until it is dropped.
async fn change_a_byte(
    to: SocketAddr,
    mark: &'static [u8],
) -> (SocketAddr, tokio::task::JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = listener.local_addr().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut streams = tokio::task::JoinSet::new();
        while let Ok((near, _)) = listener.accept().await {
            streams.spawn(async move {
                let far = TcpStream::connect(to).await.unwrap();
                let (mut from_near, mut to_near) = near.into_split();
                let (mut from_far, mut to_far) = far.into_split();
                let answers = async {
                    let mut answer = vec![0; 65_536];
                    while let Ok(length @ 1..) = from_far.read(&mut answer).await {
                        let read = &mut answer[..length];
                        let found = read.windows(mark.len()).position(|bytes| bytes == mark);
                        if let Some(found) = found {
                            read[found] ^= 1;
                        }
                        if to_near.write_all(read).await.is_err() {
                            break;
                        }
                    }
                };
                tokio::select! {
                    () = answers => {}
                    _asked = tokio::io::copy(&mut from_near, &mut to_far) => {}
                }
            });
        }
    });
    (near, tasks)
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate of `localhost` that ends in so many days, as files.
fn issue(
    directory: &TempDir,
    by: &CertifiedIssuer<'static, KeyPair>,
    now: Timestamp,
    days: i64,
) -> (std::path::PathBuf, std::path::PathBuf) {
    const DAY_MS: i64 = 86_400_000;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let since_1970 = |at: i64| {
        date_time_ymd(1970, 1, 1) + std::time::Duration::from_millis(at.try_into().unwrap())
    };
    params.not_before = since_1970(now.0 - 300 * DAY_MS);
    params.not_after = since_1970(now.0 + days * DAY_MS);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    let (cert_path, key_path) = (
        directory.path().join("cert.pem"),
        directory.path().join("key.pem"),
    );
    std::fs::write(&cert_path, certificate.pem()).unwrap();
    std::fs::write(&key_path, key.serialize_pem()).unwrap();
    (cert_path, key_path)
}
