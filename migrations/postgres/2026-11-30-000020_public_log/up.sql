-- A vote's ballot in the public log: its name (24 bytes), then the salt that opens it (16), until the voter is erased.
ALTER TABLE votes ADD COLUMN ballot BYTEA;
-- Ballots whose votes were withdrawn: a vote that is cast again takes its ballot back.
CREATE TABLE withdrawn_ballots (
    tool_id INTEGER NOT NULL,
    voter BYTEA NOT NULL,
    ballot BYTEA NOT NULL,
    PRIMARY KEY (tool_id, voter)
);
-- What the log has not stated yet, in the order in which it happened on each tool; see src/voting/journal.
CREATE TABLE log_journal (
    seq BIGSERIAL PRIMARY KEY,
    record BYTEA NOT NULL
);
-- The public logs of this site. Only the newest is written on.
CREATE TABLE logs (
    id INTEGER PRIMARY KEY NOT NULL,
    origin TEXT NOT NULL,
    verifier_key TEXT NOT NULL,
    size BIGINT NOT NULL,
    checkpoint TEXT NOT NULL, -- the signed note; empty before the first
    indexed BIGINT NOT NULL, -- segments of log_index that are written
    follows TEXT NOT NULL -- the first entry of a log that comes after another
);
-- What the newest log states of each tool.
CREATE TABLE log_tools (
    tool_id INTEGER PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL,
    named_ship BIGINT NOT NULL, -- ballots without exclusion
    named_skip BIGINT NOT NULL,
    unnamed_ship BIGINT NOT NULL,
    unnamed_skip BIGINT NOT NULL,
    held_ship BIGINT NOT NULL,
    held_skip BIGINT NOT NULL,
    ship BIGINT NOT NULL, -- the tally
    skip BIGINT NOT NULL
);
-- Entries, 256 a row; their hashes, the tiles of level 0, are computed from them.
CREATE TABLE log_bundles (
    log_id INTEGER NOT NULL,
    n BIGINT NOT NULL,
    entries BYTEA NOT NULL,
    PRIMARY KEY (log_id, n)
);
-- Tiles of the levels above 0.
CREATE TABLE log_tiles (
    log_id INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (log_id, level, n)
);
-- The ballots that exclude and include lines name, by the hash in the line.
CREATE TABLE log_lists (
    log_id INTEGER NOT NULL,
    hash BYTEA NOT NULL,
    ballots TEXT NOT NULL,
    PRIMARY KEY (log_id, hash)
);
-- Where ballots are named: for each segment of entries, and each value of a name's first 6 bits, 5 bytes of the name and
-- 2 of the entry's place in the segment.
CREATE TABLE log_index (
    log_id INTEGER NOT NULL,
    bucket SMALLINT NOT NULL,
    segment BIGINT NOT NULL,
    places BYTEA NOT NULL,
    PRIMARY KEY (log_id, bucket, segment)
);
-- `read_for_batch` with ballots, and with what binds fresh voters. The old functions stay for servers that still run while this one starts.
CREATE OR REPLACE FUNCTION read_batch(tools INTEGER[], of_tools INTEGER[], of_voters BYTEA[], at_moment BIGINT)
RETURNS TABLE (
    kind SMALLINT, -- 1 a tally, 2 a vote, 3 a period in force that has not ended, 4 the version of erasures, 5 the ballot of a withdrawn vote
    tool INTEGER,
    voter_id BYTEA,
    ballot_bytes BYTEA,
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
    k BIGINT, -- revision
    bound_origin BIGINT, -- of a vote: what binds its voter
    bound_wide_origin BIGINT,
    bound_first_choice SMALLINT
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(297732756293); -- 'ERASE'
    RETURN QUERY SELECT 1::smallint, t.tool_id, NULL::bytea, NULL::bytea, t.ship, t.skip, t.aside_ship, t.aside_skip, t.version,
        t.updated_at, t.period_end, t.panel_ship, t.panel_skip, t.state, t.revision,
        NULL::bigint, NULL::bigint, NULL::smallint
        FROM tallies t WHERE t.tool_id = ANY(tools) ORDER BY t.tool_id FOR NO KEY UPDATE;
    RETURN QUERY SELECT 4::smallint, 0, NULL::bytea, NULL::bytea, s.value::bigint, 0::bigint, NULL::bigint, NULL::bigint, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint, NULL::bigint, NULL::bigint,
        NULL::smallint
        FROM site_facts s WHERE s.name = 'erasures.version';
    RETURN QUERY SELECT 2::smallint, v.tool_id, v.voter, v.ballot, v.choice::bigint, v.cast_at, v.taken_out_by, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint,
        v.origin, v.wide_origin, v.first_choice
        FROM unnest(of_tools, of_voters) AS w (tool_id, voter)
        JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter;
    RETURN QUERY SELECT 3::smallint, r.tool_id, NULL::bytea, NULL::bytea, r.id, coalesce(r.span_from, -9223372036854775808), r.span_to,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::smallint
        FROM tallies t JOIN removals r ON r.tool_id = t.tool_id AND r.state = 1 AND r.kind = 2
        WHERE t.tool_id = ANY(tools) AND t.period_end > at_moment ORDER BY r.id;
    RETURN QUERY SELECT 5::smallint, b.tool_id, b.voter, b.ballot, 0::bigint, 0::bigint, NULL::bigint, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::smallint
        FROM unnest(of_tools, of_voters) AS w (tool_id, voter)
        JOIN withdrawn_ballots b ON b.tool_id = w.tool_id AND b.voter = w.voter;
END
$$;
-- `write_if_unchanged` with ballots and with the sums of fresh voters.
CREATE OR REPLACE FUNCTION write_batch(
    known_erasures BIGINT,
    same_tools INTEGER[], same_versions BIGINT[], same_revisions BIGINT[], -- tallies that stay as they are
    new_tools INTEGER[], new_voters BYTEA[], new_choices SMALLINT[], new_cast_at BIGINT[], new_networks BYTEA[],
    new_token_ages INTEGER[], new_ballots BYTEA[], new_origins BIGINT[], new_wide_origins BIGINT[], new_first_choices SMALLINT[],
    old_tools INTEGER[], old_voters BYTEA[], old_choices SMALLINT[], old_cast_at BIGINT[], old_networks BYTEA[],
    old_token_ages INTEGER[], old_ballots BYTEA[],
    gone_tools INTEGER[], gone_voters BYTEA[],
    entry_tools INTEGER[], entry_versions BIGINT[], entry_at BIGINT[], entry_changes BYTEA[],
    known_versions BIGINT[], known_revisions BIGINT[],
    tally_tools INTEGER[], tally_ship BIGINT[], tally_skip BIGINT[], tally_versions BIGINT[], tally_updated_at BIGINT[],
    tally_aside_ship BIGINT[], tally_aside_skip BIGINT[], tally_revisions BIGINT[],
    kept_tools INTEGER[], kept_voters BYTEA[], kept_ballots BYTEA[], -- ballots whose votes are withdrawn
    taken_tools INTEGER[], taken_voters BYTEA[], -- and those that votes take back
    journal_record BYTEA, -- NULL if there is nothing to state
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
        IF cardinality(taken_tools) > 0 THEN
            DELETE FROM withdrawn_ballots b USING unnest(taken_tools, taken_voters) AS w (tool, voter)
            WHERE b.tool_id = w.tool AND b.voter = w.voter;
            GET DIAGNOSTICS found_rows = ROW_COUNT;
            IF found_rows <> cardinality(taken_tools) THEN
                RAISE no_data_found;
            END IF;
        END IF;
        -- A voter has one ballot a tool: one that this writer does not know is read under locks.
        IF EXISTS (
            SELECT 1 FROM unnest(new_tools, new_voters) AS w (tool, voter)
            JOIN withdrawn_ballots b ON b.tool_id = w.tool AND b.voter = w.voter
        ) THEN
            RAISE no_data_found;
        END IF;
        INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age, ballot, origin, wide_origin, first_choice)
        SELECT * FROM unnest(new_tools, new_voters, new_choices, new_cast_at, new_networks, new_token_ages, new_ballots,
            new_origins, new_wide_origins, new_first_choices);
    END IF;
    IF cardinality(old_tools) > 0 THEN
        UPDATE votes v SET choice = w.choice, cast_at = w.cast_at, network = w.network, token_age = w.token_age,
            taken_out_by = NULL, ballot = w.ballot
        FROM unnest(old_tools, old_voters, old_choices, old_cast_at, old_networks, old_token_ages, old_ballots)
            AS w (tool, voter, choice, cast_at, network, token_age, ballot)
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
    IF cardinality(kept_tools) > 0 THEN
        INSERT INTO withdrawn_ballots (tool_id, voter, ballot)
        SELECT * FROM unnest(kept_tools, kept_voters, kept_ballots);
    END IF;
    IF journal_record IS NOT NULL THEN
        INSERT INTO log_journal (record) VALUES (journal_record);
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
