//! Making accounts, signing in, oneself.

use hyper::{Method, StatusCode};
use protocol::account::{Person, SignedIn};
use protocol::error::ErrorCode;
use serde_json::json;

use crate::app::{PASSWORD, TestApp, sign_in_body};

#[tokio::test]
async fn somebody_registers_and_is_signed_in() {
    let app = TestApp::start().await;
    let ada = app.register_as("Ada.L", "  Ada Lovelace ").await;
    assert_eq!(ada.signed_in.me.username.as_str(), "ada.l");
    assert_eq!(ada.signed_in.me.display_name.as_str(), "Ada Lovelace");
    let me: Person = app.get("/api/v1/me").by(&ada).send().await.json();
    assert_eq!(me, ada.signed_in.me);
}

#[tokio::test]
async fn a_username_is_given_once_whatever_its_capitals() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let again = json!({
        "username": "ADA", "display_name": "Another", "password": PASSWORD, "device": { "name": "x" },
    });
    let problem = app.post("/api/v1/accounts", &again).send().await.problem();
    assert_eq!(
        (problem.status, problem.code),
        (409, ErrorCode::UsernameTaken)
    );
    assert_eq!(problem.field.as_deref(), Some("username"));
}

#[tokio::test]
async fn of_two_who_want_a_username_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let body = json!({
        "username": "ada", "display_name": "Ada", "password": PASSWORD, "device": { "name": "x" },
    });
    let (first, second) = tokio::join!(
        app.post("/api/v1/accounts", &body).send(),
        app.post("/api/v1/accounts", &body).send(),
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_named() {
    let app = TestApp::start().await;
    let good = json!({
        "username": "ada", "display_name": "Ada", "password": PASSWORD, "device": { "name": "x" },
    });
    for (field, value) in [
        ("username", json!("a")),
        ("username", json!("ada lovelace")),
        ("username", json!(7)),
        ("display_name", json!("  ")),
        ("display_name", json!("a".repeat(65))),
        ("password", json!("short")),
        ("password", json!("x".repeat(257))),
        ("device.name", json!("")),
        ("device.id", json!("no uuid")),
        ("device.refresh_by", json!("pigeon")),
    ] {
        let mut body = good.clone();
        match field.split_once('.') {
            Some((outer, inner)) => body[outer][inner] = value.clone(),
            None => body[field] = value.clone(),
        }
        let problem = app.post("/api/v1/accounts", &body).send().await.problem();
        assert_eq!(
            (problem.status, problem.code),
            (400, ErrorCode::BadRequest),
            "{field} {value}"
        );
        assert_eq!(problem.field.as_deref(), Some(field), "{problem:?}");
        assert!(!problem.title.contains(PASSWORD), "{problem:?}");
    }
    for field in ["username", "display_name", "password", "device"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        let problem = app.post("/api/v1/accounts", &body).send().await.problem();
        assert_eq!(problem.field.as_deref(), Some(field), "{problem:?}");
    }
}

#[tokio::test]
async fn signing_in_on_the_same_device_replaces_its_session() {
    let app = TestApp::start().await;
    let first = app.register("ada").await;
    let mut body = sign_in_body("ADA", PASSWORD);
    body["device"]["id"] = json!(first.signed_in.device.id);
    let again = app.post("/api/v1/sessions", &body).send().await;
    let again: SignedIn = again.json();
    assert_eq!(again.device.id, first.signed_in.device.id);
    assert_ne!(again.session, first.signed_in.session);
    let old = app.get("/api/v1/me").by(&first).send().await;
    assert_eq!(old.refused(), (401, ErrorCode::Unauthenticated));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let mut answers = Vec::new();
    for name in ["ada", "nobody", "no such name!", ""] {
        let body = sign_in_body(name, "incorrect horse");
        let answer = app.post("/api/v1/sessions", &body).send().await;
        assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
        answers.push(answer.body);
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_for_known_and_unknown_names_alike() {
    let app = TestApp::start_with(|config| config.limits.free_sign_in_failures = 2).await;
    let ada = app.register("ada").await;
    for name in ["ada", "nobody"] {
        let wrong = sign_in_body(name, "incorrect horse");
        for _ in 0..2 {
            let answer = app.post("/api/v1/sessions", &wrong).send().await;
            assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
        }
        let answer = app.post("/api/v1/sessions", &wrong).send().await;
        let problem = answer.problem();
        assert_eq!(
            (problem.status, problem.code),
            (429, ErrorCode::RateLimited)
        );
        assert_eq!(answer.header("retry-after"), "1");
        app.advance(problem.retry_after.unwrap());
    }
    app.post("/api/v1/sessions", &sign_in_body("ada", "incorrect horse"))
        .send()
        .await;
    let right = sign_in_body("ada", PASSWORD);
    let stranger = app.post("/api/v1/sessions", &right).send().await;
    assert_eq!(stranger.refused(), (429, ErrorCode::RateLimited));
    let mut known = right;
    known["device"]["id"] = json!(ada.signed_in.device.id);
    let owner = app.post("/api/v1/sessions", &known).send().await;
    assert_eq!(
        owner.status,
        StatusCode::OK,
        "a known device has a count of its own"
    );
}

#[tokio::test]
async fn a_person_changes_their_display_name() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let change = |name: &str| {
        let body = json!({ "display_name": name });
        app.ask(Method::PATCH, "/api/v1/me")
            .by(&ada)
            .json(&body)
            .send()
    };
    let changed: Person = change("Ada, Countess of Lovelace").await.json();
    assert_eq!(changed.display_name.as_str(), "Ada, Countess of Lovelace");
    let me: Person = app.get("/api/v1/me").by(&ada).send().await.json();
    assert_eq!(me, changed);
    let problem = change(" ").await.problem();
    assert_eq!(problem.field.as_deref(), Some("display_name"));
}

#[tokio::test]
async fn accounts_survive_a_restart() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let app = app.restart().await;
    let me: Person = app.get("/api/v1/me").by(&ada).send().await.json();
    assert_eq!(me, ada.signed_in.me);
    app.sign_in("ada").await;
}
