//! What waits to be told, in one queue for each call.
//!
//! A batch may be told once it is kept and every batch before it was. So candidates that follow an
//! answer wait for the answer's record, and a slow record of one call holds up no other.

use std::collections::{HashMap, VecDeque};

use protocol::CallId;

/// What waits, call by call. A call for which nothing waits takes no place.
#[derive(Debug)]
pub(super) struct Lanes<D> {
    lanes: HashMap<CallId, Lane<D>>,
}

#[derive(Debug)]
struct Lane<D> {
    /// The number of the first batch that waits.
    first: u64,
    batches: VecDeque<Batch<D>>,
}

/// What is told together.
#[derive(Debug)]
pub(super) struct Batch<D> {
    /// Whether the record that it waits for is durable; true where it waits for none.
    pub kept: bool,
    /// What is told, in order.
    pub deliveries: Vec<D>,
}

/// Finds a batch again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub call: CallId,
    number: u64,
}

impl<D> Default for Lanes<D> {
    fn default() -> Self {
        Self {
            lanes: HashMap::new(),
        }
    }
}

impl<D> Lanes<D> {
    /// Lets a batch wait behind all others of its call.
    pub(super) fn push(&mut self, call: CallId, batch: Batch<D>) -> Ticket {
        let lane = self.lanes.entry(call).or_insert_with(|| Lane {
            first: 0,
            batches: VecDeque::new(),
        });
        let number = lane.first + lane.batches.len() as u64;
        lane.batches.push_back(batch);
        Ticket { call, number }
    }

    /// The record that a batch waited for is durable, or has failed for good.
    pub(super) fn kept(&mut self, ticket: Ticket) {
        if let Some(lane) = self.lanes.get_mut(&ticket.call)
            && let Some(index) = ticket.number.checked_sub(lane.first)
            && let Ok(index) = usize::try_from(index)
            && let Some(batch) = lane.batches.get_mut(index)
        {
            batch.kept = true;
        }
    }

    /// Takes out what may be told of a call by now.
    pub(super) fn ready(&mut self, call: CallId) -> Vec<D> {
        let mut ready = Vec::new();
        let Some(lane) = self.lanes.get_mut(&call) else {
            return ready;
        };
        while let Some(batch) = lane.batches.pop_front_if(|batch| batch.kept) {
            lane.first += 1;
            ready.extend(batch.deliveries);
        }
        if lane.batches.is_empty() {
            self.lanes.remove(&call);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn nothing_overtakes_a_batch_that_is_not_kept() {
        let mut lanes = Lanes::default();
        let first = lanes.push(call(1), batch(false, "answered"));
        lanes.push(call(1), batch(true, "candidates"));
        let last = lanes.push(call(1), batch(false, "ended"));
        assert!(lanes.ready(call(1)).is_empty());
        lanes.kept(last);
        assert!(lanes.ready(call(1)).is_empty());
        lanes.kept(first);
        assert_eq!(lanes.ready(call(1)), ["answered", "candidates", "ended"]);
        assert!(lanes.lanes.is_empty());
    }

    #[test]
    fn calls_do_not_wait_for_each_other() {
        let mut lanes = Lanes::default();
        lanes.push(call(1), batch(false, "slow"));
        lanes.push(call(2), batch(true, "quick"));
        assert_eq!(lanes.ready(call(2)), ["quick"]);
    }

    #[test]
    fn ticket_still_finds_its_batch_after_those_before_it_left() {
        let mut lanes = Lanes::default();
        let first = lanes.push(call(1), batch(false, "first"));
        let second = lanes.push(call(1), batch(false, "second"));
        lanes.kept(first);
        assert_eq!(lanes.ready(call(1)), ["first"]);
        lanes.kept(second);
        assert_eq!(lanes.ready(call(1)), ["second"]);
    }

    fn call(n: u128) -> CallId {
        CallId(Uuid::from_u128(n))
    }

    fn batch(kept: bool, what: &'static str) -> Batch<&'static str> {
        Batch {
            kept,
            deliveries: vec![what],
        }
    }
}
