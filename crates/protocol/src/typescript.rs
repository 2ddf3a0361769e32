//! TypeScript declarations of everything in this crate, for `web/src/protocol`.
//!
//! `make types` writes them; the test `typescript_is_fresh` fails when they are stale.

use std::fmt::Write as _;
use std::path::Path;

use ts_rs::{Config, ExportError, TS};

use crate::{
    account, call, chat, control, error, factors, limits, managing, registration, settings, socket,
};

/// Writes one file per type into a folder.
///
/// # Errors
/// Whatever the file system says.
pub fn export(folder: &Path) -> Result<(), ExportError> {
    let config = Config::new().with_out_dir(folder);
    account::Register::export_all(&config)?;
    account::SignIn::export_all(&config)?;
    account::SignedIn::export_all(&config)?;
    account::Refresh::export_all(&config)?;
    account::Sessions::export_all(&config)?;
    account::ChangeMe::export_all(&config)?;
    account::People::export_all(&config)?;
    factors::SecondFactorRequired::export_all(&config)?;
    factors::SecondFactor::export_all(&config)?;
    factors::PasskeyChallenge::export_all(&config)?;
    factors::SignInWithPasskey::export_all(&config)?;
    factors::Confirmation::export_all(&config)?;
    factors::AuthenticatorAppSetup::export_all(&config)?;
    factors::AddAuthenticatorApp::export_all(&config)?;
    factors::AddPasskey::export_all(&config)?;
    factors::RenamePasskey::export_all(&config)?;
    factors::FactorsChanged::export_all(&config)?;
    factors::ChangePassword::export_all(&config)?;
    registration::Admission::export_all(&config)?;
    registration::NewInvite::export_all(&config)?;
    registration::MadeInvite::export_all(&config)?;
    registration::Invites::export_all(&config)?;
    registration::ShowInvite::export_all(&config)?;
    registration::ShownInvite::export_all(&config)?;
    managing::ManagedAccounts::export_all(&config)?;
    managing::ChangeAccount::export_all(&config)?;
    managing::PasswordReset::export_all(&config)?;
    managing::ShowReset::export_all(&config)?;
    managing::ChoosePassword::export_all(&config)?;
    call::CallLog::export_all(&config)?;
    chat::History::export_all(&config)?;
    control::ControlMessage::export_all(&config)?;
    settings::Settings::export_all(&config)?;
    error::Problem::export_all(&config)?;
    call::EndReason::export_all(&config)?;
    socket::RequestBody::export_all(&config)?;
    socket::Opening::export_all(&config)?;
    socket::ClientFrame::export_all(&config)?;
    socket::ServerFrame::export_all(&config)?;
    std::fs::write(folder.join("constants.ts"), limits())?;
    Ok(())
}

/// The limits that a client needs before it has spoken to a server, or that are no server's choice.
fn limits() -> String {
    let mut text = String::from(
        "// Generated from crates/protocol/src/limits.rs. Do not edit; run `make types`.\n",
    );
    for (name, unit, number) in CLIENT_LIMITS {
        let _ = writeln!(text, "/** {unit} */\nexport const {name} = {number};");
    }
    text
}

/// Name, unit, number.
const CLIENT_LIMITS: [(&str, &str, u64); 31] = [
    (
        "PROTOCOL_VERSION",
        "Spoken in `hello`.",
        limits::PROTOCOL_VERSION as u64,
    ),
    (
        "USERNAME_MIN_CHARS",
        "Characters.",
        limits::USERNAME_MIN_CHARS as u64,
    ),
    (
        "USERNAME_MAX_CHARS",
        "Characters.",
        limits::USERNAME_MAX_CHARS as u64,
    ),
    (
        "DISPLAY_NAME_MAX_CHARS",
        "Scalar values.",
        limits::DISPLAY_NAME_MAX_CHARS as u64,
    ),
    (
        "PASSWORD_MIN_CHARS",
        "Scalar values.",
        limits::PASSWORD_MIN_CHARS as u64,
    ),
    (
        "PASSWORD_MAX_CHARS",
        "Scalar values.",
        limits::PASSWORD_MAX_CHARS as u64,
    ),
    (
        "PASSKEY_NAME_MAX_CHARS",
        "Scalar values.",
        limits::PASSKEY_NAME_MAX_CHARS as u64,
    ),
    (
        "RECOVERY_CODES_FEW",
        "Codes.",
        limits::RECOVERY_CODES_FEW as u64,
    ),
    (
        "MESSAGE_MAX_CHARS",
        "Scalar values.",
        limits::MESSAGE_MAX_CHARS as u64,
    ),
    (
        "HISTORY_PAGE_MESSAGES",
        "Messages.",
        limits::HISTORY_PAGE_MESSAGES as u64,
    ),
    (
        "PEOPLE_QUERY_MIN_CHARS",
        "Scalar values.",
        limits::PEOPLE_QUERY_MIN_CHARS as u64,
    ),
    ("INVITE_DAYS", "Days.", limits::INVITE_DAYS as u64),
    ("PING_INTERVAL_MS", "Milliseconds.", limits::PING_INTERVAL.0),
    ("SILENCE_LIMIT_MS", "Milliseconds.", limits::SILENCE_LIMIT.0),
    ("PONG_DEADLINE_MS", "Milliseconds.", limits::PONG_DEADLINE.0),
    (
        "PONG_DEADLINE_IN_CALL_MS",
        "Milliseconds.",
        limits::PONG_DEADLINE_IN_CALL.0,
    ),
    (
        "CONNECT_TIMEOUT_MS",
        "Milliseconds.",
        limits::CONNECT_TIMEOUT.0,
    ),
    ("ENDED_SHOWN_MS", "Milliseconds.", limits::ENDED_SHOWN.0),
    (
        "CANDIDATE_BATCH_INTERVAL_MS",
        "Milliseconds.",
        limits::CANDIDATE_BATCH_INTERVAL.0,
    ),
    (
        "CANDIDATES_MAX",
        "Per side and epoch.",
        limits::CANDIDATES_MAX as u64,
    ),
    (
        "CONTROL_MAX_BYTES",
        "Bytes.",
        limits::CONTROL_MAX_BYTES as u64,
    ),
    (
        "SECOND_CALL_WITHIN_MS",
        "Milliseconds.",
        limits::SECOND_CALL_WITHIN.0,
    ),
    (
        "MINUTES_PER_DAY",
        "Minutes.",
        limits::MINUTES_PER_DAY as u64,
    ),
    (
        "CLOSE_SERVER_RESTART",
        "Close code.",
        limits::close::SERVER_RESTART as u64,
    ),
    (
        "CLOSE_SLOW_READER",
        "Close code.",
        limits::close::SLOW_READER as u64,
    ),
    (
        "CLOSE_BAD_FRAME",
        "Close code.",
        limits::close::BAD_FRAME as u64,
    ),
    (
        "CLOSE_UNAUTHENTICATED",
        "Close code.",
        limits::close::UNAUTHENTICATED as u64,
    ),
    (
        "CLOSE_SESSION_ENDED",
        "Close code.",
        limits::close::SESSION_ENDED as u64,
    ),
    (
        "CLOSE_UNSUPPORTED",
        "Close code.",
        limits::close::UNSUPPORTED as u64,
    ),
    ("CLOSE_SILENT", "Close code.", limits::close::SILENT as u64),
    (
        "CLOSE_TOO_MANY_REQUESTS",
        "Close code.",
        limits::close::TOO_MANY_REQUESTS as u64,
    ),
];
