-- The ledger is written at its end, whatever the tool: by tool and version, each vote touched a page of its own, and its
-- cost grew with the table. Within a tool, versions grow with seq; the recount holds that.
ALTER TABLE vote_events RENAME TO vote_events_by_tool;
CREATE TABLE vote_events (
    seq INTEGER PRIMARY KEY NOT NULL,
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    voter BLOB NOT NULL,
    old SMALLINT NOT NULL,
    new SMALLINT NOT NULL,
    at BIGINT NOT NULL
);
INSERT INTO vote_events (tool_id, version, voter, old, new, at)
    SELECT tool_id, version, voter, old, new, at FROM vote_events_by_tool ORDER BY tool_id, version;
DROP TABLE vote_events_by_tool;
