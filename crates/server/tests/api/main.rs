//! The server as a client meets it: real sockets, a real database, the port of the system's choice.
//!
//! Every test starts a server of its own in a directory of its own. The clock stands still unless a
//! test moves it. Nothing sleeps.

mod accounts;
mod app;
mod headers;
mod http;
mod people;
mod sessions;
mod tokens;
