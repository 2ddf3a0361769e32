//! Making an account, oneself, and the keys that check our tokens.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::account::{ChangeMe, Person, Register, SignedIn};
use protocol::factors::ChangePassword;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Peer;
use super::openapi::Errors;
use super::{Authenticated, Body, sessions};
use crate::accounts::Registered;
use crate::accounts::keys::KeySet;
use crate::allowances::Deed;
use crate::app::Shared;
use crate::chat;
use crate::error::Refusal;
use crate::store;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(me, change_me))
        .routes(routes!(change_password))
        .routes(routes!(jwks))
}

/// Makes an account and signs in. The first account of a server becomes its administrator.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = Register,
    responses((status = 201, description = "Made and signed in", body = SignedIn), Errors))]
async fn register(
    State(app): State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    Body(register): Body<Register>,
) -> Result<Response, Refusal> {
    sessions::check_page(&app, peer, &headers, register.device.refresh_by)?;
    let Registered {
        opened,
        introduction,
    } = app.accounts.register(register, peer.ip).await?;
    if let Some(introduction) = introduction {
        // The account is made whatever comes of this; who is not told now learns of it by a snapshot.
        if let Err(error) = chat::tell_introduction(app, introduction).await {
            tracing::warn!(error = error.message, "an inviter was not told");
        }
    }
    Ok(sessions::opened(peer, StatusCode::CREATED, opened))
}

/// Oneself.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", security(("access_token" = [])),
    responses((status = 200, description = "Oneself", body = Person), Errors))]
async fn me(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
) -> Result<Json<Person>, Refusal> {
    let me = app
        .store
        .read(move |db| store::accounts::person(db, claims.user));
    me.await?
        .map(Json)
        .ok_or_else(|| Refusal::not_found("account"))
}

/// Changes what others see of oneself.
#[utoipa::path(patch, path = "/api/v1/me", tag = "accounts", security(("access_token" = [])),
    request_body = ChangeMe,
    responses((status = 200, description = "Oneself, changed", body = Person), Errors))]
async fn change_me(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Body(change): Body<ChangeMe>,
) -> Result<Json<Person>, Refusal> {
    let now = app.clock.instant();
    app.allowances.take(now, Deed::Change, claims.user)?;
    let rename = move |db: &store::Connection| {
        store::accounts::rename(db, claims.user, &change.display_name)
    };
    let me = app.store.write(rename).await?;
    me.map(Json).ok_or_else(|| Refusal::not_found("account"))
}

/// Changes the password and ends every other session, with its sockets and calls.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "accounts", security(("access_token" = [])),
    request_body = ChangePassword,
    responses((status = 204, description = "Changed"), Errors))]
async fn change_password(
    State(app): State<Shared>,
    peer: Peer,
    Authenticated(claims): Authenticated,
    Body(change): Body<ChangePassword>,
) -> Result<StatusCode, Refusal> {
    let accounts = &app.accounts;
    accounts.change_password(&claims, change, peer.ip).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys of the access tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "operation",
    responses((status = 200, description = "The keys (RFC 7517)", body = KeySet), Errors))]
async fn jwks(State(app): State<Shared>) -> Json<KeySet> {
    Json(app.accounts.tokens().keys().key_set())
}
