-- A batch of votes in one round trip, where its writer knows the tallies already. Under their locks each must still be the
-- row that it knows (`xmin` names the transaction that wrote a row), each new vote new, and each old one there; else nothing
-- is written, the answer is NULL, and the writer goes the way of reading under locks. The answer is the `xmin` of the
-- tallies as written; 0 where none was. Tools come in their order, so that nobody deadlocks.
CREATE OR REPLACE FUNCTION write_unmoved(
    same_tools INTEGER[], same_xmins BIGINT[], -- tallies that stay as they are
    new_tools INTEGER[], new_voters BYTEA[], new_choices SMALLINT[], new_cast_at BIGINT[], new_networks BYTEA[],
    new_token_ages INTEGER[],
    old_tools INTEGER[], old_voters BYTEA[], old_choices SMALLINT[], old_cast_at BIGINT[], old_networks BYTEA[],
    old_token_ages INTEGER[],
    gone_tools INTEGER[], gone_voters BYTEA[],
    entry_tools INTEGER[], entry_versions BIGINT[], entry_at BIGINT[], entry_changes BYTEA[],
    tally_xmins BIGINT[],
    tally_tools INTEGER[], tally_ship BIGINT[], tally_skip BIGINT[], tally_versions BIGINT[], tally_updated_at BIGINT[],
    tally_aside_ship BIGINT[], tally_aside_skip BIGINT[]
) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    found_rows BIGINT;
    written BIGINT := 0;
BEGIN
    IF cardinality(same_tools) > 0 THEN
        SELECT count(*) INTO found_rows FROM (
            SELECT 1 FROM unnest(same_tools, same_xmins) AS w (tool, known) JOIN tallies t ON t.tool_id = w.tool
            WHERE t.xmin::text::bigint = w.known ORDER BY t.tool_id FOR NO KEY UPDATE OF t
        ) AS held;
        IF found_rows <> cardinality(same_tools) THEN
            RETURN NULL;
        END IF;
    END IF;
    IF cardinality(tally_tools) > 0 THEN
        WITH moved AS (
            UPDATE tallies t SET ship = w.ship, skip = w.skip, version = w.version, updated_at = w.updated_at,
                aside_ship = w.aside_ship, aside_skip = w.aside_skip
            FROM unnest(tally_xmins, tally_tools, tally_ship, tally_skip, tally_versions, tally_updated_at,
                tally_aside_ship, tally_aside_skip)
                AS w (known, tool, ship, skip, version, updated_at, aside_ship, aside_skip)
            WHERE t.tool_id = w.tool AND t.xmin::text::bigint = w.known RETURNING t.xmin::text::bigint AS xmin_now
        ) SELECT count(*), max(xmin_now) INTO found_rows, written FROM moved;
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
    RETURN written;
EXCEPTION
    -- The block is a subtransaction: what it wrote is undone, and no line of this is in the server's log.
    WHEN unique_violation OR no_data_found THEN
        RETURN NULL;
END
$$;
