//! How soon somebody who was not answered may call the same person again.
//!
//! The rule kept here: of one caller a person hears at most three unanswered rings in ten minutes, and fewer
//! from then on. Calls that were declined, cancelled, or ran out count alike, and so do those that rang nowhere, so the
//! waiting tells nobody whether they are blocked or unwelcome. A call to somebody busy does not ring and does not count.
//! Kept in memory, for contacts alone, who are the only ones that may call: a restart forgives.

use std::collections::BTreeMap;

use protocol::call::{Call, CallState, EndReason};
use protocol::{Milliseconds, Timestamp, UserId};

/// How long the caller waits after the first, second … unanswered call in a row; the last one stays.
const WAITS: [Milliseconds; 5] = [
    Milliseconds(0),
    Milliseconds(0),
    Milliseconds::from_seconds(10 * 60),
    Milliseconds::from_seconds(30 * 60),
    Milliseconds::from_seconds(60 * 60),
];
/// Unanswered calls are forgotten after so long without another.
const FORGOTTEN_AFTER: Milliseconds = Milliseconds::from_seconds(24 * 3600);
/// The table is looked through for forgotten entries when it has grown to twice what it was, and so many.
const TIDY_FROM: usize = 1_000;

/// Who waits before they may call whom.
#[derive(Debug, Clone, Default)]
pub struct Patience {
    /// By caller and callee.
    unanswered: BTreeMap<(UserId, UserId), Unanswered>,
    tidy_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Unanswered {
    calls: usize,
    last: Timestamp,
}

impl Patience {
    /// How long the caller has to wait yet; 0 where they may call.
    pub fn left(&self, now: Timestamp, from: UserId, to: UserId) -> Milliseconds {
        let unanswered = self.unanswered.get(&(from, to));
        let unanswered = unanswered.filter(|unanswered| !unanswered.is_forgotten(now));
        unanswered.map_or(Milliseconds(0), |unanswered| {
            let wait = WAITS[unanswered.calls.clamp(1, WAITS.len()) - 1];
            // A clock that was set back must not make the wait longer than it is.
            Milliseconds((unanswered.last + wait).since(now).0.min(wait.0))
        })
    }

    /// A call has changed. Told of every one, it knows who was answered.
    pub fn saw(&mut self, now: Timestamp, call: &Call) {
        match call.state {
            CallState::Ringing { .. } => {
                // Whoever calls somebody wants to be called back.
                self.unanswered.remove(&(call.callee, call.caller));
            }
            CallState::Connecting { .. } | CallState::Active { .. } => {
                self.unanswered.remove(&(call.caller, call.callee));
            }
            CallState::Ended { end } if rang(end.reason) => {
                self.count(now, (call.caller, call.callee));
            }
            CallState::Ended { .. } => {}
        }
    }

    fn count(&mut self, now: Timestamp, pair: (UserId, UserId)) {
        if self.unanswered.len() >= self.tidy_at.max(TIDY_FROM) {
            self.unanswered.retain(|_, kept| !kept.is_forgotten(now));
            self.tidy_at = self.unanswered.len() * 2;
        }
        let fresh = Unanswered {
            calls: 0,
            last: now,
        };
        let unanswered = self.unanswered.entry(pair).or_insert(fresh);
        if unanswered.is_forgotten(now) {
            *unanswered = fresh;
        }
        unanswered.calls += 1;
        unanswered.last = now;
    }
}

impl Unanswered {
    fn is_forgotten(self, now: Timestamp) -> bool {
        now.since(self.last) >= FORGOTTEN_AFTER
    }
}

/// Whether a call that ended so may have rung without an answer.
fn rang(reason: EndReason) -> bool {
    match reason {
        EndReason::Declined
        | EndReason::Cancelled
        | EndReason::NoAnswer
        | EndReason::Unreachable
        | EndReason::Replaced
        // A caller may say so of a call that rings. Of an answered one it counts once, because the answer forgave.
        | EndReason::Failed { .. } => true,
        EndReason::HungUp { .. } | EndReason::Busy | EndReason::Lost => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::call::{CallEnd, CallSound};
    use protocol::{AttemptId, CallId, ConversationId};
    use uuid::Uuid;

    use super::*;

    const ADA: UserId = UserId(Uuid::from_u128(0xa));
    const BEN: UserId = UserId(Uuid::from_u128(0xb));
    const MINUTE: i64 = 60_000;

    #[test]
    fn whoever_calls_as_often_as_they_may_rings_three_times_in_ten_minutes() {
        let mut patience = Patience::default();
        let mut rings = Vec::new();
        for second in 0..6 * 3600 {
            let now = Timestamp(second * 1000);
            while patience.left(now, ADA, BEN) == Milliseconds(0) {
                patience.saw(now, &ended(ADA, BEN, EndReason::Cancelled));
                rings.push(second);
            }
        }
        assert_eq!(
            rings,
            [0, 0, 0, 600, 2_400, 6_000, 9_600, 13_200, 16_800, 20_400]
        );
        for from in &rings {
            let soon = rings.iter().filter(|at| (*from..from + 600).contains(at));
            assert!(soon.count() <= 3);
        }
    }

    #[test]
    fn every_end_without_an_answer_counts_alike() {
        for reason in [
            EndReason::Declined,
            EndReason::Cancelled,
            EndReason::NoAnswer,
            EndReason::Unreachable,
            EndReason::Replaced,
        ] {
            assert_eq!(
                left_after(reason, 3),
                Milliseconds(10 * 60_000),
                "{reason:?}"
            );
        }
        for reason in [
            EndReason::Busy,
            EndReason::HungUp { by: ADA },
            EndReason::Lost,
        ] {
            assert_eq!(left_after(reason, 9), Milliseconds(0), "{reason:?}");
        }
    }

    #[test]
    fn an_answer_forgives_and_so_does_a_call_back() {
        for heard in [call(ADA, BEN, connecting()), call(BEN, ADA, ringing())] {
            let mut patience = impatient();
            patience.saw(Timestamp(0), &heard);
            assert_eq!(patience.left(Timestamp(0), ADA, BEN), Milliseconds(0));
        }
        let mut patience = impatient();
        patience.saw(Timestamp(0), &call(ADA, BEN, ringing()));
        assert!(patience.left(Timestamp(0), ADA, BEN) > Milliseconds(0));
    }

    #[test]
    fn others_do_not_wait() {
        let patience = impatient();
        let eve = UserId(Uuid::from_u128(0xe));
        for (caller, callee) in [(BEN, ADA), (eve, BEN), (ADA, eve)] {
            assert_eq!(patience.left(Timestamp(0), caller, callee), Milliseconds(0));
        }
    }

    #[test]
    fn a_day_forgets_and_a_clock_that_is_set_back_adds_nothing() {
        let patience = impatient();
        assert_eq!(
            patience.left(Timestamp(10 * MINUTE - 1), ADA, BEN),
            Milliseconds(1)
        );
        assert_eq!(
            patience.left(Timestamp(-99 * MINUTE), ADA, BEN),
            Milliseconds(600_000)
        );
        let mut patience = impatient();
        patience.saw(
            Timestamp(24 * 60 * MINUTE),
            &ended(ADA, BEN, EndReason::NoAnswer),
        );
        assert_eq!(
            patience.left(Timestamp(24 * 60 * MINUTE), ADA, BEN),
            Milliseconds(0)
        );
    }

    #[test]
    fn what_is_forgotten_takes_no_place() {
        let mut patience = Patience::default();
        for number in 0..5_000_u128 {
            let now = Timestamp(i64::try_from(number).unwrap() * 24 * 60 * MINUTE);
            patience.saw(
                now,
                &ended(UserId(Uuid::from_u128(number)), BEN, EndReason::NoAnswer),
            );
        }
        assert!(
            patience.unanswered.len() <= TIDY_FROM,
            "{}",
            patience.unanswered.len()
        );
    }

    fn impatient() -> Patience {
        let mut patience = Patience::default();
        for _ in 0..3 {
            patience.saw(Timestamp(0), &ended(ADA, BEN, EndReason::NoAnswer));
        }
        patience
    }

    fn left_after(reason: EndReason, calls: usize) -> Milliseconds {
        let mut patience = Patience::default();
        for _ in 0..calls {
            patience.saw(Timestamp(0), &ended(ADA, BEN, reason));
        }
        patience.left(Timestamp(0), ADA, BEN)
    }

    fn ended(from: UserId, to: UserId, reason: EndReason) -> Call {
        let end = CallEnd {
            reason,
            ended_at: Timestamp(0),
            talked: None,
        };
        call(from, to, CallState::Ended { end })
    }

    fn ringing() -> CallState {
        CallState::Ringing {
            devices: 1,
            expires_at: Timestamp(0),
        }
    }

    fn connecting() -> CallState {
        CallState::Connecting {
            expires_at: Timestamp(0),
        }
    }

    fn call(from: UserId, to: UserId, state: CallState) -> Call {
        Call {
            id: CallId(Uuid::from_u128(1)),
            attempt: AttemptId(Uuid::from_u128(1)),
            revision: 0,
            conversation: ConversationId(Uuid::from_u128(1)),
            caller: from,
            callee: to,
            started_at: Timestamp(0),
            state,
            caller_sound: CallSound::default(),
            callee_sound: CallSound::default(),
        }
    }
}
