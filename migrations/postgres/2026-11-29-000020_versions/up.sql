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
    voter BYTEA NOT NULL,
    PRIMARY KEY (removal_id, voter)
);
-- What a batch of votes reads, under its locks, in one round trip. First the shared lock of erasures (the letters "ERASE"): an
-- erasure takes it alone, so what is read here of erasures holds until this transaction ends. Then the tallies, by id. Each statement
-- of a volatile function has a snapshot of its own (PostgreSQL, "Function Volatility Categories"), so what is read after the locks is
-- no older than they.
CREATE OR REPLACE FUNCTION read_for_batch(tools INTEGER[], of_tools INTEGER[], of_voters BYTEA[], at_moment BIGINT)
RETURNS TABLE (
    kind SMALLINT, -- 1 a tally, 2 a vote, 3 a period in force that has not ended, 4 the version of erasures
    tool INTEGER,
    voter_id BYTEA,
    a BIGINT, -- ship; choice; id; version
    b BIGINT, -- skip; cast_at; span_from
    c BIGINT, -- aside_ship; taken_out_by; span_to
    d BIGINT, -- aside_skip
    e BIGINT, -- version
    f BIGINT, -- updated_at
    g BIGINT, -- period_end
    h INTEGER, -- panel_ship
    i INTEGER, -- panel_skip
    j SMALLINT, -- state
    k BIGINT -- revision
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(297732756293); -- 'ERASE'
    RETURN QUERY SELECT 1::smallint, t.tool_id, NULL::bytea, t.ship, t.skip, t.aside_ship, t.aside_skip, t.version,
        t.updated_at, t.period_end, t.panel_ship, t.panel_skip, t.state, t.revision
        FROM tallies t WHERE t.tool_id = ANY(tools) ORDER BY t.tool_id FOR NO KEY UPDATE;
    RETURN QUERY SELECT 4::smallint, 0, NULL::bytea, s.value::bigint, 0::bigint, NULL::bigint, NULL::bigint, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint
        FROM site_facts s WHERE s.name = 'erasures.version';
    RETURN QUERY SELECT 2::smallint, v.tool_id, v.voter, v.choice::bigint, v.cast_at, v.taken_out_by, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint
        FROM unnest(of_tools, of_voters) AS w (tool_id, voter)
        JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter;
    RETURN QUERY SELECT 3::smallint, r.tool_id, NULL::bytea, r.id, coalesce(r.span_from, -9223372036854775808), r.span_to,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint
        FROM tallies t JOIN removals r ON r.tool_id = t.tool_id AND r.state = 1 AND r.kind = 2
        WHERE t.tool_id = ANY(tools) AND t.period_end > at_moment ORDER BY r.id;
END
$$;
-- A batch of votes in one round trip, if its writer knows the tallies already. Under their locks each must still have the version and
-- revision that it knows, nobody may have been erased since, each new vote must be new, and each old one there; else nothing is
-- written, the answer is NULL, and the writer reads under locks. The answer is 1. Locks as in `read_for_batch`.
CREATE OR REPLACE FUNCTION write_if_unchanged(
    known_erasures BIGINT,
    same_tools INTEGER[], same_versions BIGINT[], same_revisions BIGINT[], -- tallies that stay as they are
    new_tools INTEGER[], new_voters BYTEA[], new_choices SMALLINT[], new_cast_at BIGINT[], new_networks BYTEA[],
    new_token_ages INTEGER[],
    old_tools INTEGER[], old_voters BYTEA[], old_choices SMALLINT[], old_cast_at BIGINT[], old_networks BYTEA[],
    old_token_ages INTEGER[],
    gone_tools INTEGER[], gone_voters BYTEA[],
    entry_tools INTEGER[], entry_versions BIGINT[], entry_at BIGINT[], entry_changes BYTEA[],
    known_versions BIGINT[], known_revisions BIGINT[],
    tally_tools INTEGER[], tally_ship BIGINT[], tally_skip BIGINT[], tally_versions BIGINT[], tally_updated_at BIGINT[],
    tally_aside_ship BIGINT[], tally_aside_skip BIGINT[], tally_revisions BIGINT[]
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
        INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age)
        SELECT * FROM unnest(new_tools, new_voters, new_choices, new_cast_at, new_networks, new_token_ages);
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
    RETURN 1;
EXCEPTION
    -- The block is a subtransaction: what it wrote is undone, and no line of this is in the server's log.
    WHEN unique_violation OR no_data_found THEN
        RETURN NULL;
END
$$;
