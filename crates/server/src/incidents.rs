//! Lines of the log about what was refused and may be an attack: wrong passwords and codes, forged tokens, what is not
//! allowed, limits that were met.
//!
//! The rules kept here: whatever strangers do, there are few such lines; each kind has an allowance, and the next line of it
//! says how many were left out. A line has ids and our own words, never what somebody typed, and an address at `debug` alone.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use protocol::error::ErrorCode;
use protocol::{Milliseconds, UserId};
use tokio::time::Instant;

/// Lines of one kind at once.
const LINES_BURST: u64 = 20;
/// From then on one each so long: 1,200 an hour.
const LINE_EACH: Milliseconds = Milliseconds(3_000);
/// How many kinds there are.
const KINDS: usize = 6;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// A password, code or passkey that opens nothing.
    WrongCredentials,
    /// The right password or passkey of a disabled account.
    DisabledAccount,
    /// A link that nobody made, or that is used up.
    BadLink,
    /// Something that the account or the page may not do.
    Forbidden,
    /// A token that this server did not sign, or so long ago that it has forgotten its key.
    ForgedToken,
    /// A limit that was met.
    LimitMet,
}

/// Where and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The route as it is written in the program, or the socket.
    pub at: &'a str,
    /// Whose account it is about, where that is known.
    pub user: Option<UserId>,
    /// Where the request came from, where that is known.
    pub from: Option<IpAddr>,
}

/// Writes such lines, and not too many.
#[derive(Debug)]
pub struct Incidents {
    begun: Instant,
    rations: Mutex<[Ration; KINDS]>,
}

/// How many lines of one kind may be written.
#[derive(Debug, Clone, Copy, Default)]
struct Ration {
    /// When nothing of it is used up any more.
    full_at: Milliseconds,
    omitted: u64,
}

impl Incident {
    /// What a refusal is, if it is worth a line.
    pub(crate) const fn of(code: ErrorCode) -> Option<Self> {
        match code {
            ErrorCode::WrongCredentials => Some(Self::WrongCredentials),
            ErrorCode::AccountDisabled => Some(Self::DisabledAccount),
            ErrorCode::LinkInvalid => Some(Self::BadLink),
            ErrorCode::Forbidden => Some(Self::Forbidden),
            ErrorCode::RateLimited => Some(Self::LimitMet),
            _ => None,
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::WrongCredentials => "a wrong password, code or passkey",
            Self::DisabledAccount => "a disabled account wants to sign in",
            Self::BadLink => "a link that is not good",
            Self::Forbidden => "something that is not allowed was refused",
            Self::ForgedToken => "a token that is not of this server",
            Self::LimitMet => "a limit was met",
        }
    }
}

impl Incidents {
    /// None yet; `now` is when the server begins.
    pub fn new(now: Instant) -> Self {
        Self {
            begun: now,
            rations: Mutex::default(),
        }
    }

    /// Writes a line, if this kind has one left.
    pub fn note(&self, now: Instant, incident: Incident, scene: Scene<'_>) {
        let passed = now.saturating_duration_since(self.begun).as_millis();
        let now = Milliseconds(u64::try_from(passed).unwrap_or(u64::MAX));
        let omitted = {
            let mut rations = self.rations.lock().unwrap_or_else(PoisonError::into_inner);
            rations[incident as usize].take(now)
        };
        let Some(omitted) = omitted else {
            return;
        };
        let Scene { at, user, from } = scene;
        let (what, user) = (incident.what(), user.map(tracing::field::display));
        match incident {
            Incident::Forbidden | Incident::ForgedToken => {
                tracing::warn!(user.id = user, at, omitted, "{what}");
            }
            _ => tracing::info!(user.id = user, at, omitted, "{what}"),
        }
        if let Some(from) = from {
            tracing::debug!(client.address = %from, at, "{what}");
        }
    }
}

impl Ration {
    /// Whether there is a line, and how many were left out before it.
    fn take(&mut self, now: Milliseconds) -> Option<u64> {
        let used = self.full_at.0.saturating_sub(now.0) + LINE_EACH.0;
        if used > LINES_BURST * LINE_EACH.0 {
            self.omitted += 1;
            return None;
        }
        self.full_at = Milliseconds(now.0 + used);
        Some(std::mem::take(&mut self.omitted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_writes_few_lines_and_the_next_says_how_many_were_left_out() {
        let mut ration = Ration::default();
        let said = (0..10_000).filter(|_| ration.take(Milliseconds(0)) == Some(0));
        assert_eq!(said.count() as u64, LINES_BURST);
        assert_eq!(ration.take(LINE_EACH), Some(10_000 - LINES_BURST));
        assert_eq!(ration.take(LINE_EACH), None);
        let later = Milliseconds(3_600_000);
        assert_eq!(ration.take(later), Some(1));
        assert_eq!(ration.take(later), Some(0));
    }
}
