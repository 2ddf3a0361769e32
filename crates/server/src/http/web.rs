//! The web client, which is inside the binary.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};

use crate::error::Refusal;

/// Serves a file of the web client.
pub(super) fn serve(_request: &Request) -> Response {
    Refusal::not_found("page").into_response()
}
