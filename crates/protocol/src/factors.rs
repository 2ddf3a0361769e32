//! What proves who somebody is, besides a password: authenticator apps, recovery codes and passkeys.
//!
//! The rules told here: whoever has an authenticator app or a passkey does not get in by the password alone; a passkey,
//! which asks for the finger, face or PIN of its owner, needs no password. What travels between browser and authenticator
//! is the JSON of WebAuthn Level 3 (§5.1.8 to §5.1.10), passed on as it is.

use serde::{Deserialize, Serialize};

use crate::account::{DeviceClaim, Token};
use crate::{Milliseconds, PasskeyId, PasskeyName, Password, Timestamp};

/// The answer to a sign-in whose password is right and not enough. There is no session yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SecondFactorRequired {
    /// Stands for the password at `POST /api/v1/sessions/second-factor`; good for one session of this account.
    pub ticket: Token,
    /// Life left in the ticket.
    pub expires_in: Milliseconds,
    /// What the account has. A passkey signs in by itself: `POST /api/v1/sessions/passkey`.
    pub ways: Vec<SecondFactorWay>,
}

/// A way to prove more than a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum SecondFactorWay {
    /// A code of six digits that changes every 30 s (RFC 6238).
    AuthenticatorApp,
    /// A device or key that signs.
    Passkey,
    /// One of the codes that were shown once.
    RecoveryCode,
}

/// `POST /api/v1/sessions/second-factor`: opens the session that a ticket stands for.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SecondFactor {
    /// From the answer to the password.
    pub ticket: Token,
    /// What `code` is.
    pub way: CodeWay,
    /// The code as typed; blanks and hyphens do not count.
    pub code: Token,
}

/// The second factors that are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum CodeWay {
    /// A code of six digits that changes every 30 s.
    AuthenticatorApp,
    /// One of the codes that were shown once.
    RecoveryCode,
}

/// The answer to `POST /api/v1/sessions/passkey-challenge`: what a browser asks its authenticators.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PasskeyChallenge {
    /// Names the challenge; it is good once.
    pub challenge: Token,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
    pub options: WebAuthn,
}

/// What a browser got from an authenticator, and for which challenge.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PasskeyProof {
    /// From [`PasskeyChallenge`].
    pub challenge: Token,
    /// What `PublicKeyCredential.toJSON()` gives.
    pub credential: WebAuthn,
}

/// `POST /api/v1/sessions/passkey`: signs in without username and password.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SignInWithPasskey {
    /// The passkey's answer.
    pub passkey: PasskeyProof,
    /// The device that signs in.
    pub device: DeviceClaim,
}

/// `POST /api/v1/sessions/current/confirmation`: proves anew that it is the owner who sits there.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Confirmation {
    /// By the password.
    Password {
        /// The password.
        password: Password,
    },
    /// By a passkey.
    Passkey {
        /// The passkey's answer.
        passkey: PasskeyProof,
    },
}

/// JSON of WebAuthn, for the browser or from it. Its `Debug` shows nothing.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = Object))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "object"))]
pub struct WebAuthn(pub serde_json::Map<String, serde_json::Value>);

impl std::fmt::Debug for WebAuthn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebAuthn(…)")
    }
}

/// The answer to `GET /api/v1/me/factors`: how one proves who one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Factors {
    /// Since when there is an authenticator app.
    pub authenticator_app: Option<Timestamp>,
    /// The passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
    /// Whether passkeys can be added where the page was loaded from: they belong to a name, never to an IP address.
    pub passkeys_possible: bool,
}

/// A passkey of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Passkey {
    /// The passkey.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used to sign in or to confirm.
    pub last_used_at: Option<Timestamp>,
}

/// The answer to `POST /api/v1/me/authenticator-app`: a new secret, which counts once a code of it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AuthenticatorAppSetup {
    /// 160 bits in base 32, to be typed.
    pub secret: Token,
    /// The same as `otpauth:` address, for a QR code.
    pub uri: Token,
    /// So long the secret waits for its first code.
    pub expires_in: Milliseconds,
}

/// `PUT /api/v1/me/authenticator-app`: shows that the app has the secret.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AddAuthenticatorApp {
    /// The code that the app shows now.
    pub code: Token,
}

/// `POST /api/v1/me/passkeys`: adds the passkey that the browser has made.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct AddPasskey {
    /// What its owner calls it.
    pub name: PasskeyName,
    /// What `PublicKeyCredential.toJSON()` gives, for the options of this session's newest `POST /api/v1/me/passkeys/challenge`.
    pub credential: WebAuthn,
}

/// `PATCH /api/v1/me/passkeys/{id}`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RenamePasskey {
    /// What its owner calls it from now on.
    pub name: PasskeyName,
}

/// The answer to a factor that was added, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FactorsChanged {
    /// What there is now.
    pub factors: Factors,
    /// New recovery codes, shown this once. The first factor brings them, and `POST /api/v1/me/recovery-codes`; the old ones are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub recovery_codes: Option<Vec<Token>>,
}

/// `PUT /api/v1/me/password`. Ends every other session of the account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChangePassword {
    /// The password until now. May be left out where this session was confirmed by a passkey a moment ago.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub current: Option<Password>,
    /// The password from now on.
    pub new: Password,
}
