-- What the detector raised. While the same thing goes on its row grows; another thing is another row.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    tool_id INTEGER NOT NULL REFERENCES tools (id),
    kind SMALLINT NOT NULL, -- 1 burst, 2 drip, 3 network, 4 across tools
    state SMALLINT NOT NULL DEFAULT 0, -- 0 open, 1 dismissed
    score INTEGER NOT NULL, -- 0 to 100, and what it is made of
    burst INTEGER NOT NULL,
    concentration INTEGER NOT NULL,
    freshness INTEGER NOT NULL,
    one_sidedness INTEGER NOT NULL,
    votes BIGINT NOT NULL,
    ship BIGINT NOT NULL,
    networks BIGINT NOT NULL,
    fresh BIGINT NOT NULL,
    usual BIGINT NOT NULL,
    tools BIGINT NOT NULL,
    span_from BIGINT NOT NULL, -- the filter: cast at or after this, and before the next
    span_to BIGINT NOT NULL,
    choice SMALLINT,
    network BLOB NOT NULL, -- zeros: of any; or forgotten, where the kind is one of a network
    raised_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    dismissed_at BIGINT,
    dismissed_by TEXT,
    dismiss_reason TEXT,
    dismissed_votes BIGINT NOT NULL DEFAULT 0, -- how many they were then
    told_at BIGINT -- when a webhook took it; NULL while it is to be told
);
CREATE INDEX alerts_by_tool ON alerts (tool_id, kind, span_from);
CREATE INDEX alerts_by_update ON alerts (updated_at);
-- Grows with every change of the alerts, so that an instance reads them anew only then.
INSERT INTO site_facts (name, value) VALUES ('alerts.version', '0');
