CREATE TABLE vote_events (
    seq INTEGER PRIMARY KEY NOT NULL,
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    voter BLOB NOT NULL,
    old SMALLINT NOT NULL,
    new SMALLINT NOT NULL,
    at BIGINT NOT NULL
);
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
INSERT INTO vote_events (tool_id, version, voter, old, new, at)
    SELECT tool_id, version + i, substr(changes, 17 * i + 1, 16),
        unicode(CAST(substr(changes, 17 * i + 17, 1) AS TEXT)) / 16,
        unicode(CAST(substr(changes, 17 * i + 17, 1) AS TEXT)) % 16, at
    FROM ledger_entries JOIN n ON 17 * i < length(changes) ORDER BY seq, i;
DROP TABLE ledger_entries;
