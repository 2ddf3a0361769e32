//! A switchboard with its clock, two people, and what they send.

use std::collections::BTreeMap;

use protocol::call::{CallEnd, CallReport, CallSound, CallState, CallView, EndReason};
use protocol::description::DescriptionKind;
use protocol::{AttemptId, CallId, ConversationId, DeviceId, Milliseconds, Timestamp, UserId};
use uuid::Uuid;

use super::super::{
    Effect, Input, Party, Reach, Refusal, Reply, Request, Row, Start, Switchboard, Timeouts,
};

pub(super) use super::descriptions::{candidate, description};

pub(super) const CALL: CallId = CallId(Uuid::from_u128(0xca11));

/// The call that another one waits behind.
pub(super) const FIRST: CallId = CallId(Uuid::from_u128(0xca10));

/// A switchboard, its clock and all that it asked for.
pub(super) struct Board {
    pub(super) calls: Switchboard,
    pub(super) now: Timestamp,
    pub(super) effects: Vec<Effect>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self {
            calls: Switchboard::new(Timeouts::default()),
            now: Timestamp(1_000_000),
            effects: Vec::new(),
        }
    }

    pub(super) fn handle(&mut self, input: Input) -> Result<Reply, Refusal> {
        let handled = self.calls.handle(self.now, input);
        self.effects.extend(handled.effects);
        handled.reply
    }

    pub(super) fn start(&mut self, from: Party, to: &Party) -> Result<Reply, Refusal> {
        self.handle(Input::Start(start(from, to)))
    }

    pub(super) fn ask(&mut self, from: Party, request: Request) -> Result<Reply, Refusal> {
        self.ask_late(from, request, 0)
    }

    /// Asks for what the device wanted so many milliseconds ago.
    pub(super) fn ask_late(
        &mut self,
        from: Party,
        request: Request,
        age: u64,
    ) -> Result<Reply, Refusal> {
        self.ask_of(CALL, from, request, age)
    }

    pub(super) fn ask_of(
        &mut self,
        call: CallId,
        from: Party,
        request: Request,
        age: u64,
    ) -> Result<Reply, Refusal> {
        self.handle(Input::Request {
            call,
            from,
            request,
            age: Milliseconds(age),
        })
    }

    pub(super) fn start_with(&mut self, reach: Reach) {
        let start = Start {
            reach,
            connected: reach != Reach::Nobody,
            ..start(ada(), &bob())
        };
        assert_eq!(self.handle(Input::Start(start)), Ok(Reply::Call(CALL)));
    }

    pub(super) fn answered() -> Self {
        let mut board = Self::new();
        board.start(ada(), &bob()).unwrap();
        board.ask(bob(), answer()).unwrap();
        board
    }

    pub(super) fn talking() -> Self {
        let mut board = Self::answered();
        for who in [ada(), bob()] {
            board.ask(who, connected()).unwrap();
        }
        board
    }

    pub(super) fn connects(&mut self, party: &Party) {
        let Party { user, device, .. } = *party;
        self.handle(Input::DeviceConnected { user, device })
            .unwrap();
    }

    /// The switchboard of a server that was started anew with what this one had kept.
    pub(super) fn restarted(&self) -> Self {
        let mut kept: BTreeMap<CallId, Row> = BTreeMap::new();
        for effect in &self.effects {
            if let Effect::Save(row) = effect {
                kept.insert(row.call.id, row.as_ref().clone());
            }
        }
        kept.retain(|_, row| row.record().end.is_none());
        let mut board = Self::new();
        board.now = self.now;
        board
            .handle(Input::Restore(kept.into_values().collect()))
            .unwrap();
        board
    }

    /// Bob talks with Eve, and Ada calls him: [`CALL`] waits behind [`FIRST`].
    pub(super) fn waiting() -> Self {
        let mut board = Self::new();
        board.first_call();
        board.start(ada(), &bob()).unwrap();
        board
    }

    /// Eve calls Bob, who answers.
    pub(super) fn first_call(&mut self) {
        let first = Start {
            call: FIRST,
            ..start(eve(), &bob())
        };
        self.handle(Input::Start(first)).unwrap();
        self.ask_of(FIRST, bob(), answer(), 0).unwrap();
    }

    /// Which devices were told of the call since so many effects, and of whom; nothing for all of them.
    pub(super) fn told_since(
        &self,
        effects: usize,
        call: CallId,
    ) -> Vec<(UserId, Option<DeviceId>)> {
        let told = self.effects[effects..].iter();
        told.filter_map(|effect| match effect {
            Effect::Tell {
                call: of,
                user,
                device,
            } if *of == call => Some((*user, *device)),
            _ => None,
        })
        .collect()
    }

    pub(super) fn gone(&mut self, party: &Party) {
        let Party { user, device, .. } = *party;
        self.handle(Input::DeviceGone { user, device }).unwrap();
    }

    /// Lets time pass and says how the call ended then, if it did.
    pub(super) fn tick_after(&mut self, milliseconds: i64) -> Option<EndReason> {
        self.now.0 += milliseconds;
        self.handle(Input::Tick).unwrap();
        let Party { user, device, .. } = ada();
        match self.calls.view_for(CALL, user, device)?.call.state {
            CallState::Ended { end } => Some(end.reason),
            _ => None,
        }
    }

    pub(super) fn view(&self, party: &Party) -> CallView {
        self.calls.view_for(CALL, party.user, party.device).unwrap()
    }

    /// The one end that was kept.
    pub(super) fn end(&self) -> CallEnd {
        let ends = self.ends();
        assert_eq!(ends.len(), 1, "{ends:?}");
        ends[0]
    }

    /// Every end of the call that was kept, one for each time.
    pub(super) fn ends(&self) -> Vec<CallEnd> {
        let kept = self.effects.iter();
        kept.filter_map(|effect| match effect {
            Effect::Save(row) if row.call.id == CALL => row.record().end,
            _ => None,
        })
        .collect()
    }
}

pub(super) fn start(from: Party, to: &Party) -> Start {
    Start {
        call: CALL,
        attempt: AttemptId(from.device.0),
        conversation: ConversationId(Uuid::from_u128(0xc0)),
        from,
        callee: to.user,
        description: description(DescriptionKind::Offer, 0, "offer"),
        reach: Reach::Devices,
        connected: true,
        call_waiting: true,
    }
}

pub(super) fn ada() -> Party {
    party(0xa, 1)
}

pub(super) fn bob() -> Party {
    party(0xb, 1)
}

/// Bob's second device.
pub(super) fn bobs_other() -> Party {
    party(0xb, 2)
}

pub(super) fn eve() -> Party {
    party(0xe, 1)
}

pub(super) fn party(user: u128, device: u128) -> Party {
    Party {
        user: UserId(Uuid::from_u128(user)),
        device: DeviceId(Uuid::from_u128(user * 16 + device)),
        device_name: format!("device {device}").parse().unwrap(),
    }
}

pub(super) fn answer() -> Request {
    Request::Answer {
        description: description(DescriptionKind::Answer, 0, "answer"),
        candidates: vec![candidate(50_000)],
    }
}

pub(super) fn connected() -> Request {
    report(CallReport::Connected)
}

pub(super) fn report(report: CallReport) -> Request {
    Request::Report {
        report,
        heard_ago: None,
    }
}

pub(super) const HANG_UP: Request = Request::HangUp { heard_ago: None };

/// An offer with which a device takes a call over.
pub(super) fn take(epoch: u16) -> Request {
    Request::Take {
        description: description(DescriptionKind::Offer, epoch, "taken"),
    }
}

pub(super) fn sound(change: u32, on_hold: bool) -> Request {
    Request::SetSound {
        sound: CallSound {
            muted: false,
            on_hold,
            change,
        },
    }
}
