//! What every part of a running server shares.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::Config;
use crate::hub::Hub;
use crate::presence::Presences;
use crate::socket::Strangers;
use crate::store::Store;

/// What handlers are given: `State(app): State<Shared>`.
pub type Shared = Arc<App>;

/// A running server without its listeners.
#[derive(Debug)]
pub struct App {
    /// What the host decided.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// What is kept.
    pub store: Store,
    /// The connected devices.
    pub hub: Hub,
    /// Accounts, sessions and tokens.
    pub accounts: Accounts,
    /// Whether people are there.
    pub presences: Presences,
    /// The calls.
    pub calls: Calls,
    /// The sockets that have not said who they are.
    pub strangers: Strangers,
    /// The UDP port of STUN; nothing where it is off.
    pub stun_port: Option<u16>,
    /// Cancelled when the server begins to stop: `readyz` says so and sockets send `going_away`.
    pub stopping: CancellationToken,
    /// Everything that must end before the store is closed: connections, sockets, drivers.
    pub tasks: TaskTracker,
}
