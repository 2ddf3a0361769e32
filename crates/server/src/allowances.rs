//! How often an account or a network may do a thing: token buckets, given the time.
//!
//! The rule kept here: whoever asks for more is told when to come back, and nobody gets a full bucket by filling the table.
//! What the sign-in throttle, the limits of one socket and those of a call's ringing say comes on top of it. This machine's
//! own addresses are not counted, and so a proxy on it that is not trusted is not either.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use protocol::error::ErrorCode;
use protocol::limits::{SEARCH_INTERVAL, SEARCHES_BURST};
use protocol::{Milliseconds, UserId};
use tokio::time::Instant;

use crate::config::Limits;
use crate::error::Refusal;
use crate::network::counted;

/// Buckets of one kind that are not full, at most. Further keys share one bucket until some of these are full again.
const BUCKETS_MAX: usize = 10_000;

/// One account writes with all its sockets no more than so many of them may ask.
const SOCKETS_WRITING: u32 = 4;
/// Searches of one account.
const SEARCHES: Allowance = Allowance {
    burst: SEARCHES_BURST as u64,
    one_each: SEARCH_INTERVAL,
};
/// Calls that one account starts, to whomever.
const CALLS: Allowance = Allowance {
    burst: 20,
    one_each: Milliseconds(5_000),
};
/// People whom one account turns to. Opening a conversation that is there already counts too.
const CONVERSATIONS: Allowance = Allowance {
    burst: 40,
    one_each: Milliseconds(10_000),
};
/// Changes of oneself, one's settings, sessions and contacts.
const CHANGES: Allowance = Allowance {
    burst: 60,
    one_each: Milliseconds(1_000),
};
/// HTTP requests of one network: a household or an office that opens the page at once.
const REQUESTS: Allowance = Allowance {
    burst: 600,
    one_each: Milliseconds(20),
};
/// Sockets that one network opens: all of an office after a restart of the server.
const SOCKETS: Allowance = Allowance {
    burst: 120,
    one_each: Milliseconds(500),
};
/// Challenges to passkeys that one network gets: each page that offers passkeys asks for one, all of an office at once.
const CHALLENGES: Allowance = Allowance {
    burst: 120,
    one_each: Milliseconds(500),
};

/// What an account does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Looks for people.
    Search,
    /// Writes a message, on whichever of its sockets.
    Write,
    /// Starts a call.
    Call,
    /// Opens a conversation.
    Open,
    /// Changes something of its own.
    Change,
}

/// So many at once, and one more each so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowance {
    /// At least 1.
    burst: u64,
    /// At least 1 ms.
    one_each: Milliseconds,
}

/// All buckets of a server.
#[derive(Debug)]
pub struct Allowances {
    begun: Instant,
    messages: Allowance,
    accounts: Mutex<Buckets<(Deed, UserId)>>,
    requests: Mutex<Buckets<IpAddr>>,
    sockets: Mutex<Buckets<IpAddr>>,
    challenges: Mutex<Buckets<IpAddr>>,
}

/// The buckets that are not full. A bucket is the moment at which it will be.
#[derive(Debug)]
struct Buckets<K> {
    full_at: HashMap<K, Milliseconds>,
    /// Of all keys for which there is no room.
    others_full_at: Milliseconds,
    max: usize,
}

impl Allowances {
    /// Full buckets; `now` is when the server begins.
    pub fn new(now: Instant, limits: &Limits) -> Self {
        let rate = u64::from(limits.requests_per_second.max(1)) * u64::from(SOCKETS_WRITING);
        Self {
            begun: now,
            messages: Allowance {
                burst: u64::from(limits.requests_burst.max(1)) * u64::from(SOCKETS_WRITING),
                one_each: Milliseconds((1_000 / rate).max(1)),
            },
            accounts: Mutex::new(Buckets::new(BUCKETS_MAX)),
            requests: Mutex::new(Buckets::new(BUCKETS_MAX)),
            sockets: Mutex::new(Buckets::new(BUCKETS_MAX)),
            challenges: Mutex::new(Buckets::new(BUCKETS_MAX)),
        }
    }

    /// Counts what an account does.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time to wait.
    pub fn take(&self, now: Instant, deed: Deed, user: UserId) -> Result<(), Refusal> {
        let (allowance, what) = match deed {
            Deed::Search => (SEARCHES, "You search too fast."),
            Deed::Write => (self.messages, "You write too fast."),
            Deed::Call => (CALLS, "You have started too many calls."),
            Deed::Open => (CONVERSATIONS, "You have turned to too many people."),
            Deed::Change => (CHANGES, "You change too much at once."),
        };
        self.of(&self.accounts, now, (deed, user), allowance, what)
    }

    /// Counts an HTTP request.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time to wait.
    pub fn take_request(&self, now: Instant, from: IpAddr) -> Result<(), Refusal> {
        let what = "Too many requests came from your network.";
        counted(from).map_or(Ok(()), |network| {
            self.of(&self.requests, now, network, REQUESTS, what)
        })
    }

    /// Counts a socket that is opened.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time to wait.
    pub fn take_socket(&self, now: Instant, from: IpAddr) -> Result<(), Refusal> {
        let what = "Too many connections came from your network.";
        counted(from).map_or(Ok(()), |network| {
            self.of(&self.sockets, now, network, SOCKETS, what)
        })
    }

    /// Counts a challenge to a passkey that a stranger asks for.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time to wait.
    pub fn take_challenge(&self, now: Instant, from: IpAddr) -> Result<(), Refusal> {
        let what = "Too many sign-ins by passkey were begun in your network.";
        counted(from).map_or(Ok(()), |network| {
            self.of(&self.challenges, now, network, CHALLENGES, what)
        })
    }

    fn of<K: Hash + Eq>(
        &self,
        buckets: &Mutex<Buckets<K>>,
        now: Instant,
        key: K,
        allowance: Allowance,
        what: &str,
    ) -> Result<(), Refusal> {
        let passed = now.saturating_duration_since(self.begun).as_millis();
        let now = Milliseconds(u64::try_from(passed).unwrap_or(u64::MAX));
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(now, key, allowance).map_err(|left| {
            let seconds = left.0.div_ceil(1_000);
            let message = format!("{what} Try again in {seconds} s.");
            Refusal::new(ErrorCode::RateLimited, message).after(left)
        })
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(max: usize) -> Self {
        Self {
            full_at: HashMap::new(),
            others_full_at: Milliseconds(0),
            max,
        }
    }

    /// Takes one out of a bucket, or says after how long there is one in it.
    fn take(
        &mut self,
        now: Milliseconds,
        key: K,
        allowance: Allowance,
    ) -> Result<(), Milliseconds> {
        if self.full_at.len() >= self.max && !self.full_at.contains_key(&key) {
            // A full bucket is no different from none.
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        let full_at = if self.full_at.len() < self.max || self.full_at.contains_key(&key) {
            self.full_at.entry(key).or_insert(now)
        } else {
            &mut self.others_full_at
        };
        let missing = full_at.0.saturating_sub(now.0) + allowance.one_each.0;
        match missing.checked_sub(allowance.burst * allowance.one_each.0) {
            None | Some(0) => {
                full_at.0 = now.0 + missing;
                Ok(())
            }
            Some(left) => Err(Milliseconds(left)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Allowance = Allowance {
        burst: 3,
        one_each: Milliseconds(100),
    };

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_by_one() {
        let mut buckets = Buckets::new(9);
        let mut take = |at| buckets.take(Milliseconds(at), "ada", THREE);
        for _ in 0..3 {
            assert_eq!(take(0), Ok(()));
        }
        assert_eq!(take(0), Err(Milliseconds(100)));
        assert_eq!(take(60), Err(Milliseconds(40)));
        assert_eq!(take(100), Ok(()));
        assert_eq!(take(100), Err(Milliseconds(100)));
        for _ in 0..3 {
            assert_eq!(take(3_600_000), Ok(()), "a pause saves up the burst");
        }
        assert_eq!(take(3_600_000), Err(Milliseconds(100)), "and no more");
    }

    #[test]
    fn a_flood_of_keys_takes_bounded_memory_and_empties_nobodys_debt() {
        let mut buckets = Buckets::new(10);
        for _ in 0..3 {
            buckets.take(Milliseconds(0), 0, THREE).unwrap();
        }
        let taken = (1..1_000).filter(|&key| buckets.take(Milliseconds(0), key, THREE).is_ok());
        assert_eq!(
            taken.count(),
            9 + 3,
            "nine with a bucket each, and one bucket for the rest"
        );
        assert_eq!(buckets.full_at.len(), 10);
        assert_eq!(
            buckets.take(Milliseconds(0), 0, THREE),
            Err(Milliseconds(100))
        );
        assert_eq!(
            buckets.take(Milliseconds(300), 5_000, THREE),
            Ok(()),
            "full ones make room"
        );
        assert!(buckets.full_at.contains_key(&5_000));
    }

    #[test]
    fn what_one_does_costs_others_nothing() {
        let (now, allowances) = allowances();
        let [ada, ben] = [1, 2].map(|n| UserId(uuid::Uuid::from_u128(n)));
        for _ in 0..CALLS.burst {
            allowances.take(now, Deed::Call, ada).unwrap();
        }
        let refused = allowances.take(now, Deed::Call, ada).unwrap_err();
        assert_eq!(refused.code, ErrorCode::RateLimited);
        assert_eq!(refused.retry_after, Some(CALLS.one_each));
        assert!(refused.message.contains("in 5 s"), "{}", refused.message);
        allowances.take(now, Deed::Search, ada).unwrap();
        allowances.take(now, Deed::Call, ben).unwrap();
        allowances
            .take(now + CALLS.one_each.as_duration(), Deed::Call, ada)
            .unwrap();
    }

    #[test]
    fn a_network_is_counted_and_this_machine_is_not() {
        let (now, allowances) = allowances();
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        let taken = (0..2_000_u32).filter(|n| {
            allowances
                .take_request(now, at(&format!("2001:db8::{n:x}")))
                .is_ok()
        });
        assert_eq!(taken.count() as u64, REQUESTS.burst);
        allowances.take_request(now, at("2001:db8:0:1::1")).unwrap();
        let taken = (0..2_000).filter(|_| allowances.take_socket(now, at("192.0.2.1")).is_ok());
        assert_eq!(taken.count() as u64, SOCKETS.burst);
        let taken = (0..2_000).filter(|_| allowances.take_challenge(now, at("192.0.2.1")).is_ok());
        assert_eq!(taken.count() as u64, CHALLENGES.burst);
        for _ in 0..2_000 {
            allowances.take_challenge(now, at("127.0.0.1")).unwrap();
            allowances.take_request(now, at("127.0.0.1")).unwrap();
            allowances.take_socket(now, at("::1")).unwrap();
        }
    }

    fn allowances() -> (Instant, Allowances) {
        let now = crate::clock::Clock::default().instant();
        (now, Allowances::new(now, &Limits::default()))
    }
}
