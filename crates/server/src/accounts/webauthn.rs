//! Passkeys: the server's side of WebAuthn Level 3, which the library `webauthn_rp` does.
//!
//! The rules kept here: a passkey belongs to the host name of the page and is good from its own pages alone; it asks for
//! finger, face or PIN of its owner at every use (user verification); a counter that went back tells of a copy and opens
//! nothing. No attestation is asked for: which make somebody's key is, is none of a host's business.

use protocol::account::Person;
use protocol::error::ErrorCode;
use protocol::factors::WebAuthn;
use protocol::{UserId, limits};
use serde_json::{Value, json};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16,
};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

use crate::error::Refusal;
use crate::store::passkeys::{Kept, MovingState};

/// Bytes of an account's id, by which authenticators know whose a passkey is.
const HANDLE_BYTES: usize = 16;

/// Where a page was loaded from, as far as passkeys care.
#[derive(Debug)]
pub struct Site {
    id: RpId,
    origin: String,
}

/// A challenge to passkeys that was sent.
pub type Asked = DiscoverableAuthenticationServerState;
/// A challenge to make a passkey that was sent.
pub type Making = RegistrationServerState<HANDLE_BYTES>;

/// A passkey that was just made.
#[derive(Debug)]
pub struct Made {
    /// Its id.
    pub credential: Vec<u8>,
    /// Its public key.
    pub fixed_state: Vec<u8>,
    /// Its counter.
    pub moving_state: MovingState,
}

/// What a passkey answered; nothing in it is checked yet.
#[derive(Debug)]
pub struct Answer(DiscoverableAuthentication<HANDLE_BYTES>);

impl Site {
    /// A host name with the origin of its pages. Nothing for IP addresses: passkeys cannot belong to them.
    pub fn new(host: &str, origin: String) -> Option<Self> {
        let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
        let domain = AsciiDomain::try_from(host.to_ascii_lowercase()).ok();
        let domain = domain.filter(|_| !is_address)?;
        Some(Self {
            id: RpId::Domain(domain),
            origin,
        })
    }
}

/// A new challenge to whatever passkeys a browser knows for the site.
///
/// # Errors
/// [`ErrorCode::Internal`].
pub fn ask(site: &Site) -> Result<(Asked, WebAuthn), Refusal> {
    let options = DiscoverableCredentialRequestOptions::passkey(&site.id);
    let (asked, options) = options
        .start_ceremony()
        .map_err(|e| Refusal::internal(&e))?;
    Ok((asked, as_json(serde_json::to_value(options))?))
}

/// A new challenge to make a passkey for an account. Authenticators that hold one of `known` already make none.
///
/// # Errors
/// [`ErrorCode::Internal`].
pub fn begin(
    site: &Site,
    person: &Person,
    known: Vec<Vec<u8>>,
) -> Result<(Making, WebAuthn), Refusal> {
    let handle = handle(person.id);
    let known = known
        .into_iter()
        .filter_map(|id| CredentialId::<Vec<u8>>::decode(id).ok());
    // By which ways they are reached is a hint alone; without it browsers try all.
    let transports = AuthTransports::decode(0).map_err(|e| Refusal::internal(&e))?;
    let known = known.map(|id| PublicKeyCredentialDescriptor { id, transports });
    let user = PublicKeyCredentialUserEntity::from(&handle);
    let mut options = PublicKeyCredentialCreationOptions::passkey(&site.id, user, known.collect());
    // Asked for by the library, and not known to every authenticator. Every use asks for the owner in any case.
    options.extensions.cred_protect = CredProtect::None;
    let (making, options) = options
        .start_ceremony()
        .map_err(|e| Refusal::internal(&e))?;
    let mut options = as_json(serde_json::to_value(options))?;
    // What the browser shows beside the passkey. It is part of no check, and the library's own type refuses names that ours allows.
    options.0.insert(
        "user".to_owned(),
        json!({
            "id": options.0.get("user").and_then(|user| user.get("id")),
            "name": person.username,
            "displayName": person.display_name,
        }),
    );
    Ok((making, options))
}

/// Checks a passkey that was made for a challenge.
///
/// # Errors
/// [`ErrorCode::BadRequest`] says what does not hold.
pub fn finish(site: &Site, making: Making, made: &WebAuthn) -> Result<Made, Refusal> {
    let made = Registration::from_json_relaxed(&bytes(made)?).map_err(|e| malformed(&e))?;
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &[&site.origin],
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = making.verify(&site.id, &made, &options);
    let made = made.map_err(|error| {
        let message = format!("This passkey cannot be added: {error}. Try again, or another one.");
        Refusal::new(ErrorCode::BadRequest, message).at("credential")
    })?;
    let Ok(fixed_state) = made.static_state().encode();
    Ok(Made {
        credential: made.id().as_ref().to_owned(),
        fixed_state,
        moving_state: encode(made.dynamic_state()),
    })
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`ErrorCode::BadRequest`] where it is not of the form.
    pub fn parse(answer: &WebAuthn) -> Result<Self, Refusal> {
        let answer = DiscoverableAuthentication::from_json_relaxed(&bytes(answer)?);
        answer.map(Self).map_err(|error| malformed(&error))
    }

    /// The passkey that it says it is of.
    pub fn credential(&self) -> Vec<u8> {
        self.0.raw_id().as_ref().to_owned()
    }

    /// Checks it by what is kept of that passkey. Gives the passkey's next state.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`]; [`ErrorCode::Internal`] where what is kept cannot be read.
    pub fn check(&self, site: &Site, asked: Asked, kept: &Kept) -> Result<MovingState, Refusal> {
        let corrupt = || Refusal::internal(&"a passkey in the database cannot be read");
        let credential = CredentialId::<Vec<u8>>::decode(self.credential());
        let credential = credential.map_err(|_| corrupt())?;
        let fixed = StaticState::decode(kept.fixed_state.as_slice()).map_err(|_| corrupt())?;
        let moving = DynamicState::decode(kept.moving_state).map_err(|_| corrupt())?;
        let handle = handle(kept.account);
        let mut passkey =
            AuthenticatedCredential::new((&credential).into(), &handle, fixed, moving)
                .map_err(|_| corrupt())?;
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &[&site.origin],
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        match asked.verify(&site.id, &self.0, &mut passkey, &options) {
            Ok(_changed) => Ok(encode(passkey.dynamic_state())),
            Err(error) => {
                tracing::info!(passkey.id = %kept.id, %error, "the answer of a passkey does not hold");
                Err(refused())
            }
        }
    }
}

/// The one answer to every passkey that opens nothing.
pub(super) fn refused() -> Refusal {
    let message =
        "This passkey opens no account here. Sign in another way, or try another passkey.";
    Refusal::new(ErrorCode::WrongCredentials, message)
}

/// Passkeys where the page was loaded from an IP address.
pub(super) fn impossible() -> Refusal {
    let message = "Passkeys need a host name: open this server by its name, not by its IP address.";
    Refusal::new(ErrorCode::Unsupported, message)
}

fn handle(account: UserId) -> UserHandle16 {
    let Ok(handle) = UserHandle16::decode(account.0.into_bytes());
    handle
}

fn encode(state: DynamicState) -> MovingState {
    let Ok(bytes) = state.encode();
    bytes
}

fn bytes(answer: &WebAuthn) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(answer).map_err(|error| Refusal::internal(&error))
}

fn as_json(options: serde_json::Result<Value>) -> Result<WebAuthn, Refusal> {
    match options.map_err(|error| Refusal::internal(&error))? {
        Value::Object(mut options) => {
            let timeout = limits::PASSKEY_CHALLENGE_LIFE.0;
            options.insert("timeout".to_owned(), timeout.into());
            Ok(WebAuthn(options))
        }
        _ => Err(Refusal::internal(&"the options of a passkey are no object")),
    }
}

fn malformed(error: &serde_json::Error) -> Refusal {
    let message = format!("credential: This is not what a browser's passkey answers: {error}");
    Refusal::new(ErrorCode::BadRequest, message).at("credential")
}
