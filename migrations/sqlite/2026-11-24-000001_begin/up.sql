-- Times are integer microseconds since 1970 (UTC). Choices: 1 ship, 2 skip; in the ledger 0 is "none".
CREATE TABLE tools (
    id INTEGER PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    tagline TEXT NOT NULL DEFAULT '',
    category TEXT NOT NULL DEFAULT '',
    entry TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    updated_at BIGINT NOT NULL
);
CREATE TABLE reviews (
    tool_id INTEGER NOT NULL REFERENCES tools (id),
    position INTEGER NOT NULL,
    reviewer TEXT NOT NULL,
    verdict SMALLINT NOT NULL CHECK (verdict IN (1, 2)),
    summary TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tool_id, position)
) WITHOUT ROWID;
-- One row a tool: what a Tally shows is a function of this row (and the slug). Its row lock orders everything that changes it.
CREATE TABLE tallies (
    tool_id INTEGER PRIMARY KEY NOT NULL REFERENCES tools (id),
    ship BIGINT NOT NULL DEFAULT 0 CHECK (ship >= 0),
    skip BIGINT NOT NULL DEFAULT 0 CHECK (skip >= 0),
    panel_ship INTEGER NOT NULL DEFAULT 0,
    panel_skip INTEGER NOT NULL DEFAULT 0,
    state SMALLINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at BIGINT NOT NULL
);
-- The present: clustered by (tool, voter), so that time-ordered voters land next to each other.
CREATE TABLE votes (
    tool_id INTEGER NOT NULL,
    voter BLOB NOT NULL,
    choice SMALLINT NOT NULL CHECK (choice IN (1, 2)),
    cast_at BIGINT NOT NULL,
    network BLOB NOT NULL,
    token_age INTEGER NOT NULL,
    taken_out_by BIGINT,
    PRIMARY KEY (tool_id, voter)
) WITHOUT ROWID;
-- The ledger: append-only, one row for each change of a tool's counts, at the version that the change made.
CREATE TABLE vote_events (
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    voter BLOB NOT NULL,
    old SMALLINT NOT NULL,
    new SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tool_id, version)
) WITHOUT ROWID;
CREATE TABLE tokens (
    id BLOB PRIMARY KEY NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    role SMALLINT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE TABLE site_facts (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
