//! The relay with ports of its own, and a peer on the network that is no client of it.
//!
//! What counts as the internet cannot be had on a test's machine: the test runs itself once more in two network namespaces, of
//! which one has the public address 11.0.0.1 and the other 11.0.0.2. That takes root; for others it says that it is skipped.

use std::net::{IpAddr, SocketAddr};

use server::config::RelayPorts;

use crate::app::TestApp;
use crate::namespace::inside;
use crate::relay::{relay, test_access};
use crate::turn::Turn;

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
    let own = "turn_range::a_peer_that_is_no_client_is_reached_and_answers";
    if inside(own, NETWORK).await {
        talk().await;
    }
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
