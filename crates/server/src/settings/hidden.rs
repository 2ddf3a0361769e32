//! Who hides their IP address from whom, in memory.
//!
//! The rule kept here: it says what the database says, because it is read from there at the start and changed right after
//! each commit. So a request of a call can be judged at once, in its place among the requests of its socket.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use protocol::{ConversationId, UserId};

use crate::store::{self, Store, StoreError};

/// Who hides their address. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Hidden {
    who: Arc<RwLock<Who>>,
}

#[derive(Debug, Default)]
struct Who {
    from_all: HashSet<UserId>,
    from_one: HashSet<(UserId, ConversationId)>,
}

impl Hidden {
    /// What the database says.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let read = store.read(|db| {
            let from_all = store::settings::hidden(db)?.into_iter().collect();
            let from_one = store::chat::hidden(db)?.into_iter().collect();
            Ok(Who { from_all, from_one })
        });
        let who = Arc::new(RwLock::new(read.await?));
        Ok(Self { who })
    }

    /// Whether an account hides its address from the other of a conversation.
    pub fn hides(&self, user: UserId, conversation: ConversationId) -> bool {
        let who = self.who.read().unwrap_or_else(PoisonError::into_inner);
        who.from_all.contains(&user) || who.from_one.contains(&(user, conversation))
    }

    /// An account hides its address from everybody, or not any more. After the commit.
    pub fn set_from_all(&self, user: UserId, hides: bool) {
        self.change(|who| put(&mut who.from_all, user, hides));
    }

    /// An account hides its address from the other of a conversation, or not any more. After the commit.
    pub fn set_from_one(&self, user: UserId, conversation: ConversationId, hides: bool) {
        self.change(|who| put(&mut who.from_one, (user, conversation), hides));
    }

    fn change(&self, change: impl FnOnce(&mut Who)) {
        change(&mut self.who.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn put<T: Eq + std::hash::Hash>(set: &mut HashSet<T>, value: T, is_in: bool) {
    if is_in {
        set.insert(value);
    } else {
        set.remove(&value);
    }
}
