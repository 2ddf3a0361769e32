//! Who asks too often is told when to come back, and nobody else notices.

use protocol::call::{CallReport, CallState, EndReason};
use protocol::error::ErrorCode;
use protocol::socket::{RequestBody, RequestError, ServerFrame};
use protocol::{ConversationId, Milliseconds};
use serde_json::json;

use crate::app::TestApp;
use crate::device::{Device, befriend};

#[tokio::test]
async fn caller_who_is_not_answered_rings_three_times_and_then_waits() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    for _ in 0..3 {
        let (call, _) = ada.start_call(conversation).await.unwrap();
        ben.told_call(|view| view.call.id == call).await;
        ben.ask(RequestBody::DeclineCall { call }).await.unwrap();
        ada.told_end(call).await;
    }
    let refused = refused(&mut ada, conversation).await;
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert_eq!(refused.retry_after, Some(Milliseconds::from_seconds(600)));
    assert!(
        refused.message.contains("You can call again in 10 minutes"),
        "{}",
        refused.message
    );

    // Ben calls back, so Ada may call again as well.
    let (call, _) = ben.start_call(conversation).await.unwrap();
    ben.ask(RequestBody::CancelCall { call }).await.unwrap();
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.told_call(|view| view.call.id == call).await;
    ada.ask(RequestBody::CancelCall { call }).await.unwrap();
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    ada.hang_up(call).await.unwrap();
    for _ in 0..3 {
        let (call, _) = ada.start_call(conversation).await.unwrap();
        ada.ask(RequestBody::CancelCall { call }).await.unwrap();
    }
}

/// The caller must not learn from the waiting whether they are blocked or unwelcome.
#[tokio::test]
async fn blocked_and_quiet_callers_wait_in_the_same_words() {
    let mut words = Vec::new();
    for what in [None, Some("block_contact"), Some("mute_conversation")] {
        let app = TestApp::start().await;
        let (mut ada, mut ben, conversation) = app.contacts().await;
        if let Some(what) = what {
            let wish = json!({ "type": what, "conversation": conversation, "muted": true });
            ben.ask_json(wish).await.unwrap();
        }
        for _ in 0..3 {
            let (call, view) = ada.start_call(conversation).await.unwrap();
            assert!(matches!(view.call.state, CallState::Ringing { .. }));
            ada.ask(RequestBody::CancelCall { call }).await.unwrap();
            assert_eq!(ada.told_end(call).await.reason, EndReason::Cancelled);
        }
        let RequestError {
            code,
            message,
            retry_after,
            ..
        } = refused(&mut ada, conversation).await;
        words.push((code, message, retry_after));
    }
    assert_eq!(words[0].0, ErrorCode::RateLimited);
    assert!(words.iter().all(|other| *other == words[0]), "{words:?}");
}

/// Threat T14: strangers do not ring at all, and a contact three times.
#[tokio::test]
async fn a_flood_of_calls_rings_three_times() {
    let app = TestApp::start_with(|config| {
        config.limits.requests_burst = 100_000;
        config.limits.requests_per_second = 100_000;
    })
    .await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut strangers = Vec::new();
    for n in 0..9 {
        let mut stranger = app.join(&format!("stranger{n}")).await;
        let conversation = stranger.open_conversation(ben.me()).await.id;
        strangers.push((stranger, conversation));
    }
    let (mut started, mut limited) = (0, 0);
    for _ in 0..100 {
        for (stranger, conversation) in &mut strangers {
            let code = refused(stranger, *conversation).await.code;
            assert!(
                matches!(code, ErrorCode::NotAccepted | ErrorCode::RateLimited),
                "{code:?}"
            );
        }
        match ada.start_call(conversation).await {
            Ok((call, _)) => {
                ada.ask(RequestBody::CancelCall { call }).await.unwrap();
                started += 1;
            }
            Err(error) => {
                assert_eq!(error.code, ErrorCode::RateLimited);
                assert!(error.retry_after.is_some());
                limited += 1;
            }
        }
    }
    assert_eq!((started, limited), (3, 97));
    let mut rang: Vec<_> = ben.all_told().await.iter().filter_map(rings).collect();
    rang.dedup();
    assert_eq!(rang.len(), 3, "{rang:?}");
    // Nobody else is held up by it.
    let mut eve = app.join("eve").await;
    let conversation = befriend(&mut eve, &mut ben).await;
    eve.start_call(conversation).await.unwrap();
    ben.told_call(|view| view.call.caller == eve.me()).await;
}

#[tokio::test]
async fn who_searches_too_fast_is_told_when_to_come_back() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ben = app.register("ben").await;
    let mut refused = None;
    for n in 0..200 {
        let answer = app
            .get(&format!("/api/v1/people?query=a{n}"))
            .by(&ada)
            .send()
            .await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("two hundred searches at once are too many");
    assert_eq!(refused.refused(), (429, ErrorCode::RateLimited));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(
        refused.problem().title.contains("Try again in"),
        "{refused:?}"
    );
    let other = app.get("/api/v1/people?query=ada").by(&ben).send().await;
    assert_eq!(other.status, 200, "others search on");
}

#[tokio::test]
async fn an_account_writes_no_more_with_many_sockets_than_with_four() {
    let app = TestApp::start_with(|config| {
        config.limits.requests_burst = 10;
        config.limits.requests_per_second = 1;
    })
    .await;
    let user = app.register("ada").await;
    let mut ben = app.join("ben").await;
    let mut ada = app.connect(&user).await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let mut refused = None;
    for _ in 0..12 {
        let mut socket = app.connect(&user).await;
        // Fewer than one socket may ask.
        for _ in 0..8 {
            let message = crate::device::message(conversation, "again");
            if let Err(error) = socket.ask(message).await {
                assert_eq!(error.code, ErrorCode::RateLimited);
                refused = Some(error);
            }
        }
    }
    let refused = refused.expect("ninety messages at once are too many");
    assert!(
        refused
            .message
            .starts_with("You write too fast. Try again in"),
        "{refused:?}"
    );
    assert!(refused.retry_after.is_some());
    ben.write(conversation, "Stop it!").await;
}

#[tokio::test]
async fn a_network_has_an_allowance_and_its_neighbours_have_theirs() {
    let app = TestApp::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let ask = async |from: &str| {
        let asking = app
            .get("/.well-known/jwks.json")
            .header("x-forwarded-for", from);
        asking.send().await
    };
    let mut refused = None;
    for n in 0..3_000 {
        let answer = ask(&format!("2001:db8::{n:x}")).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("three thousand requests at once are too many");
    assert_eq!(refused.refused(), (429, ErrorCode::RateLimited));
    assert!(
        refused.headers.contains_key("content-security-policy"),
        "{refused:?}"
    );
    assert_eq!(ask("2001:db8:0:1::1").await.status, 200);
    let probe = app.get("/healthz").header("x-forwarded-for", "2001:db8::1");
    assert_eq!(probe.send().await.status, 200, "monitoring is not refused");
}

async fn refused(device: &mut Device, conversation: ConversationId) -> RequestError {
    device
        .start_call(conversation)
        .await
        .expect_err("a refusal")
}

fn rings(frame: &ServerFrame) -> Option<protocol::CallId> {
    match frame {
        ServerFrame::Call { call, .. } if matches!(call.call.state, CallState::Ringing { .. }) => {
            Some(call.call.id)
        }
        _ => None,
    }
}
