//! When a call ended and how long the two talked, whenever the server hears of it.

use protocol::call::{CallReport, EndReason};
use protocol::limits::REQUEST_AGE_MAX;
use protocol::{Milliseconds, Timestamp};

use super::super::*;
use super::board::{Board, HANG_UP, ada, answer, bob, bobs_other, connected, report, take};

fn lost(heard_ago: u64) -> Request {
    Request::Report {
        report: CallReport::Lost,
        heard_ago: Some(Milliseconds(heard_ago)),
    }
}

fn by(who: &Party) -> EndReason {
    EndReason::HungUp { by: who.user }
}

/// They have talked for a minute.
fn after_a_minute() -> (Board, Timestamp) {
    let mut board = Board::talking();
    let since = board.now;
    board.now.0 += 60_000;
    (board, since)
}

#[test]
fn a_hang_up_that_waited_for_the_socket_ended_the_call_when_it_was_pressed() {
    let (mut board, since) = after_a_minute();
    board.ask_late(bob(), HANG_UP, 20_000).unwrap();
    let end = board.end();
    assert_eq!(end.ended_at, since + Milliseconds(40_000));
    assert_eq!(end.talked, Some(Milliseconds(40_000)));
}

#[test]
fn nothing_ends_before_it_was_answered_or_begun_or_longer_ago_than_is_believed() {
    let (mut board, since) = after_a_minute();
    board.ask_late(bob(), HANG_UP, 61_000).unwrap();
    assert_eq!(board.end().ended_at, since, "it was answered then");

    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    let started = board.now;
    board.now.0 += 1_000;
    board.ask_late(ada(), Request::Cancel, u64::MAX).unwrap();
    assert_eq!(board.end().ended_at, started);

    let (mut board, _) = after_a_minute();
    board.now.0 += 3_600_000;
    board.ask_late(bob(), HANG_UP, u64::MAX).unwrap();
    assert_eq!(board.end().ended_at, board.now - REQUEST_AGE_MAX);
}

#[test]
fn a_lost_call_counts_until_something_was_last_heard() {
    let (mut board, since) = after_a_minute();
    board.ask_late(bob(), lost(30_000), 5_000).unwrap();
    let end = board.end();
    assert_eq!(end.ended_at, since + Milliseconds(55_000));
    assert_eq!(end.talked, Some(Milliseconds(25_000)));

    let (mut board, _) = after_a_minute();
    board.ask(bob(), lost(u64::MAX)).unwrap();
    assert_eq!(board.end().talked, Some(Milliseconds(0)));

    let (mut board, _) = after_a_minute();
    board.ask(bob(), report(CallReport::Lost)).unwrap();
    assert_eq!(board.end().talked, Some(Milliseconds(60_000)));
}

#[test]
fn a_hang_up_told_by_the_other_device_is_that_ones() {
    let (mut board, _) = after_a_minute();
    board.ask(ada(), report(CallReport::PeerHungUp)).unwrap();
    assert_eq!(board.end().reason, by(&bob()));
}

#[test]
fn an_abandoned_call_counts_until_the_second_device_left() {
    let (mut board, _) = after_a_minute();
    board.gone(&ada());
    board.now.0 += 10_000;
    board.gone(&bob());
    assert_eq!(board.tick_after(300_000), Some(EndReason::Lost));
    assert_eq!(board.end().talked, Some(Milliseconds(70_000)));
}

#[test]
fn the_duration_counts_from_when_both_were_connected_not_from_when_the_server_heard() {
    let mut board = Board::answered();
    let answered = board.now;
    board.now.0 += 10_000;
    board.ask_late(ada(), connected(), 9_000).unwrap();
    board.ask_late(bob(), connected(), 8_000).unwrap();
    board.ask(bob(), HANG_UP).unwrap();
    assert_eq!(board.end().ended_at, answered + Milliseconds(10_000));
    assert_eq!(board.end().talked, Some(Milliseconds(8_000)));
}

#[test]
fn the_end_that_happened_first_is_the_truth_whenever_it_is_told() {
    let (mut board, since) = after_a_minute();
    board.ask(ada(), lost(30_000)).unwrap();
    let revision = board.view(&ada()).call.revision;
    board.now.0 += 5_000;
    let late = board.ask_late(bob(), HANG_UP, 25_000);
    assert_eq!(late, Ok(Reply::Done));
    let ends = board.ends();
    assert_eq!(ends.len(), 2);
    assert_eq!(ends[1].reason, by(&bob()));
    assert_eq!(ends[1].ended_at, since + Milliseconds(40_000));
    assert_eq!(ends[1].talked, Some(Milliseconds(40_000)));
    assert_eq!(board.view(&ada()).call.revision, revision + 1);
}

#[test]
fn each_side_says_once_how_a_call_ended() {
    let (mut board, _) = after_a_minute();
    board.ask(ada(), HANG_UP).unwrap();
    // A resend takes another way, and may seem to be older.
    board.ask_late(ada(), HANG_UP, 30_000).unwrap();
    assert_eq!(board.ends().len(), 1);
    board.ask_late(bob(), HANG_UP, 10_000).unwrap();
    for age in 11_000..11_100 {
        board.ask_late(bob(), HANG_UP, age).unwrap();
    }
    assert_eq!(board.ends().len(), 2);
}

#[test]
fn what_happened_later_or_is_said_by_others_changes_nothing_after_the_end() {
    let (mut board, _) = after_a_minute();
    board.ask(bobs_other(), take(1)).unwrap();
    board.now.0 += 60_000;
    board.ask(ada(), HANG_UP).unwrap();
    board.now.0 += 60_000;
    // Bob's first device takes no part any more.
    board.ask_late(bob(), HANG_UP, 100_000).unwrap();
    board.ask_late(bobs_other(), connected(), 100_000).unwrap();
    board
        .ask_late(bobs_other(), Request::Decline, 100_000)
        .unwrap();
    board.ask_late(bobs_other(), lost(0), 50_000).unwrap();
    assert_eq!(board.ends().len(), 1);
}

#[test]
fn a_late_cancel_comes_before_the_end_of_the_ringing() {
    let mut board = Board::new();
    board.start(ada(), &bob()).unwrap();
    assert_eq!(board.tick_after(45_000), Some(EndReason::NoAnswer));
    board.now.0 += 10_000;
    // Who never answered takes no part: it was missed.
    board.ask_late(bob(), HANG_UP, 20_000).unwrap();
    board.ask_late(bob(), Request::Decline, 20_000).unwrap();
    assert_eq!(board.ends().len(), 1);
    board.ask_late(ada(), Request::Cancel, 15_000).unwrap();
    assert_eq!(board.ends()[1].reason, EndReason::Cancelled);
    assert_eq!(board.ends()[1].talked, None);
}

#[test]
fn after_a_restart_a_call_is_answered_when_it_was() {
    let mut before = Board::new();
    before.start(ada(), &bob()).unwrap();
    before.now.0 += 10_000;
    before.ask(bob(), answer()).unwrap();
    let answered = before.now;
    before.now.0 += 60_000;
    let mut board = before.restarted();
    board.ask_late(bob(), HANG_UP, 120_000).unwrap();
    assert_eq!(board.end().ended_at, answered);
}
