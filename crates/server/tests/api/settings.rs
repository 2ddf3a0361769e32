//! What people decide about being called, and what comes of it.

use hyper::{Method, StatusCode};
use protocol::call::{CallReport, CallState, EndReason, Here, Role};
use protocol::chat::{Conversation, MessageBody};
use protocol::error::ErrorCode;
use protocol::settings::Settings;
use protocol::socket::{Outcome, RequestBody, ServerFrame};
use protocol::{CallId, ConversationId, Milliseconds};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, User};
use crate::device::{Device, befriend};

const PATH: &str = "/api/v1/me/settings";

#[tokio::test]
async fn settings_are_kept_whole_and_told_to_every_device() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let mut laptop = app.connect(&user).await;
    let mut phone = app.connect(&app.sign_in("ada").await).await;
    let mut ben = app.join("ben").await;
    assert_eq!(laptop.welcome.settings, Settings::default());
    let defaults: Settings = app.get(PATH).by(&user).send().await.json();
    assert_eq!(defaults, Settings::default());

    let new = json!({
        "call_waiting": false,
        "do_not_disturb": { "until": 1_800_000_600_000_u64 },
        "quiet_hours": { "from": 1320, "to": 420, "time_zone": "Europe/Berlin" },
        "second_call_passes": true,
        "hide_address": true,
    });
    let answer = put(&app, &user, &new).await;
    assert_eq!(answer.json::<Value>(), new);
    let expected: Settings = serde_json::from_value(new.clone()).unwrap();
    for device in [&mut laptop, &mut phone] {
        assert_eq!(told_settings(device).await, expected);
    }
    assert!(
        ben.all_told_but_presence().await.is_empty(),
        "nobody else's business"
    );
    put(&app, &user, &new).await;
    assert!(
        laptop.all_told_but_presence().await.is_empty(),
        "nothing changed"
    );

    let app = app.restart().await;
    let ada = app.connect(&user).await;
    assert_eq!(ada.welcome.settings, expected);
    // The whole is replaced: what is left out has its default again.
    put(&app, &user, &json!({ "second_call_passes": true })).await;
    let kept: Settings = app.get(PATH).by(&user).send().await.json();
    let expected = Settings {
        second_call_passes: true,
        ..Settings::default()
    };
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn a_setting_that_is_not_allowed_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let user = app.register("ada").await;
    let quiet = |from: Value, to: Value, zone: Value| json!({ "quiet_hours": { "from": from, "to": to, "time_zone": zone } });
    for (body, field) in [
        (json!({ "call_waiting": "yes" }), "call_waiting"),
        (json!({ "do_not_disturb": true }), "do_not_disturb"),
        (
            json!({ "do_not_disturb": { "until": "noon" } }),
            "do_not_disturb.until",
        ),
        (
            quiet(json!(1440), json!(0), json!("UTC")),
            "quiet_hours.from",
        ),
        (quiet(json!(-1), json!(0), json!("UTC")), "quiet_hours.from"),
        (quiet(json!(0), json!(1440), json!("UTC")), "quiet_hours.to"),
        (quiet(json!(7), json!(7), json!("UTC")), "quiet_hours.to"),
        (
            quiet(json!(0), json!(7), json!("Europe/Atlantis")),
            "quiet_hours.time_zone",
        ),
        (
            quiet(json!(0), json!(7), json!("")),
            "quiet_hours.time_zone",
        ),
        (
            quiet(json!(0), json!(7), json!("x".repeat(65))),
            "quiet_hours.time_zone",
        ),
        (
            json!({ "quiet_hours": { "from": 0, "to": 7 } }),
            "quiet_hours.time_zone",
        ),
    ] {
        let answer = app
            .ask(Method::PUT, PATH)
            .by(&user)
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.refused(), (400, ErrorCode::BadRequest), "{body}");
        let problem = answer.problem();
        assert_eq!(problem.field.as_deref(), Some(field), "{body}: {problem:?}");
        assert!(problem.title.contains(field), "{problem:?}");
    }
    let kept: Settings = app.get(PATH).by(&user).send().await.json();
    assert_eq!(kept, Settings::default());
}

#[tokio::test]
async fn conversation_is_muted_by_one_and_for_one() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut phone = app.connect(&app.sign_in("ben").await).await;
    for muted in [true, false] {
        let seen = mute(&mut ben, conversation, muted).await;
        assert_eq!(seen.muted, muted);
        for device in [&mut ben, &mut phone] {
            let told = device.told_conversation(|_| true).await;
            assert_eq!(told, seen);
        }
        // What is so already is told to nobody.
        mute(&mut ben, conversation, muted).await;
        assert!(phone.all_told_but_presence().await.is_empty());
        let again = app.connect(&app.sign_in("ben").await).await;
        assert_eq!(again.welcome.conversations[0].muted, muted);
    }
    assert!(ada.all_told_but_presence().await.is_empty());
    let mut eve = app.join("eve").await;
    let others = eve.ask(RequestBody::MuteConversation {
        conversation,
        muted: true,
    });
    assert_eq!(Device::refused(others.await), ErrorCode::NotFound);
}

#[tokio::test]
async fn who_wants_quiet_is_told_of_the_call_when_it_is_over() {
    for quiet in ["do not disturb", "quiet hours", "muted"] {
        let app = TestApp::start_ticking(|_| {}).await;
        let user = app.register("ben").await;
        let mut ben = app.connect(&user).await;
        let mut ada = app.join("ada").await;
        let conversation = befriend(&mut ada, &mut ben).await;
        want(&app, &mut ben, &user, conversation, quiet).await;
        ben.all_told().await;

        let (call, view) = ada.start_call(conversation).await.unwrap();
        assert!(
            matches!(view.call.state, CallState::Ringing { devices: 0, .. }),
            "{quiet}: {view:?}"
        );
        let told = ben.all_told_but_presence().await;
        assert!(told.is_empty(), "{quiet}: while it rings: {told:?}");
        let phone = app.connect(&app.sign_in("ben").await).await;
        assert!(
            phone.welcome.calls.is_empty(),
            "{quiet}: nor in the snapshot"
        );
        assert_eq!(phone.welcome.conversations[0].last_seq, 1);
        ada.ask(RequestBody::CancelCall { call }).await.unwrap();

        let entry = ben.told_entry(|record| record.call == call).await;
        let MessageBody::Call { record } = &entry.body else {
            panic!("{entry:?}");
        };
        assert_eq!(record.end.map(|end| end.reason), Some(EndReason::Cancelled));
        assert_eq!(ada.told_entry(|record| record.call == call).await, entry);
        let calls = ben.all_told_but_presence().await;
        assert!(calls.is_empty(), "{quiet}: the timeline says it all");
        let back = app.connect(&user).await;
        let seen = &back.welcome.conversations[0];
        assert_eq!((seen.last_seq, seen.missed, seen.unread), (2, 1, 2));
    }
}

#[tokio::test]
async fn a_quiet_call_ends_like_one_that_nobody_answers() {
    let app = TestApp::start_ticking(|config| {
        config.calls.ring_timeout_ms = Milliseconds(200);
        config.calls.unreachable_timeout_ms = Milliseconds(100);
    })
    .await;
    let user = app.register("ben").await;
    let mut ben = app.connect(&user).await;
    let mut ada = app.join("ada").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    mute(&mut ben, conversation, true).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::NoAnswer);
    drop(ben);
    app.until_gone(user.signed_in.me.id).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    assert_eq!(ada.told_end(call).await.reason, EndReason::Unreachable);
}

#[tokio::test]
async fn a_second_call_passes_where_it_may() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ben").await;
    let mut ben = app.connect(&user).await;
    for (username, passes, muted, rings) in [
        ("ada", false, false, false),
        ("eve", true, false, true),
        ("ida", true, true, false),
    ] {
        let mut ada = app.join(username).await;
        let conversation = befriend(&mut ada, &mut ben).await;
        let settings = json!({
            "do_not_disturb": { "until": null }, "second_call_passes": passes,
        });
        put(&app, &user, &settings).await;
        mute(&mut ben, conversation, muted).await;
        let missed = call_and_cancel(&mut ada, conversation).await;
        ben.told_entry(|record| record.call == missed && record.end.is_some())
            .await;
        ben.all_told().await;
        let (call, _) = ada.start_call(conversation).await.unwrap();
        if rings {
            let view = ben.told_call(|_| true).await;
            assert_eq!((view.call.id, view.here), (call, Here::Rings));
        } else {
            assert!(
                ben.all_told_but_presence().await.is_empty(),
                "{passes} {muted}"
            );
        }
        ada.ask(RequestBody::CancelCall { call }).await.unwrap();
        ada.told_end(call).await;
    }
}

#[tokio::test]
async fn who_calls_back_during_a_quiet_call_talks() {
    let app = TestApp::start_ticking(|_| {}).await;
    let user = app.register("ben").await;
    let mut ben = app.connect(&user).await;
    let mut ada = app.join("ada").await;
    let conversation = befriend(&mut ada, &mut ben).await;
    put(&app, &user, &json!({ "do_not_disturb": { "until": null } })).await;
    let (call, _) = ada.start_call(conversation).await.unwrap();
    let (same, view) = ben.start_call(conversation).await.unwrap();
    assert_eq!(
        (same, view.role, view.here),
        (call, Role::Callee, Here::TakesPart)
    );
    for device in [&mut ada, &mut ben] {
        let entry = device.told_entry(|record| record.call == call).await;
        assert_eq!(entry.seq, 2);
    }
    for device in [&mut ada, &mut ben] {
        device.report(call, CallReport::Connected).await.unwrap();
    }
    ben.told_call(|view| matches!(view.call.state, CallState::Active { .. }))
        .await;
    ada.hang_up(call).await.unwrap();
    let entry = ben.told_entry(|record| record.end.is_some()).await;
    assert_eq!(entry.seq, 2);
    let back = app.connect(&user).await;
    assert_eq!(back.welcome.conversations[0].missed, 0);
}

/// Makes somebody want quiet.
async fn want(
    app: &TestApp,
    device: &mut Device,
    user: &User,
    conversation: ConversationId,
    quiet: &str,
) {
    match quiet {
        "muted" => {
            mute(device, conversation, true).await;
        }
        "do not disturb" => {
            put(app, user, &json!({ "do_not_disturb": { "until": null } })).await;
        }
        "quiet hours" => {
            // All of the day but one minute, which is not this one.
            let minute = app.clock.now().0 / 60_000 % 1_440;
            let (from, to) = ((minute + 721) % 1_440, (minute + 720) % 1_440);
            let hours = json!({ "from": from, "to": to, "time_zone": "UTC" });
            put(app, user, &json!({ "quiet_hours": hours })).await;
        }
        other => panic!("nobody wants {other}"),
    }
}

pub(crate) async fn put(app: &TestApp, user: &User, settings: &Value) -> Answer {
    let asking = app.ask(Method::PUT, PATH).by(user).json(settings);
    let answer = asking.send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer
}

async fn mute(device: &mut Device, conversation: ConversationId, muted: bool) -> Conversation {
    let mute = RequestBody::MuteConversation {
        conversation,
        muted,
    };
    match device.ask(mute).await {
        Ok(Outcome::Conversation { conversation }) => *conversation,
        other => panic!("no conversation but {other:?}"),
    }
}

async fn call_and_cancel(device: &mut Device, conversation: ConversationId) -> CallId {
    let (call, _) = device.start_call(conversation).await.unwrap();
    device.ask(RequestBody::CancelCall { call }).await.unwrap();
    call
}

async fn told_settings(device: &mut Device) -> Settings {
    device
        .told(|frame| match frame {
            ServerFrame::Settings { settings } => Some(settings.clone()),
            _ => None,
        })
        .await
}
