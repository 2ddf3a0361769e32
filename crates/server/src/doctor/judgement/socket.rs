//! The socket of messages and calls.

use crate::doctor::findings::SocketFinding;
use crate::doctor::report::{Check, Line};

pub(in crate::doctor) fn socket(url: &str, found: SocketFinding) -> Line {
    let check = Check::Socket;
    match found {
        SocketFinding::Open => Line::ok(check, "The socket of messages and calls opens."),
        SocketFinding::Status(403) => Line::fault(
            check,
            "The server refuses pages of this address the socket.",
            format!("Set public_url = \"{url}\", or give --public-url {url}."),
        ),
        SocketFinding::Status(status) => Line::fault(
            check,
            format!("The socket does not open: HTTP {status} where 101 should come."),
            "A proxy does not pass WebSockets on: have it pass the headers Upgrade and Connection, by HTTP/1.1 \
             (docs/operate.md).",
        ),
        SocketFinding::Silent => Line::fault(
            check,
            "The socket gets no answer.",
            "A proxy does not pass WebSockets on, or the server is overloaded: look into both logs.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::report::Level;

    #[test]
    fn a_socket_that_does_not_open_blames_the_setting_or_the_proxy() {
        let says = |found| socket("https://chat.example.org", found);
        assert_eq!(says(SocketFinding::Open).level, Level::Ok);
        let refused = says(SocketFinding::Status(403)).remedy.unwrap();
        assert!(
            refused.contains("--public-url https://chat.example.org"),
            "{refused}"
        );
        for found in [SocketFinding::Status(426), SocketFinding::Silent] {
            assert!(says(found).remedy.unwrap().contains("proxy"));
        }
    }
}
