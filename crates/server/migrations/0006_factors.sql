-- What proves who somebody is, besides a password.

-- Since when, and by what, the session's owner was last proven to be the one who sits there.
-- Sessions from before this step have to prove it anew.
ALTER TABLE sessions ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT 'password'
  CHECK (confirmed_by IN ('password', 'passkey'));

CREATE TABLE authenticator_apps (
  account       BLOB    PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  -- As it is: the server must compute with it, and a key beside the database would be read by whoever reads the database.
  secret        BLOB    NOT NULL CHECK (length(secret) = 20),
  -- The number of the newest step whose code was taken; no code of it or of one before is taken again.
  last_step     INTEGER NOT NULL,
  added_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- SHA-256 of each code that was not used yet. Eighty random bits leave nothing to guess, so a slow hash would add nothing.
CREATE TABLE recovery_codes (
  account       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  hash          BLOB    NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  account       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  -- The authenticator's own name for it.
  credential    BLOB    NOT NULL UNIQUE CHECK (length(credential) BETWEEN 16 AND 1023),
  name          TEXT    NOT NULL,
  -- Its public key, and its counter with what else changes at each use, in the library's own form.
  fixed_state   BLOB    NOT NULL,
  moving_state  BLOB    NOT NULL CHECK (length(moving_state) = 7),
  added_at      INTEGER NOT NULL,
  last_used_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_account ON passkeys (account);
