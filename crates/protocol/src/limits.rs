//! Every limit of the wire, with its unit. The server checks them; clients show them.

use crate::Milliseconds;

/// The protocol version spoken here. `hello` names the client's; others get close code [`close::UNSUPPORTED`].
pub const PROTOCOL_VERSION: u16 = 1;

/// Shortest username, in characters.
pub const USERNAME_MIN_CHARS: usize = 3;
/// Longest username, in characters (each is one byte).
pub const USERNAME_MAX_CHARS: usize = 32;
/// Longest display name, in Unicode scalar values.
pub const DISPLAY_NAME_MAX_CHARS: usize = 64;
/// Longest device name, in Unicode scalar values.
pub const DEVICE_NAME_MAX_CHARS: usize = 64;
/// Shortest password, in Unicode scalar values.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Longest password, in Unicode scalar values.
pub const PASSWORD_MAX_CHARS: usize = 256;
/// Longest message, in Unicode scalar values.
pub const MESSAGE_MAX_CHARS: usize = 8_000;
/// Messages that may be written to somebody who has not accepted yet.
pub const REQUEST_MAX_MESSAGES: u64 = 10;

/// Messages in one page of history, at most; also the default.
pub const HISTORY_PAGE_MESSAGES: u32 = 50;
/// Records in one page of the call log, at most; also the default.
pub const CALL_LOG_PAGE_RECORDS: u32 = 50;
/// People in one search result, at most.
pub const PEOPLE_FOUND_MAX: u32 = 20;
/// Longest search text, in Unicode scalar values.
pub const PEOPLE_QUERY_MAX_CHARS: usize = 64;
/// Shortest search text, in Unicode scalar values: by single letters everybody could be listed.
pub const PEOPLE_QUERY_MIN_CHARS: usize = 2;
/// Searches of one account at once, after a pause.
pub const SEARCHES_BURST: u32 = 30;
/// One more search of an account is allowed so often.
pub const SEARCH_INTERVAL: Milliseconds = Milliseconds::from_seconds(5);

/// People that one invite lets in, at most.
pub const INVITE_USES_MAX: u32 = 100;
/// Life of an invite, in days, at most.
pub const INVITE_DAYS_MAX: u32 = 30;
/// Life of an invite, in days, where none is named.
pub const INVITE_DAYS: u32 = 7;
/// Invites of a server that are open at once, at most.
pub const INVITES_OPEN_MAX: u32 = 100;
/// Life of a link by which somebody chooses a new password.
pub const PASSWORD_RESET_LIFE: Milliseconds = Milliseconds::from_seconds(24 * 3600);
/// Accounts in one page of the list for administrators, at most; also the default.
pub const ACCOUNTS_PAGE: u32 = 100;
/// Sessions of one account; one more ends the one unused for longest.
pub const SESSIONS_PER_ACCOUNT: u32 = 10;

/// Life of an access token.
pub const ACCESS_TOKEN_LIFE: Milliseconds = Milliseconds::from_seconds(10 * 60);
/// A refresh token unused for so long is dead.
pub const REFRESH_IDLE_LIFE: Milliseconds = Milliseconds::from_seconds(30 * 24 * 3600);
/// A session ends so long after sign-in, used or not.
pub const SESSION_LIFE: Milliseconds = Milliseconds::from_seconds(180 * 24 * 3600);
/// The token before is accepted once more for so long, if its successor was never used: its answer got lost.
pub const REFRESH_LOST_ANSWER: Milliseconds = Milliseconds::from_seconds(30);
/// A socket whose access token expired lives so much longer, for the client to `renew`.
pub const TOKEN_RENEWAL_GRACE: Milliseconds = Milliseconds::from_seconds(30);

/// A sign-in waits so long for its second factor.
pub const SECOND_FACTOR_LIFE: Milliseconds = Milliseconds::from_seconds(5 * 60);
/// Wrong codes after which a ticket is void.
pub const SECOND_FACTOR_ATTEMPTS: u32 = 5;
/// A session counts as confirmed for so long after its sign-in or its last confirmation.
pub const CONFIRMATION_LIFE: Milliseconds = Milliseconds::from_seconds(10 * 60);
/// The challenge of a passkey is good for so long.
pub const PASSKEY_CHALLENGE_LIFE: Milliseconds = Milliseconds::from_seconds(5 * 60);
/// The secret of an authenticator app waits so long for its first code.
pub const AUTHENTICATOR_APP_SETUP_LIFE: Milliseconds = Milliseconds::from_seconds(10 * 60);
/// A code of an authenticator app holds for so long, and for as long before and after (RFC 6238 §5.2).
pub const AUTHENTICATOR_CODE_STEP: Milliseconds = Milliseconds::from_seconds(30);
/// Recovery codes that are made at once.
pub const RECOVERY_CODES: u32 = 10;
/// Recovery codes left at which clients ask for new ones.
pub const RECOVERY_CODES_FEW: u32 = 3;
/// Passkeys of one account.
pub const PASSKEYS_PER_ACCOUNT: u32 = 20;
/// Longest name of a passkey, in Unicode scalar values.
pub const PASSKEY_NAME_MAX_CHARS: usize = 64;

/// From connection to a complete request header.
pub const HEADER_DEADLINE: Milliseconds = Milliseconds::from_seconds(10);
/// From upgrade to `hello`.
pub const HELLO_DEADLINE: Milliseconds = Milliseconds::from_seconds(5);
/// The server sends `ping` so often; the client answers `pong`.
pub const PING_INTERVAL: Milliseconds = Milliseconds::from_seconds(10);
/// Either side gives a socket up after so much silence.
pub const SILENCE_LIMIT: Milliseconds = Milliseconds::from_seconds(15);
/// A client that asked `ping` gives its socket up when no `pong` came for so long.
pub const PONG_DEADLINE: Milliseconds = Milliseconds::from_seconds(2);
/// The same while it is in a call: whoever talks is heard again 5 s after the network broke, and a socket too
/// many costs nothing.
pub const PONG_DEADLINE_IN_CALL: Milliseconds = Milliseconds::from_seconds(1);

/// Largest HTTP request body, in bytes.
pub const HTTP_BODY_MAX_BYTES: usize = 16 * 1024;
/// Largest frame before `welcome`, in bytes.
pub const HELLO_MAX_BYTES: usize = 4 * 1024;
/// Largest frame after `welcome`, in bytes.
pub const FRAME_MAX_BYTES: usize = 64 * 1024;
/// Requests per second and socket, sustained.
pub const REQUESTS_PER_SECOND: u32 = 50;
/// Requests at once on one socket, after a pause.
pub const REQUESTS_BURST: u32 = 100;
/// Refused requests in a row after which a socket is closed with [`close::TOO_MANY_REQUESTS`].
pub const REFUSALS_BEFORE_CLOSE: u32 = 200;
/// Frames waiting for a slow reader; one more closes its socket with [`close::SLOW_READER`].
pub const OUTGOING_QUEUE_FRAMES: usize = 256;

/// A call rings so long on the server.
pub const RING_TIMEOUT: Milliseconds = Milliseconds::from_seconds(45);
/// A device falls silent by itself after so long, with no word from the server.
pub const DEVICE_RING_TIMEOUT: Milliseconds = Milliseconds::from_seconds(50);
/// A call that has reached no device ends as `unreachable` after so long.
pub const UNREACHABLE_TIMEOUT: Milliseconds = Milliseconds::from_seconds(3);
/// From answer to media at both ends.
pub const CONNECT_TIMEOUT: Milliseconds = Milliseconds::from_seconds(15);
/// A device waits so long in ICE `disconnected` before it restarts ICE.
pub const RESTART_AFTER: Milliseconds = Milliseconds::from_seconds(2);
/// A device that hears nothing for so long reports the call `lost`.
pub const LOST_AFTER: Milliseconds = Milliseconds::from_seconds(30);
/// The server ends a call whose devices have both been away for so long.
pub const ABANDONED_AFTER: Milliseconds = Milliseconds::from_seconds(5 * 60);
/// A device that receives no packet for so long, from a side that is neither muted nor on hold, restarts ICE.
/// Browsers send at least one each 400 ms (RFC 7587 §3.1.3), and need 6 s to say themselves that a path is dead.
pub const UNHEARD_RESTART_AFTER: Milliseconds = Milliseconds::from_seconds(2);
/// A device whose peer says that it goes away leaves the next offer to it for so long.
pub const LEAVING_GRACE: Milliseconds = Milliseconds::from_seconds(3);
/// Largest message of the control channel, in bytes.
pub const CONTROL_MAX_BYTES: usize = 16 * 1024;
/// A request may say that it is at most so old; older ones count as so old.
pub const REQUEST_AGE_MAX: Milliseconds = ABANDONED_AFTER;
/// A second call of the same person within so long of a missed one may pass *do not disturb*.
pub const SECOND_CALL_WITHIN: Milliseconds = Milliseconds::from_seconds(3 * 60);
/// Longest name of a time zone, in bytes.
pub const TIME_ZONE_MAX_BYTES: usize = 64;
/// Minutes of a day.
pub const MINUTES_PER_DAY: u16 = 24 * 60;
/// The ended call stays on screen so long.
pub const ENDED_SHOWN: Milliseconds = Milliseconds::from_seconds(3);
/// Candidates are sent in batches so often; the first batch goes at once.
pub const CANDIDATE_BATCH_INTERVAL: Milliseconds = Milliseconds(100);

/// Candidates of one side and one epoch.
pub const CANDIDATES_MAX: usize = 64;
/// Codecs in one description.
pub const CODECS_MAX: usize = 4;
/// Header extensions in one description.
pub const EXTENSIONS_MAX: usize = 8;
/// Length of an ICE username fragment, in characters (RFC 8839 §5.4).
pub const ICE_UFRAG_CHARS: std::ops::RangeInclusive<usize> = 4..=256;
/// Length of an ICE password, in characters (RFC 8839 §5.4).
pub const ICE_PWD_CHARS: std::ops::RangeInclusive<usize> = 22..=256;
/// Length of an ICE foundation, in characters (RFC 8839 §5.1).
pub const FOUNDATION_CHARS: std::ops::RangeInclusive<usize> = 1..=32;

/// The default port of STUN (RFC 8489 §18.6).
pub const STUN_PORT: u16 = 3478;

/// Close codes of the socket. 1000–1013 are the standard's (RFC 6455 §7.4.1), 4000–4999 are Ahoy's.
pub mod close {
    /// The server stops; come back after the delay that `going_away` named.
    pub const SERVER_RESTART: u16 = 1012;
    /// The client reads too slowly; come back and take the snapshot.
    pub const SLOW_READER: u16 = 1013;
    /// A frame is larger than allowed.
    pub const TOO_LARGE: u16 = 1009;
    /// A frame is no JSON object, or `hello` is malformed.
    pub const BAD_FRAME: u16 = 4400;
    /// No `hello` in time, or its token is not valid (any more). Refresh the session, then come back.
    pub const UNAUTHENTICATED: u16 = 4401;
    /// The session was ended. Sign in again.
    pub const SESSION_ENDED: u16 = 4403;
    /// The protocol version is not spoken here. Update the client.
    pub const UNSUPPORTED: u16 = 4406;
    /// Nothing was heard for [`super::SILENCE_LIMIT`].
    pub const SILENT: u16 = 4408;
    /// The request limit was passed again and again.
    pub const TOO_MANY_REQUESTS: u16 = 4429;
}
