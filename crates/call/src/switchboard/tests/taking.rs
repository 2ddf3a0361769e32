//! Taking a call over.

use protocol::call::{CallState, EndReason, FailCause, Here};
use protocol::description::DescriptionKind;

use super::super::*;
use super::board::{
    Board, CALL, HANG_UP, ada, answer, bob, bobs_other, candidate, connected, description, eve,
    party, sound, take,
};

fn adas_other() -> Party {
    party(0xa, 2)
}

fn describe(kind: DescriptionKind, epoch: u16) -> Request {
    Request::Describe {
        description: description(kind, epoch, "news"),
    }
}

#[test]
fn another_device_has_the_call_and_the_other_side_its_offer() {
    let mut board = Board::talking();
    board.ask(bob(), sound(4, true)).unwrap();
    let since = board.view(&ada()).call.state;
    let effects = board.effects.len();
    assert_eq!(board.ask(bobs_other(), take(1)), Ok(Reply::Call(CALL)));
    assert_eq!(board.view(&bobs_other()).here, Here::TakesPart);
    let device = Some(bobs_other().device_name);
    assert_eq!(board.view(&bob()).here, Here::Elsewhere { device });
    assert_eq!(board.view(&ada()).call.state, since, "the time runs on");
    let sent = board.view(&ada()).remote.unwrap();
    assert_eq!((sent.description.epoch, sent.candidates), (1, Vec::new()));
    assert_eq!(board.view(&ada()).call.callee_sound.change, 4);
    let told = board.told_since(effects, CALL);
    assert!(told.contains(&(bob().user, None)));
    let passed = board.effects[effects..].iter().any(|effect| {
        matches!(effect, Effect::Description { device, description, .. }
            if *device == ada().device && description.epoch == 1)
    });
    assert!(passed, "{:?}", &board.effects[effects..]);
}

#[test]
fn the_device_before_has_nothing_to_say_any_more() {
    let mut board = Board::talking();
    board.ask(bobs_other(), take(1)).unwrap();
    let candidates = Request::AddCandidates {
        epoch: 0,
        candidates: vec![candidate(50_009)],
    };
    let late = [
        HANG_UP,
        candidates,
        describe(DescriptionKind::Offer, 2),
        sound(9, true),
    ];
    for request in late {
        assert_eq!(board.ask(bob(), request), Err(Refusal::NotTakingPart));
    }
    assert_eq!(board.ends(), []);
    // That it loses its socket, or its session, concerns the call no more.
    board.gone(&bob());
    let Party { user, device, .. } = bob();
    board.handle(Input::SessionEnded { user, device }).unwrap();
    board.gone(&ada());
    assert_eq!(board.tick_after(3_600_000), None);
}

#[test]
fn a_reload_on_the_same_device_takes_its_own_call() {
    let mut board = Board::talking();
    board.gone(&bob());
    board.connects(&bob());
    assert_eq!(board.view(&bob()).epoch, 0);
    assert_eq!(board.ask(bob(), take(1)), Ok(Reply::Call(CALL)));
    assert_eq!(board.ask(bob(), take(1)), Ok(Reply::Call(CALL)), "a resend");
    let effects = board.effects.len();
    board.ask(bob(), take(1)).unwrap();
    assert_eq!(board.effects.len(), effects, "which changes nothing");
}

#[test]
fn the_offer_is_above_what_either_side_described() {
    let mut board = Board::talking();
    board
        .ask(ada(), describe(DescriptionKind::Offer, 5))
        .unwrap();
    for who in [ada(), bob(), bobs_other()] {
        assert_eq!(board.view(&who).epoch, 5);
    }
    assert_eq!(
        board.ask(bobs_other(), take(5)),
        Err(Refusal::BadDescription)
    );
    assert_eq!(board.view(&bob()).here, Here::TakesPart, "nothing changed");
    assert_eq!(board.ask(bobs_other(), take(6)), Ok(Reply::Call(CALL)));
    assert_eq!(board.view(&ada()).epoch, 6);
    let answer = Request::Take {
        description: description(DescriptionKind::Answer, 7, "answer"),
    };
    assert_eq!(board.ask(bob(), answer), Err(Refusal::BadDescription));
}

#[test]
fn the_callers_other_device_takes_a_ringing_call() {
    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    board.ask(bob(), Request::Ring).unwrap();
    assert_eq!(board.ask(bob(), take(1)), Err(Refusal::TooEarly));
    assert_eq!(board.ask(eve(), take(1)), Err(Refusal::NoCall));
    assert_eq!(board.ask(adas_other(), take(1)), Ok(Reply::Call(CALL)));
    let offered = board.view(&bob()).remote.unwrap().description;
    assert_eq!(offered.epoch, 1);
    // The one that was made for the older offer still answers the call.
    assert_eq!(board.ask(bob(), answer()), Ok(Reply::Call(CALL)));
    assert_eq!(board.view(&bob()).epoch, 1);
    let next = describe(DescriptionKind::Answer, 1);
    assert_eq!(board.ask(bob(), next), Ok(Reply::Done));
    let answered = board.view(&adas_other()).remote.unwrap().description;
    assert_eq!(
        (answered.kind, answered.epoch),
        (DescriptionKind::Answer, 1)
    );
}

#[test]
fn an_answer_is_of_the_offers_epoch() {
    let answer = |epoch| Request::Answer {
        description: description(DescriptionKind::Answer, epoch, "answer"),
        candidates: Vec::new(),
    };
    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    board.ask(adas_other(), take(3)).unwrap();
    assert_eq!(board.ask(bob(), answer(4)), Err(Refusal::BadDescription));
    assert_eq!(board.ask(bob(), answer(3)), Ok(Reply::Call(CALL)));
}

#[test]
fn a_ringing_call_that_was_taken_is_offered_again_after_a_restart() {
    let mut before = Board::new();
    before.start(ada(), &bob()).unwrap();
    before.ask(adas_other(), take(3)).unwrap();
    let mut board = before.restarted();
    board.connects(&adas_other());
    assert_eq!(board.view(&adas_other()).here, Here::TakesPart);
    let offer = describe(DescriptionKind::Offer, 3);
    assert_eq!(board.ask(adas_other(), offer), Ok(Reply::Done));
    let offered = board.view(&bob()).remote.unwrap().description;
    assert_eq!(offered.epoch, 3);
    let restart = describe(DescriptionKind::Offer, 4);
    assert_eq!(board.ask(adas_other(), restart), Err(Refusal::TooEarly));
}

#[test]
fn a_call_that_connects_has_its_time_anew() {
    let mut board = Board::answered();
    board.ask(bob(), connected()).unwrap();
    board.now.0 += 14_000;
    board.ask(bobs_other(), take(1)).unwrap();
    assert_eq!(board.tick_after(14_999), None);
    // What Bob's first device had reported was its own connection.
    board.ask(ada(), connected()).unwrap();
    let state = board.view(&ada()).call.state;
    assert!(matches!(state, CallState::Connecting { .. }), "{state:?}");
    let timeout = EndReason::Failed {
        cause: FailCause::Timeout,
    };
    assert_eq!(board.tick_after(1), Some(timeout));
}

#[test]
fn a_call_that_is_over_is_shown_to_who_comes_too_late_for_it() {
    let mut board = Board::talking();
    board.ask(ada(), HANG_UP).unwrap();
    assert_eq!(board.ask(bobs_other(), take(1)), Ok(Reply::Call(CALL)));
    let state = board.view(&bobs_other()).call.state;
    assert!(matches!(state, CallState::Ended { .. }));
}

#[test]
fn after_a_restart_a_call_may_be_taken_with_any_offer() {
    let mut before = Board::talking();
    before
        .ask(ada(), describe(DescriptionKind::Offer, 5))
        .unwrap();
    let mut board = before.restarted();
    board.connects(&bob());
    assert_eq!(board.view(&bob()).epoch, 0);
    assert_eq!(board.ask(bob(), take(1)), Ok(Reply::Call(CALL)));
    // The other side then says what it has, and the taker offers above that.
    board
        .ask(ada(), describe(DescriptionKind::Offer, 5))
        .unwrap();
    assert_eq!(board.view(&bob()).epoch, 5);
    let next = describe(DescriptionKind::Offer, 6);
    assert_eq!(board.ask(bob(), next), Ok(Reply::Done));
    assert_eq!(board.view(&ada()).epoch, 6);
}
