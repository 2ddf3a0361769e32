//! Calls of Ada's as the server shows them to a device of hers.

use protocol::call::{Call, CallSound, CallState, CallView, Here, Remote, Role};
use protocol::description::CallDescription;
use protocol::{CallId, Timestamp};

use super::values::{ADA, ATTEMPT, BOB, CALL, CONVERSATION, offer};

/// When the input of a row comes, by the clocks of the server and the device alike.
pub(crate) const NOW: Timestamp = Timestamp(2_000);

/// The other side holds the call.
pub(crate) const HOLDS: CallSound = CallSound {
    muted: false,
    on_hold: true,
    change: 1,
};

/// A call that this account made, on another device.
pub(crate) fn elsewhere_active() -> CallView {
    CallView {
        here: Here::Elsewhere {
            device: Some("Phone".parse().unwrap()),
        },
        ..caller(5, active_state(), None)
    }
}

pub(crate) fn of_epoch(epoch: u16) -> CallView {
    CallView {
        epoch,
        ..caller(5, active_state(), None)
    }
}

pub(crate) fn ringing(devices: u32) -> CallState {
    CallState::Ringing {
        devices,
        expires_at: Timestamp(46_000),
    }
}

pub(crate) fn connecting() -> CallState {
    CallState::Connecting {
        expires_at: Timestamp(16_000),
    }
}

pub(crate) fn active_state() -> CallState {
    CallState::Active { since: NOW }
}

pub(crate) fn rings(call: CallId) -> CallView {
    let mut view = callee(0, ringing(0), Here::Rings);
    view.call.id = call;
    view
}

pub(crate) fn caller(revision: u32, state: CallState, remote: Option<CallDescription>) -> CallView {
    CallView {
        call: call(revision, state, Role::Caller),
        role: Role::Caller,
        here: Here::TakesPart,
        remote: remote.map(|description| Remote {
            description,
            candidates: Vec::new(),
        }),
        epoch: 0,
    }
}

pub(crate) fn callee(revision: u32, state: CallState, here: Here) -> CallView {
    let remote = (!matches!(here, Here::Elsewhere { .. })).then(|| Remote {
        description: offer(0),
        candidates: Vec::new(),
    });
    CallView {
        call: call(revision, state, Role::Callee),
        role: Role::Callee,
        here,
        remote,
        epoch: 0,
    }
}

pub(crate) fn call(revision: u32, state: CallState, mine: Role) -> Call {
    let (from, to) = match mine {
        Role::Caller => (ADA, BOB),
        Role::Callee => (BOB, ADA),
    };
    Call {
        id: CALL,
        attempt: ATTEMPT,
        revision,
        conversation: CONVERSATION,
        caller: from,
        callee: to,
        started_at: Timestamp(1_000),
        state,
        caller_sound: CallSound::default(),
        callee_sound: CallSound::default(),
    }
}
