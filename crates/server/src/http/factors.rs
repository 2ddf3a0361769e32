//! One's own factors: the list, the authenticator app and recovery codes.

use axum::Json;
use axum::extract::State;
use protocol::factors::{AddAuthenticatorApp, AuthenticatorAppSetup, Factors, FactorsChanged};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::site::{AtSite, HostName};
use super::{Authenticated, Body};
use crate::app::Shared;
use crate::error::Refusal;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(begin_app, add_app, remove_app))
        .routes(routes!(new_recovery_codes))
}

/// What proves who one is, besides the password.
#[utoipa::path(get, path = "/api/v1/me/factors", tag = "factors", security(("access_token" = [])),
    responses((status = 200, description = "All of them", body = Factors), Errors))]
async fn list(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
) -> Result<Json<Factors>, Refusal> {
    let factors = app.accounts.factors(claims.user, site.as_ref());
    Ok(Json(factors.await?))
}

/// A new secret for an authenticator app. It counts once `PUT` has shown a code of it.
#[utoipa::path(post, path = "/api/v1/me/authenticator-app", tag = "factors", security(("access_token" = [])),
    responses((status = 200, description = "The secret", body = AuthenticatorAppSetup), Errors))]
async fn begin_app(
    State(app): State<Shared>,
    HostName(host): HostName,
    Authenticated(claims): Authenticated,
) -> Result<Json<AuthenticatorAppSetup>, Refusal> {
    Ok(Json(app.accounts.begin_app(&claims, &host).await?))
}

/// Adds the authenticator app that shows this code, in place of one before.
#[utoipa::path(put, path = "/api/v1/me/authenticator-app", tag = "factors", security(("access_token" = [])),
    request_body = AddAuthenticatorApp,
    responses((status = 200, description = "Added", body = FactorsChanged), Errors))]
async fn add_app(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
    Body(shown): Body<AddAuthenticatorApp>,
) -> Result<Json<FactorsChanged>, Refusal> {
    let changed = app.accounts.add_app(&claims, shown, site.as_ref());
    Ok(Json(changed.await?))
}

/// Takes the authenticator app away.
#[utoipa::path(delete, path = "/api/v1/me/authenticator-app", tag = "factors", security(("access_token" = [])),
    responses((status = 200, description = "Removed", body = FactorsChanged), Errors))]
async fn remove_app(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
) -> Result<Json<FactorsChanged>, Refusal> {
    let changed = app.accounts.remove_app(&claims, site.as_ref());
    Ok(Json(changed.await?))
}

/// New recovery codes; the old ones are void.
#[utoipa::path(post, path = "/api/v1/me/recovery-codes", tag = "factors", security(("access_token" = [])),
    responses((status = 200, description = "Shown this once", body = FactorsChanged), Errors))]
async fn new_recovery_codes(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
) -> Result<Json<FactorsChanged>, Refusal> {
    let changed = app.accounts.new_recovery_codes(&claims, site.as_ref());
    Ok(Json(changed.await?))
}
