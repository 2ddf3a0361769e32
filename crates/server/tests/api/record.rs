//! The record of a call tells when things happened, not when somebody got round to saying so.

use protocol::call::{CallEnd, CallLog, CallState, CallView, EndReason};
use protocol::{CallId, Milliseconds, Timestamp};
use serde_json::{Value, json};

use crate::app::{START, TestApp};
use crate::device::Device;

/// Two who talk. The clock moves by hand.
struct Two {
    app: TestApp,
    ada: Device,
    ben: Device,
    call: CallId,
}

impl Two {
    /// Answered at 0 s, connected at 2 s and at 3 s, of which the server hears at 7 s.
    async fn talk() -> Self {
        let app = TestApp::start().await;
        let (mut ada, mut ben, conversation) = app.contacts().await;
        let (call, _) = ada.start_call(conversation).await.unwrap();
        ben.answer_call(call).await.unwrap();
        let mut two = Self {
            app,
            ada,
            ben,
            call,
        };
        let connected = json!({ "report": "connected" });
        two.app.advance(Milliseconds::from_seconds(2));
        let report = json!({ "type": "report_call", "call": call, "report": connected });
        two.ada.ask_json(report.clone()).await.unwrap();
        two.app.advance(Milliseconds::from_seconds(5));
        let mut late = report;
        late["age"] = json!(4_000);
        two.ben.ask_json(late).await.unwrap();
        let active = |view: &CallView| matches!(view.call.state, CallState::Active { .. });
        let view = two.ada.told_call(active).await;
        let since = after(3_000);
        assert_eq!(view.call.state, CallState::Active { since });
        two
    }

    /// Somebody says how it ended; 60 s after the answer.
    async fn end(mut self, mut request: Value) -> CallEnd {
        self.app.advance(Milliseconds::from_seconds(53));
        request["call"] = json!(self.call);
        self.ben.ask_json(request).await.unwrap();
        let end = self.ada.told_end(self.call).await;
        let user = self.app.sign_in("ada").await;
        let log: CallLog = self.app.get("/api/v1/calls").by(&user).send().await.json();
        assert_eq!(log.calls[0].end, Some(end));
        end
    }
}

#[tokio::test]
async fn hanging_up_counts_from_the_press() {
    let two = Two::talk().await;
    let by = two.ben.me();
    let end = two
        .end(json!({ "type": "hang_up", "age": 10_000, "heard_ago": 20 }))
        .await;
    assert_eq!(end.reason, EndReason::HungUp { by });
    assert_eq!(end.ended_at, after(50_000));
    assert_eq!(end.talked, Some(Milliseconds(47_000)));
}

#[tokio::test]
async fn nobody_talks_through_a_path_that_is_gone() {
    let lost = json!({ "type": "report_call", "report": { "report": "lost" }, "age": 5_000, "heard_ago": 31_000 });
    let end = Two::talk().await.end(lost).await;
    assert_eq!(end.reason, EndReason::Lost);
    assert_eq!(end.ended_at, after(55_000));
    assert_eq!(end.talked, Some(Milliseconds(21_000)));
}

#[tokio::test]
async fn what_the_other_side_said_directly_is_its_hanging_up() {
    let two = Two::talk().await;
    let by = two.ada.me();
    let told =
        json!({ "type": "report_call", "report": { "report": "peer_hung_up" }, "age": 1_000 });
    let end = two.end(told).await;
    assert_eq!(end.reason, EndReason::HungUp { by });
    assert_eq!(end.ended_at, after(59_000));
}

#[tokio::test]
async fn no_call_ends_before_it_was_answered() {
    let ancient = json!({ "type": "hang_up", "age": 900_000_000, "heard_ago": null });
    let end = Two::talk().await.end(ancient).await;
    assert_eq!(end.ended_at, START);
    assert_eq!(end.talked, Some(Milliseconds(0)));
}

fn after(milliseconds: u64) -> Timestamp {
    START + Milliseconds(milliseconds)
}
