//! What clients ask of calls: checked here, then handed to the switchboard.

use call::switchboard::{Input, Party, Request, Start};
use protocol::description::{CallDescription, Candidate, InvalidDescription};
use protocol::error::ErrorCode;
use protocol::socket::Outcome;
use protocol::{AttemptId, CallId, ConversationId, DeviceId, Milliseconds};
use tokio::sync::oneshot;

use super::Waiting;
use super::paths;
use super::reach::{Callee, reach};
use crate::app::{App, Shared};
use crate::chat;
use crate::error::Refusal;
use crate::secrets;
use crate::store;

/// Starts a call.
///
/// # Errors
/// [`ErrorCode::NotFound`], [`ErrorCode::Blocked`], [`ErrorCode::NotAccepted`],
/// [`ErrorCode::Forbidden`], [`ErrorCode::BadRequest`], and the switchboard's.
pub async fn start(
    app: Shared,
    from: Party,
    attempt: AttemptId,
    conversation: ConversationId,
    description: CallDescription,
) -> Result<Outcome, Refusal> {
    check_description(&app, from.device, &description)?;
    let me = from.user;
    let found = app.store.read(move |db| {
        let Some(standing) = store::chat::standing(db, conversation, me)? else {
            return Ok(None);
        };
        let them = standing.theirs.user;
        let settings = store::settings::get(db, them)?;
        let missed_at = store::missed::last(db, them, me)?;
        Ok(Some((standing, settings, missed_at)))
    });
    let (standing, settings, missed_at) = found.await?.ok_or_else(chat::no_conversation)?;
    if standing.mine.blocked {
        let message = "You have blocked this person. Unblock them to call.";
        return Err(Refusal::new(ErrorCode::Blocked, message));
    }
    if !(standing.mine.accepted && standing.theirs.accepted) {
        let message = "Calls work once both have accepted each other.";
        return Err(Refusal::new(ErrorCode::NotAccepted, message));
    }
    paths::require_one(&app, me, conversation)?;
    let callee = standing.theirs.user;
    let now = app.clock.now();
    let connected = app.hub.is_connected(callee);
    let call_waiting = settings.call_waiting;
    let reach = reach(
        &Callee {
            blocks: standing.theirs.blocked,
            muted: standing.theirs.muted,
            connected,
            missed_at,
            settings,
        },
        now,
    );
    let (waiting, answered) = waiting(&from, None);
    let start = Start {
        call: CallId(secrets::new_id(now)),
        attempt,
        conversation,
        from,
        callee,
        description,
        reach,
        connected,
        call_waiting,
    };
    app.calls.handle(Input::Start(start), Some(waiting));
    answered.await.map_err(|_| Refusal::unavailable())?
}

/// Asks for something about a call. It is handed over when the future is first polled.
///
/// # Errors
/// [`ErrorCode::BadRequest`] and the switchboard's.
pub async fn request(
    app: &App,
    from: Party,
    call: CallId,
    mut request: Request,
    age: Milliseconds,
) -> Result<Outcome, Refusal> {
    check(app, from.device, &request)?;
    paths::hide(app, &from, call, &mut request);
    let (waiting, answered) = waiting(&from, Some(call));
    let input = Input::Request {
        call,
        from,
        request,
        age,
    };
    app.calls.handle(input, Some(waiting));
    answered.await.map_err(|_| Refusal::unavailable())?
}

fn waiting(
    from: &Party,
    call: Option<CallId>,
) -> (Waiting, oneshot::Receiver<Result<Outcome, Refusal>>) {
    let (to, answered) = oneshot::channel();
    let waiting = Waiting {
        user: from.user,
        device: from.device,
        call,
        to,
    };
    (waiting, answered)
}

fn check(app: &App, from: DeviceId, request: &Request) -> Result<(), Refusal> {
    match request {
        Request::Answer {
            description,
            candidates,
        } => {
            check_description(app, from, description)?;
            check_candidates(candidates)
        }
        Request::Describe { description } | Request::Take { description } => {
            check_description(app, from, description)
        }
        Request::AddCandidates { candidates, .. } => check_candidates(candidates),
        Request::Ring
        | Request::Decline
        | Request::Cancel
        | Request::SetSound { .. }
        | Request::HangUp { .. }
        | Request::Report { .. } => Ok(()),
    }
}

fn check_description(
    app: &App,
    from: DeviceId,
    description: &CallDescription,
) -> Result<(), Refusal> {
    description
        .check()
        .map_err(|error| invalid("description", &error))?;
    app.keys.check(from, description)
}

fn check_candidates(candidates: &[Candidate]) -> Result<(), Refusal> {
    candidates
        .iter()
        .try_for_each(Candidate::check)
        .map_err(|error| invalid("candidates", &error))
}

fn invalid(field: &'static str, error: &InvalidDescription) -> Refusal {
    Refusal::new(ErrorCode::BadRequest, format!("{field}: {error}.")).at(field)
}
