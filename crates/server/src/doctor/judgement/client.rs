//! Whether browsers are given the web client that this program has.

use super::words::counted;
use crate::doctor::findings::ClientFinding;
use crate::doctor::report::{Check, Line};

/// So many paths are named, of however many.
const NAMED: usize = 3;

pub(in crate::doctor) fn client(found: &ClientFinding) -> Line {
    let check = Check::Client;
    match found {
        ClientFinding::Same(files) => Line::ok(
            check,
            format!(
                "The web client is that of this program, byte for byte ({}).",
                counted(*files, "file")
            ),
        ),
        ClientFinding::Differs(paths) => Line::fault(
            check,
            format!(
                "The web client is not that of this program: {} changed, such as {}.",
                counted(paths.len() as u64, "file"),
                paths
                    .iter()
                    .take(NAMED)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            "If the server runs another version, ask the doctor of that version. If it is the same one, somebody between it and \
             you changes pages, or the server has been changed: trust no call over it before you know which.",
        ),
        ClientFinding::Silent => Line::skipped(
            check,
            "The web client was not compared: the server did not give it out.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Level;

    #[test]
    fn another_client_is_a_fault_and_is_named() {
        assert_eq!(client(&ClientFinding::Same(9)).level, Level::Ok);
        assert_eq!(client(&ClientFinding::Silent).level, Level::Skipped);
        let paths = ["/a.js", "/b.js", "/c.js", "/d.js"].map(str::to_owned);
        let line = client(&ClientFinding::Differs(paths.to_vec()));
        assert_eq!(line.level, Level::Fault);
        assert!(
            line.says
                .contains("4 files changed, such as /a.js, /b.js, /c.js."),
            "{line:?}"
        );
    }
}
