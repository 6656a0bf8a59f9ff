-- Solutions of challenges (proof of work) that were used, on Postgres. Here one server remembers them itself and the table is
-- empty; it is there so that a backup of either database fits the other.
CREATE TABLE spent_solutions (
    id BLOB PRIMARY KEY NOT NULL, -- the first half of the challenge's signature
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
