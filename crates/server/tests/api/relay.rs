//! The relay over real sockets: who gets at it, what it carries, and what it refuses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;

use protocol::error::ErrorCode;
use protocol::relay::{
    PathPolicy, RelayAccess, RelayMode, RelayPassword, RelayServer, RelayTransport,
};
use protocol::socket::{Outcome, RequestBody, RequestError};
use protocol::{CallId, DeviceId};
use server::config::{RelayListen, RelayPorts};
use tokio::net::UdpSocket;
use tokio::process::Command;

use crate::app::TestApp;
use crate::device::{Device, befriend, new_id};
use crate::namespace::inside;
use crate::secure::Made;
use crate::turn::Turn;

/// What the relay calls the addresses that it gives out while it needs no port for them (RFC 7600).
const DUMMY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8));

#[tokio::test]
async fn access_is_for_those_whom_a_call_concerns_while_it_lasts() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut eve = app.join("eve").await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let port = relay(&app).port();
    let servers =
        [RelayTransport::Udp, RelayTransport::Tcp].map(|transport| RelayServer { transport, port });
    for device in [&mut ada, &mut ben] {
        let access = access(device, call).await;
        assert_eq!(access.policy, PathPolicy::Any);
        assert_eq!(access.servers, servers);
    }
    let refused = Device::refused(eve.ask(RequestBody::AccessRelay { call }).await);
    assert_eq!(refused, ErrorCode::NotFound);
    // Another device of Ben's is out of it once he has answered.
    let mut phone = app.connect(&app.sign_in("ben").await).await;
    access(&mut phone, call).await;
    ben.answer_call(call).await.unwrap();
    let refused = Device::refused(phone.ask(RequestBody::AccessRelay { call }).await);
    assert_eq!(refused, ErrorCode::Forbidden);
    ben.hang_up(call).await.unwrap();
    for device in [&mut ada, &mut ben] {
        let over = device.ask(RequestBody::AccessRelay { call }).await;
        assert!(over.is_err(), "the call is over");
    }
}

#[tokio::test]
async fn two_devices_talk_through_the_relay_until_their_call_is_over() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    let (adas, bens) = (access(&mut ada, call).await, access(&mut ben, call).await);
    let mut by_udp = Turn::udp(relay(&app), &adas).await;
    let mut by_tcp = Turn::tcp(relay(&app), &bens).await;
    let one = by_udp.allocate().await.unwrap();
    let other = by_tcp.allocate().await.unwrap();
    assert_eq!((one.ip(), other.ip()), (DUMMY, DUMMY));
    assert!(by_udp.permit(DUMMY).await && by_tcp.permit(DUMMY).await);
    by_udp.send(other, b"Hello, Ben!!").await;
    assert_eq!(by_tcp.hears().await, (one, b"Hello, Ben!!".to_vec()));
    by_tcp.send(one, b"Ahoy!!!!").await;
    assert_eq!(by_udp.hears().await, (other, b"Ahoy!!!!".to_vec()));
    assert_eq!(counters(&app).allocations, 2);
    assert_eq!(counters(&app).to_clients.packets, 2);

    ada.hang_up(call).await.unwrap();
    ben.told_end(call).await;
    assert_eq!(counters(&app).allocations, 0);
    for access in [&adas, &bens] {
        let mut late = Turn::udp(relay(&app), access).await;
        assert_eq!(late.allocate().await, None, "the call is over");
    }
}

#[tokio::test]
async fn nothing_is_reached_but_the_own_call() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let mut guest = Turn::udp(relay(&app), &access(&mut ada, call).await).await;
    let own = guest.allocate().await.unwrap();
    // A service of the host, which anybody may ask for and nobody reaches.
    let service = UdpSocket::bind((app.address.ip(), 0)).await.unwrap();
    let inside: [IpAddr; 5] = [
        app.address.ip(),
        [10, 0, 0, 1].into(),
        [192, 168, 1, 1].into(),
        [169, 254, 169, 254].into(),
        [8, 8, 8, 8].into(),
    ];
    for address in inside {
        assert!(guest.permit(address).await, "{address}");
        let port = service.local_addr().unwrap().port();
        guest.send((address, port).into(), b"let me out").await;
    }
    // A stranger to the call knows the address of an allocation and has one of his own.
    let mut eve = app.join("eve").await;
    let mut stranger = Turn::udp(relay(&app), &test_access(&mut eve).await).await;
    let theirs = stranger.allocate().await.unwrap();
    assert!(guest.permit(DUMMY).await && stranger.permit(DUMMY).await);
    stranger.send(own, b"let me in").await;
    guest.send(theirs, b"let me out").await;
    // The devices' own packets arrive after those, and are the first to be heard.
    stranger.send(theirs, b"self").await;
    guest.send(own, b"self").await;
    assert_eq!(guest.hears().await, (own, b"self".to_vec()));
    assert_eq!(stranger.hears().await, (theirs, b"self".to_vec()));
    assert_eq!(counters(&app).dropped(relay::DropReason::PeerDenied), 7);
    let nothing = service.try_recv(&mut [0; 32]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
}

/// A client takes answers from no other address than the one it asked, and a host may have several.
#[tokio::test]
async fn answers_come_from_the_address_that_was_asked() {
    // By itself the machine answers all of 127.0.0.0/8 from 127.0.0.1.
    let two = [[127, 0, 0, 1], [127, 0, 0, 2]].map(IpAddr::from);
    talk_by_two_addresses(two, two).await;
}

#[tokio::test]
async fn answers_come_from_the_ipv6_address_that_was_asked() {
    let network = r#"
        set -e
        ip link set lo up
        for n in 1 2 3; do ip -6 address add fd00::$n/128 dev lo nodad; done
        exec "$0" "$@""#;
    let own = "relay::answers_come_from_the_ipv6_address_that_was_asked";
    if inside(own, network).await {
        // By itself the machine answers one of its own addresses from that very address.
        let [one, two, guest] = [1, 2, 3].map(|n| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, n]));
        talk_by_two_addresses([one, two], [guest, guest]).await;
    }
}

/// Two devices of a call, each from its own address to one of the relay's.
async fn talk_by_two_addresses(relays: [IpAddr; 2], devices: [IpAddr; 2]) {
    let app = TestApp::start_ticking(|config| {
        config.relay.listen = RelayListen::Everywhere(0);
    })
    .await;
    let mut ada = app.join("ada").await;
    let access = test_access(&mut ada).await;
    let port = relay(&app).port();
    let [first, second] = relays.map(|ip| SocketAddr::from((ip, port)));
    let mut one = Turn::udp_from(devices[0], first, &access).await;
    let mut other = Turn::udp_from(devices[1], second, &access).await;
    let at_one = one.allocate().await.unwrap();
    let at_other = other.allocate().await.unwrap();
    assert!(one.permit(DUMMY).await && other.permit(DUMMY).await);
    one.send(at_other, b"Hello, Ben!!").await;
    assert_eq!(other.hears().await, (at_one, b"Hello, Ben!!".to_vec()));
    other.send(at_one, b"Ahoy!!!!").await;
    assert_eq!(one.hears().await, (at_other, b"Ahoy!!!!".to_vec()));
}

#[tokio::test]
async fn ports_of_a_range_lead_neither_to_the_host_nor_to_its_networks() {
    let app = TestApp::start_ticking(|config| {
        config.relay.ports = RelayPorts::Range(40_000..=40_999);
        config.relay.external_addresses = vec![[11, 0, 0, 1].into()];
    })
    .await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let mut guest = Turn::udp(relay(&app), &access(&mut ada, call).await).await;
    let relayed = guest.allocate().await.unwrap();
    assert_eq!(relayed.ip(), IpAddr::from([11, 0, 0, 1]));
    assert!((40_000..=40_999).contains(&relayed.port()));
    let denied: [IpAddr; 4] = [
        app.address.ip(),
        [10, 0, 0, 1].into(),
        [169, 254, 169, 254].into(),
        [0, 0, 0, 0].into(),
    ];
    for address in denied {
        assert!(!guest.permit(address).await, "{address}");
    }
    assert!(guest.permit([8, 8, 8, 8].into()).await, "the internet");
}

#[tokio::test]
async fn guessed_and_outdated_credentials_allocate_nothing() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let good = access(&mut ada, call).await;
    let guessed = RelayAccess {
        password: RelayPassword::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        ..good.clone()
    };
    let (expiry, rest) = good.username.split_once(':').unwrap();
    let prolonged = RelayAccess {
        username: format!("{}:{rest}", expiry.parse::<u64>().unwrap() + 1),
        ..good.clone()
    };
    for (forged, what) in [(guessed, "guessed"), (prolonged, "prolonged")] {
        let mut guest = Turn::udp(relay(&app), &forged).await;
        assert_eq!(guest.allocate().await, None, "{what}");
    }
    let app = app.restart().await;
    let mut guest = Turn::udp(relay(&app), &good).await;
    assert_eq!(guest.allocate().await, None, "of before the restart");
    assert_eq!(counters(&app).allocations_made, 0);
}

#[tokio::test]
async fn a_device_cannot_take_all_allocations() {
    let app = TestApp::start_ticking(|config| config.relay.allocations_per_device = 3).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let adas = access(&mut ada, call).await;
    let mut held = Vec::new();
    for n in 0..5 {
        let mut guest = Turn::udp(relay(&app), &adas).await;
        assert_eq!(guest.allocate().await.is_some(), n < 3, "allocation {n}");
        held.push(guest);
    }
    let mut other = Turn::udp(relay(&app), &access(&mut ben, call).await).await;
    assert!(
        other.allocate().await.is_some(),
        "another device has its own"
    );
}

#[tokio::test]
async fn a_device_tests_the_relay_a_few_times_a_minute() {
    let app = TestApp::start().await;
    let mut ada = app.join("ada").await;
    for _ in 0..6 {
        assert_eq!(test_access(&mut ada).await.policy, PathPolicy::RelayOnly);
    }
    let refused = ada.ask(RequestBody::TestRelay).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after.is_some());
}

#[tokio::test]
async fn where_the_host_wants_no_relay_there_is_none() {
    for off in ["mode", "listen"] {
        let app = TestApp::start_with(|config| match off {
            "mode" => config.relay.mode = RelayMode::Off,
            _ => config.relay.listen = RelayListen::Off,
        })
        .await;
        let mut ada = app.join("ada").await;
        let mut ben = app.join("ben").await;
        assert_eq!(ada.welcome.ice.relay, RelayMode::Off, "{off}");
        let conversation = befriend(&mut ada, &mut ben).await;
        let (call, _) = ada.start_call(conversation).await.unwrap();
        for body in [RequestBody::AccessRelay { call }, RequestBody::TestRelay] {
            let answer = ada.ask(body).await;
            assert_eq!(answer, Ok(Outcome::Relay { access: None }), "{off}");
        }
    }
}

#[tokio::test]
async fn where_the_host_wants_it_always_all_paths_lead_through_it() {
    let app = TestApp::start_with(|config| config.relay.mode = RelayMode::Always).await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    assert_eq!(ada.welcome.ice.relay, RelayMode::Always);
    let (call, _) = ada.start_call(conversation).await.unwrap();
    assert_eq!(access(&mut ada, call).await.policy, PathPolicy::RelayOnly);
}

/// coturn's own client: two connections of it talk to each other, by indications and by channels.
#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_finds_no_fault() {
    let files = tempfile::tempdir().unwrap();
    let made = Made::new(&["127.0.0.1"], -1, 90);
    let [_, cert, _, key] = made.write(files.path());
    let app = TestApp::start_ticking(|config| {
        config.relay.kilobits_per_second = 1_000;
        config.tls.cert = Some(cert.clone().into());
        config.tls.key = Some(key.into());
    })
    .await;
    let plain = relay(&app);
    // TLS comes in at the port of HTTPS, and its certificate is checked.
    let tls = ["-t", "-S", "-E", &cert];
    for (flags, server) in [
        (&[][..], plain),
        (&["-t"][..], plain),
        (&tls[..], app.address),
    ] {
        for data in [None, Some("-s")] {
            let told = coturns_client(&app, flags, data, server).await;
            let what = format!("{flags:?} {data:?}: {told}");
            assert!(
                told.contains("tot_send_msgs=100, tot_recv_msgs=100"),
                "{what}"
            );
            // It begins with a version of TLS by chance, such as 1.0, which is refused, and then tries another.
            let refused = "alert handshake failure";
            let mut faults = told.lines().filter(|line| !line.contains(refused));
            let fault = faults.find(|line| line.to_lowercase().contains("error"));
            assert_eq!(fault, None, "{what}");
        }
    }
}

async fn coturns_client(
    app: &TestApp,
    flags: &[&str],
    data: Option<&str>,
    server: SocketAddr,
) -> String {
    let relay = app.server.app().relay.as_ref().expect("a relay");
    let access = relay.access_test(DeviceId(new_id())).unwrap().unwrap();
    let RelayAccess {
        username, password, ..
    } = &access;
    let mut command = Command::new("turnutils_uclient");
    command
        .args(flags)
        .args(data)
        // Client to client, no second port for RTCP, 2 clients, 50 packets of 160 bytes, 20 ms apart.
        .args(["-y", "-c", "-m", "2", "-n", "50", "-l", "160", "-z", "20"])
        .args(["-u", username, "-w", password.reveal()])
        .args(["-p", &server.port().to_string()])
        .arg(server.ip().to_string())
        .stdin(Stdio::null());
    let output = command.output().await.expect(
        "turnutils_uclient, which `scripts/need all` installs (Debian: apt-get install coturn)",
    );
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{flags:?} {data:?}: {told}");
    told
}

async fn access(device: &mut Device, call: CallId) -> RelayAccess {
    granted(device.ask(RequestBody::AccessRelay { call }).await)
}

pub(crate) async fn test_access(device: &mut Device) -> RelayAccess {
    granted(device.ask(RequestBody::TestRelay).await)
}

fn granted(answer: Result<Outcome, RequestError>) -> RelayAccess {
    match answer {
        Ok(Outcome::Relay {
            access: Some(access),
        }) => access,
        other => panic!("no access but {other:?}"),
    }
}

pub(crate) fn relay(app: &TestApp) -> SocketAddr {
    app.server.relay_address().expect("a relay")
}

fn counters(app: &TestApp) -> relay::Counters {
    let relay = app.server.app().relay.as_ref().expect("a relay");
    relay.counters()
}
