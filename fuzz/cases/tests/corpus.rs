//! The kept input of every fuzzer, through the function that the fuzzer calls.
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]
#![expect(
    clippy::print_stdout,
    reason = "shown where a test fails: which file breaks a rule"
)]

use std::path::Path;

#[test]
fn descriptions_keep_the_rules() {
    replay("description", cases::description);
}

#[test]
fn frames_keep_the_rules() {
    replay("frame", cases::frame);
}

#[test]
fn bodies_keep_the_rules() {
    replay("body", cases::body);
}

#[test]
fn names_keep_the_rules() {
    replay("name", cases::name);
}

#[test]
fn tokens_keep_the_rules() {
    replay("token", cases::token);
}

#[test]
fn passkeys_keep_the_rules() {
    replay("passkey", cases::passkey);
}

#[test]
fn identities_keep_the_rules() {
    replay("identity", cases::identity);
}

#[test]
fn orders_keep_the_rules() {
    replay("order", cases::order);
}

#[test]
fn config_files_keep_the_rules() {
    replay("config", cases::config);
}

#[test]
fn the_relay_keeps_the_rules() {
    replay("relay_datagram", cases::relay_datagram);
}

#[test]
fn streams_keep_the_rules() {
    replay("relay_stream", cases::relay_stream);
}

/// A file that breaks a rule is named before the panic that tells which.
fn replay(target: &str, case: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../corpus")
        .join(target);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        case(&std::fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files > 0, "no file in {}", folder.display());
}
