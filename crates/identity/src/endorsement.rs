//! One device's word that another one is of the same account: a signature over the account and the new key.

use ed25519_dalek::SigningKey;
use protocol::UserId;
use protocol::description::DeviceKey;
use protocol::identity::Endorsement;

use crate::{device_key, hex, is_signed, sign};

const LABEL: &[u8] = b"ahoy device endorsement 1\0";

/// What the older device signs.
pub fn endorsed_bytes(account: UserId, key: &DeviceKey) -> Vec<u8> {
    let mut bytes = LABEL.to_vec();
    bytes.extend(account.0.as_bytes());
    bytes.extend(hex::read::<32>(key.as_str()));
    bytes
}

/// An older device's word for a key.
pub fn endorse(by: &SigningKey, account: UserId, key: &DeviceKey) -> Endorsement {
    Endorsement {
        by: device_key(by),
        signature: sign(by, &endorsed_bytes(account, key)),
    }
}

/// Whether an endorsement of a key is what it says. A device's word for itself is worth nothing.
pub fn is_endorsed(account: UserId, key: &DeviceKey, endorsement: &Endorsement) -> bool {
    endorsement.by != *key
        && is_signed(
            &endorsement.by,
            &endorsed_bytes(account, key),
            &endorsement.signature,
        )
}
