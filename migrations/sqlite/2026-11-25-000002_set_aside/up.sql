-- Votes that removals in force set aside at this moment, and the end of the tool's last excluded period.
ALTER TABLE tallies ADD COLUMN aside_ship BIGINT NOT NULL DEFAULT 0 CHECK (aside_ship >= 0);
ALTER TABLE tallies ADD COLUMN aside_skip BIGINT NOT NULL DEFAULT 0 CHECK (aside_skip >= 0);
ALTER TABLE tallies ADD COLUMN period_end BIGINT NOT NULL DEFAULT 0;
-- What votes.taken_out_by points to. A mark takes effect while its removal is in force (state 1), and only then.
CREATE TABLE removals (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind SMALLINT NOT NULL CHECK (kind IN (1, 2)), -- 1 reset, 2 excluded period
    tool_id INTEGER NOT NULL REFERENCES tools (id),
    state SMALLINT NOT NULL DEFAULT 0, -- 0 preparing, 1 in force, 2 undone, 3 abandoned
    span_from BIGINT,
    span_to BIGINT,
    voter BLOB,
    network BLOB,
    choice SMALLINT,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    ship BIGINT NOT NULL DEFAULT 0, -- taken when it came into force
    skip BIGINT NOT NULL DEFAULT 0,
    networks BIGINT NOT NULL DEFAULT 0,
    tally_before TEXT NOT NULL DEFAULT '', -- as JSON
    tally_after TEXT NOT NULL DEFAULT '',
    undone_at BIGINT,
    undone_by TEXT,
    undo_reason TEXT
);
CREATE INDEX removals_by_tool ON removals (tool_id, state);
-- The ledger's entries for what moves many votes at once; versions are shared with vote_events.
CREATE TABLE bulk_events (
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    removal_id BIGINT NOT NULL,
    ship BIGINT NOT NULL, -- the change of the counted votes
    skip BIGINT NOT NULL,
    sketch BIGINT NOT NULL, -- of the votes that moved; see src/voting/checksum.rs
    at BIGINT NOT NULL,
    PRIMARY KEY (tool_id, version)
) WITHOUT ROWID;
CREATE INDEX votes_marked ON votes (taken_out_by, choice) WHERE taken_out_by IS NOT NULL;
-- What each hour left behind: the tally after its last change within that hour. The present hour is the tally itself.
CREATE TABLE tally_hours (
    tool_id INTEGER NOT NULL,
    hour BIGINT NOT NULL, -- its start
    ship BIGINT NOT NULL,
    skip BIGINT NOT NULL,
    aside_ship BIGINT NOT NULL,
    aside_skip BIGINT NOT NULL,
    PRIMARY KEY (tool_id, hour)
) WITHOUT ROWID;
