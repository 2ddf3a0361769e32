//! Every input in every state of a handset.

use std::fmt::Write as _;

use call::handset::{
    Effect, Handset, HandsetView, Input, MicrophoneFault, Path, Refused, Timeouts,
};
use protocol::Timestamp;
use protocol::call::{Call, CallEnd, CallState, CallView, EndReason, Here, Remote, Role};
use protocol::error::ErrorCode;
use protocol::socket::RequestBody;

use super::values::{
    ADA, ATTEMPT, BOB, CALL, CONVERSATION, OTHER_ATTEMPT, OTHER_CALL, answer, candidate, offer,
};

const NOW: Timestamp = Timestamp(2_000);

pub(crate) fn table() -> String {
    let mut table = String::new();
    for (state, reach) in states() {
        for (what, input) in inputs() {
            let mut handset = Handset::new(ADA, Timeouts::default());
            for input in &reach {
                handset.handle(Timestamp(1_000), input.clone());
            }
            let effects: Vec<String> = handset.handle(NOW, input).iter().map(describe).collect();
            let view = view(&handset.view());
            let effects = effects.join(" · ");
            writeln!(table, "{state:18} | {what:24} | {view:22} | {effects}").unwrap();
        }
    }
    table
}

/// Each state, and the inputs that lead to it.
fn states() -> Vec<(&'static str, Vec<Input>)> {
    let online = Input::Welcome {
        calls: Vec::new(),
        now: NOW,
    };
    let opening = vec![
        online.clone(),
        Input::Dial {
            attempt: ATTEMPT,
            conversation: CONVERSATION,
        },
    ];
    let offering = and(&opening, Input::MicrophoneOpened);
    let starting = and(&offering, described(offer(0)));
    let calling = and(
        &starting,
        Input::Started {
            attempt: ATTEMPT,
            call: caller(0, ringing(0), None),
            now: NOW,
        },
    );
    let ringing_here = vec![online, told(rings(CALL))];
    let answering = and(&ringing_here, Input::Answer);
    let describing = and(&answering, Input::MicrophoneOpened);
    let answered = and(&describing, described(answer(0)));
    let connecting = and(&calling, told(caller(1, connecting(), Some(answer(0)))));
    let active = and(&connecting, Input::PeerConnected);
    let active = and(&active, told(caller(2, active_state(), Some(answer(0)))));
    let reconnecting = and(&active, Input::PeerDisconnected);
    let ended = and(&active, Input::End);
    vec![
        ("offline", Vec::new()),
        ("idle", ringing_here[..1].to_vec()),
        ("opening microphone", opening),
        ("offering", offering),
        ("starting", starting),
        ("calling", calling),
        ("ringing", ringing_here),
        ("answering", answering),
        ("describing", describing),
        ("answer sent", answered),
        ("connecting", connecting),
        ("active", active),
        ("reconnecting", reconnecting),
        ("ended", ended),
    ]
}

fn and(inputs: &[Input], next: Input) -> Vec<Input> {
    let mut inputs = inputs.to_vec();
    inputs.push(next);
    inputs
}

fn inputs() -> Vec<(&'static str, Input)> {
    let mut inputs = inputs_of_the_device();
    inputs.extend(inputs_of_the_server());
    inputs
}

fn inputs_of_the_device() -> Vec<(&'static str, Input)> {
    vec![
        (
            "dial",
            Input::Dial {
                attempt: OTHER_ATTEMPT,
                conversation: CONVERSATION,
            },
        ),
        ("answer", Input::Answer),
        ("reject", Input::Reject),
        ("end", Input::End),
        ("mute", Input::Mute { muted: true }),
        ("speaker", Input::Speaker { on: false }),
        ("dismiss", Input::Dismiss),
        ("microphone opened", Input::MicrophoneOpened),
        (
            "microphone failed",
            Input::MicrophoneFailed {
                fault: MicrophoneFault::Denied,
            },
        ),
        ("described: offer", described(offer(0))),
        ("described: answer", described(answer(0))),
        (
            "candidate",
            Input::Candidate {
                candidate: candidate(50_000),
            },
        ),
        ("peer connected", Input::PeerConnected),
        ("peer disconnected", Input::PeerDisconnected),
        ("peer failed", Input::PeerFailed),
        ("peer unusable", Input::PeerUnusable),
        ("network changed", Input::NetworkChanged),
        ("socket lost", Input::SocketLost),
        ("tick", Input::Tick),
    ]
}

fn inputs_of_the_server() -> Vec<(&'static str, Input)> {
    let welcome = |calls| Input::Welcome { calls, now: NOW };
    let elsewhere = Here::Elsewhere {
        device: Some("Phone".parse().unwrap()),
    };
    let end = CallEnd {
        reason: EndReason::HungUp { by: BOB },
        ended_at: NOW,
        talked: None,
    };
    let started = |attempt, call| Input::Started {
        attempt,
        call,
        now: NOW,
    };
    let answered = |here| Input::Answered {
        call: callee(5, connecting(), here),
        now: NOW,
    };
    let refused = |request, code| Input::Refused {
        request,
        code,
        message: String::new(),
    };
    let start = Refused::Start { attempt: ATTEMPT };
    let to_answer = Refused::Answer { call: CALL };
    vec![
        ("welcome: no call", welcome(Vec::new())),
        ("welcome: it rings here", welcome(vec![rings(CALL)])),
        (
            "welcome: it connects",
            welcome(vec![caller(5, connecting(), None)]),
        ),
        ("call: it rings here", told(rings(CALL))),
        ("call: another rings here", told(rings(OTHER_CALL))),
        ("call: ringing on 2", told(caller(5, ringing(2), None))),
        (
            "call: connecting here",
            told(caller(5, connecting(), Some(answer(0)))),
        ),
        (
            "call: elsewhere",
            told(callee(5, connecting(), elsewhere.clone())),
        ),
        ("call: active", told(caller(5, active_state(), None))),
        (
            "call: ended",
            told(caller(5, CallState::Ended { end }, None)),
        ),
        ("started", started(ATTEMPT, caller(5, ringing(1), None))),
        (
            "started: glare",
            started(ATTEMPT, callee(5, connecting(), Here::TakesPart)),
        ),
        (
            "started: other attempt",
            started(OTHER_ATTEMPT, caller(5, ringing(1), None)),
        ),
        ("answered", answered(Here::TakesPart)),
        ("answered: elsewhere", answered(elsewhere)),
        ("start refused", refused(start, ErrorCode::NotAccepted)),
        ("answer refused", refused(to_answer, ErrorCode::Conflict)),
        (
            "remote: answer 0",
            Input::RemoteDescription {
                call: CALL,
                description: answer(0),
            },
        ),
        (
            "remote: offer 1",
            Input::RemoteDescription {
                call: CALL,
                description: offer(1),
            },
        ),
        (
            "remote candidates",
            Input::RemoteCandidates {
                call: CALL,
                epoch: 0,
                candidates: vec![candidate(50_000)],
            },
        ),
    ]
}

fn described(description: protocol::description::CallDescription) -> Input {
    Input::Described { description }
}

fn told(call: CallView) -> Input {
    Input::Call { call, now: NOW }
}

fn ringing(devices: u32) -> CallState {
    CallState::Ringing {
        devices,
        expires_at: Timestamp(46_000),
    }
}

fn connecting() -> CallState {
    CallState::Connecting {
        expires_at: Timestamp(16_000),
    }
}

fn active_state() -> CallState {
    CallState::Active { since: NOW }
}

fn rings(call: protocol::CallId) -> CallView {
    let mut view = callee(0, ringing(0), Here::Rings);
    view.call.id = call;
    view
}

fn caller(
    revision: u32,
    state: CallState,
    remote: Option<protocol::description::CallDescription>,
) -> CallView {
    CallView {
        call: call(revision, state, Role::Caller),
        role: Role::Caller,
        here: Here::TakesPart,
        remote: remote.map(|description| Remote {
            description,
            candidates: Vec::new(),
        }),
    }
}

fn callee(revision: u32, state: CallState, here: Here) -> CallView {
    let remote = (!matches!(here, Here::Elsewhere { .. })).then(|| Remote {
        description: offer(0),
        candidates: Vec::new(),
    });
    CallView {
        call: call(revision, state, Role::Callee),
        role: Role::Callee,
        here,
        remote,
    }
}

fn call(revision: u32, state: CallState, mine: Role) -> Call {
    let (from, to) = match mine {
        Role::Caller => (ADA, BOB),
        Role::Callee => (BOB, ADA),
    };
    Call {
        id: CALL,
        revision,
        conversation: CONVERSATION,
        caller: from,
        callee: to,
        started_at: Timestamp(1_000),
        state,
    }
}

fn view(view: &HandsetView) -> String {
    match view {
        HandsetView::Idle => "idle".to_owned(),
        HandsetView::Outgoing {
            devices,
            opening_microphone,
            ..
        } => match (opening_microphone, devices) {
            (true, _) => "outgoing, asks".to_owned(),
            (false, devices) => format!("outgoing on {devices}"),
        },
        HandsetView::Incoming {
            answering, fault, ..
        } => match (answering, fault) {
            (true, _) => "incoming, answering".to_owned(),
            (false, Some(fault)) => format!("incoming, {fault:?}"),
            (false, None) => "incoming".to_owned(),
        },
        HandsetView::Active { path, .. } => match path {
            Path::Connecting => "active, connecting".to_owned(),
            Path::Connected => "active".to_owned(),
            Path::Reconnecting => "active, reconnecting".to_owned(),
        },
        HandsetView::Ended { why, .. } => {
            let why = serde_json::to_value(why).unwrap();
            let reason = why["end"]["reason"].as_str().or(why["why"].as_str());
            format!("ended, {}", reason.unwrap())
        }
    }
}

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Send { request } => format!("send {}", request_name(request)),
        Effect::Play { tone } => format!("play {tone:?}"),
        Effect::MakeOffer { epoch, .. } => format!("make offer {epoch}"),
        Effect::MakeAnswer { description } => format!("make answer {}", description.epoch),
        Effect::SetMuted { muted } => format!("muted {muted}"),
        Effect::SetSpeaker { on } => format!("speaker {on}"),
        Effect::OpenMicrophone => "open microphone".to_owned(),
        Effect::CloseMicrophone => "close microphone".to_owned(),
        Effect::AttachMicrophone => "attach microphone".to_owned(),
        Effect::UseAnswer { .. } => "use answer".to_owned(),
        Effect::AddCandidates { .. } => "add candidates".to_owned(),
        Effect::ClosePeer => "close peer".to_owned(),
    }
}

fn request_name(request: &RequestBody) -> String {
    let value = serde_json::to_value(request).unwrap();
    value["type"].as_str().unwrap().to_owned()
}
