-- A vote's ballot in the public log: its name (24 bytes), then the salt that opens it (16), until the voter is erased.
ALTER TABLE votes ADD COLUMN ballot BLOB;
-- Ballots whose votes were withdrawn: a vote that is cast again takes its ballot back.
CREATE TABLE withdrawn_ballots (
    tool_id INTEGER NOT NULL,
    voter BLOB NOT NULL,
    ballot BLOB NOT NULL,
    PRIMARY KEY (tool_id, voter)
) WITHOUT ROWID;
-- What the log has not stated yet, in the order in which it happened on each tool; see src/voting/journal.
CREATE TABLE log_journal (
    seq INTEGER PRIMARY KEY NOT NULL,
    record BLOB NOT NULL
);
-- The public logs of this site. Only the newest is written on.
CREATE TABLE logs (
    id INTEGER PRIMARY KEY NOT NULL,
    origin TEXT NOT NULL,
    verifier_key TEXT NOT NULL,
    size BIGINT NOT NULL,
    checkpoint TEXT NOT NULL, -- the signed note; empty before the first
    indexed BIGINT NOT NULL, -- segments of log_index that are written
    follows TEXT NOT NULL -- the first entry of a log that comes after another
);
-- What the newest log states of each tool.
CREATE TABLE log_tools (
    tool_id INTEGER PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL,
    named_ship BIGINT NOT NULL, -- ballots without exclusion
    named_skip BIGINT NOT NULL,
    unnamed_ship BIGINT NOT NULL,
    unnamed_skip BIGINT NOT NULL,
    held_ship BIGINT NOT NULL,
    held_skip BIGINT NOT NULL,
    ship BIGINT NOT NULL, -- the tally
    skip BIGINT NOT NULL
);
-- Entries, 256 a row; their hashes, the tiles of level 0, are computed from them.
CREATE TABLE log_bundles (
    log_id INTEGER NOT NULL,
    n BIGINT NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (log_id, n)
);
-- Tiles of the levels above 0.
CREATE TABLE log_tiles (
    log_id INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (log_id, level, n)
) WITHOUT ROWID;
-- The ballots that exclude and include lines name, by the hash in the line.
CREATE TABLE log_lists (
    log_id INTEGER NOT NULL,
    hash BLOB NOT NULL,
    ballots TEXT NOT NULL,
    PRIMARY KEY (log_id, hash)
);
-- Where ballots are named: for each segment of entries, and each value of a name's first 6 bits, 5 bytes of the name and
-- 2 of the entry's place in the segment.
CREATE TABLE log_index (
    log_id INTEGER NOT NULL,
    bucket SMALLINT NOT NULL,
    segment BIGINT NOT NULL,
    places BLOB NOT NULL,
    PRIMARY KEY (log_id, bucket, segment)
);
