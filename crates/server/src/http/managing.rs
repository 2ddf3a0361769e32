//! What administrators do with accounts, and the choice of a new password by whoever got a link.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::account::Person;
use protocol::error::ErrorCode;
use protocol::limits::ACCOUNTS_PAGE;
use protocol::managing::{
    ChangeAccount, ChoosePassword, ManagedAccount, ManagedAccounts, PasswordReset, ShowReset,
};
use protocol::{UserId, Username};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::{Administrator, Body, Path, Query};
use crate::accounts::{Change, FactorsAtReset};
use crate::app::Shared;
use crate::error::Refusal;
use crate::store::managed::Which;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(change))
        .routes(routes!(reset))
        .routes(routes!(choose))
        .routes(routes!(show))
}

/// Which page of the accounts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// The last username of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    after: Option<Username>,
}

/// The accounts of the server, by username, at most 100 at a time. For administrators.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "managing", security(("access_token" = [])),
    params(Page),
    responses((status = 200, description = "A page of them", body = ManagedAccounts), Errors))]
async fn list(
    State(app): State<Shared>,
    Administrator(_): Administrator,
    Query(Page { after }): Query<Page>,
) -> Result<Json<ManagedAccounts>, Refusal> {
    app.accounts.list(after, ACCOUNTS_PAGE).await.map(Json)
}

/// Disables an account, which ends its sessions and calls at once, or lets it sign in again. For
/// administrators.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "managing", security(("access_token" = [])),
    params(("id" = UserId, Path, description = "The account")), request_body = ChangeAccount,
    responses((status = 200, description = "Changed", body = ManagedAccount), Errors))]
async fn change(
    State(app): State<Shared>,
    Administrator(claims): Administrator,
    Path(user): Path<UserId>,
    Body(ChangeAccount { disabled }): Body<ChangeAccount>,
) -> Result<Json<ManagedAccount>, Refusal> {
    check_other(claims.user, user)?;
    let change = if disabled {
        Change::Disable
    } else {
        Change::Enable
    };
    app.accounts.change(Which::Id(user), change).await.map(Json)
}

/// Takes an account's password away, ends its sessions and makes a link by which its person chooses a new
/// one. A second factor and passkeys stay. For administrators.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/reset", tag = "managing", security(("access_token" = [])),
    params(("id" = UserId, Path, description = "The account")),
    responses((status = 201, description = "Reset", body = PasswordReset), Errors))]
async fn reset(
    State(app): State<Shared>,
    Administrator(claims): Administrator,
    Path(user): Path<UserId>,
) -> Result<(StatusCode, Json<PasswordReset>), Refusal> {
    check_other(claims.user, user)?;
    let which = Which::Id(user);
    let reset = app.accounts.reset_password(which, FactorsAtReset::Kept);
    Ok((StatusCode::CREATED, Json(reset.await?)))
}

/// An administrator who shut themselves out by a slip would need the host.
fn check_other(asking: UserId, user: UserId) -> Result<(), Refusal> {
    if asking == user {
        let message = "This is your own account. Another administrator can do that, or the host.";
        return Err(Refusal::new(ErrorCode::Forbidden, message).concerning(asking));
    }
    Ok(())
}

/// Says whose password a link is for.
#[utoipa::path(post, path = "/api/v1/resets/show", tag = "accounts", request_body = ShowReset,
    responses((status = 200, description = "The link is good", body = Person), Errors))]
async fn show(
    State(app): State<Shared>,
    Body(shown): Body<ShowReset>,
) -> Result<Json<Person>, Refusal> {
    app.accounts.show_reset(&shown.reset).await.map(Json)
}

/// Chooses the new password by a link, which is worth nothing afterwards. Then sign in.
#[utoipa::path(post, path = "/api/v1/resets", tag = "accounts", request_body = ChoosePassword,
    responses((status = 204, description = "Kept"), Errors))]
async fn choose(
    State(app): State<Shared>,
    Body(chosen): Body<ChoosePassword>,
) -> Result<StatusCode, Refusal> {
    app.accounts.choose_password(chosen).await?;
    Ok(StatusCode::NO_CONTENT)
}
