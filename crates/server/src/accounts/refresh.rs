//! Tokens of 256 random bits, of which the server keeps a hash: refresh tokens, tickets of sign-ins, names of challenges, what the
//! links of invites and resets carry. They are looked up by that hash, so the time it takes tells nothing of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::account::Token;
use sha2::{Digest as _, Sha256};

use crate::secrets;
use crate::store::sessions::RefreshHash;

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;

/// A new token and what to keep of it.
pub(super) fn new() -> (Token, RefreshHash) {
    let random: [u8; TOKEN_BYTES] = secrets::random();
    let token = Token::new(URL_SAFE_NO_PAD.encode(random));
    let hash = hash(&token);
    (token, hash)
}

/// What is kept of a token. A plain hash is enough: there is nothing to guess in 256 random bits.
pub(super) fn hash(token: &Token) -> RefreshHash {
    Sha256::digest(token.expose()).into()
}
