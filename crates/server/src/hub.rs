//! Who is connected, and the way to them: the registry of all identified sockets.
//!
//! The rules kept here: nothing waits (a queue that is full closes its socket instead), a frame is
//! written once however many sockets get it, and a connection leaves the registry only by its own
//! id, when its [`Seat`] is dropped, so that a late goodbye never removes a newer connection.
//! What the hub does not know: conversations, contacts, calls.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use protocol::limits::OUTGOING_QUEUE_FRAMES;
use protocol::socket::ServerFrame;
use protocol::{DeviceId, SessionId, UserId};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::socket::Close;

/// Sockets of one account at once: ten sessions with a few tabs each fit, a runaway client does not.
pub const SOCKETS_PER_ACCOUNT: usize = 16;

/// One socket, for as long as this server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// A number below `width` that differs from socket to socket, to spread them out.
    pub(crate) const fn spread(self, width: u64) -> u64 {
        // Fibonacci hashing: neighbours land far apart.
        (self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % width
    }
}

/// Whose socket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The session that the token belongs to.
    pub session: SessionId,
}

/// What happened to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Its first socket came, or its last one went: look which.
    Moved {
        /// Whose.
        user: UserId,
        /// Which.
        device: DeviceId,
    },
    /// Its session was ended; it will not come back.
    SessionEnded {
        /// Whose.
        user: UserId,
        /// Which.
        device: DeviceId,
    },
}

/// The account has [`SOCKETS_PER_ACCOUNT`] sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account has too many sockets open")]
pub struct TooManySockets;

/// The registry of identified sockets. Cheap to clone; all clones are the same hub.
#[derive(Debug, Clone)]
pub struct Hub {
    registry: Arc<Mutex<Registry>>,
}

#[derive(Debug)]
struct Registry {
    next: u64,
    users: HashMap<UserId, Vec<Connection>>,
    /// Every session that was ever connected since the start and has not ended, so that its device is
    /// known even while it is away.
    sessions: HashMap<SessionId, (UserId, DeviceId)>,
    movements: mpsc::UnboundedSender<Movement>,
}

#[derive(Debug)]
struct Connection {
    id: ConnectionId,
    device: DeviceId,
    session: SessionId,
    queue: mpsc::Sender<Utf8Bytes>,
    closing: Arc<Closing>,
}

/// The order to close a socket, given from outside of its loop. The first order counts.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    reason: OnceLock<Close>,
    given: Notify,
}

impl Closing {
    /// Gives the order.
    pub(crate) fn order(&self, reason: Close) {
        if self.reason.set(reason).is_ok() {
            self.given.notify_one();
        }
    }

    /// Waits for the order. One waiter at a time; may be dropped and called again.
    pub(crate) async fn ordered(&self) -> Close {
        loop {
            if let Some(&reason) = self.reason.get() {
                return reason;
            }
            self.given.notified().await;
        }
    }
}

/// A place in the hub. Dropping it gives the place up.
#[derive(Debug)]
pub struct Seat {
    hub: Hub,
    user: UserId,
    id: ConnectionId,
    closing: Arc<Closing>,
}

/// The frames that wait for one socket.
pub(crate) type Queue = mpsc::Receiver<Utf8Bytes>;

impl Hub {
    /// An empty hub, and where it tells who comes and goes.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Movement>) {
        // Unbounded, because `Drop` cannot wait; at most two movements exist for every socket.
        let (movements, receiver) = mpsc::unbounded_channel();
        let registry = Arc::new(Mutex::new(Registry {
            next: 0,
            users: HashMap::new(),
            sessions: HashMap::new(),
            movements,
        }));
        (Self { registry }, receiver)
    }

    /// Registers a socket. From now on everything sent to its account waits in the queue.
    pub(crate) fn join(&self, identity: Identity) -> Result<(Seat, Queue), TooManySockets> {
        let (queue, receiver) = mpsc::channel(OUTGOING_QUEUE_FRAMES);
        let closing = Arc::new(Closing::default());
        let mut registry = self.lock();
        let id = ConnectionId(registry.next);
        registry.next += 1;
        let connections = registry.users.entry(identity.user).or_default();
        if connections.len() >= SOCKETS_PER_ACCOUNT {
            return Err(TooManySockets);
        }
        let device_came = !connections.iter().any(|c| c.device == identity.device);
        connections.push(Connection {
            id,
            device: identity.device,
            session: identity.session,
            queue,
            closing: Arc::clone(&closing),
        });
        let owner = (identity.user, identity.device);
        registry.sessions.insert(identity.session, owner);
        if device_came {
            registry.tell(Movement::Moved {
                user: identity.user,
                device: identity.device,
            });
        }
        drop(registry);
        let seat = Seat {
            hub: self.clone(),
            user: identity.user,
            id,
            closing,
        };
        Ok((seat, receiver))
    }

    /// How many sockets there are in all.
    pub fn all_sockets(&self) -> usize {
        self.lock().users.values().map(Vec::len).sum()
    }

    /// Sends a frame to every socket of these accounts but one.
    pub fn send(&self, users: &[UserId], frame: &ServerFrame, except: Option<ConnectionId>) {
        let registry = self.lock();
        let connections = users
            .iter()
            .filter_map(|user| registry.users.get(user))
            .flatten()
            .filter(|connection| Some(connection.id) != except);
        deliver(connections, frame);
    }

    /// Sends a frame to every socket of one device.
    pub fn send_to_device(&self, user: UserId, device: DeviceId, frame: &ServerFrame) {
        let registry = self.lock();
        let connections = registry.users.get(&user).into_iter().flatten();
        deliver(connections.filter(|c| c.device == device), frame);
    }

    /// Closes every socket of a session at once, with [`Close::SessionEnded`].
    pub fn close_session(&self, session: SessionId) {
        let mut registry = self.lock();
        if let Some((user, device)) = registry.sessions.remove(&session) {
            registry.tell(Movement::SessionEnded { user, device });
        }
        // Sessions end seldom, so this looks through all rather than keep a second index.
        for connection in registry.users.values().flatten() {
            if connection.session == session {
                connection.closing.order(Close::SessionEnded);
            }
        }
    }

    /// The account's devices that are connected.
    pub fn devices(&self, user: UserId) -> BTreeSet<DeviceId> {
        let registry = self.lock();
        let connections = registry.users.get(&user).into_iter().flatten();
        connections.map(|connection| connection.device).collect()
    }

    /// How many sockets the account has.
    pub fn sockets(&self, user: UserId) -> usize {
        self.lock().users.get(&user).map_or(0, Vec::len)
    }

    /// Whether the account has a socket.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.lock().users.contains_key(&user)
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        // Every section leaves the registry whole, so a panic elsewhere does not spoil it.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the frame once, if anybody gets it, and never waits.
fn deliver<'a>(connections: impl Iterator<Item = &'a Connection>, frame: &ServerFrame) {
    let mut connections = connections.peekable();
    if connections.peek().is_none() {
        return;
    }
    let text = match serde_json::to_string(frame) {
        Ok(text) => Utf8Bytes::from(text),
        Err(error) => {
            tracing::error!(%error, "a frame could not be written as JSON");
            return;
        }
    };
    for connection in connections {
        // A closed queue belongs to a socket that is on its way out; its snapshot will have it all.
        if let Err(mpsc::error::TrySendError::Full(_)) = connection.queue.try_send(text.clone()) {
            connection.closing.order(Close::SlowReader);
        }
    }
}

impl Registry {
    fn tell(&self, movement: Movement) {
        // Nobody listens any more once the server stops.
        let _ = self.movements.send(movement);
    }
}

impl Seat {
    /// The socket.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// Orders to close the socket.
    pub(crate) fn closing(&self) -> &Arc<Closing> {
        &self.closing
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut registry = self.hub.lock();
        let Some(connections) = registry.users.get_mut(&self.user) else {
            return;
        };
        let Some(index) = connections.iter().position(|c| c.id == self.id) else {
            return;
        };
        let gone = connections.swap_remove(index);
        let device_left = !connections.iter().any(|c| c.device == gone.device);
        if connections.is_empty() {
            registry.users.remove(&self.user);
        }
        if device_left {
            registry.tell(Movement::Moved {
                user: self.user,
                device: gone.device,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ConversationId;
    use uuid::Uuid;

    #[test]
    fn frame_reaches_every_socket_of_the_account_but_the_one_left_out() {
        let (hub, _movements) = Hub::new();
        let (ada, mut first) = hub.join(identity(1, 1)).unwrap();
        let (_seat, mut second) = hub.join(identity(1, 2)).unwrap();
        let (_seat, mut other) = hub.join(identity(2, 3)).unwrap();
        hub.send(&[user(1)], &typing(), Some(ada.id()));
        assert!(first.try_recv().is_err());
        assert!(second.try_recv().unwrap().contains("typing"));
        assert!(other.try_recv().is_err());
        hub.send_to_device(user(1), DeviceId(Uuid::from_u128(1)), &typing());
        assert!(first.try_recv().is_ok());
        assert!(second.try_recv().is_err());
    }

    #[test]
    fn devices_come_with_their_first_socket_and_leave_with_their_last() {
        let (hub, mut movements) = Hub::new();
        let (tab, _queue) = hub.join(identity(1, 1)).unwrap();
        let (other_tab, _queue) = hub.join(identity(1, 1)).unwrap();
        let (phone, _queue) = hub.join(identity(1, 2)).unwrap();
        drop(tab);
        drop(phone);
        drop(other_tab);
        let user = user(1);
        let moved = |n| Movement::Moved {
            user,
            device: DeviceId(Uuid::from_u128(n)),
        };
        let mut told = Vec::new();
        while let Ok(movement) = movements.try_recv() {
            told.push(movement);
        }
        assert_eq!(
            told,
            [
                moved(1), // the first tab
                moved(2), // the phone
                moved(2), // and again
                moved(1), // the last tab
            ]
        );
        assert!(!hub.is_connected(user));
    }

    #[tokio::test]
    async fn full_queue_closes_its_socket_and_no_other() {
        let (hub, _movements) = Hub::new();
        let (slow, _never_read) = hub.join(identity(1, 1)).unwrap();
        let (_seat, mut quick) = hub.join(identity(1, 2)).unwrap();
        for _ in 0..=OUTGOING_QUEUE_FRAMES {
            hub.send(&[user(1)], &typing(), None);
            quick.try_recv().unwrap();
        }
        assert_eq!(slow.closing().ordered().await, Close::SlowReader);
        assert!(hub.is_connected(user(1)));
    }

    #[tokio::test]
    async fn ended_session_closes_its_sockets_and_no_other() {
        let (hub, mut movements) = Hub::new();
        let (ended, _queue) = hub.join(identity(1, 1)).unwrap();
        let (other, _queue) = hub.join(identity(1, 2)).unwrap();
        let (away, _queue) = hub.join(identity(2, 3)).unwrap();
        drop(away);
        hub.close_session(identity(1, 1).session);
        hub.close_session(identity(2, 3).session);
        assert_eq!(ended.closing().ordered().await, Close::SessionEnded);
        assert_eq!(other.closing().reason.get(), None);
        let mut devices = Vec::new();
        while let Ok(movement) = movements.try_recv() {
            if let Movement::SessionEnded { device, .. } = movement {
                devices.push(device);
            }
        }
        assert_eq!(devices, [identity(1, 1).device, identity(2, 3).device]);
    }

    #[test]
    fn account_cannot_open_sockets_without_end() {
        let (hub, _movements) = Hub::new();
        let seats: Vec<_> = (0..SOCKETS_PER_ACCOUNT)
            .map(|_| hub.join(identity(1, 1)).unwrap())
            .collect();
        assert!(hub.join(identity(1, 1)).is_err());
        assert!(hub.join(identity(2, 9)).is_ok());
        drop(seats);
        assert!(hub.join(identity(1, 1)).is_ok());
    }

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    /// A device has one session; both get the number of the device.
    fn identity(account: u128, device: u128) -> Identity {
        Identity {
            user: user(account),
            device: DeviceId(Uuid::from_u128(device)),
            session: SessionId(Uuid::from_u128(device)),
        }
    }

    fn typing() -> ServerFrame {
        ServerFrame::Typing {
            conversation: ConversationId(Uuid::from_u128(7)),
            active: true,
        }
    }
}
