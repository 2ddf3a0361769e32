//! Who gets at the relay: whoever may look for paths in a call, and everybody for a test of their own connection.

use call::switchboard::{Party, Refusal as CallRefusal};
use protocol::call::CallState;
use protocol::error::ErrorCode;
use protocol::socket::Outcome;
use protocol::{CallId, DeviceId};

use super::path_policy;
use crate::app::App;
use crate::error::Refusal;
use crate::relay::TESTS_PER_MINUTE;

/// How a device gets at the relay for a call that it takes part in or that rings it.
///
/// # Errors
/// [`ErrorCode::NotFound`], [`ErrorCode::Forbidden`] and [`ErrorCode::WrongState`], as for any request of a call.
pub fn access_relay(app: &App, party: &Party, call: CallId) -> Result<Outcome, Refusal> {
    let policy = path_policy(app, party, call).ok_or_else(|| {
        let refusal = app.calls.why_not(party, call);
        Refusal::new(refusal.code(), refusal.message())
    })?;
    let relay = app.relay.as_ref();
    let access = relay.and_then(|relay| relay.access_call(call, party.device, policy));
    Ok(Outcome::Relay { access })
}

/// How a device gets at the relay for a test of its connection.
///
/// # Errors
/// [`ErrorCode::RateLimited`].
pub fn test_relay(app: &App, device: DeviceId) -> Result<Outcome, Refusal> {
    let access = app.relay.as_ref().map(|relay| relay.access_test(device));
    match access.transpose() {
        Ok(access) => Ok(Outcome::Relay {
            access: access.flatten(),
        }),
        Err(wait) => {
            let message = format!("A device may test the relay {TESTS_PER_MINUTE} times a minute.");
            Err(Refusal::new(ErrorCode::RateLimited, message).after(wait))
        }
    }
}

impl super::Calls {
    /// Why a device has no business with a call.
    fn why_not(&self, party: &Party, call: CallId) -> CallRefusal {
        let switchboard = &self.inner.lock().switchboard;
        match switchboard.view_for(call, party.user, party.device) {
            None => CallRefusal::NoCall,
            Some(view) if matches!(view.call.state, CallState::Ended { .. }) => CallRefusal::Over,
            Some(_) => CallRefusal::NotTakingPart,
        }
    }
}
