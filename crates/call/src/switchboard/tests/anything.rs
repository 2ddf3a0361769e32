//! Whatever anybody asks, in whatever order: what holds all the same. Clients here are not honest ones.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;

use protocol::call::{CallReport, CallSound, CallState, FailCause, Here};
use protocol::description::DescriptionKind;
use protocol::{ConversationId, Milliseconds, Timestamp};
use uuid::Uuid;

use super::super::*;
use super::board::{candidate, description, party};
use super::chance::Chance;

const PEOPLE: u64 = 4;
const DEVICES: u64 = 2;

/// How many worlds are tried.
const SEEDS: u64 = 5_000;
const STEPS: usize = 80;

/// What happens next.
enum Step {
    Start(Start),
    /// Asks for something about one of the newest calls.
    Ask(u64, Party, Request, u64),
    Connects(Party),
    Gone(Party),
    SignedOut(Party),
    Later(i64),
    Restart,
}

fn step(chance: &mut Chance) -> Step {
    match chance.below(32) {
        0..4 => Step::Start(start(chance)),
        4..6 => Step::Connects(who(chance)),
        6..8 => Step::Gone(who(chance)),
        8 => Step::SignedOut(who(chance)),
        9..11 => Step::Later(chance.between(0, 60_000)),
        11 => Step::Restart,
        _ => {
            let age = match chance.below(5) {
                0 => chance.below(400_000),
                1 => u64::MAX,
                _ => 0,
            };
            Step::Ask(chance.below(3), who(chance), request(chance), age)
        }
    }
}

fn who(chance: &mut Chance) -> Party {
    party(chance.below(PEOPLE).into(), chance.below(DEVICES).into())
}

fn start(chance: &mut Chance) -> Start {
    let call = Uuid::from_u128(chance.next().into());
    Start {
        call: CallId(call),
        attempt: AttemptId(call),
        conversation: ConversationId(Uuid::from_u128(0xc0)),
        from: who(chance),
        callee: who(chance).user,
        description: description(DescriptionKind::Offer, 0, "offer"),
        reach: chance.weighed(&[
            (4, Reach::Devices),
            (1, Reach::Nobody),
            (1, Reach::Quiet),
            (1, Reach::Silent),
        ]),
        connected: chance.one_in(2),
        call_waiting: !chance.one_in(4),
    }
}

fn request(chance: &mut Chance) -> Request {
    let epoch = u16::try_from(chance.below(6)).unwrap();
    let (offer, answer) = (DescriptionKind::Offer, DescriptionKind::Answer);
    let kind = *chance.of(&[offer, answer]);
    let heard_ago = chance
        .one_in(2)
        .then(|| Milliseconds(chance.below(100_000)));
    match chance.below(24) {
        0..2 => Request::Ring,
        2..7 => Request::Answer {
            description: description(answer, epoch / 3, "answer"),
            candidates: vec![candidate(50_000)],
        },
        7..9 => Request::Describe {
            description: description(kind, epoch, "described"),
        },
        9 => Request::AddCandidates {
            epoch,
            candidates: (0..70).map(|port| candidate(50_000 + port)).collect(),
        },
        10..13 => Request::Take {
            description: description(offer, epoch, "taken"),
        },
        13..17 => Request::SetSound {
            sound: CallSound {
                muted: chance.one_in(2),
                on_hold: chance.one_in(2),
                change: u32::try_from(chance.below(9)).unwrap(),
            },
        },
        17 => Request::Decline,
        18 => Request::Cancel,
        19 => Request::HangUp { heard_ago },
        _ => Request::Report {
            report: chance.weighed(&[
                (4, CallReport::Connected),
                (1, CallReport::Lost),
                (1, CallReport::PeerHungUp),
                (
                    1,
                    CallReport::Failed {
                        cause: FailCause::NoPath,
                    },
                ),
            ]),
            heard_ago,
        },
    }
}

/// A server and what the world knows of it.
struct World {
    board: Switchboard,
    now: Timestamp,
    rows: BTreeMap<CallId, Row>,
    started: Vec<CallId>,
    ends: BTreeMap<CallId, usize>,
    in_call: BTreeSet<UserId>,
    /// Nothing is known of holds any more.
    restarted: bool,
}

impl World {
    fn new() -> Self {
        Self {
            board: Switchboard::new(Timeouts::default()),
            now: Timestamp(1_000_000),
            rows: BTreeMap::new(),
            started: Vec::new(),
            ends: BTreeMap::new(),
            in_call: BTreeSet::new(),
            restarted: false,
        }
    }

    fn take(&mut self, step: Step) {
        let input = match step {
            Step::Start(start) => {
                self.started.push(start.call);
                Input::Start(start)
            }
            Step::Ask(back, from, request, age) => {
                let newest = self.started.iter().rev();
                let Some(call) = newest.take(3).nth(usize::try_from(back).unwrap()) else {
                    return;
                };
                Input::Request {
                    call: *call,
                    from,
                    request,
                    age: Milliseconds(age),
                }
            }
            Step::Connects(Party { user, device, .. }) => Input::DeviceConnected { user, device },
            Step::Gone(Party { user, device, .. }) => Input::DeviceGone { user, device },
            Step::SignedOut(Party { user, device, .. }) => Input::SessionEnded { user, device },
            Step::Later(milliseconds) => {
                self.now.0 += milliseconds;
                Input::Tick
            }
            Step::Restart => return self.restart(),
        };
        self.handle(input);
    }

    fn restart(&mut self) {
        self.board = Switchboard::new(Timeouts::default());
        let live = self.rows.values();
        let live = live.filter(|row| row.record().end.is_none()).cloned();
        let rows = live.collect();
        self.restarted = true;
        self.handle(Input::Restore(rows));
        let users = everybody().map(|party| party.user);
        self.in_call = users.filter(|user| self.board.in_call(*user)).collect();
    }

    fn handle(&mut self, input: Input) {
        let handled = self.board.handle(self.now, input);
        for effect in handled.effects {
            match effect {
                Effect::Save(row) => self.keep(*row),
                Effect::Tell { call, user, device } => {
                    let device = device.unwrap_or(party(0, 9).device);
                    let seen = self.board.view_for(call, user, device);
                    assert!(seen.is_some(), "told of {call}, which must not be seen");
                }
                Effect::Description { .. } | Effect::Candidates { .. } => {}
                Effect::InCall { user, in_call } => {
                    if in_call {
                        self.in_call.insert(user);
                    } else {
                        self.in_call.remove(&user);
                    }
                }
            }
        }
    }

    /// A record's revision grows, its end only moves to an earlier one, and only once for each side.
    fn keep(&mut self, row: Row) {
        let call = row.call.id;
        let end = row.record().end;
        if let Some(before) = self.rows.get(&call) {
            assert!(before.call.revision < row.call.revision, "{call}");
            if let Some(earlier) = before.record().end {
                let end = end.expect("a call does not live again");
                assert!(end.ended_at < earlier.ended_at, "{call}");
            }
        }
        if let Some(end) = end {
            let ends = self.ends.entry(call).or_default();
            *ends += 1;
            assert!(*ends <= 3, "{call} ended {ends} times");
            assert!(row.call.started_at <= end.ended_at && end.ended_at <= self.now);
            let length = end.ended_at.since(row.call.started_at);
            assert!(end.talked.is_none_or(|talked| talked <= length), "{call}");
        }
        self.rows.insert(call, row);
    }

    fn check(&self) {
        for Party { user, device, .. } in everybody() {
            assert_eq!(self.in_call.contains(&user), self.board.in_call(user));
            self.check_device(user, device);
        }
        assert_eq!(self.board.calls.len(), self.alive());
        let due = self.board.calls.values();
        let due = due.filter_map(|live| Some((live.deadline(&self.board.timeouts)?.0, live.id)));
        assert_eq!(self.board.deadlines, due.collect());
    }

    /// With all devices away every call ends, and nothing is left to wait for.
    fn leave_alone(&mut self) {
        for party in everybody() {
            self.take(Step::Gone(party));
        }
        self.take(Step::Later(3_600_000));
        self.check();
        assert_eq!(self.alive(), 0);
        assert_eq!(self.board.poll_timeout(), None);
        assert!(self.board.of_user.is_empty());
    }

    fn alive(&self) -> usize {
        let rows = self.rows.values();
        rows.filter(|row| row.record().end.is_none()).count()
    }

    fn check_device(&self, user: UserId, device: DeviceId) {
        let calls = self.board.snapshot(user, device);
        assert!(calls.len() <= 2, "{calls:?}");
        let rings = calls.iter().filter(|view| view.here == Here::Rings);
        assert!(rings.count() <= 1, "{calls:?}");
        let talks = calls.iter().filter(|view| {
            let answered = !matches!(view.call.state, CallState::Ringing { .. });
            answered && view.here == Here::TakesPart && !view.call.sound(view.role).on_hold
        });
        assert!(talks.count() <= 1 || self.restarted, "{calls:?}");
    }
}

fn everybody() -> impl Iterator<Item = Party> {
    (0..PEOPLE).flat_map(|user| (0..DEVICES).map(move |device| party(user.into(), device.into())))
}

#[test]
fn whatever_anybody_asks_calls_stay_sound() {
    for seed in 0..SEEDS {
        let tried = catch_unwind(|| {
            let mut chance = Chance::new(seed);
            let mut world = World::new();
            for _ in 0..STEPS {
                let step = step(&mut chance);
                // After a restart nothing is known of holds; half of the worlds keep that knowledge.
                if seed % 2 == 0 && matches!(step, Step::Restart) {
                    continue;
                }
                world.take(step);
                world.check();
            }
            world.leave_alone();
        });
        assert!(tried.is_ok(), "seed {seed}");
    }
}
