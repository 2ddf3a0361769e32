//! Registration and sign-in: the two ways to open a session.

use std::net::IpAddr;

use protocol::account::{DeviceClaim, Person, Register, SignIn, SignedIn, Token};
use protocol::error::ErrorCode;
use protocol::factors::SecondFactorRequired;
use protocol::limits::ACCESS_TOKEN_LIFE;
use protocol::registration::Invite;
use protocol::{ConversationId, DeviceId, Password, SessionId, Timestamp, UserId, Username};

use super::invites::Door;
use super::passwords::Check;
use super::{Accounts, Opened, refresh};
use crate::app::Ruled;
use crate::error::Refusal;
use crate::secrets;
use crate::store::accounts::NewAccount;
use crate::store::sessions::{ConfirmedBy, NewSession};
use crate::store::{self, StoreError};

impl Accounts {
    /// Makes an account and opens its first session.
    ///
    /// # Errors
    /// [`ErrorCode::RegistrationClosed`], [`ErrorCode::InviteNeeded`], [`ErrorCode::LinkInvalid`],
    /// [`ErrorCode::UsernameTaken`], [`ErrorCode::PasswordGuessable`], [`ErrorCode::RateLimited`],
    /// [`ErrorCode::Unavailable`].
    pub async fn register(&self, wanted: Register, address: IpAddr) -> Result<Registered, Refusal> {
        let Register {
            username,
            display_name,
            password,
            device,
            invite,
        } = wanted;
        // Asked first, because hashing is dear; decided when the row goes in. Whoever is not let in does
        // not learn whether somebody has the name.
        let door = Door::new(self.registration, invite.as_ref());
        let (name, now) = (username.clone(), self.clock.now());
        let asked = self.store.read(move |db| {
            let opens = door.opens(db, now)?;
            Ok::<_, StoreError>((opens, store::accounts::is_taken(db, &name)?))
        });
        let (opens, is_taken) = asked.await?;
        opens?;
        if is_taken {
            return Err(taken(&username));
        }
        let about = self.words_about(&username, &display_name);
        let judged = self.passwords.refuse_guessable(&password, about).await;
        judged.map_err(|refusal| refusal.at("password"))?;
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
        let door = Door::new(self.registration, invite.as_ref());
        let open = move |db: &store::Connection| {
            let invite = match door.opens(db, now)? {
                Ok(invite) => invite,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if !store::accounts::insert(db, &account)? {
                return Ok(Err(taken(&account.person.username)));
            }
            let introduction = match invite {
                Some(invite) => enter_by(db, &invite, account.person.id, now)?,
                None => None,
            };
            let opened = store::sessions::open(db, &opening.session)?;
            Ok::<Ruled<_>, StoreError>(Ok((opened, opening, introduction)))
        };
        let (opened, opening, introduction) = self.store.write(open).await??;
        tracing::info!(user.id = %person.id, "account made");
        Ok(Registered {
            opened: opening.finish(self, opened)?,
            introduction,
        })
    }

    /// Opens a session for whoever knows the password, or says that this account asks for more.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`] for a wrong password and for an unknown username alike,
    /// [`ErrorCode::AccountDisabled`] where the password is right,
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
            if store::managed::is_disabled(db, proven.person.id)? {
                return Ok(Err(disabled().concerning(proven.person.id)));
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
        let owner = person.as_ref().map(|person| person.id);
        let (Check::Right(better), Some(person), Some(hash)) = (check, person, hash) else {
            return Err(Refusal {
                concerns: owner,
                ..wrong_credentials()
            });
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

/// An account that was made.
#[derive(Debug)]
pub struct Registered {
    /// Its first session.
    pub opened: Opened,
    /// Whose contact it became by their invite.
    pub introduction: Option<Introduction>,
}

/// Two people who became contacts by an invite. Nobody was told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Introduction {
    /// Who invited.
    pub inviter: UserId,
    /// Their conversation.
    pub conversation: ConversationId,
}

/// Counts the use of an invite and makes its maker, if it is a person's, and the newcomer contacts: the
/// one gave the link away, the other came by it.
fn enter_by(
    db: &store::Connection,
    invite: &Invite,
    newcomer: UserId,
    now: Timestamp,
) -> Result<Option<Introduction>, StoreError> {
    store::invites::spend(db, invite.id)?;
    let Some(inviter) = invite.inviter.as_ref().map(|person| person.id) else {
        return Ok(None);
    };
    let new = ConversationId(secrets::new_id(now));
    let introduced = store::chat::introduce(db, newcomer, inviter, new, now)?;
    Ok(introduced.map(|conversation| Introduction {
        inviter,
        conversation,
    }))
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

pub(super) fn disabled() -> Refusal {
    let message = "This account is disabled. Ask an administrator of this server.";
    Refusal::new(ErrorCode::AccountDisabled, message)
}

pub(super) fn wrong_credentials() -> Refusal {
    let message = "The username or the password is wrong.";
    Refusal::new(ErrorCode::WrongCredentials, message)
}
