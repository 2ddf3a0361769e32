//! What waits for its second half: sign-ins for their factor, challenges for their answer, secrets for their first code.
//!
//! The rules kept here: whatever waits is forgotten after its life, is taken out by one alone, and takes bounded memory. It is
//! kept in this process alone: a restart lets people begin anew.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::{Milliseconds, Timestamp};

/// Things of one kind that may wait; the oldest makes room for one more.
const WAITING_MAX: usize = 10_000;

/// Things that wait, by what names them.
#[derive(Debug)]
pub(super) struct Pending<K, T>(Mutex<HashMap<K, Waiting<T>>>);

#[derive(Debug)]
struct Waiting<T> {
    until: Timestamp,
    thing: T,
}

impl<K: Hash + Eq + Clone, T> Pending<K, T> {
    /// Lets something wait, in place of what waited under this name.
    pub(super) fn put(&self, now: Timestamp, key: K, life: Milliseconds, thing: T) {
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX && !waiting.contains_key(&key) {
            make_room(&mut waiting, now);
        }
        let until = now + life;
        waiting.insert(key, Waiting { until, thing });
    }

    /// Takes out what waits under a name, where its time is not over.
    pub(super) fn take(&self, now: Timestamp, key: &K) -> Option<T> {
        let waiting = self.lock().remove(key)?;
        (now < waiting.until).then_some(waiting.thing)
    }

    /// Looks at what waits under a name, or changes it, and leaves it there.
    pub(super) fn with<R>(
        &self,
        now: Timestamp,
        key: &K,
        look: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut waiting = self.lock();
        let waiting = waiting.get_mut(key).filter(|waiting| now < waiting.until)?;
        Some(look(&mut waiting.thing))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Waiting<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> Default for Pending<K, T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

fn make_room<K: Hash + Eq + Clone, T>(waiting: &mut HashMap<K, Waiting<T>>, now: Timestamp) {
    waiting.retain(|_, waiting| now < waiting.until);
    if waiting.len() >= WAITING_MAX {
        let oldest = waiting.iter().min_by_key(|(_, waiting)| waiting.until);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            waiting.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Milliseconds = Milliseconds(10);

    #[test]
    fn what_waits_is_taken_once_and_in_time() {
        let pending = Pending::default();
        pending.put(Timestamp(0), 1, LIFE, "one");
        pending.put(Timestamp(0), 2, LIFE, "two");
        assert_eq!(pending.with(Timestamp(9), &1, |thing| *thing), Some("one"));
        assert_eq!(pending.take(Timestamp(9), &1), Some("one"));
        assert_eq!(pending.take(Timestamp(9), &1), None);
        assert_eq!(pending.with(Timestamp(10), &2, |thing| *thing), None);
        assert_eq!(pending.take(Timestamp(10), &2), None);
    }

    #[test]
    fn a_flood_takes_bounded_memory_and_the_newest_stay() {
        let pending = Pending::default();
        for number in 0..WAITING_MAX + 10 {
            let now = Timestamp(i64::try_from(number).unwrap());
            pending.put(now, number, Milliseconds(1_000_000), ());
        }
        assert_eq!(pending.lock().len(), WAITING_MAX);
        assert!(pending.take(Timestamp(0), &(WAITING_MAX + 9)).is_some());
        assert!(pending.take(Timestamp(0), &0).is_none());
    }
}
