-- Who hides their IP address: sound then goes through the relay.

-- 1: from everybody.
ALTER TABLE settings ADD COLUMN hide_address INTEGER NOT NULL DEFAULT 0 CHECK (hide_address IN (0, 1));

-- 1: this account hides it from the other of the conversation.
ALTER TABLE members ADD COLUMN hides_address INTEGER NOT NULL DEFAULT 0 CHECK (hides_address IN (0, 1));

-- Both are read whole when the server starts.
CREATE INDEX settings_hidden ON settings (account) WHERE hide_address;
CREATE INDEX members_hidden ON members (account, conversation) WHERE hides_address;
