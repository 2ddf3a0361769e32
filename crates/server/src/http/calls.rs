//! The call log, page by page.

use axum::Json;
use axum::extract::State;
use protocol::CallId;
use protocol::call::CallLog;
use protocol::limits::CALL_LOG_PAGE_RECORDS;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::chat::limit;
use super::openapi::Errors;
use super::{Authenticated, Query};
use crate::app::Shared;
use crate::error::Refusal;
use crate::store;
use crate::store::calls::Which;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(log))
}

/// Which part of the call log.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Calls before this one; the newest where it is left out.
    before: Option<CallId>,
    /// Only those that this account missed.
    #[serde(default)]
    missed: bool,
    /// At most so many calls, 1–50; 50 where it is left out.
    limit: Option<u32>,
}

/// One page of the account's calls.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", security(("access_token" = [])),
    params(Part),
    responses((status = 200, description = "Newest first", body = CallLog), Errors))]
async fn log(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Query(part): Query<Part>,
) -> Result<Json<CallLog>, Refusal> {
    let limit = limit(part.limit, CALL_LOG_PAGE_RECORDS)?;
    let which = if part.missed {
        Which::Missed
    } else {
        Which::All
    };
    let read = app
        .store
        .read(move |db| store::calls::log(db, claims.user, which, part.before, limit));
    let (calls, more) = read.await?;
    Ok(Json(CallLog { calls, more }))
}
