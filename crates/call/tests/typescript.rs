//! The TypeScript that the web client compiles against is the one that these types make.
#![cfg(feature = "typescript")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;

const WRITTEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/src/protocol");

#[test]
fn typescript_is_fresh() {
    let folder = tempfile::tempdir().unwrap();
    call::typescript::export(folder.path()).unwrap();
    let fresh = files(folder.path());
    let written = files(Path::new(WRITTEN));
    let stale: Vec<&String> = fresh
        .keys()
        .chain(written.keys())
        .filter(|name| fresh.get(*name) != written.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "stale in web/src/protocol, run `make types`: {stale:?}"
    );
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}
