// Generated from crates/protocol/src/limits.rs. Do not edit; run `make types`.
/** Spoken in `hello`. */
export const PROTOCOL_VERSION = 1;
/** Characters. */
export const USERNAME_MIN_CHARS = 3;
/** Characters. */
export const USERNAME_MAX_CHARS = 32;
/** Scalar values. */
export const DISPLAY_NAME_MAX_CHARS = 64;
/** Scalar values. */
export const PASSWORD_MIN_CHARS = 10;
/** Scalar values. */
export const PASSWORD_MAX_CHARS = 256;
/** Scalar values. */
export const PASSKEY_NAME_MAX_CHARS = 64;
/** Codes. */
export const RECOVERY_CODES_FEW = 3;
/** Scalar values. */
export const MESSAGE_MAX_CHARS = 8000;
/** Messages. */
export const HISTORY_PAGE_MESSAGES = 50;
/** Scalar values. */
export const PEOPLE_QUERY_MIN_CHARS = 2;
/** Days. */
export const INVITE_DAYS = 7;
/** Milliseconds. */
export const PING_INTERVAL_MS = 10000;
/** Milliseconds. */
export const SILENCE_LIMIT_MS = 15000;
/** Milliseconds. */
export const PONG_DEADLINE_MS = 2000;
/** Milliseconds. */
export const PONG_DEADLINE_IN_CALL_MS = 1000;
/** Milliseconds. */
export const CONNECT_TIMEOUT_MS = 15000;
/** Milliseconds. */
export const ENDED_SHOWN_MS = 3000;
/** Milliseconds. */
export const CANDIDATE_BATCH_INTERVAL_MS = 100;
/** Per side and epoch. */
export const CANDIDATES_MAX = 64;
/** Bytes. */
export const CONTROL_MAX_BYTES = 16384;
/** Milliseconds. */
export const SECOND_CALL_WITHIN_MS = 180000;
/** Minutes. */
export const MINUTES_PER_DAY = 1440;
/** Close code. */
export const CLOSE_SERVER_RESTART = 1012;
/** Close code. */
export const CLOSE_SLOW_READER = 1013;
/** Close code. */
export const CLOSE_BAD_FRAME = 4400;
/** Close code. */
export const CLOSE_UNAUTHENTICATED = 4401;
/** Close code. */
export const CLOSE_SESSION_ENDED = 4403;
/** Close code. */
export const CLOSE_UNSUPPORTED = 4406;
/** Close code. */
export const CLOSE_SILENT = 4408;
/** Close code. */
export const CLOSE_TOO_MANY_REQUESTS = 4429;
