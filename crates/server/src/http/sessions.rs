//! Signing in and out, refreshing, and the list of one's sessions.

use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _, Response};
use protocol::SessionId;
use protocol::account::{Refresh, RefreshBy, Sessions, SignIn, SignedIn};
use protocol::error::ErrorCode;
use protocol::factors::{Confirmation, SecondFactor, SecondFactorRequired};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Peer;
use super::openapi::Errors;
use super::site::AtSite;
use super::{Authenticated, Body, Path, cookie, origin};
use crate::accounts::{Opened, PasswordAnswer};
use crate::allowances::Deed;
use crate::app::Shared;
use crate::error::Refusal;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, list, end_all))
        .routes(routes!(second_factor))
        .routes(routes!(confirm))
        .routes(routes!(refresh))
        .routes(routes!(sign_out))
        .routes(routes!(end))
}

/// A cookie is set for our own page only: another site must not sign a browser in as somebody else.
pub(super) fn check_page(
    app: &Shared,
    peer: Peer,
    headers: &HeaderMap,
    refresh_by: RefreshBy,
) -> Result<(), Refusal> {
    match refresh_by {
        RefreshBy::Cookie => origin::check_own_page(&app.config, peer, headers),
        RefreshBy::Body => Ok(()),
    }
}

/// The answer to whoever opened or refreshed a session.
pub(super) fn opened(peer: Peer, status: StatusCode, opened: Opened) -> Response {
    let Opened {
        mut signed_in,
        refresh,
        refresh_by,
    } = opened;
    match refresh_by {
        RefreshBy::Cookie => {
            let cookie = [(header::SET_COOKIE, cookie::keep(peer, &refresh))];
            (status, AppendHeaders(cookie), Json(signed_in)).into_response()
        }
        RefreshBy::Body => {
            signed_in.refresh_token = Some(refresh);
            (status, Json(signed_in)).into_response()
        }
    }
}

/// Signs in. An account with an authenticator app or a passkey asks for more than its password.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = SignIn,
    responses((status = 200, description = "Signed in", body = SignedIn),
        (status = 202, description = "The password is right and not enough; there is no session yet",
            body = SecondFactorRequired), Errors))]
async fn sign_in(
    State(app): State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<Response, Refusal> {
    check_page(&app, peer, &headers, sign_in.device.refresh_by)?;
    match app.accounts.sign_in(sign_in, peer.ip).await? {
        PasswordAnswer::Opened(session) => Ok(opened(peer, StatusCode::OK, session)),
        PasswordAnswer::SecondFactorRequired(ticket) => {
            Ok((StatusCode::ACCEPTED, Json(ticket)).into_response())
        }
    }
}

/// The second half of a sign-in: a code of the authenticator app, or a recovery code.
#[utoipa::path(post, path = "/api/v1/sessions/second-factor", tag = "sessions", request_body = SecondFactor,
    responses((status = 200, description = "Signed in", body = SignedIn), Errors))]
async fn second_factor(
    State(app): State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    Body(shown): Body<SecondFactor>,
) -> Result<Response, Refusal> {
    if let Some(refresh_by) = app.accounts.refresh_by(&shown.ticket) {
        check_page(&app, peer, &headers, refresh_by)?;
    }
    let session = app.accounts.second_factor(shown).await?;
    Ok(opened(peer, StatusCode::OK, session))
}

/// Proves anew that it is the owner who sits there: for ten minutes factors may be changed.
#[utoipa::path(post, path = "/api/v1/sessions/current/confirmation", tag = "sessions",
    security(("access_token" = [])), request_body = Confirmation,
    responses((status = 204, description = "Confirmed"), Errors))]
async fn confirm(
    State(app): State<Shared>,
    peer: Peer,
    AtSite(site): AtSite,
    Authenticated(claims): Authenticated,
    Body(proof): Body<Confirmation>,
) -> Result<StatusCode, Refusal> {
    let site = site.as_ref();
    app.accounts.confirm(&claims, proof, site, peer.ip).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's sessions, this one too.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "sessions", security(("access_token" = [])),
    responses((status = 204, description = "Signed out everywhere"), Errors))]
async fn end_all(
    State(app): State<Shared>,
    peer: Peer,
    Authenticated(claims): Authenticated,
) -> Result<Response, Refusal> {
    app.accounts.end_all_sessions(claims.user).await?;
    let forget = [(header::SET_COOKIE, cookie::forget(peer))];
    Ok((StatusCode::NO_CONTENT, AppendHeaders(forget)).into_response())
}

/// The next pair of tokens. A refresh token that was used before ends its session.
#[utoipa::path(post, path = "/api/v1/sessions/refresh", tag = "sessions", request_body = Refresh,
    security((), ("refresh_cookie" = [])),
    responses((status = 200, description = "Refreshed", body = SignedIn), Errors))]
async fn refresh(
    State(app): State<Shared>,
    peer: Peer,
    headers: HeaderMap,
    Body(refresh): Body<Refresh>,
) -> Result<Response, Refusal> {
    let (token, by) = if let Some(token) = refresh.refresh_token {
        (token, RefreshBy::Body)
    } else {
        origin::check_own_page(&app.config, peer, &headers)?;
        let token = cookie::find(peer, &headers).ok_or_else(|| {
            let message = "There is no refresh token, in the body or in the cookie. Sign in.";
            Refusal::new(ErrorCode::Unauthenticated, message)
        })?;
        (token, RefreshBy::Cookie)
    };
    match app.accounts.refresh(&token, by).await {
        Ok(session) => Ok(opened(peer, StatusCode::OK, session)),
        // A dead cookie would only be sent again and again.
        Err(refusal) if by == RefreshBy::Cookie && refusal.code == ErrorCode::Unauthenticated => {
            let forget = [(header::SET_COOKIE, cookie::forget(peer))];
            Ok((AppendHeaders(forget), refusal).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

/// Signs out: ends the session of the access token, or of the cookie where there is no good access token.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "sessions",
    security(("access_token" = []), ("refresh_cookie" = [])),
    responses((status = 204, description = "Signed out"), Errors))]
async fn sign_out(
    State(app): State<Shared>,
    peer: Peer,
    request: Request,
) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    match Authenticated::from_request_parts(&mut parts, &app).await {
        Ok(Authenticated(claims)) => {
            app.accounts
                .end_session(claims.user, claims.session)
                .await?;
        }
        Err(refusal) => {
            let token = cookie::find(peer, &parts.headers).ok_or(refusal)?;
            origin::check_own_page(&app.config, peer, &parts.headers)?;
            app.accounts.sign_out_by_refresh(&token).await?;
        }
    }
    let forget = [(header::SET_COOKIE, cookie::forget(peer))];
    Ok((StatusCode::NO_CONTENT, AppendHeaders(forget)).into_response())
}

/// One's sessions, newest use first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", security(("access_token" = [])),
    responses((status = 200, description = "All of one's sessions", body = Sessions), Errors))]
async fn list(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
) -> Result<Json<Sessions>, Refusal> {
    let sessions = app.accounts.sessions(&claims).await?;
    Ok(Json(Sessions { sessions }))
}

/// Ends one of one's sessions and closes its sockets.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "sessions", security(("access_token" = [])),
    params(("id" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "Ended"), Errors))]
async fn end(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Path(session): Path<SessionId>,
) -> Result<StatusCode, Refusal> {
    let now = app.clock.instant();
    app.allowances.take(now, Deed::Change, claims.user)?;
    app.accounts.end_session(claims.user, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
