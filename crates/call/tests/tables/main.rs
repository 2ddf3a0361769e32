//! What each input does in each state, for each machine, as tables that a person can read.
//!
//! A state is reached by a scenario of its own; then every input is tried in it once. After a change on
//! purpose, `UPDATE_TABLES=1 cargo test -p call --test tables` writes the tables; read the difference
//! before you keep it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/descriptions.rs"]
mod descriptions;

mod calls;
mod handset;
mod phone;
mod switchboard;
mod values;
mod words;

use std::path::Path;

#[test]
fn every_input_does_in_every_state_of_a_handset_what_the_table_says() {
    compare("handset.txt", &handset::table());
}

#[test]
fn every_input_does_in_every_state_of_a_phone_what_the_table_says() {
    compare("phone.txt", &phone::table());
}

#[test]
fn every_request_does_in_every_state_of_a_call_what_the_table_says() {
    compare("switchboard.txt", &switchboard::table());
}

fn compare(file: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tables")
        .join(file);
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(&path, table).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    for (expected, found) in expected.lines().zip(table.lines()) {
        assert_eq!(expected, found, "{file}");
    }
    assert_eq!(expected.lines().count(), table.lines().count(), "{file}");
}
