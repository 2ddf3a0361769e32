//! What must be true in every state, and at the end of every run.

use call::handset::HandsetView;
use call::switchboard::{Party, Row};
use protocol::CallId;
use protocol::call::CallState;

use crate::device::Device;
use crate::server::Server;

/// No microphone and no connection without a call on screen, no microphone before *Answer*, one talk at a time.
pub(crate) fn device(device: &Device) {
    let view = device.view();
    let views: Vec<HandsetView> = std::iter::once(view.current)
        .chain([view.waiting, view.held].into_iter().flatten())
        .collect();
    let count = |fits: fn(&HandsetView) -> bool| views.iter().filter(|view| fits(view)).count();
    assert!(
        device.peers() <= count(is_call),
        "a peer connection without a call on screen: {views:?}"
    );
    assert!(
        device.microphones() <= count(may_be_heard),
        "a microphone without a call on screen: {views:?}"
    );
    let talks = count(|view| matches!(view, HandsetView::Active { on_hold: false, .. }));
    assert!(talks <= 1, "talks in two calls: {views:?}");
}

pub(crate) fn is_call(view: &HandsetView) -> bool {
    !matches!(view, HandsetView::Idle | HandsetView::Ended { .. })
}

fn may_be_heard(view: &HandsetView) -> bool {
    match view {
        HandsetView::Idle | HandsetView::Ended { .. } => false,
        HandsetView::Incoming { answering, .. } => *answering,
        HandsetView::Outgoing { .. } | HandsetView::Active { .. } => true,
    }
}

/// One winner, one end; a revision that grows.
pub(crate) fn save(before: Option<&Row>, row: &Row, takes: Option<&Party>) {
    let call = row.call.id;
    let Some(before) = before else { return };
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
        }
        (Some(_), None) => panic!("{call} goes on after its end"),
        (None, _) => {}
    }
    let callees = (before.callee.as_ref(), row.callee.as_ref());
    for (before, after) in [(Some(&before.caller), Some(&row.caller)), callees] {
        let same = before.is_none() || before == after;
        assert!(
            same || takes.is_some() && takes == after,
            "two winners of {call}"
        );
    }
}

/// Two people have one call with each other.
pub(crate) fn server(server: &Server) {
    let live = server
        .rows
        .values()
        .filter(|row| row.record().end.is_none());
    assert!(live.count() <= 1, "two calls of the same two at once");
}

/// The call that is talked in. Two devices of a person never talk in the same one, but while it moves.
pub(crate) fn talks(view: &HandsetView) -> Option<CallId> {
    match view {
        HandsetView::Active {
            call,
            on_hold: false,
            ..
        } => Some(*call),
        _ => None,
    }
}

/// At the end of a run a device shows nothing, waits for nothing and has nothing open.
pub(crate) fn device_at_rest(device: &Device) {
    let view = device.view();
    assert_eq!(view.current, HandsetView::Idle, "something is still shown");
    assert!(
        view.waiting.is_none() && view.held.is_none() && view.elsewhere.is_none(),
        "something is still shown: {view:?}"
    );
    assert_eq!(device.deadline(), None, "a timer is left");
    assert_eq!(
        device.unanswered(),
        0,
        "requests without an answer are left"
    );
    assert_eq!(
        (device.microphones(), device.peers()),
        (0, 0),
        "something is still open"
    );
}

pub(crate) fn server_at_rest(server: &Server) {
    assert_eq!(server.deadline(), None, "a timer is left");
    for (call, row) in &server.rows {
        let over = matches!(row.call.state, CallState::Ended { .. });
        assert!(over, "{call} never ended");
    }
}
