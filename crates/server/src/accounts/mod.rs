//! Accounts, passwords, sessions and tokens.
//!
//! A session is one signed-in period of one device. Its access token is a JWT that proves itself for
//! ten minutes; whether the session still lives is a row in the store, asked for at every HTTP request
//! and at every `hello`. Ending a session deletes the row and closes its socket.

pub mod keys;
pub mod tokens;

use protocol::SessionId;
use protocol::account::Token;
use protocol::error::ErrorCode;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::hub::Hub;
use crate::store::{self, Store};
use keys::KeyRing;
use tokens::{Claims, Tokens};

/// Everything about who somebody is.
#[derive(Debug)]
pub struct Accounts {
    clock: Clock,
    store: Store,
    hub: Hub,
    tokens: Tokens,
}

impl Accounts {
    /// Takes what it works with.
    pub fn new(clock: Clock, store: Store, hub: Hub, keys: KeyRing, issuer: String) -> Self {
        Self {
            clock,
            store,
            hub,
            tokens: Tokens::new(keys, issuer),
        }
    }

    /// The access tokens of this server.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Whose token it is, if it is genuine, not expired, and its session still lives.
    ///
    /// A socket must register with the hub first and ask this afterwards: a session that ends in
    /// between is then either found dead here or closed by the hub.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`], and the store's reasons.
    pub async fn authenticate(&self, token: &Token) -> Result<Claims, Refusal> {
        let claims = self.tokens.verify(self.clock.now(), token)?;
        if self.is_alive(claims.session).await? {
            Ok(claims)
        } else {
            let message = "This session was ended. Sign in again.";
            Err(Refusal::new(ErrorCode::Unauthenticated, message))
        }
    }

    /// Whether a session was not ended yet.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn is_alive(&self, session: SessionId) -> Result<bool, Refusal> {
        let now = self.clock.now();
        let alive = move |db: &store::Connection| store::sessions::is_alive(db, session, now);
        Ok(self.store.read(alive).await?)
    }

    /// Ends sessions for good and closes their sockets.
    pub(crate) fn close_sockets(&self, sessions: &[SessionId]) {
        for &session in sessions {
            self.hub.close_session(session);
        }
    }
}
