-- Tools that were merged into another: a reset took their votes out, and this makes it a merge.
CREATE TABLE merges (
    removal_id BIGINT PRIMARY KEY NOT NULL REFERENCES removals (id),
    tool_id INTEGER NOT NULL REFERENCES tools (id),
    into_tool INTEGER NOT NULL REFERENCES tools (id),
    state SMALLINT NOT NULL, -- 1 copying votes, 2 done, 3 taking them back, 4 undone
    copied BLOB NOT NULL -- the last voter whose vote was copied; empty before the first
);
CREATE INDEX merges_tool ON merges (tool_id);
-- Votes that a merge brought to its target, as it wrote them, and what the voter's vote there was before.
CREATE TABLE merged_votes (
    removal_id BIGINT NOT NULL,
    tool_id INTEGER NOT NULL, -- the target
    voter BLOB NOT NULL,
    choice SMALLINT NOT NULL,
    cast_at BIGINT NOT NULL,
    old_choice SMALLINT, -- NULL: there was none
    old_cast_at BIGINT,
    PRIMARY KEY (removal_id, voter)
) WITHOUT ROWID;
CREATE INDEX merged_votes_voter ON merged_votes (tool_id, voter);
