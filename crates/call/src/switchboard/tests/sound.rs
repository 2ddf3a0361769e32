//! Muted, on hold, and one talk at a time.

use protocol::call::{CallSound, Here, Role};

use super::super::*;
use super::board::{Board, CALL, FIRST, ada, answer, bob, bobs_other, eve, sound, take};

#[test]
fn both_are_told_what_a_device_does_with_its_sound() {
    let mut board = Board::talking();
    let before = board.view(&ada()).call;
    let effects = board.effects.len();
    let muted = CallSound {
        muted: true,
        on_hold: false,
        change: 1,
    };
    let request = Request::SetSound { sound: muted };
    assert_eq!(board.ask(bob(), request), Ok(Reply::Done));
    let call = board.view(&ada()).call;
    assert_eq!(call.sound(Role::Callee), muted);
    assert_eq!(call.sound(Role::Caller), CallSound::default());
    assert!(call.revision > before.revision);
    let told = board.told_since(effects, CALL);
    assert_eq!(told, [(ada().user, None), (bob().user, None)]);
}

#[test]
fn the_larger_change_counts_whichever_comes_first() {
    let mut board = Board::talking();
    board.ask(bob(), sound(7, true)).unwrap();
    let revision = board.view(&ada()).call.revision;
    for late in [sound(6, false), sound(7, false)] {
        assert_eq!(board.ask(bob(), late), Ok(Reply::Done));
    }
    let call = board.view(&ada()).call;
    assert!(call.callee_sound.on_hold);
    assert_eq!(call.revision, revision, "nothing changed, nobody is told");
}

#[test]
fn only_a_device_that_takes_part_in_an_answered_call_has_a_sound() {
    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    assert_eq!(board.ask(ada(), sound(1, true)), Err(Refusal::TooEarly));
    board.ask(bob(), answer()).unwrap();
    let other = board.ask(bobs_other(), sound(1, true));
    assert_eq!(other, Err(Refusal::NotTakingPart));
    assert_eq!(board.ask(eve(), sound(1, true)), Err(Refusal::NoCall));
}

#[test]
fn a_second_call_is_answered_once_the_first_is_on_hold_or_over() {
    let mut board = Board::waiting();
    assert_eq!(board.ask(bob(), answer()), Err(Refusal::HoldFirst));
    // That Eve holds the call is not Bob's doing.
    board.ask_of(FIRST, eve(), sound(1, true), 0).unwrap();
    assert_eq!(board.ask(bob(), answer()), Err(Refusal::HoldFirst));
    board.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));

    let mut board = Board::waiting();
    board
        .ask_of(FIRST, bob(), Request::HangUp { heard_ago: None }, 0)
        .unwrap();
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
}

#[test]
fn a_call_is_resumed_once_the_other_is_on_hold_or_over() {
    let mut board = Board::waiting();
    board.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    board.ask(bob(), answer()).unwrap();
    let resume = || sound(2, false);
    assert_eq!(
        board.ask_of(FIRST, bob(), resume(), 0),
        Err(Refusal::HoldFirst)
    );
    let view = board.calls.view_for(FIRST, eve().user, eve().device);
    assert!(view.unwrap().call.callee_sound.on_hold, "nothing changed");
    board.ask(bob(), sound(1, true)).unwrap();
    assert_eq!(board.ask_of(FIRST, bob(), resume(), 0), Ok(Reply::Done));
}

#[test]
fn a_device_that_talks_takes_over_another_call_only_on_hold() {
    let mut board = Board::waiting();
    board.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    board.ask(bob(), answer()).unwrap();
    // Bob moves the second call to his phone, resumes the first on the laptop, and moves the second back.
    board.ask(bobs_other(), take(1)).unwrap();
    board.ask_of(FIRST, bob(), sound(2, false), 0).unwrap();
    assert_eq!(board.ask(bob(), take(2)), Err(Refusal::HoldFirst));
    assert_eq!(board.view(&bobs_other()).here, Here::TakesPart);
    board.ask_of(FIRST, bob(), sound(3, true), 0).unwrap();
    assert_eq!(board.ask(bob(), take(2)), Ok(Reply::Call(CALL)));
}

#[test]
fn one_is_in_a_call_until_the_last_of_two_has_ended() {
    let mut board = Board::waiting();
    board.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    board.ask(bob(), answer()).unwrap();
    let effects = board.effects.len();
    board.ask(bob(), super::HANG_UP).unwrap();
    let free = |user| Effect::InCall {
        user,
        in_call: false,
    };
    assert!(board.effects[effects..].contains(&free(ada().user)));
    assert!(!board.effects[effects..].contains(&free(bob().user)));
    assert!(board.calls.in_call(bob().user));
}

#[test]
fn after_a_restart_devices_say_again_what_they_do_with_their_sound() {
    let mut before = Board::waiting();
    before.ask_of(FIRST, bob(), sound(1, true), 0).unwrap();
    before.ask(bob(), answer()).unwrap();
    let mut board = before.restarted();
    board.connects(&bob());
    assert_eq!(board.view(&bob()).call.callee_sound, CallSound::default());
    // Whichever of the two he says first: neither makes him talk in both.
    assert_eq!(board.ask(bob(), sound(3, false)), Ok(Reply::Done));
    let hold = board.ask_of(FIRST, bob(), sound(1, true), 0);
    assert_eq!(hold, Ok(Reply::Done));
    let resume = board.ask_of(FIRST, bob(), sound(2, false), 0);
    assert_eq!(resume, Err(Refusal::HoldFirst));
}
