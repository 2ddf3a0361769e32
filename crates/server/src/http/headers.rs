//! The headers of every answer: what a browser may do with it.
//!
//! Denied by default. The page may load its own scripts, styles, fonts and pictures, talk to its own
//! server, use the microphone, and be framed by nobody. There is no CORS: no other site may read
//! an answer.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::origin;
use crate::app::Shared;

/// For everything that is not the page: nothing at all.
const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// Who may make markup or the address of a script out of text, by the names of their policies: Svelte, for the templates
/// that it has compiled, and `redundancy.ts`, for the one worker. What others put into the page as markup is refused.
const TRUSTED_TYPES: &str = "svelte-trusted-html ahoy-worker";
/// A year, in seconds: the least that the OWASP ASVS (3.4.1) asks for.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), autoplay=(self), camera=(), display-capture=(), fullscreen=(), geolocation=(), \
             gyroscope=(), hid=(), magnetometer=(), microphone=(self), midi=(), payment=(), \
             publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(self), serial=(), \
             usb=(), xr-spatial-tracking=()",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds them to an answer, whoever made it.
pub(super) async fn add(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let page_policy = page_policy(origin::host(request.headers()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    let policy = if is_page(headers) {
        page_policy
    } else {
        API_POLICY
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // Browsers heed it over HTTPS alone (RFC 6797 §8.1).
    if app.config.is_strict() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

fn is_page(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// The page's policy. Older Safari does not count `ws:` of the same host as `'self'`, so it is named.
fn page_policy(host: Option<&str>) -> HeaderValue {
    let socket = host.map_or_else(String::new, |host| format!(" ws://{host} wss://{host}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; \
         connect-src 'self'{socket}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types {TRUSTED_TYPES}"
    );
    HeaderValue::try_from(policy).unwrap_or(API_POLICY)
}
