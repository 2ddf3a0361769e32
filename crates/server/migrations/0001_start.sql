-- Everything Ahoy keeps. Ids are UUIDs as 16-byte BLOBs: half the size of text in every index, and a
-- UUIDv7 sorts by age. Times are integer milliseconds since 1970-01-01 UTC.

CREATE TABLE accounts (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  username      TEXT    NOT NULL UNIQUE,
  display_name  TEXT    NOT NULL,
  -- Argon2id in PHC form.
  password      TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  -- When the account's last device went offline; NULL where none was ever seen.
  last_seen_at  INTEGER
) STRICT, WITHOUT ROWID;

-- The folded username and every folded word of the display name, for the search by prefix.
CREATE TABLE account_words (
  word          TEXT    NOT NULL,
  account       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  PRIMARY KEY (word, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_words_by_account ON account_words (account);

CREATE TABLE devices (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  account       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name          TEXT    NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_account ON devices (account);

-- A row is a living session; ending one deletes it. At most one for each device.
CREATE TABLE sessions (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  account       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  device        BLOB    NOT NULL UNIQUE REFERENCES devices (id) ON DELETE CASCADE,
  -- SHA-256 of the newest refresh token.
  refresh       BLOB    NOT NULL UNIQUE CHECK (length(refresh) = 32),
  -- SHA-256 of the one before, while it may be used once more because its answer got lost.
  previous      BLOB    CHECK (length(previous) = 32),
  -- 1: the refresh token travels in a cookie.
  cookie        INTEGER NOT NULL CHECK (cookie IN (0, 1)),
  signed_in_at  INTEGER NOT NULL,
  last_used_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account, last_used_at);

-- Refresh tokens that were replaced, so that the use of a stolen one is recognised and ends its session.
CREATE TABLE spent_refreshes (
  refresh       BLOB    PRIMARY KEY CHECK (length(refresh) = 32),
  session       BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  spent_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_refreshes_by_session ON spent_refreshes (session, spent_at);

-- One for each pair of people; `low` is the smaller id of the two.
CREATE TABLE conversations (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  low           BLOB    NOT NULL REFERENCES accounts (id),
  high          BLOB    NOT NULL REFERENCES accounts (id),
  -- The number of the newest message; 0 while there is none.
  last_seq      INTEGER NOT NULL DEFAULT 0,
  created_at    INTEGER NOT NULL,
  UNIQUE (low, high),
  CHECK (low < high)
) STRICT, WITHOUT ROWID;

-- The two sides of a conversation.
CREATE TABLE members (
  conversation  BLOB    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  account       BLOB    NOT NULL REFERENCES accounts (id),
  -- 1: this account wants to hear from the other.
  accepted      INTEGER NOT NULL DEFAULT 0 CHECK (accepted IN (0, 1)),
  -- 1: this account has blocked the other.
  blocked       INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
  -- Everything up to here was read by this account.
  read_seq      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_account ON members (account);

-- A call's life as the server knows it; descriptions, candidates and ringing devices are never kept.
CREATE TABLE calls (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  conversation  BLOB    NOT NULL REFERENCES conversations (id),
  caller        BLOB    NOT NULL REFERENCES accounts (id),
  callee        BLOB    NOT NULL REFERENCES accounts (id),
  -- Made by the caller's device, so that a resent start finds its call.
  attempt       BLOB    NOT NULL CHECK (length(attempt) = 16),
  caller_device BLOB    NOT NULL REFERENCES devices (id),
  callee_device BLOB    REFERENCES devices (id),
  -- silent: the callee blocks the caller and must never hear of it.
  reach         TEXT    NOT NULL CHECK (reach IN ('devices', 'nobody', 'silent')),
  state         TEXT    NOT NULL CHECK (state IN ('ringing', 'connecting', 'active', 'ended')),
  revision      INTEGER NOT NULL,
  started_at    INTEGER NOT NULL,
  -- Until when it rings or connects.
  expires_at    INTEGER,
  -- Since when they hear each other.
  active_at     INTEGER,
  ended_at      INTEGER,
  -- The end's reason, its cause where it failed and who hung up.
  end_reason    TEXT,
  end_cause     TEXT,
  ended_by      BLOB,
  -- Milliseconds in which they heard each other.
  talked        INTEGER,
  CHECK ((state IN ('ringing', 'connecting')) = (expires_at IS NOT NULL)),
  CHECK ((state = 'active') = (active_at IS NOT NULL)),
  CHECK ((state = 'ended') = (ended_at IS NOT NULL AND end_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_caller ON calls (caller, id);
CREATE INDEX calls_by_callee ON calls (callee, id);
CREATE INDEX calls_alive ON calls (id) WHERE state <> 'ended';

-- The timeline of a conversation, numbered from 1 without a gap.
CREATE TABLE messages (
  conversation  BLOB    NOT NULL REFERENCES conversations (id),
  seq           INTEGER NOT NULL,
  -- Made by the client that writes, so that a resend is recognised; for a call, the call's id.
  id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
  author        BLOB    NOT NULL REFERENCES accounts (id),
  sent_at       INTEGER NOT NULL,
  kind          TEXT    NOT NULL CHECK (kind IN ('text', 'call')),
  text          TEXT,
  PRIMARY KEY (conversation, seq),
  CHECK ((kind = 'text') = (text IS NOT NULL))
) STRICT, WITHOUT ROWID;
