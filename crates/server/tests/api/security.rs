//! What SECURITY.md says of tests is true.

use std::fs;
use std::path::Path;

/// The table of attacks names the tests; one that was renamed or removed is found here.
#[test]
fn every_attack_on_the_relay_has_the_tests_that_are_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let tests = ["crates/relay/tests/relay", "crates/server/tests/api"]
        .map(|folder| sources(&root.join(folder)))
        .concat();
    let rows = text
        .split("## Attacks on the relay")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| attack"));
    let mut attacks = 0;
    for row in rows {
        let named: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {row}");
        for name in named.iter().filter(|name| !name.contains('/')) {
            assert!(tests.contains(&format!("fn {name}(")), "no test {name}");
        }
        attacks += 1;
    }
    assert!(attacks > 10, "{attacks} rows were read");
}

fn sources(folder: &Path) -> String {
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}
