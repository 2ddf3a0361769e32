//! The connected devices.

use protocol::SessionId;

/// The connected devices. Clones are the same hub.
#[derive(Debug, Clone, Default)]
pub struct Hub;

impl Hub {
    /// Closes the sockets of a session that was ended, with [`protocol::limits::close::SESSION_ENDED`].
    pub fn close_session(&self, _session: SessionId) {}
}
