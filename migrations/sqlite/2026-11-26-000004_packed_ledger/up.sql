-- The ledger packed: an entry holds some changes of one tool at one moment, at consecutive versions from `version` on.
-- A row for each change was a quarter of the work of writing a vote on Postgres. A change is 17 bytes: the voter, then 16 * old choice + new choice.
CREATE TABLE ledger_entries (
    seq INTEGER PRIMARY KEY NOT NULL,
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    changes BLOB NOT NULL
);
INSERT INTO ledger_entries (seq, tool_id, version, at, changes)
    SELECT seq, tool_id, version, at, CAST(voter || char(16 * old + new) AS BLOB) FROM vote_events ORDER BY seq;
DROP TABLE vote_events;
