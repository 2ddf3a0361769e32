//! Finding people.

use axum::Json;
use axum::extract::State;
use protocol::account::People;
use protocol::error::ErrorCode;
use protocol::limits::PEOPLE_QUERY_MAX_CHARS;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::{Authenticated, Query};
use crate::allowances::Deed;
use crate::app::Shared;
use crate::error::Refusal;
use crate::store;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(find))
}

/// What to look for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// The beginnings of a username or of words of a display name, at most 64 characters.
    query: String,
}

/// Finds people by the beginning of their username or of a word of their display name.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", security(("access_token" = [])),
    params(Search),
    responses((status = 200, description = "At most 20, best match first", body = People), Errors))]
async fn find(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Query(Search { query }): Query<Search>,
) -> Result<Json<People>, Refusal> {
    if query.chars().count() > PEOPLE_QUERY_MAX_CHARS {
        let message = format!("query is too long: at most {PEOPLE_QUERY_MAX_CHARS} characters.");
        return Err(Refusal::new(ErrorCode::BadRequest, message).at("query"));
    }
    let now = app.clock.instant();
    app.allowances.take(now, Deed::Search, claims.user)?;
    let find = app
        .store
        .read(move |db| store::people::find(db, &query, claims.user));
    Ok(Json(People {
        people: find.await?,
    }))
}
