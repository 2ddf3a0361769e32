//! Which new passwords are too easy to guess.
//!
//! The rule kept here: a new password needs at least [`GUESSES_MIN`] guesses by somebody who tries common passwords, names,
//! words, dates, rows of keys, and what is known of the account and the server, the likeliest first. zxcvbn counts them
//! ([Wheeler, USENIX Security 2016](https://www.usenix.org/conference/usenixsecurity16/technical-sessions/presentation/wheeler));
//! its lists have far more than the 3,000 commonest passwords. No kind of character is asked for, and passwords in use are
//! left alone.

use protocol::error::ErrorCode;
use protocol::{DisplayName, Password, Username};
use zxcvbn::zxcvbn;

use super::Accounts;
use crate::error::Refusal;

/// Guesses that a password must withstand. Over the network the waiting times let through fewer than 100 a day; this number
/// is for a stolen database, where a guess costs an Argon2id hash, about 20 ms of a core: 23 days of one core.
const GUESSES_MIN: u64 = 100_000_000;
/// Shorter parts of a name say nothing.
const WORD_MIN_CHARS: usize = 3;

/// Whether somebody who knows these words guesses a password too soon.
pub(super) fn is_guessable(password: &Password, about: &[String]) -> bool {
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    zxcvbn(password.expose(), &about).guesses() < GUESSES_MIN
}

pub(super) fn refusal() -> Refusal {
    let message = "This password is among the first that somebody would try. Take a few words that have nothing to do \
                   with each other or with you, or let a password manager make one.";
    Refusal::new(ErrorCode::PasswordGuessable, message)
}

/// A name as it is written, its parts, and these without what parts them.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let parts: Vec<&str> = name.split(|char: char| !char.is_alphanumeric()).collect();
    let joined = parts.concat();
    let all = parts.into_iter().chain([&*name, &*joined]);
    let mut words: Vec<String> = all
        .filter(|word| word.chars().count() >= WORD_MIN_CHARS)
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

impl Accounts {
    /// What somebody who guesses this account's password tries first.
    pub(super) fn words_about(&self, username: &Username, name: &DisplayName) -> Vec<String> {
        let mut words = words_of(username.as_str());
        words.extend(words_of(name.as_str()));
        words.extend_from_slice(&self.server_words);
        words.push("ahoy".to_owned());
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_passwords_and_what_is_known_of_the_account_are_guessable() {
        for text in [
            "1234567890",
            "password123",
            "Password123!",
            "P@ssw0rd123",
            "qwertyuiop",
            "iloveyou12",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "19900101199",
            "ada.lovelace",
            "adalovelace1",
            "lovelace1815",
            "ahoyahoyahoy",
            "chat.example",
            "Chatexample1",
        ] {
            assert!(is_guessable(&password(text), &about()), "{text}");
        }
    }

    #[test]
    fn some_words_together_and_what_a_manager_makes_are_not() {
        for text in [
            "correct horse battery",
            "a quite new password",
            "ada.lovelace likes long walks",
            "x7Gk2pQw9z",
            "überall grüne Äpfel",
            "夜の海をひとりで泳ぐ猫",
        ] {
            assert!(!is_guessable(&password(text), &about()), "{text}");
        }
    }

    /// The longest that is taken, of what is slowest to judge, ends.
    #[test]
    fn the_longest_password_is_judged() {
        for part in ["a", "password", "qwerty", "2001", "p@"] {
            let text: String = part.chars().cycle().take(256).collect();
            is_guessable(&password(&text), &about());
        }
    }

    #[test]
    fn a_name_is_known_as_a_whole_and_in_parts() {
        assert_eq!(
            words_of("Ada.Lovelace"),
            ["ada", "ada.lovelace", "adalovelace", "lovelace"]
        );
        assert_eq!(words_of("Al"), [""; 0]);
    }

    fn about() -> Vec<String> {
        let names = ["ada.lovelace", "Ada Lovelace", "chat.example", "ahoy"];
        names.into_iter().flat_map(words_of).collect()
    }

    fn password(text: &str) -> Password {
        Password::try_from(text.to_owned()).unwrap()
    }
}
