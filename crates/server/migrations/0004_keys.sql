-- The public keys of devices, as their devices told them. They go with the session.

CREATE TABLE device_keys (
  session       BLOB    PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
  account       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  -- Ed25519 in lower-case hex, as on the wire.
  key           TEXT    NOT NULL CHECK (length(key) = 64)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_keys_by_account ON device_keys (account);

-- What one device of an account says of another one's key. Nobody but clients checks the signature.
CREATE TABLE endorsements (
  session       BLOB    NOT NULL REFERENCES device_keys (session) ON DELETE CASCADE,
  by_key        TEXT    NOT NULL CHECK (length(by_key) = 64),
  signature     TEXT    NOT NULL CHECK (length(signature) = 128),
  PRIMARY KEY (session, by_key)
) STRICT, WITHOUT ROWID;
