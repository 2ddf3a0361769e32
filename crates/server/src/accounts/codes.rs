//! Codes that people type: those of an authenticator app (RFC 6238) and recovery codes.
//!
//! Functions of what is kept, what is typed and the time; what is good once is used up in the store.

use protocol::Timestamp;
use protocol::account::Token;
use protocol::limits::{AUTHENTICATOR_CODE_STEP, RECOVERY_CODES};
use sha2::{Digest as _, Sha256};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::secrets;
use crate::store::factors::{AppSecret, CodeHash};

/// Digits of an authenticator app's code: what every app shows.
const DIGITS: u8 = 6;
/// Steps by which the clock of a phone may be off, each way (RFC 6238 §5.2).
const SKEW_STEPS: u16 = 1;
/// Random bytes of a recovery code: 120 bits, which nobody guesses even with its hash before them, so that a fast hash is
/// enough (OWASP ASVS 5.0, 6.5.2: from 112 bits on).
const RECOVERY_BYTES: usize = 15;
/// Crockford's base 32: no letter that could be read as a digit or another letter.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters between two hyphens.
const GROUP: usize = 4;

/// The step of a code that an authenticator app shows about now; nothing where the code is none of it.
pub(super) fn step_of(secret: &AppSecret, typed: &Token, now: Timestamp) -> Option<u64> {
    let typed: String = typed.expose().split_whitespace().collect();
    let seconds = u64::try_from(now.0).ok()? / 1000;
    app(secret).check(&typed, seconds)
}

/// The secret as a person types it.
pub(super) fn secret_text(secret: &AppSecret) -> Token {
    Token::new(Secret::new_stack(*secret).to_base32())
}

/// The secret as an app reads it from a QR code: a key URI, with nothing in it that is the default of every app.
pub(super) fn key_uri(secret: &AppSecret, host: &str, username: &str) -> Token {
    let (secret, host) = (secret_text(secret), escaped(host));
    let username = escaped(username);
    let secret = secret.expose();
    Token::new(format!(
        "otpauth://totp/{host}:{username}?secret={secret}&issuer={host}"
    ))
}

/// New recovery codes, and what to keep of them.
pub(super) fn recovery_codes() -> (Vec<Token>, Vec<CodeHash>) {
    let codes = (0..RECOVERY_CODES).map(|_| {
        let letters = letters(secrets::random());
        let groups: Vec<&str> = (0..letters.len())
            .step_by(GROUP)
            .filter_map(|at| letters.get(at..at + GROUP))
            .collect();
        (Token::new(groups.join("-")), hash(&letters))
    });
    codes.unzip()
}

/// What is kept of a recovery code, however it was typed.
pub(super) fn recovery_hash(typed: &Token) -> CodeHash {
    let typed = typed.expose().chars().filter(char::is_ascii_alphanumeric);
    let letters: String = typed
        .map(|letter| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            letter => letter,
        })
        .collect();
    hash(&letters)
}

fn hash(letters: &str) -> CodeHash {
    Sha256::digest(letters).into()
}

fn app(secret: &AppSecret) -> Totp {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(SKEW_STEPS)
        .with_step_duration(AUTHENTICATOR_CODE_STEP.0 / 1000)
        .with_secret(Secret::new_stack(*secret))
        // What it would check are the constants above, and the length, which the type says.
        .build_noncompliant()
}

/// Five bits for each letter.
fn letters(random: [u8; RECOVERY_BYTES]) -> String {
    let bits = random
        .iter()
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let count = RECOVERY_BYTES * 8 / 5;
    let letter = |place: usize| {
        let index = bits >> (5 * place) & 31;
        let index = usize::try_from(index).unwrap_or_default();
        char::from(LETTERS.get(index).copied().unwrap_or(b'0'))
    };
    (0..count).map(letter).collect()
}

/// Percent-encodes everything that is not a letter, a digit or one of `-._~` (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: AppSecret = *b"12345678901234567890";

    #[test]
    fn the_codes_of_rfc_6238_are_taken() {
        // The last six of the eight digits that the appendix shows.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = step(code, seconds);
            assert_eq!(step, Some(u64::try_from(seconds).unwrap() / 30), "{code}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        let code = "005924";
        let step_begins = 1_234_567_890 / 30 * 30;
        assert_eq!(step(code, step_begins - 31), None);
        assert!(step(code, step_begins - 30).is_some());
        assert!(step(code, step_begins + 59).is_some());
        assert_eq!(step(code, step_begins + 60), None);
    }

    #[test]
    fn a_code_may_be_typed_in_two_halves_and_garbage_is_none() {
        assert!(step(" 005 924 ", 1_234_567_890).is_some());
        for garbage in ["", "5924", "0059240", "００５９２４", "00592a", "-05924"] {
            assert_eq!(step(garbage, 1_234_567_890), None, "{garbage}");
        }
    }

    #[test]
    fn apps_read_the_secret_and_whose_it_is() {
        let uri = key_uri(&SECRET, "ahoy.example:8443", "ada");
        assert_eq!(
            uri.expose(),
            "otpauth://totp/ahoy.example%3A8443:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=ahoy.example%3A8443"
        );
    }

    #[test]
    fn recovery_codes_differ_and_are_known_however_they_are_typed() {
        let (codes, hashes) = recovery_codes();
        assert_eq!(codes.len(), 10);
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 10);
        for (code, hash) in codes.iter().zip(hashes) {
            let code = code.expose();
            assert_eq!(code.len(), "abcd-efgh-jkmn-pqrs-tvwx-yz01".len(), "{code}");
            let sloppy = code.to_uppercase().replace('-', " ").replace('0', "O");
            assert_eq!(recovery_hash(&Token::new(sloppy)), hash);
            assert_eq!(recovery_hash(&Token::new(code.to_owned())), hash);
        }
    }

    #[test]
    fn every_bit_counts() {
        let all: BTreeSet<String> = (0..8 * RECOVERY_BYTES)
            .map(|bit| {
                let mut bytes = [0; RECOVERY_BYTES];
                bytes[bit / 8] = 1 << (bit % 8);
                letters(bytes)
            })
            .collect();
        assert_eq!(all.len(), 120);
    }

    fn step(code: &str, seconds: i64) -> Option<u64> {
        let now = Timestamp(seconds * 1000);
        step_of(&SECRET, &Token::new(code.to_owned()), now)
    }
}
