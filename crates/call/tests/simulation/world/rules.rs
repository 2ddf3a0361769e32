//! What must be true: at every moment, soon after the network healed, and when all is over.

use call::handset::{Ended, HandsetView};
use call::switchboard::{Party, Reach, Row};
use protocol::call::{CallState, EndReason, FailCause, Here};
use protocol::limits::DEVICE_RING_TIMEOUT;
use protocol::{CallId, Milliseconds};

use super::network::{Frame, LONGEST_DELAY};
use super::people::call_of;
use super::{World, tally};

/// So long after the network healed, all screens agree with the server and with each other: 15 s until either end of a
/// dead socket has noticed, 5 s for what is still under way in the old network or until a client
/// connects again, and 5 s for the snapshot, the requests that are sent again, what they set
/// off on the other side, and a path found anew.
const AGREED_AFTER: i64 = 25_000;
/// The longest that a word and what it sets off are under way in a healed network.
const UNDER_WAY: i64 = 1_500;
/// Longer than any timer: 5 min until a call without devices is lost.
const ALL_OVER_AFTER: i64 = 600_000;

impl World {
    // At every moment.

    /// After whatever happened to a page.
    pub(super) fn check_page(&self, page: usize) {
        let it = &self.pages[page];
        let name = self.name(page);
        let views = self.shown(page);
        let calls = views.iter().filter(|view| is_call(view)).count();
        assert!(
            it.peers() <= calls,
            "{name} has a peer connection without a call on screen"
        );
        let open = views.iter().filter(|view| may_hear(view)).count();
        assert!(
            it.microphones() <= open,
            "{name} has a microphone without a call on screen that is talked in"
        );
        let talked_in = views.iter().filter(|view| is_talked_in(view)).count();
        assert!(talked_in <= 1, "{name} talks in two calls at once");
        for view in &views {
            assert!(
                !is_called_forged(view),
                "{name} warns of somebody in between, where nobody is"
            );
            self.check_view(page, view);
        }
    }

    fn check_view(&self, page: usize, view: &HandsetView) {
        let name = self.name(page);
        match view {
            HandsetView::Incoming {
                call,
                answering: false,
                ..
            } => {
                let started_at = self.server.rows[call].call.started_at;
                // A device cannot know how long the word that made it ring was under way.
                let longest = Milliseconds(DEVICE_RING_TIMEOUT.0 + LONGEST_DELAY.unsigned_abs());
                let it = &self.pages[page];
                let due = it
                    .phone
                    .poll_timeout()
                    .is_some_and(|at| at.0 + it.clock <= self.now);
                assert!(
                    due || self.server_now().since(started_at) <= longest,
                    "{name} rings too long"
                );
            }
            HandsetView::Active {
                call,
                muted,
                on_hold,
                peer_on_hold,
                ..
            } => {
                if let Some(silent) = self.pages[page].is_track_silent(*call) {
                    let wanted = *muted || *on_hold || *peer_on_hold;
                    assert_eq!(
                        silent, wanted,
                        "the track of {name} and what is shown: {view:?}"
                    );
                }
            }
            HandsetView::Idle
            | HandsetView::Incoming { .. }
            | HandsetView::Outgoing { .. }
            | HandsetView::Ended { .. } => {}
        }
    }

    /// After whatever happened to the server. What a blocked caller hears is no call to anybody else.
    pub(super) fn check_server(&self) {
        for row in self.live().filter(|row| row.reach != Reach::Silent) {
            let both = |other: &&Row| {
                other.reach != Reach::Silent && other.call.conversation == row.call.conversation
            };
            let calls = self.live().filter(both).count();
            assert_eq!(calls, 1, "two have {calls} calls with each other at once");
            for user in [row.call.caller, row.call.callee] {
                let of = |row: &&Row| {
                    row.call.caller == user
                        || row.call.callee == user
                            && row.reach != Reach::Silent
                            && row.reach != Reach::Quiet
                };
                let calls = self.live().filter(of).count();
                assert!(calls <= 2, "{calls} calls of {user} at once");
            }
        }
    }

    pub(super) fn check_save(&mut self, row: &Row) {
        self.tally.count(match row.call.state {
            CallState::Ringing { .. } => "rings",
            CallState::Connecting { .. } => "connects",
            CallState::Active { .. } => "talks",
            CallState::Ended { end } => tally::name(end.reason),
        });
        let call = row.call.id;
        let Some(before) = self.server.rows.get(&call).cloned() else {
            self.tally.count(match row.reach {
                Reach::Silent => "silent",
                Reach::Quiet => "quiet",
                Reach::Devices => "to devices",
                Reach::Nobody => "to nobody",
            });
            return;
        };
        assert!(
            before.call.revision < row.call.revision,
            "the revision of {call} did not grow"
        );
        match (before.record().end, row.record().end) {
            (Some(first), Some(truth)) => {
                assert!(
                    truth.ended_at < first.ended_at,
                    "{call} ended again, and not before"
                );
                self.tally.count("corrected");
            }
            (Some(_), None) => panic!("{call} goes on after its end"),
            (None, Some(_)) => {
                let parties = [Some(&before.caller), before.callee.as_ref()];
                let may = |by: &Party| before.callee.is_none() || parties.contains(&Some(by));
                let by = self.server.asks.as_ref();
                assert!(
                    by.is_none_or(may),
                    "{by:?} ended {call}, which others talk in"
                );
            }
            (None, None) => {}
        }
        let parties = [
            (Some(&before.caller), Some(&row.caller)),
            (before.callee.as_ref(), row.callee.as_ref()),
        ];
        for (before, after) in parties {
            let same = before.is_none() || before == after;
            let taken = after.is_some() && self.server.takes.as_ref() == after;
            if !same {
                self.tally.count("taken over");
            }
            assert!(same || taken, "{call} is {after:?}'s, and was {before:?}'s");
        }
    }

    /// Whoever is blocked, and whoever does not want to be disturbed, is rung nowhere.
    pub(super) fn check_frame(&self, socket: usize, frame: &Frame) {
        let calls: Vec<CallId> = match frame {
            Frame::Welcome(calls, _) => calls.iter().map(|view| view.call.id).collect(),
            Frame::Call(view, _) | Frame::Done(_, Some((view, _))) => vec![view.call.id],
            Frame::Description(call, _) | Frame::Candidates(call, ..) => vec![*call],
            Frame::Done(_, None) | Frame::Refused(..) => Vec::new(),
        };
        let page = self.sockets[socket].page;
        for call in calls {
            let row = &self.server.rows[&call];
            let told = row.call.callee != self.pages[page].me.user
                || matches!(row.reach, Reach::Devices | Reach::Nobody);
            assert!(
                told,
                "{} is told of {call}, which is {:?}",
                self.name(page),
                row.reach
            );
        }
    }

    fn live(&self) -> impl Iterator<Item = &Row> {
        self.server
            .rows
            .values()
            .filter(|row| row.record().end.is_none())
    }

    // Soon after the network healed, and at the end.

    /// Everybody is reachable again; then everybody hangs up, and all timers run out.
    pub(crate) fn come_to_rest(&mut self) {
        self.tell(|_| "— the network heals".to_owned());
        self.healed = true;
        self.server.dies_after = None;
        for page in 0..self.pages.len() {
            self.pages[page].microphone_broken = false;
            self.come_online(page);
        }
        self.broken_paths.clear();
        self.mend_all_paths();
        self.wait(AGREED_AFTER);
        self.check_agreement();
        self.tell(|_| "— everybody hangs up".to_owned());
        for _ in 0..3 {
            self.all_hang_up();
            self.wait(5_000);
        }
        self.wait(ALL_OVER_AFTER);
        self.check_nothing_is_left();
    }

    /// Whatever changed a moment ago may still be under way; what stays different is wrong.
    fn check_agreement(&mut self) {
        for _ in 0..2 {
            if self.disagreement().is_none() {
                return;
            }
            self.wait(UNDER_WAY);
        }
        if let Some(words) = self.disagreement() {
            panic!("{words}");
        }
    }

    fn disagreement(&self) -> Option<String> {
        let pages = || 0..self.pages.len();
        let calls = || self.live().map(|row| row.call.id);
        let wrong = |page| {
            let views = self.shown(page);
            views.iter().find_map(|view| self.wrong_view(page, view))
        };
        let missing = |page| calls().find_map(|call| self.missing_view(page, call));
        pages()
            .find_map(wrong)
            .or_else(|| pages().find_map(missing))
            .or_else(|| calls().find_map(|call| self.wrong_sound(call)))
    }

    /// What the two of a call are shown of each other's sound, and how sound is.
    fn wrong_sound(&self, call: CallId) -> Option<String> {
        let talks = |page: usize| {
            let views = self.shown(page);
            let fits = |view: &HandsetView| call_of(view) == Some(call) && is_active(view);
            Some((page, views.into_iter().find(fits)?))
        };
        let mut ends = (0..self.pages.len()).filter_map(talks);
        let (a, b) = ends.next().zip(ends.next())?;
        let agrees = is_told(&a.1, &b.1) && is_told(&b.1, &a.1);
        let shows =
            |(page, view): &(usize, HandsetView)| format!("{} shows {view:?}", self.name(*page));
        (!agrees).then(|| format!("{}, {}", shows(&a), shows(&b)))
    }

    /// What a page shows and is not so.
    fn wrong_view(&self, page: usize, view: &HandsetView) -> Option<String> {
        let name = self.name(page);
        if !is_call(view) {
            return None;
        }
        let Some(call) = call_of(view) else {
            return Some(format!(
                "{name} still shows a call that the server never heard of: {view:?}"
            ));
        };
        let me = &self.pages[page].me;
        let told = self.server.board.view_for(call, me.user, me.device);
        let Some(told) = told else {
            return Some(format!("{name} shows {call}, which is not there: {view:?}"));
        };
        let fits = match (&told.call.state, view) {
            (CallState::Ringing { .. }, HandsetView::Incoming { .. }) => told.here == Here::Rings,
            (CallState::Ringing { .. }, HandsetView::Outgoing { .. })
            | (CallState::Connecting { .. }, HandsetView::Active { since: None, .. })
            | (CallState::Active { .. }, HandsetView::Active { since: Some(_), .. }) => {
                told.here == Here::TakesPart
            }
            _ => false,
        };
        (!fits).then(|| format!("{name} shows {view:?}, while the server has {told:?}"))
    }

    /// A live call that a page ought to show and does not.
    fn missing_view(&self, page: usize, call: CallId) -> Option<String> {
        let it = &self.pages[page];
        let told = self.server.board.view_for(call, it.me.user, it.me.device)?;
        let views = self.shown(page);
        let shown = views
            .iter()
            .any(|view| call_of(view) == Some(call) && is_call(view));
        let ought = match told.here {
            // The page was loaded anew while its request to start the call was under way, and was greeted before that
            // arrived. It hears of the call once a device rings, and cancels it.
            Here::TakesPart if matches!(told.call.state, CallState::Ringing { devices: 0, .. }) => {
                false
            }
            Here::TakesPart => it.phone.view().elsewhere.is_none_or(|it| it.call != call),
            Here::Elsewhere { .. } => false,
            Here::Rings => views == [HandsetView::Idle],
        };
        (ought && !shown).then(|| {
            format!(
                "{} shows {views:?}, while the server has {told:?}",
                self.name(page)
            )
        })
    }

    fn check_nothing_is_left(&self) {
        assert_eq!(
            self.server.board.poll_timeout(),
            None,
            "a timer of the server is left"
        );
        for (call, row) in &self.server.rows {
            assert!(row.record().end.is_some(), "{call} never ended");
            assert_eq!(
                self.server.ends.get(call),
                Some(&1),
                "records of the end of {call}"
            );
        }
        for (page, it) in self.pages.iter().enumerate() {
            let name = self.name(page);
            assert_eq!(self.shown(page), [HandsetView::Idle], "{name}");
            assert_eq!(it.phone.poll_timeout(), None, "a timer of {name} is left");
            assert_eq!(it.microphones(), 0, "a microphone of {name} is left");
            assert_eq!(it.peers(), 0, "a peer connection of {name} is left");
            assert_eq!(
                it.unanswered(),
                0,
                "requests of {name} without an answer are left"
            );
            assert!(
                !self.server.board.in_call(it.me.user),
                "{name} is in a call still"
            );
            let snapshot = self.server.board.snapshot(it.me.user, it.me.device);
            assert_eq!(snapshot, Vec::new(), "{name}");
        }
    }
}

/// Whether it is a call that is not over.
fn is_called_forged(view: &HandsetView) -> bool {
    let cause = FailCause::Identity;
    let end = EndReason::Failed { cause };
    matches!(view, HandsetView::Ended { why, .. } if *why == Ended::Call { end })
}

fn is_call(view: &HandsetView) -> bool {
    !matches!(view, HandsetView::Idle | HandsetView::Ended { .. })
}

/// Whether the microphone may be open for it.
fn may_hear(view: &HandsetView) -> bool {
    match view {
        HandsetView::Idle | HandsetView::Ended { .. } => false,
        HandsetView::Incoming { answering, .. } => *answering,
        HandsetView::Outgoing { .. } | HandsetView::Active { .. } => true,
    }
}

fn is_active(view: &HandsetView) -> bool {
    matches!(view, HandsetView::Active { .. })
}

fn is_talked_in(view: &HandsetView) -> bool {
    matches!(view, HandsetView::Active { on_hold: false, .. })
}

/// Whether one side is shown what the other does with its sound.
fn is_told(side: &HandsetView, other: &HandsetView) -> bool {
    let HandsetView::Active { muted, on_hold, .. } = side else {
        return false;
    };
    matches!(other, HandsetView::Active { peer_muted, peer_on_hold, .. }
        if (muted, on_hold) == (peer_muted, peer_on_hold))
}
