//! Two people, their devices, descriptions and candidates.

use call::switchboard::Party;
use protocol::description::{
    CallDescription, Candidate, CandidateKind, Codec, DescriptionKind, Direction, DtlsRole,
};
use protocol::{AttemptId, CallId, ConversationId, DeviceId, UserId};
use uuid::Uuid;

pub(crate) const ADA: UserId = UserId(Uuid::from_u128(0xa));
pub(crate) const BOB: UserId = UserId(Uuid::from_u128(0xb));
pub(crate) const EVE: UserId = UserId(Uuid::from_u128(0xe));
pub(crate) const CALL: CallId = CallId(Uuid::from_u128(0xca11));
pub(crate) const OTHER_CALL: CallId = CallId(Uuid::from_u128(0xca12));
pub(crate) const CONVERSATION: ConversationId = ConversationId(Uuid::from_u128(0xc0));
pub(crate) const ATTEMPT: AttemptId = AttemptId(Uuid::from_u128(0xa7));
pub(crate) const OTHER_ATTEMPT: AttemptId = AttemptId(Uuid::from_u128(0xa8));

pub(crate) fn party(user: UserId, device: u128) -> Party {
    Party {
        user,
        device: DeviceId(Uuid::from_u128(user.0.as_u128() * 16 + device)),
        device_name: format!("device {device}").parse().unwrap(),
    }
}

pub(crate) fn offer(epoch: u16) -> CallDescription {
    description(DescriptionKind::Offer, epoch)
}

pub(crate) fn answer(epoch: u16) -> CallDescription {
    description(DescriptionKind::Answer, epoch)
}

fn description(kind: DescriptionKind, epoch: u16) -> CallDescription {
    CallDescription {
        epoch,
        kind,
        ufrag: "abcd".parse().unwrap(),
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
            max_average_bitrate: None,
        }],
        extensions: Vec::new(),
        direction: Direction::Sendrecv,
    }
}

pub(crate) fn candidate(port: u16) -> Candidate {
    Candidate {
        foundation: "1".parse().unwrap(),
        priority: 1,
        address: "192.0.2.1".parse().unwrap(),
        port,
        kind: CandidateKind::Host,
    }
}
