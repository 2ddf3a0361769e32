//! Text that people type, checked where it enters: a value of one of these types is well formed.

mod names;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::limits::{
    DEVICE_NAME_MAX_CHARS, DISPLAY_NAME_MAX_CHARS, MESSAGE_MAX_CHARS, PASSKEY_NAME_MAX_CHARS,
    PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, USERNAME_MAX_CHARS, USERNAME_MIN_CHARS,
};

/// What is wrong with a text, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Fewer characters than allowed.
    #[error("is too short: at least {min} characters")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// More characters than allowed.
    #[error("is too long: at most {max} characters")]
    TooLong {
        /// The greatest number of characters.
        max: usize,
    },
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// A character that has no place there.
    #[error("has the character {character:?}, which is not allowed{hint}")]
    Character {
        /// The first such character.
        character: char,
        /// What is allowed instead, or nothing.
        hint: &'static str,
    },
    /// A character that shows nothing, or turns the writing round.
    #[error("has a character that cannot be seen (U+{:04X}); type it without", u32::from(*character))]
    Hidden {
        /// The first such character.
        character: char,
    },
    /// Letters that look like those of another alphabet, in one word with them.
    #[error("mixes letters of several alphabets in one word; use one alphabet a word")]
    MixedAlphabets,
    /// Accents on nothing, or more of them on one letter than anybody writes.
    #[error("has too many marks on one letter")]
    Marks,
}

fn check_length(text: &str, min: usize, max: usize) -> Result<(), InvalidText> {
    // A scalar value is at least one byte, so this bounds the count below.
    let chars = if text.len() > max * 4 {
        max + 1
    } else {
        text.chars().count()
    };
    if chars > max {
        Err(InvalidText::TooLong { max })
    } else if chars < min {
        Err(InvalidText::TooShort { min })
    } else {
        Ok(())
    }
}

/// Control characters other than line breaks and tabs do nothing but harm in text shown to people.
fn check_printable(text: &str, line_breaks: bool) -> Result<(), InvalidText> {
    let forbidden = |c: char| c.is_control() && !(line_breaks && matches!(c, '\n' | '\t'));
    match text.chars().find(|&c| forbidden(c)) {
        Some(character) => Err(InvalidText::Character {
            character,
            hint: "",
        }),
        None => Ok(()),
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                let parse: fn(&str) -> Result<String, InvalidText> = $parse;
                parse(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text! {
    /// The name by which an account is found: 3–32 of `a-z 0-9 _ . -`; capitals are folded.
    Username, |text| {
        let text = text.trim().to_ascii_lowercase();
        check_length(&text, USERNAME_MIN_CHARS, USERNAME_MAX_CHARS)?;
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.' | '-');
        match text.chars().find(|&c| !allowed(c)) {
            Some(character) => {
                Err(InvalidText::Character { character, hint: ": use a–z, 0–9, _ . and -" })
            }
            None => Ok(text),
        }
    }
}
text! {
    /// What others see: 1–64 characters of any language in NFC, nothing invisible, one alphabet a word, single spaces.
    DisplayName, |text| names::name(text, DISPLAY_NAME_MAX_CHARS)
}
text! {
    /// What the owner calls a device, such as "Firefox on Linux": 1–64 characters, by the rules of [`DisplayName`].
    DeviceName, |text| names::name(text, DEVICE_NAME_MAX_CHARS)
}

impl DisplayName {
    /// A name that is kept, perhaps since before the rules of today: without what they refuse.
    pub fn kept(text: &str) -> Self {
        Self(names::defused(text, DISPLAY_NAME_MAX_CHARS))
    }
}

impl DeviceName {
    /// A name that is kept, perhaps since before the rules of today: without what they refuse.
    pub fn kept(text: &str) -> Self {
        Self(names::defused(text, DEVICE_NAME_MAX_CHARS))
    }
}
text! {
    /// What the owner calls a passkey, such as "Key ring": 1–64 characters, by the rules of [`DisplayName`].
    PasskeyName, |text| names::name(text, PASSKEY_NAME_MAX_CHARS)
}
text! {
    /// A message: 1–8,000 characters, not all white space, line breaks and tabs allowed.
    MessageText, |text| {
        check_length(text, 1, MESSAGE_MAX_CHARS)?;
        check_printable(text, true)?;
        if text.trim().is_empty() { Err(InvalidText::Empty) } else { Ok(text.to_owned()) }
    }
}

/// A password as typed, 10–256 characters. It shows itself to nobody: no `Display`, no `Serialize`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Password))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "string"))]
pub struct Password(String);

impl Password {
    /// The password itself, for hashing only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        check_length(&text, PASSWORD_MIN_CHARS, PASSWORD_MAX_CHARS)?;
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_folds_case_and_names_the_bad_character() {
        assert_eq!(
            "Ada.L-1_x".parse::<Username>().unwrap().as_str(),
            "ada.l-1_x"
        );
        assert_eq!(
            "ab".parse::<Username>(),
            Err(InvalidText::TooShort { min: 3 })
        );
        assert_eq!(
            "a".repeat(33).parse::<Username>(),
            Err(InvalidText::TooLong { max: 32 })
        );
        let error = "zoë".parse::<Username>().unwrap_err().to_string();
        assert!(error.contains('ë') && error.contains("a–z"), "{error}");
    }

    #[test]
    fn display_name_takes_any_language_and_trims() {
        assert_eq!(
            "  Zoë 李 ".parse::<DisplayName>().unwrap().as_str(),
            "Zoë 李"
        );
        assert_eq!(" \t ".parse::<DisplayName>(), Err(InvalidText::Empty));
        assert!("李".repeat(64).parse::<DisplayName>().is_ok());
        assert!("李".repeat(65).parse::<DisplayName>().is_err());
        assert!("a\nb".parse::<DisplayName>().is_err());
    }

    #[test]
    fn message_keeps_line_breaks_and_counts_characters_not_bytes() {
        assert_eq!(
            "a\n\tb ".parse::<MessageText>().unwrap().as_str(),
            "a\n\tb "
        );
        assert!("😀".repeat(8_000).parse::<MessageText>().is_ok());
        assert!("😀".repeat(8_001).parse::<MessageText>().is_err());
        assert!("a\u{0}".parse::<MessageText>().is_err());
        assert_eq!("\n \n".parse::<MessageText>(), Err(InvalidText::Empty));
    }

    #[test]
    fn password_hides_itself() {
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert!(Password::try_from("short".to_owned()).is_err());
    }
}
