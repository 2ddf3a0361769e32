//! Notes in the log what was refused over HTTP.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use protocol::UserId;

use super::Peer;
use crate::app::Shared;
use crate::incidents::{Incident, Scene};

/// What an answer refuses, as an extension of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    pub(super) incident: Incident,
    pub(super) concerns: Option<UserId>,
}

/// The route is named as the program writes it: what was asked for may be anything.
pub(super) async fn note(
    State(app): State<Shared>,
    peer: Peer,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if let Some(&Refused { incident, concerns }) = response.extensions().get() {
        let at = path.as_ref().map_or("no route", MatchedPath::as_str);
        let place = Scene {
            at,
            user: concerns,
            from: Some(peer.ip),
        };
        app.incidents.note(app.clock.instant(), incident, place);
    }
    response
}
