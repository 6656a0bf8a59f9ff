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
    sample BYTEA NOT NULL, -- see src/abuse/holding/sample.rs
    PRIMARY KEY (origin, tool_id)
);
-- Fresh votes that a removal marked, by network: the rule counts those of the network that it judges. No other vote is in these.
CREATE INDEX votes_marked_origin ON votes (origin, tool_id) WHERE taken_out_by > 0 AND origin IS NOT NULL;
CREATE INDEX votes_marked_wide_origin ON votes (wide_origin, tool_id) WHERE taken_out_by > 0 AND wide_origin IS NOT NULL;
-- Those with held votes: the all-clear looks at them again and again.
CREATE INDEX origin_sums_held ON origin_sums (origin) WHERE now_ship + now_skip > counted_ship + counted_skip;
-- Changes of votes that are held, or were, as their voters see them; at these versions the ledger has other changes or none.
CREATE TABLE seen_changes (
    voter BYTEA NOT NULL,
    tool_id INTEGER NOT NULL,
    version BIGINT NOT NULL,
    old SMALLINT NOT NULL,
    new SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (voter, tool_id, version)
);
-- A batch of votes in one round trip, if its writer knows the tallies already. Under their locks each must still have the version and
-- revision that it knows, nobody may have been erased since, each new vote must be new, and each old one there; else nothing is
-- written, the answer is NULL, and the writer reads under locks. The answer is 1. Locks as in `read_for_batch`.
CREATE OR REPLACE FUNCTION write_if_unchanged(
    known_erasures BIGINT,
    same_tools INTEGER[], same_versions BIGINT[], same_revisions BIGINT[], -- tallies that stay as they are
    new_tools INTEGER[], new_voters BYTEA[], new_choices SMALLINT[], new_cast_at BIGINT[], new_networks BYTEA[],
    new_token_ages INTEGER[], new_origins BIGINT[], new_wide_origins BIGINT[], new_first_choices SMALLINT[],
    old_tools INTEGER[], old_voters BYTEA[], old_choices SMALLINT[], old_cast_at BIGINT[], old_networks BYTEA[],
    old_token_ages INTEGER[],
    gone_tools INTEGER[], gone_voters BYTEA[],
    entry_tools INTEGER[], entry_versions BIGINT[], entry_at BIGINT[], entry_changes BYTEA[],
    known_versions BIGINT[], known_revisions BIGINT[],
    tally_tools INTEGER[], tally_ship BIGINT[], tally_skip BIGINT[], tally_versions BIGINT[], tally_updated_at BIGINT[],
    tally_aside_ship BIGINT[], tally_aside_skip BIGINT[], tally_revisions BIGINT[],
    sum_origins BIGINT[], sum_tools INTEGER[], sum_first_ship BIGINT[], sum_first_skip BIGINT[], sum_now_ship BIGINT[],
    sum_now_skip BIGINT[], sum_counted_ship BIGINT[], sum_counted_skip BIGINT[], sum_changed BIGINT[], sum_trusted_until BIGINT[],
    sum_samples BYTEA[]
) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    found_rows BIGINT;
    erasures BIGINT;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(297732756293); -- 'ERASE'
    SELECT value::bigint INTO erasures FROM site_facts WHERE name = 'erasures.version';
    IF erasures <> known_erasures THEN
        RETURN NULL;
    END IF;
    -- All are locked first, if some stay as they are: those that stay and then those that move would be two orders, and two writers
    -- that mean them crosswise would wait for each other until one of them is ended.
    IF cardinality(same_tools) > 0 THEN
        SELECT count(*) INTO found_rows FROM (
            SELECT 1 FROM unnest(same_tools || tally_tools, same_versions || known_versions, same_revisions || known_revisions)
                AS w (tool, version, revision)
            JOIN tallies t ON t.tool_id = w.tool
            WHERE t.version = w.version AND t.revision = w.revision ORDER BY t.tool_id FOR NO KEY UPDATE OF t
        ) AS held;
        IF found_rows <> cardinality(same_tools) + cardinality(tally_tools) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF cardinality(tally_tools) > 0 THEN
        UPDATE tallies t SET ship = w.ship, skip = w.skip, version = w.version, updated_at = w.updated_at,
            aside_ship = w.aside_ship, aside_skip = w.aside_skip, revision = w.revision
        FROM unnest(known_versions, known_revisions, tally_tools, tally_ship, tally_skip, tally_versions, tally_updated_at,
            tally_aside_ship, tally_aside_skip, tally_revisions)
            AS w (known_version, known_revision, tool, ship, skip, version, updated_at, aside_ship, aside_skip, revision)
        WHERE t.tool_id = w.tool AND t.version = w.known_version AND t.revision = w.known_revision;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        IF found_rows <> cardinality(tally_tools) THEN
            RAISE no_data_found;
        END IF;
    END IF;
    IF cardinality(new_tools) > 0 THEN
        INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age, origin, wide_origin, first_choice)
        SELECT * FROM unnest(new_tools, new_voters, new_choices, new_cast_at, new_networks, new_token_ages, new_origins,
            new_wide_origins, new_first_choices);
    END IF;
    IF cardinality(old_tools) > 0 THEN
        UPDATE votes v SET choice = w.choice, cast_at = w.cast_at, network = w.network, token_age = w.token_age,
            taken_out_by = NULL
        FROM unnest(old_tools, old_voters, old_choices, old_cast_at, old_networks, old_token_ages)
            AS w (tool, voter, choice, cast_at, network, token_age)
        WHERE v.tool_id = w.tool AND v.voter = w.voter;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        IF found_rows <> cardinality(old_tools) THEN
            RAISE no_data_found;
        END IF;
    END IF;
    IF cardinality(gone_tools) > 0 THEN
        DELETE FROM votes v USING unnest(gone_tools, gone_voters) AS w (tool, voter)
        WHERE v.tool_id = w.tool AND v.voter = w.voter;
        GET DIAGNOSTICS found_rows = ROW_COUNT;
        IF found_rows <> cardinality(gone_tools) THEN
            RAISE no_data_found;
        END IF;
    END IF;
    IF cardinality(entry_tools) > 0 THEN
        INSERT INTO ledger_entries (tool_id, version, at, changes)
        SELECT * FROM unnest(entry_tools, entry_versions, entry_at, entry_changes);
    END IF;
    IF cardinality(sum_origins) > 0 THEN
        INSERT INTO origin_sums (origin, tool_id, first_ship, first_skip, now_ship, now_skip, counted_ship, counted_skip, changed,
            trusted_until, sample)
        SELECT * FROM unnest(sum_origins, sum_tools, sum_first_ship, sum_first_skip, sum_now_ship, sum_now_skip, sum_counted_ship,
            sum_counted_skip, sum_changed, sum_trusted_until, sum_samples)
        ON CONFLICT (origin, tool_id) DO UPDATE SET first_ship = excluded.first_ship, first_skip = excluded.first_skip,
            now_ship = excluded.now_ship, now_skip = excluded.now_skip, counted_ship = excluded.counted_ship,
            counted_skip = excluded.counted_skip, changed = excluded.changed, trusted_until = excluded.trusted_until,
            sample = excluded.sample;
    END IF;
    RETURN 1;
EXCEPTION
    -- The block is a subtransaction: what it wrote is undone, and no line of this is in the server's log.
    WHEN unique_violation OR no_data_found THEN
        RETURN NULL;
END
$$;
