-- What a batch of votes reads, under the locks of its tallies: one round trip in the place of two. Each statement of a
-- volatile function has a snapshot of its own (PostgreSQL, "Function Volatility Categories"), so what is read after the
-- locks is no older than they.
CREATE OR REPLACE FUNCTION read_under_lock(tools INTEGER[], of_tools INTEGER[], of_voters BYTEA[], at_moment BIGINT)
RETURNS TABLE (
    kind SMALLINT, -- 1 a tally, 2 a vote, 3 a period in force that has not ended
    tool INTEGER,
    voter_id BYTEA,
    a BIGINT, -- ship; choice; id
    b BIGINT, -- skip; cast_at; span_from
    c BIGINT, -- aside_ship; taken_out_by; span_to
    d BIGINT, -- aside_skip
    e BIGINT, -- version
    f BIGINT, -- updated_at
    g BIGINT, -- period_end
    h INTEGER, -- panel_ship
    i INTEGER, -- panel_skip
    j SMALLINT -- state
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN QUERY SELECT 1::smallint, t.tool_id, NULL::bytea, t.ship, t.skip, t.aside_ship, t.aside_skip, t.version,
        t.updated_at, t.period_end, t.panel_ship, t.panel_skip, t.state
        FROM tallies t WHERE t.tool_id = ANY(tools) ORDER BY t.tool_id FOR NO KEY UPDATE;
    RETURN QUERY SELECT 2::smallint, v.tool_id, v.voter, v.choice::bigint, v.cast_at, v.taken_out_by, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint
        FROM unnest(of_tools, of_voters) AS w (tool_id, voter)
        JOIN votes v ON v.tool_id = w.tool_id AND v.voter = w.voter;
    RETURN QUERY SELECT 3::smallint, r.tool_id, NULL::bytea, r.id, coalesce(r.span_from, -9223372036854775808), r.span_to,
        NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::integer, NULL::integer, NULL::smallint
        FROM tallies t JOIN removals r ON r.tool_id = t.tool_id AND r.state = 1 AND r.kind = 2
        WHERE t.tool_id = ANY(tools) AND t.period_end > at_moment ORDER BY r.id;
END
$$;
