//! What the two devices of a test describe themselves with. Shared by the tests of this crate, by `#[path]`.

use protocol::AttemptId;
use protocol::description::{
    CallDescription, Candidate, CandidateKind, Codec, DescriptionKind, Direction, DtlsRole,
};
use protocol::identity::{CodePart, Identity};
use uuid::Uuid;

/// One that begins a connection, of a call by this attempt.
pub(crate) fn description(kind: DescriptionKind, epoch: u16, ufrag: &str) -> CallDescription {
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
            max_average_bitrate: None,
        }],
        extensions: Vec::new(),
        direction: Direction::Sendrecv,
        identity: Box::new(Identity {
            attempt: AttemptId(Uuid::from_u128(0xa7)),
            key: "cd".repeat(32).parse().unwrap(),
            code: Some(match kind {
                DescriptionKind::Offer => CodePart::Commitment("ef".repeat(32).parse().unwrap()),
                DescriptionKind::Answer => CodePart::Nonce("ef".repeat(32).parse().unwrap()),
            }),
            signature: "01".repeat(64).parse().unwrap(),
        }),
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
