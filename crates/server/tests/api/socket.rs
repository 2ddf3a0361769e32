//! The socket itself: who gets in, what closes it, what is answered to nonsense.

use hyper::StatusCode;
use protocol::account::{SignedIn, Token};
use protocol::error::ErrorCode;
use protocol::limits::{FRAME_MAX_BYTES, HELLO_MAX_BYTES, close};
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{Milliseconds, limits};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use crate::app::{TestApp, User};
use crate::device::{Device, Socket, befriend, message};

#[tokio::test]
async fn hello_is_answered_with_the_snapshot() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let device = app.connect(&user).await;
    let welcome = device.welcome;
    assert_eq!(welcome.protocol, limits::PROTOCOL_VERSION);
    assert_eq!(welcome.me, user.signed_in.me);
    assert_eq!(welcome.device, user.signed_in.device);
    assert_eq!(welcome.session, user.signed_in.session);
    assert_eq!(welcome.now, app.clock.now());
    assert!(welcome.conversations.is_empty() && welcome.calls.is_empty());
    let relay = app.server.relay_address().unwrap();
    assert_eq!(welcome.ice.stun_port, Some(relay.port()));
    assert_eq!(welcome.limits.silence_limit, limits::SILENCE_LIMIT);
}

#[tokio::test]
async fn page_of_another_site_does_not_get_in() {
    let app = TestApp::start().await;
    let own = app.origin();
    assert!(Socket::open(app.address, Some(&own)).await.is_ok());
    for origin in [
        "https://evil.example",
        "null",
        &format!("{own}.evil.example"),
    ] {
        let Err(Error::Http(answer)) = Socket::open(app.address, Some(origin)).await else {
            panic!("{origin} got in");
        };
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn plain_request_is_told_that_it_must_upgrade() {
    let app = TestApp::start().await;
    let answer = app.get("/api/v1/socket").send().await;
    assert_eq!(answer.refused(), (400, ErrorCode::BadRequest));
}

#[tokio::test]
async fn first_frame_must_be_a_hello() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut foreign = user.clone();
    foreign.signed_in.device = app.register("ben").await.signed_in.device;
    let hello = |protocol: u16, user: &User| {
        let device = user.signed_in.device.id;
        json!({ "type": "hello", "token": user.token(), "device": device, "protocol": protocol })
            .to_string()
    };
    let forged = hello(1, &user).replace(user.token(), "a.b.c");
    for (first, code) in [
        ("good morning".to_owned(), close::BAD_FRAME),
        ("[]".to_owned(), close::BAD_FRAME),
        (r#"{"type":"pong"}"#.to_owned(), close::BAD_FRAME),
        (
            r#"{"type":"hello","protocol":1}"#.to_owned(),
            close::BAD_FRAME,
        ),
        (hello(2, &user), close::UNSUPPORTED),
        (forged, close::UNAUTHENTICATED),
        (hello(1, &foreign), close::UNAUTHENTICATED),
        (padded("{}", HELLO_MAX_BYTES + 1), close::TOO_LARGE),
        (padded("{}", FRAME_MAX_BYTES + 1), close::TOO_LARGE),
    ] {
        let mut socket = app.open().await;
        socket.send(first.clone()).await;
        let shown = &first[..first.len().min(60)];
        assert_eq!(socket.closed().await, code, "{shown}");
    }
}

#[tokio::test]
async fn stranger_who_says_nothing_is_let_go() {
    let app = TestApp::start_with(|config| {
        config.limits.hello_deadline_ms = Milliseconds(50);
    })
    .await;
    let mut socket = app.open().await;
    assert_eq!(socket.closed().await, close::UNAUTHENTICATED);
}

#[tokio::test]
async fn expired_token_and_ended_session_do_not_get_in() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    app.ask(hyper::Method::DELETE, "/api/v1/sessions/current")
        .by(&user)
        .send()
        .await;
    let mut socket = app.open().await;
    socket.hello(&user).await;
    assert_eq!(socket.closed().await, close::SESSION_ENDED);
    app.advance(Milliseconds::from_seconds(3600));
    let mut socket = app.open().await;
    socket.hello(&user).await;
    assert_eq!(socket.closed().await, close::UNAUTHENTICATED);
}

#[tokio::test]
async fn ending_a_session_closes_its_sockets_and_no_others() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut laptop = app.connect(&user).await;
    let mut phone = app.connect(&app.sign_in("ada").await).await;
    app.ask(hyper::Method::DELETE, "/api/v1/sessions/current")
        .by(&user)
        .send()
        .await;
    assert_eq!(laptop.socket.closed().await, close::SESSION_ENDED);
    phone.all_told().await;
}

#[tokio::test]
async fn token_is_renewed_by_one_of_the_same_session_only() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut device = app.connect(&user).await;
    let refreshed = app.refresh(user.refresh_token()).await;
    let refreshed: SignedIn = refreshed.json();
    let renew = |token| RequestBody::Renew { token };
    let done = device.ask(renew(refreshed.access_token)).await;
    assert_eq!(done, Ok(Outcome::Done));
    let other = app.sign_in("ada").await.signed_in.access_token;
    assert_eq!(
        Device::refused(device.ask(renew(other)).await),
        ErrorCode::Forbidden
    );
    let forged = Token::new("a.b.c".to_owned());
    let refusal = device.ask(renew(forged)).await;
    assert_eq!(Device::refused(refusal), ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn expired_token_takes_no_more_requests_after_its_grace() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut device = app.connect(&user).await;
    app.advance(limits::ACCESS_TOKEN_LIFE);
    device.all_told().await;
    let refreshed = app.refresh(user.refresh_token()).await;
    let refreshed: SignedIn = refreshed.json();
    let token = refreshed.access_token;
    device.ask(RequestBody::Renew { token }).await.unwrap();
    app.advance(limits::ACCESS_TOKEN_LIFE);
    device.all_told().await;
    app.advance(limits::TOKEN_RENEWAL_GRACE);
    device.begin(&mut json!({ "type": "fly" })).await;
    assert_eq!(device.socket.closed().await, close::UNAUTHENTICATED);
}

#[tokio::test]
async fn socket_that_answers_pings_lives_and_a_silent_one_is_closed() {
    let app = TestApp::start_with(|config| {
        config.limits.ping_interval_ms = Milliseconds(50);
        config.limits.silence_limit_ms = Milliseconds(500);
        config.limits.requests_per_second = 1_000_000;
    })
    .await;
    let user = app.register("ada").await;
    let mut lives = app.connect(&user).await;
    let mut silent = app.connect(&user).await;
    // Reading on its own answers the pings; the silent one is read without an answer.
    let (code, ()) = tokio::join!(silent.socket.closed(), async {
        while app.server.app().hub.sockets(lives.me()) > 1 {
            lives.all_told().await;
        }
    });
    assert_eq!(code, close::SILENT);
    lives.all_told().await;
}

#[tokio::test]
async fn a_ping_of_the_client_is_answered_at_once() {
    let app = TestApp::start().await;
    let mut device = app.join("ada").await;
    device.socket.send(r#"{"type":"ping"}"#).await;
    assert_eq!(device.socket.frame().await, ServerFrame::Pong);
}

#[tokio::test]
async fn nonsense_is_answered_under_its_id_and_changes_nothing() {
    let app = TestApp::start().await;
    let mut device = app.join("ada").await;
    let unknown = device.ask_json(json!({ "type": "fly" })).await;
    assert_eq!(Device::refused(unknown), ErrorCode::Unsupported);
    let bad = device
        .ask_json(json!({ "type": "open_conversation", "person": 7 }))
        .await;
    let error = bad.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadRequest);
    assert!(error.message.contains("person"), "{}", error.message);
    device.socket.send(r#"{"type":"typing"}"#).await;
    let ServerFrame::Error(error) = device.socket.frame().await else {
        panic!("no error");
    };
    assert_eq!((error.id, error.code), (None, ErrorCode::BadRequest));
}

#[tokio::test]
async fn what_is_no_json_object_closes_the_socket() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    for frame in [
        Frame::text("{"),
        Frame::text("7"),
        Frame::binary(b"{}".to_vec()),
    ] {
        let mut device = app.connect(&user).await;
        device.socket.try_send(frame).await.unwrap();
        assert_eq!(device.socket.closed().await, close::BAD_FRAME);
    }
}

#[tokio::test]
async fn giant_frame_closes_the_socket_and_says_so() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    for size in [FRAME_MAX_BYTES + 1, 600_000] {
        let mut device = app.connect(&user).await;
        // The server may have closed before everything was written.
        let _ = device.socket.try_send(Frame::text("x".repeat(size))).await;
        assert_eq!(device.socket.closed().await, close::TOO_LARGE);
    }
    let mut device = app.connect(&user).await;
    let largest = padded(r#"{"type":"fly","id":1}"#, FRAME_MAX_BYTES);
    device.socket.send(largest).await;
    assert!(matches!(device.socket.frame().await, ServerFrame::Error(_)));
}

#[tokio::test]
async fn flood_is_refused_with_a_delay_and_closed_when_it_goes_on() {
    let app = TestApp::start_with(|config| {
        config.limits.requests_per_second = 1;
        config.limits.requests_burst = 3;
    })
    .await;
    let user = app.register("ada").await;
    let mut device = Device::connect_without_key(app.address, &user).await;
    for _ in 0..3 {
        let answer = device.ask_json(json!({ "type": "fly" })).await;
        assert_eq!(Device::refused(answer), ErrorCode::Unsupported);
    }
    let error = device.ask_json(json!({ "type": "fly" })).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RateLimited);
    let wait = error.retry_after.unwrap();
    assert!((1..=1000).contains(&wait.0), "{wait:?}");
    for _ in 0..limits::REFUSALS_BEFORE_CLOSE {
        device.begin(&mut json!({ "type": "fly" })).await;
    }
    assert_eq!(device.socket.closed().await, close::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn slow_reader_is_closed_and_holds_up_nobody() {
    let app = TestApp::start_with(|config| {
        config.limits.requests_per_second = 1_000_000;
        config.limits.requests_burst = 1_000_000;
    })
    .await;
    let mut ada = app.join("ada").await;
    let user = app.register("ben").await;
    let mut reads = app.connect(&user).await;
    let conversation = befriend(&mut ada, &mut reads).await;
    let mut never_reads = app.connect(&user).await;
    // Enough to fill the kernel's buffers, then the queue.
    let text = "x".repeat(8_000);
    let mut sent = 0;
    while app.server.app().hub.sockets(reads.me()) > 1 {
        let mut ids = Vec::new();
        for _ in 0..20 {
            let mut body = serde_json::to_value(message(conversation, &text)).unwrap();
            ids.push(ada.begin(&mut body).await);
        }
        for id in ids {
            ada.answer(id).await.unwrap();
            sent += 1;
            assert_eq!(reads.told_message().await.seq, sent + 1);
        }
        assert!(sent < 20_000, "the slow reader is never closed");
    }
    assert_eq!(never_reads.socket.closed().await, close::SLOW_READER);
    let back = app.connect(&user).await;
    assert_eq!(back.welcome.conversations[0].last_seq, sent + 1);
}

#[tokio::test]
async fn account_has_only_so_many_sockets() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut devices = Vec::new();
    for _ in 0..server::hub::SOCKETS_PER_ACCOUNT {
        devices.push(app.connect(&user).await);
    }
    let mut one_more = app.open().await;
    one_more.hello(&user).await;
    assert_eq!(one_more.closed().await, close::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn stopping_server_says_when_to_come_back() {
    let app = TestApp::start().await;
    let (mut ada, ben, conversation) = app.contacts().await;
    let id = ada
        .begin(&mut serde_json::to_value(message(conversation, "last words")).unwrap())
        .await;
    ada.answer(id).await.unwrap();
    let stop = tokio::spawn(app.server.shutdown());
    let ServerFrame::GoingAway { reconnect_after } = ada.socket.frame().await else {
        panic!("no goodbye");
    };
    assert!(
        (500..3_000).contains(&reconnect_after.0),
        "{reconnect_after:?}"
    );
    assert_eq!(ada.socket.closed().await, close::SERVER_RESTART);
    drop((ada, ben));
    assert!(stop.await.unwrap(), "everything ended by itself");
}

/// The text with spaces before it, so many bytes in all.
fn padded(text: &str, bytes: usize) -> String {
    " ".repeat(bytes - text.len()) + text
}
