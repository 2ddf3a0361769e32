-- What people decided about being called, and missed calls that are seen.

-- An account without a row has the defaults.
CREATE TABLE settings (
  account       BLOB    PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  -- 1: a second call is offered during a call.
  call_waiting  INTEGER NOT NULL CHECK (call_waiting IN (0, 1)),
  -- 1: nothing rings, until `dnd_until` where that is not NULL.
  dnd           INTEGER NOT NULL CHECK (dnd IN (0, 1)),
  dnd_until     INTEGER,
  -- Minutes of the day between which nothing rings, and where that day is; NULL for none.
  quiet_from    INTEGER CHECK (quiet_from BETWEEN 0 AND 1439),
  quiet_to      INTEGER CHECK (quiet_to BETWEEN 0 AND 1439),
  quiet_zone    TEXT,
  -- 1: a second call soon after a missed one rings all the same.
  second_call   INTEGER NOT NULL CHECK (second_call IN (0, 1)),
  CHECK (dnd = 1 OR dnd_until IS NULL),
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL) AND (quiet_from IS NULL) = (quiet_zone IS NULL))
) STRICT, WITHOUT ROWID;

-- 1: calls of the other never ring this account, and their messages make no sound.
ALTER TABLE members ADD COLUMN muted INTEGER NOT NULL DEFAULT 0 CHECK (muted IN (0, 1));

-- SQLite cannot change a CHECK, so the table is made anew. Nothing refers to it.
CREATE TABLE new_calls (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  conversation  BLOB    NOT NULL REFERENCES conversations (id),
  caller        BLOB    NOT NULL REFERENCES accounts (id),
  callee        BLOB    NOT NULL REFERENCES accounts (id),
  -- Made by the caller's device, so that a resent start finds its call.
  attempt       BLOB    NOT NULL CHECK (length(attempt) = 16),
  caller_device BLOB    NOT NULL REFERENCES devices (id),
  callee_device BLOB    REFERENCES devices (id),
  -- quiet: the callee does not want to be disturbed. silent: the callee blocks the caller and must never hear of it.
  reach         TEXT    NOT NULL CHECK (reach IN ('devices', 'nobody', 'quiet', 'silent')),
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
  -- 1: the callee looked at the missed calls since it ended.
  seen          INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1)),
  CHECK ((state IN ('ringing', 'connecting')) = (expires_at IS NOT NULL)),
  CHECK ((state = 'active') = (active_at IS NOT NULL)),
  CHECK ((state = 'ended') = (ended_at IS NOT NULL AND end_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO new_calls (id, conversation, caller, callee, attempt, caller_device, callee_device, reach,
    state, revision, started_at, expires_at, active_at, ended_at, end_reason, end_cause, ended_by, talked)
  SELECT id, conversation, caller, callee, attempt, caller_device, callee_device, reach,
    state, revision, started_at, expires_at, active_at, ended_at, end_reason, end_cause, ended_by, talked
  FROM calls;
DROP TABLE calls;
ALTER TABLE new_calls RENAME TO calls;
CREATE INDEX calls_by_caller ON calls (caller, id);
CREATE INDEX calls_by_callee ON calls (callee, id);
CREATE INDEX calls_alive ON calls (id) WHERE state <> 'ended';
-- For the list of missed calls, and for the few that nobody has seen.
CREATE INDEX calls_missed ON calls (callee, id)
  WHERE end_reason IN ('cancelled', 'busy', 'no_answer', 'unreachable');
CREATE INDEX calls_unseen ON calls (callee)
  WHERE seen = 0 AND end_reason IN ('cancelled', 'busy', 'no_answer', 'unreachable');
