//! What devices sign, and what somebody between them may make of it.

use ed25519_dalek::SigningKey;
use identity::check::{Forged, Known, check, signed};
use identity::code::{PICTURES, Revealed, code, commitment, mark};
use identity::device_key;
use identity::endorsement::{endorse, is_endorsed};
use identity::layout::{CallName, End, signed_bytes};
use identity::standing::{Pin, standing};
use protocol::call::Role;
use protocol::control::ControlMessage;
use protocol::description::{CallDescription, DescriptionKind};
use protocol::identity::{CodePart, PersonKeys, Standing};
use protocol::{AttemptId, UserId};

use crate::bodies::assert_same_when_written;
use crate::reader::Reader;

/// Target `identity`: bytes of a peer or of a server that lies. The first byte says what the rest is: one description (0), two of
/// them (1), the keys of a person (2), or a message of the control channel (3).
pub fn identity(input: &[u8]) {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    match kind % 4 {
        0 => description(rest),
        1 => two_descriptions(Reader(rest)),
        2 => keys(rest),
        _ => control(rest),
    }
}

/// What a device signs is taken by the device and for the call that it is meant for, where it fits the connection, and by nobody
/// else.
fn description(input: &[u8]) {
    let Some(mut description) = read_description(input) else {
        return;
    };
    let call = call();
    let (ada, ben) = (
        SigningKey::from_bytes(&[1; 32]),
        SigningKey::from_bytes(&[2; 32]),
    );
    let end = |key| End {
        key: device_key(key),
        fingerprint: description.fingerprint.clone(),
    };
    let (ada_end, ben_end) = (end(&ada), end(&ben));
    let known = |role, own, other| Known {
        call: &call,
        role,
        own,
        other,
    };
    // As it came: nobody who has its key is here.
    for other in [None, Some(&ada_end)] {
        let taken = check(&known(Role::Callee, &ben_end, other), &description);
        assert!(taken.is_err(), "a signature that nobody made");
    }
    description.identity.attempt = call.attempt;
    let sent = signed(
        &known(Role::Caller, &ada_end, Some(&ben_end)),
        &ada,
        description,
    );
    let begins = match (&sent.identity.code, sent.kind) {
        (Some(CodePart::Commitment(_)), DescriptionKind::Offer)
        | (Some(CodePart::Nonce(_)), DescriptionKind::Answer) => Some(true),
        (None, _) => Some(false),
        _ => None,
    };
    for other in [None, Some(&ada_end)] {
        let taken = check(&known(Role::Callee, &ben_end, other), &sent);
        let fits = begins == Some(other.is_none());
        let expected = if fits { Ok(()) } else { Err(Forged::Beginning) };
        assert_eq!(taken, expected);
        // Given back to its own side, to another call, to another device.
        assert!(check(&known(Role::Caller, &ben_end, other), &sent).is_err());
        let elsewhere = CallName {
            callee: call.caller,
            ..call
        };
        let there = Known {
            call: &elsewhere,
            ..known(Role::Callee, &ben_end, other)
        };
        assert!(check(&there, &sent).is_err());
        // Only the offer that begins may be for any device: it is the answer that is bound to both.
        let eve = known(Role::Callee, &ada_end, other);
        assert_eq!(check(&eve, &sent).is_ok(), fits && sent.begins());
    }
}

/// Different descriptions are different bytes to sign.
fn two_descriptions(mut input: Reader<'_>) {
    let first = input.bytes().and_then(read_description);
    let (Some(mut first), Some(second)) = (first, read_description(input.0)) else {
        return;
    };
    first.identity.signature = second.identity.signature.clone();
    // Which call they are of is compared before, and signed as the call that it must be.
    first.identity.attempt = second.identity.attempt;
    let call = call();
    let bytes = |description| signed_bytes(&call, Role::Caller, description, None);
    assert_eq!(bytes(&first) == bytes(&second), first == second);
}

/// A list of keys that a server made up vouches for nobody.
fn keys(input: &[u8]) {
    let Ok(keys) = serde_json::from_slice::<PersonKeys>(input) else {
        return;
    };
    assert_same_when_written(&keys);
    let own = SigningKey::from_bytes(&[1; 32]);
    let pin = Pin {
        key: device_key(&own),
        verified: true,
    };
    for device in &keys.devices {
        let vouching = device.endorsements.iter();
        let vouching = vouching.filter(|word| is_endorsed(keys.person, &device.key, word));
        let endorsed_by: Vec<_> = vouching.map(|word| word.by.clone()).collect();
        let pins = std::slice::from_ref(&pin);
        let stands = standing(pins, &device.key, Some(&endorsed_by));
        assert_eq!(stands == Standing::Verified, device.key == pin.key);
        assert!(
            mark(keys.person, &device.key)
                .iter()
                .all(|&picture| picture < PICTURES)
        );
        // A true word is one for this key and this account alone.
        let word = endorse(&own, keys.person, &device.key);
        assert_eq!(
            is_endorsed(keys.person, &device.key, &word),
            device.key != pin.key
        );
        assert!(!is_endorsed(call().caller, &device.key, &word) || keys.person == call().caller);
    }
}

/// What the other device says directly. A nonce gives a code whatever it is, and one other than promised is found out.
fn control(input: &[u8]) {
    let Ok(message) = serde_json::from_slice::<ControlMessage>(input) else {
        return;
    };
    assert_same_when_written(&message);
    let ControlMessage::Reveal { nonce } = message else {
        return;
    };
    let end = |seed| End {
        key: device_key(&SigningKey::from_bytes(&[seed; 32])),
        fingerprint: format!("{seed:02x}").repeat(32).parse().expect("hex"),
    };
    let (offerer, answerer) = (end(1), end(2));
    let promised = "5a".repeat(32).parse().expect("hex");
    let promise = |nonce| commitment(call().attempt, &offerer.fingerprint, nonce);
    assert_eq!(promise(&nonce) == promise(&promised), nonce == promised);
    let pictures = code(&Revealed {
        attempt: call().attempt,
        offerer: offerer.clone(),
        answerer,
        offered: nonce,
        answered: promised,
    });
    assert!(pictures.iter().all(|&picture| picture < PICTURES));
}

fn read_description(input: &[u8]) -> Option<CallDescription> {
    let description: CallDescription = serde_json::from_slice(input).ok()?;
    description.check().is_ok().then_some(description)
}

fn call() -> CallName {
    let id = |last: u8| {
        let text = format!("00000000-0000-7000-8000-0000000000{last:02x}");
        text.parse().expect("an id")
    };
    CallName {
        attempt: AttemptId(id(1)),
        caller: UserId(id(2)),
        callee: UserId(id(3)),
    }
}
