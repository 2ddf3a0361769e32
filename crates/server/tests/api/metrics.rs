//! What a host's monitoring reads, and from where.

use std::net::SocketAddr;

use hyper::Method;
use server::config::Listen;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::app::{Answer, Asking, TestApp};
use crate::device::DEADLINE;

#[tokio::test]
async fn metrics_count_sockets_calls_and_what_the_relay_does() {
    let app = TestApp::start_with(|config| config.metrics = Some(Listen::Localhost(0))).await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    ada.start_call(conversation).await.unwrap();
    // The relay answers nothing to what is no STUN, and answers what comes after it.
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let relay = app.server.relay_address().unwrap();
    socket.send_to(b"hello", relay).await.unwrap();
    let mut binding = [0; 20];
    binding[1] = 1;
    binding[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
    socket.send_to(&binding, relay).await.unwrap();
    let mut answer = [0; 100];
    let answered = timeout(DEADLINE, socket.recv(&mut answer)).await;
    answered.unwrap().unwrap();

    let answer = read(app.server.metrics_addresses()[0]).await;
    let kind = answer.header("content-type");
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        "ahoy_sockets 2",
        "ahoy_calls{state=\"ringing\"} 1",
        "ahoy_calls{state=\"active\"} 0",
        "ahoy_relay_allocations 0",
        "ahoy_relay_bindings_total 1",
        "ahoy_relay_packets_total{direction=\"to_clients\"} 0",
        "ahoy_relay_dropped_packets_total{reason=\"malformed\"} 1",
        "ahoy_relay_dropped_packets_total{reason=\"stranger\"} 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn metrics_are_served_where_the_host_wants_them_and_nowhere_else() {
    let app = TestApp::start().await;
    assert!(app.server.metrics_addresses().is_empty());
    let page = app.get("/metrics").send().await;
    assert!(!String::from_utf8_lossy(&page.body).contains("ahoy_sockets"));

    let app = TestApp::start_with(|config| config.metrics = Some(Listen::Localhost(0))).await;
    let page = app.get("/metrics").send().await;
    assert!(!String::from_utf8_lossy(&page.body).contains("ahoy_sockets"));
    let metrics = app.server.metrics_addresses()[0];
    for path in ["/", "/healthz", "/api/v1/me"] {
        let answer = Asking::new(metrics, Method::GET, path).send().await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

async fn read(address: SocketAddr) -> Answer {
    let answer = Asking::new(address, Method::GET, "/metrics").send().await;
    assert_eq!(answer.status, 200);
    answer
}
