//! Access tokens: JWTs signed with Ed25519 (RFC 8037), and nothing else accepted.
//!
//! The rule kept here: one algorithm, keys only from our own ring, and `typ`, `iss`, `aud` and every
//! time checked against the server's clock. The header's `kid` only picks a key of the ring; `jwk`,
//! `jku` and the like are never looked at. Whether the session still lives is not known here.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use protocol::account::Token;
use protocol::error::ErrorCode;
use protocol::limits::ACCESS_TOKEN_LIFE;
use protocol::{DeviceId, Milliseconds, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::KeyRing;
use crate::error::Refusal;
use crate::incidents::Incident;
use crate::secrets;

/// The `typ` of our access tokens, so that no other kind of token is ever taken for one (RFC 8725 §3.11).
const TOKEN_TYPE: &str = "ahoy-at+jwt";
/// The `aud` of our access tokens.
const AUDIENCE: &str = "ahoy";
/// How far the clocks of several nodes may be apart.
const LEEWAY: Milliseconds = Milliseconds::from_seconds(30);

/// Makes and checks access tokens.
#[derive(Debug)]
pub struct Tokens {
    keys: KeyRing,
    issuer: String,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The session.
    pub session: SessionId,
    /// Until when the token is good, leeway not counted.
    pub expires_at: Timestamp,
}

/// The claims as they travel (RFC 7519 §4.1); times in seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    did: DeviceId,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

/// A token that is not accepted. Whoever shows it is not told why: that would only help to forge one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access token is not valid or has expired")]
pub enum InvalidToken {
    /// It was not signed by this server for this use, or with a key that is forgotten by now.
    NotOurs,
    /// It is genuine, and its time is over or has not begun.
    NotNow,
}

impl From<InvalidToken> for Refusal {
    fn from(invalid: InvalidToken) -> Self {
        let message =
            "The access token is not valid or has expired. Refresh the session, or sign in.";
        Self {
            incident: (invalid == InvalidToken::NotOurs).then_some(Incident::ForgedToken),
            ..Self::new(ErrorCode::Unauthenticated, message)
        }
    }
}

impl Tokens {
    /// Works with the keys of a ring, in the name of an issuer.
    pub fn new(keys: KeyRing, issuer: String) -> Self {
        // Fails where another server of this process installed the same one before, as tests do.
        let _already = PROVIDER.install_default();
        Self { keys, issuer }
    }

    /// The keys, for the key set and for rotation.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// A token for one session, good for [`ACCESS_TOKEN_LIFE`].
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] where the key is unusable.
    pub fn issue(
        &self,
        now: Timestamp,
        user: UserId,
        device: DeviceId,
        session: SessionId,
    ) -> Result<Token, Refusal> {
        let key = self.keys.current();
        let header = Header {
            typ: Some(TOKEN_TYPE.to_owned()),
            kid: Some(key.id().to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        let payload = Payload {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            did: device,
            iat: seconds(now),
            nbf: seconds(now),
            exp: seconds(now + ACCESS_TOKEN_LIFE),
            jti: secrets::new_id(now),
        };
        let signing = EncodingKey::from_ed_der(key.secret());
        jsonwebtoken::encode(&header, &payload, &signing)
            .map(Token::new)
            .map_err(|error| Refusal::internal(&error))
    }

    /// Whose token it is, if it is genuine and not expired.
    ///
    /// # Errors
    /// [`InvalidToken`], whatever the reason.
    pub fn verify(&self, now: Timestamp, token: &Token) -> Result<Claims, InvalidToken> {
        let text = token.expose();
        let header = jsonwebtoken::decode_header(text).map_err(|_| InvalidToken::NotOurs)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TOKEN_TYPE) {
            return Err(InvalidToken::NotOurs);
        }
        let key_id = header.kid.ok_or(InvalidToken::NotOurs)?;
        let public = self
            .keys
            .public(&key_id, now)
            .ok_or(InvalidToken::NotOurs)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library asks the machine's clock; ours is asked below.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        let key = DecodingKey::from_ed_der(&public);
        let payload = jsonwebtoken::decode::<Payload>(text, &key, &validation)
            .map_err(|_| InvalidToken::NotOurs)?
            .claims;
        let (not_before, expires_at) = (timestamp(payload.nbf), timestamp(payload.exp));
        if now + LEEWAY < not_before || expires_at + LEEWAY <= now {
            return Err(InvalidToken::NotNow);
        }
        Ok(Claims {
            user: payload.sub,
            device: payload.did,
            session: payload.sid,
            expires_at,
        })
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp(seconds.saturating_mul(1000))
}

/// Ed25519 alone. The providers that come with the library bring RSA and four curves along, one of
/// them with a known timing leak, for algorithms that are refused here anyway.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => {
            let seed = key.as_bytes().try_into();
            let seed: [u8; 32] = seed.map_err(|_| ErrorKind::InvalidEddsaKey)?;
            Ok(Box::new(Ed25519(ed25519_dalek::SigningKey::from_bytes(
                &seed,
            ))))
        }
        _ => Err(refused()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => {
            let public = key.try_get_as_bytes()?.try_into();
            let public: [u8; 32] = public.map_err(|_| ErrorKind::InvalidEddsaKey)?;
            let public = ed25519_dalek::VerifyingKey::from_bytes(&public);
            Ok(Box::new(Ed25519(
                public.map_err(|_| ErrorKind::InvalidEddsaKey)?,
            )))
        }
        _ => Err(refused()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn refused() -> JwtError {
    ErrorKind::InvalidAlgorithm.into()
}

struct Ed25519<K>(K);

impl Signer<Vec<u8>> for Ed25519<ed25519_dalek::SigningKey> {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        use ed25519_dalek::Signer as _;
        let signature = self
            .0
            .try_sign(message)
            .map_err(|_| SignatureError::new())?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl JwtSigner for Ed25519<ed25519_dalek::SigningKey> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl Verifier<Vec<u8>> for Ed25519<ed25519_dalek::VerifyingKey> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_slice(signature);
        let signature = signature.map_err(|_| SignatureError::new())?;
        // Strict: no signature that a third party could have altered, no weak key.
        let verified = self.0.verify_strict(message, &signature);
        verified.map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Ed25519<ed25519_dalek::VerifyingKey> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
