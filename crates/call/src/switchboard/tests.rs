//! The rules that span several inputs; `tests/tables` has every single one.

mod anything;
mod board;
#[path = "../../tests/simulation/world/chance.rs"]
#[allow(dead_code, reason = "the simulation needs more of it")]
mod chance;
#[path = "../../tests/common/descriptions.rs"]
mod descriptions;
mod ends;
mod quiet;
mod sound;
mod taking;
mod waiting;

use board::{
    Board, CALL, HANG_UP, ada, answer, bob, candidate, connected, description, eve, party, start,
};
use protocol::call::{CallReport, CallState, EndReason, FailCause, Here};
use protocol::description::DescriptionKind;
use protocol::{AttemptId, CallId, ConversationId, UserId};
use uuid::Uuid;

use super::*;

#[test]
fn a_call_is_started_rung_answered_heard_and_hung_up() {
    let mut board = Board::new();
    assert_eq!(board.start(ada(), &bob()), Ok(Reply::Call(CALL)));
    assert_eq!(board.ask(bob(), Request::Ring), Ok(Reply::Done));
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
    let view = board
        .calls
        .view_for(CALL, ada().user, ada().device)
        .unwrap();
    assert_eq!(view.here, Here::TakesPart);
    assert_eq!(view.remote.unwrap().candidates.len(), 1);
    for who in [ada(), bob()] {
        assert_eq!(board.ask(who, connected()), Ok(Reply::Done));
    }
    board.now.0 += 5_000;
    assert!(board.calls.in_call(bob().user));
    assert_eq!(board.ask(bob(), HANG_UP), Ok(Reply::Done));
    let end = board.end();
    assert_eq!(end.reason, EndReason::HungUp { by: bob().user });
    assert_eq!(end.talked, Some(protocol::Milliseconds(5_000)));
    assert_eq!(board.calls.poll_timeout(), None);
}

#[test]
fn a_call_that_nobody_answers_ends_after_the_ring_timeout() {
    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    assert_eq!(board.tick_after(44_999), None);
    assert_eq!(board.tick_after(1), Some(EndReason::NoAnswer));
    assert!(board.end().reason.is_missed());
}

#[test]
fn a_call_that_reaches_nobody_ends_after_three_seconds_unless_a_device_appears() {
    let mut alone = Board::new();
    alone.start_with(Reach::Nobody);
    assert_eq!(alone.tick_after(3_000), Some(EndReason::Unreachable));

    let mut board = Board::new();
    board.start_with(Reach::Nobody);
    board.now.0 += 2_000;
    let Party { user, device, .. } = bob();
    board
        .handle(Input::DeviceConnected { user, device })
        .unwrap();
    let here = board.calls.snapshot(user, device).remove(0).here;
    assert_eq!(here, Here::Rings);
    assert_eq!(board.tick_after(2_000), None);
    assert_eq!(board.tick_after(41_000), Some(EndReason::NoAnswer));
}

#[test]
fn a_blocked_caller_is_told_what_a_call_to_somebody_away_is_and_the_callee_nothing() {
    let mut away = Board::new();
    away.start_with(Reach::Nobody);
    let mut board = Board::new();
    board.start_with(Reach::Silent);
    let shown = |board: &Board| board.calls.view_for(CALL, ada().user, ada().device);
    assert_eq!(shown(&board), shown(&away));
    board.now.0 += 1_000;
    let Party { user, device, .. } = bob();
    board
        .handle(Input::DeviceConnected { user, device })
        .unwrap();
    assert_eq!(board.calls.snapshot(user, device), Vec::new());
    assert_eq!(board.tick_after(1_999), None);
    assert_eq!(board.tick_after(1), Some(EndReason::Unreachable));
    assert_eq!(away.tick_after(3_000), Some(EndReason::Unreachable));
    assert_eq!(shown(&board), shown(&away));
    assert_eq!(board.calls.view_for(CALL, user, device), None);
    let told: Vec<&UserId> = board
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tell { user, .. } => Some(user),
            _ => None,
        })
        .collect();
    assert!(!told.contains(&&user), "{told:?}");
}

#[test]
fn any_device_that_rings_may_say_that_somebody_is_in_between_and_nothing_else() {
    let failed = |cause| Request::Report {
        report: CallReport::Failed { cause },
        heard_ago: None,
    };
    let other = party(0xb, 2);
    let mut board = Board::new();
    board.start_with(Reach::Devices);
    let refused = board.ask(other.clone(), failed(FailCause::NoMicrophone));
    assert_eq!(refused, Err(Refusal::NotTakingPart));
    let cause = FailCause::Identity;
    assert_eq!(board.ask(other, failed(cause)), Ok(Reply::Done));
    let view = board.calls.view_for(CALL, ada().user, ada().device);
    let CallState::Ended { end } = view.unwrap().call.state else {
        panic!("it goes on");
    };
    assert_eq!(end.reason, EndReason::Failed { cause });
}

#[test]
fn a_call_that_does_not_connect_fails_and_says_whether_a_device_was_away() {
    let mut board = Board::answered();
    assert_eq!(board.tick_after(14_999), None);
    let timeout = EndReason::Failed {
        cause: FailCause::Timeout,
    };
    assert_eq!(board.tick_after(1), Some(timeout));

    let mut board = Board::answered();
    board.gone(&ada());
    let gone = EndReason::Failed {
        cause: FailCause::PeerGone,
    };
    assert_eq!(board.tick_after(15_000), Some(gone));
}

#[test]
fn devices_that_are_away_end_a_call_only_together_and_after_five_minutes() {
    let mut board = Board::talking();
    board.gone(&ada());
    assert_eq!(board.tick_after(3_600_000), None);
    board.gone(&bob());
    assert_eq!(board.tick_after(299_999), None);
    board.connects(&ada());
    assert_eq!(board.tick_after(3_600_000), None);
    board.gone(&ada());
    assert_eq!(board.tick_after(300_000), Some(EndReason::Lost));
}

#[test]
fn the_losing_device_learns_which_one_answered() {
    let mut board = Board::answered();
    let other = party(0xb, 2);
    assert_eq!(
        board.ask(other.clone(), answer()),
        Ok(Reply::Call(CALL)),
        "the loser is shown the call"
    );
    let view = board
        .calls
        .view_for(CALL, other.user, other.device)
        .unwrap();
    let device = Some(bob().device_name);
    assert_eq!(view.here, Here::Elsewhere { device });
    assert_eq!(view.remote, None);
}

#[test]
fn a_second_answer_of_the_same_device_is_a_resend_or_another_tab() {
    let mut board = Board::answered();
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
    let other_tab = Request::Answer {
        description: description(DescriptionKind::Answer, 0, "othertab"),
        candidates: Vec::new(),
    };
    assert_eq!(
        board.ask(bob(), other_tab),
        Err(Refusal::AnsweredByOtherTab)
    );
}

#[test]
fn a_resent_start_finds_its_call_even_after_the_end() {
    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    let mut again = start(ada(), &bob());
    again.call = CallId(Uuid::from_u128(1));
    assert_eq!(
        board.handle(Input::Start(again.clone())),
        Ok(Reply::Call(CALL))
    );
    board.ask(bob(), Request::Decline).unwrap();
    assert_eq!(
        board.handle(Input::Start(again.clone())),
        Ok(Reply::Call(CALL))
    );
    again.conversation = ConversationId(Uuid::from_u128(2));
    assert_eq!(board.handle(Input::Start(again)), Err(Refusal::AttemptUsed));
}

/// One call of many, which is over at once.
fn call_and_cancel(board: &mut Board, from: Party, to: &Party, number: u128) {
    let mut start = start(from.clone(), to);
    start.call = CallId(Uuid::from_u128(number));
    start.attempt = AttemptId(start.call.0);
    let call = start.call;
    board.handle(Input::Start(start)).unwrap();
    board.ask_of(call, from, Request::Cancel, 0).unwrap();
}

#[test]
fn ended_calls_are_forgotten_in_the_end_and_their_attempts_with_them() {
    let mut board = Board::new();
    for number in 0..10_000 {
        let caller = party(1_000 + number % 500, 1);
        call_and_cancel(&mut board, caller, &bob(), number);
    }
    assert_eq!(board.calls.attempts.len(), 4_096);
    assert!(board.calls.calls.is_empty() && board.calls.of_user.is_empty());
}

#[test]
fn who_calls_again_and_again_makes_only_their_own_calls_forgotten() {
    let mut board = Board::new();
    let again = start(ada(), &bob());
    board.handle(Input::Start(again.clone())).unwrap();
    board.ask(bob(), Request::Decline).unwrap();
    for number in 0..10_000 {
        call_and_cancel(&mut board, eve(), &bob(), number);
    }
    assert_eq!(board.calls.attempts.len(), 1 + 32);
    // Her start was resent late: nothing rings again.
    assert_eq!(board.handle(Input::Start(again)), Ok(Reply::Call(CALL)));
    assert!(board.calls.calls.is_empty());
}

#[test]
fn candidates_are_bounded_deduplicated_and_kept_for_the_snapshot() {
    let mut board = Board::answered();
    let many = |from: u16, to: u16| Request::AddCandidates {
        epoch: 0,
        candidates: (from..to).map(|port| candidate(50_000 + port)).collect(),
    };
    assert_eq!(board.ask(ada(), many(0, 64)), Ok(Reply::Done));
    assert_eq!(board.ask(ada(), many(0, 64)), Ok(Reply::Done));
    assert_eq!(
        board.ask(ada(), many(64, 65)),
        Err(Refusal::TooManyCandidates)
    );
    let Party { user, device, .. } = bob();
    let remote = board.calls.snapshot(user, device).remove(0).remote.unwrap();
    assert_eq!(remote.candidates.len(), 64);
    let passed = board
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Candidates { .. }));
    assert_eq!(passed.count(), 1);
}

#[test]
fn descriptions_of_an_older_epoch_change_nothing() {
    let mut board = Board::talking();
    let describe = |epoch, ufrag: &str| Request::Describe {
        description: description(DescriptionKind::Offer, epoch, ufrag),
    };
    board.ask(ada(), describe(2, "newer")).unwrap();
    let before = board.effects.len();
    board.ask(ada(), describe(1, "older")).unwrap();
    board.ask(ada(), describe(2, "newer")).unwrap();
    assert_eq!(board.effects.len(), before);
}

#[test]
fn a_restored_call_goes_on_and_gets_its_descriptions_again() {
    let mut before = Board::answered();
    before.now.0 += 60_000;
    let mut board = before.restarted();
    let view = board.view(&bob());
    assert_eq!((view.here, view.remote), (Here::TakesPart, None));
    let Request::Answer {
        description,
        candidates,
    } = answer()
    else {
        panic!("an answer")
    };
    for who in [ada(), bob()] {
        board.connects(&who);
    }
    board.ask(bob(), Request::Describe { description }).unwrap();
    let epoch = 0;
    board
        .ask(bob(), Request::AddCandidates { epoch, candidates })
        .unwrap();
    assert_eq!(board.view(&ada()).remote.unwrap().candidates.len(), 1);
    assert_eq!(board.tick_after(14_999), None, "it has its time to connect");
    for who in [ada(), bob()] {
        board.ask(who, connected()).unwrap();
    }
    assert_eq!(board.tick_after(3_600_000), None);
}

#[test]
fn a_restored_call_whose_devices_never_come_back_is_lost() {
    let mut board = Board::talking().restarted();
    assert_eq!(board.tick_after(299_999), None);
    assert_eq!(board.tick_after(1), Some(EndReason::Lost));
}

#[test]
fn a_description_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut board = Board::new();
    let mut bad = start(ada(), &bob());
    bad.description = description(DescriptionKind::Answer, 0, "answer");
    assert_eq!(
        board.handle(Input::Start(bad)),
        Err(Refusal::BadDescription)
    );
    board.start(ada(), &bob()).unwrap();
    for (kind, epoch) in [(DescriptionKind::Offer, 0), (DescriptionKind::Answer, 1)] {
        let bad = Request::Answer {
            description: description(kind, epoch, "answer"),
            candidates: Vec::new(),
        };
        assert_eq!(board.ask(bob(), bad), Err(Refusal::BadDescription));
    }
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
}
