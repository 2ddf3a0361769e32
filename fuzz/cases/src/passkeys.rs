//! What passkeys answer: as a stranger makes it up, and as an authenticator signs it.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::account::Person;
use protocol::factors::WebAuthn;
use protocol::{PasskeyId, UserId};
use serde_json::{Value, json};
use server::accounts::webauthn::{self, Answer, Site};
use server::store::passkeys::Kept;
use sha2::{Digest as _, Sha256};

use crate::reader::Reader;

const HOST: &str = "ahoy.example";
const ORIGIN: &str = "https://ahoy.example";
/// Where the challenge goes in the client data of an input: nobody knows it before.
const CHALLENGE: &str = "CHALLENGE";
/// User present and verified (WebAuthn Level 3 §6.1).
const PRESENT_AND_VERIFIED: u8 = 0b101;
/// The counter of the passkey that is kept.
const COUNTER: u32 = 5;

/// A site, an account, and a passkey of it.
struct Desk {
    site: Site,
    person: Person,
    key: SigningKey,
    kept: Kept,
}

/// Target `passkey`: what a browser's passkey gives. The first byte says whether the rest is all of it as JSON (0), the parts of
/// an answer that is signed truly (1), or the parts of a new passkey (2). An account opens only for the key that is kept, for the
/// challenge and the site, with its owner there, and never for an authenticator whose counter went back.
pub fn passkey(input: &[u8]) {
    static DESK: OnceLock<Desk> = OnceLock::new();
    let desk = DESK.get_or_init(Desk::new);
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    match kind % 3 {
        0 => desk.take_json(rest),
        1 => {
            desk.take_answer(Reader(rest));
        }
        _ => {
            desk.take_new(Reader(rest));
        }
    }
}

impl Desk {
    fn new() -> Self {
        let id = "019aabb8-b400-7000-8000-0000000000e1";
        let account = UserId(id.parse().expect("an id"));
        let person = json!({"id": id, "username": "ada", "display_name": "Ada"});
        let mut desk = Self {
            site: Site::new(HOST, ORIGIN.to_owned()).expect("a site"),
            person: serde_json::from_value(person).expect("a person"),
            key: SigningKey::from_bytes(&[3; 32]),
            kept: Kept {
                id: PasskeyId(id.parse().expect("an id")),
                account,
                fixed_state: Vec::new(),
                moving_state: [0; 7],
            },
        };
        let new = new_passkey(&desk.key);
        let made = desk
            .take_new(Reader(&new))
            .expect("a good passkey is taken");
        (desk.kept.fixed_state, desk.kept.moving_state) = (made.fixed_state, made.moving_state);
        let answer = answer(b'=', COUNTER + 1);
        assert!(
            desk.take_answer(Reader(&answer)),
            "or nothing here would mean anything"
        );
        desk
    }

    /// Without a challenge's answer and a signature nothing opens.
    fn take_json(&self, input: &[u8]) {
        let Ok(given) = serde_json::from_slice::<WebAuthn>(input) else {
            return;
        };
        if let Ok(answer) = Answer::parse(&given) {
            let (asked, _) = webauthn::ask(&self.site).expect("a challenge");
            assert!(answer.check(&self.site, asked, &self.kept).is_err());
        }
        let (making, _) =
            webauthn::begin(&self.site, &self.person, Vec::new()).expect("a challenge");
        assert!(webauthn::finish(&self.site, making, &given).is_err());
    }

    /// Client data and authenticator data with their lengths in two bytes, then `=` where the signature is the kept key's.
    fn take_answer(&self, mut input: Reader<'_>) -> bool {
        let (Some(client_data), Some(data), Some(whose)) =
            (input.bytes(), input.bytes(), input.byte())
        else {
            return false;
        };
        let (asked, options) = webauthn::ask(&self.site).expect("a challenge");
        let challenge = challenge(&options);
        let client_data = put_challenge(client_data, &challenge);
        let genuine = whose == b'=';
        let key = if genuine {
            self.key.clone()
        } else {
            SigningKey::from_bytes(&[whose; 32])
        };
        let signed = [data, &Sha256::digest(&client_data)].concat();
        let given = given(&json!({
            "clientDataJSON": BASE64.encode(&client_data),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(key.sign(&signed).to_bytes()),
            "userHandle": BASE64.encode(self.kept.account.0.as_bytes()),
        }));
        let Ok(answer) = Answer::parse(&given) else {
            return false;
        };
        let Ok(next) = answer.check(&self.site, asked, &self.kept) else {
            return false;
        };
        assert!(
            genuine || key.to_bytes() == self.key.to_bytes(),
            "another's key"
        );
        check_client_data(&client_data, "webauthn.get", &challenge);
        assert_eq!(
            data.get(..32),
            Some(&Sha256::digest(HOST)[..]),
            "another site"
        );
        assert_eq!(data[32] & PRESENT_AND_VERIFIED, PRESENT_AND_VERIFIED);
        let counter = data[33..].first_chunk().copied().map(u32::from_be_bytes);
        assert!(counter > Some(COUNTER), "a copy");
        assert_ne!(next, self.kept.moving_state);
        true
    }

    /// Client data with its length in two bytes, then an attestation object.
    fn take_new(&self, mut input: Reader<'_>) -> Option<webauthn::Made> {
        let client_data = input.bytes()?;
        let attestation = input.0;
        let (making, options) =
            webauthn::begin(&self.site, &self.person, Vec::new()).expect("a challenge");
        let challenge = challenge(&options);
        let client_data = put_challenge(client_data, &challenge);
        let given = given(&json!({
            "clientDataJSON": BASE64.encode(&client_data),
            "attestationObject": BASE64.encode(attestation),
            "transports": [],
        }));
        let made = webauthn::finish(&self.site, making, &given).ok()?;
        check_client_data(&client_data, "webauthn.create", &challenge);
        let site = Sha256::digest(HOST);
        let places = attestation.windows(site.len() + 1);
        let mut data = places.filter(|window| window[..32] == site[..]);
        assert!(data.any(|data| data[32] & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED));
        assert!(!made.credential.is_empty());
        Some(made)
    }
}

/// A new passkey with a key, as [`Desk::take_new`] reads it.
pub fn new_passkey(key: &SigningKey) -> Vec<u8> {
    let public = key.verifying_key();
    // A COSE key: OKP, EdDSA, Ed25519, x.
    let cose = [
        &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..],
        public.as_bytes(),
    ]
    .concat();
    let head = authenticator_data(PRESENT_AND_VERIFIED | 1 << 6, COUNTER);
    let data = [&head[..], &[0; 16], &[0, 32], &[3; 32], &cose].concat();
    let attestation = [
        b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58",
        &[u8::try_from(data.len()).expect("short")][..],
        &data,
    ]
    .concat();
    [with_length(&client_data("webauthn.create")), attestation].concat()
}

/// An answer, as [`Desk::take_answer`] reads it.
pub fn answer(whose: u8, counter: u32) -> Vec<u8> {
    let data = authenticator_data(PRESENT_AND_VERIFIED, counter);
    [
        with_length(&client_data("webauthn.get")),
        with_length(&data),
        vec![whose],
    ]
    .concat()
}

fn authenticator_data(flags: u8, counter: u32) -> Vec<u8> {
    [&Sha256::digest(HOST)[..], &[flags], &counter.to_be_bytes()].concat()
}

fn client_data(kind: &str) -> Vec<u8> {
    json!({"type": kind, "challenge": CHALLENGE, "origin": ORIGIN, "crossOrigin": false})
        .to_string()
        .into_bytes()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("short");
    [&length.to_be_bytes(), bytes].concat()
}

fn given(response: &Value) -> WebAuthn {
    let id = BASE64.encode([3; 32]);
    let given = json!({
        "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response,
    });
    serde_json::from_value(given).expect("an object")
}

fn challenge(options: &WebAuthn) -> String {
    options.0["challenge"]
        .as_str()
        .expect("a challenge")
        .to_owned()
}

fn put_challenge(client_data: &[u8], challenge: &str) -> Vec<u8> {
    match std::str::from_utf8(client_data) {
        Ok(text) => text.replace(CHALLENGE, challenge).into_bytes(),
        Err(_) => client_data.to_vec(),
    }
}

/// What a browser says of itself is of this challenge and this site. The library reads names of fields that it does not know as
/// bytes, whatever they are; ours are read without their control characters.
fn check_client_data(client_data: &[u8], kind: &str, challenge: &str) {
    let text = String::from_utf8_lossy(client_data);
    assert!(text.contains(challenge), "the answer to another challenge");
    let text = text
        .trim_start_matches('\u{feff}')
        .replace(char::is_control, " ");
    let Ok(said) = serde_json::from_str::<Value>(&text) else {
        return;
    };
    assert_eq!(said["type"], kind);
    assert_eq!(said["challenge"], challenge);
    assert_eq!(said["origin"], ORIGIN);
    assert_ne!(said["crossOrigin"], true);
}
