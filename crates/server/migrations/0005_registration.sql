-- Who may register, by whose invite, and who manages accounts.

-- 1: may manage accounts. The first account of a server is one.
ALTER TABLE accounts ADD COLUMN administrator INTEGER NOT NULL DEFAULT 0 CHECK (administrator IN (0, 1));

-- Since when the account may not sign in; NULL where it may.
ALTER TABLE accounts ADD COLUMN disabled_at INTEGER;

CREATE TABLE invites (
  id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
  -- SHA-256 of what the link carries.
  secret        BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
  -- NULL where it was made on the host.
  inviter       BLOB    REFERENCES accounts (id) ON DELETE CASCADE,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  -- So many may register by it, and so many have.
  uses          INTEGER NOT NULL CHECK (uses > 0),
  used          INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses)
) STRICT, WITHOUT ROWID;

-- Links by which somebody chooses a new password, at most one for each account.
CREATE TABLE password_resets (
  account       BLOB    PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  -- SHA-256 of what the link carries.
  secret        BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
  expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
