//! The relay with ports of its own, and a peer on the network that is no client of it.
//!
//! What counts as the internet cannot be had on a test's machine: the test runs itself once more in two network namespaces, of
//! which one has the public address 11.0.0.1 and the other 11.0.0.2. That takes root; for others it says that it is skipped.

use std::net::{IpAddr, SocketAddr};
use std::process::Stdio;

use server::config::RelayPorts;
use tokio::process::Command;

use crate::app::TestApp;
use crate::relay::{relay, test_access};
use crate::turn::Turn;

/// Set where the test is inside.
const INSIDE: &str = "AHOY_TEST_NETWORK";
/// The peer: coturn's, which sends back what it gets.
const PEER: &str = "11.0.0.2:3480";
/// Runs the program `$0` with its arguments beside the peer. 0D98 is port 3480.
const NETWORK: &str = r#"
set -e
ip link set lo up
unshare --net sh -c '
  until ip link set peer up 2>/dev/null; do sleep 0.02; done
  ip address add 11.0.0.2/24 dev peer
  exec turnutils_peer -L 11.0.0.2 -p 3480' >/dev/null &
peer=$!
trap 'kill $peer' EXIT
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add host type veth peer name peer netns $peer
ip address add 11.0.0.1/24 dev host
ip link set host up
until grep -q ':0D98 ' /proc/$peer/net/udp; do kill -0 $peer; sleep 0.02; done
"$0" "$@"
"#;

#[tokio::test]
async fn a_peer_that_is_no_client_is_reached_and_answers() {
    if std::env::var_os(INSIDE).is_some() {
        talk().await;
        return;
    }
    let id = Command::new("id").arg("-u").output().await.unwrap();
    if id.stdout != b"0\n" {
        println!("SKIPPED: network namespaces take root");
        return;
    }
    let own = std::env::current_exe().unwrap();
    let inside = Command::new("unshare")
        .args(["--net", "sh", "-c", NETWORK])
        .arg(own)
        .args(["--exact", "--nocapture"])
        .arg("turn_range::a_peer_that_is_no_client_is_reached_and_answers")
        .env(INSIDE, "yes")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("unshare and ip (Debian: util-linux, iproute2)");
    let told = String::from_utf8_lossy(&inside.stdout).into_owned()
        + &String::from_utf8_lossy(&inside.stderr);
    assert!(inside.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

async fn talk() {
    let app = TestApp::start_ticking(|config| {
        config.relay.ports = RelayPorts::Range(40_000..=40_999);
    })
    .await;
    let mut ada = app.join("ada").await;
    let access = test_access(&mut ada).await;
    let mut guest = Turn::udp(relay(&app), &access).await;
    let relayed = guest.allocate().await.unwrap();
    assert_eq!(relayed.ip(), IpAddr::from([11, 0, 0, 1]), "found by itself");
    assert!((40_000..=40_999).contains(&relayed.port()));
    let peer: SocketAddr = PEER.parse().unwrap();
    assert!(guest.permit(peer.ip()).await);
    guest.send(peer, b"Is anybody there?").await;
    assert_eq!(guest.hears().await, (peer, b"Is anybody there?".to_vec()));
}
