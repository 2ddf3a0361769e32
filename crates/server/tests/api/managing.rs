//! What administrators do with accounts, and what nobody else can.

use hyper::Method;
use protocol::account::Person;
use protocol::call::EndReason;
use protocol::error::ErrorCode;
use protocol::limits::{ACCOUNTS_PAGE, PASSWORD_RESET_LIFE};
use protocol::managing::{ManagedAccount, ManagedAccounts, PasswordReset};
use protocol::{Timestamp, UserId};
use serde_json::{Value, json};
use server::accounts::Change;
use server::store::managed::Which;

use crate::app::{Answer, PASSWORD, START, TestApp, User, sign_in_body};

#[tokio::test]
async fn nobody_but_an_administrator_gets_in() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ben = app.register("ben").await;
    let account = format!("/api/v1/accounts/{}", ada.signed_in.me.id);
    let requests: [(Method, &str, Value); 6] = [
        (Method::GET, "/api/v1/accounts", Value::Null),
        (Method::PATCH, &account, json!({ "disabled": true })),
        (Method::POST, &format!("{account}/reset"), json!({})),
        (Method::GET, "/api/v1/invites", Value::Null),
        (Method::POST, "/api/v1/invites", json!({})),
        (
            Method::DELETE,
            "/api/v1/invites/019aabb8-b400-7000-8000-0000000000a1",
            Value::Null,
        ),
    ];
    for (method, path, body) in &requests {
        let ask = || app.ask(method.clone(), path).json(body);
        let by_ben = ask().by(&ben).send().await;
        assert_eq!(by_ben.refused(), (403, ErrorCode::Forbidden), "{path}");
        let by_nobody = ask().send().await;
        assert_eq!(
            by_nobody.refused(),
            (401, ErrorCode::Unauthenticated),
            "{path}"
        );
    }
    // Whoever was an administrator is none from the next request on.
    assert_eq!(list(&app, &ada).await.accounts.len(), 2);
    change(&app, "ada", Change::Demote).await;
    for (method, path, body) in &requests {
        let ask = app.ask(method.clone(), path).json(body).by(&ada).send();
        assert_eq!(ask.await.refused(), (403, ErrorCode::Forbidden), "{path}");
    }
}

#[tokio::test]
async fn accounts_are_listed_with_their_last_use_page_by_page() {
    let app = TestApp::start().await;
    let zoe = app.register_as("zoe", "Zoë").await;
    app.advance(protocol::Milliseconds(1_000));
    app.register("ada").await;
    let all = list(&app, &zoe).await;
    let told: Vec<_> = all
        .accounts
        .iter()
        .map(|account| {
            (
                account.person.username.as_str(),
                account.administrator,
                account.last_used_at,
            )
        })
        .collect();
    let later = Timestamp(START.0 + 1_000);
    assert_eq!(
        told,
        [("ada", false, Some(later)), ("zoe", true, Some(START))]
    );
    assert!(!all.more);
    let rest = app.get("/api/v1/accounts?after=ada").by(&zoe).send().await;
    assert_eq!(rest.json::<ManagedAccounts>().accounts.len(), 1);

    let insert = |db: &server::store::Connection| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO accounts (id, username, display_name, password, created_at)
            SELECT randomblob(16), 'many' || i, 'Many', 'p', 0 FROM n";
        Ok(db.execute(sql, [ACCOUNTS_PAGE])?)
    };
    app.server.app().store.write(insert).await.unwrap();
    let page = list(&app, &zoe).await;
    assert_eq!(
        (page.accounts.len(), page.more),
        (ACCOUNTS_PAGE as usize, true)
    );
    let last = page.accounts.last().unwrap().person.username.to_string();
    let next = app
        .get(&format!("/api/v1/accounts?after={last}"))
        .by(&zoe)
        .send()
        .await;
    let next: ManagedAccounts = next.json();
    assert_eq!((next.accounts.len(), next.more), (2, false));
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_its_call_ends() {
    let app = TestApp::start_ticking(|_| {}).await;
    let (mut ada, mut ben, conversation) = app.contacts().await;
    let administrator = app.sign_in("ada").await;
    let elsewhere = app.sign_in("ben").await;
    let (call, _) = ben.start_call(conversation).await.unwrap();
    ada.told_call(|_| true).await;

    let disabled: ManagedAccount = set_disabled(&app, &administrator, ben.me(), true)
        .await
        .json();
    assert!(disabled.disabled);
    assert_eq!(ben.socket.closed().await, 4403);
    let ended = ada.told_end(call).await;
    assert!(
        matches!(ended.reason, EndReason::Cancelled | EndReason::Lost),
        "{ended:?}"
    );
    for token in [elsewhere.token(), elsewhere.token()] {
        let me = app.get("/api/v1/me").bearer(token).send().await;
        assert_eq!(me.refused(), (401, ErrorCode::Unauthenticated));
    }
    let refreshed = app.refresh(elsewhere.refresh_token()).await;
    assert_eq!(refreshed.refused(), (401, ErrorCode::Unauthenticated));
    assert_eq!(
        sign_in(&app, PASSWORD).await.refused(),
        (403, ErrorCode::AccountDisabled)
    );
    let guess = sign_in(&app, "not what ben chose").await;
    assert_eq!(
        guess.refused(),
        (401, ErrorCode::WrongCredentials),
        "only the owner learns of it"
    );

    // What they wrote stays, and they are no longer found.
    let people = app
        .get("/api/v1/people?query=ben")
        .by(&administrator)
        .send()
        .await;
    assert_eq!(people.json::<Value>()["people"], json!([]));
    let again = app.connect(&administrator).await;
    assert_eq!(
        again.welcome.conversations[0].person.username.as_str(),
        "ben"
    );

    let enabled = set_disabled(&app, &administrator, disabled.person.id, false).await;
    assert!(!enabled.json::<ManagedAccount>().disabled);
    assert_eq!(sign_in(&app, PASSWORD).await.status, 200);
    let old = app.get("/api/v1/me").by(&elsewhere).send().await;
    assert_eq!(
        old.refused(),
        (401, ErrorCode::Unauthenticated),
        "its sessions stay over"
    );
}

#[tokio::test]
async fn a_session_that_came_about_all_the_same_is_worth_nothing_while_disabled() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let ben = app.register("ben").await;
    let sql = "UPDATE accounts SET disabled_at = 1 WHERE username = 'ben'";
    let disable = |db: &server::store::Connection| Ok(db.execute(sql, [])?);
    app.server.app().store.write(disable).await.unwrap();
    let me = app.get("/api/v1/me").by(&ben).send().await;
    assert_eq!(me.refused(), (401, ErrorCode::Unauthenticated));
}

#[tokio::test]
async fn a_reset_voids_the_password_and_its_link_works_once() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ben = app.register("ben").await;
    let first = reset(&app, &ada, &ben).await;
    let reset = reset(&app, &ada, &ben).await;
    let me = app.get("/api/v1/me").by(&ben).send().await;
    assert_eq!(me.refused(), (401, ErrorCode::Unauthenticated));
    assert_eq!(
        sign_in(&app, PASSWORD).await.refused(),
        (401, ErrorCode::WrongCredentials)
    );

    let show = |secret: &str| {
        app.post("/api/v1/resets/show", &json!({ "reset": secret }))
            .send()
    };
    let shown: Person = show(reset.secret.expose()).await.json();
    assert_eq!(shown.username.as_str(), "ben");
    let replaced = choose(&app, first.secret.expose(), "a quite new password").await;
    assert_eq!(replaced.refused(), (410, ErrorCode::LinkInvalid));
    let short = choose(&app, reset.secret.expose(), "short").await.problem();
    assert_eq!(short.field.as_deref(), Some("password"));
    let chosen = choose(&app, reset.secret.expose(), "a quite new password").await;
    assert_eq!(chosen.status, 204);
    assert!(
        !chosen.headers.contains_key("set-cookie"),
        "it signs nobody in"
    );
    let again = choose(&app, reset.secret.expose(), "an even newer password").await;
    assert_eq!(again.refused(), (410, ErrorCode::LinkInvalid));
    assert_eq!(
        show(reset.secret.expose()).await.refused(),
        (410, ErrorCode::LinkInvalid)
    );
    assert_eq!(sign_in(&app, PASSWORD).await.status, 401);
    assert_eq!(sign_in(&app, "a quite new password").await.status, 200);
}

#[tokio::test]
async fn a_reset_link_is_worth_nothing_after_a_day_or_while_disabled() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let ben = app.register("ben").await;
    let made = reset(&app, &ada, &ben).await;
    change(&app, "ben", Change::Disable).await;
    let refused = choose(&app, made.secret.expose(), "a quite new password").await;
    assert_eq!(refused.refused(), (410, ErrorCode::LinkInvalid));
    change(&app, "ben", Change::Enable).await;
    app.advance(PASSWORD_RESET_LIFE);
    let refused = choose(&app, made.secret.expose(), "a quite new password").await;
    assert_eq!(refused.refused(), (410, ErrorCode::LinkInvalid));
}

#[tokio::test]
async fn an_administrator_does_not_shut_themselves_out() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let me = ada.signed_in.me.id;
    let disabled = set_disabled(&app, &ada, me, true).await;
    assert_eq!(disabled.refused(), (403, ErrorCode::Forbidden));
    let path = format!("/api/v1/accounts/{me}/reset");
    let reset = app.post(&path, &json!({})).by(&ada).send().await;
    assert_eq!(reset.refused(), (403, ErrorCode::Forbidden));
    let nobody = UserId(crate::device::new_id());
    let missing = set_disabled(&app, &ada, nobody, true).await;
    assert_eq!(missing.refused(), (404, ErrorCode::NotFound));
}

pub(crate) fn by_name(name: &str) -> Which {
    Which::Name(name.parse().unwrap())
}

async fn change(app: &TestApp, name: &str, change: Change) {
    let accounts = &app.server.app().accounts;
    accounts.change(by_name(name), change).await.unwrap();
}

async fn list(app: &TestApp, by: &User) -> ManagedAccounts {
    app.get("/api/v1/accounts").by(by).send().await.json()
}

async fn set_disabled(app: &TestApp, by: &User, user: UserId, disabled: bool) -> Answer {
    let path = format!("/api/v1/accounts/{user}");
    let body = json!({ "disabled": disabled });
    app.ask(Method::PATCH, &path)
        .json(&body)
        .by(by)
        .send()
        .await
}

async fn reset(app: &TestApp, by: &User, of: &User) -> PasswordReset {
    let path = format!("/api/v1/accounts/{}/reset", of.signed_in.me.id);
    app.ask(Method::POST, &path).by(by).send().await.json()
}

async fn choose(app: &TestApp, secret: &str, password: &str) -> Answer {
    let body = json!({ "reset": secret, "password": password });
    app.post("/api/v1/resets", &body).send().await
}

async fn sign_in(app: &TestApp, password: &str) -> Answer {
    app.post("/api/v1/sessions", &sign_in_body("ben", password))
        .send()
        .await
}
