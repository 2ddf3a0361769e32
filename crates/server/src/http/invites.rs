//! Who may register, and invites.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::InviteId;
use protocol::registration::{Admission, Invites, MadeInvite, NewInvite, ShowInvite, ShownInvite};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::{Administrator, Body, Path};
use crate::app::Shared;
use crate::error::Refusal;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(admission))
        .routes(routes!(make, list))
        .routes(routes!(show))
        .routes(routes!(withdraw))
}

/// Who may make an account.
#[utoipa::path(get, path = "/api/v1/registration", tag = "accounts",
    responses((status = 200, description = "Who may", body = Admission), Errors))]
async fn admission(State(app): State<Shared>) -> Result<Json<Admission>, Refusal> {
    app.accounts.admission().await.map(Json)
}

/// Makes an invite. For administrators.
#[utoipa::path(post, path = "/api/v1/invites", tag = "managing", security(("access_token" = [])),
    request_body = NewInvite,
    responses((status = 201, description = "Made", body = MadeInvite), Errors))]
async fn make(
    State(app): State<Shared>,
    Administrator(claims): Administrator,
    Body(wanted): Body<NewInvite>,
) -> Result<(StatusCode, Json<MadeInvite>), Refusal> {
    let made = app.accounts.invite(Some(claims.user), wanted).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// The open invites, newest first. For administrators.
#[utoipa::path(get, path = "/api/v1/invites", tag = "managing", security(("access_token" = [])),
    responses((status = 200, description = "All of them", body = Invites), Errors))]
async fn list(
    State(app): State<Shared>,
    Administrator(_): Administrator,
) -> Result<Json<Invites>, Refusal> {
    let invites = app.accounts.invites().await?;
    Ok(Json(Invites { invites }))
}

/// Withdraws an invite: nobody registers by it any more. For administrators.
#[utoipa::path(delete, path = "/api/v1/invites/{id}", tag = "managing", security(("access_token" = [])),
    params(("id" = InviteId, Path, description = "The invite")),
    responses((status = 204, description = "Withdrawn"), Errors))]
async fn withdraw(
    State(app): State<Shared>,
    Administrator(_): Administrator,
    Path(invite): Path<InviteId>,
) -> Result<StatusCode, Refusal> {
    app.accounts.withdraw_invite(invite).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says who invites, to whoever has the link.
#[utoipa::path(post, path = "/api/v1/invites/show", tag = "accounts", request_body = ShowInvite,
    responses((status = 200, description = "The invite is good", body = ShownInvite), Errors))]
async fn show(
    State(app): State<Shared>,
    Body(shown): Body<ShowInvite>,
) -> Result<Json<ShownInvite>, Refusal> {
    app.accounts.show_invite(&shown.invite).await.map(Json)
}
