ALTER TABLE vote_events RENAME TO vote_events_appended;
CREATE TABLE vote_events (
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    voter BLOB NOT NULL,
    old SMALLINT NOT NULL,
    new SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tool_id, version)
) WITHOUT ROWID;
INSERT INTO vote_events (tool_id, version, voter, old, new, at)
    SELECT tool_id, version, voter, old, new, at FROM vote_events_appended;
DROP TABLE vote_events_appended;
