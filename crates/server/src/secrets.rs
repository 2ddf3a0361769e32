//! The only place that makes randomness: ids, tokens and keys.

use protocol::Timestamp;
use uuid::Uuid;

/// So many random bytes from the operating system.
///
/// # Panics
/// Where the operating system has no randomness to give: nothing safe can be done without it.
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the home of randomness; going on without it would be worse than stopping"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A new UUIDv7 (RFC 9562 §5.7) made at `now`. Wrap it: `UserId(new_id(now))`.
pub fn new_id(now: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(now.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuidv7_that_sort_by_time_and_differ() {
        let (early, late) = (new_id(Timestamp(1_000)), new_id(Timestamp(1_001)));
        assert_eq!(early.get_version_num(), 7);
        assert!(early < late);
        assert_ne!(new_id(Timestamp(1_000)), early);
    }
}
