//! Registration and sign-in: the two ways to open a session.

use std::net::IpAddr;

use protocol::account::{DeviceClaim, Person, Register, SignIn, SignedIn, Token};
use protocol::error::ErrorCode;
use protocol::factors::SecondFactorRequired;
use protocol::limits::ACCESS_TOKEN_LIFE;
use protocol::{DeviceId, Password, SessionId, UserId, Username};

use super::passwords::Check;
use super::{Accounts, Opened, refresh};
use crate::error::Refusal;
use crate::secrets;
use crate::store::accounts::NewAccount;
use crate::store::sessions::{ConfirmedBy, NewSession};
use crate::store::{self, StoreError};

impl Accounts {
    /// Makes an account and opens its first session.
    ///
    /// # Errors
    /// [`ErrorCode::UsernameTaken`], [`ErrorCode::RateLimited`], [`ErrorCode::Unavailable`].
    pub async fn register(&self, wanted: Register, address: IpAddr) -> Result<Opened, Refusal> {
        let Register {
            username,
            display_name,
            password,
            device,
        } = wanted;
        // Asked first, because hashing is dear; decided when the row goes in.
        let name = username.clone();
        let is_taken = self
            .store
            .read(move |db| store::accounts::is_taken(db, &name));
        if is_taken.await? {
            return Err(taken(&username));
        }
        self.throttle
            .begin_registration(self.clock.now(), address)?;
        let password = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let person = Person {
            id: UserId(secrets::new_id(now)),
            username,
            display_name,
        };
        let account = NewAccount {
            person: person.clone(),
            password,
            created_at: now,
        };
        let opening = Opening::new(self, person.clone(), device, ConfirmedBy::Password);
        let open = move |db: &store::Connection| {
            let inserted = store::accounts::insert(db, &account)?;
            let opened = inserted.then(|| store::sessions::open(db, &opening.session));
            Ok::<_, StoreError>((opened.transpose()?, opening))
        };
        match self.store.write(open).await? {
            (Some(opened), opening) => {
                tracing::info!(user.id = %person.id, "account made");
                opening.finish(self, opened)
            }
            (None, _) => Err(taken(&person.username)),
        }
    }

    /// Opens a session for whoever knows the password, or says that this account asks for more.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`] for a wrong password and for an unknown username alike,
    /// [`ErrorCode::RateLimited`], [`ErrorCode::Unavailable`].
    pub async fn sign_in(
        &self,
        wanted: SignIn,
        address: IpAddr,
    ) -> Result<PasswordAnswer, Refusal> {
        let SignIn {
            username,
            password,
            device,
        } = wanted;
        let Ok(username) = username.parse::<Username>() else {
            // Nobody's, but the one who asks should not learn that from the time it takes.
            self.passwords.check(password, None).await?;
            return Err(wrong_credentials());
        };
        let proven = self
            .check_password(username, password, device.id, address)
            .await?;
        let opening = Opening::new(self, proven.person.clone(), device, ConfirmedBy::Password);
        let open = move |db: &store::Connection| {
            // Whoever changes a password ends the sessions of those who had the old one: also this one, on its way.
            if !proven.still_holds(db)? {
                return Ok(Err(wrong_credentials()));
            }
            let ways = store::factors::ways(db, proven.person.id)?;
            if store::factors::any(db, proven.person.id)? {
                return Ok::<_, StoreError>(Ok(Err((proven, opening.device, ways))));
            }
            let opened = store::sessions::open(db, &opening.session)?;
            Ok(Ok(Ok((opened, opening))))
        };
        match self.store.write(open).await?? {
            Ok((opened, opening)) => opening.finish(self, opened).map(PasswordAnswer::Opened),
            Err((proven, device, ways)) => {
                let ticket = self.wait_for_factor(proven, device, ways);
                Ok(PasswordAnswer::SecondFactorRequired(ticket))
            }
        }
    }

    /// Whose password it is. Guesses are counted; a right one is kept with today's parameters from now on.
    pub(super) async fn check_password(
        &self,
        username: Username,
        password: Password,
        claimed: Option<DeviceId>,
        address: IpAddr,
    ) -> Result<Proven, Refusal> {
        let name = username.clone();
        let known = self
            .store
            .read(move |db| store::accounts::credentials(db, &name, claimed));
        let known = known.await?;
        let known_device =
            claimed.filter(|_| known.as_ref().is_some_and(|known| known.known_device));
        self.throttle
            .begin_sign_in(self.clock.now(), &username, known_device, address)?;
        let (person, hash) = known.map(|known| (known.person, known.password)).unzip();
        let check = self.passwords.check(password, hash.clone()).await?;
        let (Check::Right(better), Some(person), Some(hash)) = (check, person, hash) else {
            return Err(wrong_credentials());
        };
        self.throttle
            .sign_in_succeeded(&username, known_device, address);
        let hash = match better {
            None => hash,
            Some(better) => {
                let (user, kept) = (person.id, better.clone());
                let keep =
                    move |db: &store::Connection| store::accounts::set_password(db, user, &kept);
                self.store.write(keep).await?;
                better
            }
        };
        Ok(Proven {
            person,
            hash,
            known_device,
        })
    }
}

/// What a right password leads to.
#[derive(Debug)]
pub enum PasswordAnswer {
    /// A session.
    Opened(Opened),
    /// The password is right and not enough.
    SecondFactorRequired(SecondFactorRequired),
}

/// Somebody who knew the password a moment ago.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) person: Person,
    /// The hash that the password was checked against.
    hash: String,
    /// The device that signs in, where the account has used it before.
    pub(super) known_device: Option<DeviceId>,
}

impl Proven {
    /// Whether the password is still the one that was checked.
    pub(super) fn still_holds(&self, db: &store::Connection) -> Result<bool, StoreError> {
        let now = store::accounts::password(db, self.person.id)?;
        Ok(now.as_ref() == Some(&self.hash))
    }
}

/// A session on its way into the store, with what its owner will be told.
pub(super) struct Opening {
    person: Person,
    pub(super) session: NewSession,
    /// As it was claimed.
    device: DeviceClaim,
    refresh: Token,
}

impl Opening {
    pub(super) fn new(
        accounts: &Accounts,
        person: Person,
        device: DeviceClaim,
        confirmed_by: ConfirmedBy,
    ) -> Self {
        let now = accounts.clock.now();
        let (token, hash) = refresh::new();
        let session = NewSession {
            id: SessionId(secrets::new_id(now)),
            user: person.id,
            claimed: device.id,
            fresh_device: DeviceId(secrets::new_id(now)),
            device_name: device.name.clone(),
            refresh: hash,
            refresh_by: device.refresh_by,
            confirmed_by,
            now,
        };
        Self {
            person,
            session,
            device,
            refresh: token,
        }
    }

    pub(super) fn finish(
        self,
        accounts: &Accounts,
        opened: store::sessions::Opened,
    ) -> Result<Opened, Refusal> {
        let Self {
            person,
            session,
            refresh,
            device: _,
        } = self;
        accounts.close_sockets(&opened.ended);
        let device = opened.device;
        tracing::info!(user.id = %person.id, device.id = %device.id, session.id = %session.id, "signed in");
        let access_token = accounts
            .tokens
            .issue(session.now, person.id, device.id, session.id)?;
        Ok(Opened {
            signed_in: SignedIn {
                access_token,
                expires_in: ACCESS_TOKEN_LIFE,
                refresh_token: None,
                me: person,
                device,
                session: session.id,
                recovery_codes_left: None,
            },
            refresh,
            refresh_by: session.refresh_by,
        })
    }
}

fn taken(username: &Username) -> Refusal {
    let message = format!("Somebody has the username {username}. Choose another.");
    Refusal::new(ErrorCode::UsernameTaken, message).at("username")
}

pub(super) fn wrong_credentials() -> Refusal {
    let message = "The username or the password is wrong.";
    Refusal::new(ErrorCode::WrongCredentials, message)
}
