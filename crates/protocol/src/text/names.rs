//! Which names may be shown to others: nothing in one may be invisible, turn the writing around, or pose as another letter.
//!
//! A name that passes looks like what it is made of. Two people may have the same name, and a whole word of another
//! alphabet may look like one of ours; who somebody is, their username says, which is ASCII.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{InvalidText, check_length, check_printable};

/// Marks on one letter, at most: enough for every script that people write, too few to cover other lines.
const MARKS_MAX: usize = 4;
/// What a name that was kept before these rules and has nothing left to show is shown as.
const NAMELESS: &str = "?";

/// A name in its one form (NFC, single spaces, none around), if it may be shown.
pub(super) fn name(text: &str, max: usize) -> Result<String, InvalidText> {
    // Composing makes a text at most three times shorter, so nothing that fits is refused here.
    if text.len() > max * 4 * 3 {
        return Err(InvalidText::TooLong { max });
    }
    check_printable(text.trim(), false)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let name: String = words.join(" ").nfc().collect();
    if name.is_empty() {
        return Err(InvalidText::Empty);
    }
    check_length(&name, 1, max)?;
    check_visible(&name)?;
    check_marks(&name)?;
    check_alphabets(&name)?;
    Ok(name)
}

/// A name that was kept before these rules: what may be shown of it.
pub(super) fn defused(text: &str, max: usize) -> String {
    if let Ok(name) = name(text, max) {
        return name;
    }
    let harmless = |&c: &char| !c.is_control() && !is_hidden(c) && !is_joiner(c);
    let shown: String = text.chars().filter(harmless).take(max).collect();
    name(&shown, max).unwrap_or_else(|_| NAMELESS.to_owned())
}

fn check_visible(name: &str) -> Result<(), InvalidText> {
    let mut before = None;
    let mut chars = name.chars().peekable();
    while let Some(character) = chars.next() {
        let after = chars.peek().copied();
        if is_hidden(character) || (is_joiner(character) && !joins(before, character, after)) {
            return Err(InvalidText::Hidden { character });
        }
        before = Some(character);
    }
    Ok(())
}

fn check_marks(name: &str) -> Result<(), InvalidText> {
    let mut marks = 0;
    for (index, character) in name.chars().enumerate() {
        marks = if is_combining_mark(character) {
            marks + 1
        } else {
            0
        };
        if marks > MARKS_MAX || (index == 0 && marks > 0) {
            return Err(InvalidText::Marks);
        }
    }
    Ok(())
}

/// One alphabet a word, of those whose letters look like each other's (Unicode TR 39 §5.1).
fn check_alphabets(name: &str) -> Result<(), InvalidText> {
    let is_between = |c: char| !c.is_alphanumeric() && !is_combining_mark(c);
    let is_mixed = name.split(is_between).any(|word| {
        let mut alphabets = word.chars().filter_map(alphabet);
        let first = alphabets.next();
        alphabets.any(|other| Some(other) != first)
    });
    if is_mixed {
        Err(InvalidText::MixedAlphabets)
    } else {
        Ok(())
    }
}

/// What shows nothing, or changes how its neighbours are shown (Unicode: `Default_Ignorable_Code_Point`, bidi controls,
/// line separators, blanks that count as letters, and what no font may know).
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}'
        // Private use, tags and variation selectors, and what is no character at all.
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Invisible too, but what some scripts and emoji are spelt with.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Whether a joiner does something where it stands.
fn joins(before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let (Some(before), after) = (before, after) else {
        return false;
    };
    let pictures = |c: char| {
        matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}')
            && !is_hidden(c)
    };
    match joiner {
        '\u{fe0e}' | '\u{fe0f}' => {
            let keycap = matches!(before, '0'..='9' | '#' | '*') && after == Some('\u{20e3}');
            keycap || (pictures(before) && !is_joiner(before))
        }
        '\u{200d}' if pictures(before) => after.is_some_and(pictures),
        _ => joins_letters(before) && after.is_some_and(joins_letters),
    }
}

/// Letters of scripts that are spelt with joiners: Arabic to Tibetan, Myanmar, Khmer, Mongolian.
fn joins_letters(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}')
        && !is_hidden(c)
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
}

/// The alphabet of a letter, where it is one that has doubles in another.
fn alphabet(c: char) -> Option<Alphabet> {
    let alphabet = match c {
        'A'..='Z'
        | 'a'..='z'
        | '\u{c0}'..='\u{2af}'
        | '\u{1d00}'..='\u{1dbf}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}'
        | '\u{a720}'..='\u{a7ff}'
        | '\u{ff21}'..='\u{ff5a}'
        | '\u{1d400}'..='\u{1d6a5}' => Alphabet::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Alphabet::Greek,
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => {
            Alphabet::Cyrillic
        }
        '\u{530}'..='\u{58f}' => Alphabet::Armenian,
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Alphabet::Cherokee,
        _ => return None,
    };
    c.is_alphabetic().then_some(alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 64;

    #[test]
    fn names_of_the_world_are_names() {
        for text in [
            "Ada",
            "Zoë",
            "李小龍",
            "Ольга Петрова",
            "Αθηνά",
            "Նարեկ",
            "محمد علي",
            "می‌خواهم",
            "דוד",
            "ක්‍ෂ",
            "नीरज",
            "한국",
            "O'Neill-Łuczak",
            "Ada 👩‍💻",
            "❤️ Ben",
            "1️⃣ first",
            "🇩🇪",
            "Ada (Москва)",
            "R2-D2",
            "Nguyễn",
            "مُحَمَّد",
            "™ & ©",
        ] {
            assert_eq!(name(text, MAX).as_deref(), Ok(text), "{text}");
            assert_eq!(defused(text, MAX), text, "nothing is taken from it");
        }
    }

    #[test]
    fn what_is_not_seen_or_turns_the_writing_round_is_no_part_of_a_name() {
        let tricks = [
            ("right-to-left override", "Ada\u{202e}neB"),
            ("left-to-right override", "\u{202d}Ada"),
            ("embedding", "\u{202b}Ada\u{202c}"),
            ("isolate", "\u{2067}Ada\u{2069}"),
            ("bidi mark", "Ada\u{200f}"),
            ("Arabic mark", "Ada\u{61c}"),
            ("zero-width space", "A\u{200b}da"),
            ("word joiner", "Ada\u{2060}"),
            ("byte order mark", "\u{feff}Ada"),
            ("soft hyphen", "A\u{ad}da"),
            ("joiner among Latin letters", "A\u{200d}da"),
            ("non-joiner among Latin letters", "A\u{200c}da"),
            ("joiner at the end", "می\u{200c}"),
            ("joiner alone", "\u{200d}"),
            ("two joiners", "می\u{200c}\u{200c}خ"),
            ("joiner among Han", "李\u{200d}明"),
            ("variation of a letter", "A\u{fe0f}da"),
            ("variation of Han", "李\u{e0100}"),
            ("two variations", "❤\u{fe0f}\u{fe0f}"),
            ("tags", "Ada\u{e0041}\u{e0042}"),
            ("Hangul filler", "\u{3164}"),
            ("half-width filler", "Ada\u{ffa0}"),
            ("braille blank", "\u{2800}"),
            ("grapheme joiner", "A\u{34f}da"),
            ("line separator in a word", "A\u{2028}\u{2066}da"),
            ("private use", "Ada\u{e000}"),
            ("no character", "Ada\u{ffff}"),
            ("annotation", "Ada\u{fff9}"),
            ("musical control", "Ada\u{1d173}"),
            ("deprecated shaping", "Ada\u{206f}"),
            ("Mongolian selector", "ᠠ\u{180b}"),
            ("Khmer inherent vowel", "ក\u{17b4}"),
        ];
        for (what, text) in tricks {
            let refused = name(text, MAX);
            assert!(
                matches!(refused, Err(InvalidText::Hidden { .. })),
                "{what}: {refused:?}"
            );
            let shown = defused(text, MAX);
            assert_eq!(name(&shown, MAX).as_deref(), Ok(&*shown), "{what}");
        }
    }

    #[test]
    fn letters_that_pose_as_others_are_refused_within_a_word() {
        for text in [
            "\u{410}da",
            "Ad\u{430}",
            "\u{3a1}aul",
            "p\u{430}ypal",
            "\u{13aa}da",
            "\u{ff21}\u{410}",
            "Be\u{578}",
            "Ada x\u{435}",
        ] {
            assert_eq!(name(text, MAX), Err(InvalidText::MixedAlphabets), "{text}");
        }
    }

    #[test]
    fn a_name_has_one_form() {
        for (text, form) in [
            ("Zoe\u{308}", "Zoë"),
            ("  Ada \u{a0}\u{2003} Lovelace\u{3000}", "Ada Lovelace"),
            ("\u{212b}sa", "Åsa"),
            ("Ada\u{2028}Ben", "Ada Ben"),
        ] {
            assert_eq!(name(text, MAX).as_deref(), Ok(form), "{text}");
        }
        // Composed it fits, though it was typed in twice as many characters.
        assert!(name(&"e\u{301}".repeat(MAX), MAX).is_ok());
        assert_eq!(
            name(&"e".repeat(MAX + 1), MAX),
            Err(InvalidText::TooLong { max: MAX })
        );
        assert_eq!(
            name(&"e".repeat(1 << 20), MAX),
            Err(InvalidText::TooLong { max: MAX })
        );
    }

    #[test]
    fn marks_do_not_pile_up() {
        assert_eq!(
            name(&format!("A{}", "\u{335}".repeat(5)), MAX),
            Err(InvalidText::Marks)
        );
        assert_eq!(name("\u{335}A", MAX), Err(InvalidText::Marks));
        assert_eq!(defused(&"\u{335}".repeat(9), MAX), "?");
    }

    #[test]
    fn names_of_before_are_shown_without_their_tricks() {
        assert_eq!(defused("Ada\u{202e}neB", MAX), "AdaneB");
        assert_eq!(defused("\u{200b}\u{200b}", MAX), "?");
        assert_eq!(defused("\u{410}da", MAX), "?");
    }
}
