//! Whoever guesses passwords: few guesses are looked at, the owner gets in, and the server serves on (T15, T27).

use std::net::{IpAddr, Ipv4Addr};

use futures_util::future::join_all;
use hyper::{Method, StatusCode};
use protocol::Milliseconds;
use protocol::error::ErrorCode;
use protocol::managing::PasswordReset;
use serde_json::json;
use server::accounts::FactorsAtReset;

use crate::app::{PASSWORD, TestApp, sign_in_body};
use crate::managing::by_name;

/// Guesses of T15, all in one hour.
const GUESSES: u32 = 10_000;
/// Sign-ins of T27, all at once.
const AT_ONCE: usize = 1_000;
const GUESSABLE: &str = "password123";

#[tokio::test]
async fn of_ten_thousand_guesses_in_an_hour_few_are_looked_at_and_the_owner_gets_in() {
    let app = TestApp::start_with(|config| config.limits.free_sign_in_failures = 5).await;
    let ada = app.register("ada").await;
    let accounts = &app.server.app().accounts;
    let mut looked_at = 0;
    for number in 0..GUESSES {
        let guess = sign_in_body("ada", &format!("wrong guess {number}"));
        let guess = serde_json::from_value(guess).unwrap();
        // Each from a network of its own, so that the account alone is what is counted.
        let from = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
        match accounts.sign_in(guess, from).await.unwrap_err().code {
            ErrorCode::WrongCredentials => looked_at += 1,
            ErrorCode::RateLimited => {}
            other => panic!("{other:?}"),
        }
        app.advance(Milliseconds(3_600_000 / u64::from(GUESSES)));
    }
    assert!((5..100).contains(&looked_at), "{looked_at}");

    let stranger = app.post("/api/v1/sessions", &sign_in_body("ada", PASSWORD));
    assert_eq!(stranger.send().await.status, StatusCode::TOO_MANY_REQUESTS);
    let mut known = sign_in_body("ada", PASSWORD);
    known["device"]["id"] = json!(ada.signed_in.device.id);
    let known = app.post("/api/v1/sessions", &known).send().await;
    assert_eq!(known.status, StatusCode::OK, "{known:?}");
}

#[tokio::test]
async fn a_thousand_sign_ins_at_once_are_answered_or_told_to_come_back_and_a_socket_lives_on() {
    let app = TestApp::start_with(|config| config.limits.password_queue = 4).await;
    let (mut ada, _ben, _) = app.contacts().await;
    let accounts = &app.server.app().accounts;
    let flood = join_all((0..AT_ONCE).map(|number| async move {
        let guess = sign_in_body(&format!("user-{number}"), "a wrong guess");
        let guess = serde_json::from_value(guess).unwrap();
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        accounts.sign_in(guess, from).await.unwrap_err().code
    }));
    let (codes, seen) = tokio::join!(flood, ada.ask_json(json!({ "type": "mark_calls_seen" })));
    seen.unwrap();
    let count = |code| codes.iter().filter(|&&other| other == code).count();
    let looked_at = count(ErrorCode::WrongCredentials);
    let told = count(ErrorCode::Unavailable) + count(ErrorCode::RateLimited);
    assert_eq!(looked_at + told, AT_ONCE);
    assert!(looked_at > 0 && told > 0, "{looked_at} and {told}");
    app.sign_in("ada").await;
}

#[tokio::test]
async fn a_new_password_that_is_easy_to_guess_is_refused_wherever_one_is_chosen() {
    let app = TestApp::start_with(|config| config.limits.accounts_per_hour = 2).await;
    let body = |password| {
        json!({
            "username": "ada.lovelace", "display_name": "Ada", "password": password,
            "device": { "name": "x" },
        })
    };
    for guessable in [GUESSABLE, "ada.lovelace", "ahoy-ahoy-ahoy"] {
        let refused = app.post("/api/v1/accounts", &body(guessable)).send().await;
        assert_eq!(refused.refused(), (422, ErrorCode::PasswordGuessable));
        assert_eq!(refused.problem().field.as_deref(), Some("password"));
    }
    // Refused ones did not count as accounts of this network, and did not take the name.
    let ada = app.register("ada.lovelace").await;

    let change = json!({ "current": PASSWORD, "new": GUESSABLE });
    let refused = app.ask(Method::PUT, "/api/v1/me/password").by(&ada);
    let refused = refused.json(&change).send().await;
    assert_eq!(refused.refused(), (422, ErrorCode::PasswordGuessable));
    assert_eq!(refused.problem().field.as_deref(), Some("new"));
    app.sign_in("ada.lovelace").await;

    let accounts = &app.server.app().accounts;
    let reset = accounts.reset_password(by_name("ada.lovelace"), FactorsAtReset::Kept);
    let PasswordReset { secret, .. } = reset.await.unwrap();
    let choose = |password| {
        let body = json!({ "reset": secret, "password": password });
        app.post("/api/v1/resets", &body).send()
    };
    let refused = choose(GUESSABLE).await;
    assert_eq!(refused.refused(), (422, ErrorCode::PasswordGuessable));
    let kept = choose("a quite new password").await;
    assert_eq!(
        kept.status,
        StatusCode::NO_CONTENT,
        "the link is still good"
    );
}

/// Whoever has had such a password since before there was this rule still gets in, and a wrong one is only wrong.
#[tokio::test]
async fn nobody_is_told_at_the_sign_in_that_a_password_is_easy_to_guess() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let answer = app.post("/api/v1/sessions", &sign_in_body("ada", GUESSABLE));
    let refused = answer.send().await;
    assert_eq!(refused.refused(), (401, ErrorCode::WrongCredentials));
}
