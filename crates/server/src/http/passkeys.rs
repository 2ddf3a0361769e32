//! Passkeys: challenges, signing in, adding and removing.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::PasskeyId;
use protocol::account::SignedIn;
use protocol::factors::{
    AddPasskey, FactorsChanged, PasskeyChallenge, RenamePasskey, SignInWithPasskey, WebAuthn,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::site::AtSite;
use super::{Authenticated, Body, Path, Peer, sessions};
use crate::app::Shared;
use crate::error::Refusal;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(ask_to_sign_in))
        .routes(routes!(sign_in))
        .routes(routes!(ask_to_confirm))
        .routes(routes!(begin))
        .routes(routes!(add))
        .routes(routes!(rename, remove))
}

/// A challenge for signing in with a passkey. It names no account: the passkey does.
#[utoipa::path(post, path = "/api/v1/sessions/passkey-challenge", tag = "sessions",
    responses((status = 200, description = "Good once", body = PasskeyChallenge), Errors))]
async fn ask_to_sign_in(
    State(app): State<Shared>,
    peer: Peer,
    AtSite(site): AtSite,
) -> Result<Json<PasskeyChallenge>, Refusal> {
    let now = app.clock.instant();
    app.allowances.take_challenge(now, peer.ip)?;
    Ok(Json(app.accounts.ask_passkey(site.as_ref(), None)?))
}

/// Signs in with a passkey, without username and password.
#[utoipa::path(post, path = "/api/v1/sessions/passkey", tag = "sessions", request_body = SignInWithPasskey,
    responses((status = 200, description = "Signed in", body = SignedIn), Errors))]
async fn sign_in(
    State(app): State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    AtSite(site): AtSite,
    Body(wanted): Body<SignInWithPasskey>,
) -> Result<Response, Refusal> {
    sessions::check_page(&app, peer, &headers, wanted.device.refresh_by)?;
    let accounts = &app.accounts;
    let session = accounts.sign_in_with_passkey(wanted, site.as_ref()).await?;
    Ok(sessions::opened(peer, StatusCode::OK, session))
}

/// A challenge for confirming this session with a passkey.
#[utoipa::path(post, path = "/api/v1/sessions/current/passkey-challenge", tag = "sessions",
    security(("access_token" = [])),
    responses((status = 200, description = "Good once, for this session", body = PasskeyChallenge), Errors))]
async fn ask_to_confirm(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
) -> Result<Json<PasskeyChallenge>, Refusal> {
    let session = Some(claims.session);
    Ok(Json(app.accounts.ask_passkey(site.as_ref(), session)?))
}

/// What a browser needs to make a passkey: for `PublicKeyCredential.parseCreationOptionsFromJSON`.
#[utoipa::path(post, path = "/api/v1/me/passkeys/challenge", tag = "factors", security(("access_token" = [])),
    responses((status = 200, description = "Good once, for this session", body = WebAuthn), Errors))]
async fn begin(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
) -> Result<Json<WebAuthn>, Refusal> {
    let options = app.accounts.begin_passkey(&claims, site.as_ref());
    Ok(Json(options.await?))
}

/// Adds the passkey that the browser has made.
#[utoipa::path(post, path = "/api/v1/me/passkeys", tag = "factors", security(("access_token" = [])),
    request_body = AddPasskey,
    responses((status = 200, description = "Added", body = FactorsChanged), Errors))]
async fn add(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
    Body(made): Body<AddPasskey>,
) -> Result<Json<FactorsChanged>, Refusal> {
    let changed = app.accounts.add_passkey(&claims, made, site.as_ref());
    Ok(Json(changed.await?))
}

/// Calls a passkey something else.
#[utoipa::path(patch, path = "/api/v1/me/passkeys/{id}", tag = "factors", security(("access_token" = [])),
    params(("id" = PasskeyId, Path, description = "The passkey")), request_body = RenamePasskey,
    responses((status = 200, description = "Renamed", body = FactorsChanged), Errors))]
async fn rename(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
    Path(passkey): Path<PasskeyId>,
    Body(RenamePasskey { name }): Body<RenamePasskey>,
) -> Result<Json<FactorsChanged>, Refusal> {
    let accounts = &app.accounts;
    let changed = accounts.rename_passkey(&claims, passkey, name, site.as_ref());
    Ok(Json(changed.await?))
}

/// Removes a passkey.
#[utoipa::path(delete, path = "/api/v1/me/passkeys/{id}", tag = "factors", security(("access_token" = [])),
    params(("id" = PasskeyId, Path, description = "The passkey")),
    responses((status = 200, description = "Removed", body = FactorsChanged), Errors))]
async fn remove(
    State(app): State<Shared>,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
    Path(passkey): Path<PasskeyId>,
) -> Result<Json<FactorsChanged>, Refusal> {
    let changed = app.accounts.remove_passkey(&claims, passkey, site.as_ref());
    Ok(Json(changed.await?))
}
