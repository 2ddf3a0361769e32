//! What administrators, and the host, do with accounts: list, disable, enable, reset the password.
//!
//! The rule kept here: whoever is disabled or reset is out at once, on every device, and the calls of
//! those devices end with their sessions. What such a person wrote stays where it is.

use protocol::account::{Person, Token};
use protocol::error::ErrorCode;
use protocol::factors::Factors;
use protocol::limits::PASSWORD_RESET_LIFE;
use protocol::managing::{ChoosePassword, ManagedAccount, ManagedAccounts, PasswordReset};
use protocol::{SessionId, UserId, Username};

use super::invites::not_administrator;
use super::passwords::NOBODYS;
use super::{Accounts, refresh};
use crate::error::Refusal;
use crate::store::managed::Which;
use crate::store::{self, Connection, StoreError};

/// A change of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It may not sign in.
    Disable,
    /// It may again.
    Enable,
    /// It may manage accounts.
    Promote,
    /// It may not any more.
    Demote,
}

/// What a reset of the password does to second factors and passkeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorsAtReset {
    /// They stay: a link alone must not open what two factors protect.
    Kept,
    /// They go, because the person has lost them. For the host alone.
    Removed,
}

impl Accounts {
    /// Refuses everybody but an administrator.
    ///
    /// # Errors
    /// [`ErrorCode::Forbidden`], and the store's reasons.
    pub async fn check_administrator(&self, user: UserId) -> Result<(), Refusal> {
        let asked = self
            .store
            .read(move |db| store::managed::is_administrator(db, user));
        if asked.await? {
            Ok(())
        } else {
            Err(not_administrator().concerning(user))
        }
    }

    /// So many accounts, by username, from after one.
    ///
    /// # Errors
    /// The store's reasons.
    pub async fn list(
        &self,
        after: Option<Username>,
        limit: u32,
    ) -> Result<ManagedAccounts, Refusal> {
        let one_more = limit.saturating_add(1);
        let list = self
            .store
            .read(move |db| store::managed::list(db, after.as_ref(), one_more));
        let mut accounts = list.await?;
        let more = accounts.len() > limit as usize;
        accounts.truncate(limit as usize);
        Ok(ManagedAccounts { accounts, more })
    }

    /// Changes an account; a change that is made already changes nothing.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn change(&self, which: Which, change: Change) -> Result<ManagedAccount, Refusal> {
        let now = self.clock.now();
        let carry_out = move |db: &Connection| {
            let Some(found) = store::managed::find(db, &which)? else {
                return Ok(None);
            };
            let user = found.person.id;
            let mut ended = Vec::new();
            match change {
                Change::Disable => ended = store::managed::disable(db, user, now)?,
                Change::Enable => store::managed::enable(db, user)?,
                Change::Promote => store::managed::set_administrator(db, user, true)?,
                Change::Demote => store::managed::set_administrator(db, user, false)?,
            }
            let changed = store::managed::find(db, &Which::Id(user))?;
            Ok(changed.map(|changed| (changed, ended)))
        };
        let changed = self.store.write(carry_out).await?;
        let (account, ended) = changed.ok_or_else(|| Refusal::not_found("account"))?;
        tracing::info!(user.id = %account.person.id, ?change, "account changed");
        self.close_sockets(&ended);
        Ok(account)
    }

    /// Takes the password away, ends all sessions and makes a link by which a new one is chosen. Factors go at once where
    /// they shall: until the link is used nobody gets in, and a passkey of a thief is of no more use either.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`].
    pub async fn reset_password(
        &self,
        which: Which,
        factors: FactorsAtReset,
    ) -> Result<PasswordReset, Refusal> {
        let expires_at = self.clock.now() + PASSWORD_RESET_LIFE;
        let (secret, hash) = refresh::new();
        let begin = move |db: &Connection| {
            let Some(found) = store::managed::find(db, &which)? else {
                return Ok(None);
            };
            let user = found.person.id;
            let ended = store::managed::begin_reset(db, user, NOBODYS, &hash, expires_at)?;
            if factors == FactorsAtReset::Removed {
                store::factors::remove_all(db, user)?;
            }
            // Whether passkeys are possible is the page's question, not this one's.
            let left = store::factors::list(db, user, false)?;
            Ok::<Option<(UserId, Vec<SessionId>, Factors)>, StoreError>(Some((user, ended, left)))
        };
        let reset = self.store.write(begin).await?;
        let (user, ended, left) = reset.ok_or_else(|| Refusal::not_found("account"))?;
        tracing::info!(user.id = %user, ?factors, "password taken away, link made");
        self.close_sockets(&ended);
        Ok(PasswordReset {
            secret,
            expires_at,
            authenticator_app: left.authenticator_app.is_some(),
            passkeys: u32::try_from(left.passkeys.len()).unwrap_or(u32::MAX),
        })
    }

    /// Whose password a link is for.
    ///
    /// # Errors
    /// [`ErrorCode::LinkInvalid`].
    pub async fn show_reset(&self, secret: &Token) -> Result<Person, Refusal> {
        let (secret, now) = (refresh::hash(secret), self.clock.now());
        let find = self
            .store
            .read(move |db| store::managed::reset(db, &secret, now));
        find.await?.ok_or_else(invalid)
    }

    /// Keeps the new password of whoever has the link. It signs nobody in: what else that takes is asked
    /// at the sign-in.
    ///
    /// # Errors
    /// [`ErrorCode::LinkInvalid`], [`ErrorCode::PasswordGuessable`], [`ErrorCode::Unavailable`].
    pub async fn choose_password(&self, chosen: ChoosePassword) -> Result<(), Refusal> {
        let ChoosePassword { reset, password } = chosen;
        // Asked first, because hashing is dear; decided when the password is kept.
        let person = self.show_reset(&reset).await?;
        let about = self.words_about(&person.username, &person.display_name);
        let judged = self.passwords.refuse_guessable(&password, about).await;
        judged.map_err(|refusal| refusal.at("password"))?;
        let password = self.passwords.hash(password).await?;
        let (secret, now) = (refresh::hash(&reset), self.clock.now());
        let finish = move |db: &Connection| {
            let Some(person) = store::managed::reset(db, &secret, now)? else {
                return Ok(false);
            };
            store::managed::finish_reset(db, person.id, &password)?;
            Ok::<_, StoreError>(true)
        };
        if self.store.write(finish).await? {
            Ok(())
        } else {
            Err(invalid())
        }
    }
}

fn invalid() -> Refusal {
    let message = "This link was used already, replaced by another one, or has expired. Ask an \
                   administrator for another one.";
    Refusal::new(ErrorCode::LinkInvalid, message)
}
