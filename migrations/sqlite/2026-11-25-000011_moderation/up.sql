-- Every privileged act, each entry bound to the one before by its hash.
CREATE TABLE audit (
    id BIGINT PRIMARY KEY NOT NULL, -- 1, 2, 3, without a gap
    at BIGINT NOT NULL,
    actor TEXT NOT NULL, -- the token's name, or "command"
    actor_id TEXT NOT NULL, -- the token's id, or the command
    role TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL, -- verbatim
    before TEXT NOT NULL, -- JSON
    after TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL
);
-- Where the chain ends: what was cut off at its end is missed by this, and by whoever kept a published head.
INSERT INTO site_facts (name, value) VALUES ('audit.head', '0:0000000000000000000000000000000000000000000000000000000000000000');
-- Of one voter or of one network. One that came with a removal stands while that removal is in force.
CREATE TABLE bans (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    voter BLOB,
    network BLOB,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT,
    removal_id BIGINT,
    lifted_at BIGINT,
    lifted_by TEXT
);
CREATE INDEX bans_by_removal ON bans (removal_id) WHERE removal_id IS NOT NULL;
-- Grows with every change of the bans, so that an instance reads them anew only then.
INSERT INTO site_facts (name, value) VALUES ('bans.version', '0');
ALTER TABLE tokens ADD COLUMN expires_at BIGINT;
ALTER TABLE tokens ADD COLUMN last_used_at BIGINT;
