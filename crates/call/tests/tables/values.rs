//! Two people, their devices, descriptions and candidates.

use call::switchboard::Party;
use protocol::description::{CallDescription, DescriptionKind};
use protocol::{AttemptId, CallId, ConversationId, DeviceId, UserId};
use uuid::Uuid;

pub(crate) use super::descriptions::candidate;
use super::descriptions::description;

pub(crate) const ADA: UserId = UserId(Uuid::from_u128(0xa));
pub(crate) const BOB: UserId = UserId(Uuid::from_u128(0xb));
pub(crate) const EVE: UserId = UserId(Uuid::from_u128(0xe));
pub(crate) const CALL: CallId = CallId(Uuid::from_u128(0xca11));
pub(crate) const OTHER_CALL: CallId = CallId(Uuid::from_u128(0xca12));
pub(crate) const FIRST_CALL: CallId = CallId(Uuid::from_u128(0xca10));
pub(crate) const CONVERSATION: ConversationId = ConversationId(Uuid::from_u128(0xc0));
pub(crate) const OTHER_CONVERSATION: ConversationId = ConversationId(Uuid::from_u128(0xc1));
pub(crate) const ATTEMPT: AttemptId = AttemptId(Uuid::from_u128(0xa7));
pub(crate) const FIRST_ATTEMPT: AttemptId = AttemptId(Uuid::from_u128(0xa6));
pub(crate) const OTHER_ATTEMPT: AttemptId = AttemptId(Uuid::from_u128(0xa8));

pub(crate) fn party(user: UserId, device: u128) -> Party {
    Party {
        user,
        device: DeviceId(Uuid::from_u128(user.0.as_u128() * 16 + device)),
        device_name: format!("device {device}").parse().unwrap(),
    }
}

pub(crate) fn offer(epoch: u16) -> CallDescription {
    description(DescriptionKind::Offer, epoch, "abcd")
}

pub(crate) fn answer(epoch: u16) -> CallDescription {
    description(DescriptionKind::Answer, epoch, "abcd")
}

/// With another certificate.
pub(crate) fn strange(description: CallDescription) -> CallDescription {
    CallDescription {
        fingerprint: "cd".repeat(32).parse().unwrap(),
        ..description
    }
}
