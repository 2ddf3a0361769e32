//! More connections than one network may have.

use std::net::{IpAddr, SocketAddr};

use protocol::Milliseconds;
use protocol::socket::{Outcome, RequestBody};
use server::config::Listen;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::app::TestApp;
use crate::device::DEADLINE;
use crate::namespace::inside;
use crate::phone::key;

/// Connections that one network may have at once; `PER_NETWORK` of the server.
const MOST: usize = 256;
/// Those who come beyond that.
const TOO_MANY: usize = 50;

/// This machine's own addresses are not counted, so it takes others.
#[tokio::test]
async fn one_network_has_so_many_connections_and_takes_nobody_elses() {
    let own = "crowds::one_network_has_so_many_connections_and_takes_nobody_elses";
    let network = r#"
        set -e
        ip link set lo up
        for n in 1 2; do ip address add 192.0.2.$n/32 dev lo; done
        exec "$0" "$@"
    "#;
    if inside(own, network).await {
        let [one, other] = [1, 2].map(|n| IpAddr::from([192, 0, 2, n]));
        crowd(one, other).await;
    }
}

async fn crowd(one: IpAddr, other: IpAddr) {
    let app = TestApp::start_with(|config| {
        config.listen = Some(Listen::Address(SocketAddr::from((one, 0))));
        // They are not to be turned away for their silence.
        config.limits.header_deadline_ms = Milliseconds(600_000);
    })
    .await;
    let mut ben = app.join("ben").await;
    let mut silent = Vec::new();
    for _ in 0..MOST + TOO_MANY {
        silent.push(connect(app.address, one).await);
    }
    for stream in &mut silent[MOST..] {
        let ended = timeout(DEADLINE, stream.read(&mut [0])).await;
        // Zero bytes, or a reset: the server has let go of it.
        let read = ended.expect("one too many is let go").unwrap_or(0);
        assert_eq!(read, 0);
    }
    assert!(is_answered(&mut silent[0]).await, "who came first stays");
    let mut elsewhere = connect(app.address, other).await;
    assert!(is_answered(&mut elsewhere).await);
    let asked = ben.ask(RequestBody::PublishKey { key: key(1) }).await;
    assert_eq!(asked, Ok(Outcome::Done), "a socket is none of them");

    drop(silent);
    let again = async { while !is_answered(&mut connect(app.address, one).await).await {} };
    timeout(DEADLINE, again)
        .await
        .expect("places are given back");
}

async fn connect(server: SocketAddr, from: IpAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    socket.connect(server).await.unwrap()
}

/// Whether a request is answered; where the server has let go of the connection, it is not.
async fn is_answered(stream: &mut TcpStream) -> bool {
    let asked = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut answer = String::new();
    let answered = async {
        stream.write_all(asked).await?;
        stream.read_to_string(&mut answer).await
    };
    let answered = timeout(DEADLINE, answered).await.expect("an end in time");
    answered.is_ok() && answer.starts_with("HTTP/1.1 200")
}
