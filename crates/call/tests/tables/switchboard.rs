//! Every request, by everybody who may think of it, in every state of a call.

use std::fmt::Write as _;

use call::switchboard::{
    Effect, Handled, Input, Party, Reach, Request, Start, Switchboard, Timeouts,
};
use protocol::call::{Call, CallReport, CallSound, CallState, EndReason, FailCause, Role};
use protocol::{CallId, Milliseconds, Timestamp};

use super::values::{
    ADA, ATTEMPT, BOB, CALL, CONVERSATION, EVE, FIRST_ATTEMPT, FIRST_CALL, OTHER_ATTEMPT,
    OTHER_CALL, answer, candidate, offer, party,
};

pub(crate) fn table() -> String {
    let mut table = String::new();
    for (state, reach) in STATES {
        for (who, from) in people() {
            for (what, input) in inputs(&from) {
                let mut board = reach();
                let handled = board.handle(Timestamp(20_000), input);
                let outcome = outcome(&board, &handled);
                writeln!(table, "{state:10} | {who:14} | {what:18} | {outcome}").unwrap();
            }
        }
        for (what, input) in events() {
            let mut board = reach();
            let handled = board.handle(Timestamp(20_000), input);
            let outcome = outcome(&board, &handled);
            writeln!(table, "{state:10} | {:14} | {what:18} | {outcome}", "").unwrap();
        }
    }
    table
}

type Reached = fn() -> Switchboard;

const STATES: [(&str, Reached); 14] = [
    ("none", none),
    ("ringing", ringing),
    ("unreached", unreached),
    ("quiet", quiet),
    ("silent", silent),
    ("waiting", waiting),
    ("held first", held_first),
    ("connecting", connecting),
    ("joined", joined),
    ("active", active),
    ("on hold", on_hold),
    ("taken over", taken_over),
    ("ended", ended),
    ("lost", lost),
];

fn none() -> Switchboard {
    Switchboard::new(Timeouts::default())
}

fn ringing() -> Switchboard {
    let mut board = none();
    started(&mut board, Reach::Devices);
    ask(&mut board, party(BOB, 1), Request::Ring);
    board
}

fn unreached() -> Switchboard {
    let mut board = none();
    started(&mut board, Reach::Nobody);
    board
}

fn quiet() -> Switchboard {
    let mut board = none();
    started(&mut board, Reach::Quiet);
    board
}

fn silent() -> Switchboard {
    let mut board = none();
    started(&mut board, Reach::Silent);
    board
}

/// Ada calls while Bob talks with Eve on his first device.
fn waiting() -> Switchboard {
    let mut board = none();
    let mut first = start(party(EVE, 1), Reach::Devices);
    first.call = FIRST_CALL;
    first.attempt = FIRST_ATTEMPT;
    assert!(
        board
            .handle(Timestamp(0), Input::Start(first))
            .reply
            .is_ok()
    );
    ask_of(&mut board, FIRST_CALL, party(BOB, 1), answer_request(), 0);
    started(&mut board, Reach::Devices);
    ask(&mut board, party(BOB, 1), Request::Ring);
    board
}

/// Ada calls while Bob has a call with Eve, which he has put on hold meanwhile.
fn held_first() -> Switchboard {
    let mut board = waiting();
    let hold = set_sound(1, false, true);
    ask_of(&mut board, FIRST_CALL, party(BOB, 1), hold, 4_000);
    board
}

fn connecting() -> Switchboard {
    let mut board = ringing();
    ask(&mut board, party(BOB, 1), answer_request());
    board
}

/// A glare has made two calls one; the callee has not described itself yet.
fn joined() -> Switchboard {
    let mut board = ringing();
    let start = start(party(BOB, 1), Reach::Devices);
    let handled = board.handle(Timestamp(3_000), Input::Start(start));
    assert!(handled.reply.is_ok());
    board
}

fn active() -> Switchboard {
    let mut board = connecting();
    for user in [ADA, BOB] {
        ask(&mut board, party(user, 1), report(CallReport::Connected));
    }
    board
}

/// Bob has put it on hold.
fn on_hold() -> Switchboard {
    let mut board = active();
    ask(&mut board, party(BOB, 1), set_sound(1, false, true));
    board
}

/// Bob has moved it to his second device.
fn taken_over() -> Switchboard {
    let mut board = active();
    ask(&mut board, party(BOB, 2), take());
    board
}

fn ended() -> Switchboard {
    let mut board = active();
    ask(&mut board, party(ADA, 1), HANG_UP);
    board
}

/// Ada has not heard anything any more.
fn lost() -> Switchboard {
    let mut board = active();
    let report = report(CallReport::Lost);
    ask_of(&mut board, CALL, party(ADA, 1), report, 15_000);
    board
}

fn started(board: &mut Switchboard, reach: Reach) {
    let mut start = start(party(ADA, 1), reach);
    start.call = CALL;
    start.attempt = ATTEMPT;
    let handled = board.handle(Timestamp(0), Input::Start(start));
    assert!(handled.reply.is_ok());
}

fn ask(board: &mut Switchboard, from: Party, request: Request) {
    ask_of(board, CALL, from, request, 4_000);
}

fn ask_of(board: &mut Switchboard, call: CallId, from: Party, request: Request, now: i64) {
    let input = Input::Request {
        call,
        from,
        request,
        age: Milliseconds(0),
    };
    let handled = board.handle(Timestamp(now), input);
    assert!(handled.reply.is_ok());
}

fn start(from: Party, reach: Reach) -> Start {
    Start {
        call: OTHER_CALL,
        attempt: OTHER_ATTEMPT,
        conversation: CONVERSATION,
        callee: if from.user == BOB { ADA } else { BOB },
        from,
        description: offer(0),
        reach,
        connected: reach != Reach::Nobody,
        call_waiting: true,
    }
}

fn answer_request() -> Request {
    Request::Answer {
        description: answer(0),
        candidates: vec![candidate(50_000)],
    }
}

fn take() -> Request {
    Request::Take {
        description: offer(1),
    }
}

fn report(report: CallReport) -> Request {
    Request::Report {
        report,
        heard_ago: Some(Milliseconds(2_000)),
    }
}

fn set_sound(change: u32, muted: bool, on_hold: bool) -> Request {
    Request::SetSound {
        sound: CallSound {
            muted,
            on_hold,
            change,
        },
    }
}

const HANG_UP: Request = Request::HangUp { heard_ago: None };

fn people() -> [(&'static str, Party); 5] {
    [
        ("caller", party(ADA, 1)),
        ("caller's other", party(ADA, 2)),
        ("callee", party(BOB, 1)),
        ("callee's other", party(BOB, 2)),
        ("stranger", party(EVE, 1)),
    ]
}

fn inputs(from: &Party) -> Vec<(&'static str, Input)> {
    let late = |request, age| Input::Request {
        call: CALL,
        from: from.clone(),
        request,
        age: Milliseconds(age),
    };
    let request = |request| late(request, 0);
    let cause = FailCause::NoPath;
    let describe = |description| request(Request::Describe { description });
    let candidates = |epoch| {
        request(Request::AddCandidates {
            epoch,
            candidates: vec![candidate(50_001)],
        })
    };
    let resent = Start {
        attempt: ATTEMPT,
        ..start(from.clone(), Reach::Devices)
    };
    vec![
        ("start", Input::Start(start(from.clone(), Reach::Devices))),
        ("start again", Input::Start(resent)),
        ("ring", request(Request::Ring)),
        ("answer", request(answer_request())),
        ("describe", describe(offer(1))),
        ("candidates", candidates(0)),
        ("early candidates", candidates(1)),
        ("take", request(take())),
        ("mute", request(set_sound(1, true, false))),
        ("hold", request(set_sound(1, false, true))),
        ("resume", request(set_sound(2, false, false))),
        ("decline", request(Request::Decline)),
        ("cancel", request(Request::Cancel)),
        ("hang up", request(HANG_UP)),
        ("hang up late", late(HANG_UP, 14_000)),
        ("report connected", request(report(CallReport::Connected))),
        (
            "report failed",
            request(report(CallReport::Failed { cause })),
        ),
        ("report lost", request(report(CallReport::Lost))),
        ("report lost late", late(report(CallReport::Lost), 10_000)),
        ("peer hung up", request(report(CallReport::PeerHungUp))),
        (
            "device gone",
            Input::DeviceGone {
                user: from.user,
                device: from.device,
            },
        ),
        (
            "device connected",
            Input::DeviceConnected {
                user: from.user,
                device: from.device,
            },
        ),
        (
            "session ended",
            Input::SessionEnded {
                user: from.user,
                device: from.device,
            },
        ),
        ("account gone", Input::AccountGone { user: from.user }),
    ]
}

fn events() -> [(&'static str, Input); 2] {
    [
        ("tick", Input::Tick),
        ("restore nothing", Input::Restore(Vec::new())),
    ]
}

fn outcome(board: &Switchboard, handled: &Handled) -> String {
    let mut text = match handled.reply {
        Ok(reply) => format!("{reply:?}").replace(&format!("({CALL:?})"), "(it)"),
        Err(refusal) => format!("refused: {refusal:?}"),
    }
    .replace(&format!("({OTHER_CALL:?})"), "(another)");
    for effect in &handled.effects {
        text.push_str(" · ");
        text.push_str(&describe(board, effect));
    }
    text
}

fn describe(board: &Switchboard, effect: &Effect) -> String {
    match effect {
        Effect::Save(row) => format!("{}{}", which(row.call.id), state(&row.call)),
        Effect::Tell { call, user, device } => {
            let to = device.unwrap_or(party(*user, 9).device);
            let seen = board.view_for(*call, *user, to).is_some();
            assert!(seen, "told of a call that may not be seen");
            match device {
                None => format!("tell {}'s all", name(*user)),
                Some(device) if *device == party(*user, 1).device => {
                    format!("tell {}", name(*user))
                }
                Some(_) => format!("tell {}'s other", name(*user)),
            }
        }
        Effect::Description { user, .. } => format!("describe to {}", name(*user)),
        Effect::Candidates { user, .. } => format!("candidates to {}", name(*user)),
        Effect::InCall { user, in_call } => {
            format!(
                "{} {}",
                name(*user),
                if *in_call { "in call" } else { "free" }
            )
        }
    }
}

fn which(call: CallId) -> &'static str {
    match call {
        CALL => "",
        FIRST_CALL => "first ",
        _ => "another ",
    }
}

fn state(call: &Call) -> String {
    let mut text = match &call.state {
        CallState::Ringing { devices, .. } => format!("RINGING on {devices}"),
        CallState::Connecting { .. } => "CONNECTING".to_owned(),
        CallState::Active { .. } => "ACTIVE".to_owned(),
        CallState::Ended { end } => {
            let reason = match end.reason {
                EndReason::HungUp { by } => format!("hung up by {}", name(by)),
                reason => format!("{reason:?}"),
            };
            let talked = end.talked.map(|talked| format!(", {} ms talked", talked.0));
            let talked = talked.unwrap_or_default();
            format!("ENDED {reason} at {}{talked}", end.ended_at.0)
        }
    };
    for (role, who) in [(Role::Caller, "caller"), (Role::Callee, "callee")] {
        let sound = call.sound(role);
        if sound.muted {
            write!(text, ", {who} muted").unwrap();
        }
        if sound.on_hold {
            write!(text, ", {who} holds").unwrap();
        }
    }
    text
}

fn name(user: protocol::UserId) -> &'static str {
    match user {
        ADA => "Ada",
        BOB => "Bob",
        _ => "Eve",
    }
}
