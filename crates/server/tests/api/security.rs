//! What SECURITY.md and docs/asvs.md say of tests is true: the tests that they name exist.

use std::fs;
use std::path::{Path, PathBuf};

/// Where tests of the program and of the web client are.
const TESTS: [&str; 9] = [
    "crates/call",
    "crates/identity",
    "crates/protocol",
    "crates/relay",
    "crates/server",
    "fuzz/cases",
    "web/e2e",
    "web/src",
    "bench",
];

#[test]
fn every_attack_on_the_relay_has_the_tests_that_are_named() {
    let rows = table("SECURITY.md", "## Attacks on the relay");
    assert!(rows.len() > 10, "{} rows were read", rows.len());
    assert_named(&rows, |row| row[2].contains('`'));
}

/// A row names its tests, or says that it does not apply, or is open.
#[test]
fn every_threat_has_the_tests_that_are_named() {
    let rows = table("SECURITY.md", "## Threats");
    assert_eq!(rows.len(), 37, "T1 to T37");
    for (index, row) in rows.iter().enumerate() {
        assert!(row[0].starts_with(&format!("T{} ", index + 1)), "{row:?}");
    }
    assert_named(&rows, |row| {
        row[2].contains('`') || row[2].contains("Not applicable") || row[2].contains("Open")
    });
}

/// The same of the sheet of the OWASP ASVS.
#[test]
fn every_requirement_is_met_by_a_test_not_applicable_or_open() {
    let text = read("docs/asvs.md");
    let rows = rows(&text);
    assert!(rows.len() > 60, "{} rows were read", rows.len());
    assert_named(&rows, |row| {
        let how = &row[2];
        let by_test = how.starts_with("Met") && how.contains('`');
        by_test || how.starts_with("Not applicable: ") || how.starts_with("Open: ")
    });
}

#[track_caller]
fn assert_named(rows: &[Vec<String>], is_complete: impl Fn(&[String]) -> bool) {
    let tests = TESTS.map(|folder| sources(&root().join(folder))).concat();
    for row in rows {
        assert!(row.len() == 3 && is_complete(row), "not complete: {row:?}");
        for name in row[2].split('`').skip(1).step_by(2) {
            let is_rust = tests.contains(&format!("fn {name}("));
            let is_story = tests.contains(&format!("test(\"{name}\""))
                || tests.contains(&format!("it(\"{name}\""));
            let is_file = root().join(name).exists();
            assert!(is_rust || is_story || is_file, "no test {name} in {row:?}");
        }
    }
}

/// The rows of the table below a heading, cell by cell.
fn table(file: &str, heading: &str) -> Vec<Vec<String>> {
    let text = read(file);
    let (_, below) = text.split_once(heading).expect("the heading is there");
    rows(below.split("\n## ").next().unwrap_or(below))
}

/// Rows of tables without their heads, which stand above a line of dashes.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_rule = |line: &&str| line.starts_with("| ---") || line.starts_with("|---");
    let body = lines.iter().enumerate().filter(|(index, line)| {
        line.starts_with("| ") && !is_rule(line) && !lines.get(index + 1).is_some_and(is_rule)
    });
    body.map(|(_, line)| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// All that is written in a folder, and below it.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_source = path
            .extension()
            .is_some_and(|end| end == "rs" || end == "ts");
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            all += &sources(&path);
        } else if is_source {
            all += &fs::read_to_string(path).unwrap();
        }
    }
    all
}
