//! Missed calls: counted until they are read or seen.

use protocol::call::CallLog;
use protocol::socket::{RequestBody, ServerFrame};
use protocol::{CallId, ConversationId};

use crate::app::{TestApp, User};
use crate::device::{Device, befriend};

/// Ben, who is called, on two devices, and Ada, who calls. Ada's first message is unread.
struct Two {
    app: TestApp,
    user: User,
    ben: Device,
    phone: Device,
    ada: Device,
    conversation: ConversationId,
}

impl Two {
    async fn start() -> Self {
        let app = TestApp::start_ticking(|_| {}).await;
        let user = app.register("ben").await;
        let mut ben = app.connect(&user).await;
        let mut ada = app.join("ada").await;
        let conversation = befriend(&mut ada, &mut ben).await;
        let phone = app.connect(&app.sign_in("ben").await).await;
        Self {
            app,
            user,
            ben,
            phone,
            ada,
            conversation,
        }
    }

    /// Ada calls and gives up; Ben has heard of it.
    async fn miss(&mut self) -> (CallId, u64) {
        let (call, _) = self.ada.start_call(self.conversation).await.unwrap();
        self.cancel(call).await
    }

    async fn cancel(&mut self, call: CallId) -> (CallId, u64) {
        let cancel = RequestBody::CancelCall { call };
        self.ada.ask(cancel).await.unwrap();
        let over = self
            .ben
            .told_entry(|record| record.call == call && record.end.is_some())
            .await;
        self.phone.all_told().await;
        (call, over.seq)
    }

    /// What a device of Ben's that comes now is told: unread, missed.
    async fn counts(&self) -> (u64, u64) {
        let device = self.app.connect(&self.user).await;
        let seen = &device.welcome.conversations[0];
        (seen.unread, seen.missed)
    }

    async fn log(&self, query: &str) -> Vec<CallId> {
        let path = format!("/api/v1/calls{query}");
        let log: CallLog = self.app.get(&path).by(&self.user).send().await.json();
        log.calls.iter().map(|record| record.call).collect()
    }
}

#[tokio::test]
async fn missed_calls_are_counted_until_they_are_seen_in_the_log() {
    let mut two = Two::start().await;
    two.miss().await;
    two.miss().await;
    assert_eq!(two.counts().await, (3, 2));

    two.ben.ask(RequestBody::MarkCallsSeen).await.unwrap();
    for device in [&mut two.ben, &mut two.phone] {
        let told = device.told_conversation(|_| true).await;
        assert_eq!((told.unread, told.missed), (3, 0), "seen is not read");
    }
    two.ben.ask(RequestBody::MarkCallsSeen).await.unwrap();
    assert!(
        two.phone.all_told_but_presence().await.is_empty(),
        "seen already"
    );

    // A call that rings while the log is looked at is missed afterwards.
    let (call, _) = two.ada.start_call(two.conversation).await.unwrap();
    two.ben.told_call(|view| view.call.id == call).await;
    two.ben.ask(RequestBody::MarkCallsSeen).await.unwrap();
    two.cancel(call).await;
    assert_eq!(two.counts().await, (4, 1));
    let app = two.app.restart().await;
    let back = app.connect(&two.user).await;
    assert_eq!(back.welcome.conversations[0].missed, 1);
}

#[tokio::test]
async fn reading_a_conversation_takes_its_missed_calls_away() {
    let mut two = Two::start().await;
    let (_, first) = two.miss().await;
    let (_, last) = two.miss().await;
    for (seq, left) in [(first, (1, 1)), (last, (0, 0))] {
        let read = RequestBody::MarkRead {
            conversation: two.conversation,
            seq,
        };
        two.ben.ask(read).await.unwrap();
        assert_eq!(told_left(&mut two.phone).await, left);
        assert_eq!(two.counts().await, left);
        // Ada has missed nothing of Ben's, and has nothing to read.
        assert_eq!(told_left(&mut two.ada).await, (0, 0));
    }
    two.ben.ask(RequestBody::MarkCallsSeen).await.unwrap();
    assert!(
        two.phone.all_told_but_presence().await.is_empty(),
        "read already"
    );
    two.miss().await;
    assert_eq!(two.counts().await, (1, 1));
}

#[tokio::test]
async fn only_calls_that_one_could_have_answered_are_missed() {
    let mut two = Two::start().await;
    let (call, _) = two.ada.start_call(two.conversation).await.unwrap();
    two.ben
        .ask(RequestBody::DeclineCall { call })
        .await
        .unwrap();
    let (call, _) = two.ada.start_call(two.conversation).await.unwrap();
    two.ben.answer_call(call).await.unwrap();
    two.ada.hang_up(call).await.unwrap();
    // Ben's own call, which Ada misses.
    let (own, _) = two.ben.start_call(two.conversation).await.unwrap();
    two.ben
        .ask(RequestBody::CancelCall { call: own })
        .await
        .unwrap();
    // A call of somebody whom Ben blocks.
    let conversation = two.conversation;
    two.ben
        .ask(RequestBody::BlockContact { conversation })
        .await
        .unwrap();
    let (silent, _) = two.ada.start_call(conversation).await.unwrap();
    two.ada
        .ask(RequestBody::CancelCall { call: silent })
        .await
        .unwrap();
    two.ada.told_end(silent).await;
    assert_eq!(two.counts().await, (1, 0));
    assert!(two.log("?missed=true").await.is_empty());

    two.ben
        .ask(RequestBody::UnblockContact { conversation })
        .await
        .unwrap();
    let (missed, _) = two.miss().await;
    assert_eq!(two.counts().await, (2, 1));
    assert_eq!(two.log("?missed=true").await, [missed]);
    let caller = two.app.sign_in("ada").await;
    let log = two.app.get("/api/v1/calls?missed=true").by(&caller);
    let log: CallLog = log.send().await.json();
    let log: Vec<_> = log.calls.iter().map(|record| record.call).collect();
    assert_eq!(log, [own], "each has their own");
}

#[tokio::test]
async fn log_of_missed_calls_is_paged_and_keeps_those_that_were_seen() {
    let mut two = Two::start().await;
    let mut missed = Vec::new();
    for _ in 0..3 {
        missed.push(two.miss().await.0);
        // Answered, so not missed; and whoever is answered may call again at once.
        let (call, _) = two.ada.start_call(two.conversation).await.unwrap();
        two.ben.answer_call(call).await.unwrap();
        two.ben.hang_up(call).await.unwrap();
    }
    missed.reverse();
    two.ben.ask(RequestBody::MarkCallsSeen).await.unwrap();
    assert_eq!(two.log("?missed=true").await, missed);
    assert_eq!(two.log("?missed=true&limit=2").await, missed[..2]);
    let older = format!("?missed=true&before={}", missed[1]);
    assert_eq!(two.log(&older).await, missed[2..]);
    assert_eq!(two.log("?missed=false").await.len(), 6);
    let bad = two.app.get("/api/v1/calls?missed=perhaps").by(&two.user);
    assert_eq!(bad.send().await.status, 400);
}

async fn told_left(device: &mut Device) -> (u64, u64) {
    device
        .told(|frame| match *frame {
            ServerFrame::Read { unread, missed, .. } => Some((unread, missed)),
            _ => None,
        })
        .await
}
