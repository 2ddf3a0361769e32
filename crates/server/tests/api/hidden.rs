//! Who hides their IP address is not told of, and the other side learns it from nothing that the server passes on.

use protocol::call::CallReport;
use protocol::chat::Conversation;
use protocol::description::{Candidate, CandidateKind};
use protocol::error::ErrorCode;
use protocol::relay::RelayMode;
use protocol::socket::{Outcome, RequestBody};
use protocol::{CallId, ConversationId};
use serde_json::json;

use crate::app::TestApp;
use crate::device::{Device, befriend};
use crate::phone::{candidate, description};
use crate::settings::put;

#[tokio::test]
async fn address_is_hidden_from_one_and_nobody_is_told() {
    let app = TestApp::start().await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let mut phone = app.connect(&app.sign_in("ben").await).await;
    for hidden in [true, false] {
        let seen = hide(&mut ben, conversation, hidden).await;
        assert_eq!(seen.hides_address, hidden);
        for device in [&mut ben, &mut phone] {
            assert_eq!(device.told_conversation(|_| true).await, seen);
        }
        // What is so already is told to nobody.
        hide(&mut ben, conversation, hidden).await;
        assert!(phone.all_told_but_presence().await.is_empty());
        let again = app.connect(&app.sign_in("ben").await).await;
        assert_eq!(again.welcome.conversations[0].hides_address, hidden);
        let other = app.connect(&app.sign_in("ada").await).await;
        assert!(!other.welcome.conversations[0].hides_address);
    }
    assert!(ada.all_told_but_presence().await.is_empty());
    let mut eve = app.join("eve").await;
    let others = eve.ask(RequestBody::HideAddress {
        conversation,
        hidden: true,
    });
    assert_eq!(Device::refused(others.await), ErrorCode::NotFound);
}

#[tokio::test]
async fn only_the_relays_candidates_of_a_hidden_device_are_passed_on() {
    for from in ["all", "one"] {
        let app = TestApp::start_ticking(|_| {}).await;
        let user = app.register("ben").await;
        let mut ben = app.connect(&user).await;
        let mut ada = app.join("ada").await;
        let conversation = befriend(&mut ada, &mut ben).await;
        if from == "all" {
            put(&app, &user, &json!({ "hide_address": true })).await;
        } else {
            hide(&mut ben, conversation, true).await;
        }
        let (call, _) = ada.start_call(conversation).await.unwrap();
        let answer = RequestBody::AnswerCall {
            call,
            description: description("answer", 0),
            candidates: every_kind(1),
        };
        ben.ask(answer).await.unwrap();
        let answered = ada.told_call(|view| view.remote.is_some()).await;
        let remote = answered.remote.unwrap();
        assert_eq!(remote.candidates, [relayed(1)], "{from}: in the answer");
        add(&mut ben, call, 0, every_kind(2)).await;
        assert_eq!(ada.told_candidates().await, [relayed(2)], "{from}: later");
        // Nothing is left to pass on, and that is no fault.
        add(&mut ben, call, 0, vec![candidate(3)]).await;
        // Who hides nothing is passed on whole.
        add(&mut ada, call, 0, every_kind(4)).await;
        assert_eq!(ben.told_candidates().await, every_kind(4));
        for device in [&mut ada, &mut ben] {
            device.report(call, CallReport::Connected).await.unwrap();
        }

        // A change holds at once: hidden from one where it was from all, and from nobody where it was from one.
        put(&app, &user, &json!({ "hide_address": false })).await;
        hide(&mut ben, conversation, from == "all").await;
        add(&mut ben, call, 0, every_kind(5)).await;
        let expected = if from == "all" {
            vec![relayed(5)]
        } else {
            every_kind(5)
        };
        assert_eq!(ada.told_candidates().await, expected, "{from}: changed");
    }
}

#[tokio::test]
async fn server_that_restarted_still_knows_who_hides() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ben = app.register("ben").await;
    let (mut laptop, mut phone) = (app.connect(&ada).await, app.connect(&ben).await);
    let conversation = befriend(&mut laptop, &mut phone).await;
    hide(&mut phone, conversation, true).await;
    put(&app, &ada, &json!({ "hide_address": true })).await;
    let app = app.restart().await;
    let hidden = &app.server.app().hidden;
    for user in [&ada, &ben] {
        assert!(hidden.hides(user.signed_in.me.id, conversation));
    }
    let mut phone = app.connect(&ben).await;
    hide(&mut phone, conversation, false).await;
    assert!(!hidden.hides(ben.signed_in.me.id, conversation));
}

#[tokio::test]
async fn who_hides_where_there_is_no_relay_is_told_so_in_place_of_a_call() {
    let app = TestApp::start_with(|config| config.relay.mode = RelayMode::Off).await;
    let (mut ada, _ben, conversation) = app.contacts().await;
    hide(&mut ada, conversation, true).await;
    let refused = ada.start_call(conversation).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden);
    assert!(refused.message.contains("no relay"), "{refused:?}");
    hide(&mut ada, conversation, false).await;
    ada.start_call(conversation).await.unwrap();
}

async fn hide(device: &mut Device, conversation: ConversationId, hidden: bool) -> Conversation {
    let hide = RequestBody::HideAddress {
        conversation,
        hidden,
    };
    match device.ask(hide).await {
        Ok(Outcome::Conversation { conversation }) => *conversation,
        other => panic!("no conversation but {other:?}"),
    }
}

async fn add(device: &mut Device, call: CallId, epoch: u16, candidates: Vec<Candidate>) {
    let add = RequestBody::AddCandidates {
        call,
        epoch,
        candidates,
    };
    assert_eq!(device.ask(add).await, Ok(Outcome::Done));
}

fn every_kind(n: u8) -> Vec<Candidate> {
    let of = |kind| Candidate {
        kind,
        ..candidate(n)
    };
    vec![
        of(CandidateKind::Host),
        of(CandidateKind::Srflx),
        of(CandidateKind::Prflx),
        relayed(n),
    ]
}

fn relayed(n: u8) -> Candidate {
    Candidate {
        kind: CandidateKind::Relay,
        ..candidate(n)
    }
}
