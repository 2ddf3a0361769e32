use protocol::call::{CallReport, EndReason, Here};
use protocol::description::{
    CallDescription, Candidate, CandidateKind, Codec, DescriptionKind, Direction, DtlsRole,
};
use protocol::{AttemptId, CallId, ConversationId, DeviceId, Timestamp, UserId};
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
    assert_eq!(board.ask(bob(), Request::HangUp), Ok(Reply::Done));
    let end = board.end();
    assert_eq!(end.reason, EndReason::HungUp { by: bob().user });
    assert_eq!(end.talked, Some(protocol::Milliseconds(5_000)));
    assert_eq!(board.calls.poll_timeout(), None);
}

pub(super) const CALL: CallId = CallId(Uuid::from_u128(0xca11));

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
        self.handle(Input::Request {
            call: CALL,
            from,
            request,
        })
    }

    /// The one end that was kept.
    pub(super) fn end(&self) -> CallEnd {
        let ends: Vec<CallEnd> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Save(row) => row.record().end,
                _ => None,
            })
            .collect();
        assert_eq!(ends.len(), 1, "{ends:?}");
        ends[0]
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
    }
}

pub(super) fn ada() -> Party {
    party(0xa, 1)
}

pub(super) fn bob() -> Party {
    party(0xb, 1)
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
        candidates: vec![candidate("192.0.2.1")],
    }
}

pub(super) fn connected() -> Request {
    Request::Report {
        report: CallReport::Connected,
    }
}

pub(super) fn description(kind: DescriptionKind, epoch: u16, ufrag: &str) -> CallDescription {
    CallDescription {
        epoch,
        kind,
        ufrag: ufrag.parse().unwrap(),
        pwd: "q8W1vHkq0mXk9pYc2dRt5uZa".parse().unwrap(),
        fingerprint: "ab".repeat(32).parse().unwrap(),
        dtls: match kind {
            DescriptionKind::Offer => DtlsRole::Actpass,
            DescriptionKind::Answer => DtlsRole::Active,
        },
        codecs: vec![Codec::Opus {
            payload_type: 111.try_into().unwrap(),
            fec: true,
            dtx: true,
            cbr: true,
            max_average_bitrate: Some(32_000),
        }],
        extensions: Vec::new(),
        direction: Direction::Sendrecv,
    }
}

pub(super) fn candidate(address: &str) -> Candidate {
    Candidate {
        foundation: "1".parse().unwrap(),
        priority: 1,
        address: address.parse().unwrap(),
        port: 50_000,
        kind: CandidateKind::Host,
    }
}
