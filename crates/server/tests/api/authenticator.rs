//! An authenticator made of software, for passkeys: what a phone or a key on a ring would answer, and what a forger would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Bits of the authenticator data (WebAuthn Level 3 §6.1).
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const ATTESTED: u8 = 1 << 6;

/// A passkey, as its device knows it. What it lies about, a test sets.
#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    key: SigningKey,
    id: Vec<u8>,
    /// The account that it was made for, as the server named it.
    pub(crate) handle: String,
    /// The site that it believes to be at.
    pub(crate) host: String,
    pub(crate) origin: String,
    pub(crate) counter: u32,
    pub(crate) user_verified: bool,
}

impl Passkey {
    /// Makes a passkey for the options of the server; tells it as a browser would.
    pub(crate) fn make(number: u8, origin: &str, options: &Value) -> (Self, Value) {
        let host = origin.rsplit('/').next().unwrap();
        let passkey = Self {
            key: SigningKey::from_bytes(&[number; 32]),
            id: vec![number; 32],
            handle: options["user"]["id"].as_str().unwrap().to_owned(),
            host: host.split(':').next().unwrap().to_owned(),
            origin: origin.to_owned(),
            counter: 1,
            user_verified: true,
        };
        let told = passkey.registration(options);
        (passkey, told)
    }

    /// The same device's answer to the options for making it.
    pub(crate) fn registration(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.create", options);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encode(&client_data),
                "attestationObject": encode(&self.attestation()),
                "transports": ["internal"],
            },
        })
    }

    /// Answers a challenge, and counts.
    pub(crate) fn answer(&mut self, options: &Value) -> Value {
        self.counter += 1;
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let signed = [&data[..], &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(&signed).to_bytes();
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(&signature),
                "userHandle": self.handle,
            },
        })
    }

    /// This passkey as somebody would forge it who does not have its key.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self {
            key: other.key.clone(),
            ..self.clone()
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["challenge"].as_str().unwrap();
        let origin = &self.origin;
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        )
        .into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let verified = if self.user_verified { USER_VERIFIED } else { 0 };
        let flags = USER_PRESENT | verified | more;
        let site = Sha256::digest(&self.host);
        [&site[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// CBOR of an attestation object without attestation (§6.5.4, §8.7).
    fn attestation(&self) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let public = self.key.verifying_key();
        // A COSE key: OKP, EdDSA, Ed25519, x.
        let cose = [
            &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..],
            public.as_bytes(),
        ];
        let cose = cose.concat();
        let data = [&self.data(ATTESTED)[..], &[0; 16], &length, &self.id, &cose].concat();
        let size = u8::try_from(data.len()).unwrap();
        [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58",
            &[size][..],
            &data,
        ]
        .concat()
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
