//! Registration and sign-in: the two ways to open a session.

use std::net::IpAddr;

use protocol::account::{Person, Register, SignIn, SignedIn};
use protocol::error::ErrorCode;
use protocol::limits::ACCESS_TOKEN_LIFE;
use protocol::{DeviceId, SessionId, UserId, Username};

use super::passwords::Check;
use super::{Accounts, Opened, refresh};
use crate::error::Refusal;
use crate::secrets;
use crate::store::accounts::NewAccount;
use crate::store::sessions::NewSession;
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
        let opening = Opening::new(self, person.clone(), device);
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

    /// Opens a session for whoever knows the password.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`] for a wrong password and for an unknown username alike,
    /// [`ErrorCode::RateLimited`], [`ErrorCode::Unavailable`].
    pub async fn sign_in(&self, wanted: SignIn, address: IpAddr) -> Result<Opened, Refusal> {
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
        let (name, claimed) = (username.clone(), device.id);
        let known = self
            .store
            .read(move |db| store::accounts::credentials(db, &name, claimed));
        let known = known.await?;
        let known_device =
            claimed.filter(|_| known.as_ref().is_some_and(|known| known.known_device));
        self.throttle
            .begin_sign_in(self.clock.now(), &username, known_device, address)?;
        let (person, hash) = known.map(|known| (known.person, known.password)).unzip();
        let check = self.passwords.check(password, hash).await?;
        let (Check::Right(better), Some(person)) = (check, person) else {
            return Err(wrong_credentials());
        };
        self.throttle
            .sign_in_succeeded(&username, known_device, address);
        let opening = Opening::new(self, person, device);
        let open = move |db: &store::Connection| {
            if let Some(better) = better {
                store::accounts::set_password(db, opening.session.user, &better)?;
            }
            Ok::<_, StoreError>((store::sessions::open(db, &opening.session)?, opening))
        };
        let (opened, opening) = self.store.write(open).await?;
        opening.finish(self, opened)
    }
}

/// A session on its way into the store, with what its owner will be told.
struct Opening {
    person: Person,
    session: NewSession,
    refresh: protocol::account::Token,
}

impl Opening {
    fn new(accounts: &Accounts, person: Person, device: protocol::account::DeviceClaim) -> Self {
        let now = accounts.clock.now();
        let (token, hash) = refresh::new();
        let session = NewSession {
            id: SessionId(secrets::new_id(now)),
            user: person.id,
            claimed: device.id,
            fresh_device: DeviceId(secrets::new_id(now)),
            device_name: device.name,
            refresh: hash,
            refresh_by: device.refresh_by,
            now,
        };
        Self {
            person,
            session,
            refresh: token,
        }
    }

    fn finish(
        self,
        accounts: &Accounts,
        opened: store::sessions::Opened,
    ) -> Result<Opened, Refusal> {
        let Self {
            person,
            session,
            refresh,
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

fn wrong_credentials() -> Refusal {
    let message = "The username or the password is wrong.";
    Refusal::new(ErrorCode::WrongCredentials, message)
}
