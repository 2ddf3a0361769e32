//! Whether people are there, as their contacts are told.
//!
//! The rule kept here: it is worked out anew from what is so now (sockets, calls), never counted up
//! and down, so a lost or doubled event changes nothing. Going offline is told after
//! [`OFFLINE_AFTER`], so that a reload of the page does not flicker. Only mutual contacts are told.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use protocol::chat::{Contact, Conversation, Presence};
use protocol::socket::ServerFrame;
use protocol::{Milliseconds, Timestamp, UserId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::time::{DelayQueue, delay_queue};

use crate::clock::Clock;
use crate::hub::Hub;
use crate::store::chat::Seen;
use crate::store::{self, Store, StoreError};

/// How long after its last socket an account counts as offline.
pub const OFFLINE_AFTER: Milliseconds = Milliseconds::from_seconds(3);

/// Whether people are there. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Presences {
    hub: Hub,
    state: Arc<Mutex<State>>,
    changes: mpsc::UnboundedSender<UserId>,
}

#[derive(Debug, Default)]
struct State {
    in_call: HashSet<UserId>,
    /// Without a socket, but not for long enough to count as offline.
    lingering: HashSet<UserId>,
}

/// Tells contacts what changed. Runs as one task.
#[derive(Debug)]
pub struct Teller {
    presences: Presences,
    store: Store,
    clock: Clock,
    changes: mpsc::UnboundedReceiver<UserId>,
    told: HashMap<UserId, Presence>,
    leaving: DelayQueue<UserId>,
    leaving_keys: HashMap<UserId, delay_queue::Key>,
}

impl Presences {
    /// Nobody is there.
    pub fn new(hub: Hub, store: Store, clock: Clock) -> (Self, Teller) {
        // Unbounded: at most one entry for every coming, going, answer and end that the hub and the
        // switchboard have let through.
        let (changes, receiver) = mpsc::unbounded_channel();
        let presences = Self {
            hub,
            state: Arc::default(),
            changes,
        };
        let teller = Teller {
            presences: presences.clone(),
            store,
            clock,
            changes: receiver,
            told: HashMap::new(),
            leaving: DelayQueue::new(),
            leaving_keys: HashMap::new(),
        };
        (presences, teller)
    }

    /// A socket of the account came or went.
    pub fn look_at(&self, user: UserId) {
        // Nobody listens any more once the server stops.
        let _ = self.changes.send(user);
    }

    /// The account is in an answered call now, or is not any more.
    pub fn set_in_call(&self, user: UserId, in_call: bool) {
        let changed = if in_call {
            self.lock().in_call.insert(user)
        } else {
            self.lock().in_call.remove(&user)
        };
        if changed {
            self.look_at(user);
        }
    }

    /// How an account is, for those who may know.
    pub fn of(&self, user: UserId, last_seen: Option<Timestamp>) -> Presence {
        let state = self.lock();
        if state.in_call.contains(&user) {
            Presence::InCall
        } else if state.lingering.contains(&user) || self.hub.is_connected(user) {
            Presence::Online
        } else {
            Presence::Offline { last_seen }
        }
    }

    /// Fills the presence of the other person in.
    pub fn show(&self, seen: Seen) -> Conversation {
        let mut conversation = seen.conversation;
        conversation.presence = match conversation.contact {
            Contact::Accepted if seen.mutual => {
                Some(self.of(conversation.person.id, seen.last_seen))
            }
            // Who is blocked is not told so; the other person just seems to be away for ever.
            Contact::Accepted => Some(Presence::Offline { last_seen: None }),
            Contact::None | Contact::Requested | Contact::Request | Contact::Blocked => None,
        };
        conversation
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Teller {
    /// Tells until the server stops.
    pub async fn run(mut self, stopping: CancellationToken) {
        loop {
            let told = tokio::select! {
                () = stopping.cancelled() => break,
                Some(user) = self.changes.recv() => self.look_at(user).await,
                Some(expired) = self.leaving.next() => self.leave(expired.into_inner()).await,
                else => break,
            };
            if let Err(error) = told {
                tracing::error!(%error, "presence could not be told");
            }
        }
        if let Err(error) = self.keep_last_seen().await {
            tracing::error!(%error, "who was there until the stop could not be kept");
        }
    }

    async fn look_at(&mut self, user: UserId) -> Result<(), StoreError> {
        if self.presences.hub.is_connected(user) {
            if let Some(key) = self.leaving_keys.remove(&user) {
                self.leaving.remove(&key);
            }
            self.presences.lock().lingering.remove(&user);
        } else if self.told.contains_key(&user) && !self.leaving_keys.contains_key(&user) {
            self.presences.lock().lingering.insert(user);
            let delay = OFFLINE_AFTER.as_duration();
            self.leaving_keys
                .insert(user, self.leaving.insert(user, delay));
        }
        self.tell(user).await
    }

    async fn leave(&mut self, user: UserId) -> Result<(), StoreError> {
        self.leaving_keys.remove(&user);
        self.presences.lock().lingering.remove(&user);
        if self.presences.hub.is_connected(user) {
            return Ok(());
        }
        let now = self.clock.now();
        self.store
            .write(move |db| store::chat::set_last_seen(db, user, now))
            .await?;
        self.tell(user).await
    }

    /// Tells the contacts how the account is, if that is news.
    async fn tell(&mut self, user: UserId) -> Result<(), StoreError> {
        let (contacts, last_seen) = self
            .store
            .read(move |db| {
                Ok((
                    store::chat::contacts(db, user)?,
                    store::chat::last_seen(db, user)?,
                ))
            })
            .await?;
        let presence = self.presences.of(user, last_seen);
        let known = if let Presence::Offline { .. } = presence {
            self.told.remove(&user)
        } else {
            self.told.insert(user, presence)
        };
        if known != Some(presence) && (known.is_some() || presence_is_shown(presence)) {
            let frame = ServerFrame::Presence { user, presence };
            self.presences.hub.send(&contacts, &frame, None);
        }
        Ok(())
    }

    /// Whoever was there until the server stops was last seen now.
    async fn keep_last_seen(&self) -> Result<(), StoreError> {
        let users: Vec<_> = self.told.keys().copied().collect();
        let now = self.clock.now();
        self.store
            .write(move |db| {
                for &user in &users {
                    store::chat::set_last_seen(db, user, now)?;
                }
                Ok(())
            })
            .await
    }
}

const fn presence_is_shown(presence: Presence) -> bool {
    matches!(presence, Presence::Online | Presence::InCall)
}
