//! What a device does and hears in calls.

use protocol::call::{CallEnd, CallRecord, CallReport, CallSound, CallState, CallView};
use protocol::chat::{Message, MessageBody};
use protocol::description::{CallDescription, Candidate, DeviceKey};
use protocol::socket::{Outcome, RequestBody, RequestError, ServerFrame};
use protocol::{AttemptId, CallId, ConversationId};
use serde_json::json;
use server::config::Config;

use crate::app::TestApp;
use crate::device::{Device, new_id};

impl TestApp {
    /// With the system's clock, because calls end by time.
    pub(crate) async fn start_ticking(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_with_clock(server::clock::Clock::default(), change).await
    }
}

impl Device {
    pub(crate) async fn start_call(
        &mut self,
        conversation: ConversationId,
    ) -> Result<(CallId, CallView), RequestError> {
        let Outcome::Call { call, .. } = self.ask(start(conversation)).await? else {
            panic!("no call");
        };
        Ok((call.call.id, *call))
    }

    pub(crate) async fn answer_call(&mut self, call: CallId) -> Result<CallView, RequestError> {
        let answer = RequestBody::AnswerCall {
            call,
            description: description("answer", 0),
            candidates: vec![candidate(1)],
        };
        match self.ask(answer).await? {
            Outcome::Call { call, .. } => Ok(*call),
            other => panic!("no call but {other:?}"),
        }
    }

    pub(crate) async fn add_candidate(
        &mut self,
        call: CallId,
        n: u8,
    ) -> Result<Outcome, RequestError> {
        let candidates = vec![candidate(n)];
        self.ask(RequestBody::AddCandidates {
            call,
            epoch: 0,
            candidates,
        })
        .await
    }

    pub(crate) async fn report(
        &mut self,
        call: CallId,
        report: CallReport,
    ) -> Result<Outcome, RequestError> {
        self.ask(RequestBody::ReportCall {
            call,
            report,
            heard_ago: None,
        })
        .await
    }

    pub(crate) async fn hang_up(&mut self, call: CallId) -> Result<Outcome, RequestError> {
        self.ask(RequestBody::HangUp {
            call,
            heard_ago: None,
        })
        .await
    }

    pub(crate) async fn set_sound(
        &mut self,
        call: CallId,
        sound: CallSound,
    ) -> Result<Outcome, RequestError> {
        self.ask(RequestBody::SetSound { call, sound }).await
    }

    pub(crate) async fn take_call(
        &mut self,
        call: CallId,
        epoch: u16,
    ) -> Result<CallView, RequestError> {
        let take = RequestBody::TakeCall {
            call,
            description: description("offer", epoch),
        };
        match self.ask(take).await? {
            Outcome::Call { call, .. } => Ok(*call),
            other => panic!("no call but {other:?}"),
        }
    }

    pub(crate) async fn told_call(&mut self, fits: impl Fn(&CallView) -> bool) -> CallView {
        self.told(|frame| match frame {
            ServerFrame::Call { call, .. } if fits(call) => Some(call.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn told_end(&mut self, call: CallId) -> CallEnd {
        self.told(|frame| match frame {
            ServerFrame::Call { call: view, .. } if view.call.id == call => end(view),
            _ => None,
        })
        .await
    }

    pub(crate) async fn told_candidates(&mut self) -> Vec<Candidate> {
        self.told(|frame| match frame {
            ServerFrame::Candidates { candidates, .. } => Some(candidates.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn told_entry(&mut self, fits: impl Fn(&CallRecord) -> bool) -> Message {
        self.told(|frame| match frame {
            ServerFrame::Message { message } => match &message.body {
                MessageBody::Call { record } if fits(record) => Some(message.clone()),
                _ => None,
            },
            _ => None,
        })
        .await
    }
}

fn end(view: &CallView) -> Option<CallEnd> {
    match view.call.state {
        CallState::Ended { end } => Some(end),
        _ => None,
    }
}

pub(crate) fn start(conversation: ConversationId) -> RequestBody {
    RequestBody::StartCall {
        attempt: AttemptId(new_id()),
        conversation,
        description: description("offer", 0),
    }
}

pub(crate) fn description(kind: &str, epoch: u16) -> CallDescription {
    let dtls = if kind == "offer" { "actpass" } else { "active" };
    let description = json!({
        "epoch": epoch, "kind": kind, "ufrag": "Yx3+", "pwd": "q8W1vHkq0mXk9pYc2dRt5uZa",
        "fingerprint": "5f0c3a7be19d2846c0ffee5f0c3a7be19d2846c0ffee5f0c3a7be19d2846c0ff",
        "dtls": dtls,
        "codecs": [{ "codec": "opus", "payload_type": 111, "fec": true, "dtx": true, "cbr": true }],
        "extensions": [{ "id": 4, "kind": "mid" }],
        "direction": "sendrecv",
        "identity": {
            "attempt": "00000000-0000-7000-8000-000000000021", "key": key(1), "code": null,
            "signature": "5e".repeat(64),
        },
    });
    serde_json::from_value(description).unwrap()
}

/// A device's key: the first one is what every device of these tests has told. Nobody here looks at signatures.
pub(crate) fn key(n: u8) -> DeviceKey {
    format!("{n:02x}").repeat(32).parse().unwrap()
}

pub(crate) fn candidate(n: u8) -> Candidate {
    let candidate = json!({
        "foundation": n.to_string(), "priority": n, "address": format!("203.0.113.{n}"),
        "port": 40_000, "kind": "srflx",
    });
    serde_json::from_value(candidate).unwrap()
}
