//! HTTP: routes, statuses and headers, and the only home of status codes.
//!
//! A route is described for OpenAPI where it is written, so none can be missing there. Every error is
//! `application/problem+json`, whoever finds it: a handler, an extractor, the router, a panic.

mod accounts;
mod body;
mod calls;
mod chat;
mod cookie;
mod factors;
mod headers;
mod identity;
mod incidents;
mod invites;
mod managing;
pub(crate) mod metrics;
mod openapi;
mod origin;
mod passkeys;
mod peer;
mod people;
mod probes;
mod problem;
mod sessions;
mod settings;
mod site;
mod socket;
mod web;

pub(crate) use web::client_files;

use std::any::Any;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use protocol::error::ErrorCode;
use protocol::limits::HTTP_BODY_MAX_BYTES;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::Shared;
use crate::error::Refusal;

pub(crate) use body::parse as parse_body;
pub use body::{Body, Path, Query};
pub use identity::{Administrator, Authenticated};
pub use origin::{check_origin, host};
pub use peer::{Link, Peer};

/// Every route of the server.
pub fn router(app: Shared) -> Router {
    let (api, description) = openapi::routes()
        .merge(accounts::routes())
        .merge(invites::routes())
        .merge(managing::routes())
        .merge(sessions::routes())
        .merge(factors::routes())
        .merge(passkeys::routes())
        .merge(settings::routes())
        .merge(people::routes())
        .merge(chat::routes())
        .merge(calls::routes())
        .merge(socket::routes())
        .merge(probes::routes())
        .split_for_parts();
    api.layer(Extension(openapi::Description::new(&description)))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(elsewhere)
        .layer(DefaultBodyLimit::max(HTTP_BODY_MAX_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), count))
        .layer(from_fn_with_state(app.clone(), incidents::note))
        .layer(from_fn_with_state(app.clone(), headers::add))
        .with_state(app)
}

/// Lets one network ask so often. What monitoring asks is never refused: it must not take a flood for a server that is down.
async fn count(State(app): State<Shared>, peer: Peer, request: Request, next: Next) -> Response {
    let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let now = app.clock.instant();
    match app.allowances.take_request(now, peer.ip) {
        Err(refusal) if !is_probe => refusal.into_response(),
        Ok(()) | Err(_) => next.run(request).await,
    }
}

/// Whatever is no route: an error below the paths that are the server's, else the web client.
async fn elsewhere(uri: Uri, request: Request) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") || path.starts_with("/.well-known/") {
        let message = format!("There is nothing at {path}. See /api/v1/openapi.json.");
        return Refusal::new(ErrorCode::NotFound, message).into_response();
    }
    web::serve(&request)
}

async fn method_not_allowed(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let message = format!("{method} cannot be done at {path}. See /api/v1/openapi.json.");
    let refusal = Refusal::new(ErrorCode::Unsupported, message);
    problem::respond(StatusCode::METHOD_NOT_ALLOWED, refusal)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that the layer asks for"
)]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Refusal::internal(&format!("panic: {}", text.unwrap_or("(no text)"))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use protocol::error::Problem;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_that_tells_nothing() {
        async fn panics() {
            panic!("the secret cause");
        }
        let router: Router = Router::new().route("/", axum::routing::get(panics));
        let router = router.layer(CatchPanicLayer::custom(panicked));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.code, ErrorCode::Internal);
        assert!(!problem.title.contains("secret"), "{problem:?}");
    }
}
