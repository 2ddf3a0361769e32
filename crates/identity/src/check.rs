//! Whether a description that came is the other device's word on this call and this connection.
//!
//! The only way into a peer connection leads through here. What it cannot know is whether the key is the person's: that is
//! [`crate::standing`].

use ed25519_dalek::SigningKey;
use protocol::call::Role;
use protocol::description::{CallDescription, DescriptionKind};
use protocol::identity::CodePart;

use crate::layout::{CallName, End, signed_bytes};
use crate::{device_key, is_signed, sign};

/// What a device knows of a connection when a description comes.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The call.
    pub call: &'a CallName,
    /// Which side this device is on.
    pub role: Role,
    /// This device and its certificate.
    pub own: &'a End,
    /// The other end, once a description of it was taken into this connection.
    pub other: Option<&'a End>,
}

/// Why a description is not taken. Each of them ends the call with cause `identity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// It is of another call.
    #[error("the description is of another call")]
    Attempt,
    /// It begins a connection where there is one, or goes on with one where there is none.
    #[error("the description does not fit the connection")]
    Beginning,
    /// Another device or another certificate than this connection has.
    #[error("the other end is not the one of this connection")]
    End,
    /// The key did not sign it, or signed it for another end than this one.
    #[error("the signature is not of this description")]
    Signature,
}

/// Checks a description that came.
///
/// # Errors
/// [`Forged`] says what is wrong.
pub fn check(known: &Known<'_>, description: &CallDescription) -> Result<(), Forged> {
    let identity = &description.identity;
    if identity.attempt != known.call.attempt {
        return Err(Forged::Attempt);
    }
    // The first description of the other side begins, by a commitment or by the answer to one, and no other does.
    let begins = match (&identity.code, description.kind) {
        (Some(CodePart::Commitment(_)), DescriptionKind::Offer)
        | (Some(CodePart::Nonce(_)), DescriptionKind::Answer) => true,
        (None, _) => false,
        (Some(CodePart::Commitment(_)), DescriptionKind::Answer)
        | (Some(CodePart::Nonce(_)), DescriptionKind::Offer) => return Err(Forged::Beginning),
    };
    if begins != known.other.is_none() {
        return Err(Forged::Beginning);
    }
    let is_end = |end: &End| end.key == identity.key && end.fingerprint == description.fingerprint;
    if !known.other.is_none_or(is_end) {
        return Err(Forged::End);
    }
    let other = Some(known.own).filter(|_| !description.begins());
    let bytes = signed_bytes(known.call, known.role.other(), description, other);
    if is_signed(&identity.key, &bytes, &identity.signature) {
        Ok(())
    } else {
        Err(Forged::Signature)
    }
}

/// A device's own description with its key and signature.
pub fn signed(
    known: &Known<'_>,
    key: &SigningKey,
    mut description: CallDescription,
) -> CallDescription {
    description.identity.key = device_key(key);
    let other = known.other.filter(|_| !description.begins());
    let bytes = signed_bytes(known.call, known.role, &description, other);
    description.identity.signature = sign(key, &bytes);
    description
}
