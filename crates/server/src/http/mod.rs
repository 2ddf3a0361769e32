//! HTTP: routes, statuses and headers, and the only home of status codes.

pub mod problem;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use crate::app::Shared;
use crate::error::Refusal;

/// Every route of the server.
pub fn router(app: Shared) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(app)
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(app): State<Shared>) -> Result<(StatusCode, &'static str), Refusal> {
    if app.stopping.is_cancelled() {
        Err(Refusal::unavailable())
    } else {
        Ok((StatusCode::OK, "ready\n"))
    }
}
