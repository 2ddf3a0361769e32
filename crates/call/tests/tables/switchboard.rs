//! Every request, by everybody who may think of it, in every state of a call.

use std::fmt::Write as _;

use call::switchboard::{
    Effect, Handled, Input, Party, Reach, Request, Start, Switchboard, Timeouts,
};
use protocol::Timestamp;
use protocol::call::{CallReport, CallState, EndReason, FailCause};

use super::values::{
    ADA, ATTEMPT, BOB, CALL, CONVERSATION, EVE, OTHER_ATTEMPT, OTHER_CALL, answer, candidate,
    offer, party,
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

const STATES: [(&str, Reached); 8] = [
    ("none", none),
    ("ringing", ringing),
    ("unreached", unreached),
    ("silent", silent),
    ("connecting", connecting),
    ("joined", joined),
    ("active", active),
    ("ended", ended),
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

fn silent() -> Switchboard {
    let mut board = none();
    started(&mut board, Reach::Silent);
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
        let report = CallReport::Connected;
        ask(&mut board, party(user, 1), Request::Report { report });
    }
    board
}

fn ended() -> Switchboard {
    let mut board = active();
    ask(&mut board, party(ADA, 1), Request::HangUp);
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
    let call = CALL;
    let input = Input::Request {
        call,
        from,
        request,
    };
    let handled = board.handle(Timestamp(4_000), input);
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
    }
}

fn answer_request() -> Request {
    Request::Answer {
        description: answer(0),
        candidates: vec![candidate(50_000)],
    }
}

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
    let request = |request| Input::Request {
        call: CALL,
        from: from.clone(),
        request,
    };
    let report = |report| request(Request::Report { report });
    let cause = FailCause::NoPath;
    let resent = Start {
        attempt: ATTEMPT,
        ..start(from.clone(), Reach::Devices)
    };
    vec![
        ("start", Input::Start(start(from.clone(), Reach::Devices))),
        ("start again", Input::Start(resent)),
        ("ring", request(Request::Ring)),
        ("answer", request(answer_request())),
        (
            "describe",
            request(Request::Describe {
                description: offer(1),
            }),
        ),
        (
            "candidates",
            request(Request::AddCandidates {
                epoch: 0,
                candidates: vec![candidate(50_001)],
            }),
        ),
        (
            "early candidates",
            request(Request::AddCandidates {
                epoch: 1,
                candidates: vec![candidate(50_001)],
            }),
        ),
        ("decline", request(Request::Decline)),
        ("cancel", request(Request::Cancel)),
        ("hang up", request(Request::HangUp)),
        ("report connected", report(CallReport::Connected)),
        ("report failed", report(CallReport::Failed { cause })),
        ("report lost", report(CallReport::Lost)),
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
        Effect::Save(row) => {
            let which = if row.call.id == CALL { "" } else { "another " };
            format!("{which}{}", state(&row.call.state))
        }
        Effect::Tell { call, user, device } => {
            let all = if device.is_none() { "'s all" } else { "" };
            let to = device.unwrap_or(party(*user, 9).device);
            let seen = board.view_for(*call, *user, to).is_some();
            assert!(seen, "told of a call that may not be seen");
            format!("tell {}{all}", name(*user))
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

fn state(state: &CallState) -> String {
    match state {
        CallState::Ringing { devices, .. } => format!("RINGING on {devices}"),
        CallState::Connecting { .. } => "CONNECTING".to_owned(),
        CallState::Active { .. } => "ACTIVE".to_owned(),
        CallState::Ended { end } => match end.reason {
            EndReason::HungUp { by } => format!("ENDED hung up by {}", name(by)),
            reason => format!("ENDED {reason:?}"),
        },
    }
}

fn name(user: protocol::UserId) -> &'static str {
    match user {
        ADA => "Ada",
        BOB => "Bob",
        _ => "Eve",
    }
}
