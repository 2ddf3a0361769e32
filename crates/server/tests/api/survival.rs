//! Calls outlive what goes away: a network that swallows everything, and a server that is killed.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::Method;
use protocol::call::{
    CallEnd, CallLog, CallReport, CallSound, CallState, CallView, EndReason, Here,
};
use protocol::limits::REQUEST_AGE_MAX;
use protocol::socket::{Outcome, RequestBody};
use protocol::{CallId, ConversationId, Milliseconds, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{Asking, TestApp, User};
use crate::command::Running;
use crate::device::{Device, contacts_at};
use crate::phone::{candidate, description};

/// From the server's return to a state that is right everywhere.
const RIGHT_AGAIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn half_open_socket_is_found_within_15_seconds() {
    let app = TestApp::start().await;
    let (mut ada, ben, _) = app.contacts().await;
    let them = ben.me();
    // From here on time passes where the test lets it. Ben's end is never read again and says nothing.
    tokio::time::pause();
    pass(&mut ada, Duration::from_secs(14)).await;
    assert!(app.server.app().hub.is_connected(them));
    pass(&mut ada, Duration::from_secs(1)).await;
    tokio::time::resume();
    app.until_gone(them).await;
    drop((ada, ben));
}

/// Lets time pass while one device goes on to answer pings.
async fn pass(device: &mut Device, length: Duration) {
    const STEP: Duration = Duration::from_secs(1);
    for _ in 0..length.as_secs() {
        tokio::time::advance(STEP).await;
        device.all_told().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn call_that_rings_survives_kill_9() {
    let mut two = Two::start().await;
    let conversation = two.conversation;
    let (call, _) = two.ada.start_call(conversation).await.unwrap();
    two.ben.told_call(|view| view.here == Here::Rings).await;
    two.ben.ask(RequestBody::RingCall { call }).await.unwrap();
    let before = two
        .ada
        .told_call(|view| matches!(view.call.state, CallState::Ringing { devices: 1, .. }))
        .await;
    two.kill_and_restart().await;

    let [view] = &two.ada.welcome.calls[..] else {
        panic!("{:?}", two.ada.welcome.calls);
    };
    assert_eq!((view.call.id, &view.here), (call, &Here::TakesPart));
    assert!(view.call.revision > before.call.revision);
    assert_eq!(
        expiry(view),
        expiry(&before),
        "it rings no longer than before"
    );
    let [view] = &two.ben.welcome.calls[..] else {
        panic!("{:?}", two.ben.welcome.calls);
    };
    assert_eq!((view.call.id, &view.here), (call, &Here::Rings));
    // What the server forgot is said again: the offer, and that it rings.
    let offer = RequestBody::DescribeCall {
        call,
        description: description("offer", 0),
    };
    two.ada.ask(offer).await.unwrap();
    let rings = two.ben.told_call(|view| view.remote.is_some()).await;
    assert_eq!(rings.here, Here::Rings);
    two.ben.ask(RequestBody::RingCall { call }).await.unwrap();
    two.ada
        .told_call(|view| matches!(view.call.state, CallState::Ringing { devices: 1, .. }))
        .await;
    let answered = two.ben.answer_call(call).await.unwrap();
    assert_eq!(answered.here, Here::TakesPart);
    let connecting = two
        .ada
        .told_call(|view| matches!(view.call.state, CallState::Connecting { .. }))
        .await;
    assert_eq!(connecting.remote.unwrap().candidates, [candidate(1)]);
    two.ben.hang_up(call).await.unwrap();
    two.ada.told_end(call).await;
    let by = two.ben.me();
    assert_eq!(two.only_record(call).await.reason, EndReason::HungUp { by });
}

#[tokio::test(flavor = "multi_thread")]
async fn call_that_is_talked_in_survives_kill_9() {
    let mut two = Two::start().await;
    let (call, since) = two.talk().await;
    let muted = CallSound {
        muted: true,
        on_hold: false,
        change: 4,
    };
    two.ben.set_sound(call, muted).await.unwrap();
    two.kill_and_restart().await;

    for device in [&two.ada, &two.ben] {
        let [view] = &device.welcome.calls[..] else {
            panic!("{:?}", device.welcome.calls);
        };
        assert_eq!((view.call.id, &view.here), (call, &Here::TakesPart));
        assert_eq!(view.call.state, CallState::Active { since });
        let silent = CallSound::default();
        assert_eq!(
            (view.call.caller_sound, view.call.callee_sound),
            (silent, silent)
        );
    }
    // The sound is not kept: whoever is shown another one than is so says it again.
    two.ben.set_sound(call, muted).await.unwrap();
    let shown = two.ada.told_call(|view| view.call.callee_sound.muted).await;
    assert_eq!(shown.call.callee_sound, muted);
    two.ada.hang_up(call).await.unwrap();
    let end = two.ben.told_end(call).await;
    let by = two.ada.me();
    assert_eq!(end.reason, EndReason::HungUp { by });
    assert_eq!(end.talked, Some(end.ended_at.since(since)));
    assert_eq!(two.only_record(call).await, end);
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_while_the_server_is_away_counts_from_when_it_was_done() {
    let mut two = Two::start().await;
    let (call, since) = two.talk().await;
    two.kill_and_restart().await;
    two.hang_up_as_soon_as_it_was_answered(call).await;
    let end = two.ben.told_end(call).await;
    assert_eq!((end.ended_at, end.talked), (since, Some(Milliseconds(0))));
    // The other one's word of the same end changes nothing.
    two.ben.report(call, CallReport::PeerHungUp).await.unwrap();
    assert_eq!(two.only_record(call).await, end);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_that_happened_first_is_kept_and_told() {
    let mut two = Two::start().await;
    let (call, since) = two.talk().await;
    two.kill_and_restart().await;
    two.ben.hang_up(call).await.unwrap();
    let first = two.ada.told_end(call).await;
    // Ada had hung up before, and her word had to wait for the server.
    two.hang_up_as_soon_as_it_was_answered(call).await;
    let amended = two
        .ben
        .told_entry(|record| record.end.is_some_and(|end| end != first))
        .await;
    let end = two.only_record(call).await;
    let by = two.ada.me();
    assert_eq!(end.reason, EndReason::HungUp { by });
    assert_eq!((end.ended_at, end.talked), (since, Some(Milliseconds(0))));
    assert_eq!(amended.id, call.into());
}

/// Two people and a process that can be killed.
struct Two {
    running: Running,
    directory: TempDir,
    users: [User; 2],
    ada: Device,
    ben: Device,
    conversation: ConversationId,
}

impl Two {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let running = Running::start(&directory, &[]);
        let address: SocketAddr = running.address().parse().unwrap();
        let (users, [ada, ben], conversation) = contacts_at(address).await;
        Self {
            running,
            directory,
            users,
            ada,
            ben,
            conversation,
        }
    }

    /// The two talk; since when.
    async fn talk(&mut self) -> (CallId, Timestamp) {
        let (call, _) = self.ada.start_call(self.conversation).await.unwrap();
        self.ben.answer_call(call).await.unwrap();
        for device in [&mut self.ada, &mut self.ben] {
            device.report(call, CallReport::Connected).await.unwrap();
        }
        let active = |view: &CallView| matches!(view.call.state, CallState::Active { .. });
        let view = self.ada.told_call(active).await;
        let CallState::Active { since } = view.call.state else {
            unreachable!("it is active")
        };
        (call, since)
    }

    /// Ada's request to hang up, which is older than the call: however long everything takes on the machine of the
    /// test, it counts from the answer.
    async fn hang_up_as_soon_as_it_was_answered(&mut self, call: CallId) {
        let age = REQUEST_AGE_MAX;
        let mut request = json!({ "type": "hang_up", "call": call, "age": age, "heard_ago": 0 });
        let id = self.ada.begin(&mut request).await;
        assert_eq!(self.ada.answer(id).await.unwrap(), Outcome::Done);
    }

    /// Kills the server in the middle of whatever it does; both come back to the next one.
    async fn kill_and_restart(&mut self) {
        self.running.kill();
        self.running = Running::start(&self.directory, &[]);
        let address: SocketAddr = self.running.address().parse().unwrap();
        let back = async {
            self.ada = Device::connect(address, &self.users[0]).await;
            self.ben = Device::connect(address, &self.users[1]).await;
        };
        tokio::time::timeout(RIGHT_AGAIN, back)
            .await
            .expect("the snapshots come soon after the server");
    }

    /// How the call ended, after checking that both have one record of it, in the log and in the timeline.
    async fn only_record(&self, call: CallId) -> CallEnd {
        let address: SocketAddr = self.running.address().parse().unwrap();
        let mut ends = Vec::new();
        for user in &self.users {
            let asking = Asking::new(address, Method::GET, "/api/v1/calls").by(user);
            let log: CallLog = asking.send().await.json();
            let [record] = &log.calls[..] else {
                panic!("{log:?}");
            };
            assert_eq!(record.call, call);
            let conversation = self.conversation;
            let path = format!("/api/v1/conversations/{conversation}/messages?after=1");
            let asking = Asking::new(address, Method::GET, &path).by(user);
            let timeline: Value = asking.send().await.json();
            let entries = timeline["messages"].as_array().unwrap();
            let [entry] = &entries[..] else {
                panic!("{timeline}");
            };
            assert_eq!(
                entry["body"]["record"],
                serde_json::to_value(record).unwrap()
            );
            ends.push(record.end.unwrap());
        }
        assert_eq!(ends[0], ends[1]);
        ends[0]
    }
}

fn expiry(view: &CallView) -> Option<Timestamp> {
    match view.call.state {
        CallState::Ringing { expires_at, .. } => Some(expires_at),
        _ => None,
    }
}
