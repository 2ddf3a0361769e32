//! Calls as two people's devices live through them.

use protocol::call::{CallLog, CallReport, CallState, CallView, EndReason, FailCause, Here, Role};
use protocol::chat::{MessageBody, Presence};
use protocol::error::ErrorCode;
use protocol::socket::{Outcome, RequestBody, RequestError, ServerFrame};
use protocol::{CallId, Milliseconds};
use serde_json::json;

use crate::app::{PASSWORD, TestApp};
use crate::device::{Device, befriend};
use crate::phone::{candidate, description, start};
use crate::settings::put;

#[tokio::test]
async fn call_is_set_up_lived_through_and_recorded() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, shown) = ada.start_call(conversation).await.unwrap();
    assert_eq!((shown.role, shown.here), (Role::Caller, Here::TakesPart));
    assert!(matches!(
        shown.call.state,
        CallState::Ringing { devices: 0, .. }
    ));

    let rings = ben.told_call(|_| true).await;
    assert_eq!((rings.role, &rings.here), (Role::Callee, &Here::Rings));
    let remote = rings.remote.unwrap();
    assert_eq!(remote.description, description("offer", 0));
    assert!(remote.candidates.is_empty());
    ben.ask(RequestBody::RingCall { call }).await.unwrap();
    ada.told_call(|view| matches!(view.call.state, CallState::Ringing { devices: 1, .. }))
        .await;

    let answered = ben.answer_call(call).await.unwrap();
    assert_eq!(answered.here, Here::TakesPart);
    let connecting = ada
        .told_call(|view| matches!(view.call.state, CallState::Connecting { .. }))
        .await;
    let remote = connecting.remote.unwrap();
    assert_eq!(remote.description, description("answer", 0));
    assert_eq!(remote.candidates, [candidate(1)]);

    ada.add_candidate(call, 2).await.unwrap();
    ben.add_candidate(call, 3).await.unwrap();
    assert_eq!(ben.told_candidates().await, [candidate(2)]);
    assert_eq!(ada.told_candidates().await, [candidate(3)]);

    ada.report(call, CallReport::Connected).await.unwrap();
    ben.report(call, CallReport::Connected).await.unwrap();
    for device in [&mut ada, &mut ben] {
        device
            .told_call(|view| matches!(view.call.state, CallState::Active { .. }))
            .await;
    }
    ben.hang_up(call).await.unwrap();
    let by = ben.me();
    let ended = ada.told_end(call).await;
    assert_eq!(ended.reason, EndReason::HungUp { by });
    assert!(ended.talked.is_some());
    let entry = ada.told_entry(|record| record.end.is_some()).await;
    assert_eq!((entry.seq, entry.id), (2, call.into()));
    assert_eq!(entry.author, ada.me());
}

#[tokio::test]
async fn timeline_holds_one_entry_that_is_replaced_in_place() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let begun = ben.told_entry(|record| record.end.is_none()).await;
    ben.ask(RequestBody::RingCall { call }).await.unwrap();
    ben.write(conversation, "One moment").await;
    ada.ask(RequestBody::CancelCall { call }).await.unwrap();
    // A device that rings changes the call and not its entry, so the next one told is the end.
    let missed = ben.told_entry(|_| true).await;
    assert!(matches!(&missed.body, MessageBody::Call { record } if record.end.is_some()));
    assert_eq!((missed.id, missed.seq), (begun.id, begun.seq));
    assert_eq!(begun.seq, 2);
    let again = app.sign_in("ben").await;
    let seen = app.connect(&again).await.welcome.conversations[0].clone();
    assert_eq!(seen.last_seq, 3);
    assert_eq!(seen.unread, 2, "Ada's first message and her missed call");
    let log: CallLog = app.get("/api/v1/calls").by(&again).send().await.json();
    let MessageBody::Call { record } = missed.body else {
        panic!("no call");
    };
    assert_eq!(log.calls, [record]);
}

#[tokio::test]
async fn call_ends_for_the_reason_that_its_people_give() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.told_call(|view| view.call.id == call).await;
    ben.ask(RequestBody::DeclineCall { call }).await.unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::Declined);

    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.told_call(|view| view.call.id == call).await;
    ada.ask(RequestBody::CancelCall { call }).await.unwrap();
    assert_eq!(ben.told_end(call).await.reason, EndReason::Cancelled);
    let late = ben.answer_call(call).await.unwrap();
    assert!(matches!(late.call.state, CallState::Ended { .. }));

    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    let cause = FailCause::NoPath;
    ben.report(call, CallReport::Failed { cause })
        .await
        .unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::Failed { cause });
}

#[tokio::test]
async fn call_that_nobody_answers_ends_by_itself() {
    let app = TestApp::start_ticking(|config| {
        config.calls.ring_timeout_ms = Milliseconds(200);
    })
    .await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::NoAnswer);
    assert_eq!(ben.told_end(call).await.reason, EndReason::NoAnswer);
}

#[tokio::test]
async fn call_that_reaches_no_device_ends_soon_and_is_missed() {
    let app = TestApp::start_ticking(|config| {
        config.calls.unreachable_timeout_ms = Milliseconds(100);
    })
    .await;
    let (mut ada, ben, conversation) = app.contacts().await;
    let them = ben.me();
    drop(ben);
    app.until_gone(them).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::Unreachable);
    let back = app.sign_in("ben").await;
    let back = app.connect(&back).await;
    assert!(back.welcome.calls.is_empty(), "it never rings afterwards");
    assert_eq!(back.welcome.conversations[0].unread, 2);
}

#[tokio::test]
async fn call_that_never_comes_to_sound_times_out() {
    let app = TestApp::start_ticking(|config| {
        config.calls.connect_timeout_ms = Milliseconds(200);
    })
    .await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    ada.report(call, CallReport::Connected).await.unwrap();
    let cause = FailCause::Timeout;
    assert_eq!(ben.told_end(call).await.reason, EndReason::Failed { cause });
}

#[tokio::test]
async fn of_two_devices_that_ring_the_first_to_answer_wins() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut laptop, conversation) = app.contacts().await;
    let phone = app.sign_in("ben").await;
    let mut phone = app.connect(&phone).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    for device in [&mut laptop, &mut phone] {
        device.told_call(|view| view.here == Here::Rings).await;
        device.ask(RequestBody::RingCall { call }).await.unwrap();
    }
    ada.told_call(|view| matches!(view.call.state, CallState::Ringing { devices: 2, .. }))
        .await;
    laptop.answer_call(call).await.unwrap();
    let name = Some(laptop.welcome.device.name.clone());
    let elsewhere = Here::Elsewhere { device: name };
    let told = phone.told_call(|view| view.here != Here::Rings).await;
    assert_eq!((&told.here, &told.remote), (&elsewhere, &None));
    let late = phone.answer_call(call).await.unwrap();
    assert_eq!(late.here, elsewhere);
    // Fault 3: dismissing the device that still rings must not end the call.
    phone.ask(RequestBody::DeclineCall { call }).await.unwrap();
    ada.report(call, CallReport::Connected).await.unwrap();
    laptop.report(call, CallReport::Connected).await.unwrap();
    ada.told_call(|view| matches!(view.call.state, CallState::Active { .. }))
        .await;
}

#[tokio::test]
async fn two_who_call_each_other_get_one_call() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let (same, view) = ben.start_call(conversation).await.unwrap();
    assert_eq!(same, call);
    assert_eq!((view.role, view.here), (Role::Callee, Here::TakesPart));
    assert!(matches!(view.call.state, CallState::Connecting { .. }));
    let describe = RequestBody::DescribeCall {
        call,
        description: description("answer", 0),
    };
    ben.ask(describe).await.unwrap();
    let answer = ada.told(|frame| match frame {
        ServerFrame::Description { description, .. } => Some(description.clone()),
        _ => None,
    });
    assert_eq!(answer.await, description("answer", 0));
}

#[tokio::test]
async fn third_person_hears_busy_and_the_call_goes_on() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ben").await;
    let mut ben = app.connect(&user).await;
    let [mut ada, mut cleo] = [app.join("ada").await, app.join("cleo").await];
    let conversation = befriend(&mut ada, &mut ben).await;
    let with_ben = befriend(&mut cleo, &mut ben).await;
    put(&app, &user, &json!({ "call_waiting": false })).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    let (busy, view) = cleo.start_call(with_ben).await.unwrap();
    let CallState::Ended { end } = view.call.state else {
        panic!("{view:?}");
    };
    assert_eq!(end.reason, EndReason::Busy);
    let missed = ben.told_entry(|record| record.call == busy).await;
    assert!(matches!(missed.body, MessageBody::Call { record } if record.end.is_some()));
    let again = ada.start_call(conversation).await;
    assert_eq!(again.unwrap_err().code, ErrorCode::WrongState);
    ben.hang_up(call).await.unwrap();
    ada.told_end(call).await;
}

#[tokio::test]
async fn lost_socket_ends_no_call_and_the_snapshot_has_all_of_it() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ada").await;
    let mut ada = app.connect(&user).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    drop(ada);
    app.until_gone(user.signed_in.me.id).await;
    ben.forget();
    assert!(
        ben.all_told_but_presence().await.is_empty(),
        "Ben hears sound, not sockets"
    );
    let mut ada = app.connect(&user).await;
    let [view] = &ada.welcome.calls[..] else {
        panic!("{:?}", ada.welcome.calls);
    };
    assert!(matches!(view.call.state, CallState::Active { .. }));
    assert_eq!(view.here, Here::TakesPart);
    let remote = view.remote.as_ref().unwrap();
    assert_eq!(remote.description, description("answer", 0));
    assert_eq!(remote.candidates, [candidate(1)]);
    ada.hang_up(call).await.unwrap();
    ben.told_end(call).await;
}

#[tokio::test]
async fn call_whose_devices_are_both_away_is_given_up() {
    let app = TestApp::start_ticking(|config| {
        config.calls.abandoned_after_ms = Milliseconds(100);
    })
    .await;
    let user = app.register("ada").await;
    let mut ada = app.connect(&user).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    // A third device of the same account watches.
    let mut watcher = app.connect(&app.sign_in("ada").await).await;
    drop((ada, ben));
    assert_eq!(watcher.told_end(call).await.reason, EndReason::Lost);
}

#[tokio::test]
async fn device_that_comes_while_it_rings_rings_too() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, ben, conversation) = app.contacts().await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let mut phone = app.connect(&app.sign_in("ben").await).await;
    let [view] = &phone.welcome.calls[..] else {
        panic!("{:?}", phone.welcome.calls);
    };
    assert_eq!((view.call.id, &view.here), (call, &Here::Rings));
    drop(ben);
    phone.answer_call(call).await.unwrap();
}

#[tokio::test]
async fn ending_the_session_of_a_device_ends_its_call() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ada").await;
    let mut ada = app.connect(&user).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    app.ask(hyper::Method::DELETE, "/api/v1/sessions/current")
        .by(&user)
        .send()
        .await;
    ben.told_end(call).await;
}

#[tokio::test]
async fn a_new_password_ends_the_calls_of_the_other_sessions() {
    let app = TestApp::start_ticking(|_| {}).await;
    let owner = app.register("ada").await;
    let other = app.sign_in("ada").await;
    let mut ada = app.connect(&other).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    let change = json!({ "current": PASSWORD, "new": "a quite different one" });
    app.ask(hyper::Method::PUT, "/api/v1/me/password")
        .by(&owner)
        .json(&change)
        .send()
        .await;
    ben.told_end(call).await;
}

#[tokio::test]
async fn resent_start_finds_its_call() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let start = start(conversation);
    let first = ada.ask(start.clone()).await.unwrap();
    let again = ada.ask(start).await.unwrap();
    let id = |outcome| match outcome {
        Outcome::Call { call, .. } => call.call.id,
        other => panic!("{other:?}"),
    };
    assert_eq!(id(first), id(again));
    ben.forget();
}

#[tokio::test]
async fn only_contacts_call_and_only_with_what_is_allowed() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut eve = app.join("eve").await;
    let request = eve.open_conversation(ben.me()).await.id;
    let code =
        |result: Result<_, RequestError>| result.map(|_: (CallId, CallView)| ()).unwrap_err().code;
    assert_eq!(code(eve.start_call(request).await), ErrorCode::NotAccepted);
    eve.write(request, "May I call?").await;
    assert_eq!(code(eve.start_call(request).await), ErrorCode::NotAccepted);
    assert_eq!(
        code(eve.start_call(conversation).await),
        ErrorCode::NotFound
    );

    let mut bad = serde_json::to_value(start(conversation)).unwrap();
    bad["description"]["codecs"] = json!([]);
    let error = ada.ask_json(bad.clone()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadRequest);
    assert!(error.message.contains("description"), "{}", error.message);
    bad["description"]["fingerprint"] = json!("none");
    assert_eq!(
        ada.ask_json(bad).await.unwrap_err().code,
        ErrorCode::BadRequest
    );

    let (call, _) = ada.start_call(conversation).await.unwrap();
    let early = ada.add_candidate(call, 1).await;
    assert_eq!(Device::refused(early), ErrorCode::WrongState);
    assert_eq!(
        Device::refused(eve.ask(RequestBody::DeclineCall { call }).await),
        ErrorCode::NotFound
    );
    ben.answer_call(call).await.unwrap();
    let loopback = json!({ "type": "add_candidates", "call": call, "epoch": 0, "candidates": [
        { "foundation": "1", "priority": 1, "address": "127.0.0.1", "port": 5000, "kind": "host" },
    ]});
    let error = ada.ask_json(loopback).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadRequest);
    assert!(error.message.contains("candidates"), "{}", error.message);
}

#[tokio::test]
async fn a_blocked_caller_hears_what_a_call_to_somebody_away_brings_and_the_callee_nothing() {
    let app = TestApp::start_ticking(|config| {
        config.calls.unreachable_timeout_ms = Milliseconds(100);
    })
    .await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    ben.ask(RequestBody::BlockContact { conversation })
        .await
        .unwrap();
    ben.forget();
    let own = ben.start_call(conversation).await;
    assert_eq!(own.unwrap_err().code, ErrorCode::Blocked);
    let (call, _) = ada.start_call(conversation).await.unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::Unreachable);
    assert!(ben.all_told().await.is_empty());
    let back = app.sign_in("ben").await;
    let log: CallLog = app.get("/api/v1/calls").by(&back).send().await.json();
    assert!(log.calls.is_empty());
    let caller = app.sign_in("ada").await;
    let log: CallLog = app.get("/api/v1/calls").by(&caller).send().await.json();
    assert_eq!(log.calls.len(), 1);
}

#[tokio::test]
async fn contacts_see_who_is_in_a_call() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let presence = |frame: &ServerFrame| match *frame {
        ServerFrame::Presence { presence, .. } => Some(presence),
        _ => None,
    };
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    assert_eq!(ada.told(presence).await, Presence::InCall);
    ada.hang_up(call).await.unwrap();
    assert_eq!(ada.told(presence).await, Presence::Online);
}

#[tokio::test]
async fn calls_survive_a_restart_of_the_server() {
    let app = TestApp::start_ticking(|_| {}).await;
    let users = [app.register("ada").await, app.register("ben").await];
    let mut ada = app.connect(&users[0]).await;
    let mut ben = app.connect(&users[1]).await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    ben.answer_call(call).await.unwrap();
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    let active = ada
        .told_call(|view| matches!(view.call.state, CallState::Active { .. }))
        .await;
    drop((ada, ben));
    let app = app.restart().await;
    let mut ada = app.connect(&users[0]).await;
    let mut ben = app.connect(&users[1]).await;
    let [view] = &ada.welcome.calls[..] else {
        panic!("{:?}", ada.welcome.calls);
    };
    assert_eq!(view.call.state, active.call.state);
    assert_eq!((view.call.id, &view.here), (call, &Here::TakesPart));
    assert!(view.call.revision > active.call.revision);
    ada.hang_up(call).await.unwrap();
    let end = ben.told_end(call).await;
    assert!(end.talked.is_some());
}

#[tokio::test]
async fn call_log_is_paged() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ada").await;
    let mut ada = app.connect(&user).await;
    let mut ben = app.join("ben").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        let (call, _) = ada.start_call(conversation).await.unwrap();
        ada.ask(RequestBody::CancelCall { call }).await.unwrap();
        calls.push(call);
    }
    calls.sort_unstable();
    calls.reverse();
    let page = async |query: String| -> (Vec<CallId>, bool) {
        let path = format!("/api/v1/calls{query}");
        let log: CallLog = app.get(&path).by(&user).send().await.json();
        (
            log.calls.iter().map(|record| record.call).collect(),
            log.more,
        )
    };
    assert_eq!(
        page("?limit=2".to_owned()).await,
        (calls[..2].to_vec(), true)
    );
    let older = format!("?before={}", calls[1]);
    assert_eq!(page(older).await, (calls[2..].to_vec(), false));
    let bad = app
        .get("/api/v1/calls?before=yesterday")
        .by(&user)
        .send()
        .await;
    assert_eq!(bad.refused(), (400, ErrorCode::BadRequest));
}
