//! Accounts, passwords, sessions and tokens.
//!
//! A session is one signed-in period of one device. Its access token is a JWT that proves itself for
//! ten minutes; whether the session still lives is a row in the store, asked for at every HTTP request
//! and at every `hello`. Ending a session deletes the row and closes its socket.

mod codes;
mod confirmation;
mod factors;
mod guessable;
mod invites;
pub mod keys;
mod managing;
mod passkeys;
mod passwords;
mod pending;
mod refresh;
mod second_factor;
mod sessions;
mod sign_in;
mod throttle;
pub mod tokens;
pub mod webauthn;

pub use managing::{Change, FactorsAtReset};
pub use sign_in::{Introduction, Registered};

use protocol::SessionId;
use protocol::account::{RefreshBy, SignedIn, Token};
use protocol::error::ErrorCode;
use protocol::registration::Registration;

use crate::clock::Clock;
use crate::config::Limits;
use crate::error::Refusal;
use crate::hub::Hub;
use crate::store::factors::AppSecret;
use crate::store::sessions::RefreshHash;
use crate::store::{self, Store};
use keys::KeyRing;
use passkeys::Challenge;
use passwords::Passwords;
use pending::Pending;
use second_factor::Ticket;
use throttle::Throttle;
use tokens::{Claims, Tokens};

pub use sign_in::PasswordAnswer;
pub use webauthn::Site;

/// Everything about who somebody is.
#[derive(Debug)]
pub struct Accounts {
    clock: Clock,
    store: Store,
    hub: Hub,
    registration: Registration,
    tokens: Tokens,
    passwords: Passwords,
    /// Words that somebody who guesses a password of this server tries first.
    server_words: Vec<String>,
    throttle: Throttle,
    waiting: Waiting,
}

/// What was begun and waits for its second half.
#[derive(Debug, Default)]
struct Waiting {
    /// Sign-ins that wait for their second factor.
    tickets: Pending<RefreshHash, Ticket>,
    /// Challenges to passkeys.
    challenges: Pending<RefreshHash, Challenge>,
    /// Challenges to make a passkey, one for a session.
    making: Pending<SessionId, webauthn::Making>,
    /// Secrets of authenticator apps, one for a session.
    apps: Pending<SessionId, AppSecret>,
}

/// A session that was opened or refreshed.
#[derive(Debug)]
pub struct Opened {
    /// The answer, without the refresh token.
    pub signed_in: SignedIn,
    /// The refresh token.
    pub refresh: Token,
    /// How that travels.
    pub refresh_by: RefreshBy,
}

impl Accounts {
    /// Takes what it works with.
    pub fn new(
        clock: Clock,
        store: Store,
        hub: Hub,
        keys: KeyRing,
        issuer: String,
        registration: Registration,
        limits: &Limits,
    ) -> Self {
        Self {
            clock,
            store,
            hub,
            registration,
            server_words: guessable::words_of(issuer.trim_start_matches("https://")),
            tokens: Tokens::new(keys, issuer),
            passwords: Passwords::new(limits.password_queue),
            throttle: Throttle::new(limits.free_sign_in_failures, limits.accounts_per_hour),
            waiting: Waiting::default(),
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
            Err(session_over())
        }
    }

    /// Whether a session was not ended yet.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn is_alive(&self, session: SessionId) -> Result<bool, Refusal> {
        let now = self.clock.now();
        let alive = self
            .store
            .read(move |db| store::sessions::is_alive(db, session, now));
        Ok(alive.await?)
    }

    /// Closes the sockets of sessions that were ended in the store.
    fn close_sockets(&self, sessions: &[SessionId]) {
        for &session in sessions {
            tracing::info!(session.id = %session, "session ended");
            self.hub.close_session(session);
        }
    }
}

/// A ticket, challenge or setup that nobody knows any more.
fn expired(what: &str) -> Refusal {
    let message = format!("{what} took too long, or was used already. Begin again.");
    Refusal::new(ErrorCode::Expired, message)
}

fn session_over() -> Refusal {
    let message = "This session is over. Sign in again.";
    Refusal::new(ErrorCode::Unauthenticated, message)
}
