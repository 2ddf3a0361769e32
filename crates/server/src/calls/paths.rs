//! Which paths a device may look for.
//!
//! The rule kept here: nobody learns the address of somebody who hides it, whatever the client does. The
//! candidates of such a device are passed on only where they are the relay's.

use call::switchboard::{Party, Request};
use protocol::call::{CallState, Here};
use protocol::description::{Candidate, CandidateKind};
use protocol::error::ErrorCode;
use protocol::relay::{PathPolicy, RelayMode};
use protocol::{CallId, ConversationId, UserId};

use crate::app::App;
use crate::error::Refusal;

/// Which paths a device may look for in a call; nothing where the call is over, or the device neither takes part in it nor
/// is rung by it.
pub fn path_policy(app: &App, party: &Party, call: CallId) -> Option<PathPolicy> {
    let switchboard = &app.calls.inner.lock().switchboard;
    let view = switchboard.view_for(call, party.user, party.device)?;
    let is_over = matches!(view.call.state, CallState::Ended { .. });
    if is_over || matches!(view.here, Here::Elsewhere { .. }) {
        return None;
    }
    let hides = app.hidden.hides(party.user, view.call.conversation);
    Some(policy(app.relay_mode(), hides))
}

/// Without a relay, whoever hides their address finds no path: better no call than a broken word.
const fn policy(mode: RelayMode, hides: bool) -> PathPolicy {
    match (mode, hides) {
        (RelayMode::Always, _) | (_, true) => PathPolicy::RelayOnly,
        (RelayMode::Off | RelayMode::Fallback, false) => PathPolicy::Any,
    }
}

/// Whether a caller can find a path at all.
///
/// # Errors
/// [`ErrorCode::Forbidden`] where the caller hides their address and there is no relay to hide it behind.
pub(super) fn require_one(
    app: &App,
    caller: UserId,
    conversation: ConversationId,
) -> Result<(), Refusal> {
    if app.relay_mode() == RelayMode::Off && app.hidden.hides(caller, conversation) {
        let message = "You hide your IP address, and this server has no relay to hide it behind. \
                       Show your IP address to call.";
        return Err(Refusal::new(ErrorCode::Forbidden, message));
    }
    Ok(())
}

/// Drops the candidates that would tell an address that is hidden.
pub(super) fn hide(app: &App, party: &Party, call: CallId, request: &mut Request) {
    if let Some(candidates) = candidates_of(request)
        && path_policy(app, party, call) != Some(PathPolicy::Any)
    {
        candidates.retain(|candidate| candidate.kind == CandidateKind::Relay);
    }
}

fn candidates_of(request: &mut Request) -> Option<&mut Vec<Candidate>> {
    match request {
        Request::Answer { candidates, .. } | Request::AddCandidates { candidates, .. } => {
            Some(candidates)
        }
        Request::Ring
        | Request::Take { .. }
        | Request::Describe { .. }
        | Request::Decline
        | Request::Cancel
        | Request::SetSound { .. }
        | Request::HangUp { .. }
        | Request::Report { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relay_alone_where_the_host_or_the_person_wants_it() {
        for (mode, hides, expected) in [
            (RelayMode::Off, false, PathPolicy::Any),
            (RelayMode::Off, true, PathPolicy::RelayOnly),
            (RelayMode::Fallback, false, PathPolicy::Any),
            (RelayMode::Fallback, true, PathPolicy::RelayOnly),
            (RelayMode::Always, false, PathPolicy::RelayOnly),
            (RelayMode::Always, true, PathPolicy::RelayOnly),
        ] {
            assert_eq!(policy(mode, hides), expected, "{mode:?} {hides}");
        }
    }
}
