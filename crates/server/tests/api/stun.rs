//! STUN as a browser asks it (RFC 8489).

use std::net::SocketAddr;

use server::config::RelayListen;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::app::TestApp;
use crate::device::DEADLINE;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

#[tokio::test]
async fn device_learns_its_own_address() {
    let app = TestApp::start().await;
    let server = app.server.relay_address().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&request(7), server).await.unwrap();
    let answer = received(&socket).await;
    assert_eq!(answer[..2], [0x01, 0x01], "a success response");
    assert_eq!(answer[4..20], request(7)[4..20], "of this transaction");
    assert_eq!(mapped(&answer), socket.local_addr().unwrap());
}

#[tokio::test]
async fn garbage_is_not_answered() {
    let app = TestApp::start().await;
    let server = app.server.relay_address().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for garbage in [
        &b""[..],
        b"hello",
        &[0; 20],
        &[0xff; 1400],
        &request(1)[..19],
    ] {
        socket.send_to(garbage, server).await.unwrap();
    }
    socket.send_to(&request(9), server).await.unwrap();
    let answer = received(&socket).await;
    assert_eq!(answer[19], 9, "the first answer is to the first request");
}

#[tokio::test]
async fn stun_can_be_off() {
    let app = TestApp::start_with(|config| config.relay.listen = RelayListen::Off).await;
    assert_eq!(app.server.relay_address(), None);
    let device = app.join("ada").await;
    assert_eq!(device.welcome.ice.stun_port, None);
}

fn request(transaction: u8) -> [u8; 20] {
    let mut request = [0; 20];
    request[1] = 1;
    request[4..8].copy_from_slice(&COOKIE);
    request[19] = transaction;
    request
}

async fn received(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 1500];
    let received = timeout(DEADLINE, socket.recv(&mut buffer)).await;
    let length = received.expect("an answer in time").unwrap();
    buffer[..length].to_vec()
}

/// XOR-MAPPED-ADDRESS of IPv4 (RFC 8489 §14.2), the only attribute of the answer.
fn mapped(answer: &[u8]) -> SocketAddr {
    assert_eq!(answer[20..26], [0x00, 0x20, 0x00, 0x08, 0x00, 0x01]);
    let port = u16::from_be_bytes([answer[26] ^ COOKIE[0], answer[27] ^ COOKIE[1]]);
    let ip: Vec<u8> = (0..4).map(|n| answer[28 + n] ^ COOKIE[n]).collect();
    ([ip[0], ip[1], ip[2], ip[3]], port).into()
}
