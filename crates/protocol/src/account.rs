//! Accounts, sessions and people: the bodies of the HTTP API.
//!
//! A session belongs to one device of one account. Its access token is short-lived and proves
//! itself; its refresh token is random, kept by the server as a hash only, and changes at every use.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    DeviceId, DeviceName, DisplayName, Milliseconds, Password, SessionId, Timestamp, UserId,
    Username,
};

/// `POST /api/v1/accounts`: makes an account and signs in.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Register {
    /// The name by which others find this person.
    pub username: Username,
    /// The name that others see.
    pub display_name: DisplayName,
    /// The password.
    pub password: Password,
    /// The device that signs in.
    pub device: DeviceClaim,
    /// What the invite's link carries, where one is needed or at hand. Its maker and the new account
    /// become contacts.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub invite: Option<Token>,
}

/// `POST /api/v1/sessions`: signs in, or is answered by [`SecondFactorRequired`](crate::factors::SecondFactorRequired).
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SignIn {
    /// The username as typed. A text that could be no username is answered like a wrong password.
    pub username: String,
    /// The password.
    pub password: Password,
    /// The device that signs in.
    pub device: DeviceClaim,
}

/// Which device signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DeviceClaim {
    /// What the owner will see, such as "Firefox on Linux".
    pub name: DeviceName,
    /// The id from an earlier session of this account on this device: its session is replaced.
    /// Left out, or not this account's: a new device.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub id: Option<DeviceId>,
    /// How the refresh token travels.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<RefreshBy>"))]
    pub refresh_by: RefreshBy,
}

/// How the refresh token travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum RefreshBy {
    /// In a cookie that no script can read; for browsers.
    Cookie,
    /// In the body; for native clients.
    #[default]
    Body,
}

/// The answer to registration, sign-in and refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SignedIn {
    /// A JWT for `Authorization: Bearer …` and `hello`.
    pub access_token: Token,
    /// Life left in the access token.
    pub expires_in: Milliseconds,
    /// The next refresh token, for [`RefreshBy::Body`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub refresh_token: Option<Token>,
    /// Who signed in.
    pub me: Person,
    /// The device that signed in.
    pub device: Device,
    /// The session.
    pub session: SessionId,
    /// How many recovery codes are left, where one of them was just used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub recovery_codes_left: Option<u32>,
}

/// `POST /api/v1/sessions/refresh`: the next pair of tokens. Browsers send `{}` and their cookie.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Refresh {
    /// The newest refresh token, for native clients.
    #[serde(default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub refresh_token: Option<Token>,
}

/// A secret that travels: an access or refresh token. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "string"))]
pub struct Token(String);

impl Token {
    /// Takes a secret in.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, to check or to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// An account, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The name by which it is found.
    pub username: Username,
    /// The name to show.
    pub display_name: DisplayName,
}

/// A device of one's own. Nobody else sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// What the owner calls it.
    pub name: DeviceName,
}

/// One line of `GET /api/v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Its device.
    pub device: Device,
    /// When it signed in.
    pub signed_in_at: Timestamp,
    /// When it last refreshed its tokens.
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The answer to `GET /api/v1/sessions`, newest use first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Sessions {
    /// The account's sessions.
    pub sessions: Vec<Session>,
}

/// `PATCH /api/v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChangeMe {
    /// The new name to show.
    pub display_name: DisplayName,
}

/// The answer to `GET /api/v1/people?query=…`, best match first, oneself left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct People {
    /// Whoever was found.
    pub people: Vec<Person>,
}
