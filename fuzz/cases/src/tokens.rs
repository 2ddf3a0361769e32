//! Access tokens as strangers write them, and as somebody would who had the server's key.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::Timestamp;
use protocol::account::Token;
use serde_json::{Value, json};
use server::accounts::keys::{KEYS_FILE, KeyRing};
use server::accounts::tokens::Tokens;

use crate::reader::Reader;

/// The time in all inputs, in seconds since 1970.
const NOW: i64 = 1_800_000_000;
/// Who makes the tokens.
const ISSUER: &str = "https://ahoy.example";
/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 30;
/// The seed of the key that signs.
const SEED: [u8; 32] = [7; 32];

/// A server that checks tokens, and one that it takes.
struct Gate {
    tokens: Tokens,
    genuine: String,
}

/// Target `token`: an access token. The first byte says whether the rest is a token (0), header and claims that are signed by the
/// server's key (1), or changes of a good one (2). Nobody gets in by a token that the server did not sign, nor by one that it
/// signed for another use, another time or another server; and a token has one form.
pub fn token(input: &[u8]) {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let gate = GATE.get_or_init(Gate::new);
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    match kind % 3 {
        0 => gate.check_text(rest.to_vec()),
        1 => gate.check_signed(Reader(rest)),
        _ => gate.check_changed(Reader(rest)),
    }
}

impl Gate {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let key = |seed: [u8; 32]| json!({"secret": BASE64.encode(seed), "at": NOW * 1000});
        let ring = json!({"current": key(SEED), "next": key([8; 32]), "retired": [key([9; 32])]});
        std::fs::write(directory.path().join(KEYS_FILE), ring.to_string()).expect("room");
        let ring = KeyRing::open(directory.path(), Timestamp(NOW * 1000)).expect("a ring");
        let gate = Self {
            genuine: signed(&header(&ring), &claims()),
            tokens: Tokens::new(ring, ISSUER.to_owned()),
        };
        assert!(
            gate.opens(&gate.genuine),
            "or nothing here would mean anything"
        );
        gate
    }

    fn opens(&self, text: &str) -> bool {
        let token = Token::new(text.to_owned());
        self.tokens.verify(Timestamp(NOW * 1000), &token).is_ok()
    }

    fn check_text(&self, text: Vec<u8>) {
        if let Ok(text) = String::from_utf8(text) {
            assert_eq!(self.opens(&text), text == self.genuine, "a forged token");
        }
    }

    /// A length of two bytes and the header, then the claims.
    fn check_signed(&self, mut input: Reader<'_>) {
        let Some(header) = input.bytes() else {
            return;
        };
        let claims = input.0;
        if !self.opens(&signed(header, claims)) {
            return;
        }
        let read = |bytes| serde_json::from_slice::<Value>(bytes).expect("it was read before");
        let (header, claims) = (read(header), read(claims));
        assert_eq!(header["alg"], "EdDSA");
        assert_eq!(header["typ"], "ahoy-at+jwt");
        assert_eq!(header["kid"], self.tokens.keys().current().id());
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["aud"], "ahoy");
        let time = |name: &str| claims[name].as_i64().expect("a time");
        assert!(time("nbf") <= NOW + LEEWAY && NOW < time("exp").saturating_add(LEEWAY));
    }

    /// Places of two bytes, each with the byte to put there.
    fn check_changed(&self, mut input: Reader<'_>) {
        let mut text = self.genuine.clone().into_bytes();
        while let (Some(place), Some(byte)) = (input.number(), input.byte()) {
            let place = usize::from(place) % text.len();
            text[place] = byte;
        }
        self.check_text(text);
    }
}

/// Header and claims of a good token, as [`Gate::check_signed`] reads them.
pub fn token_parts() -> Vec<u8> {
    let header = header(Gate::new().tokens.keys());
    let length = u16::try_from(header.len()).expect("short");
    [&length.to_be_bytes()[..], &header, &claims()].concat()
}

fn header(ring: &KeyRing) -> Vec<u8> {
    json!({"typ": "ahoy-at+jwt", "alg": "EdDSA", "kid": ring.current().id()})
        .to_string()
        .into_bytes()
}

fn claims() -> Vec<u8> {
    let id = "019aabb8-b400-7000-8000-0000000000e1";
    let claims = json!({
        "iss": ISSUER, "aud": "ahoy", "sub": id, "sid": id, "did": id,
        "iat": NOW, "nbf": NOW, "exp": NOW + 600, "jti": id,
    });
    claims.to_string().into_bytes()
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let text = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let signature = SigningKey::from_bytes(&SEED).sign(text.as_bytes());
    format!("{text}.{}", BASE64.encode(signature.to_bytes()))
}
