//! Calls to somebody who does not want to be disturbed.

use protocol::call::{CallState, EndReason, Here};

use super::super::*;
use super::board::{Board, CALL, FIRST, ada, answer, bob, bobs_other, eve, start, take};

fn quiet(connected: bool) -> Board {
    let mut board = Board::new();
    let start = Start {
        reach: Reach::Quiet,
        connected,
        ..start(ada(), &bob())
    };
    board.handle(Input::Start(start)).unwrap();
    board
}

fn told_bob(board: &Board) -> bool {
    let told = board.told_since(0, CALL);
    told.iter().any(|(user, _)| *user == bob().user)
}

#[test]
fn no_device_is_told_and_the_caller_is_told_no_answer() {
    let mut board = quiet(true);
    let Party { user, device, .. } = bob();
    board.connects(&bob());
    assert_eq!(board.calls.snapshot(user, device), Vec::new());
    assert_eq!(board.ask(bob(), Request::Ring), Err(Refusal::NoCall));
    assert_eq!(board.ask(bob(), answer()), Err(Refusal::NoCall));
    let state = board.view(&ada()).call.state;
    assert!(matches!(state, CallState::Ringing { devices: 0, .. }));
    assert_eq!(board.tick_after(45_000), Some(EndReason::NoAnswer));
    assert!(board.end().reason.is_missed());
    assert!(!told_bob(&board));
    assert_eq!(board.calls.view_for(CALL, user, device), None);
}

#[test]
fn with_nobody_there_it_ends_like_every_other_and_a_device_that_comes_does_not_ring() {
    let mut board = quiet(false);
    assert_eq!(board.tick_after(2_999), None);
    assert_eq!(board.tick_after(1), Some(EndReason::Unreachable));

    let mut board = quiet(false);
    board.connects(&bob());
    assert_eq!(board.tick_after(3_000), None);
    let Party { user, device, .. } = bob();
    assert_eq!(board.calls.snapshot(user, device), Vec::new());
    assert_eq!(board.tick_after(42_000), Some(EndReason::NoAnswer));
    assert!(!told_bob(&board));
}

#[test]
fn who_calls_back_at_that_moment_talks() {
    let mut board = quiet(true);
    let mut back = start(bob(), &ada());
    back.call = FIRST;
    assert_eq!(board.handle(Input::Start(back)), Ok(Reply::Call(CALL)));
    assert_eq!(board.view(&bob()).here, Here::TakesPart);
    let kept = board.effects.iter().rev().find_map(|effect| match effect {
        Effect::Save(row) => Some(row.reach),
        _ => None,
    });
    assert_eq!(kept, Some(Reach::Devices), "it is known after a restart");
    assert!(told_bob(&board));
}

#[test]
fn it_keeps_nobody_from_calling() {
    let mut board = quiet(true);
    let mut other = start(bob(), &eve());
    other.call = FIRST;
    assert_eq!(board.handle(Input::Start(other)), Ok(Reply::Call(FIRST)));

    let mut board = quiet(true);
    let mut other = start(eve(), &bob());
    other.call = FIRST;
    board.handle(Input::Start(other)).unwrap();
    let view = board.calls.view_for(FIRST, bob().user, bob().device);
    assert_eq!(view.unwrap().here, Here::Rings);
}

#[test]
fn it_stays_quiet_after_a_restart() {
    let mut board = quiet(true).restarted();
    board.connects(&bob());
    let Party { user, device, .. } = bob();
    assert_eq!(board.calls.snapshot(user, device), Vec::new());
    assert_eq!(board.tick_after(45_000), Some(EndReason::NoAnswer));
    assert!(!told_bob(&board));
}

#[test]
fn it_waits_behind_no_call_after_a_restart_and_follows_none() {
    let mut before = quiet(true);
    before.first_call();
    let mut board = before.restarted();
    board.connects(&bob());
    board.ask_of(FIRST, bobs_other(), take(1), 0).unwrap();
    assert!(!told_bob(&board));
}
