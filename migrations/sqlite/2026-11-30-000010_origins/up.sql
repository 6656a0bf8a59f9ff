-- The holding rule: where a fresh voter's first vote on a tool came from, and what it said. It stays for ever, whatever becomes of the
-- vote. A network is a hash under a key of its own that no midnight changes; NULL of voters who were not fresh.
ALTER TABLE votes ADD COLUMN origin BIGINT;
ALTER TABLE votes ADD COLUMN wide_origin BIGINT; -- the /48 around an IPv6 network
ALTER TABLE votes ADD COLUMN first_choice SMALLINT;
-- The fresh voters of a network on a tool, added up; changed with their votes, under the tally's lock.
CREATE TABLE origin_sums (
    origin BIGINT NOT NULL,
    tool_id INTEGER NOT NULL,
    first_ship BIGINT NOT NULL, -- voters by their first choice
    first_skip BIGINT NOT NULL,
    now_ship BIGINT NOT NULL, -- and by the present one, held votes included
    now_skip BIGINT NOT NULL,
    counted_ship BIGINT NOT NULL, -- without held votes
    counted_skip BIGINT NOT NULL,
    changed BIGINT NOT NULL, -- voters whose present choice is not the first
    trusted_until BIGINT NOT NULL,
    sample BLOB NOT NULL, -- see src/abuse/holding/sample.rs
    PRIMARY KEY (origin, tool_id)
) WITHOUT ROWID;
-- Fresh votes that a removal marked, by network: the rule counts those of the network that it judges. No other vote is in these.
CREATE INDEX votes_marked_origin ON votes (origin, tool_id) WHERE taken_out_by > 0 AND origin IS NOT NULL;
CREATE INDEX votes_marked_wide_origin ON votes (wide_origin, tool_id) WHERE taken_out_by > 0 AND wide_origin IS NOT NULL;
-- Those with held votes: the all-clear looks at them again and again.
CREATE INDEX origin_sums_held ON origin_sums (origin) WHERE now_ship + now_skip > counted_ship + counted_skip;
-- Changes of votes that are held, or were, as their voters see them; at these versions the ledger has other changes or none.
CREATE TABLE seen_changes (
    voter BLOB NOT NULL,
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    old SMALLINT NOT NULL,
    new SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (voter, tool_id, version)
) WITHOUT ROWID;
