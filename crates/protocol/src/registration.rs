//! Who may register, how people are found, and invites.
//!
//! An invite is a link that lets so many people register until some day. What it carries is random,
//! shown once, and kept by the server as a hash only. The first account of a server needs none,
//! whatever the host decided, and becomes its administrator.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::account::{Person, Token};
use crate::{InviteId, Timestamp, limits};

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Registration {
    /// Everybody who reaches the server.
    Open,
    /// Whoever has an invite.
    #[default]
    Invite,
    /// Nobody.
    Closed,
}

/// How people are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Search {
    /// By the beginning of a username or of a word of a display name.
    Open,
    /// By the whole username.
    #[default]
    Exact,
    /// Not at all: contacts come by invites.
    Off,
}

/// A text that names no mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write {0}")]
pub struct UnknownMode(&'static str);

impl FromStr for Registration {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            "closed" => Ok(Self::Closed),
            _ => Err(UnknownMode("open, invite or closed")),
        }
    }
}

impl FromStr for Search {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "open" => Ok(Self::Open),
            "exact" => Ok(Self::Exact),
            "off" => Ok(Self::Off),
            _ => Err(UnknownMode("open, exact or off")),
        }
    }
}

/// The answer to `GET /api/v1/registration`, which needs no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Admission {
    /// Who may make an account.
    pub registration: Registration,
    /// Whether nobody has an account yet: the next one is let in and becomes the administrator.
    pub first: bool,
}

/// `POST /api/v1/invites`: makes an invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct NewInvite {
    /// So many may register by it: 1 to [`limits::INVITE_USES_MAX`]. Default: 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub uses: u32,
    /// So many days it is good: 1 to [`limits::INVITE_DAYS_MAX`]. Default: [`limits::INVITE_DAYS`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 30))]
    pub days: u32,
}

impl Default for NewInvite {
    fn default() -> Self {
        Self {
            uses: 1,
            days: limits::INVITE_DAYS,
        }
    }
}

/// An invite that is open: neither used up, nor expired, nor withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Invite {
    /// The invite.
    pub id: InviteId,
    /// Who made it; nothing where it was made on the host.
    pub inviter: Option<Person>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// So many may register by it.
    pub uses: u32,
    /// So many have.
    pub used: u32,
}

/// The answer to whoever made an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MadeInvite {
    /// The invite.
    pub invite: Invite,
    /// What its link carries. Nobody can look it up later.
    pub secret: Token,
}

/// The answer to `GET /api/v1/invites`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Invites {
    /// The open invites.
    pub invites: Vec<Invite>,
}

/// `POST /api/v1/invites/show`: whose invite is it?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ShowInvite {
    /// What its link carries.
    pub invite: Token,
}

/// The answer to [`ShowInvite`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ShownInvite {
    /// Who invites; nothing where the invite was made on the host.
    pub inviter: Option<Person>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        })
    }
}
