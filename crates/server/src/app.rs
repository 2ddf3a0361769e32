//! What every part of a running server shares, and how a change is kept and told.

use std::sync::Arc;

use protocol::relay::RelayMode;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::allowances::Allowances;
use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Refusal;
use crate::hub::Hub;
use crate::incidents::Incidents;
use crate::keys::Keys;
use crate::places::Places;
use crate::presence::Presences;
use crate::relay::Relay;
use crate::settings::Hidden;
use crate::store::{Connection, Store, StoreError};

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
    /// Who hides their address.
    pub hidden: Hidden,
    /// The keys of the devices.
    pub keys: Keys,
    /// How often accounts and networks may do what they do.
    pub allowances: Allowances,
    /// What is written of refusals that may be an attack.
    pub incidents: Incidents,
    /// The sockets that have not said who they are.
    pub strangers: Places,
    /// The connections on which HTTP may be asked: no socket yet, and none of the relay.
    pub connections: Places,
    /// STUN and the relay; nothing where they are off.
    pub relay: Option<Relay>,
    /// Cancelled when the server begins to stop: `readyz` says so and sockets send `going_away`.
    pub stopping: CancellationToken,
    /// Everything that must end before the store is closed: connections, sockets, drivers.
    pub tasks: TaskTracker,
}

impl App {
    /// When sound goes through the relay.
    pub fn relay_mode(&self) -> RelayMode {
        self.relay.as_ref().map_or(RelayMode::Off, Relay::mode)
    }
}

/// What came of a write: refused by the rules, or done.
pub type Ruled<T> = Result<T, Refusal>;

/// Runs rules and their write in one go; `tell` runs in the order of the commits, before the answer.
///
/// The write is handed over when the future is first polled, so requests of one socket are kept in
/// the order in which they came.
///
/// # Errors
/// The rules' refusal, and the store's reasons.
pub async fn write_and_tell<T, W, G>(app: Shared, work: W, tell: G) -> Result<T, Refusal>
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> Result<Ruled<T>, StoreError> + Send + 'static,
    G: FnOnce(&App, &T) + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let told = Arc::clone(&app);
    app.store.hand_over(work, move |result| {
        if let Ok(Ok(value)) = &result {
            tell(&told, value);
        }
        // Whoever asked may be gone; what was kept stands.
        drop(answer.send(result));
    })?;
    let result = answered.await.map_err(|_| Refusal::unavailable())?;
    result?
}
