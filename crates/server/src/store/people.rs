//! Finding people by the beginning of their username or of any word of their display name, or by the
//! whole username. Nobody finds a disabled account.
//!
//! Names and searches are folded alike: compatibility forms, accents and capitals make no difference.

use std::collections::BTreeSet;

use protocol::account::Person;
use protocol::limits::{PEOPLE_FOUND_MAX, PEOPLE_QUERY_MIN_CHARS};
use protocol::{UserId, Username};
use rusqlite::{Connection, OptionalExtension as _, params};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{StoreError, accounts};

/// Words that begin as asked, at most, from which the best matches are taken. Bounds the work of a
/// search for one letter; exact matches sort first and are always among them.
const CANDIDATES_MAX: u32 = 1_000;

/// Puts the words of a person into the index, in place of those before.
pub(super) fn index(db: &Connection, person: &Person) -> Result<(), StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM account_words WHERE account = ?1")?;
    delete.execute([person.id.0])?;
    let mut insert =
        db.prepare_cached("INSERT INTO account_words (word, account) VALUES (?1, ?2)")?;
    for word in words(person) {
        insert.execute(params![word, person.id.0])?;
    }
    Ok(())
}

/// People whose names have, for each word of the query, a word that begins so; best match first. The
/// one who asks is left out.
///
/// # Errors
/// [`StoreError::Database`] and [`StoreError::Corrupt`].
pub fn find(db: &Connection, query: &str, searcher: UserId) -> Result<Vec<Person>, StoreError> {
    let folded = fold(query);
    let asked: Vec<&str> = folded.split_whitespace().collect();
    // The longest word narrows the most.
    let longest = asked.iter().max_by_key(|word| word.len());
    let Some(longest) = longest.filter(|word| word.chars().count() >= PEOPLE_QUERY_MIN_CHARS)
    else {
        return Ok(Vec::new());
    };
    let mut find = db.prepare_cached(
        "WITH candidates AS (
           SELECT DISTINCT account FROM (
             SELECT account FROM account_words
             WHERE word >= ?1 AND word < ?1 || char(0x10FFFF)
             ORDER BY word LIMIT ?5))
         SELECT accounts.id, username, display_name
         FROM candidates JOIN accounts ON accounts.id = candidates.account
         WHERE accounts.id <> ?3 AND disabled_at IS NULL AND NOT EXISTS (
           SELECT 1 FROM json_each(?2) AS asked WHERE NOT EXISTS (
             SELECT 1 FROM account_words
             WHERE account = accounts.id
               AND word >= asked.value AND word < asked.value || char(0x10FFFF)))
         ORDER BY username <> ?1,
                  NOT EXISTS (SELECT 1 FROM account_words WHERE account = accounts.id AND word = ?1),
                  substr(username, 1, length(?1)) <> ?1,
                  username
         LIMIT ?4",
    )?;
    let all =
        serde_json::to_string(&asked).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let found = find.query_map(
        params![longest, all, searcher.0, PEOPLE_FOUND_MAX, CANDIDATES_MAX],
        accounts::person_of,
    )?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Whoever has exactly this username, but for the one who asks.
///
/// # Errors
/// [`StoreError::Database`].
pub fn find_exact(
    db: &Connection,
    username: &Username,
    searcher: UserId,
) -> Result<Option<Person>, StoreError> {
    let mut find = db.prepare_cached(
        "SELECT id, username, display_name FROM accounts
         WHERE username = ?1 AND id <> ?2 AND disabled_at IS NULL",
    )?;
    let found = find.query_row(params![username.as_str(), searcher.0], accounts::person_of);
    Ok(found.optional()?)
}

/// The folded words by which a person is found.
fn words(person: &Person) -> BTreeSet<String> {
    let name = fold(person.display_name.as_str());
    let whole = name.split_whitespace();
    // "Anne-Marie" is found by "marie" too.
    let parts = name.split(|c: char| !c.is_alphanumeric());
    let username = person.username.as_str();
    let all = [username].into_iter().chain(whole).chain(parts);
    all.filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Decomposes compatibility forms, drops accents and folds capitals.
fn fold(text: &str) -> String {
    let bare = text.nfkd().filter(|&c| !is_combining_mark(c));
    bare.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::store::accounts::NewAccount;
    use crate::store::tests::database;

    #[test]
    fn accents_capitals_and_compatibility_forms_make_no_difference() {
        for (text, folded) in [
            ("Zoë", "zoe"),
            ("ZOE\u{308}", "zoe"),
            ("Ångström", "angstrom"),
            ("ﬁona", "fiona"),
            ("李小龙", "李小龙"),
            ("İpek", "ipek"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn a_person_is_found_by_the_beginning_of_any_word() {
        let db = database();
        add(&db, 1, "ada", "Ada Lovelace");
        add(&db, 2, "zoe.k", "Zoë Anne-Marie Krüger");
        for query in ["zoe.", "zoë", "KRU", "kruger zo", "marie", "anne-m"] {
            assert_eq!(find(&db, query, user(1)).unwrap().len(), 1, "{query}");
        }
        for query in [
            "oe",
            "z",
            "z k",
            "zoe lovelace",
            "%",
            "__",
            "",
            "  ",
            "\u{301}",
        ] {
            assert!(find(&db, query, user(1)).unwrap().is_empty(), "{query}");
        }
    }

    #[test]
    fn the_best_match_comes_first_and_oneself_never() {
        let db = database();
        add(&db, 1, "anna-maria", "X");
        add(&db, 2, "bert", "Anna");
        add(&db, 3, "anna", "Somebody");
        add(&db, 4, "carl", "Annabel");
        let found = |asker| -> Vec<String> {
            let found = find(&db, "Anna", user(asker)).unwrap();
            found
                .iter()
                .map(|person| person.username.to_string())
                .collect()
        };
        assert_eq!(found(9), ["anna", "bert", "anna-maria", "carl"]);
        assert_eq!(found(3), ["bert", "anna-maria", "carl"]);
    }

    #[test]
    fn no_more_are_found_than_allowed() {
        let db = database();
        for number in 0..30 {
            add(&db, number, &format!("user{number:02}"), "U");
        }
        assert_eq!(
            find(&db, "user", user(99)).unwrap().len(),
            PEOPLE_FOUND_MAX as usize
        );
    }

    #[test]
    fn a_new_name_replaces_the_old_one() {
        let db = database();
        add(&db, 1, "ada", "Ada Byron");
        let name = "Ada Lovelace".parse().unwrap();
        accounts::rename(&db, user(1), &name).unwrap().unwrap();
        assert!(find(&db, "byron", user(9)).unwrap().is_empty());
        assert_eq!(find(&db, "love", user(9)).unwrap().len(), 1);
    }

    fn add(db: &Connection, id: u128, username: &str, display_name: &str) {
        let person = Person {
            id: user(id),
            username: username.parse().unwrap(),
            display_name: display_name.parse().unwrap(),
        };
        let account = NewAccount {
            person,
            password: "p".to_owned(),
            created_at: Timestamp(0),
        };
        assert!(accounts::insert(db, &account).unwrap());
    }

    fn user(id: u128) -> UserId {
        UserId(Uuid::from_u128(id))
    }
}
