//! Authenticator apps, recovery codes, the second half of a sign-in, and what asks for a proof.

use hyper::{Method, StatusCode};
use protocol::Milliseconds;
use protocol::account::{SignedIn, Token};
use protocol::error::ErrorCode;
use protocol::factors::{
    AuthenticatorAppSetup, Factors, FactorsChanged, SecondFactorRequired, SecondFactorWay,
};
use protocol::limits::{
    AUTHENTICATOR_APP_SETUP_LIFE, CONFIRMATION_LIFE, SECOND_FACTOR_ATTEMPTS, SECOND_FACTOR_LIFE,
    close,
};
use serde_json::{Value, json};
use server::accounts::{Change, FactorsAtReset};
use totp_rs::{Builder, Secret};

use crate::app::{Answer, PASSWORD, TestApp, User, sign_in_body};
use crate::managing::by_name;

const SESSIONS: &str = "/api/v1/sessions";
const SECOND_FACTOR: &str = "/api/v1/sessions/second-factor";
const CONFIRM: &str = "/api/v1/sessions/current/confirmation";
const APP: &str = "/api/v1/me/authenticator-app";
const CODES: &str = "/api/v1/me/recovery-codes";
const PASSWORD_PATH: &str = "/api/v1/me/password";
const STEP: Milliseconds = Milliseconds::from_seconds(30);

#[tokio::test]
async fn a_password_is_not_enough_beside_an_app() {
    let app = TestApp::start().await;
    let (ada, secret, _) = with_app(&app).await;
    let required = enter_password(&app).await;
    let ways = [
        SecondFactorWay::AuthenticatorApp,
        SecondFactorWay::RecoveryCode,
    ];
    assert_eq!(required.ways, ways);
    assert_eq!(required.expires_in, SECOND_FACTOR_LIFE);
    app.advance(STEP);
    let signed_in: SignedIn = show_code(&app, &required, &code(&app, &secret))
        .await
        .json();
    assert_eq!(signed_in.me, ada.signed_in.me);
    assert_eq!(signed_in.recovery_codes_left, None);
    let next = signed_in.refresh_token.unwrap();
    assert_eq!(app.refresh(next.expose()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_ticket_is_no_token() {
    let app = TestApp::start().await;
    with_app(&app).await;
    let required = enter_password(&app).await;
    let ticket = required.ticket.expose();
    let me = app.get("/api/v1/me").bearer(ticket).send().await;
    assert_eq!(me.refused(), (401, ErrorCode::Unauthenticated));
    let refreshed = app.refresh(ticket).await;
    assert_eq!(refreshed.refused(), (401, ErrorCode::Unauthenticated));
}

#[tokio::test]
async fn whoever_does_not_know_the_password_learns_nothing_of_the_second_factor() {
    let app = TestApp::start().await;
    with_app(&app).await;
    app.register("ben").await;
    let mut answers = Vec::new();
    for name in ["ada", "ben", "nobody"] {
        let body = sign_in_body(name, "incorrect horse");
        let answer = app.post(SESSIONS, &body).send().await;
        assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_code_opens_one_session_and_so_does_a_ticket() {
    let app = TestApp::start().await;
    let (_, secret, _) = with_app(&app).await;
    app.advance(STEP);
    let shown = code(&app, &secret);
    let (first, second) = (enter_password(&app).await, enter_password(&app).await);
    let opened = show_code(&app, &first, &shown).await;
    assert_eq!(opened.status, StatusCode::OK);
    let replayed = show_code(&app, &second, &shown).await;
    assert_eq!(replayed.refused(), (401, ErrorCode::WrongCredentials));
    app.advance(STEP);
    let used = show_code(&app, &first, &code(&app, &secret)).await;
    assert_eq!(used.refused(), (410, ErrorCode::Expired));
    let opened = show_code(&app, &second, &code(&app, &secret)).await;
    assert_eq!(opened.status, StatusCode::OK);
}

#[tokio::test]
async fn of_two_codes_at_once_one_opens_a_session() {
    let app = TestApp::start().await;
    let (_, _, codes) = with_app(&app).await;
    let required = enter_password(&app).await;
    let (one, other) = tokio::join!(
        show_recovery(&app, &required, &codes[0]),
        show_recovery(&app, &required, &codes[1]),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
}

#[tokio::test]
async fn a_ticket_is_void_after_a_while_after_wrong_codes_and_after_a_new_password() {
    let app = TestApp::start().await;
    let (ada, secret, _) = with_app(&app).await;
    let late = enter_password(&app).await;
    app.advance(SECOND_FACTOR_LIFE);
    let answer = show_code(&app, &late, &code(&app, &secret)).await;
    assert_eq!(answer.refused(), (410, ErrorCode::Expired));

    let guessed = enter_password(&app).await;
    for _ in 0..SECOND_FACTOR_ATTEMPTS {
        let answer = show_code(&app, &guessed, "000000").await;
        assert_eq!(answer.problem().field.as_deref(), Some("code"));
    }
    let answer = show_code(&app, &guessed, &code(&app, &secret)).await;
    assert_eq!(answer.refused(), (410, ErrorCode::Expired));

    app.advance(Milliseconds(1_000));
    let outdated = enter_password(&app).await;
    let change = json!({ "current": PASSWORD, "new": "a quite different one" });
    let changed = app.ask(Method::PUT, PASSWORD_PATH).by(&ada).json(&change);
    assert_eq!(changed.send().await.status, StatusCode::NO_CONTENT);
    let answer = show_code(&app, &outdated, &code(&app, &secret)).await;
    assert_eq!(answer.refused(), (410, ErrorCode::Expired));
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_whatever_the_password_says() {
    let app = TestApp::start_with(|config| config.limits.free_sign_in_failures = 2).await;
    let (_, secret, _) = with_app(&app).await;
    app.advance(STEP);
    for _ in 0..2 {
        let required = enter_password(&app).await;
        let answer = show_code(&app, &required, "000000").await;
        assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
    }
    let required = enter_password(&app).await;
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.refused(), (429, ErrorCode::RateLimited));
    app.advance(answer.problem().retry_after.unwrap());
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.status, StatusCode::OK, "the ticket is still good");
}

#[tokio::test]
async fn each_recovery_code_is_good_once_until_new_ones_are_made() {
    let app = TestApp::start().await;
    let (ada, _, codes) = with_app(&app).await;
    let required = enter_password(&app).await;
    let opened: SignedIn = show_recovery(&app, &required, &codes[0]).await.json();
    assert_eq!(opened.recovery_codes_left, Some(9));
    let required = enter_password(&app).await;
    let again = show_recovery(&app, &required, &codes[0]).await;
    assert_eq!(again.refused(), (401, ErrorCode::WrongCredentials));

    let new: FactorsChanged = app.post(CODES, &json!({})).by(&ada).send().await.json();
    assert_eq!(new.factors.recovery_codes_left, 10);
    let old = show_recovery(&app, &required, &codes[1]).await;
    assert_eq!(old.refused(), (401, ErrorCode::WrongCredentials));
    let new = new.recovery_codes.unwrap();
    let opened = show_recovery(&app, &required, &new[0]).await;
    assert_eq!(opened.status, StatusCode::OK);
}

#[tokio::test]
async fn the_codes_of_another_account_open_nothing() {
    let app = TestApp::start().await;
    let (_, _, _) = with_app(&app).await;
    let ben = app.register("ben").await;
    let (secret, codes) = add_app(&app, &ben).await;
    app.advance(STEP);
    let required = enter_password(&app).await;
    for answer in [
        show_recovery(&app, &required, &codes[0]).await,
        show_code(&app, &required, &code(&app, &secret)).await,
    ] {
        assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
    }
}

#[tokio::test]
async fn an_app_counts_once_it_has_shown_a_code_to_the_session_that_set_it_up() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let other = app.sign_in("ada").await;
    let setup: AuthenticatorAppSetup = app.post(APP, &json!({})).by(&ada).send().await.json();
    let uri = setup.uri.expose();
    assert!(uri.starts_with("otpauth://totp/127.0.0.1%3A"), "{uri}");
    let secret = setup.secret.expose();
    let show = |user: &User, code: &str| {
        let shown = json!({ "code": code });
        app.ask(Method::PUT, APP).by(user).json(&shown).send()
    };
    let elsewhere = show(&other, &code(&app, secret)).await;
    assert_eq!(elsewhere.refused(), (410, ErrorCode::Expired));
    let wrong = show(&ada, "000000").await.problem();
    assert_eq!((wrong.status, wrong.field.as_deref()), (400, Some("code")));
    app.sign_in("ada").await;

    app.advance(AUTHENTICATOR_APP_SETUP_LIFE);
    let late = show(&ada, &code(&app, secret)).await;
    assert_eq!(late.refused(), (410, ErrorCode::Expired));
}

#[tokio::test]
async fn the_code_that_set_an_app_up_signs_nobody_in() {
    let app = TestApp::start().await;
    let (_, secret, _) = with_app(&app).await;
    let required = enter_password(&app).await;
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
}

#[tokio::test]
async fn without_its_last_factor_an_account_needs_its_password_alone() {
    let app = TestApp::start().await;
    let (ada, _, _) = with_app(&app).await;
    let removed: FactorsChanged = app.ask(Method::DELETE, APP).by(&ada).send().await.json();
    assert_eq!(removed.factors.authenticator_app, None);
    assert_eq!(removed.factors.recovery_codes_left, 0);
    app.sign_in("ada").await;
    let none = app.ask(Method::DELETE, APP).by(&ada).send().await;
    assert_eq!(none.refused(), (404, ErrorCode::NotFound));
    let codes = app.post(CODES, &json!({})).by(&ada).send().await;
    assert_eq!(codes.refused(), (409, ErrorCode::WrongState));
}

#[tokio::test]
async fn factors_are_changed_by_those_who_were_proven_a_moment_ago() {
    let app = TestApp::start().await;
    let (ada, _, _) = with_app(&app).await;
    app.advance(CONFIRMATION_LIFE);
    for (method, path) in [
        (Method::POST, APP),
        (Method::DELETE, APP),
        (Method::POST, CODES),
    ] {
        let answer = app.ask(method.clone(), path).by(&ada).send().await;
        let refused = (403, ErrorCode::ConfirmationRequired);
        assert_eq!(answer.refused(), refused, "{method} {path}");
    }
    let wrong = confirm(&app, &ada, "incorrect horse").await.problem();
    assert_eq!(wrong.code, ErrorCode::WrongCredentials);
    assert_eq!(wrong.field.as_deref(), Some("password"));
    assert_eq!(
        confirm(&app, &ada, PASSWORD).await.status,
        StatusCode::NO_CONTENT
    );
    let codes = app.post(CODES, &json!({})).by(&ada).send().await;
    assert_eq!(codes.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stolen_token_does_not_guess_the_password() {
    let app = TestApp::start_with(|config| config.limits.free_sign_in_failures = 2).await;
    let ada = app.register("ada").await;
    for _ in 0..2 {
        let answer = confirm(&app, &ada, "incorrect horse").await;
        assert_eq!(answer.refused(), (401, ErrorCode::WrongCredentials));
    }
    let change = json!({ "current": "incorrect horse", "new": "a quite different one" });
    let answer = app.ask(Method::PUT, PASSWORD_PATH).by(&ada).json(&change);
    assert_eq!(answer.send().await.refused(), (429, ErrorCode::RateLimited));
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_its_socket_and_the_old_password() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let other = app.sign_in("ada").await;
    let mut own_device = app.connect(&ada).await;
    let mut other_device = app.connect(&other).await;
    let change = |current: Value| {
        let body = json!({ "current": current, "new": "a quite different one" });
        app.ask(Method::PUT, PASSWORD_PATH)
            .by(&ada)
            .json(&body)
            .send()
    };
    let without = change(Value::Null).await;
    assert_eq!(without.refused(), (403, ErrorCode::ConfirmationRequired));
    let wrong = change(json!("incorrect horse")).await.problem();
    assert_eq!(wrong.field.as_deref(), Some("current"));
    assert_eq!(change(json!(PASSWORD)).await.status, StatusCode::NO_CONTENT);

    assert_eq!(other_device.socket.closed().await, close::SESSION_ENDED);
    assert_eq!(me(&app, &other).await.status, StatusCode::UNAUTHORIZED);
    let refreshed = app.refresh(other.refresh_token()).await;
    assert_eq!(refreshed.refused(), (401, ErrorCode::Unauthenticated));
    assert_eq!(me(&app, &ada).await.status, StatusCode::OK);
    own_device.all_told().await;

    let body = sign_in_body("ada", PASSWORD);
    let old = app.post(SESSIONS, &body).send().await;
    assert_eq!(old.refused(), (401, ErrorCode::WrongCredentials));
    let body = sign_in_body("ada", "a quite different one");
    let new = app.post(SESSIONS, &body).send().await;
    assert_eq!(new.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_one_account() {
    let app = TestApp::start().await;
    let (ada, ben) = (app.register("ada").await, app.register("ben").await);
    let other = app.sign_in("ada").await;
    let mut device = app.connect(&other).await;
    let out = app.ask(Method::DELETE, SESSIONS).by(&ada).send().await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(device.socket.closed().await, close::SESSION_ENDED);
    for user in [&ada, &other] {
        assert_eq!(me(&app, user).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(me(&app, &ben).await.status, StatusCode::OK);
}

#[tokio::test]
async fn factors_survive_a_restart_and_tickets_do_not() {
    let app = TestApp::start().await;
    let (_, secret, _) = with_app(&app).await;
    let required = enter_password(&app).await;
    let app = app.restart().await;
    app.advance(STEP);
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.refused(), (410, ErrorCode::Expired));
    let required = enter_password(&app).await;
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn every_address_of_factors_needs_a_token() {
    let app = TestApp::start().await;
    for (method, path) in [
        (Method::GET, "/api/v1/me/factors"),
        (Method::POST, APP),
        (Method::PUT, APP),
        (Method::DELETE, APP),
        (Method::POST, CODES),
        (Method::PUT, PASSWORD_PATH),
        (Method::POST, "/api/v1/me/passkeys/challenge"),
        (Method::POST, "/api/v1/me/passkeys"),
        (
            Method::PATCH,
            "/api/v1/me/passkeys/019aabb8-b400-7000-8000-0000000000e1",
        ),
        (
            Method::DELETE,
            "/api/v1/me/passkeys/019aabb8-b400-7000-8000-0000000000e1",
        ),
        (Method::POST, "/api/v1/sessions/current/passkey-challenge"),
        (Method::POST, CONFIRM),
        (Method::DELETE, SESSIONS),
    ] {
        let answer = app.ask(method.clone(), path).json(&json!({})).send().await;
        let refused = (401, ErrorCode::Unauthenticated);
        assert_eq!(answer.refused(), refused, "{method} {path}");
    }
}

#[tokio::test]
async fn a_disabled_account_is_refused_with_the_right_code_too() {
    let app = TestApp::start().await;
    let (_, secret, codes) = with_app(&app).await;
    app.advance(STEP);
    let accounts = &app.server.app().accounts;
    for is_recovery in [false, true] {
        let required = enter_password(&app).await;
        let disabled = accounts.change(by_name("ada"), Change::Disable).await;
        assert!(disabled.unwrap().disabled);
        let answer = if is_recovery {
            show_recovery(&app, &required, &codes[0]).await
        } else {
            show_code(&app, &required, &code(&app, &secret)).await
        };
        assert_eq!(answer.refused(), (403, ErrorCode::AccountDisabled));
        accounts
            .change(by_name("ada"), Change::Enable)
            .await
            .unwrap();
    }
    let required = enter_password(&app).await;
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.status, StatusCode::OK, "the code was not used up");
}

#[tokio::test]
async fn a_reset_leaves_the_second_factor_unless_the_host_says_otherwise() {
    let app = TestApp::start().await;
    let (_, secret, _) = with_app(&app).await;
    app.advance(STEP);
    let accounts = &app.server.app().accounts;
    let reset = accounts.reset_password(by_name("ada"), FactorsAtReset::Kept);
    let reset = reset.await.unwrap();
    assert!(reset.authenticator_app);
    choose(&app, &reset.secret).await;
    let required = enter_password(&app).await;
    let answer = show_code(&app, &required, &code(&app, &secret)).await;
    assert_eq!(answer.status, StatusCode::OK);

    let reset = accounts.reset_password(by_name("ada"), FactorsAtReset::Removed);
    let reset = reset.await.unwrap();
    assert!(!reset.authenticator_app);
    choose(&app, &reset.secret).await;
    app.sign_in("ada").await;
}

async fn choose(app: &TestApp, secret: &Token) {
    let body = json!({ "reset": secret, "password": PASSWORD });
    let chosen = app.post("/api/v1/resets", &body).send().await;
    assert_eq!(chosen.status, StatusCode::NO_CONTENT);
}

/// Somebody with an authenticator app, its secret, and the recovery codes that came with it.
async fn with_app(app: &TestApp) -> (User, String, Vec<Token>) {
    let ada = app.register("ada").await;
    let (secret, codes) = add_app(app, &ada).await;
    let factors: Factors = app.get("/api/v1/me/factors").by(&ada).send().await.json();
    assert!(factors.authenticator_app.is_some());
    assert_eq!(factors.recovery_codes_left, 10);
    (ada, secret, codes)
}

async fn add_app(app: &TestApp, user: &User) -> (String, Vec<Token>) {
    let setup: AuthenticatorAppSetup = app.post(APP, &json!({})).by(user).send().await.json();
    let secret = setup.secret.expose().to_owned();
    let shown = json!({ "code": code(app, &secret) });
    let added = app.ask(Method::PUT, APP).by(user).json(&shown).send().await;
    let added: FactorsChanged = added.json();
    (secret, added.recovery_codes.unwrap())
}

/// What the app shows now.
fn code(app: &TestApp, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let seconds = u64::try_from(app.clock.now().0 / 1000).unwrap();
    totp.generate(seconds).to_string()
}

async fn enter_password(app: &TestApp) -> SecondFactorRequired {
    let body = sign_in_body("ada", PASSWORD);
    let answer = app.post(SESSIONS, &body).send().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert!(!answer.headers.contains_key("set-cookie"));
    answer.json()
}

async fn show_code(app: &TestApp, required: &SecondFactorRequired, code: &str) -> Answer {
    show(app, required, "authenticator_app", code).await
}

async fn show_recovery(app: &TestApp, required: &SecondFactorRequired, code: &Token) -> Answer {
    show(app, required, "recovery_code", code.expose()).await
}

async fn show(app: &TestApp, required: &SecondFactorRequired, way: &str, code: &str) -> Answer {
    let body = json!({ "ticket": required.ticket, "way": way, "code": code });
    app.post(SECOND_FACTOR, &body).send().await
}

async fn confirm(app: &TestApp, user: &User, password: &str) -> Answer {
    let body = json!({ "type": "password", "password": password });
    app.post(CONFIRM, &body).by(user).send().await
}

async fn me(app: &TestApp, user: &User) -> Answer {
    app.get("/api/v1/me").by(user).send().await
}
