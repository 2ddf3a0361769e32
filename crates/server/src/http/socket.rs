//! Where the socket begins. What is said on it is `socket`'s.

use axum::extract::{Request, State};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Peer;
use super::openapi::Errors;
use crate::app::Shared;
use crate::error::Refusal;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(open))
}

/// Opens the WebSocket of chat and calls. The token travels in its first frame, never here.
#[utoipa::path(get, path = "/api/v1/socket", tag = "socket",
    responses((status = 101, description = "A WebSocket from here on; see docs/protocol.md"), Errors))]
async fn open(state: State<Shared>, peer: Peer, request: Request) -> Result<Response, Refusal> {
    crate::socket::socket(state, peer, request).await
}
