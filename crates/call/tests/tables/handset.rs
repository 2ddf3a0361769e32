//! Every input in every state of a handset.

use std::fmt::Write as _;

use call::handset::{Handset, Input, MicrophoneFault, Refused, Route, Timeouts};
use protocol::Timestamp;
use protocol::call::{CallEnd, CallState, CallView, EndReason, Here};
use protocol::control::ControlMessage;
use protocol::description::CallDescription;
use protocol::error::ErrorCode;

use super::calls::{
    HOLDS, NOW, active_state, callee, caller, connecting, elsewhere_active, of_epoch, ringing,
    rings,
};
use super::values::{
    ADA, ATTEMPT, BOB, CALL, CONVERSATION, OTHER_ATTEMPT, OTHER_CALL, answer, candidate, offer,
    strange,
};
use super::words::{describe, view};

pub(crate) fn table() -> String {
    let mut table = String::new();
    for (state, reach) in states() {
        for (what, input) in inputs() {
            let mut handset = Handset::new(ADA, Timeouts::default());
            // A state that is reached by waiting is reached early enough.
            let began = if reach.contains(&Input::Tick) {
                -7_000
            } else {
                1_000
            };
            for input in &reach {
                let at = if *input == Input::Tick { 1_900 } else { began };
                handset.handle(Timestamp(at), input.clone());
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
    let relayed = and(&active, relayed());
    let reconnecting = and(&active, Input::PeerDisconnected);
    let unheard = and(&active, Input::Tick);
    let open = and(&active, Input::ControlOpened);
    let left = and(&open, control(ControlMessage::Leaving));
    let held = and(&open, Input::Hold { on: true });
    let restarting = and(&open, Input::NetworkChanged);
    let restarting = and(&restarting, described(offer(1)));
    let ended = and(&active, Input::End);
    let idle = ringing_here[..1].to_vec();
    let taking = and(&idle, take(caller(1, active_state(), None)));
    let offering_to_take = and(&taking, Input::MicrophoneOpened);
    let take_sent = and(&offering_to_take, described(offer(1)));
    let taken = and(&take_sent, taken(caller(2, active_state(), None)));
    let take_ringing = and(&idle, take(caller(1, ringing(1), None)));
    let take_ringing = and(&take_ringing, Input::MicrophoneOpened);
    let take_ringing = and(&take_ringing, described(offer(1)));
    vec![
        ("offline", Vec::new()),
        ("idle", idle),
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
        ("relayed", relayed),
        ("reconnecting", reconnecting),
        ("unheard", unheard),
        ("control open", open),
        ("other side left", left),
        ("held", held),
        ("restarting", restarting),
        ("ended", ended),
        ("taking", taking),
        ("offering to take", offering_to_take),
        ("take sent", take_sent),
        ("taken", taken),
        ("take sent, rings", take_ringing),
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
        ("silence", Input::Silence),
        ("hold", Input::Hold { on: true }),
        ("resume", Input::Hold { on: false }),
        ("take: elsewhere", take(elsewhere_active())),
        ("take: own that rings", take(caller(5, ringing(1), None))),
        ("yield", Input::Yield),
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
        ("route changed", relayed()),
        ("relay renewed", Input::RelayRenewed),
        ("heard", Input::Heard),
        ("control opened", Input::ControlOpened),
        (
            "control: holds",
            control(ControlMessage::Sound { sound: HOLDS }),
        ),
        ("control: hang up", control(ControlMessage::HangUp)),
        ("control: leaving", control(ControlMessage::Leaving)),
        (
            "control: offer 2",
            control(ControlMessage::Description {
                description: offer(2),
            }),
        ),
        (
            "control: candidates",
            control(ControlMessage::Candidates {
                epoch: 1,
                candidates: vec![candidate(50_000)],
            }),
        ),
        ("socket lost", Input::SocketLost),
        ("tick", Input::Tick),
    ]
}

fn relayed() -> Input {
    Input::RouteChanged {
        route: Route::Relayed,
    }
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
    let to_take = Refused::Take { call: CALL };
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
        ("call: moved", told(elsewhere_active())),
        (
            "call: rings elsewhere",
            told(callee(
                5,
                ringing(1),
                Here::Elsewhere {
                    device: Some("Phone".parse().unwrap()),
                },
            )),
        ),
        ("call: epoch 7", told(of_epoch(7))),
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
        ("taken", taken(caller(5, active_state(), None))),
        ("taken: ringing", taken(caller(5, ringing(1), None))),
        ("taken: elsewhere", taken(elsewhere_active())),
        (
            "take refused: epoch",
            refused(to_take, ErrorCode::BadRequest),
        ),
        ("take refused", refused(to_take, ErrorCode::NotFound)),
        ("start refused", refused(start, ErrorCode::NotAccepted)),
        ("answer refused", refused(to_answer, ErrorCode::Conflict)),
        ("remote: answer 0", remote(answer(0))),
        ("remote: offer 1", remote(offer(1))),
        ("remote: answer 1", remote(answer(1))),
        ("remote: strange offer 0", remote(strange(offer(0)))),
        ("remote: strange offer 1", remote(strange(offer(1)))),
        ("remote: strange answer 1", remote(strange(answer(1)))),
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

fn described(description: CallDescription) -> Input {
    Input::Described { description }
}

fn remote(description: CallDescription) -> Input {
    Input::RemoteDescription {
        call: CALL,
        description,
    }
}

fn control(message: ControlMessage) -> Input {
    Input::Control { message }
}

fn take(call: CallView) -> Input {
    Input::Take { call, now: NOW }
}

fn taken(call: CallView) -> Input {
    Input::Taken { call, now: NOW }
}

fn told(call: CallView) -> Input {
    Input::Call { call, now: NOW }
}
