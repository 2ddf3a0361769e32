//! What a browser may do with an answer, and the web client's files.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::app::{Answer, PASSWORD, TestApp, sign_in_body};

/// What is about somebody is in no cache; the page's own files are, because they are about nobody.
#[tokio::test]
async fn no_answer_of_the_server_is_kept_by_a_cache() {
    let app = TestApp::start().await;
    let ada = app.register("ada").await;
    let secrets = [
        app.get("/api/v1/me").by(&ada),
        app.get("/api/v1/sessions").by(&ada),
        app.get("/api/v1/me/factors").by(&ada),
        app.get("/api/v1/conversations").by(&ada),
        app.get("/api/v1/calls").by(&ada),
        app.get("/api/v1/accounts").by(&ada),
        app.get("/api/v1/people?q=ada").by(&ada),
        app.post("/api/v1/invites", &json!({})).by(&ada),
        app.post("/api/v1/sessions", &sign_in_body("ada", PASSWORD)),
        app.post("/api/v1/sessions", &sign_in_body("ada", "incorrect horse")),
        app.post(
            "/api/v1/sessions/refresh",
            &json!({ "refresh_token": ada.refresh_token() }),
        ),
        app.get("/api/v1/me"),
        app.get("/api/v1/nothing"),
    ];
    for asking in secrets {
        let answer = asking.send().await;
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    }
    for file in ["/", "/index.html"] {
        let page = app.get(file).send().await;
        assert_eq!(page.header("cache-control"), "no-cache", "{file}");
    }
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/healthz",
        "/api/v1/me",
        "/api/v1/nothing",
        "/.well-known/jwks.json",
        "/a.js",
    ] {
        let answer = app.get(path).send().await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        assert!(
            answer
                .header("permissions-policy")
                .contains("microphone=(self)"),
            "{path}"
        );
        for feature in ["camera", "geolocation", "display-capture", "usb", "payment"] {
            let denied = format!("{feature}=()");
            assert!(
                answer.header("permissions-policy").contains(&denied),
                "{path}: {denied}"
            );
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            !answer.headers.contains_key("strict-transport-security"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn no_other_site_may_read_an_answer() {
    let app = TestApp::start().await;
    for method in [Method::GET, Method::OPTIONS] {
        let asking = app
            .ask(method, "/api/v1/me")
            .header("origin", "http://evil.example");
        let answer = asking
            .header("access-control-request-method", "GET")
            .send()
            .await;
        let allows = answer
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"));
        assert!(!allows, "{answer:?}");
    }
}

#[tokio::test]
async fn the_page_runs_its_own_code_only_and_talks_to_its_own_server_only() {
    let app = TestApp::start().await;
    let page = app.get("/").send().await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    for rule in [
        "script-src 'self';".to_owned(),
        "style-src 'self';".to_owned(),
        format!("connect-src 'self' ws://{0} wss://{0};", app.address),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
        "require-trusted-types-for 'script'".to_owned(),
        "trusted-types svelte-trusted-html ahoy-worker".to_owned(),
    ] {
        assert!(policy.contains(&rule), "{rule} in {policy}");
    }
    for loose in [
        "unsafe",
        "*",
        "'allow-duplicates'",
        "default-src 'self'",
        "strict-dynamic",
    ] {
        assert!(!policy.contains(loose), "{loose} in {policy}");
    }
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(
        !text.contains("<style") && !text.contains("style=\"") && !text.contains("javascript:"),
        "the policy would block it: {text}"
    );
    let scripts = text.matches("<script").count();
    assert_eq!(
        text.matches("src=\"/assets/").count(),
        scripts,
        "no script in the page itself: {text}"
    );
}

#[tokio::test]
async fn a_host_header_cannot_loosen_the_policy() {
    let app = TestApp::start().await;
    let page = app.get("/").header("host", "a/; script-src *").send().await;
    assert!(
        !page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains('*'),
        "{page:?}"
    );
}

#[tokio::test]
async fn hashed_files_are_kept_for_good_and_the_page_is_asked_for_again() {
    let app = TestApp::start().await;
    let page = app.get("/").send().await;
    assert_eq!(page.header("cache-control"), "no-cache");
    let script = script_of(&page);
    let asset = app.get(&script).send().await;
    assert_eq!(asset.status, StatusCode::OK);
    assert_eq!(
        asset.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        asset.header("cache-control"),
        "public, max-age=31536000, immutable"
    );

    let again = app
        .get("/")
        .header("if-none-match", page.header("etag"))
        .send()
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(again.body.is_empty());
    let other = app
        .get("/")
        .header("if-none-match", "\"other\"")
        .send()
        .await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn files_travel_compressed_to_whoever_takes_it() {
    let app = TestApp::start().await;
    let script = script_of(&app.get("/").send().await);
    let plain = app.get(&script).send().await;
    let packed = app
        .get(&script)
        .header("accept-encoding", "gzip, deflate, br")
        .send()
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() < plain.body.len());
    assert_eq!(packed.body[..2], [0x1f, 0x8b], "the mark of gzip");
    assert_ne!(packed.header("etag"), plain.header("etag"));
    assert_eq!(packed.header("vary"), "Accept-Encoding");
}

#[tokio::test]
async fn a_view_of_the_client_gets_the_page_and_a_missing_file_does_not() {
    let app = TestApp::start().await;
    let page = app.get("/").send().await;
    let view = app.get("/conversations/019aabb8").send().await;
    assert_eq!((view.status, &view.body), (StatusCode::OK, &page.body));
    let head = app.ask(Method::HEAD, "/").send().await;
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    assert_eq!(
        app.get("/assets/gone.js").send().await.problem().status,
        404
    );
    let post = app.ask(Method::POST, "/").send().await;
    assert_eq!(post.problem().status, 405);
    assert_eq!(post.header("allow"), "GET, HEAD");
}

fn script_of(page: &Answer) -> String {
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    let (_, from) = text.split_once("src=\"").expect("the page loads a script");
    let script: String = from.chars().take_while(|&c| c != '"').collect();
    assert_eq!(
        script.rsplit_once('.').map(|(_, end)| end),
        Some("js"),
        "{script}"
    );
    script
}
