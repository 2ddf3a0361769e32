//! Proving anew that it is the owner who sits at a session, and what asks for that: the password above all.

use std::net::IpAddr;

use protocol::error::ErrorCode;
use protocol::factors::{ChangePassword, Confirmation};
use protocol::limits::CONFIRMATION_LIFE;
use protocol::{Password, UserId};

use super::tokens::Claims;
use super::webauthn::Site;
use super::{Accounts, session_over};
use crate::error::Refusal;
use crate::store::sessions::{Confirmed, ConfirmedBy};
use crate::store::{self, Connection};

impl Accounts {
    /// Notes that the owner of a session was proven anew. Good for [`CONFIRMATION_LIFE`].
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`], [`ErrorCode::Expired`], [`ErrorCode::RateLimited`], and the store's reasons.
    pub async fn confirm(
        &self,
        asking: &Claims,
        proof: Confirmation,
        site: Option<&Site>,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        let by = match proof {
            Confirmation::Password { password } => {
                self.check_own_password(asking, password, address).await?;
                ConfirmedBy::Password
            }
            Confirmation::Passkey { passkey } => {
                self.check_own_passkey(asking, passkey, site).await?;
                ConfirmedBy::Passkey
            }
        };
        let (session, now) = (asking.session, self.clock.now());
        let note = self
            .store
            .write(move |db| store::sessions::confirm(db, session, by, now));
        if note.await? {
            Ok(())
        } else {
            Err(session_over())
        }
    }

    /// Lets through only whose owner was proven a moment ago.
    ///
    /// # Errors
    /// [`ErrorCode::ConfirmationRequired`], and the store's reasons.
    pub(super) async fn require_confirmed(&self, asking: &Claims) -> Result<Confirmed, Refusal> {
        let (session, now) = (asking.session, self.clock.now());
        let confirmed = self
            .store
            .read(move |db| store::sessions::confirmed(db, session));
        let confirmed = confirmed.await?.ok_or_else(session_over)?;
        // A clock that was set back proves nobody.
        let is_fresh = confirmed.at <= now && now.since(confirmed.at) < CONFIRMATION_LIFE;
        if is_fresh {
            Ok(confirmed)
        } else {
            Err(confirmation_required())
        }
    }

    /// Changes the password and ends every other session of the account.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`] at `current`, [`ErrorCode::ConfirmationRequired`] where that was left out and no
    /// passkey has confirmed this session, [`ErrorCode::PasswordGuessable`] at `new`, [`ErrorCode::RateLimited`], and the store's reasons.
    pub async fn change_password(
        &self,
        asking: &Claims,
        change: ChangePassword,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        match change.current {
            Some(current) => {
                let check = self.check_own_password(asking, current, address).await;
                check.map_err(|refusal| refusal.at("current"))?;
            }
            None if self.require_confirmed(asking).await?.by == ConfirmedBy::Passkey => {}
            None => return Err(confirmation_required()),
        }
        let person = self.person(asking.user).await?;
        let about = self.words_about(&person.username, &person.display_name);
        let judged = self.passwords.refuse_guessable(&change.new, about).await;
        judged.map_err(|refusal| refusal.at("new"))?;
        let hash = self.passwords.hash(change.new).await?;
        let (user, session) = (asking.user, asking.session);
        let change = move |db: &Connection| {
            store::accounts::set_password(db, user, &hash)?;
            store::sessions::end_all(db, user, Some(session))
        };
        let ended = self.store.write(change).await?;
        tracing::info!(user.id = %user, ended = ended.len(), "password changed");
        self.close_sockets(&ended);
        Ok(())
    }

    /// Checks the password of whoever is signed in; guesses are counted as at sign-in.
    async fn check_own_password(
        &self,
        asking: &Claims,
        password: Password,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        let person = self.person(asking.user).await?;
        let device = Some(asking.device);
        let check = self
            .check_password(person.username, password, device, address)
            .await;
        match check {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == ErrorCode::WrongCredentials => {
                let message = "This is not your password.";
                Err(Refusal::new(ErrorCode::WrongCredentials, message)
                    .at("password")
                    .concerning(asking.user))
            }
            Err(refusal) => Err(refusal),
        }
    }

    pub(super) async fn person(&self, user: UserId) -> Result<protocol::account::Person, Refusal> {
        let person = self.store.read(move |db| store::accounts::person(db, user));
        person.await?.ok_or_else(session_over)
    }
}

fn confirmation_required() -> Refusal {
    let message = "Confirm first that it is you, by your password or a passkey.";
    Refusal::new(ErrorCode::ConfirmationRequired, message)
}
