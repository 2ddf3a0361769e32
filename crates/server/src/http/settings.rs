//! What the account decided about being called.

use axum::Json;
use axum::extract::State;
use protocol::settings::Settings;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::{Authenticated, Body};
use crate::allowances::Deed;
use crate::app::Shared;
use crate::error::Refusal;
use crate::settings;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get, put))
}

/// The account's settings.
#[utoipa::path(get, path = "/api/v1/me/settings", tag = "accounts", security(("access_token" = [])),
    responses((status = 200, description = "The settings", body = Settings), Errors))]
async fn get(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
) -> Result<Json<Settings>, Refusal> {
    settings::get(&app, claims.user).await.map(Json)
}

/// Replaces the account's settings; what is left out gets its default.
#[utoipa::path(put, path = "/api/v1/me/settings", tag = "accounts", security(("access_token" = [])),
    request_body = Settings,
    responses((status = 200, description = "The settings, as they are now", body = Settings), Errors))]
async fn put(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Body(new): Body<Settings>,
) -> Result<Json<Settings>, Refusal> {
    let now = app.clock.instant();
    app.allowances.take(now, Deed::Change, claims.user)?;
    settings::put(app, claims.user, new).await.map(Json)
}
