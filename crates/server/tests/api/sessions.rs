//! Refreshing, cookies, the list of sessions, signing out.

use hyper::{Method, StatusCode};
use protocol::account::{Sessions, SignedIn};
use protocol::error::ErrorCode;
use protocol::limits::{REFRESH_IDLE_LIFE, REFRESH_LOST_ANSWER};
use protocol::{Milliseconds, SessionId};
use serde_json::json;

use crate::app::{Answer, Asking, PASSWORD, TestApp, User};

const REFRESH: &str = "/api/v1/sessions/refresh";
const CURRENT: &str = "/api/v1/sessions/current";

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_session() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let next: SignedIn = app.refresh(ada.refresh_token()).await.json();
    assert_eq!(next.session, ada.signed_in.session);
    assert_ne!(next.refresh_token, ada.signed_in.refresh_token);
    app.advance(Milliseconds(REFRESH_LOST_ANSWER.0 + 1));

    let stolen = app.refresh(ada.refresh_token()).await;
    assert_eq!(stolen.refused(), (401, ErrorCode::Unauthenticated));
    let owner = app.refresh(next.refresh_token.unwrap().expose()).await;
    assert_eq!(owner.refused(), (401, ErrorCode::Unauthenticated));
    let token = app
        .get("/api/v1/me")
        .bearer(next.access_token.expose())
        .send()
        .await;
    assert_eq!(token.refused(), (401, ErrorCode::Unauthenticated));
}

#[tokio::test]
async fn a_lost_answer_signs_nobody_out() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    assert_eq!(
        app.refresh(ada.refresh_token()).await.status,
        StatusCode::OK
    );
    app.advance(REFRESH_LOST_ANSWER);
    let again: SignedIn = app.refresh(ada.refresh_token()).await.json();
    let next = app.refresh(again.refresh_token.unwrap().expose()).await;
    assert_eq!(next.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_left_alone_for_too_long_is_over() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    app.advance(REFRESH_IDLE_LIFE);
    let answer = app.refresh(ada.refresh_token()).await;
    assert_eq!(answer.refused(), (401, ErrorCode::Unauthenticated));
}

#[tokio::test]
async fn a_made_up_refresh_token_is_nobodys() {
    let app = TestApp::start().await;
    for token in ["", "x", &"A".repeat(43)] {
        assert_eq!(
            app.refresh(token).await.refused(),
            (401, ErrorCode::Unauthenticated)
        );
    }
}

#[tokio::test]
async fn a_browser_gets_its_refresh_token_in_a_cookie_alone() {
    let app = TestApp::start().await;
    let (answer, cookie) = register_browser(&app).await;
    let signed_in: SignedIn = answer.json();
    assert_eq!(signed_in.refresh_token, None);
    let set = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"] {
        assert!(set.contains(part), "{part} in {set}");
    }

    let next = own_page(&app, app.post(REFRESH, &json!({})))
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
    assert_ne!(cookie_of(&next), cookie);
    assert_eq!(next.json::<SignedIn>().session, signed_in.session);
}

#[tokio::test]
async fn another_sites_page_has_no_use_of_the_cookie() {
    let app = TestApp::start().await;
    let (_, cookie) = register_browser(&app).await;
    let own = app.origin();
    for headers in [
        vec![],
        vec![("origin", "null")],
        vec![("origin", "http://evil.example")],
        vec![("origin", &own[..]), ("sec-fetch-site", "cross-site")],
        vec![("origin", &own[..]), ("sec-fetch-site", "same-site")],
        vec![
            ("origin", "http://evil.example"),
            ("sec-fetch-site", "same-origin"),
        ],
    ] {
        for asking in [
            app.post(REFRESH, &json!({})),
            app.ask(Method::DELETE, CURRENT),
        ] {
            let asking = asking.header("cookie", &cookie);
            let asking = headers
                .iter()
                .fold(asking, |asking, (name, value)| asking.header(name, value));
            let answer = asking.send().await;
            assert_eq!(answer.refused(), (403, ErrorCode::Forbidden), "{headers:?}");
        }
    }
    // A form of another site cannot send JSON.
    let form = app
        .ask(Method::POST, REFRESH)
        .header("content-type", "text/plain")
        .body("{}");
    let form = own_page(&app, form).header("cookie", &cookie).send().await;
    assert_eq!(form.refused(), (415, ErrorCode::Unsupported));

    let next = own_page(&app, app.post(REFRESH, &json!({})))
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(
        next.status,
        StatusCode::OK,
        "the cookie is still the newest"
    );
}

#[tokio::test]
async fn no_other_site_signs_a_browser_in() {
    let app = TestApp::start().await;
    app.register("ada").await;
    let body = json!({
        "username": "ada", "password": PASSWORD,
        "device": { "name": "x", "refresh_by": "cookie" },
    });
    let answer = app
        .post("/api/v1/sessions", &body)
        .header("origin", "http://evil.example")
        .send()
        .await;
    assert_eq!(answer.refused(), (403, ErrorCode::Forbidden));
    assert!(!answer.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_dead_cookie_is_taken_away() {
    let app = TestApp::start().await;
    let dead = own_page(&app, app.post(REFRESH, &json!({}))).header("cookie", "ahoy-refresh=dead");
    let answer = dead.send().await;
    assert_eq!(answer.refused(), (401, ErrorCode::Unauthenticated));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure_and_bound_to_the_host() {
    let app = TestApp::start_with(|config| {
        config.public_url = Some("https://ahoy.example".parse().unwrap());
    })
    .await;
    let body = browser_body();
    let asking = app
        .post("/api/v1/accounts", &body)
        .header("host", "ahoy.example");
    let answer = asking.header("origin", "https://ahoy.example").send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("__Host-ahoy=") && set.ends_with("; Secure"),
        "{set}"
    );
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000"
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let answer = app.ask(Method::DELETE, CURRENT).by(&ada).send().await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(
        me(&app, &ada).await.refused(),
        (401, ErrorCode::Unauthenticated)
    );
    assert_eq!(
        app.refresh(ada.refresh_token()).await.refused(),
        (401, ErrorCode::Unauthenticated)
    );
}

#[tokio::test]
async fn a_browser_signs_out_by_its_cookie_when_its_token_ran_out() {
    let app = TestApp::start().await;
    let (_, cookie) = register_browser(&app).await;
    let out = own_page(&app, app.ask(Method::DELETE, CURRENT))
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    let next = own_page(&app, app.post(REFRESH, &json!({})))
        .header("cookie", &cookie)
        .send()
        .await;
    assert_eq!(next.refused(), (401, ErrorCode::Unauthenticated));
    let nobody = app.ask(Method::DELETE, CURRENT).send().await;
    assert_eq!(nobody.refused(), (401, ErrorCode::Unauthenticated));
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions_only() {
    let app = TestApp::start().await;
    let (laptop, ben) = (app.register("ada").await, app.register("ben").await);
    app.advance(Milliseconds(1));
    let phone = app.sign_in("ada").await;

    let list: Sessions = app.get("/api/v1/sessions").by(&laptop).send().await.json();
    let ids: Vec<SessionId> = list.sessions.iter().map(|session| session.id).collect();
    assert_eq!(ids, [phone.signed_in.session, laptop.signed_in.session]);
    assert_eq!(
        list.sessions
            .iter()
            .filter(|session| session.current)
            .count(),
        1
    );
    assert!(list.sessions[1].current);

    assert_eq!(
        end(&app, &ben, &phone).await.refused(),
        (404, ErrorCode::NotFound)
    );
    assert_eq!(me(&app, &phone).await.status, StatusCode::OK);
    assert_eq!(
        end(&app, &laptop, &phone).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        me(&app, &phone).await.refused(),
        (401, ErrorCode::Unauthenticated)
    );
    assert_eq!(
        end(&app, &laptop, &phone).await.refused(),
        (404, ErrorCode::NotFound)
    );
    let wrong = app
        .ask(Method::DELETE, "/api/v1/sessions/7")
        .by(&laptop)
        .send()
        .await;
    assert_eq!(wrong.refused(), (400, ErrorCode::BadRequest));
}

#[tokio::test]
async fn the_eleventh_session_ends_the_one_unused_for_longest() {
    let app = TestApp::start().await;
    let first = app.register("ada").await;
    for _ in 0..9 {
        app.advance(Milliseconds(1));
        app.sign_in("ada").await;
    }
    assert_eq!(me(&app, &first).await.status, StatusCode::OK);
    app.advance(Milliseconds(1));
    app.sign_in("ada").await;
    assert_eq!(
        me(&app, &first).await.refused(),
        (401, ErrorCode::Unauthenticated)
    );
}

#[tokio::test]
async fn every_address_of_an_account_needs_a_token() {
    let app = TestApp::start().await;
    for (method, path) in [
        (Method::GET, "/api/v1/me"),
        (Method::PATCH, "/api/v1/me"),
        (Method::GET, "/api/v1/me/settings"),
        (Method::PUT, "/api/v1/me/settings"),
        (Method::GET, "/api/v1/sessions"),
        (
            Method::DELETE,
            "/api/v1/sessions/019aabb8-b400-7000-8000-0000000000e1",
        ),
        (Method::DELETE, CURRENT),
        (Method::GET, "/api/v1/people?query=a"),
    ] {
        let answer = app.ask(method.clone(), path).json(&json!({})).send().await;
        assert_eq!(
            answer.refused(),
            (401, ErrorCode::Unauthenticated),
            "{method} {path}"
        );
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

fn browser_body() -> serde_json::Value {
    json!({
        "username": "ada", "display_name": "Ada", "password": PASSWORD,
        "device": { "name": "Firefox", "refresh_by": "cookie" },
    })
}

async fn register_browser(app: &TestApp) -> (Answer, String) {
    let answer = own_page(app, app.post("/api/v1/accounts", &browser_body()))
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let cookie = cookie_of(&answer);
    (answer, cookie)
}

/// As the browser's own page sends it.
fn own_page(app: &TestApp, asking: Asking) -> Asking {
    asking
        .header("origin", &app.origin())
        .header("sec-fetch-site", "same-origin")
}

/// What the browser sends back.
fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

async fn me(app: &TestApp, user: &User) -> Answer {
    app.get("/api/v1/me").by(user).send().await
}

async fn end(app: &TestApp, asking: &User, ended: &User) -> Answer {
    let path = format!("/api/v1/sessions/{}", ended.signed_in.session);
    app.ask(Method::DELETE, &path).by(asking).send().await
}
