//! The edges of HTTP: probes, the API's description, requests that make no sense, slow clients.

use std::collections::BTreeSet;

use hyper::{Method, StatusCode};
use protocol::Milliseconds;
use protocol::error::ErrorCode;
use protocol::limits::HTTP_BODY_MAX_BYTES;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::TestApp;

#[tokio::test]
async fn the_server_says_that_it_lives_and_is_ready_until_it_stops() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").send().await.status, StatusCode::OK);
    assert_eq!(app.get("/readyz").send().await.status, StatusCode::OK);

    // One connection stays open over the stop, as a supervisor's does.
    let mut supervisor = TcpStream::connect(app.address).await.unwrap();
    supervisor
        .write_all(b"GET /readyz HTTP/1.1\r\n")
        .await
        .unwrap();
    let shared = app.server.app().clone();
    let healthy = app.get("/healthz").send().await;
    assert_eq!(healthy.status, StatusCode::OK);
    shared.stopping.cancel();
    supervisor.write_all(b"Host: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    supervisor.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains(r#""code":"unavailable""#), "{answer}");
    assert!(app.server.shutdown().await);
}

#[tokio::test]
async fn every_route_is_described_and_every_described_route_exists() {
    let app = TestApp::start().await;
    let api: Value = app.get("/api/v1/openapi.json").send().await.json();
    let mut described = BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert(format!("{} {path}", method.to_uppercase()));
            let errors = &operation["responses"]["default"]["content"];
            let errors = &errors["application/problem+json"]["schema"]["$ref"];
            assert_eq!(errors, "#/components/schemas/Problem", "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");

            let id = "019aabb8-b400-7000-8000-0000000000e1";
            let concrete = path.replace("{id}", id).replace("{conversation}", id);
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = app.ask(method.clone(), &concrete).send().await;
            assert_ne!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    for route in [
        "GET /.well-known/jwks.json",
        "GET /api/v1/me",
        "GET /api/v1/me/settings",
        "GET /api/v1/openapi.json",
        "GET /api/v1/people",
        "GET /api/v1/accounts",
        "GET /api/v1/calls",
        "GET /api/v1/conversations/{conversation}/messages",
        "GET /api/v1/invites",
        "GET /api/v1/registration",
        "GET /api/v1/sessions",
        "GET /api/v1/socket",
        "GET /healthz",
        "GET /readyz",
        "DELETE /api/v1/sessions/current",
        "DELETE /api/v1/sessions/{id}",
        "PATCH /api/v1/accounts/{id}",
        "PATCH /api/v1/me",
        "POST /api/v1/accounts",
        "POST /api/v1/accounts/{id}/reset",
        "POST /api/v1/invites",
        "POST /api/v1/invites/show",
        "POST /api/v1/resets",
        "POST /api/v1/resets/show",
        "POST /api/v1/sessions",
        "POST /api/v1/sessions/refresh",
        "PUT /api/v1/me/settings",
    ] {
        assert!(described.contains(route), "{route} in {described:#?}");
    }
    assert!(api["components"]["securitySchemes"]["access_token"].is_object());
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_done_is_a_problem_document() {
    let app = TestApp::start().await;
    for (method, path, refused) in [
        (Method::GET, "/api/v1/nothing", (404, ErrorCode::NotFound)),
        (Method::GET, "/api/", (404, ErrorCode::NotFound)),
        (
            Method::GET,
            "/.well-known/nothing",
            (404, ErrorCode::NotFound),
        ),
        (Method::PUT, "/api/v1/me", (405, ErrorCode::Unsupported)),
        (
            Method::PUT,
            "/api/v1/accounts",
            (405, ErrorCode::Unsupported),
        ),
    ] {
        let answer = app.ask(method.clone(), path).send().await;
        assert_eq!(answer.refused(), refused, "{method} {path}");
        if refused.0 == 405 {
            assert!(!answer.header("allow").is_empty());
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_or_of_another_kind_is_refused() {
    let app = TestApp::start().await;
    let post = || app.ask(Method::POST, "/api/v1/sessions");
    let json = |body: String| {
        post()
            .header("content-type", "application/json")
            .body(body)
            .send()
    };

    let large = json(format!("\"{}\"", "x".repeat(HTTP_BODY_MAX_BYTES))).await;
    assert_eq!(large.refused(), (413, ErrorCode::TooLarge));
    for body in [
        "",
        "{",
        "nonsense",
        "[1]",
        "null",
        "\u{0}",
        "{\"username\": \"a\"} trailing",
    ] {
        let refused = json(body.to_owned()).await.refused();
        assert_eq!(refused, (400, ErrorCode::BadRequest), "{body}");
    }
    let deep = json("[".repeat(10_000)).await;
    assert_eq!(deep.refused(), (400, ErrorCode::BadRequest));
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
    ] {
        let answer = post().header("content-type", kind).body("{}").send().await;
        assert_eq!(answer.refused(), (415, ErrorCode::Unsupported), "{kind}");
    }
    let none = post().body("{}").send().await;
    assert_eq!(none.refused(), (415, ErrorCode::Unsupported));
    let charset = post()
        .header("content-type", "application/json; charset=utf-8")
        .body("{")
        .send();
    assert_eq!(charset.await.refused(), (400, ErrorCode::BadRequest));
}

#[tokio::test]
async fn a_client_that_dribbles_its_header_is_cut_off() {
    let app =
        TestApp::start_with(|config| config.limits.header_deadline_ms = Milliseconds(50)).await;
    let mut slow = TcpStream::connect(app.address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let mut rest = Vec::new();
    // Ends when the server closes; a server that waits for ever fails the test by its own time limit.
    let _closed_or_reset = slow.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");
    assert_eq!(app.get("/healthz").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn headers_beyond_all_measure_are_refused() {
    let app = TestApp::start().await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    // The server may close before it has read everything.
    let _closed = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{answer:?}"
    );
    assert_eq!(app.get("/healthz").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn too_many_password_checks_are_told_to_come_back() {
    let app = TestApp::start_with(|config| {
        config.limits.password_queue = 0;
        config.limits.free_sign_in_failures = 100;
    })
    .await;
    // Nobody's name, and what could be no name: each takes a place in the queue, so neither is answered sooner.
    for username in ["nobody", "no name at all"] {
        let body = json!({ "username": username, "password": "incorrect horse", "device": { "name": "x" } });
        let answers = (0..40).map(|_| app.post("/api/v1/sessions", &body).send());
        let answers = futures_util::future::join_all(answers).await;
        let (mut checked, mut refused) = (0, 0);
        for answer in answers {
            match answer.refused() {
                (401, ErrorCode::WrongCredentials) => checked += 1,
                (503, ErrorCode::Unavailable) => {
                    assert!(answer.problem().retry_after.is_some());
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(
            checked > 0 && refused > 0,
            "{username}: {checked} checked, {refused} refused"
        );
    }
}
