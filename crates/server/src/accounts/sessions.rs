//! What becomes of a session: refreshed, listed, ended.

use protocol::account::{RefreshBy, Session, SignedIn, Token};
use protocol::error::ErrorCode;
use protocol::limits::ACCESS_TOKEN_LIFE;
use protocol::{SessionId, UserId};

use super::tokens::Claims;
use super::{Accounts, Opened, refresh, session_over};
use crate::error::Refusal;
use crate::store;
use crate::store::sessions::Rotation;

impl Accounts {
    /// The next pair of tokens for a refresh token, which is worth nothing afterwards.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] where no session has it or the session is over. One that was used
    /// before ends its session.
    pub async fn refresh(&self, token: &Token, by: RefreshBy) -> Result<Opened, Refusal> {
        let (used, now) = (refresh::hash(token), self.clock.now());
        let known = self
            .store
            .read(move |db| store::sessions::is_refresh(db, &used));
        if !known.await? {
            return Err(session_over());
        }
        let (next, next_hash) = refresh::new();
        let rotate =
            move |db: &store::Connection| store::sessions::rotate(db, &used, by, &next_hash, now);
        let (session, person, device) = match self.store.write(rotate).await? {
            Rotation::Rotated {
                session,
                person,
                device,
            } => (session, person, device),
            Rotation::Stolen(session) => {
                tracing::warn!(session.id = %session, "a spent refresh token was used; its session ends");
                self.close_sockets(&[session]);
                let message =
                    "This session was ended, because its token was used twice. Sign in again.";
                return Err(Refusal::new(ErrorCode::Unauthenticated, message));
            }
            Rotation::Expired(session) => {
                self.close_sockets(&[session]);
                return Err(session_over());
            }
            Rotation::Unknown => return Err(session_over()),
        };
        let access_token = self.tokens.issue(now, person.id, device.id, session)?;
        Ok(Opened {
            signed_in: SignedIn {
                access_token,
                expires_in: ACCESS_TOKEN_LIFE,
                refresh_token: None,
                me: person,
                device,
                session,
                recovery_codes_left: None,
            },
            refresh: next,
            refresh_by: by,
        })
    }

    /// The account's sessions, newest use first.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn sessions(&self, asking: &Claims) -> Result<Vec<Session>, Refusal> {
        let (user, session, now) = (asking.user, asking.session, self.clock.now());
        let list = self
            .store
            .read(move |db| store::sessions::list(db, user, session, now));
        Ok(list.await?)
    }

    /// Ends a session of an account and closes its sockets.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] where the account has no such session.
    pub async fn end_session(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        let end = self
            .store
            .write(move |db| store::sessions::end_own(db, user, session));
        if !end.await? {
            return Err(Refusal::not_found("session"));
        }
        self.close_sockets(&[session]);
        Ok(())
    }

    /// Ends all of an account's sessions, the asking one too, and closes their sockets.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn end_all_sessions(&self, user: UserId) -> Result<(), Refusal> {
        let end = self
            .store
            .write(move |db| store::sessions::end_all(db, user, None));
        self.close_sockets(&end.await?);
        Ok(())
    }

    /// Signs out whoever has a refresh token. One that is nobody's is signed out already.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn sign_out_by_refresh(&self, token: &Token) -> Result<(), Refusal> {
        let used = refresh::hash(token);
        let end = self
            .store
            .write(move |db| store::sessions::end_by_refresh(db, &used));
        self.close_sockets(&end.await?);
        Ok(())
    }

    /// What has to be done once a day: rotates the keys, ends the sessions that were left to die and
    /// forgets the invites that nobody can use any more.
    pub async fn tidy(&self) {
        let now = self.clock.now();
        match self.tokens.keys().rotate(now) {
            Ok(true) => tracing::info!(key.id = self.tokens.keys().current().id(), "keys rotated"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the keys could not be rotated"),
        }
        let ended = self
            .store
            .write(move |db| store::sessions::end_expired(db, now));
        match ended.await {
            Ok(ended) => self.close_sockets(&ended),
            Err(error) => tracing::error!(%error, "old sessions could not be ended"),
        }
        let forgotten = self
            .store
            .write(move |db| store::invites::forget_spent(db, now));
        if let Err(error) = forgotten.await {
            tracing::error!(%error, "old invites could not be forgotten");
        }
    }
}
