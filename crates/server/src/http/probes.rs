//! What a supervisor asks: does it live, and does it take requests?

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use crate::app::Shared;
use crate::error::Refusal;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses(
        (status = 200, description = "It lives", body = String, content_type = "text/plain"),
        Errors))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the server takes requests: not any more once it begins to stop.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "It takes requests", body = String, content_type = "text/plain"),
        Errors))]
async fn readyz(State(app): State<Shared>) -> Result<&'static str, Refusal> {
    if app.stopping.is_cancelled() {
        Err(Refusal::unavailable())
    } else {
        Ok("ready\n")
    }
}
