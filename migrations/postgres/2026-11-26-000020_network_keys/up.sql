-- Under a day's key (wrapped by a key of the secret) networks are hashed for that day. Destroyed two days after its begin.
CREATE TABLE network_keys (
    day BIGINT PRIMARY KEY NOT NULL, -- since 1970, UTC
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
-- A banned network's own hash, of another key, copied while the key of the day still opened `network`.
ALTER TABLE bans ADD COLUMN ban_hash BYTEA;
-- Until now there was one key for ever, and bans go on under it.
UPDATE bans SET ban_hash = substring(network FROM 1 FOR 12) WHERE network IS NOT NULL AND lifted_at IS NULL;
-- Votes cast before this day bear no network any more.
INSERT INTO site_facts (name, value) VALUES ('networks.forgotten_before', '0');
