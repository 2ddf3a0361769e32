//! Finding people.

use axum::Json;
use axum::extract::State;
use protocol::account::People;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::{Authenticated, Query};
use crate::app::Shared;
use crate::error::Refusal;
use crate::people;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(find))
}

/// What to look for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// A whole username, with or without the `@` before it; where the host allows it, the beginnings of a
    /// username or of words of a display name. 2 to 64 characters.
    query: String,
}

/// Finds people: by their whole username or, where the host allows it, by the beginning of any of their
/// names; where the host allows neither, it is `forbidden`.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", security(("access_token" = [])),
    params(Search),
    responses((status = 200, description = "At most 20, best match first", body = People), Errors))]
async fn find(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Query(Search { query }): Query<Search>,
) -> Result<Json<People>, Refusal> {
    let people = people::find(&app, claims.user, query).await?;
    Ok(Json(People { people }))
}
