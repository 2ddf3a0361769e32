//! Whose address counts behind a proxy.

use hyper::StatusCode;
use serde_json::json;

use crate::app::{Answer, PASSWORD, TestApp};

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_limits_of_its_own() {
    let app = behind("127.0.0.1").await;
    assert_eq!(
        register(&app, "a1", "198.51.100.7").await.status,
        StatusCode::CREATED
    );
    let again = register(&app, "a2", "198.51.100.7").await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS);
    let other = register(&app, "a3", "198.51.100.8").await;
    assert_eq!(other.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_client_that_writes_other_addresses_before_its_own_is_still_itself() {
    let app = behind("127.0.0.1").await;
    register(&app, "a1", "198.51.100.7").await;
    for (username, forged) in [
        ("a2", "203.0.113.1, 198.51.100.7"),
        ("a3", "127.0.0.1, 198.51.100.7"),
        ("a4", "nonsense, 198.51.100.7"),
    ] {
        let answer = register(&app, username, forged).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{forged}");
    }
    let forwarded = asking(&app, "a5", "198.51.100.7").header("forwarded", "for=203.0.113.9");
    let answer = forwarded.send().await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Clients of these tests come from this machine, which is not counted: were the header believed, the
/// second account would be one too many.
#[tokio::test]
async fn without_a_trusted_proxy_the_header_is_nothing() {
    let app = behind("192.0.2.0/24").await;
    for username in ["a1", "a2", "a3"] {
        let answer = register(&app, username, "198.51.100.7").await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn a_trusted_proxy_that_adds_https_makes_cookies_secure() {
    for (proxy, secure) in [("127.0.0.1", true), ("192.0.2.1", false)] {
        let app = behind(proxy).await;
        let scheme = if secure { "https" } else { "http" };
        let body = json!({
            "username": "ada", "display_name": "Ada", "password": PASSWORD,
            "device": { "name": "Laptop", "refresh_by": "cookie" },
        });
        let asking = app.post("/api/v1/accounts", &body);
        let origin = format!("{scheme}://{}", app.address);
        let asking = asking.header("origin", &origin);
        let answer = asking.header("x-forwarded-proto", "https").send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let cookie = answer.header("set-cookie");
        assert_eq!(cookie.ends_with("; Secure"), secure, "{proxy}: {cookie}");
    }
}

/// One account an hour for each address.
async fn behind(proxy: &str) -> TestApp {
    TestApp::start_with(|config| {
        config.trusted_proxies = vec![proxy.parse().unwrap()];
        config.limits.accounts_per_hour = 1;
    })
    .await
}

async fn register(app: &TestApp, username: &str, forwarded_for: &str) -> Answer {
    asking(app, username, forwarded_for).send().await
}

fn asking(app: &TestApp, username: &str, forwarded_for: &str) -> crate::app::Asking {
    let body = json!({
        "username": format!("user-{username}"), "display_name": "Ada", "password": PASSWORD,
        "device": { "name": "Laptop" },
    });
    let asking = app.post("/api/v1/accounts", &body);
    asking.header("x-forwarded-for", forwarded_for)
}
