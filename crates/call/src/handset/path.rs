//! The path between the two devices of an answered call: whether it carries sound, and when to look for another.
//!
//! Two things make a path bad: ICE says so, or it stands and nothing is heard of a side that should be.
//! Either way it is looked for anew; when that has not helped for long enough the call is lost.

use protocol::call::{CallReport, EndReason, FailCause};
use protocol::socket::RequestBody;
use protocol::{Milliseconds, Timestamp};

use super::state::{State, Talking};
use super::{Effect, Ended, Handset, Path, Route, Timeouts};

impl Handset {
    pub(super) fn peer_connected(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        match &mut self.state {
            State::Idle | State::Outgoing(_) | State::Ended(_) => {}
            State::Ringing(ringing) => ringing.connected = true,
            State::Taking(taking) => taking.connected = true,
            State::Talking(talking) => {
                let first = talking.path == Path::Connecting;
                talking.doubted = false;
                // That ICE found a path again is no sound yet.
                if !talking.unheard {
                    talking.path_is_back();
                }
                if first {
                    let request = talking.report(now, CallReport::Connected);
                    effects.push(Effect::Send { request });
                }
            }
        }
    }

    /// A path that was never there cannot break.
    pub(super) fn peer_disconnected(&mut self, now: Timestamp) {
        if let State::Talking(talking) = &mut self.state
            && talking.path != Path::Connecting
        {
            let restart_at = now + self.timeouts.restart_after;
            talking.path_is_gone(now, &self.timeouts);
            talking.restart_at = talking.restart_at.or(Some(restart_at));
        }
    }

    /// A browser gives up as soon as no candidate that it knows leads anywhere; a relay's refusals make that a matter of
    /// milliseconds, while the other side still looks for candidates of its own. So a failure soon after one before waits.
    pub(super) fn peer_failed(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let State::Talking(talking) = &mut self.state else {
            return;
        };
        let again_at = talking.failed_at.map(|at| at + self.timeouts.restart_after);
        let again_at = again_at.filter(|&at| now < at);
        match talking.path {
            Path::Connecting if again_at.is_some() => talking.restart_at = again_at,
            Path::Connecting if talking.failures > 0 => {
                self.fail(now, FailCause::NoPath, effects);
            }
            Path::Connecting => {
                talking.failures += 1;
                talking.failed_at = Some(now);
                talking.line.restart();
            }
            Path::Connected | Path::Reconnecting => {
                talking.path_is_gone(now, &self.timeouts);
                talking.restart_at = talking.leaving_until.or(again_at);
                if talking.restart_at.is_none() {
                    talking.failed_at = Some(now);
                    talking.line.restart();
                }
            }
        }
    }

    /// The other device goes away. Whoever takes the call up there makes the next offer.
    pub(super) fn peer_leaves(&mut self, now: Timestamp) {
        if let State::Talking(talking) = &mut self.state
            && talking.path != Path::Connecting
        {
            let until = now + self.timeouts.leaving;
            talking.path_is_gone(now, &self.timeouts);
            talking.leaving_until = Some(until);
            talking.restart_at = Some(until);
        }
    }

    /// The peer connection was closed for a new one: another device has the call at the other side.
    pub(super) fn peer_is_new(&mut self, now: Timestamp) {
        match &mut self.state {
            State::Idle | State::Outgoing(_) | State::Ended(_) => {}
            State::Ringing(ringing) => ringing.connected = false,
            State::Taking(taking) => taking.connected = false,
            State::Talking(talking) => {
                talking.sound.peer_is_new();
                talking.failures = 0;
                talking.failed_at = None;
                talking.restart_at = None;
                talking.leaving_until = None;
                if talking.path != Path::Connecting {
                    talking.path_is_gone(now, &self.timeouts);
                }
            }
        }
    }

    pub(super) fn route_changed(&mut self, route: Route) {
        if let Some(peer) = &mut self.peer {
            peer.route = Some(route);
        }
    }

    /// A relay that lost its allocations when the server restarted carries nothing more, long before ICE notices. A path that
    /// stands without the relay is left alone, and so is one that nobody has answered yet: it may not need the relay.
    pub(super) fn relay_renewed(&mut self) {
        let relayed = self.route() == Some(Route::Relayed);
        if let State::Talking(talking) = &mut self.state
            && (talking.path != Path::Connected || relayed)
        {
            talking.line.restart();
        }
    }

    /// Packets of the other side arrived.
    pub(super) fn heard(&mut self, now: Timestamp) {
        if let State::Talking(talking) = &mut self.state {
            talking.heard_at = Some(now);
            talking.unheard_at = None;
            if talking.unheard {
                talking.path_is_back();
            }
        }
    }
}

impl Talking {
    fn path_is_back(&mut self) {
        self.path = Path::Connected;
        self.connect_at = None;
        self.restart_at = None;
        self.lost_at = None;
        self.unheard_at = None;
        self.unheard = false;
        self.leaving_until = None;
    }

    pub(super) fn path_is_gone(&mut self, now: Timestamp, timeouts: &Timeouts) {
        self.path = Path::Reconnecting;
        self.lost_at = self.lost_at.or(Some(now + timeouts.lost_after));
        self.unheard = false;
    }

    /// A path that is looked for anew has its own time before its silence counts: whoever answers a restart would else
    /// restart once more a moment later, and throw away what both have found by then.
    pub(super) fn wait_for_new_path(&mut self) {
        self.unheard_at = None;
    }

    /// Measures the other side's silence while there should be none.
    pub(super) fn follow_silence(&mut self, now: Timestamp, timeouts: &Timeouts) {
        let expected = self.sound.is_expected();
        if self.unheard && !expected {
            self.path_is_back();
        }
        if self.path == Path::Connected && expected {
            let at = now + timeouts.unheard_restart_after;
            self.unheard_at = self.unheard_at.or(Some(at));
        } else {
            self.unheard_at = None;
        }
    }

    /// Time has passed. Gives what to report and how the call ends, if it does.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        timeouts: &Timeouts,
    ) -> Option<(CallReport, EndReason)> {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if due(self.lost_at) {
            return Some((CallReport::Lost, EndReason::Lost));
        }
        if due(self.connect_at) {
            let cause = FailCause::Timeout;
            return Some((CallReport::Failed { cause }, EndReason::Failed { cause }));
        }
        if due(self.restart_at) {
            self.restart_at = None;
            // It may not have gone after all, and then it is heard.
            self.unheard |= self.leaving_until.take().is_some();
            self.line.restart();
        }
        if due(self.unheard_at) {
            self.path_is_gone(now, timeouts);
            self.unheard = true;
            self.line.restart();
        }
        None
    }

    /// How long they heard each other, as far as this device knows. What was lost ended when it was last heard.
    pub(super) fn talked(&self, now: Timestamp, why: &Ended) -> Option<Milliseconds> {
        let lost = EndReason::Lost;
        let end = if *why == (Ended::Call { end: lost }) {
            self.heard_at.unwrap_or(now)
        } else {
            now
        };
        self.since.map(|since| end.since(since))
    }

    pub(super) fn report(&self, now: Timestamp, report: CallReport) -> RequestBody {
        RequestBody::ReportCall {
            call: self.call,
            report,
            heard_ago: self.heard_at.map(|at| now.since(at)),
        }
    }

    pub(super) fn hang_up(&self, now: Timestamp) -> RequestBody {
        RequestBody::HangUp {
            call: self.call,
            heard_ago: self.heard_at.map(|at| now.since(at)),
        }
    }
}
