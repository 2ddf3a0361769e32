//! The timeline of a conversation, page by page.

use axum::Json;
use axum::extract::State;
use protocol::ConversationId;
use protocol::chat::History;
use protocol::error::ErrorCode;
use protocol::limits::HISTORY_PAGE_MESSAGES;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Errors;
use super::{Authenticated, Path, Query};
use crate::app::Shared;
use crate::chat;
use crate::error::Refusal;
use crate::store;
use crate::store::messages::Page;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(history))
}

/// Which part of a timeline.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Messages with smaller numbers than this, the newest of them. Not together with `after`.
    before: Option<u64>,
    /// Messages with greater numbers than this, the oldest of them. Not together with `before`.
    after: Option<u64>,
    /// At most so many messages, 1–50; 50 where it is left out.
    limit: Option<u32>,
}

impl Part {
    fn page(&self) -> Result<Page, Refusal> {
        match (self.before, self.after) {
            (None, None) => Ok(Page::Newest),
            (Some(seq), None) => Ok(Page::Before(seq)),
            (None, Some(seq)) => Ok(Page::After(seq)),
            (Some(_), Some(_)) => {
                let message = "Ask for messages before a number or after one, not both.";
                Err(Refusal::new(ErrorCode::BadRequest, message).at("after"))
            }
        }
    }
}

/// The length of a page, checked.
pub(super) fn limit(asked: Option<u32>, max: u32) -> Result<u32, Refusal> {
    match asked {
        None => Ok(max),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(_) => {
            let message = format!("limit must be 1 to {max}.");
            Err(Refusal::new(ErrorCode::BadRequest, message).at("limit"))
        }
    }
}

/// One page of a conversation's messages; the newest where neither `before` nor `after` is given.
#[utoipa::path(get, path = "/api/v1/conversations/{conversation}/messages", tag = "conversations",
    security(("access_token" = [])),
    params(("conversation" = ConversationId, Path, description = "The conversation"), Part),
    responses((status = 200, description = "Oldest first", body = History), Errors))]
async fn history(
    State(app): State<Shared>,
    Authenticated(claims): Authenticated,
    Path(conversation): Path<ConversationId>,
    Query(part): Query<Part>,
) -> Result<Json<History>, Refusal> {
    let page = part.page()?;
    let limit = limit(part.limit, HISTORY_PAGE_MESSAGES)?;
    let found = app.store.read(move |db| {
        if store::chat::standing(db, conversation, claims.user)?.is_none() {
            return Ok(None);
        }
        store::messages::history(db, conversation, page, limit).map(Some)
    });
    let (messages, more) = found.await?.ok_or_else(chat::no_conversation)?;
    Ok(Json(History { messages, more }))
}
