//! A second call to somebody who talks already.

use protocol::call::{CallState, EndReason, Here};

use super::super::*;
use super::board::{
    Board, CALL, FIRST, HANG_UP, ada, answer, bob, bobs_other, eve, party, sound, start, take,
};

const THIRD: CallId = CallId(uuid::Uuid::from_u128(0xca13));

#[test]
fn it_rings_on_the_device_that_talks_and_on_no_other() {
    let board = Board::waiting();
    assert_eq!(board.view(&bob()).here, Here::Rings);
    assert!(board.view(&bob()).remote.is_some());
    let other = board.view(&bobs_other());
    let device = Some(bob().device_name);
    assert_eq!(other.here, Here::Elsewhere { device });
    assert_eq!(other.remote, None);
    let told = board.told_since(0, CALL);
    assert_eq!(told, [(bob().user, Some(bob().device))]);
}

#[test]
fn other_devices_hear_of_it_when_it_is_answered_or_over() {
    let mut board = Board::waiting();
    board.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    let effects = board.effects.len();
    board.ask(bob(), answer()).unwrap();
    assert!(
        board
            .told_since(effects, CALL)
            .contains(&(bob().user, None))
    );

    let mut board = Board::waiting();
    let effects = board.effects.len();
    board.ask(ada(), Request::Cancel).unwrap();
    assert!(
        board
            .told_since(effects, CALL)
            .contains(&(bob().user, None))
    );
}

#[test]
fn the_other_device_can_neither_ring_nor_answer_it() {
    let mut board = Board::waiting();
    assert_eq!(board.ask(bobs_other(), Request::Ring), Ok(Reply::Done));
    let state = board.view(&ada()).call.state;
    assert!(matches!(state, CallState::Ringing { devices: 0, .. }));
    assert_eq!(board.ask(bobs_other(), answer()), Ok(Reply::Call(CALL)));
    assert_eq!(board.view(&bob()).here, Here::Rings, "still");
}

#[test]
fn it_goes_on_ringing_there_when_the_first_call_is_over() {
    let mut board = Board::waiting();
    board.ask_of(FIRST, eve(), HANG_UP, 0).unwrap();
    assert_eq!(board.view(&bob()).here, Here::Rings);
    assert_ne!(board.view(&bobs_other()).here, Here::Rings);
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
}

#[test]
fn who_does_not_want_it_or_has_no_room_for_it_is_busy() {
    let busy = |board: &Board| match board.view(&ada()).call.state {
        CallState::Ended { end } => end.reason == EndReason::Busy,
        _ => false,
    };
    // Not wanted.
    let mut board = Board::new();
    board.first_call();
    let unwanted = Start {
        call_waiting: false,
        ..start(ada(), &bob())
    };
    board.handle(Input::Start(unwanted)).unwrap();
    assert!(busy(&board));
    // The device that talks has no socket.
    let mut board = Board::new();
    board.first_call();
    board.gone(&bob());
    board.start(ada(), &bob()).unwrap();
    assert!(busy(&board));
    // Being rung.
    let mut board = Board::new();
    let first = Start {
        call: FIRST,
        ..start(eve(), &bob())
    };
    board.handle(Input::Start(first)).unwrap();
    board.start(ada(), &bob()).unwrap();
    assert!(busy(&board));
    // Dialling.
    let mut board = Board::new();
    let first = Start {
        call: FIRST,
        ..start(bob(), &eve())
    };
    board.handle(Input::Start(first)).unwrap();
    board.start(ada(), &bob()).unwrap();
    assert!(busy(&board));
    // Two calls already.
    let mut board = Board::waiting();
    let third = Start {
        call: THIRD,
        ..start(party(0xf, 1), &bob())
    };
    board.handle(Input::Start(third)).unwrap();
    let view = board
        .calls
        .view_for(THIRD, party(0xf, 1).user, party(0xf, 1).device);
    let CallState::Ended { end } = view.unwrap().call.state else {
        panic!("a third call rings")
    };
    assert_eq!(end.reason, EndReason::Busy);
    // Disturbed by nobody.
    let mut board = Board::new();
    board.first_call();
    board.start_with(Reach::Quiet);
    assert!(busy(&board));
}

#[test]
fn calling_back_who_waits_does_not_answer() {
    let mut board = Board::waiting();
    board.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    let mut back = start(bob(), &ada());
    back.call = THIRD;
    assert_eq!(board.handle(Input::Start(back)), Err(Refusal::CallerBusy));
    assert_eq!(board.view(&bob()).here, Here::Rings);
}

#[test]
fn it_follows_the_first_call_to_another_device() {
    let mut board = Board::waiting();
    board.ask(bob(), Request::Ring).unwrap();
    let effects = board.effects.len();
    let revision = board.view(&bob()).call.revision;
    board.ask_of(FIRST, bobs_other(), take(1), 0).unwrap();
    assert_eq!(board.view(&bobs_other()).here, Here::Rings);
    let device = Some(bobs_other().device_name);
    assert_eq!(board.view(&bob()).here, Here::Elsewhere { device });
    assert!(board.view(&bob()).call.revision > revision);
    let told = board.told_since(effects, CALL);
    let user = bob().user;
    assert!(told.contains(&(user, Some(bob().device))), "{told:?}");
    assert!(
        told.contains(&(user, Some(bobs_other().device))),
        "{told:?}"
    );
    let state = board.view(&ada()).call.state;
    assert!(matches!(state, CallState::Ringing { devices: 0, .. }));
    // An answer that was on its way from the first device comes too late.
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
    assert_eq!(board.view(&bobs_other()).here, Here::Rings);
}

#[test]
fn it_rings_everywhere_when_the_device_that_talks_is_signed_out() {
    let mut board = Board::waiting();
    let Party { user, device, .. } = bob();
    board.handle(Input::SessionEnded { user, device }).unwrap();
    assert_eq!(board.view(&bobs_other()).here, Here::Rings);
    assert_eq!(board.ask(bobs_other(), answer()), Ok(Reply::Call(CALL)));
}

#[test]
fn it_waits_on_the_same_device_after_a_restart() {
    let board = Board::waiting().restarted();
    assert_eq!(board.view(&bob()).here, Here::Rings);
    assert_ne!(board.view(&bobs_other()).here, Here::Rings);
}
