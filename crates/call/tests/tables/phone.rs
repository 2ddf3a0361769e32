//! Every press, and every word of the server, in every state of a phone.

use std::fmt::Write as _;

use call::handset::{self, MicrophoneFault, Refused, Timeouts};
use call::phone::{Effect, Input, Phone, PhoneView, Slot};
use protocol::Timestamp;
use protocol::call::{CallEnd, CallSound, CallState, CallView, EndReason, Here};
use protocol::error::ErrorCode;

use super::calls::{
    NOW, active_state, callee, caller, connecting, elsewhere_active, ringing, rings,
};
use super::values::{
    ADA, ATTEMPT, BOB, CALL, CONVERSATION, OTHER_ATTEMPT, OTHER_CALL, OTHER_CONVERSATION, answer,
    offer,
};
use super::words::{describe, view};

pub(crate) fn table() -> String {
    let mut table = String::new();
    for (state, reach) in states() {
        for (what, input) in inputs() {
            let mut phone = Phone::new(ADA, Timeouts::default());
            for input in &reach {
                phone.handle(Timestamp(1_000), input.clone());
            }
            let effects: Vec<String> = phone.handle(NOW, input).iter().map(say).collect();
            let shown = shown(&phone.view());
            let effects = effects.join(" · ");
            writeln!(table, "{state:22} | {what:26} | {shown:52} | {effects}").unwrap();
        }
    }
    table
}

/// Each state, and the inputs that lead to it.
fn states() -> Vec<(&'static str, Vec<Input>)> {
    let idle = vec![welcome(Vec::new(), false)];
    let asking = and(&idle, [dial(ATTEMPT)]);
    let dialling = and(
        &asking,
        [
            at(Slot::A, handset::Input::MicrophoneOpened),
            described(Slot::A, offer(0)),
        ],
    );
    let kept_back = and(&dialling, [told(rings(CALL))]);
    let calling = and(&dialling, [started(caller(0, ringing(1), None))]);
    let talking = and(
        &calling,
        [
            told(caller(1, connecting(), Some(answer(0)))),
            at(Slot::A, handset::Input::PeerConnected),
            told(caller(2, active_state(), None)),
        ],
    );
    let held = and(&talking, [Input::Hold]);
    let rings_here = and(&idle, [told(rings(CALL))]);
    let waiting = and(
        &talking,
        [
            told(second(0, ringing(0), Here::Rings)),
            described(Slot::B, answer(0)),
        ],
    );
    let answering = and(&waiting, [Input::HoldAndAnswer]);
    let sent = and(&answering, [at(Slot::B, handset::Input::MicrophoneOpened)]);
    let two = and(
        &sent,
        [answered(), at(Slot::B, handset::Input::PeerConnected)],
    );
    let both_held = and(&two, [Input::Hold]);
    let held_and_over = and(&two, [Input::End]);
    let over_and_waiting = and(&waiting, [Input::End]);
    let over = and(&talking, [Input::End]);
    let elsewhere = and(&idle, [told(elsewhere_active())]);
    let taken_over = and(&elsewhere, [Input::Take { call: CALL }]);
    vec![
        ("offline", Vec::new()),
        ("idle", idle),
        ("asking", asking),
        ("dialling", dialling),
        ("one kept back", kept_back),
        ("calling", calling),
        ("talking", talking),
        ("held", held),
        ("ringing", rings_here),
        ("another waits", waiting),
        ("held, answering", answering),
        ("held, answer sent", sent),
        ("held, talking", two),
        ("held, held", both_held),
        ("held, over", held_and_over),
        ("over, ringing", over_and_waiting),
        ("over", over),
        ("elsewhere", elsewhere),
        ("taking over", taken_over),
    ]
}

fn and<const N: usize>(inputs: &[Input], next: [Input; N]) -> Vec<Input> {
    inputs.iter().cloned().chain(next).collect()
}

fn inputs() -> Vec<(&'static str, Input)> {
    let mut inputs = presses();
    inputs.extend(events());
    inputs.extend(words_of_the_server());
    inputs
}

fn presses() -> Vec<(&'static str, Input)> {
    vec![
        ("dial", dial(OTHER_ATTEMPT)),
        ("answer", Input::Answer),
        ("end and answer", Input::EndAndAnswer),
        ("hold and answer", Input::HoldAndAnswer),
        ("reject the first", Input::Reject { call: CALL }),
        ("reject the second", Input::Reject { call: OTHER_CALL }),
        ("silence", Input::Silence),
        ("end", Input::End),
        ("mute", Input::Mute { muted: true }),
        ("speaker", Input::Speaker { on: false }),
        ("hold", Input::Hold),
        ("resume the first", Input::Resume { call: CALL }),
        ("resume the second", Input::Resume { call: OTHER_CALL }),
        ("take the first", Input::Take { call: CALL }),
        ("take the second", Input::Take { call: OTHER_CALL }),
        ("yield", Input::Yield),
        ("dismiss", Input::Dismiss),
    ]
}

fn events() -> Vec<(&'static str, Input)> {
    let failed = handset::Input::MicrophoneFailed {
        fault: MicrophoneFault::Denied,
    };
    let refused = handset::Input::Refused {
        request: Refused::Start { attempt: ATTEMPT },
        code: ErrorCode::RateLimited,
        message: String::new(),
    };
    vec![
        ("a: microphone failed", at(Slot::A, failed.clone())),
        ("b: microphone failed", at(Slot::B, failed)),
        ("a: start refused", at(Slot::A, refused)),
        ("started", started(caller(5, ringing(1), None))),
        (
            "started: glare",
            started(callee(5, connecting(), Here::TakesPart)),
        ),
        ("network changed", Input::NetworkChanged),
        ("socket lost", Input::SocketLost),
        ("tick", Input::Tick),
    ]
}

fn words_of_the_server() -> Vec<(&'static str, Input)> {
    let end = CallEnd {
        reason: EndReason::HungUp { by: BOB },
        ended_at: NOW,
        talked: None,
    };
    let ended = CallState::Ended { end };
    let first = caller(5, active_state(), None);
    let held_second = {
        let mut view = second(5, active_state(), Here::TakesPart);
        view.call.callee_sound = CallSound {
            muted: false,
            on_hold: true,
            change: 1,
        };
        view
    };
    vec![
        ("welcome: no call", welcome(Vec::new(), false)),
        ("welcome: first", welcome(vec![first.clone()], false)),
        ("welcome: resume first", welcome(vec![first.clone()], true)),
        (
            "welcome: resume both",
            welcome(vec![held_second, first.clone()], true),
        ),
        (
            "welcome: first is elsewhere",
            welcome(vec![elsewhere_active()], true),
        ),
        ("first rings here", told(rings(CALL))),
        (
            "second rings here",
            told(second(5, ringing(1), Here::Rings)),
        ),
        ("first is active here", told(first)),
        ("first is elsewhere", told(elsewhere_active())),
        ("first ended", told(caller(5, ended, None))),
        ("second ended", told(second(5, ended, Here::TakesPart))),
        (
            "second offers",
            Input::RemoteDescription {
                call: OTHER_CALL,
                description: offer(1),
            },
        ),
    ]
}

fn dial(attempt: protocol::AttemptId) -> Input {
    Input::Dial {
        attempt,
        conversation: CONVERSATION,
    }
}

fn at(slot: Slot, input: handset::Input) -> Input {
    Input::Handset { slot, input }
}

fn described(slot: Slot, description: protocol::description::CallDescription) -> Input {
    at(slot, handset::Input::Described { description })
}

fn started(call: CallView) -> Input {
    let input = handset::Input::Started {
        attempt: ATTEMPT,
        call,
        now: NOW,
    };
    at(Slot::A, input)
}

fn answered() -> Input {
    let input = handset::Input::Answered {
        call: second(1, connecting(), Here::TakesPart),
        now: NOW,
    };
    at(Slot::B, input)
}

fn told(call: CallView) -> Input {
    Input::Call { call, now: NOW }
}

fn welcome(calls: Vec<CallView>, resume: bool) -> Input {
    Input::Welcome {
        calls,
        now: NOW,
        resume,
    }
}

/// The call that comes in during the first one, from somebody else.
fn second(revision: u32, state: CallState, here: Here) -> CallView {
    let mut view = callee(revision, state, here);
    view.call.id = OTHER_CALL;
    view.call.conversation = OTHER_CONVERSATION;
    view
}

fn shown(phone: &PhoneView) -> String {
    let mut shown = view(&phone.current);
    for (what, other) in [("waits", &phone.waiting), ("behind", &phone.held)] {
        if let Some(other) = other {
            write!(shown, " + {what}: {}", view(other)).unwrap();
        }
    }
    if phone.elsewhere.is_some() {
        shown += " + elsewhere";
    }
    shown
}

fn say(effect: &Effect) -> String {
    match effect {
        Effect::Handset { slot, effect } => {
            format!(
                "{} {}",
                format!("{slot:?}").to_lowercase(),
                describe(effect)
            )
        }
        Effect::Play { tone } => format!("play {tone:?}"),
    }
}
