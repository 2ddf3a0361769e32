//! Three people, six tabs, one switchboard: whatever they do, and whatever the network does, the rules hold.
//!
//! `world` is the world: links that delay and keep their order, sockets that drop and return, a server that
//! restarts, clocks that differ. Here is what is done in it at random, and what must be true afterwards.
//! What must be true at every moment is checked by the world itself, after every step.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod world;

use call::handset::{HandsetView, Input};
use proptest::prelude::*;
use world::World;

#[derive(Debug, Clone, Copy)]
enum Action {
    Dial { tab: usize, callee: usize },
    Answer { tab: usize },
    Reject { tab: usize },
    End { tab: usize },
    Mute { tab: usize, muted: bool },
    BreakMicrophone { tab: usize, broken: bool },
    PathSilent { tab: usize },
    PathFailed { tab: usize },
    NetworkChanged { tab: usize },
    CutSocket { tab: usize },
    OpenSocket { tab: usize },
    EndSession { tab: usize },
    RestartServer,
    Wait { milliseconds: i64 },
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_call_ends_once_and_leaves_nothing_open(
        actions in proptest::collection::vec(action(), 1..60),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(seed);
        for action in actions {
            act(&mut world, action);
        }
        world.come_to_rest();
        world.assert_nothing_is_left();
    }

    #[test]
    fn glare_becomes_one_call_that_connects(
        head_start in 0..2_000_i64,
        seed in any::<u64>(),
    ) {
        let mut world = World::new(seed);
        world.wait(1_000);
        world.dial(0, 1);
        world.wait(head_start);
        if matches!(world.view(2), HandsetView::Idle) {
            world.dial(2, 0);
        } else {
            world.person(2, Input::Answer);
        }
        world.wait(5_000);
        for tab in [0, 2] {
            let view = world.view(tab);
            prop_assert!(
                matches!(view, HandsetView::Active { since: Some(_), .. }),
                "tab {} shows {:?}", tab, view
            );
        }
        prop_assert_eq!(world.calls(), 1);
        world.come_to_rest();
        world.assert_nothing_is_left();
    }
}

fn act(world: &mut World, action: Action) {
    match action {
        Action::Dial { tab, callee } => world.dial(tab, callee),
        Action::Answer { tab } => world.person(tab, Input::Answer),
        Action::Reject { tab } => world.person(tab, Input::Reject),
        Action::End { tab } => world.person(tab, Input::End),
        Action::Mute { tab, muted } => world.person(tab, Input::Mute { muted }),
        Action::BreakMicrophone { tab, broken } => world.break_microphone(tab, broken),
        Action::PathSilent { tab } => world.path(tab, Input::PeerDisconnected),
        Action::PathFailed { tab } => world.path(tab, Input::PeerFailed),
        Action::NetworkChanged { tab } => world.path(tab, Input::NetworkChanged),
        Action::CutSocket { tab } => world.cut_socket(tab),
        Action::OpenSocket { tab } => world.open_socket(tab),
        Action::EndSession { tab } => world.end_session(tab),
        Action::RestartServer => world.restart_server(),
        Action::Wait { milliseconds } => world.wait(milliseconds),
    }
}

fn action() -> impl Strategy<Value = Action> {
    let tab = || 0..world::TABS;
    prop_oneof![
        4 => (tab(), 0..world::PEOPLE).prop_map(|(tab, callee)| Action::Dial { tab, callee }),
        6 => tab().prop_map(|tab| Action::Answer { tab }),
        1 => tab().prop_map(|tab| Action::Reject { tab }),
        2 => tab().prop_map(|tab| Action::End { tab }),
        1 => (tab(), any::<bool>()).prop_map(|(tab, muted)| Action::Mute { tab, muted }),
        1 => (tab(), any::<bool>())
            .prop_map(|(tab, broken)| Action::BreakMicrophone { tab, broken }),
        1 => tab().prop_map(|tab| Action::PathSilent { tab }),
        1 => tab().prop_map(|tab| Action::PathFailed { tab }),
        1 => tab().prop_map(|tab| Action::NetworkChanged { tab }),
        2 => tab().prop_map(|tab| Action::CutSocket { tab }),
        3 => tab().prop_map(|tab| Action::OpenSocket { tab }),
        1 => tab().prop_map(|tab| Action::EndSession { tab }),
        1 => Just(Action::RestartServer),
        10 => prop_oneof![0..300_i64, 0..5_000_i64, 0..60_000_i64]
            .prop_map(|milliseconds| Action::Wait { milliseconds }),
    ]
}
