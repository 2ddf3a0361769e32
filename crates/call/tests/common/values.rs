//! People, conversations and descriptions.

use protocol::description::{CallDescription, Codec, DescriptionKind, Direction, DtlsRole};
use protocol::{ConversationId, UserId};
use uuid::Uuid;

pub(crate) fn user(person: usize) -> UserId {
    UserId(Uuid::from_u128(person as u128 + 0xa0))
}

/// The conversation of two; its id holds both.
pub(crate) fn conversation(a: usize, b: usize) -> ConversationId {
    let (a, b) = (user(a.min(b)), user(a.max(b)));
    ConversationId(Uuid::from_u128(a.0.as_u128() << 32 | b.0.as_u128()))
}

pub(crate) fn other(conversation: ConversationId, me: UserId) -> UserId {
    let both = conversation.0.as_u128();
    let (a, b) = (both >> 32, both & 0xffff_ffff);
    UserId(Uuid::from_u128(if a == me.0.as_u128() { b } else { a }))
}

/// A description of a peer connection with certificate `certificate`; every one has an `ufrag` of its own.
pub(crate) fn description(
    kind: DescriptionKind,
    epoch: u16,
    certificate: u64,
    ufrag: u64,
) -> CallDescription {
    CallDescription {
        epoch,
        kind,
        ufrag: format!("{ufrag:08x}").parse().unwrap(),
        pwd: "q8W1vHkq0mXk9pYc2dRt5uZa".parse().unwrap(),
        fingerprint: format!("{certificate:064x}").parse().unwrap(),
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
