-- Nothing moves without a version.
-- `revision`: grows whenever a tally's votes, voters or marks change in a way that `version`, which the public sees, does not show:
-- an erasure renames a voter, a mark comes under a removal in force, staff edit the row. (version, revision) names a tally's votes.
ALTER TABLE tallies ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
-- Which edit of the catalogue wrote a tool, and which erasure wrote a hash: what other processes have not seen yet is followed by these
-- numbers, never by a clock.
ALTER TABLE tools ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE erased ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
INSERT INTO site_facts (name, value) VALUES ('catalog.version', '0');
INSERT INTO site_facts (name, value) VALUES ('erasures.version', '0');
-- Votes that an erasure renamed while a removal was being prepared on their tool: the removal looks at them again. Rows go with the
-- end of the preparation.
CREATE TABLE renamed_votes (
    removal_id BIGINT NOT NULL,
    voter BLOB NOT NULL,
    PRIMARY KEY (removal_id, voter)
) WITHOUT ROWID;
