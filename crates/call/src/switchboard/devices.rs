//! What coming and going devices do to a live call. That a device is away ends no call; that it will not come back does.

use protocol::call::EndReason;
use protocol::{DeviceId, Timestamp, UserId};

use super::Reach;
use super::ending::Ending;
use super::live::{Change, Live, Side, State};

impl Live {
    /// A device has a socket again.
    pub(super) fn device_connected(&mut self, user: UserId, device: DeviceId) -> Change {
        if let Some(side) = self.taking_part(user, device) {
            side.away = None;
        }
        match &mut self.state {
            State::Ringing { unreachable_at, .. }
                if user == self.callee
                    && self.reach != Reach::Silent
                    && unreachable_at.is_some() =>
            {
                *unreachable_at = None;
                if self.reach == Reach::Nobody {
                    self.reach = Reach::Devices;
                }
                Change::Kept
            }
            State::Ringing { .. } | State::Connecting { .. } | State::Active { .. } => {
                Change::Nothing
            }
        }
    }

    /// A device has no socket any more. That alone ends no call.
    pub(super) fn device_gone(&mut self, now: Timestamp, user: UserId, device: DeviceId) -> Change {
        if let Some(side) = self.taking_part(user, device) {
            side.away = side.away.or(Some(now));
        }
        match &mut self.state {
            State::Ringing { devices, .. } if user == self.callee => {
                if devices.remove(&device) {
                    Change::CallerSees
                } else {
                    Change::Nothing
                }
            }
            State::Ringing { .. } | State::Connecting { .. } | State::Active { .. } => {
                Change::Nothing
            }
        }
    }

    /// A device will not come back.
    pub(super) fn session_ended(
        &mut self,
        now: Timestamp,
        user: UserId,
        device: DeviceId,
    ) -> Change {
        if self.taking_part(user, device).is_none() {
            let change = self.device_gone(now, user, device);
            return if self.waits_no_more(user, device) {
                Change::Moved
            } else {
                change
            };
        }
        let reason = match self.state {
            State::Ringing { .. } => EndReason::Cancelled,
            State::Connecting { .. } | State::Active { .. } => EndReason::HungUp { by: user },
        };
        Change::Ended(Ending::found(reason, now))
    }

    /// Why the call ends when an account goes.
    pub(super) fn account_gone(&self, user: UserId) -> EndReason {
        match self.state {
            State::Ringing { .. } if user == self.callee => EndReason::Unreachable,
            State::Ringing { .. } => EndReason::Cancelled,
            State::Connecting { .. } | State::Active { .. } => EndReason::HungUp { by: user },
        }
    }

    /// Where the device is gone for good that a call waits on, it rings on all others.
    fn waits_no_more(&mut self, user: UserId, device: DeviceId) -> bool {
        let waited = user == self.callee && self.waits_on().is_some_and(|on| on.device == device);
        if waited && let State::Ringing { waits_on, .. } = &mut self.state {
            *waits_on = None;
        }
        waited
    }

    fn taking_part(&mut self, user: UserId, device: DeviceId) -> Option<&mut Side> {
        let role = self.role(user)?;
        self.side(role).filter(|side| side.party.device == device)
    }
}
